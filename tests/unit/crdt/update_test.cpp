// Updates from the world: what is refused, and that nothing changes then.
#include "crdt/update.hpp"

#include <gtest/gtest.h>

#include <random>

#include "crdt/doc.hpp"

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
