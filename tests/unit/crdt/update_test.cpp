// Updates from the world: what is refused, and that nothing changes then.
#include "crdt/update.hpp"

#include <gtest/gtest.h>

#include <random>

#include "crdt/doc.hpp"
#include "crdt/event.hpp"

namespace syncline::crdt {
namespace {

Bytes bytes_of(std::initializer_list<int> list) {
  Bytes bytes;
  for (const int byte : list) bytes.push_back(static_cast<std::uint8_t>(byte));
  return bytes;
}

/// A document with some of everything that local editing can make.
Bytes sample() {
  Doc doc({.client = 5});
  Map map(*doc.root("m", TypeKind::kMap).value());
  Text text(*doc.root("t", TypeKind::kText).value());
  Array list(*doc.root("l", TypeKind::kArray).value());
  text.insert(0, "héllo 😀 world");
  text.remove(2, 3);
  map.set("a", shared(Value::parse(R"({"k":[1,2,{"x":"y"}],"z":null})")));
  map.set("b", Value(Value::Binary{1, 2, 3}));
  map.set("b", Subdoc{"guid", Value::object()});
  EXPECT_TRUE(list.push({Value(1.5), Value("two"), Value(Value::object({{"q", 1}}))}).ok());
  EXPECT_TRUE(list.remove(1, 1).ok());
  return doc.encode_state_as_update_v1();
}

TEST(Update, DecodesAndEncodesToTheSameBytes) {
  const Bytes bytes = sample();
  const auto update = decode_update_v1(bytes);
  ASSERT_TRUE(update.ok()) << update.error().message();
  EXPECT_EQ(encode_update_v1(*update), bytes);
  EXPECT_EQ(encode_update_v1(decode_update_v1(bytes_of({0, 0})).value()), bytes_of({0, 0}));
}

TEST(Update, RefusesWhatIsMalformed) {
  const std::pair<const char*, Bytes> cases[] = {
      {"nothing", {}},
      {"bytes after the end", bytes_of({0, 0, 0})},
      {"an unknown struct", bytes_of({1, 1, 1, 0, 11, 1, 1, 't', 0})},
      {"an unknown shared type", bytes_of({1, 1, 1, 0, 7, 1, 1, 't', 7, 0})},
      {"an empty text", bytes_of({1, 1, 1, 0, 4, 1, 1, 't', 0, 0})},
      {"an item that refers to itself", bytes_of({1, 1, 1, 0, 0x84, 1, 0, 1, 'x', 0})},
      {"an item that refers to a later one", bytes_of({1, 1, 1, 3, 0x44, 1, 9, 1, 'x', 0})},
      {"a parent that is the item itself", bytes_of({1, 1, 1, 0, 4, 0, 1, 0, 1, 'x', 0})},
      {"an embed that is no JSON", bytes_of({1, 1, 1, 0, 5, 1, 1, 't', 1, '{', 0})},
      {"text that is not UTF-8", bytes_of({1, 1, 1, 0, 4, 1, 1, 't', 1, 0xff, 0})},
      {"a clock past 2^53",
       bytes_of({1, 1, 1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f, 0, 2, 0})},
      {"a deleted range past 2^53",
       bytes_of({0, 1, 1, 1, 2, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f})},
      {"more values than bytes", bytes_of({1, 1, 1, 0, 8, 1, 1, 't', 0xff, 0xff, 0xff, 0x7f, 0})},
  };
  for (const auto& [name, bytes] : cases) {
    Doc doc({.client = 9});
    Map(*doc.root("m", TypeKind::kMap).value()).set("k", Value(1));
    const Bytes before = doc.encode_state_as_update_v1();
    const auto result = doc.apply_update_v1(bytes);
    ASSERT_FALSE(result.ok()) << name;
    EXPECT_EQ(result.error().code(), Code::kMalformed) << name;
    EXPECT_EQ(doc.encode_state_as_update_v1(), before) << name;
    EXPECT_EQ(doc.roots().size(), 1u) << name;
  }
}

TEST(Update, AnyTruncationOrFlippedBitIsRefusedOrIntegratedWhole) {
  const Bytes good = sample();
  std::mt19937 random(11);
  for (std::size_t size = 0; size < good.size(); ++size) {
    EXPECT_FALSE(decode_update_v1(ByteView(good).first(size)).ok());
  }
  for (int round = 0; round < 3000; ++round) {
    Bytes bad = good;
    for (auto flips = 1 + random() % 3; flips > 0; --flips) {
      bad[random() % bad.size()] ^= static_cast<std::uint8_t>(1 << (random() % 8));
    }
    Doc doc({.client = 9});
    if (!doc.apply_update_v1(bad).ok()) {
      EXPECT_TRUE(doc.state_vector().empty());
      continue;
    }
    // What was taken can be told to others and read back.
    const Bytes state = doc.encode_state_as_update_v1();
    ASSERT_TRUE(doc.apply_update_v1(good).ok());
    Doc copy({.client = 10});
    ASSERT_TRUE(copy.apply_update_v1(state).ok()) << "round " << round;
    EXPECT_EQ(copy.encode_state_as_update_v1(), state) << "round " << round;
    for (const auto& [name, kind] : doc.roots()) (void)doc.find_root(name)->to_json();
  }
}

/// Structs that decode but make no sense: origins anywhere, any parent, keys in lists.
Update nonsense(std::mt19937& random) {
  const auto pick = [&](std::size_t below) { return random() % below; };
  Update update;
  for (ClientId client = 1; client <= 3; ++client) {
    auto& structs = update.structs[client];
    Clock clock = pick(3) == 0 ? pick(6) : 0;
    for (std::size_t count = 1 + pick(6); count > 0; --count) {
      Struct item;
      item.id = {client, clock};
      static constexpr StructKind kKinds[] = {
          StructKind::kString, StructKind::kString, StructKind::kType,    StructKind::kAny,
          StructKind::kFormat, StructKind::kGC,     StructKind::kDeleted, StructKind::kSkip,
          StructKind::kJson,   StructKind::kString, StructKind::kType,    StructKind::kString};
      item.kind = kKinds[pick(std::size(kKinds))];
      item.length = 1;
      if (item.kind == StructKind::kString) {
        item.content.text = pick(4) == 0 ? "😀é" : "abc";
        item.length = 3;
      } else if (item.kind == StructKind::kType) {
        item.content.type = static_cast<TypeKind>(pick(7));
      } else if (item.kind == StructKind::kAny) {
        item.content.values = {Value(1), Value(2)};
        item.length = 2;
      } else if (item.kind == StructKind::kJson) {
        item.content.json = {"1", "undefined"};
        item.length = 2;
      } else if (item.kind == StructKind::kFormat) {
        item.content.text = "bold";
        item.content.json = {"true"};
      } else {
        item.length = 1 + pick(4);
      }
      const auto any_id = [&] {
        const ClientId of = 1 + pick(3);
        return ID{of, of == client && clock > 0 ? pick(clock) : pick(10)};
      };
      const auto valid = [&](ID id) { return id.client != client || id.clock < clock; };
      if (const ID id = any_id(); pick(2) == 0 && valid(id)) item.origin = id;
      if (const ID id = any_id(); pick(3) == 0 && valid(id)) item.right_origin = id;
      if (!item.origin && !item.right_origin) {
        const ID id = any_id();
        if (pick(2) == 0 && valid(id)) {
          item.parent = id;
        } else {
          item.parent = std::string(pick(2) == 0 ? "r" : "s");
        }
        if (pick(3) == 0) {
          item.key = pick(2) == 0 ? "k" : "l";
          item.has_key = true;
        }
      }
      clock += item.length;
      structs.push_back(std::move(item));
    }
    if (pick(2) == 0) update.deletes.add(client, pick(8), 1 + pick(5));
  }
  return update;
}

TEST(Update, NonsenseThatDecodesDoesNoHarm) {
  for (unsigned seed = 0; seed < 400; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937 random(seed);
    Doc doc({.client = 9, .gc = seed % 4 != 0});
    SharedType& r = *doc.root("r", seed % 3 == 0 ? TypeKind::kText : TypeKind::kArray).value();
    SharedType& s = *doc.root("s", TypeKind::kMap).value();
    std::size_t events = 0;
    const Handle observing =
        r.observe_deep([&](std::span<const Event> seen, Transaction&) { events += seen.size(); });
    for (int round = 0; round < 8; ++round) {
      const Bytes bytes = encode_update_v1(nonsense(random));
      const auto applied = doc.apply_update_v1(bytes);
      ASSERT_TRUE(applied.ok()) << applied.error().message();
      Text(r).insert(random() % (Text(r).size() + 1), "mine");
      Text(r).remove(random() % (Text(r).size() + 1), 2);
      Map(s).set("k", Value(round));
      (void)r.to_json();
      (void)s.to_json();
    }
    const Bytes state = doc.encode_state_as_update_v1();
    ASSERT_TRUE(decode_update_v1(state).ok());
    Doc copy({.client = 10});
    ASSERT_TRUE(copy.apply_update_v1(state).ok());
    const std::vector<Bytes> twice{state, copy.encode_state_as_update_v1()};
    ASSERT_TRUE(merge_updates_v1(twice).ok());
  }
}

TEST(Update, TheStateVectorOfAnUpdateStopsAtItsFirstHole) {
  Doc doc({.client = 1});
  std::vector<Bytes> updates;
  const Handle listening =
      doc.on_update([&](const Bytes& update, Transaction&) { updates.push_back(update); });
  Text text(*doc.root("t", TypeKind::kText).value());
  for (int i = 0; i < 3; ++i) text.insert(0, "ab");
  const std::vector<Bytes> some{updates[0], updates[2]};
  const auto merged = decode_update_v1(merge_updates_v1(some).value()).value();
  EXPECT_EQ(state_vector_of(merged).get(1), 2u);
  EXPECT_EQ(state_vector_of(decode_update_v1(updates[2]).value()).get(1), 0u);
  EXPECT_FALSE(merge_updates_v1({}).ok());
  EXPECT_FALSE(merge_updates_v1(std::vector<Bytes>{Bytes{1, 2, 3}}).ok());
}

}  // namespace
}  // namespace syncline::crdt
