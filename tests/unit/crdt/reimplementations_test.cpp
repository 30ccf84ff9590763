// Where other engines of Yjs's formats went wrong: one test for each bug of theirs that was found
// in the field, named by where it was reported. (More of them: update_v2_test.cpp, pending_test.cpp
// and hostile_test.cpp.)
#include <gtest/gtest.h>

#include "../../support/document_check.hpp"
#include "crdt/doc.hpp"
#include "crdt/update.hpp"

namespace syncline::crdt {
namespace {

/// A document and the updates of its transactions.
struct Recorded {
  explicit Recorded(ClientId client, bool gc = true) : doc({.client = client, .gc = gc}) {
    recording =
        doc.on_update([this](const Bytes& update, Transaction&) { made.push_back(update); });
  }
  Map map(const char* name = "m") { return Map(*doc.root(name, TypeKind::kMap).value()); }
  Array array(const char* name = "a") { return Array(*doc.root(name, TypeKind::kArray).value()); }
  Text text(const char* name = "t") { return Text(*doc.root(name, TypeKind::kText).value()); }

  Doc doc;
  std::vector<Bytes> made;
  Handle recording;
};

SharedType& shared_at(Map map, const char* key) { return *std::get<SharedType*>(*map.get(key)); }

void expect_sound_and_same(Doc& a, Doc& b) {
  EXPECT_EQ(a.encode_state_as_update_v1(), b.encode_state_as_update_v1());
  EXPECT_EQ(a.state_vector(), b.state_vector());
  for (Doc* doc : {&a, &b}) EXPECT_EQ(test::DocumentCheck::of(*doc), "");
}

TEST(Reimplementations, ALogWithAHoleIsHeldBackAtTheHole) {  // y-crdt#632, yjs#785
  Recorded author(1);
  for (const char* word : {"a", "b", "c"}) author.text().insert(author.text().size(), word);
  const Bytes holed = merge_updates_v1(std::vector<Bytes>{author.made[0], author.made[2]}).value();
  Recorded reader(2);
  const Applied applied = reader.doc.apply_update_v1(holed).value();
  EXPECT_TRUE(applied.pending);
  EXPECT_EQ(reader.text().string(), "a");
  // Nothing of what waits is lost on the way to others, nor told of as if it were here.
  EXPECT_EQ(reader.doc.state_vector().get(1), 1u);
  Recorded third(3);
  ASSERT_TRUE(third.doc.apply_update_v1(reader.doc.encode_state_as_update_v1()).ok());
  ASSERT_TRUE(third.doc.apply_update_v1(author.made[1]).ok());
  EXPECT_EQ(third.text().string(), "abc");
}

TEST(Reimplementations, ADeletionBesideADeletedContainerIsTold) {  // y-crdt#607
  Recorded author(1);
  author.map().set("box", NewType{.kind = TypeKind::kMap, .entries = {{"in", Value(1)}}});
  ASSERT_TRUE(author.array().push({Value(1), Value(2)}).ok());
  Recorded reader(2);
  ASSERT_TRUE(reader.doc.apply_update_v1(author.doc.encode_state_as_update_v1()).ok());
  author.made.clear();
  author.doc.transact([&](Transaction&) {
    Map(shared_at(author.map(), "box")).remove("in");
    author.map().remove("box");
    ASSERT_TRUE(author.array().remove(0, 1).ok());
  });
  ASSERT_EQ(author.made.size(), 1u);
  ASSERT_TRUE(reader.doc.apply_update_v1(author.made[0]).ok());
  EXPECT_FALSE(reader.map().has("box"));
  EXPECT_EQ(reader.array().size(), 1u);
  expect_sound_and_same(author.doc, reader.doc);
}

TEST(Reimplementations, ADeletionThatReachesOverCollectedUnitsIsAppliedWhole) {  // y-crdt#407
  Recorded author(1);
  author.map().set("box", NewType{.kind = TypeKind::kArray, .values = {Value(1), Value(2)}});
  author.text().insert(0, "after");
  Recorded reader(2);
  ASSERT_TRUE(reader.doc.apply_update_v1(author.doc.encode_state_as_update_v1()).ok());
  reader.map().remove("box");  // its elements are GCs here
  Update wide;
  const Clock end = reader.doc.state_vector().get(1);
  wide.deletes.add(1, 0, end);
  (void)reader.doc.apply(std::move(wide));
  EXPECT_EQ(reader.text().string(), "");
  EXPECT_EQ(test::DocumentCheck::of(reader.doc), "");
}

TEST(Reimplementations, DeletionsAreStillThereAfterTheyWereApplied) {  // y-crdt 648e7fe
  Recorded author(1);
  author.text().insert(0, "abc");
  author.text().remove(1, 1);
  Recorded reader(2);
  ASSERT_TRUE(reader.doc.apply_update_v1(author.doc.encode_state_as_update_v1()).ok());
  const Update again = decode_update_v1(reader.doc.encode_state_as_update_v1()).value();
  EXPECT_TRUE(again.deletes.contains({1, 1}));
  expect_sound_and_same(author.doc, reader.doc);
}

TEST(Reimplementations, WhatWaitsIsNotSwallowedByWhatComesNext) {  // y-crdt c93820d
  Recorded author(1);
  for (const char* word : {"a", "b", "c", "d"}) author.text().insert(author.text().size(), word);
  author.text().remove(3, 1);
  Recorded reader(2);
  for (const std::size_t next : {3u, 4u, 1u, 2u, 0u}) {
    ASSERT_TRUE(reader.doc.apply_update_v1(author.made[next]).ok());
  }
  EXPECT_EQ(reader.text().string(), "abc");
  EXPECT_FALSE(reader.doc.apply_update_v1(author.made[0])->pending);
  expect_sound_and_same(author.doc, reader.doc);
}

TEST(Reimplementations, AnIncompleteUpdateIsNotAppliedForEver) {  // y-octo 39aaace
  Recorded author(1);
  author.text().insert(0, "a");
  author.text().insert(1, "b");
  Recorded reader(2);
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(reader.doc.apply_update_v1(author.made[1])->pending);
    EXPECT_TRUE(reader.doc.apply_update_v1(author.made[1], {}, Relay::kYes)->update.empty());
  }
  const Bytes state = reader.doc.encode_state_as_update_v1();
  ASSERT_TRUE(reader.doc.apply_update_v1(state).ok());
  EXPECT_EQ(reader.doc.encode_state_as_update_v1(), state);
}

TEST(Reimplementations, WhatADeletedTypeHeldIsCollectedAtEveryDepth) {  // y-octo f793f8c
  Recorded author(1);
  NewType inner{.kind = TypeKind::kText, .text = "deep"};
  NewType middle{.kind = TypeKind::kMap, .entries = {{"inner", std::move(inner)}}};
  author.map().set("box", NewType{.kind = TypeKind::kArray, .values = {std::move(middle)}});
  author.map().remove("box");
  const Update state = decode_update_v1(author.doc.encode_state_as_update_v1()).value();
  const std::vector<Struct>& structs = state.structs.at(1);
  ASSERT_EQ(structs.size(), 2u);
  EXPECT_EQ(structs[0].kind, StructKind::kDeleted);
  EXPECT_EQ(structs[1].kind, StructKind::kGC);
  EXPECT_EQ(structs[1].length, 6u);
}

TEST(Reimplementations, AnEntryWhoseOriginWasCollectedCanBeReadAgain) {  // ygo
  Recorded author(1);
  Recorded other(2);
  author.map().set("box", NewType{.kind = TypeKind::kMap, .entries = {{"k", Value(1)}}});
  ASSERT_TRUE(other.doc.apply_update_v1(author.doc.encode_state_as_update_v1()).ok());
  // Written on top of the entry, while somebody collects the map that holds both.
  Map(shared_at(other.map(), "box")).set("k", Value(2));
  author.map().remove("box");
  ASSERT_TRUE(author.doc.apply_update_v1(other.doc.encode_state_as_update_v1()).ok());
  ASSERT_TRUE(other.doc.apply_update_v1(author.doc.encode_state_as_update_v1()).ok());
  Recorded reader(3);
  ASSERT_TRUE(reader.doc.apply_update_v1(author.doc.encode_state_as_update_v1()).ok());
  EXPECT_FALSE(reader.doc.apply_update_v1(author.doc.encode_state_as_update_v1())->pending);
  EXPECT_EQ(reader.doc.state_vector(), author.doc.state_vector());
  expect_sound_and_same(reader.doc, author.doc);
  expect_sound_and_same(other.doc, author.doc);
}

}  // namespace
}  // namespace syncline::crdt
