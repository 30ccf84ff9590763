// Events beyond what Yjs tells: removed content, old JSON forms, ids. (What Yjs tells is checked by
// the golden scenarios.)
#include "crdt/event.hpp"

#include <gtest/gtest.h>

#include "crdt/doc.hpp"

namespace syncline::crdt {
namespace {

class Events : public testing::Test {
 protected:
  Doc doc{{.client = 1}};
  Map map{*doc.root("m", TypeKind::kMap).value()};
  Array list{*doc.root("l", TypeKind::kArray).value()};
  Text text{*doc.root("t", TypeKind::kText).value()};
  std::vector<Event> seen;
  std::vector<Handle> handles;

  void SetUp() override {
    for (SharedType* type : {&map.type(), &list.type(), &text.type()}) {
      handles.push_back(type->observe_deep([this](std::span<const Event> events, Transaction&) {
        seen.assign(events.begin(), events.end());
      }));
    }
  }
};

TEST_F(Events, SayWhatAListLost) {
  ASSERT_TRUE(list.push({Value(1), shared(Value::parse(R"({"a":[1,2]})")), Value("x")}).ok());
  SharedType* inner = std::get<SharedType*>(list.get(1));
  ASSERT_TRUE(list.remove(0, 2).ok());
  ASSERT_EQ(seen.size(), 1u);
  const auto& gone = std::get<Delete>(seen[0].delta.at(0));
  EXPECT_EQ(gone.length, 2u);
  ASSERT_EQ(gone.removed.size(), 2u);
  EXPECT_EQ(std::get<Value>(gone.removed[0]), Value(1));
  EXPECT_EQ(std::get<Value>(gone.removed[1]).to_json(), R"({"a":[1,2]})");
  EXPECT_EQ(gone.ids[0], (IdRange{1, 0, 1}));
  EXPECT_TRUE(inner->deleted());
}

TEST_F(Events, SayWhatATextLost) {
  text.insert(0, "hello world");
  text.remove(4, 3);
  ASSERT_EQ(seen.size(), 1u);
  ASSERT_EQ(seen[0].delta.size(), 2u);
  EXPECT_EQ(std::get<Retain>(seen[0].delta[0]).length, 4u);
  EXPECT_EQ(std::get<Delete>(seen[0].delta[1]).removed_text, "o w");
}

TEST_F(Events, GiveOldTypesAsTheyWereJustBefore) {
  map.set("k", shared(Value::parse(R"({"a":1,"b":{"c":[1]}})")));
  doc.transact([&](Transaction&) {
    Map old(*std::get<SharedType*>(*map.get("k")));
    old.set("a", Value(2));
    old.set("new", Value(3));
    old.remove("b");
    map.set("k", Value("plain"));
  });
  ASSERT_EQ(seen.size(), 1u);
  const KeyChange& change = seen[0].keys.at("k");
  EXPECT_EQ(change.action, KeyAction::kUpdate);
  EXPECT_EQ(change.old_content, Value::parse(R"({"a":1,"b":{"c":[1]}})"));
  EXPECT_EQ(to_json(*change.old_value), Value::object());
}

TEST_F(Events, NameTheUnitsThatCame) {
  doc.transact([&](Transaction&) {
    map.set("k", Value(1));
    text.insert(0, "abc");
  });
  ASSERT_EQ(seen.size(), 1u);
  EXPECT_EQ(seen[0].inserted, (std::vector<IdRange>{{1, 1, 3}}));
  map.set("k", Value(2));
  EXPECT_EQ(seen[0].key_ids.at("k"), (ID{1, 4}));
}

TEST_F(Events, OfOneTransactionComeParentsFirst) {
  map.set("a", shared(Value::parse(R"({"b":{"c":{}}})")));
  Map a(*std::get<SharedType*>(*map.get("a")));
  Map b(*std::get<SharedType*>(*a.get("b")));
  doc.transact([&](Transaction&) {
    b.set("x", Value(1));
    a.set("y", Value(1));
    map.set("z", Value(1));
  });
  ASSERT_EQ(seen.size(), 3u);
  EXPECT_EQ(to_pointer(seen[0].path), "");
  EXPECT_EQ(to_pointer(seen[1].path), "/a");
  EXPECT_EQ(to_pointer(seen[2].path), "/a/b");
  EXPECT_EQ(seen[2].target, &b.type());
}

TEST_F(Events, AKeyThatCameAndWentIsNotTold) {
  doc.transact([&](Transaction&) {
    map.set("k", Value(1));
    map.remove("k");
  });
  ASSERT_EQ(seen.size(), 1u);
  EXPECT_TRUE(seen[0].keys.empty());
}

}  // namespace
}  // namespace syncline::crdt
