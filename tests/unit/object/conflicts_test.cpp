// Where two histories meet, and changes made anew on a tree that moved on.
#include "object/conflicts.hpp"

#include <gtest/gtest.h>

#include "object/net_changes.hpp"
#include "object_support.hpp"

namespace syncline::object {
namespace {

/// A document with this tree, its strings at `texts` live.
std::unique_ptr<crdt::Doc> document(const Value& tree, const std::vector<std::string>& texts = {}) {
  auto doc = test::Replica::make_doc(1);
  crdt::SharedType* const root = *doc->root(kDataRoot, crdt::TypeKind::kMap);
  crdt::Tree edit(*root);
  EXPECT_TRUE(edit.set({}, tree).ok());
  for (const std::string& text : texts) EXPECT_TRUE(edit.make_text({text}).ok());
  return doc;
}

crdt::SharedType& root_of(crdt::Doc& doc) { return **doc.root(kDataRoot, crdt::TypeKind::kMap); }

Changes changes(const Value& from, const Value& to, const std::vector<std::string>& texts = {}) {
  const auto before = document(from, texts);
  const auto after = document(to, texts);
  return difference(root_of(*before), root_of(*after));
}

/// The tree that `now` becomes when what led from `from` to `to` is made on it.
Value remade(const Value& from, const Value& to, const Value& now,
             const std::vector<std::string>& texts = {}) {
  const auto doc = document(now, texts);
  crdt::Tree tree(root_of(*doc));
  for (const Change& change : changes(from, to, texts)) EXPECT_TRUE(remake(change, tree).ok());
  return root_of(*doc).to_json();
}

TEST(Conflicts, EditsOfDifferentPlacesAreNone) {
  const Value base = {{"a", 1}, {"b", {{"x", 1}, {"y", 1}}}};
  const Changes ours = changes(base, {{"a", 2}, {"b", {{"x", 2}, {"y", 1}}}});
  const Changes theirs = changes(base, {{"a", 1}, {"b", {{"x", 1}, {"y", 2}}}});
  EXPECT_TRUE(common_places(ours, theirs).empty());
}

TEST(Conflicts, AreTheOuterOfTwoPlacesOneWithinTheOther) {
  const Value base = {{"a", {{"x", 1}, {"y", 1}}}};
  const Changes ours = changes(base, {{"a", {{"x", 2}, {"y", 2}}}});
  const Changes theirs = changes(base, {{"a", 7}});
  EXPECT_EQ(common_places(ours, theirs), (std::vector<Path>{{"a"}}));
  EXPECT_EQ(common_places(theirs, ours), (std::vector<Path>{{"a"}}));
}

TEST(Conflicts, AListIsOnePlace) {
  const Value base = {{"list", Value::array({1, 2, 3})}};
  const Changes ours = changes(base, {{"list", Value::array({0, 1, 2, 3})}});
  const Changes theirs = changes(base, {{"list", Value::array({1, 2, 3, 4})}});
  EXPECT_EQ(common_places(ours, theirs), (std::vector<Path>{{"list"}}));
}

TEST(Conflicts, WhatIsThereMayBeNothing) {
  const auto doc = document({{"a", {{"x", 1}}}});
  EXPECT_EQ(value_at(root_of(*doc), {"a", "x"}), Value(1));
  EXPECT_EQ(value_at(root_of(*doc), {"b"}), std::nullopt);
}

TEST(Remake, SetsAndRemovesMembers) {
  EXPECT_EQ(remade({{"a", 1}, {"b", 1}}, {{"a", 2}, {"c", 3}}, {{"a", 9}, {"b", 1}, {"d", 4}}),
            Value::object({{"a", 2}, {"c", 3}, {"d", 4}}));
}

TEST(Remake, ASpliceFollowsWhatItRemoves) {
  EXPECT_EQ(remade({{"l", Value::array({1, 2, 3})}}, {{"l", Value::array({1, 9, 3})}},
                   {{"l", Value::array({0, 0, 1, 2, 3})}}),
            Value::object({{"l", Value::array({0, 0, 1, 9, 3})}}));
}

TEST(Remake, ASpliceWhoseTargetIsGoneOnlyInserts) {
  EXPECT_EQ(remade({{"l", Value::array({1, 2, 3})}}, {{"l", Value::array({1, 9, 3})}},
                   {{"l", Value::array({1})}}),
            Value::object({{"l", Value::array({1, 9})}}));
}

TEST(Remake, TextsAreEditedInPlace) {
  EXPECT_EQ(remade({{"t", "one two three"}}, {{"t", "one 2 three"}},
                   {{"t", "zero \U0001F600 one two three"}}, {"t"}),
            Value::object({{"t", "zero \U0001F600 one 2 three"}}));
}

TEST(Remake, SaysWhereTheParentIsGone) {
  const auto doc = document({{"b", 1}});
  crdt::Tree tree(root_of(*doc));
  const Changes made = changes({{"a", {{"x", 1}}}}, {{"a", {{"x", 2}}}});
  ASSERT_EQ(made.size(), 1u);
  const Result<void> result = remake(made[0], tree);
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().code(), Code::kNotFound);
}

}  // namespace
}  // namespace syncline::object
