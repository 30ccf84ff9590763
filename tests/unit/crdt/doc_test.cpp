// Documents and shared types as a caller meets them.
#include "crdt/doc.hpp"

#include <gtest/gtest.h>

#include "crdt/event.hpp"

namespace syncline::crdt {
namespace {

SharedType& root(Doc& doc, const char* name, TypeKind kind) {
  return *doc.root(name, kind).value();
}

TEST(Doc, ARootKeepsTheTypeItWasOpenedWith) {
  Doc doc({.client = 1});
  SharedType& map = root(doc, "r", TypeKind::kMap);
  EXPECT_EQ(&root(doc, "r", TypeKind::kMap), &map);
  const auto other = doc.root("r", TypeKind::kArray);
  ASSERT_FALSE(other.ok());
  EXPECT_EQ(other.error().code(), Code::kSchema);
  EXPECT_EQ(doc.find_root("missing"), nullptr);
  EXPECT_EQ(doc.find_root("r"), &map);
}

TEST(Doc, ARootNamedByAnUpdateIsUntypedUntilOpened) {
  Doc a({.client = 1});
  Text(root(a, "t", TypeKind::kText)).insert(0, "x");
  Doc b({.client = 2});
  ASSERT_TRUE(b.apply_update_v1(a.encode_state_as_update_v1()).ok());
  ASSERT_EQ(b.roots().size(), 1u);
  EXPECT_EQ(b.roots()[0].second, TypeKind::kUntyped);
  EXPECT_EQ(Array(root(b, "t", TypeKind::kArray)).size(), 1u);
  EXPECT_EQ(root(b, "t", TypeKind::kArray).to_json().to_json(), R"(["x"])");
}

TEST(Map, SetsRemovesAndLists) {
  Doc doc({.client = 1});
  Map map(root(doc, "m", TypeKind::kMap));
  EXPECT_EQ(map.get("a"), std::nullopt);
  map.set("a", Value(1));
  map.set("b", Value(2));
  map.set("a", Value(3));
  EXPECT_EQ(std::get<Value>(*map.get("a")), Value(3));
  EXPECT_EQ(map.entry_id("a"), (ID{1, 2}));
  EXPECT_EQ(map.keys(), (std::vector<std::string>{"a", "b"}));
  map.remove("a");
  map.remove("never");
  EXPECT_FALSE(map.has("a"));
  EXPECT_EQ(map.entry_id("a"), std::nullopt);
  EXPECT_EQ(map.size(), 1u);
}

TEST(Array, RefusesPositionsPastTheEnd) {
  Doc doc({.client = 1});
  Array list(root(doc, "l", TypeKind::kArray));
  ASSERT_TRUE(list.insert(0, {Value(1), Value(2), Value(3)}).ok());
  const auto past = list.insert(4, {Value(0)});
  ASSERT_FALSE(past.ok());
  EXPECT_EQ(past.error().reason(), "out_of_range");
  // Deletes what there is, then reports.
  EXPECT_FALSE(list.remove(1, 5).ok());
  EXPECT_EQ(list.size(), 1u);
  EXPECT_FALSE(list.insert(0, {Value(Value::Undefined{})}).ok());
  EXPECT_EQ(list.insert(0, {Value(Value::BigInt{1})}).error().code(), Code::kSchema);
  EXPECT_EQ(list.size(), 1u);
}

TEST(Text, ClipsPositionsPastTheEnd) {
  Doc doc({.client = 1});
  Text text(root(doc, "t", TypeKind::kText));
  text.remove(0, 3);
  text.insert(10, "ab");
  text.insert(10, "cd");
  text.remove(3, 10);
  text.insert(0, "");
  EXPECT_EQ(text.string(), "abc");
  EXPECT_EQ(text.size(), 3u);
}

TEST(Text, CountsUtf16CodeUnits) {
  Doc doc({.client = 1});
  Text text(root(doc, "t", TypeKind::kText));
  text.insert(0, "a😀b");
  EXPECT_EQ(text.size(), 4u);
  text.insert(3, "|");
  EXPECT_EQ(text.string(), "a😀|b");
  text.insert(2, "-");
  EXPECT_EQ(text.string(), "a\uFFFD-\uFFFD|b");
}

TEST(SharedType, KnowsItsPathAndPlace) {
  Doc doc({.client = 1});
  Map map(root(doc, "m", TypeKind::kMap));
  map.set("list", shared(Value::parse(R"(["x",{"deep":{}}])")));
  SharedType* list = std::get<SharedType*>(*map.get("list"));
  SharedType* item = std::get<SharedType*>(Array(*list).get(1));
  SharedType* deep = std::get<SharedType*>(*Map(*item).get("deep"));
  EXPECT_EQ(to_pointer(deep->path()), "/list/1/deep");
  EXPECT_EQ(deep->parent(), item);
  EXPECT_EQ(map.type().root_name(), "m");
  const auto place = doc.place_of(deep->id());
  ASSERT_TRUE(place.has_value());
  EXPECT_EQ(place->root, "m");
  EXPECT_EQ(to_pointer(place->path), "/list/1/deep");
  EXPECT_EQ(doc.place_of({1, 99}), std::nullopt);
  ASSERT_TRUE(Array(*list).remove(0, 1).ok());
  EXPECT_EQ(to_pointer(deep->path()), "/list/0/deep");
  const ID id = deep->id();
  map.remove("list");
  EXPECT_TRUE(deep->deleted());
  EXPECT_EQ(doc.place_of(id), std::nullopt);
  EXPECT_EQ(deep->to_json(), Value::object());
}

TEST(SharedType, CanBeWrittenAfterItWasDeletedWithoutHarm) {
  Doc doc({.client = 1});
  Map map(root(doc, "m", TypeKind::kMap));
  SharedType* inner = map.set("k", NewType{.kind = TypeKind::kMap});
  SharedType* list = map.set("l", NewType{.kind = TypeKind::kArray});
  map.remove("k");
  map.remove("l");
  Map(*inner).set("x", Value(1));
  EXPECT_TRUE(Array(*list).push({Value(1)}).ok());
  Text(*list).insert(0, "t");
  EXPECT_EQ(Map(*inner).size(), 0u);
  Doc copy({.client = 2});
  const auto applied = copy.apply_update_v1(doc.encode_state_as_update_v1());
  ASSERT_TRUE(applied.ok());
  EXPECT_FALSE(applied->pending);
}

TEST(Doc, DeepNestingNeedsNoDeepStack) {
  // Types in types, 50000 deep, from an update as an attacker would write it.
  Update update;
  auto& structs = update.structs[1];
  for (Clock clock = 0; clock < 50000; ++clock) {
    Struct item;
    item.id = {1, clock};
    item.length = 1;
    item.kind = StructKind::kType;
    item.content.type = clock % 2 == 0 ? TypeKind::kArray : TypeKind::kMap;
    if (clock == 0) {
      item.parent = std::string("root");
    } else {
      item.parent = ID{1, clock - 1};
    }
    if (clock % 2 == 0 && clock > 0) {
      item.key = "k";
      item.has_key = true;
    }
    structs.push_back(item);
  }
  Doc doc({.client = 2});
  ASSERT_TRUE(doc.apply_update_v1(encode_update_v1(update)).ok());
  SharedType& top = root(doc, "root", TypeKind::kArray);
  EXPECT_TRUE(top.to_json().is_array());
  EXPECT_EQ(doc.place_of({1, 49999})->path.size(), 50000u);
  ASSERT_TRUE(Array(top).remove(0, 1).ok());
  EXPECT_EQ(top.to_json(), Value::array());
  // The outermost keeps its place in the root, all it held is one GC.
  EXPECT_LT(doc.encode_state_as_update_v1().size(), 40u);
}

TEST(Doc, ClientIdsTakeAll53Bits) {
  Doc a({.client = encoding::kMaxSafeInteger});
  Text(root(a, "t", TypeKind::kText)).insert(0, "x");
  Doc b({.client = 1});
  ASSERT_TRUE(b.apply_update_v1(a.encode_state_as_update_v1()).ok());
  EXPECT_EQ(b.state_vector().get(encoding::kMaxSafeInteger), 1u);
  EXPECT_EQ(b.encode_state_as_update_v1(), a.encode_state_as_update_v1());
}

TEST(Doc, TakesANewClientIdWhereAnUpdateComesInsideItsOwnChange) {
  Doc other({.client = 2});
  Text(*other.root("t", TypeKind::kText).value()).insert(0, "x");
  const Bytes update = other.encode_state_as_update_v1();
  Doc doc({.client = 1});
  Text text(*doc.root("t", TypeKind::kText).value());
  bool local = true;
  const Handle handle =
      doc.on_update([&](const Bytes&, Transaction& transaction) { local = transaction.local(); });
  doc.transact([&](Transaction&) {
    text.insert(0, "own");
    EXPECT_TRUE(doc.apply_update_v1(update, {}, Relay::kYes).value().update.empty())
        << "the end will tell";
  });
  EXPECT_FALSE(local) << "the update made the whole transaction a remote one";
  EXPECT_NE(doc.client(), 1u) << "which advanced this client: as in Yjs";
}

TEST(Doc, TakesANewClientIdWhenSomebodyElseWritesUnderIt) {
  Doc a({.client = 1});
  Text(root(a, "t", TypeKind::kText)).insert(0, "x");
  Doc b({.client = 1});
  const auto applied = b.apply_update_v1(a.encode_state_as_update_v1());
  ASSERT_TRUE(applied.ok());
  EXPECT_TRUE(applied->client_changed);
  EXPECT_NE(b.client(), 1u);
  EXPECT_LE(b.client(), 0xffffffffu);
  Text(root(b, "t", TypeKind::kText)).insert(1, "y");
  ASSERT_TRUE(a.apply_update_v1(b.encode_state_as_update_v1()).ok());
  EXPECT_EQ(Text(root(a, "t", TypeKind::kText)).string(), "xy");
}

}  // namespace
}  // namespace syncline::crdt
