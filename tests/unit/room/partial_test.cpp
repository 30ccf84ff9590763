// Updates that may be taken in part: what is refused never passes, the rest is whole, and nobody is
// left behind.
#include "room/room.hpp"
#include "support.hpp"

namespace syncline::room::testing {
namespace {

using bus::Correction;
using crdt::Array;
using crdt::Map;
using crdt::NewType;
using crdt::SharedType;
using crdt::Text;
using crdt::TypeKind;

/// Alice may all; everybody writes below /open, and adds entries to /messages that are theirs.
Value by_path() {
  return Value::parse(R"({"rules": [
      {"effect": "allow", "actions": ["read", "subscribe", "presence"], "who": "*"},
      {"effect": "allow", "actions": ["write", "administer"], "who": "owner"},
      {"effect": "allow", "actions": "write", "who": "*", "path": "/open/**"},
      {"effect": "allow", "actions": "add", "who": "subscriber", "path": "/messages/*"},
      {"effect": "allow", "actions": ["change", "remove"], "who": "creator",
       "path": "/messages/*"}]})");
}

SharedType& child(Map map, std::string_view key) {
  return *std::get<SharedType*>(map.get(key).value());
}
Map child_map(Map map, std::string_view key) { return Map(child(map, key)); }
NewType new_map() { return {.kind = TypeKind::kMap}; }
NewType new_text(std::string text) { return {.kind = TypeKind::kText, .text = std::move(text)}; }

class PartialTest : public RoomTest {
 protected:
  void SetUp() override {
    create(by_path());
    alice_.update(alice_.make([](Map data) {
      data.set("open", new_map());
      data.set("messages", new_map());
      data.set("title", "Plan");
      data.set("notes", new_text("hello"));
      data.set("list", NewType{.kind = TypeKind::kArray, .values = {Value(1), Value(2)}});
    }));
    run();
    alice_.inbox.clear();
    subscribe(bob_);
  }
  void bob_does(const std::function<void(Map data)>& body, bool relayed = false) {
    bob_.update(bob_.make(body), relayed);
    run();
  }
  void give(Value access) {
    alice_.send(kBoard, bus::SetAccess{.request = 700, .url = kBoard, .access = std::move(access)});
    run();
    ASSERT_TRUE(alice_.has<bus::Done>()) << alice_.names();
  }
  /// Whether anything stored holds the text.
  bool stored(std::string_view needle) {
    const auto all = storage_.stored(kBoard);
    const auto holds = [&](const Bytes& bytes) {
      return std::search(bytes.begin(), bytes.end(), needle.begin(), needle.end()) != bytes.end();
    };
    return holds(all->snapshot) || std::ranges::any_of(all->tail, [&](const storage::Record& one) {
             return one.kind == storage::RecordKind::kUpdate && holds(one.bytes);
           });
  }
  std::string at(std::string pointer) { return read(alice_, std::move(pointer)).to_json(); }
};

TEST_F(PartialTest, TheAllowedPartOfAnUpdateIsTaken) {
  bob_does([](Map data) {
    child_map(data, "open").set("fine", "yes");
    data.set("secret", "FORGED");
  });
  const auto refused = bob_.take_one<bus::UpdateRefused>();
  EXPECT_EQ(refused.code, Code::kDenied);
  EXPECT_EQ(refused.paths, std::vector<std::string>{"/secret"});
  EXPECT_EQ(refused.rule, "default");
  EXPECT_EQ(refused.correction, Correction::kRebuild);
  EXPECT_NE(refused.message.find("bob may not add /secret of comm://example.org/board"),
            std::string::npos)
      << refused.message;
  EXPECT_EQ(bob_.take_one<bus::Ack>().upto, 1U) << "it is done";
  EXPECT_EQ(at("/open/fine"), R"("yes")");
  EXPECT_EQ(alice_.json(),
            R"({"list":[1,2],"messages":{},"notes":"hello","open":{"fine":"yes"},"title":"Plan"})");
  EXPECT_FALSE(stored("FORGED"));
}

TEST_F(PartialTest, OneForbiddenWriteHidesInNoLargeUpdate) {
  bob_does([](Map data) {
    Map open = child_map(data, "open");
    for (int i = 0; i < 500; ++i) {
      open.set("k" + std::to_string(i), Value(i));
      if (i == 250) data.set("title", "FORGED");
    }
  });
  EXPECT_EQ(bob_.take_one<bus::UpdateRefused>().paths, std::vector<std::string>{"/title"});
  EXPECT_EQ(at("/title"), R"("Plan")") << "the value before is there still";
  EXPECT_EQ(at("/open/k499"), "499");
  EXPECT_FALSE(stored("FORGED"));
}

TEST_F(PartialTest, WhatStandsTooDeepIsRefusedAndTakesNoStack) {
  crdt::SharedType* deepest = nullptr;
  bob_does([&](Map data) {
    deepest = &child(data, "open");
    for (int i = 0; i < 30'000; ++i) deepest = Map(*deepest).set("k", new_map());
  });
  EXPECT_FALSE(bob_.has<bus::UpdateRefused>()) << "made in one go it is part of /open/k";
  bob_does([&](Map) { Map(*deepest).set("more", "FORGED"); });
  EXPECT_EQ(bob_.take_one<bus::UpdateRefused>().rule, "default");
  EXPECT_FALSE(stored("FORGED"));
  alice_.update(alice_.make([](Map data) { child_map(data, "open").remove("k"); }));
  run();
  EXPECT_FALSE(alice_.has<bus::UpdateRefused>());
}

TEST_F(PartialTest, RefusedTextIsDeletedInPlaceAndWhatComesAfterItLives) {
  bob_does([](Map data) { Text(child(data, "notes")).insert(5, " FORGED"); });
  const auto refused = bob_.take_one<bus::UpdateRefused>();
  EXPECT_EQ(refused.correction, Correction::kDeletes);
  EXPECT_EQ(refused.paths, std::vector<std::string>{"/notes"});
  EXPECT_EQ(Text(child(Map(*bob_.doc().root("data", TypeKind::kMap).value()), "notes")).string(),
            "hello")
      << "the author's copy is corrected";
  give("open");
  bob_does([](Map data) { Text(child(data, "notes")).insert(5, "ok"); });
  EXPECT_FALSE(bob_.has<bus::UpdateRefused>());
  EXPECT_EQ(at("/notes"), R"("hellook")");
  EXPECT_EQ(alice_.json(), bob_.json());
  EXPECT_FALSE(stored("FORGED"));
}

TEST_F(PartialTest, WhatWasMadeNextToRefusedTextLivesEvenInTheSameUpdate) {
  // Carol may write; Bob's forbidden insertion is the origin of hers.
  give(Value::parse(R"({"rules": [
      {"effect": "allow", "actions": ["read", "subscribe"], "who": "*"},
      {"effect": "allow", "actions": ["write", "administer"], "who": ["owner", "hyperty://example.org/carol"]},
      {"effect": "allow", "actions": "write", "who": "*", "path": "/open/**"}]})"));
  Session carol(bus_, "session:3", kCarol, 3);
  subscribe(carol);
  const Bytes typed = bob_.make([](Map data) { Text(child(data, "notes")).insert(5, "FORGED"); });
  ASSERT_TRUE(carol.doc().apply_update_v1(typed).ok());  // They exchange directly.
  const Bytes hers = carol.make([](Map data) { Text(child(data, "notes")).insert(11, "!"); });
  bob_.update(typed);
  run();
  carol.update(hers);
  run();
  EXPECT_FALSE(carol.has<bus::UpdateRefused>());
  EXPECT_EQ(at("/notes"), R"("hello!")");
  EXPECT_EQ(carol.json(), alice_.json()) << "whoever has it by another way drops it";
}

TEST_F(PartialTest, ARefusedEntryTakesAlongWhatDependsOnIt) {
  bob_.apply = false;  // He keeps what was refused.
  bob_does([](Map data) {
    data.set("secret", new_map());
    Map secret = child_map(data, "secret");
    secret.set("inner", new_text("FORGED"));
    child_map(data, "open").set("fine", Value(1));
  });
  EXPECT_EQ(bob_.take_one<bus::UpdateRefused>().paths, std::vector<std::string>{"/secret"});
  EXPECT_EQ(at("/open/fine"), "1");
  EXPECT_FALSE(stored("FORGED"));
  // Later writes that stand on it are refused too, whatever the rights are by then.
  give("open");
  bob_does([](Map data) { child_map(data, "secret").set("more", "FORGED2"); });
  auto refused = bob_.take_one<bus::UpdateRefused>();
  EXPECT_EQ(refused.code, Code::kConflict);
  EXPECT_EQ(refused.reason, "depends_on_refused");
  EXPECT_EQ(refused.correction, Correction::kRebuild);
  bob_does([](Map data) { data.set("secret", "FORGED3"); });
  refused = bob_.take_one<bus::UpdateRefused>();
  EXPECT_EQ(refused.reason, "depends_on_refused") << "its origin is the refused value";
  EXPECT_FALSE(stored("FORGED"));
  bob_does([](Map data) { child_map(data, "open").set("still", Value(2)); });
  EXPECT_FALSE(bob_.has<bus::UpdateRefused>()) << "his clock has no gap";
  EXPECT_EQ(at("/open/still"), "2");
}

TEST_F(PartialTest, RefusedChangesAreRefusedAgainAfterARestartToo) {
  const Bytes forged = bob_.make([](Map data) { data.set("title", "FORGED"); });
  const Bytes typed = bob_.make([](Map data) { Text(child(data, "notes")).insert(0, "FORGED"); });
  bob_.update(forged);
  bob_.update(typed);
  run();
  EXPECT_EQ(bob_.take_all<bus::UpdateRefused>().size(), 2U);
  restart();
  subscribe(bob_);
  bob_.sequence = 0;
  bob_.update(forged);
  bob_.update(typed);
  run();
  const auto again = bob_.take_all<bus::UpdateRefused>();
  ASSERT_EQ(again.size(), 2U);
  EXPECT_EQ(again[0].reason, "denied") << "it deletes the value that is there";
  EXPECT_EQ(again[1].reason, "refused_before");
  EXPECT_EQ(again[0].correction, Correction::kRebuild);
  EXPECT_EQ(again[1].correction, Correction::kDeletes);
  EXPECT_FALSE(stored("FORGED"));
}

TEST_F(PartialTest, RefusedDeletionsAreCutFromUpdatesAndFromFullDeleteSets) {
  bob_does([](Map data) {
    data.remove("title");
    ASSERT_TRUE(Array(child(data, "list")).remove(0, 1).ok());
    Text(child(data, "notes")).remove(0, 5);
  });
  const auto refused = bob_.take_one<bus::UpdateRefused>();
  EXPECT_EQ(refused.correction, Correction::kRebuild);
  EXPECT_EQ(refused.paths.size(), 3U);
  // Yjs sends every deletion it knows with every step 2.
  bob_.update(bob_.doc().encode_state_as_update_v1(), true);
  run();
  EXPECT_EQ(bob_.take_one<bus::UpdateRefused>().code, Code::kDenied);
  EXPECT_EQ(alice_.json(),
            R"({"list":[1,2],"messages":{},"notes":"hello","open":{},"title":"Plan"})");
  EXPECT_EQ(at(""), alice_.doc().root("data", TypeKind::kMap).value()->to_json().to_json());
}

TEST_F(PartialTest, EntriesBelongToWhoeverAddedThem) {
  bob_does([](Map data) { child_map(data, "messages").set("b", new_map()); });
  bob_does([](Map data) { child_map(child_map(data, "messages"), "b").set("text", "mine"); });
  EXPECT_FALSE(bob_.has<bus::UpdateRefused>());
  Session carol(bus_, "session:3", kCarol, 3);
  subscribe(carol);
  carol.update(carol.make(
      [](Map data) { child_map(child_map(data, "messages"), "b").set("text", "FORGED"); }));
  run();
  EXPECT_EQ(carol.take_one<bus::UpdateRefused>().paths,
            std::vector<std::string>{"/messages/b/text"});
  carol.leave();
  Session again(bus_, "session:4", kCarol, 4);
  subscribe(again);
  again.update(again.make([](Map data) { child_map(data, "messages").remove("b"); }));
  again.update(again.make([](Map data) { child_map(data, "messages").set("c", "hers"); }));
  run();
  EXPECT_EQ(again.take_one<bus::UpdateRefused>().paths, std::vector<std::string>{"/messages/b"});
  EXPECT_EQ(at("/messages"), R"({"b":{"text":"mine"},"c":"hers"})");
  // Deeper, and after the hub was restarted: still his.
  restart();
  Session bob2(bus_, "session:5", kBob, 5);
  subscribe(bob2);
  bob2.update(bob2.make([](Map data) { child_map(data, "messages").remove("b"); }));
  run();
  EXPECT_FALSE(bob2.has<bus::UpdateRefused>());
  EXPECT_EQ(at("/messages"), R"({"c":"hers"})");
}

TEST_F(PartialTest, RemovingAnEntryNeedsMoreThanChangingIt) {
  give(Value::parse(R"({"rules": [
      {"effect": "allow", "actions": ["read", "subscribe"], "who": "*"},
      {"effect": "allow", "actions": ["add", "change"], "who": "*"}]})"));
  // Set and removed in one update: what becomes of it counts.
  bob_does([](Map data) {
    data.set("title", "x");
    data.remove("title");
  });
  EXPECT_EQ(bob_.take_one<bus::UpdateRefused>().paths, std::vector<std::string>{"/title"});
  EXPECT_EQ(at("/title"), R"("Plan")");
  bob_.leave();
  Session other(bus_, "session:6", kBob, 6);
  subscribe(other);
  other.update(other.make([](Map data) {
    data.remove("title");
    data.set("title", "Plan B");
  }));
  run();
  EXPECT_FALSE(other.has<bus::UpdateRefused>());
  EXPECT_EQ(at("/title"), R"("Plan B")");
}

TEST_F(PartialTest, WhatCameAndWentInOneUpdateIsNotKept) {
  bob_does([](Map data) {
    data.set("secret", "FORGED");
    data.remove("secret");
    data.set("hidden", new_text("FORGED"));
    data.remove("hidden");
  });
  EXPECT_FALSE(stored("FORGED"));
  EXPECT_EQ(alice_.json(),
            R"({"list":[1,2],"messages":{},"notes":"hello","open":{},"title":"Plan"})");
  EXPECT_EQ(bob_.take_one<bus::Ack>().upto, 1U);
}

TEST_F(PartialTest, DanglingStructsAreTakenAsNothing) {
  // Alice removes what Bob, who does not know yet, writes into.
  alice_.update(alice_.make([](Map data) { child_map(data, "open").set("box", new_map()); }));
  run();
  bob_.apply = false;
  alice_.update(alice_.make([](Map data) { child_map(data, "open").remove("box"); }));
  run();
  bob_does([](Map data) { child_map(child_map(data, "open"), "box").set("k", "GONE"); });
  EXPECT_FALSE(bob_.has<bus::UpdateRefused>());
  EXPECT_EQ(bob_.take_one<bus::Ack>().upto, 1U);
  EXPECT_FALSE(stored("GONE")) << "logged as what it became";
}

TEST_F(PartialTest, AnUpdateThatWasOnlyRefusedLeavesNoGap) {
  for (int i = 0; i < 3; ++i)
    bob_does([&](Map data) { data.set("k" + std::to_string(i), "FORGED"); });
  EXPECT_EQ(bob_.take_all<bus::UpdateRefused>().size(), 3U);
  bob_does([](Map data) { child_map(data, "open").set("fine", Value(1)); });
  EXPECT_FALSE(bob_.has<bus::UpdateRefused>());
  EXPECT_EQ(at("/open/fine"), "1");
  Session carol(bus_, "session:3", kCarol, 3);
  subscribe(carol);
  EXPECT_EQ(carol.json(), alice_.json());
  EXPECT_FALSE(carol.doc().has_pending());
}

TEST_F(PartialTest, APlainClientsStepTwoIsCutQuietlyAndItsLiveWriteIsNot) {
  Session plain(bus_, "session:7", kBob, 7, true);
  subscribe(plain);
  plain.make([](Map data) {
    data.set("secret", "FORGED");
    child_map(data, "open").set("fine", Value(1));
  });
  plain.update(plain.doc().encode_state_as_update_v1(), true);
  run();
  EXPECT_EQ(at("/open/fine"), "1");
  EXPECT_FALSE(stored("FORGED"));
  EXPECT_EQ(plain.take_all<bus::Ack>().back().upto, 1U);
}

TEST_F(PartialTest, WhenRightsWidenPlainClientsAreAskedForWhatTheyHave) {
  give("owner");
  Session plain(bus_, "session:7", kBob, 7, true);
  subscribe(plain);
  plain.make([](Map data) { data.set("early", Value(1)); });
  plain.update(plain.doc().encode_state_as_update_v1(), true);
  run();
  EXPECT_EQ(at("/early").substr(0, 8), R"("refused)");
  plain.inbox.clear();
  give("open");
  EXPECT_TRUE(plain.has<bus::Lacks>());
  EXPECT_EQ(plain.take_one<bus::Changed>().may_write, "all");
  plain.update(plain.doc().encode_state_as_update_v1(), true);
  run();
  EXPECT_EQ(at("/early"), "1");
}

TEST_F(PartialTest, RightsThatWereTakenAwayAreGoneAtOnce) {
  const Bytes late = bob_.make([](Map data) { child_map(data, "open").set("late", "FORGED"); });
  give("owner");
  EXPECT_EQ(bob_.take_one<bus::Changed>().epoch, 2U);
  bob_.update(late);
  run();
  EXPECT_EQ(bob_.take_one<bus::UpdateRefused>().epoch, 2U);
  give("private");
  EXPECT_EQ(bob_.take_one<bus::Unsubscribed>().code, Code::kDenied);
  EXPECT_FALSE(stored("FORGED"));
}

TEST_F(PartialTest, RulesChangeOnlyFromTheEpochThatWasMeant) {
  alice_.send(kBoard, bus::SetAccess{.request = 1, .url = kBoard, .access = "open", .if_epoch = 7});
  bob_.send(kBoard, bus::SetAccess{.request = 2, .url = kBoard, .access = "open"});
  run();
  EXPECT_EQ(alice_.take_one<bus::Refused>().reason, "epoch");
  EXPECT_EQ(bob_.take_one<bus::Refused>().code, Code::kDenied);
  EXPECT_EQ(room().head().epoch, 1U);
  alice_.send(kBoard, bus::SetAccess{.request = 3, .url = kBoard, .access = "open", .if_epoch = 1});
  run();
  EXPECT_TRUE(alice_.has<bus::Done>());
  restart();
  EXPECT_EQ(at("/title"), R"("Plan")");
  EXPECT_EQ(room().head().epoch, 2U);
  EXPECT_EQ(room().head().rules, access::Rules::open());
}

TEST_F(PartialTest, TheHourChangesRights) {
  give(Value::parse(R"({"rules": [
      {"effect": "allow", "actions": ["read", "subscribe"], "who": "*"},
      {"effect": "allow", "actions": ["write", "administer"], "who": "owner"},
      {"effect": "allow", "actions": "write", "who": "*",
       "when": {"time": {"between": ["09:00", "17:00"]}}}]})"));
  bob_.inbox.clear();
  std::string last;
  int changes = 0;
  for (int half_hour = 0; half_hour < 48; ++half_hour) {
    advance(std::chrono::minutes(30));
    run();
    for (const auto& changed : bob_.take_all<bus::Changed>()) {
      last = changed.may_write;
      ++changes;
    }
  }
  EXPECT_EQ(changes, 2) << "once on, once off";
}

TEST_F(PartialTest, EditsByTheRoomAreJudgedByPathToo) {
  const auto edit = [&](std::string pointer) {
    bob_.send(kBoard, bus::Edit{.request = 800,
                                .url = kBoard,
                                .ops = {{.op = "set", .pointer = std::move(pointer), .value = 7}}});
    run();
  };
  edit("/open/k");
  EXPECT_TRUE(bob_.has<bus::Done>()) << bob_.names();
  EXPECT_EQ(at("/open/k"), "7");
  edit("/title");
  const auto refused = bob_.take_one<bus::Refused>();
  EXPECT_EQ(refused.code, Code::kDenied);
  EXPECT_NE(refused.message.find("may not change /title"), std::string::npos) << refused.message;
  EXPECT_EQ(at("/title"), R"("Plan")");
  edit("/messages/m");
  EXPECT_EQ(at("/messages"), R"({"m":7})");
}

}  // namespace
}  // namespace syncline::room::testing
