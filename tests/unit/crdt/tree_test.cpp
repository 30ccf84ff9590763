// Trees over roots of every kind, and the texts below them. What maps do through handles is tested
// in unit/object.
#include "crdt/tree.hpp"

#include <gtest/gtest.h>

#include <random>

#include "crdt/text_difference.hpp"
#include "encoding/utf16.hpp"

namespace syncline::crdt {
namespace {

struct OneRoot {
  explicit OneRoot(TypeKind kind) : root(*doc.root("r", kind).value()) {}

  Doc doc{{.client = 1}};
  SharedType& root;
  std::vector<TreeEdit> edits;
  Tree tree{root, [this](TreeEdit edit) { edits.push_back(std::move(edit)); }};
};

Path pointer(std::string_view text) { return to_path(parse_pointer(text)); }

TEST(Tree, OfAListIsReadAndWritten) {
  OneRoot list(TypeKind::kArray);
  EXPECT_TRUE(list.tree.set({}, Value::parse(R"([1,{"a":[]}])")).ok());
  EXPECT_TRUE(list.tree.set(pointer("/1/a/-"), "x").ok());
  EXPECT_TRUE(list.tree.push_back({}, 3).ok());
  EXPECT_TRUE(list.tree.erase({}, 0, 1).ok());
  EXPECT_EQ(list.root.to_json().to_json(), R"([{"a":["x"]},3])");
  EXPECT_EQ(list.tree.get(pointer("/0/a/0")).value(), "x");
  EXPECT_EQ(list.tree.set({}, "text").error().code(), Code::kSchema);
  EXPECT_EQ(list.tree.set({}, Value::array({Value::Undefined{}})).error().code(), Code::kSchema);
  EXPECT_EQ(list.edits.size(), 4U);
  EXPECT_TRUE(list.tree.set({}, list.root.to_json()).ok());
  EXPECT_EQ(list.edits.size(), 4U);
}

TEST(Tree, OfATextIsReadAndWritten) {
  OneRoot text(TypeKind::kText);
  EXPECT_TRUE(text.tree.set({}, "abc").ok());
  EXPECT_TRUE(text.tree.insert_text({}, 1, "x").ok());
  EXPECT_TRUE(text.tree.erase_text({}, 3, 9).ok());
  EXPECT_TRUE(text.tree.make_text({}).ok());
  EXPECT_EQ(text.tree.get({}).value(), "axb");
  EXPECT_EQ(text.tree.set({}, 5).error().message(), "the top is a live text, not a number");
  EXPECT_EQ(text.tree.set(pointer("/a"), 5).error().message(),
            "the top is a live text: it cannot have the member \"a\"");
  ASSERT_EQ(text.edits.size(), 3U);
  EXPECT_EQ(text.edits[2].removed, "c");
}

TEST(Tree, TellsHowFarAPathLeads) {
  OneRoot map(TypeKind::kMap);
  ASSERT_TRUE(map.tree.set({}, Value::parse(R"({"l":[{"x":"text"}],"0":{}})")).ok());
  const Found there = map.tree.find(pointer("/l/0/x"));
  EXPECT_TRUE(there.found());
  EXPECT_EQ(there.path, (Path{"l", std::size_t{0}, "x"}));
  EXPECT_EQ(to_json(there.element), "text");
  EXPECT_EQ(map.tree.find(pointer("/0")).path, (Path{"0"}));
  const Found missing = map.tree.find(pointer("/l/1/x"));
  EXPECT_EQ(missing.outcome, Found::Outcome::kMissing);
  EXPECT_EQ(missing.path, (Path{"l"}));
  EXPECT_NE(missing.type(TypeKind::kArray), nullptr);
  EXPECT_EQ(map.tree.find(pointer("/l/x")).outcome, Found::Outcome::kWrongKind);
  EXPECT_EQ(map.tree.find(pointer("/l/0/x/y")).outcome, Found::Outcome::kWrongKind);
}

TEST(Tree, SetsASubtreeInOneTransaction) {
  OneRoot map(TypeKind::kMap);
  int updates = 0;
  const Handle counting = map.doc.on_update([&](const Bytes&, Transaction&) { ++updates; });
  ASSERT_TRUE(map.tree.set({}, Value::parse(R"({"a":[1,2,{"b":"c"}],"d":{}})")).ok());
  ASSERT_TRUE(map.tree.set(pointer("/a/0"), "first").ok());
  ASSERT_TRUE(map.tree.make_text(pointer("/t")).ok());
  ASSERT_TRUE(map.tree.assign_text(pointer("/t"), "one two").ok());
  ASSERT_TRUE(map.tree.assign_text(pointer("/t"), "one 2 two").ok());
  EXPECT_EQ(updates, 5);
}

TEST(Text, ShowsEveryUnitOfASlice) {
  Doc doc{{.client = 1}};
  Text text(*doc.root("t", TypeKind::kText).value());
  EXPECT_EQ(text.slice(0, 5), "");
  text.insert(0, "a😀b");
  EXPECT_EQ(text.slice(0, 99), "a😀b");
  EXPECT_EQ(text.slice(1, 2), "😀");
  EXPECT_EQ(text.slice(2, 1), "\xed\xb8\x80");
  EXPECT_EQ(text.slice(0, 2), "a\xed\xa0\xbd");
  EXPECT_EQ(text.slice(2, 2),
            "\xed\xb8\x80"
            "b");
  EXPECT_EQ(text.slice(4, 2), "");
}

TEST(Text, SlicesAsUtf16DoesAfterManyEdits) {
  std::mt19937 random(7);
  Doc doc{{.client = 1}};
  Text text(*doc.root("t", TypeKind::kText).value());
  const std::vector<std::string> parts{"a", "bcd", "é", "漢字", "😀"};
  for (int i = 0; i < 400; ++i) {
    // Only at the borders of characters, which whole parts in front or at the end are.
    text.insert(random() % 2 == 0 ? 0 : text.size(), parts[random() % parts.size()]);
    const std::u16string all = encoding::to_utf16(text.string());
    const std::size_t from = random() % all.size();
    const std::size_t length = random() % 9;
    ASSERT_EQ(text.slice(from, length), encoding::from_utf16(all.substr(from, length)));
  }
}

TEST(TextDifference, KeepsTheCommonPrefixThenTheCommonSuffix) {
  EXPECT_EQ(difference("one two three", "one 2 three"), (TextDifference{4, "two", "2"}));
  EXPECT_EQ(difference("", "a"), (TextDifference{0, "", "a"}));
  EXPECT_EQ(difference("aa", "aaa"), (TextDifference{2, "", "a"}));
  EXPECT_EQ(difference("abab", "ab"), (TextDifference{2, "ab", ""}));
  EXPECT_TRUE(difference("same", "same").empty());
}

TEST(TextDifference, NeverCutsACharacter) {
  // U+1F600 and U+1F601 share their high surrogate; U+1F600 and U+1FA00 their last byte.
  EXPECT_EQ(difference("x😀y", "x😁y"), (TextDifference{1, "😀", "😁"}));
  EXPECT_EQ(difference("😀", "\xf0\x9f\xa8\x80"), (TextDifference{0, "😀", "\xf0\x9f\xa8\x80"}));
  EXPECT_EQ(difference("é", "è"), (TextDifference{0, "é", "è"}));
  EXPECT_EQ(difference("😀z", "😀😀z"), (TextDifference{2, "", "😀"}));
}

}  // namespace
}  // namespace syncline::crdt
