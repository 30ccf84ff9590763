// Updates that decode but that no honest peer writes: the document stays consistent, says the same
// on every replica, and takes time and memory in proportion to them.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "crdt/doc.hpp"
#include "crdt/engine.hpp"
#include "crdt/event.hpp"
#include "support/document_check.hpp"

namespace syncline::crdt {
namespace {

SharedType& open(Doc& doc, std::string_view name, TypeKind kind) {
  return *doc.root(name, kind).value();
}

/// Writes the structs of an update one after the other.
class Forged {
 public:
  Struct& add(ID id, StructKind kind, std::uint64_t length) {
    auto& structs = update_.structs[id.client];
    Struct& item = structs.emplace_back();
    item.id = id;
    item.kind = kind;
    item.length = length;
    return item;
  }
  Struct& text(ID id, std::string text) {
    Struct& item = add(id, StructKind::kString, encoding::utf16_length(text));
    item.content.text = std::move(text);
    return item;
  }
  Struct& type(ID id, TypeKind kind) {
    Struct& item = add(id, StructKind::kType, 1);
    item.content.type = kind;
    return item;
  }
  Struct& number(ID id, double value) {
    Struct& item = add(id, StructKind::kAny, 1);
    item.content.values.emplace_back(value);
    return item;
  }
  DeleteSet& deletes() { return update_.deletes; }
  Bytes bytes() const { return encode_update_v1(update_); }

 private:
  Update update_;
};

class Hostile : public testing::Test {
 protected:
  Doc doc{{.client = 1}};
  SharedType& text = open(doc, "t", TypeKind::kText);
  SharedType& array = open(doc, "a", TypeKind::kArray);
  SharedType& map = open(doc, "m", TypeKind::kMap);

  Applied apply(const Forged& update) {
    auto applied = doc.apply_update_v1(update.bytes());
    EXPECT_TRUE(applied.ok());
    EXPECT_EQ(test::DocumentCheck::of(doc), "");
    return *applied;
  }
  /// What a peer reads who gets the document as a whole.
  std::string handed_on(std::string_view root) {
    Doc copy({.client = 2});
    SharedType& there = open(copy, root, doc.find_root(root)->kind());
    EXPECT_TRUE(copy.apply_update_v1(doc.encode_state_as_update_v1()).ok());
    EXPECT_EQ(test::DocumentCheck::of(copy), "");
    EXPECT_EQ(copy.state_vector(), doc.state_vector());
    EXPECT_EQ(copy.delete_set(), doc.delete_set());
    return Text(there).string();
  }
  std::size_t arena_bytes(ClientId client) {
    const StructStore& store = state_of(text).engine.store;
    return store.client(store.index_of(client)).text.size();
  }
};

TEST_F(Hostile, AContinuationStaysInTheListOfItsBeginning) {
  Forged first;
  first.text({5, 0}, "abc").parent = "t";
  apply(first);
  // The same client and clocks, longer, and said to be a member of a map.
  Forged second;
  Struct& item = second.text({5, 0}, "abcdef");
  item.parent = "m";
  item.key = "k";
  item.has_key = true;
  apply(second);
  EXPECT_EQ(Text(text).string(), "abcdef");
  EXPECT_EQ(handed_on("t"), "abcdef");
  EXPECT_EQ(Map(map).size(), 0u);
}

TEST_F(Hostile, AContinuationThatWaitedStaysInTheListOfItsBeginning) {
  Forged late;  // waits for client 9, then turns out to overlap what came meanwhile
  Struct& item = late.text({5, 0}, "abcdef");
  item.parent = ID{9, 0};
  apply(late);
  EXPECT_TRUE(doc.has_pending());
  Forged first;
  first.text({5, 0}, "abc").parent = "t";
  apply(first);
  Forged holder;
  holder.type({9, 0}, TypeKind::kText).parent = "a";
  apply(holder);
  EXPECT_EQ(Text(text).string(), handed_on("t"));
}

TEST_F(Hostile, ARightOriginInsideTheOriginsItemLeavesTheOriginAlone) {
  const auto forge = [] {
    Forged update;
    Struct& item = update.text({6, 0}, "X");
    item.origin = ID{5, 5};
    item.right_origin = ID{5, 3};
    return update;
  };
  Forged base;
  base.text({5, 0}, "abcdef").parent = "t";
  apply(base);
  apply(forge());
  // Where the item was in two already, the same comes out.
  Doc other({.client = 3});
  SharedType& there = open(other, "t", TypeKind::kText);
  Forged halves;
  halves.text({5, 0}, "abc").parent = "t";
  halves.text({5, 3}, "def").right_origin = ID{5, 0};
  ASSERT_TRUE(other.apply_update_v1(base.bytes()).ok());
  Forged cut;
  cut.text({7, 0}, "|").origin = ID{5, 2};
  ASSERT_TRUE(other.apply_update_v1(cut.bytes()).ok());
  ASSERT_TRUE(other.apply_update_v1(forge().bytes()).ok());
  apply(cut);
  EXPECT_EQ(Text(text).string(), Text(there).string());
  EXPECT_EQ(doc.encode_state_as_update_v1(), other.encode_state_as_update_v1());
}

TEST_F(Hostile, APendingStructDoesNotDisplaceOneThatIsHere) {
  Forged waits;
  waits.text({9, 3}, "w").parent = "t";
  apply(waits);
  Forged good;
  good.text({5, 0}, "good").parent = "t";
  apply(good);
  Forged evil;
  evil.text({5, 0}, "evil").parent = ID{8, 0};
  apply(evil);
  EXPECT_TRUE(doc.has_pending());
  EXPECT_EQ(handed_on("t"), "good");
}

TEST_F(Hostile, AMapValueThatWasSplitIsDeletedWhole) {
  Forged update;
  update.type({5, 0}, TypeKind::kMap).parent = "a";
  Struct& value = update.text({5, 1}, "abcdef");
  value.parent = ID{5, 0};
  value.key = "k";
  value.has_key = true;
  update.text({6, 0}, "X").origin = ID{5, 3};
  apply(update);
  ASSERT_TRUE(Array(array).remove(0, 1).ok());
  EXPECT_EQ(test::DocumentCheck::of(doc), "");
  EXPECT_EQ(handed_on("t"), "");
}

TEST_F(Hostile, AMapValueThatWasSplitHasOneLivingPart) {
  Forged update;
  Struct& value = update.text({5, 0}, "abcdef");
  value.parent = "m";
  value.key = "k";
  value.has_key = true;
  Struct& waits = update.text({6, 0}, "X");
  waits.right_origin = ID{5, 4};
  apply(update);
  EXPECT_EQ(std::get<Value>(*Map(map).get("k")), Value("f"));
  EXPECT_TRUE(doc.delete_set().contains({5, 3}));
  EXPECT_EQ(handed_on("t"), "");
}

TEST_F(Hostile, AFormatInAListIsNoElementForItsObservers) {
  Forged update;
  Struct& format = update.add({5, 0}, StructKind::kFormat, 1);
  format.parent = "a";
  format.content.text = "bold";
  format.content.json = {"true"};
  apply(update);
  std::size_t retained = 0;
  const auto listening = array.observe([&](const Event& event, Transaction&) {
    for (const DeltaOp& op : event.delta) {
      if (const auto* retain = std::get_if<Retain>(&op)) retained += retain->length;
    }
  });
  ASSERT_TRUE(Array(array).push({Value(1.0)}).ok());
  EXPECT_EQ(retained, 0u);
}

TEST_F(Hostile, TypesNestedDeeplyTakeNoStack) {
  constexpr Clock kDepth = 100'000;
  Forged update;
  update.type({5, 0}, TypeKind::kArray).parent = "a";
  for (Clock depth = 1; depth < kDepth; ++depth) {
    update.type({5, depth}, depth % 3 == 0 ? TypeKind::kXmlFragment : TypeKind::kArray).parent =
        ID{5, depth - 1};
  }
  apply(update);
  (void)array.to_json();
  EXPECT_EQ(doc.place_of({5, kDepth - 1})->path.size(), kDepth);
  EXPECT_EQ(handed_on("t"), "");
  // Whoever observes the whole hears of no change that its JSON form does not show.
  std::size_t heard = 0;
  const auto listening = array.observe_deep(
      [&](std::span<const Event> events, Transaction&) { heard += events.size(); });
  Forged everywhere;
  for (Clock i = 0; i < kDepth / 10; ++i) everywhere.number({6, i}, 1).parent = ID{5, 10 * i};
  apply(everywhere);
  EXPECT_EQ(heard, 100u);
  ASSERT_TRUE(Array(array).remove(0, 1).ok());
  EXPECT_EQ(test::DocumentCheck::of(doc), "");
  EXPECT_EQ(Array(array).size(), 0u);
}

TEST_F(Hostile, PairsThatAreCutOneByOneDoNotMultiplyTheText) {
  constexpr Clock kPairs = 20'000;
  std::string emoji;
  for (Clock i = 0; i < kPairs; ++i) emoji += "😀";
  Forged base;
  base.text({5, 0}, emoji).parent = "t";
  apply(base);
  Forged cuts;
  for (Clock i = 0; i < kPairs; ++i) cuts.deletes().add(5, 2 * i, 1);
  doc.transact([&](Transaction&) {
    EXPECT_TRUE(doc.apply_update_v1(cuts.bytes()).ok());
    EXPECT_LT(arena_bytes(5), emoji.size() * 20);
  });
  EXPECT_EQ(test::DocumentCheck::of(doc), "");
  EXPECT_EQ(Text(text).size(), kPairs);
}

TEST_F(Hostile, CutsThatJoinAgainDoNotMultiplyTheText) {
  constexpr Clock kPairs = 10'000;
  std::string emoji;
  for (Clock i = 0; i < kPairs; ++i) emoji += "😀";
  Forged update;
  update.text({5, 0}, emoji).parent = "t";
  apply(update);
  // Known structs whose origins cut all the same: here the same unit, again and again.
  Forged known;
  known.number({6, 0}, 0).parent = "a";
  apply(known);
  Forged cuts;
  cuts.number({6, 0}, 0).origin = ID{5, 0};
  for (Clock i = 1; i < kPairs; ++i) {
    Struct& item = cuts.number({6, i}, 0);
    item.origin = ID{5, 2 * i};
  }
  for (Clock i = 1; i < kPairs; ++i) cuts.deletes().add(6, i, 1);
  apply(cuts);
  EXPECT_LT(arena_bytes(5), emoji.size() * 20);
  EXPECT_EQ(Text(text).string(), handed_on("t"));
}

TEST_F(Hostile, AListOfJsonTextsIsCutInNoTime) {
  constexpr Clock kTexts = 50'000;
  Forged update;
  Struct& item = update.add({5, 0}, StructKind::kJson, kTexts);
  item.parent = "a";
  item.content.json.assign(kTexts, "{\"k\":1}");
  for (Clock i = 0; i < kTexts; i += 2) update.deletes().add(5, i, 1);
  apply(update);
  EXPECT_EQ(Array(array).size(), kTexts / 2);
  EXPECT_EQ(handed_on("a"), "");
}

TEST_F(Hostile, DeletionsInManySectionsAreOneSet) {
  // Even clocks in one section, odd ones in the next: united, not inserted one by one.
  constexpr Clock kRanges = 200'000;
  encoding::Writer writer;
  writer.var_uint(0);
  writer.var_uint(2);
  for (Clock odd = 0; odd < 2; ++odd) {
    writer.var_uint(5);
    writer.var_uint(kRanges);
    for (Clock i = 0; i < kRanges; ++i) {
      writer.var_uint(4 * i + 2 * odd);
      writer.var_uint(1);
    }
  }
  const auto update = decode_update_v1(writer.bytes());
  ASSERT_TRUE(update.ok());
  EXPECT_EQ(update->deletes.ranges().at(5).size(), 2 * kRanges);
  DeleteSet between;
  for (Clock i = 0; i < 2 * kRanges; ++i) between.add(5, 2 * i + 1, 1);
  between.add(update->deletes);
  EXPECT_EQ(between.ranges().at(5).size(), 1u);
}

TEST_F(Hostile, ClocksAtTheEndOfTheirRangeAreKept) {
  Forged update;
  update.add({5, 0}, StructKind::kGC, encoding::kMaxSafeInteger - 1);
  update.text({5, encoding::kMaxSafeInteger - 1}, "z").parent = "t";
  update.deletes().add(5, 0, encoding::kMaxSafeInteger - 1);
  update.deletes().add(7, 1, encoding::kMaxSafeInteger - 1);
  apply(update);
  EXPECT_EQ(Text(text).string(), "z");
  EXPECT_EQ(doc.state_vector().get(5), encoding::kMaxSafeInteger);
  Forged past;
  past.text({5, encoding::kMaxSafeInteger}, "z").parent = "t";
  EXPECT_FALSE(decode_update_v1(past.bytes()).ok());
}

TEST_F(Hostile, AParentThatIsNoTypeHoldsNothing) {
  Forged update;
  update.text({5, 0}, "abc").parent = "t";
  update.text({6, 0}, "x").parent = ID{5, 1};
  apply(update);
  EXPECT_EQ(Text(text).string(), "abc");
  EXPECT_EQ(handed_on("t"), "abc");
}

TEST_F(Hostile, OriginsInTwoListsPutTheItemIntoTheLeftOne) {
  Forged update;
  update.text({5, 0}, "abc").parent = "t";
  update.number({5, 3}, 1).parent = "a";
  Struct& item = update.text({6, 0}, "X");
  item.origin = ID{5, 0};
  item.right_origin = ID{5, 3};
  apply(update);
  EXPECT_EQ(Text(text).string(), handed_on("t"));
  EXPECT_EQ(Text(text).size(), 4u);
  EXPECT_EQ(Array(array).size(), 1u);
}

}  // namespace
}  // namespace syncline::crdt
