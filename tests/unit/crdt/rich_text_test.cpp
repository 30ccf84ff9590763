// Rich text: formats, embeds, deltas and what cleans formats up. That the bytes are those of Yjs is
// what the lockstep tests show (tests/property).
#include <gtest/gtest.h>

#include <stdexcept>

#include "crdt/attributes.hpp"
#include "crdt/doc.hpp"
#include "crdt/event.hpp"

namespace syncline::crdt {
namespace {

const Value kBold = Value::object({{"bold", true}});
const Value kPlain = Value::object({{"bold", nullptr}});

struct RichDoc {
  explicit RichDoc(ClientId client, bool cleanup = true)
      : doc({.client = client, .cleanup = cleanup}),
        text(*doc.root("t", TypeKind::kText).value()),
        listening(doc.on_update([this](const Bytes& update, Transaction& transaction) {
          updates.push_back(update);
          origins.push_back(transaction.origin());
          locals.push_back(transaction.local());
        })) {}

  void take(const Bytes& update) { EXPECT_TRUE(doc.apply_update_v1(update, "from afar").ok()); }

  Doc doc;
  Text text;
  std::vector<Bytes> updates;
  std::vector<Origin> origins;
  std::vector<bool> locals;
  Handle listening;
};

/// A delta as JSON text: short to compare.
std::string shown(const Text& text) {
  Value::Array parts;
  for (const TextPart& part : text.delta()) {
    Value op = Value::object({{"insert", to_json(part.content)}});
    if (part.attributes.is_object()) op.set("attributes", part.attributes);
    parts.push_back(std::move(op));
  }
  return Value(std::move(parts)).to_json();
}

TEST(Text, InsertTakesOnTheAttributesThatHold) {
  RichDoc a(1);
  a.text.insert(0, "ab", kBold);
  a.text.insert(1, "x");
  EXPECT_EQ(shown(a.text), R"([{"insert":"axb","attributes":{"bold":true}}])");
}

TEST(Text, InsertWithAttributesTakesOnNoOthers) {
  RichDoc a(1);
  a.text.insert(0, "ab", kBold);
  a.text.insert(1, "x", Value::object());
  EXPECT_EQ(shown(a.text), R"([{"insert":"a","attributes":{"bold":true}},{"insert":"x"},)"
                           R"({"insert":"b","attributes":{"bold":true}}])");
}

TEST(Text, AttributesEndWhereTheInsertionEnds) {
  RichDoc a(1);
  a.text.insert(0, "plain");
  a.text.insert(5, "bold", kBold);
  a.text.insert(9, "plain", kPlain);
  EXPECT_EQ(
      shown(a.text),
      R"([{"insert":"plain"},{"insert":"bold","attributes":{"bold":true}},{"insert":"plain"}])");
}

TEST(Text, AnEmbedIsOneUnitAndTakesOnNothing) {
  RichDoc a(1);
  a.text.insert(0, "ab", kBold);
  ASSERT_TRUE(a.text.insert_embed(1, Value::object({{"image", "x.png"}})).ok());
  EXPECT_EQ(a.text.size(), 3u);
  EXPECT_EQ(shown(a.text),
            R"([{"insert":"a","attributes":{"bold":true}},{"insert":{"image":"x.png"}},)"
            R"({"insert":"b","attributes":{"bold":true}}])");
}

TEST(Text, ASharedTypeCanBeAnEmbed) {
  RichDoc a(1);
  NewType map;
  map.entries.emplace_back("k", Value(1));
  ASSERT_TRUE(a.text.insert_embed(0, std::move(map), kBold).ok());
  EXPECT_EQ(shown(a.text), R"([{"insert":{"k":1},"attributes":{"bold":true}}])");
}

TEST(Text, NullAndSubdocumentsAreNoEmbeds) {
  RichDoc a(1);
  EXPECT_EQ(a.text.insert_embed(0, Value()).error().code(), Code::kSchema);
  EXPECT_EQ(a.text.insert_embed(0, Subdoc{"guid", {}}).error().code(), Code::kSchema);
  EXPECT_EQ(a.text.size(), 0u);
}

TEST(Text, FormattingPastTheEndFillsUpWithLineEnds) {
  RichDoc a(1);
  a.text.insert(0, "ab");
  ASSERT_TRUE(a.text.format(1, 3, kBold).ok());
  EXPECT_EQ(shown(a.text), R"([{"insert":"a"},{"insert":"b\n\n","attributes":{"bold":true}}])");
  EXPECT_EQ(a.text.format(0, std::size_t{1} << 40, kBold).error().code(), Code::kTooLarge);
}

TEST(Text, FormattingAnEmptyTextDoesNothing) {
  RichDoc a(1);
  ASSERT_TRUE(a.text.format(0, 3, kBold).ok());
  EXPECT_EQ(a.text.size(), 0u);
  EXPECT_TRUE(a.updates.empty());
}

TEST(Text, FormattingPastTheEndOfTombstonesDoesNothing) {
  RichDoc a(1);
  a.text.insert(0, "abc");
  a.text.remove(0, 3);
  a.updates.clear();
  a.text.format(2, 1, kBold).or_throw();
  EXPECT_TRUE(a.updates.empty());
  a.text.format(0, 1, kBold).or_throw();
  EXPECT_EQ(shown(a.text), R"([{"insert":"\n","attributes":{"bold":true}}])");
}

TEST(Text, DeletingWhatAFormatWasForDeletesTheFormat) {
  RichDoc a(1);
  a.text.insert(0, "a");
  a.text.insert(1, "b", kBold);
  a.text.insert(2, "c", kPlain);
  a.text.remove(1, 1);
  EXPECT_EQ(shown(a.text), R"([{"insert":"ac"}])");
}

TEST(Text, ADeltaIsAppliedOperationByOperation) {
  RichDoc a(1);
  a.text.insert(0, "Gandalf the Grey");
  ASSERT_TRUE(a.text
                  .apply_delta({TextOp::retained(7, kBold), TextOp::retained(5),
                                TextOp::inserted("White"), TextOp::deleted(4)})
                  .ok());
  EXPECT_EQ(shown(a.text),
            R"([{"insert":"Gandalf","attributes":{"bold":true}},{"insert":" the White"}])");
}

TEST(Text, AnInsertionOfUndefinedIsNoneInADelta) {
  Doc doc({.client = 1});
  Text text(*doc.root("t", TypeKind::kText).value());
  text.apply_delta({TextOp::inserted(Value("a")), TextOp::inserted(Value(Value::Undefined{})),
                    TextOp::inserted(Value("b"))})
      .or_throw();
  EXPECT_EQ(text.string(), "ab");
}

TEST(Text, ANewTextComesWithItsDelta) {
  Doc doc({.client = 1});
  Map map(*doc.root("m", TypeKind::kMap).value());
  NewType text;
  text.kind = TypeKind::kText;
  text.text = "a";
  text.delta = {TextOp::retained(1), TextOp::inserted("b", kBold)};
  SharedType* made = map.set("t", std::move(text));
  ASSERT_NE(made, nullptr);
  EXPECT_EQ(shown(Text(*made)), R"([{"insert":"a"},{"insert":"b","attributes":{"bold":true}}])");
}

TEST(Text, HasAttributesAsAWhole) {
  RichDoc a(1);
  a.text.set_attribute("indent", Value(2));
  ASSERT_TRUE(a.text.attribute("indent").has_value());
  EXPECT_EQ(to_json(*a.text.attribute("indent")), Value(2));
  EXPECT_EQ(a.text.attributes().size(), 1u);
  a.text.remove_attribute("indent");
  EXPECT_TRUE(a.text.attributes().empty());
}

TEST(Text, AttributesAreComparedMemberByMemberButNotDeeper) {
  RichDoc a(1);
  const Value flat = Value::object({{"color", Value::object({{"red", 1}})}});
  a.text.insert(0, "a", flat);
  ASSERT_TRUE(a.text.format(0, 1, flat).ok());
  EXPECT_EQ(a.updates.size(), 1u);
  // The same to look at, but another object within: another format is put.
  const Value deep =
      Value::object({{"color", Value::object({{"red", Value::object({{"of", 255}})}})}});
  ASSERT_TRUE(a.text.format(0, 1, deep).ok());
  ASSERT_TRUE(a.text.format(0, 1, deep).ok());
  EXPECT_EQ(a.updates.size(), 3u);
}

TEST(Attributes, AnObjectPutsArrayIndexesFirst) {
  Attributes attributes;
  for (const char* key : {"b", "10", "a", "9", "01", "4294967295"}) attributes.set(key, nullptr);
  std::string order;
  for (const auto& [key, value] : attributes.in_object_order()) order += key + ' ';
  EXPECT_EQ(order, "9 10 b a 01 4294967295 ");
  attributes.set("a", shared_value(1));
  EXPECT_EQ(attributes.in_order()[2].first, "a");
}

/// Two clients make a text bold in overlapping ranges; what is left over is cleaned up.
void format_at_once(RichDoc& a, RichDoc& b) {
  a.text.insert(0, "abcd");
  b.take(a.updates[0]);
  ASSERT_TRUE(a.text.format(0, 3, kBold).ok());
  ASSERT_TRUE(b.text.format(0, 4, kBold).ok());
  a.updates.clear();
  a.origins.clear();
  a.locals.clear();
  a.take(b.updates.back());
}

TEST(Cleanup, WhatOthersFormattedIsTidiedUpInAnUpdateOfItsOwn) {
  RichDoc a(1);
  RichDoc b(2);
  format_at_once(a, b);
  ASSERT_EQ(a.updates.size(), 2u);
  EXPECT_EQ(a.origins[0], Value("from afar"));
  EXPECT_EQ(a.origins[1], Value());
  EXPECT_FALSE(a.locals[0]);
  EXPECT_TRUE(a.locals[1]);
  const auto tidied = decode_update_v1(a.updates[1]);
  ASSERT_TRUE(tidied.ok());
  EXPECT_TRUE(tidied->structs.empty());
  EXPECT_FALSE(tidied->deletes.empty());
}

TEST(Cleanup, IsOffWhereOnlyUsersWrite) {
  RichDoc a(1, false);
  RichDoc b(2);
  format_at_once(a, b);
  EXPECT_EQ(a.updates.size(), 1u);
}

/// A deleted mark has the whole text looked at instead of the gaps, and that finds less: so it
/// matters which deletion comes first. As in Yjs it is the one that was read first.
TEST(Cleanup, LooksAtDeletionsInTheOrderInWhichTheyCame) {
  RichDoc a(1);
  a.text.insert(0, "ab");
  RichDoc low(5);
  low.take(a.doc.encode_state_as_update_v1());
  low.text.insert(2, "mid");
  RichDoc high(9);
  high.take(low.doc.encode_state_as_update_v1());
  high.text.insert(2, "R", kBold);
  // The client whose deletions are read last is met first.
  a.take(low.updates.back());
  a.take(high.updates.back());
  RichDoc other(7);
  other.take(a.doc.encode_state_as_update_v1());
  other.text.remove(2, 2);
  a.text.format(3, 1, Value::object({{"italic", true}})).or_throw();
  a.updates.clear();
  a.take(other.updates.back());
  EXPECT_EQ(a.updates.size(), 1u) << "the two marks around what is gone stay";
}

TEST(Cleanup, TidiesTextsUpInTheOrderInWhichTheirClientsWereMet) {
  RichDoc a(1);
  Text second(*a.doc.root("second", TypeKind::kText).value());
  a.text.insert(0, "ab");
  second.insert(0, "ab");
  RichDoc low(5);
  RichDoc high(9);
  for (RichDoc* other : {&low, &high}) {
    other->take(a.doc.encode_state_as_update_v1());
    Text(*other->doc.root("other", TypeKind::kText).value()).insert(0, "x");
    a.take(other->updates.back());
  }
  low.text.format(0, 1, kBold).or_throw();
  Text(*high.doc.root("second", TypeKind::kText).value()).format(0, 1, kBold).or_throw();
  a.text.format(0, 1, kBold).or_throw();
  second.format(0, 1, kBold).or_throw();

  std::string told;
  const auto note = [&](const Event& event, Transaction&) {
    told.append(event.target->root_name()).append(" ");
  };
  // Whoever hears of the remote change as well has asked for deltas, and that tidies up.
  std::vector<Handle> hearing;
  const Handle after = a.doc.on_after_transaction([&](Transaction&) {
    if (!hearing.empty()) return;
    for (const Text* text : {&a.text, &second}) hearing.push_back(text->type().observe(note));
  });
  // Of one update the structs of the higher client come first.
  const Bytes both[] = {low.updates.back(), high.updates.back()};
  a.take(merge_updates_v1(both).value());
  EXPECT_EQ(told, "t second ");
}

TEST(Cleanup, LeavesRootsAloneThatNobodyGaveAType) {
  RichDoc a(1);
  RichDoc b(2);
  Doc untyped({.client = 3});
  std::size_t updates = 0;
  const Handle listening = untyped.on_update([&](const Bytes&, Transaction&) { ++updates; });
  format_at_once(a, b);
  EXPECT_TRUE(untyped.apply_update_v1(b.doc.encode_state_as_update_v1()).ok());
  EXPECT_TRUE(untyped.apply_update_v1(a.doc.encode_state_as_update_v1()).ok());
  EXPECT_EQ(updates, 2u);
}

TEST(RichEvents, ATextSaysWhichAttributesChanged) {
  RichDoc a(1);
  a.text.insert(0, "abc");
  std::vector<DeltaOp> delta;
  const Handle watching =
      a.text.type().observe([&](const Event& event, Transaction&) { delta = event.delta; });
  ASSERT_TRUE(a.text.format(1, 1, kBold).ok());
  ASSERT_EQ(delta.size(), 2u);
  EXPECT_EQ(std::get<Retain>(delta[0]).length, 1u);
  EXPECT_TRUE(std::get<Retain>(delta[0]).attributes.is_null());
  EXPECT_EQ(std::get<Retain>(delta[1]).length, 1u);
  EXPECT_EQ(std::get<Retain>(delta[1]).attributes, kBold);
}

TEST(RichEvents, AnOverwrittenTypeIsThereWithWhatIsLeftOfIt) {
  Doc doc({.client = 1});
  Map map(*doc.root("m", TypeKind::kMap).value());
  map.set("k", shared(Value::object({{"a", 1}})));
  Value left;
  std::optional<Value> held;
  const Handle watching = map.type().observe([&](const Event& event, Transaction&) {
    const KeyChange& change = event.keys.at("k");
    left = to_json(*change.old_value);
    held = change.old_content;
  });
  map.set("k", Value(2));
  EXPECT_EQ(left, Value::object());
  EXPECT_EQ(held, Value::object({{"a", 1}}));
}

TEST(RichEvents, ALongListTellsOnlyWhatChangedAndWhere) {
  RichDoc a(1);
  // Runs that do not join, and tombstones between them.
  for (int i = 0; i < 200; ++i) {
    a.text.insert(0, "abc");
    a.text.remove(1, 1);
  }
  std::vector<DeltaOp> delta;
  const Handle watching =
      a.text.type().observe([&](const Event& event, Transaction&) { delta = event.delta; });
  a.doc.transact([&](Transaction&) {
    a.text.insert(100, "x");
    a.text.remove(300, 2);
    a.text.insert(a.text.size(), "end");
  });
  ASSERT_EQ(delta.size(), 6u);
  EXPECT_EQ(std::get<Retain>(delta[0]).length, 100u);
  EXPECT_EQ(std::get<Insert>(delta[1]).text, "x");
  EXPECT_EQ(std::get<Retain>(delta[2]).length, 199u);
  EXPECT_EQ(std::get<Delete>(delta[3]).length, 2u);
  EXPECT_EQ(std::get<Retain>(delta[4]).length, 99u);
  EXPECT_EQ(std::get<Insert>(delta[5]).text, "end");
}

TEST(Xml, ElementsHaveChildrenAndAttributesOfAnyValue) {
  Doc doc({.client = 1});
  XmlFragment fragment(*doc.root("x", TypeKind::kXmlFragment).value());
  NewType text;
  text.kind = TypeKind::kXmlText;
  text.delta = {TextOp::inserted("hi", Value::object({{"b", Value::object({{"k", 1}})}}))};
  NewType element;
  element.kind = TypeKind::kXmlElement;
  element.name = "P";
  element.values.push_back(std::move(text));
  element.entries.emplace_back("id", Value("a"));
  ASSERT_TRUE(fragment.insert(0, {std::move(element)}).ok());
  EXPECT_EQ(fragment.string(), "<p id=\"a\"><b k=\"1\">hi</b></p>");
  XmlElement made(*std::get<SharedType*>(fragment.get(0)));
  EXPECT_EQ(made.name(), "P");
  made.set_attribute("n", Value(5));
  made.remove_attribute("id");
  EXPECT_EQ(fragment.string(), "<p n=\"5\"><b k=\"1\">hi</b></p>");
  EXPECT_FALSE(fragment.remove(1, 1).ok());
  ASSERT_TRUE(made.remove(0, 1).ok());
  EXPECT_EQ(fragment.string(), "<p n=\"5\"></p>");
}

TEST(Callbacks, ComeInTheOrderOfYjs) {
  Doc doc({.client = 1});
  Array array(*doc.root("a", TypeKind::kArray).value());
  std::string order;
  std::vector<Handle> handles;
  const auto note = [&](const char* what) { return [&order, what](auto&&...) { order += what; }; };
  handles.push_back(doc.on_after_all_transactions(note("afterAll")));
  handles.push_back(doc.on_subdocs(note("subdocs ")));
  handles.push_back(doc.on_update(note("update ")));
  handles.push_back(doc.on_after_cleanup(note("afterCleanup ")));
  handles.push_back(doc.on_after_transaction(note("after ")));
  handles.push_back(array.type().observe_deep(note("observeDeep ")));
  handles.push_back(array.type().observe(note("observe ")));
  handles.push_back(doc.on_before_observers(note("beforeObservers ")));
  handles.push_back(doc.on_before_transaction(note("before ")));
  handles.push_back(doc.on_before_all_transactions(note("beforeAll ")));
  ASSERT_TRUE(array.push({Subdoc{"guid", {}}}).ok());
  EXPECT_EQ(
      order,
      "beforeAll before beforeObservers observe observeDeep after afterCleanup update subdocs "
      "afterAll");
}

TEST(Callbacks, AreAllCalledEvenIfOneThrows) {
  Doc doc({.client = 1});
  Map map(*doc.root("m", TypeKind::kMap).value());
  bool told = false;
  const Handle throws =
      doc.on_before_transaction([](Transaction&) { throw std::runtime_error("no"); });
  const Handle hears = doc.on_after_all_transactions([&] { told = true; });
  EXPECT_THROW(map.set("k", Value(1)), std::runtime_error);
  EXPECT_TRUE(told);
  EXPECT_TRUE(map.has("k"));
}

TEST(Subdocs, AreToldAsTheyComeAreWantedAndGo) {
  Doc a({.client = 1});
  Doc b({.client = 2});
  Map map(*a.root("m", TypeKind::kMap).value());
  SubdocEvent here;
  SubdocEvent there;
  const Handle ours = a.on_subdocs([&](const SubdocEvent& event, Transaction&) { here = event; });
  const Handle theirs =
      b.on_subdocs([&](const SubdocEvent& event, Transaction&) { there = event; });
  map.set("k", Subdoc{"guid", Value::object({{"meta", "x"}})});
  ASSERT_EQ(here.added.size(), 1u);
  EXPECT_EQ(here.loaded.size(), 1u);  // who makes one wants it
  ASSERT_TRUE(b.apply_update_v1(a.encode_state_as_update_v1()).ok());
  ASSERT_EQ(there.added.size(), 1u);
  EXPECT_TRUE(there.loaded.empty());
  EXPECT_FALSE(b.subdocs()[0].should_load);

  b.load_subdoc(there.added[0].id);
  ASSERT_EQ(there.loaded.size(), 1u);
  EXPECT_EQ(there.loaded[0].guid, "guid");
  EXPECT_TRUE(b.subdocs()[0].should_load);
  EXPECT_EQ(b.make_subdoc(b.subdocs()[0])->options().guid, "guid");
  b.destroy_subdoc(there.loaded[0].id);
  EXPECT_EQ(there.removed.size(), 1u);
  EXPECT_EQ(there.added.size(), 1u);
  EXPECT_FALSE(b.subdocs()[0].should_load);

  map.remove("k");
  ASSERT_EQ(here.removed.size(), 1u);
  EXPECT_EQ(here.removed[0].guid, "guid");
  EXPECT_TRUE(a.subdocs().empty());
}

}  // namespace
}  // namespace syncline::crdt
