// Undo and redo: what is a step, what comes back, what stays. Bytes are compared with Yjs's in
// tests/property/yjs_undo.mjs.
#include "crdt/undo_manager.hpp"

#include <gtest/gtest.h>

#include <stdexcept>
#include <utility>

#include "crdt/relative_position.hpp"

namespace syncline::crdt {
namespace {

class Undo : public testing::Test {
 protected:
  UndoOptions options() {
    return {.now_ms = [this] { return now_ms; }};
  }
  /// Applies what another client with the same state makes of the document.
  void edit_elsewhere(const std::function<void(Doc&)>& edit) {
    Doc other({.client = ++last_other});
    other.apply_update_v1(doc.encode_state_as_update_v1()).value();
    edit(other);
    doc.apply_update_v1(other.encode_state_as_update_v1(), Value("other")).value();
  }
  static Text text_of(Doc& of) { return Text(*of.root("t", TypeKind::kText).value()); }
  static Map map_of(Doc& of) { return Map(*of.root("m", TypeKind::kMap).value()); }

  std::int64_t now_ms = 1000;
  ClientId last_other = 1;
  Doc doc{{.client = 1}};
  Text text = text_of(doc);
  Map map = map_of(doc);
};

TEST_F(Undo, TakesBackAndDoesAgain) {
  UndoManager undo({&text.type()}, options());
  EXPECT_FALSE(undo.can_undo());
  EXPECT_FALSE(undo.undo());
  text.insert(0, "abc");
  ASSERT_TRUE(undo.undo());
  EXPECT_EQ(text.string(), "");
  ASSERT_TRUE(undo.redo());
  EXPECT_EQ(text.string(), "abc");
  EXPECT_TRUE(undo.can_undo());
  EXPECT_FALSE(undo.can_redo());
}

TEST_F(Undo, JoinsChangesThatComeSoon) {
  UndoManager undo({&text.type()}, options());
  text.insert(0, "a");
  now_ms += 499;
  text.insert(1, "b");
  EXPECT_EQ(undo.undo_stack().size(), 1u);
  now_ms += 500;
  text.insert(2, "c");
  EXPECT_EQ(undo.undo_stack().size(), 2u);
  undo.stop_capturing();
  text.insert(3, "d");
  EXPECT_EQ(undo.undo_stack().size(), 3u);
  undo.undo();
  undo.undo();
  EXPECT_EQ(text.string(), "ab");
}

TEST_F(Undo, LeavesTheChangesOfOthers) {
  UndoManager undo({&text.type()}, options());
  text.insert(0, "mine");
  edit_elsewhere([](Doc& other) { text_of(other).insert(2, "-theirs-"); });
  EXPECT_EQ(undo.undo_stack().size(), 1u);
  undo.undo();
  EXPECT_EQ(text.string(), "-theirs-");
  undo.redo();
  EXPECT_EQ(text.string(), "mi-theirs-ne");
}

TEST_F(Undo, CapturesItsScopeOnly) {
  UndoManager undo({&text.type()}, options());
  map.set("k", Value(1));
  EXPECT_FALSE(undo.can_undo());
  undo.add_to_scope(map.type());
  SharedType* inner = map.set("inner", NewType{.kind = TypeKind::kMap});
  now_ms += 1000;
  Map(*inner).set("deep", Value(2));
  EXPECT_EQ(undo.undo_stack().size(), 2u) << "what the scope holds is in it";
  undo.undo();
  EXPECT_FALSE(Map(*inner).has("deep"));
}

TEST_F(Undo, CapturesTrackedOriginsOnly) {
  UndoOptions with = options();
  with.tracked_origins = {Value("editor")};
  UndoManager undo({&text.type()}, std::move(with));
  text.insert(0, "a");
  EXPECT_FALSE(undo.can_undo());
  doc.transact([&](Transaction&) { text.insert(1, "b"); }, Value("editor"));
  EXPECT_TRUE(undo.can_undo());
  undo.remove_tracked_origin(Value("editor"));
  undo.add_tracked_origin(Origin());
  now_ms += 1000;
  doc.transact([&](Transaction&) { text.insert(2, "c"); }, Value("editor"));
  text.insert(3, "d");
  EXPECT_EQ(undo.undo_stack().size(), 2u);
}

TEST_F(Undo, CapturesWhatTheApplicationLetsIt) {
  bool wanted = false;
  UndoOptions with = options();
  with.capture_transaction = [&](Transaction&) { return wanted; };
  UndoManager undo({&text.type()}, std::move(with));
  text.insert(0, "a");
  EXPECT_FALSE(undo.can_undo());
  wanted = true;
  text.insert(0, "b");
  EXPECT_TRUE(undo.can_undo());
}

TEST_F(Undo, OfAWholeDocumentCountsEmptyTransactionsToo) {
  UndoManager undo(doc, options());
  map.set("k", Value(1));
  now_ms += 1000;
  doc.transact([](Transaction&) {});
  EXPECT_EQ(undo.undo_stack().size(), 2u);
  EXPECT_TRUE(undo.undo()) << "and skips them";
  EXPECT_FALSE(map.has("k"));
}

/// Where Yjs opens a transaction for nothing, though nobody asked for one.
TEST_F(Undo, OfAWholeDocumentCountsWhatYjsDoesInPassing) {
  UndoManager undo(doc, options());
  std::size_t steps = 0;
  const auto steps_more = [&] {
    now_ms += 1000;
    return undo.undo_stack().size() - std::exchange(steps, undo.undo_stack().size());
  };
  // What is opened as a list is filled with what was put in before.
  for (const TypeKind kind : {TypeKind::kArray, TypeKind::kXmlFragment, TypeKind::kXmlElement}) {
    (void)doc.root("r" + std::to_string(static_cast<int>(kind)), kind);
    EXPECT_EQ(steps_more(), 1u);
  }
  (void)doc.root("t2", TypeKind::kText);
  (void)doc.root("m2", TypeKind::kMap);
  EXPECT_EQ(steps_more(), 0u);

  map.set("d", Subdoc{.guid = "g"});
  EXPECT_EQ(steps_more(), 1u);
  now_ms += 1000;
  // The removed subdocument is destroyed: in time, that joins the step before.
  edit_elsewhere([](Doc& other) { map_of(other).remove("d"); });
  EXPECT_EQ(steps_more(), 1u);

  text.insert(0, "a");
  EXPECT_EQ(steps_more(), 1u);
  const Handle hearing = text.type().observe([](const Event&, Transaction&) {});
  edit_elsewhere([](Doc& other) { text_of(other).insert(0, "b"); });
  EXPECT_EQ(steps_more(), 1u) << "somebody asked for a delta";
}

TEST_F(Undo, ANewChangeForgetsWhatWasUndone) {
  UndoManager undo({&text.type()}, options());
  text.insert(0, "a");
  undo.undo();
  EXPECT_TRUE(undo.can_redo());
  text.insert(0, "b");
  EXPECT_FALSE(undo.can_redo());
  EXPECT_FALSE(undo.redo());
}

TEST_F(Undo, BringsNestedTypesBackWithWhatTheyHeld) {
  UndoManager undo({&map.type()}, options());
  map.set("list", shared(Value::array({"a", Value::object({{"b", 1}}), "c"})));
  now_ms += 1000;
  map.remove("list");
  undo.undo();
  EXPECT_EQ(map.type().to_json().to_json(), R"({"list":["a",{"b":1},"c"]})");
  undo.undo();
  EXPECT_EQ(map.type().to_json().to_json(), "{}");
  undo.redo();
  EXPECT_EQ(map.type().to_json().to_json(), R"({"list":["a",{"b":1},"c"]})");
}

TEST_F(Undo, DoesNotReplaceANewerValueOfSomebodyElse) {
  map.set("k", Value("first"));
  UndoManager undo({&map.type()}, options());
  map.set("k", Value("mine"));
  edit_elsewhere([](Doc& other) { map_of(other).set("k", Value("theirs")); });
  EXPECT_FALSE(undo.undo());
  EXPECT_EQ(map.type().to_json().to_json(), R"({"k":"theirs"})");
}

TEST_F(Undo, ReplacesItWhereThatIsWanted) {
  map.set("k", Value("first"));
  UndoOptions with = options();
  with.ignore_remote_map_changes = true;
  UndoManager undo({&map.type()}, std::move(with));
  map.set("k", Value("mine"));
  edit_elsewhere([](Doc& other) { map_of(other).set("k", Value("theirs")); });
  EXPECT_TRUE(undo.undo());
  EXPECT_EQ(map.type().to_json().to_json(), R"({"k":"first"})");
}

TEST_F(Undo, KeepsWhatItMayBringBackFromBeingCollected) {
  text.insert(0, "kept");
  UndoManager undo({&text.type()}, options());
  text.remove(0, 4);
  const auto holds_text = [&] {
    const Update update = decode_update_v1(doc.encode_state_as_update_v1()).value();
    return update.structs.at(1).front().kind == StructKind::kString;
  };
  EXPECT_TRUE(holds_text());
  undo.clear();
  EXPECT_FALSE(undo.can_undo());
  // Collected with the next deletion beside it, as in Yjs.
  EXPECT_TRUE(holds_text());
}

TEST_F(Undo, AsksBeforeItDeletes) {
  UndoOptions with = options();
  std::vector<std::string> asked;
  with.delete_filter = [&](const UndoneRun& run) {
    asked.push_back(run.key.value_or("?"));
    return run.key != "protected";
  };
  UndoManager undo({&map.type()}, std::move(with));
  map.set("protected", Value(1));
  map.set("other", NewType{.kind = TypeKind::kText});
  EXPECT_TRUE(undo.undo());
  EXPECT_EQ(asked, (std::vector<std::string>{"other", "protected"}));
  EXPECT_EQ(map.type().to_json().to_json(), R"({"protected":1})");
}

TEST_F(Undo, TellsWhatBecomesOfItsSteps) {
  UndoManager undo({&text.type()}, options());
  std::vector<std::string> log;
  std::vector<Handle> handles;
  handles.push_back(undo.on_item_added([&](StackEvent& event) {
    log.push_back(event.stack == UndoStack::kUndo ? "added to undo" : "added to redo");
    event.item.meta["cursor"] = Value(static_cast<int>(log.size()));
    EXPECT_EQ(event.changed_types, (std::vector<SharedType*>{&text.type()}));
  }));
  handles.push_back(undo.on_item_updated([&](StackEvent&) { log.emplace_back("updated"); }));
  handles.push_back(undo.on_item_popped([&](StackEvent& event) {
    log.push_back("popped " + event.item.meta.at("cursor").to_json());
    EXPECT_EQ(event.changed_types, (std::vector<SharedType*>{&text.type()}));
  }));
  handles.push_back(undo.on_cleared([&](const ClearedEvent& event) {
    log.push_back(std::string("cleared") + (event.undo ? " undo" : "") +
                  (event.redo ? " redo" : ""));
  }));
  text.insert(0, "a");
  text.insert(1, "b");
  undo.undo();
  undo.redo();
  undo.undo();
  text.insert(0, "c");
  undo.clear();
  EXPECT_EQ(log, (std::vector<std::string>{"added to undo", "updated", "added to redo", "popped 1",
                                           "added to undo", "popped 3", "added to redo", "popped 5",
                                           "cleared redo", "added to undo", "cleared undo redo"}));
}

TEST_F(Undo, SaysWhoseTransactionItIs) {
  UndoManager undo({&text.type()}, options());
  std::vector<const UndoManager*> by;
  const Handle handle = doc.on_update(
      [&](const Bytes&, Transaction& transaction) { by.push_back(transaction.undone_by()); });
  text.insert(0, "a");
  undo.undo();
  EXPECT_EQ(by, (std::vector<const UndoManager*>{nullptr, &undo}));
}

TEST_F(Undo, OfOneManagerIsNoStepOfAnother) {
  UndoManager one({&text.type()}, options());
  UndoManager other({&text.type()}, options());
  text.insert(0, "a");
  one.undo();
  EXPECT_EQ(other.undo_stack().size(), 1u);
  EXPECT_FALSE(other.undo()) << "nothing is left to take back";
}

TEST_F(Undo, FollowsPositionsIntoWhatCameBack) {
  text.insert(0, "abc");
  const auto before_c = RelativePosition::at(text.type(), 2);
  UndoManager undo({&text.type()}, options());
  text.remove(0, 3);
  undo.undo();
  text.insert(0, "--");
  EXPECT_EQ(before_c.resolve(doc)->index, 4u);
  EXPECT_EQ(before_c.resolve(doc, UndoneDeletions::kIgnore)->index, 5u);
}

TEST_F(Undo, SurvivesAnExceptionOfAFilter) {
  UndoOptions with = options();
  bool failing = true;
  with.delete_filter = [&](const UndoneRun&) -> bool {
    if (failing) throw std::runtime_error("no");
    return true;
  };
  UndoManager undo({&text.type()}, std::move(with));
  text.insert(0, "a");
  EXPECT_THROW(undo.undo(), std::runtime_error);
  failing = false;
  text.insert(1, "b");
  EXPECT_EQ(undo.undo_stack().size(), 1u) << "a change of its own, not one of undoing";
  undo.undo();
  EXPECT_EQ(text.string(), "a");
}

TEST_F(Undo, BringsDeeplyNestedTypesBack) {
  constexpr int kDepth = 1500;
  doc.transact([&](Transaction&) {
    SharedType* at = map.set("k", NewType{.kind = TypeKind::kMap});
    for (int i = 0; i < kDepth; ++i) at = Map(*at).set("k", NewType{.kind = TypeKind::kMap});
    Map(*at).set("k", Value("deep"));
  });
  UndoManager undo({&map.type()}, options());
  map.remove("k");
  ASSERT_TRUE(undo.undo());
  int depth = 0;
  SharedType* at = &map.type();
  while (true) {
    const auto held = Map(*at).get("k");
    ASSERT_TRUE(held);
    if (!std::holds_alternative<SharedType*>(*held)) break;
    at = std::get<SharedType*>(*held);
    ++depth;
  }
  EXPECT_EQ(depth, kDepth + 1);
}

}  // namespace
}  // namespace syncline::crdt
