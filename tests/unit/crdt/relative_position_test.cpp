// Relative positions: Yjs's bytes, and places that stay.
#include "crdt/relative_position.hpp"

#include <gtest/gtest.h>

#include "crdt/doc.hpp"

namespace syncline::crdt {
namespace {

class RelativePositions : public testing::Test {
 protected:
  RelativePositions() { text.insert(0, "abc"); }

  std::size_t index_of(const RelativePosition& position) { return position.resolve(doc)->index; }

  Doc doc{{.client = 1}};
  Text text{*doc.root("t", TypeKind::kText).value()};
};

TEST_F(RelativePositions, AreTheBytesOfYjs) {
  const auto bytes = [&](std::size_t index, std::int64_t assoc = 0) {
    return RelativePosition::at(text.type(), index, assoc).encode();
  };
  EXPECT_EQ(bytes(0), (Bytes{0x00, 0x01, 0x00, 0x00}));
  EXPECT_EQ(bytes(3), (Bytes{0x01, 0x01, 0x74, 0x00}));
  EXPECT_EQ(bytes(1, -1), (Bytes{0x00, 0x01, 0x00, 0x41}));
  EXPECT_EQ(bytes(0, -1), (Bytes{0x01, 0x01, 0x74, 0x41}));
}

TEST_F(RelativePositions, NameANestedTypeByItsItem) {
  Map map(*doc.root("m", TypeKind::kMap).value());
  SharedType* list = map.set("list", NewType{.kind = TypeKind::kArray});
  EXPECT_EQ(RelativePosition::at(*list, 0).encode(), (Bytes{0x02, 0x01, 0x03, 0x00}));
  EXPECT_EQ(RelativePosition::at(*list, 0).resolve(doc)->type, list);
}

TEST_F(RelativePositions, ResolveToWhereTheyWereMade) {
  text.remove(1, 1);
  text.insert(1, "xy");
  for (const std::int64_t assoc : {-1, 0, 1}) {
    for (std::size_t index = 0; index <= text.size(); ++index) {
      const auto found = RelativePosition::at(text.type(), index, assoc).resolve(doc);
      ASSERT_TRUE(found);
      EXPECT_EQ(found->type, &text.type());
      EXPECT_EQ(found->index, index);
      EXPECT_EQ(found->assoc, assoc);
    }
  }
}

TEST_F(RelativePositions, StayBesideTheirUnit) {
  const auto before_b = RelativePosition::at(text.type(), 1);
  const auto after_a = RelativePosition::at(text.type(), 1, -1);
  text.insert(1, "--");
  EXPECT_EQ(index_of(before_b), 3u);
  EXPECT_EQ(index_of(after_a), 1u);
  text.remove(0, 4);
  EXPECT_EQ(index_of(before_b), 0u) << "where b was";
  EXPECT_EQ(index_of(after_a), 0u);
}

TEST_F(RelativePositions, AtTheEndStayThere) {
  const auto end = RelativePosition::at(text.type(), 99);
  text.insert(3, "def");
  EXPECT_EQ(index_of(end), 6u);
}

TEST_F(RelativePositions, LeftOfTheEndNameTheLastUnitEvenIfItIsDeleted) {
  text.remove(2, 1);
  const auto position = RelativePosition::at(text.type(), 7, -1);
  EXPECT_EQ(position.item, (ID{1, 2}));
  EXPECT_EQ(index_of(position), 2u);
}

TEST_F(RelativePositions, OfUnknownUnitsAreNowhere) {
  const RelativePosition next_of_own{.item = ID{1, 3}};
  const RelativePosition of_a_stranger{.item = ID{9, 0}};
  const RelativePosition in_what_is_no_type{.type = ID{1, 0}};
  EXPECT_FALSE(next_of_own.resolve(doc));
  EXPECT_FALSE(of_a_stranger.resolve(doc));
  EXPECT_FALSE(in_what_is_no_type.resolve(doc));
}

TEST_F(RelativePositions, OfCollectedUnitsAreNowhere) {
  Map map(*doc.root("m", TypeKind::kMap).value());
  SharedType* nested = map.set("text", NewType{.kind = TypeKind::kText, .text = "x"});
  const auto in_nested = RelativePosition::at(*nested, 0);
  const auto nested_end = RelativePosition::at(*nested, 1);
  map.remove("text");
  EXPECT_FALSE(in_nested.resolve(doc));
  EXPECT_FALSE(nested_end.resolve(doc));
}

TEST_F(RelativePositions, OfMapValuesAreAtTheStart) {
  Map map(*doc.root("m", TypeKind::kMap).value());
  map.set("k", Value(1));
  map.set("k", Value(2));
  const auto found = RelativePosition{.item = map.entry_id("k")}.resolve(doc);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->type, &map.type());
  EXPECT_EQ(found->index, 0u);
}

TEST_F(RelativePositions, MakeARootThatIsNotThereYet) {
  const auto found = RelativePosition{.root = "new"}.resolve(doc);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->type, doc.find_root("new"));
  EXPECT_EQ(found->type->kind(), TypeKind::kUntyped);
}

TEST_F(RelativePositions, HaveAJsonFormWithoutNulls) {
  const auto position = RelativePosition::at(text.type(), 1, -1);
  EXPECT_EQ(position.to_json().to_json(),
            R"({"tname":"t","item":{"client":1,"clock":0},"assoc":-1})");
  const auto back = RelativePosition::from_json(position.to_json());
  ASSERT_TRUE(back.ok());
  EXPECT_EQ(*back, position);
  const auto with_nulls =
      RelativePosition::from_json(Value::parse(R"({"type":null,"tname":"t","item":null})"));
  ASSERT_TRUE(with_nulls.ok());
  EXPECT_EQ(*with_nulls, (RelativePosition{.root = "t"}));
}

TEST_F(RelativePositions, ThatAreNoneAreMalformed) {
  for (const Bytes& bytes :
       {Bytes{}, Bytes{3}, Bytes{0, 1}, Bytes{1, 5, 'a'}, Bytes{0, 1, 0, 0x80}}) {
    EXPECT_EQ(RelativePosition::decode(bytes).error().code(), Code::kMalformed);
  }
  for (const char* json :
       {"3", "{}", R"({"item":{"client":1}})", R"({"tname":3})", R"({"tname":"t","assoc":0.5})"}) {
    EXPECT_EQ(RelativePosition::from_json(Value::parse(json)).error().code(), Code::kMalformed);
  }
}

TEST_F(RelativePositions, WithoutAssocAreToTheRight) {
  const auto position = RelativePosition::decode(Bytes{0, 1, 2});
  ASSERT_TRUE(position.ok());
  EXPECT_EQ(*position, (RelativePosition{.item = ID{1, 2}}));
}

}  // namespace
}  // namespace syncline::crdt
