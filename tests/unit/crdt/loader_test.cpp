// States loaded into an empty document (src/crdt/loader.cpp) beside the same states integrated
// struct by struct, which is what a decoded update goes through: nothing may differ.
#include <gtest/gtest.h>

#include <memory>
#include <random>

#include "crdt/doc.hpp"
#include "crdt/event.hpp"
#include "support/document_check.hpp"
#include "support/seeds.hpp"

namespace syncline::crdt {
namespace {

class Chance {
 public:
  explicit Chance(std::uint64_t seed) : random_(seed) {}
  std::size_t pick(std::size_t below) { return random_() % below; }
  bool one_in(std::size_t count) { return pick(count) == 0; }

 private:
  std::mt19937_64 random_;
};

constexpr const char* kWords[] = {"a",  "word",         "é",           "longer words", "日本",
                                  "😀", "\xED\xA0\xBD", "\xED\xB8\x80"};

SharedType& open(Doc& doc, std::string_view name, TypeKind kind) {
  return *doc.root(name, kind).value();
}

Input some_input(Chance& chance) {
  switch (chance.pick(9)) {
    case 0:
      return NewType{.kind = TypeKind::kText, .text = kWords[chance.pick(6)]};
    case 1:
      return NewType{.kind = TypeKind::kMap, .entries = {{"n", Value(1)}}};
    case 2:
      return NewType{.kind = TypeKind::kArray, .values = {Value(1), Value("two")}};
    case 3:
      return Value(Bytes{1, 2, 3});
    case 4:
      return Subdoc{.guid = "sub" + std::to_string(chance.pick(3))};
    case 5:
      return Value::parse("{\"n\":[1,null]}");
    default:
      return Value(chance.pick(100));
  }
}

void edit_text(Text text, Chance& chance) {
  const Value bold = Value::object({{"b", chance.one_in(2) ? Value(true) : Value()}});
  switch (chance.pick(8)) {
    case 0:
    case 1:
    case 2:
      return text.insert(chance.pick(text.size() + 1), kWords[chance.pick(std::size(kWords))]);
    case 3:
      // Where somebody goes on typing.
      return text.insert(text.size(), "and on");
    case 4:
    case 5:
      return text.remove(chance.pick(text.size() + 1), 1 + chance.pick(6));
    case 6:
      if (text.size() > 0) {
        const std::size_t at = chance.pick(text.size());
        EXPECT_TRUE(text.format(at, 1 + chance.pick(text.size() - at), bold).ok());
      }
      return;
    default:
      EXPECT_TRUE(text.insert_embed(chance.pick(text.size() + 1), Value::parse("{\"e\":1}")).ok());
  }
}

/// One of several documents of the same session.
struct Replica {
  Replica(ClientId client, bool gc) : doc({.client = client, .gc = gc}) {}

  void edit(Chance& chance) {
    Array list(open(doc, "l", TypeKind::kArray));
    Map map(open(doc, "m", TypeKind::kMap));
    XmlFragment xml(open(doc, "x", TypeKind::kXmlFragment));
    const std::string key = "k" + std::to_string(chance.pick(4));
    switch (chance.pick(9)) {
      case 0:
        EXPECT_TRUE(list.insert(chance.pick(list.size() + 1), {some_input(chance)}).ok());
        return;
      case 1:
        if (list.size() == 0) return;
        EXPECT_TRUE(list.remove(chance.pick(list.size()), 1).ok());
        return;
      case 2:
        map.set(key, some_input(chance));
        return;
      case 3:
        map.remove(key);
        return;
      case 4: {
        const auto element = map.get(key);
        if (!element || !std::holds_alternative<SharedType*>(*element)) return;
        SharedType& type = *std::get<SharedType*>(*element);
        if (type.kind() == TypeKind::kText) edit_text(Text(type), chance);
        if (type.kind() == TypeKind::kMap) Map(type).set(key, some_input(chance));
        return;
      }
      case 5:
        EXPECT_TRUE(xml.push({NewType{.kind = TypeKind::kXmlElement, .name = "p"}}).ok());
        return;
      default:
        edit_text(Text(open(doc, "t", TypeKind::kText)), chance);
    }
  }

  Doc doc;
};

/// A document that takes in states, and what it told of that.
struct Loaded {
  Loaded(bool gc, bool observed) : doc({.client = 99, .gc = gc}) {
    if (!observed) return;
    for (const auto& [name, kind] : {std::pair{"t", TypeKind::kText}, {"l", TypeKind::kArray}}) {
      handles.push_back(
          open(doc, name, kind)
              .observe_deep([this](std::span<const Event> events, Transaction& transaction) {
                for (const Event& event : events) {
                  told += "path " + std::to_string(event.path.size());
                  for (const auto& [key, change] : event.keys) told += " key " + key;
                  for (const IdRange& range : event.inserted)
                    told +=
                        " in " + std::to_string(range.clock) + "+" + std::to_string(range.length);
                  for (const DeltaOp& op : event.delta) {
                    told += " op " + std::to_string(op.index());
                    if (const auto* insert = std::get_if<Insert>(&op)) told += insert->text;
                    if (const auto* erase = std::get_if<Delete>(&op)) told += erase->removed_text;
                  }
                }
                for (const auto& [client, clock] : transaction.after().clocks()) {
                  told += " after " + std::to_string(client) + ":" + std::to_string(clock);
                }
              }));
    }
    handles.push_back(doc.on_update([this](const Bytes& update, Transaction&) {
      told += " update " + std::to_string(update.size());
      updates.push_back(update);
    }));
  }

  Doc doc;
  std::string told;
  std::vector<Bytes> updates;
  std::vector<Handle> handles;
};

class Comparison {
 public:
  Comparison(bool gc, bool observed) : at_once_(gc, observed), by_struct_(gc, observed) {}

  void take(const Bytes& bytes, UpdateFormat format) {
    const bool v1 = format == UpdateFormat::kV1;
    const auto loaded = v1 ? at_once_.doc.apply_update_v1(bytes, {}, Relay::kYes)
                           : at_once_.doc.apply_update_v2(bytes, {}, Relay::kYes);
    auto decoded = v1 ? decode_update_v1(bytes) : decode_update_v2(bytes);
    ASSERT_EQ(loaded.ok(), decoded.ok());
    if (!decoded.ok()) {
      EXPECT_EQ(loaded.error().message(), decoded.error().message());
    } else {
      const Applied applied = by_struct_.doc.apply(std::move(decoded).value(), {}, Relay::kYes);
      EXPECT_EQ(loaded->update, applied.update);
      EXPECT_EQ(loaded->pending, applied.pending);
      EXPECT_EQ(loaded->client_changed, applied.client_changed);
    }
    compare();
  }

 private:
  void compare() {
    Doc& a = at_once_.doc;
    Doc& b = by_struct_.doc;
    EXPECT_EQ(test::DocumentCheck::of(a), "");
    EXPECT_EQ(a.encode_state_as_update_v1(), b.encode_state_as_update_v1());
    EXPECT_EQ(a.encode_state_as_update_v2(), b.encode_state_as_update_v2());
    EXPECT_EQ(a.state_vector(), b.state_vector());
    EXPECT_EQ(a.roots(), b.roots());
    for (const auto& [name, kind] : a.roots()) {
      EXPECT_EQ(a.find_root(name)->to_json(), b.find_root(name)->to_json());
    }
    EXPECT_EQ(at_once_.told, by_struct_.told);
    EXPECT_EQ(at_once_.updates, by_struct_.updates);
  }

  Loaded at_once_;
  Loaded by_struct_;
};

void damage(Bytes& bytes, Chance& chance) {
  switch (chance.pick(3)) {
    case 0:
      bytes.resize(chance.pick(bytes.size()));
      return;
    case 1:
      bytes[chance.pick(bytes.size())] = static_cast<std::uint8_t>(chance.pick(256));
      return;
    default:
      bytes[chance.pick(bytes.size())] ^= static_cast<std::uint8_t>(1u << chance.pick(8));
  }
}

TEST(Loader, DoesWhatIntegratingStructByStructDoes) {
  test::for_each_seed(2, [](std::uint64_t seed) {
    SCOPED_TRACE("SYNCLINE_SEED=" + std::to_string(seed));
    Chance chance(seed);
    const bool gc = !chance.one_in(4);
    std::vector<std::unique_ptr<Replica>> replicas;
    for (std::size_t i = 0, count = 1 + chance.pick(4); i < count; ++i) {
      replicas.push_back(std::make_unique<Replica>(1 + chance.pick(3) * 1000 + i, gc));
    }
    // States of several moments: later ones meet documents that are not empty any more.
    std::vector<std::pair<Bytes, UpdateFormat>> states;
    for (std::size_t steps = chance.pick(60); steps > 0; --steps) {
      Replica& replica = *replicas[chance.pick(replicas.size())];
      const StateVector before = replica.doc.state_vector();
      replica.edit(chance);
      Replica& other = *replicas[chance.pick(replicas.size())];
      if (chance.one_in(3)) {
        ASSERT_TRUE(
            other.doc
                .apply_update_v1(replica.doc.encode_state_as_update_v1(other.doc.state_vector()))
                .ok());
      }
      if (!chance.one_in(10)) continue;
      const StateVector since = chance.one_in(4) ? before : StateVector();
      const bool v1 = chance.one_in(2);
      states.emplace_back(v1 ? other.doc.encode_state_as_update_v1(since)
                             : other.doc.encode_state_as_update_v2(since),
                          v1 ? UpdateFormat::kV1 : UpdateFormat::kV2);
    }
    Comparison comparison(chance.one_in(4) ? !gc : gc, chance.one_in(2));
    for (auto& [state, format] : states) {
      if (chance.one_in(6)) damage(state, chance);
      comparison.take(state, format);
      Comparison(gc, chance.one_in(2)).take(state, format);
    }
  });
}

TEST(Loader, LeavesNothingOfAStateThatEndsTooEarly) {
  Doc from({.client = 5});
  Map(open(from, "m", TypeKind::kMap)).set("k", NewType{.kind = TypeKind::kText, .text = "text"});
  Bytes state = from.encode_state_as_update_v1();
  state.pop_back();
  Doc doc({.client = 6});
  EXPECT_FALSE(doc.apply_update_v1(state).ok());
  EXPECT_TRUE(doc.state_vector().empty());
  EXPECT_TRUE(doc.roots().empty());
  Text(open(doc, "t", TypeKind::kText)).insert(0, "on");
  EXPECT_EQ(doc.state_vector().get(6), 2u);
  EXPECT_EQ(test::DocumentCheck::of(doc), "");
}

TEST(Loader, StructsThatWaitForEachOtherWait) {
  const auto add = [](Update& update, ID id, std::optional<ID> origin) {
    Struct& item = update.structs[id.client].emplace_back();
    item.id = id;
    item.kind = StructKind::kString;
    item.length = 1;
    item.origin = origin;
    if (!origin) item.parent = "t";
    item.content.text = "x";
  };
  Update two;
  add(two, {7, 0}, ID{8, 0});
  add(two, {8, 0}, ID{7, 0});
  // The second of a client is needed for its first.
  Update three = two;
  three.structs[8][0].origin = ID{7, 1};
  add(three, {7, 1}, std::nullopt);
  for (const Update& update : {two, three}) {
    Doc doc({.client = 6});
    const auto applied = doc.apply_update_v1(encode_update_v1(update));
    ASSERT_TRUE(applied.ok());
    EXPECT_TRUE(applied->pending);
    EXPECT_TRUE(doc.state_vector().empty());
    EXPECT_EQ(test::DocumentCheck::of(doc), "");
  }
}

}  // namespace
}  // namespace syncline::crdt
