// A data object between its handles and its syncer: who may write, what is sent, what remote
// batches do, and what becomes of it when its document or its syncer goes.
#include "object/live_object.hpp"

#include <gtest/gtest.h>

#include "object_support.hpp"

namespace syncline {
namespace {

using test::bring;
using test::Calls;
using test::code_of;
using test::message_of;
using test::Mirror;
using test::Replica;
using test::ship;
using test::Transcript;

Error denied() { return {Code::kDenied, "only the owner writes here"}; }

struct Sharing : testing::Test {
  Replica alice{"alice", 1};
  Replica bob{"bob", 2};
  Replica carol{"carol", 3};

  /// What `from` does in `changes`, as one update.
  template <typename Body>
  std::pair<std::string, SharedBytes> made_by(Replica& from, const Body& changes) {
    from.object.transact(changes);
    const auto updates = from.take();
    EXPECT_EQ(updates.size(), 1U);
    return {from.identity, updates.at(0)};
  }
};

// ---- writing -----------------------------------------------------------------------------------

TEST_F(Sharing, ATransactionIsOneUpdate) {
  alice.object.transact([&] {
    alice.object["steps"].push_back("buy timber");
    alice.object["notes"].text().insert(0, "urgent: ");
  });
  alice.object["title"] = "Plan";
  EXPECT_EQ(alice.object.unacknowledged(), 2U);
  ship(alice, bob);
  EXPECT_EQ(bob.object.get(), alice.object.get());
  EXPECT_TRUE(bob.take().empty());
}

TEST_F(Sharing, WhatChangesNothingIsNotSent) {
  alice.object["a"] = 1;
  alice.take();
  alice.object["a"] = 1;
  alice.object["b"].remove();
  alice.object.transact([&] { (void)alice.object.get(); });
  EXPECT_THROW(alice.object["x"]["y"] = 1, Error);
  EXPECT_TRUE(alice.take().empty());
}

TEST_F(Sharing, AnUpdateIsSentBeforeObserversHearOfIt) {
  std::size_t sent = 0;
  const Handle watching =
      alice.object.observe([&](const Changes&) { sent = alice.syncer.updates.size(); });
  alice.object["a"] = 1;
  EXPECT_EQ(sent, 1U);
}

TEST_F(Sharing, WhatWasDoneBeforeAnExceptionIsSent) {
  EXPECT_THROW(alice.object.transact([&] {
    alice.object["a"] = 1;
    throw std::runtime_error("enough");
  }),
               std::runtime_error);
  ship(alice, bob);
  EXPECT_EQ(bob.object.get().to_json(), R"({"a":1})");
}

TEST_F(Sharing, TheSyncerIsAskedOnceForEachTransactionThatWrites) {
  alice.object.transact([] {});
  (void)alice.object.get();
  EXPECT_EQ(alice.syncer.asked, 0);
  alice.object.transact([&] {
    alice.object["a"] = 1;
    alice.object["b"] = 2;
  });
  EXPECT_EQ(alice.syncer.asked, 1);
  alice.object["t"].text();
  EXPECT_EQ(alice.syncer.asked, 2);
  (void)alice.object["t"].text().string();
  EXPECT_EQ(alice.syncer.asked, 2);
}

TEST_F(Sharing, ADeniedWriteThrowsAtItsLineAndChangesNothing) {
  alice.object["l"].push_back(1);
  alice.object["t"].text();
  alice.take();
  const Value before = alice.object.get();
  Transcript heard(alice.object);
  alice.syncer.refusal = denied();
  EXPECT_FALSE(alice.object.may_write());
  EXPECT_EQ(message_of([&] { alice.object["a"] = 1; }), "only the owner writes here");
  EXPECT_EQ(code_of([&] { alice.object["l"].push_back(1); }), Code::kDenied);
  EXPECT_EQ(code_of([&] { alice.object["l"].erase(0); }), Code::kDenied);
  EXPECT_EQ(code_of([&] { alice.object["l"].remove(); }), Code::kDenied);
  EXPECT_EQ(code_of([&] { alice.object["t"].text().insert(0, "x"); }), Code::kDenied);
  EXPECT_EQ(code_of([&] { alice.object["u"].text(); }), Code::kDenied);
  alice.object.transact([&] {
    EXPECT_EQ(code_of([&] { alice.object["a"] = 1; }), Code::kDenied);
    EXPECT_EQ(code_of([&] { alice.object["a"] = 1; }), Code::kDenied);
  });
  EXPECT_EQ(alice.object.get(), before);
  EXPECT_EQ(heard.take(), Calls{});
  EXPECT_TRUE(alice.take().empty());
}

TEST_F(Sharing, WithoutItsSyncerAnObjectIsReadOnly) {
  alice.object["a"] = 1;
  alice.live->set_events(nullptr);
  EXPECT_EQ(alice.object["a"].as<int>(), 1);
  EXPECT_EQ(code_of([&] { alice.object["a"] = 2; }), Code::kUnavailable);
  EXPECT_FALSE(alice.object.may_write());
  EXPECT_EQ(alice.object.owner(), "");
  EXPECT_EQ(alice.object.unacknowledged(), 0U);
  EXPECT_EQ(alice.object["a"].as<int>(), 1);
}

TEST_F(Sharing, KnowsItsOwnerAndUrl) {
  EXPECT_EQ(alice.object.owner(), "hyperty://example.org/owner");
  EXPECT_EQ(alice.object.url(), "comm://example.org/board");
  EXPECT_TRUE(alice.object.may_write());
}

// ---- remote batches ----------------------------------------------------------------------------

TEST_F(Sharing, ARemoteBatchReportsTheNetChangeParentsFirst) {
  alice.object.at("") = Value::parse(R"({"a":0,"gone":1,"same":5,"m":{"x":{"y":1}},"l":[1,2,3]})");
  alice.object["t"].text().assign("hello");
  ship(alice, bob);
  Transcript heard(bob.object);
  Mirror mirror(bob.object.get());
  alice.object["m"]["x"]["y"] = 2;
  alice.object["a"] = 1;
  alice.object["a"] = 2;
  alice.object["gone"].remove();
  alice.object["same"] = 6;
  alice.object["same"] = 5;
  alice.object["m"]["new"] = Value::array({1});
  alice.object["m"]["new"].push_back({{"deep", true}});
  alice.object["l"].erase(0);
  alice.object["l"].push_back(4);
  alice.object["l"][1] = "three";
  alice.object["t"] = "help!";
  ship(alice, bob);
  EXPECT_EQ(heard.take(),
            (Calls{{"update /a 0 -> 2 by alice", "delete /gone (was 1) by alice",
                    "splice /l at 0: [1] -> [] by alice",
                    R"(splice /l at 1: [3] -> ["three",4] by alice)",
                    R"(add /m/new [1,{"deep":true}] by alice)",
                    R"(splice /t at 3: "lo" -> "p!" by alice)", "update /m/x/y 1 -> 2 by alice"}}));
  mirror.repeat(heard.last);
  EXPECT_EQ(mirror.state(), alice.object.get());
  for (const Change& change : heard.last) EXPECT_FALSE(change.local);
}

TEST_F(Sharing, ARemoteBatchThatEndsWhereItBeganIsNoChange) {
  alice.object["a"] = Value::object();
  ship(alice, bob);
  Transcript heard(bob.object);
  alice.object["b"] = 1;
  alice.object["b"].remove();
  alice.object["a"]["c"] = 1;
  alice.object["a"] = Value::object();
  ship(alice, bob);
  EXPECT_EQ(heard.take(), Calls{});
}

TEST_F(Sharing, EachChangeOfABatchNamesItsLastAuthor) {
  alice.object.at("") = Value::parse(R"({"a":0,"b":0,"c":0,"l":[1,2,3]})");
  alice.object["t"].text().assign("text");
  alice.object["u"].text().assign("text");
  const SharedBytes all = share(alice.live->doc().encode_state_as_update_v1());
  alice.take();
  bring(bob, {{"alice", all}});
  bring(carol, {{"alice", all}});
  Transcript heard(carol.object);
  const auto by_alice = made_by(alice, [&] {
    alice.object["a"] = 1;
    alice.object["b"] = 1;
    alice.object["l"].erase(0);
    alice.object["t"] = "text by alice";
  });
  bring(bob, {by_alice});
  const auto by_bob = made_by(bob, [&] {
    bob.object["b"] = 2;
    bob.object["c"].remove();
    bob.object["l"].push_back(4);
    bob.object["t"] = "text by alice and bob";
    bob.object["u"] = "ext";
  });
  bring(carol, {by_alice, by_bob});
  EXPECT_EQ(heard.take(), (Calls{{"update /a 0 -> 1 by alice", "update /b 0 -> 2 by bob",
                                  "delete /c (was 0) by bob", "splice /l at 0: [1] -> [] by alice",
                                  "splice /l at 2: [] -> [4] by bob",
                                  R"(splice /t at 4: "" -> " by alice and bob" by bob)",
                                  R"(splice /u at 0: "t" -> "" by bob)"}}));
}

TEST_F(Sharing, NobodyIsNamedWhereNobodyCanTell) {
  alice.object["a"] = 1;
  const SharedBytes all = share(alice.live->doc().encode_state_as_update_v1());
  Transcript heard(bob.object);
  bring(bob, {{"", all}});
  ASSERT_EQ(heard.last.size(), 1U);
  EXPECT_EQ(heard.last[0].by, std::nullopt);
}

TEST_F(Sharing, WhatWaitedForAGapKeepsItsAuthor) {
  const auto first = made_by(alice, [&] { alice.object["a"] = Value::array({1}); });
  bring(bob, {first});
  const auto second = made_by(bob, [&] { bob.object["a"].push_back(2); });
  const auto third = made_by(bob, [&] { bob.object["b"] = 3; });
  Transcript heard(carol.object);
  EXPECT_TRUE(bring(carol, {third}));
  EXPECT_TRUE(bring(carol, {second}));
  EXPECT_EQ(heard.take(), Calls{});
  EXPECT_FALSE(bring(carol, {first}));
  EXPECT_EQ(heard.take(), (Calls{{"add /a [1,2] by alice", "add /b 3 by bob"}}));
  EXPECT_EQ(carol.object.get(), bob.object.get());
}

TEST_F(Sharing, ABatchStandsUpToItsFirstBadPart) {
  alice.object["a"] = 1;
  alice.object["b"] = 2;
  const auto updates = alice.take();
  Bytes cut = *updates[1];
  cut.resize(cut.size() - 2);
  Transcript heard(bob.object);
  const std::vector<object::RemotePart> parts{
      {"alice", *updates[0]}, {"alice", cut}, {"alice", *updates[1]}};
  const Result<bool> applied = bob.live->apply_remote(parts);
  ASSERT_FALSE(applied.ok());
  EXPECT_EQ(applied.error().code(), Code::kMalformed);
  EXPECT_EQ(bob.object.get().to_json(), R"({"a":1})");
  EXPECT_EQ(heard.take(), (Calls{{"add /a 1 by alice"}}));
  EXPECT_FALSE(bob.live->apply_remote({}).value());
}

TEST_F(Sharing, AnObserverMayAnswerARemoteChange) {
  const Handle answering = bob.object.observe([&](const Changes& changes) {
    if (!changes.front().local) bob.object["answer"] = "seen";
  });
  Transcript heard(bob.object);
  alice.object["a"] = 1;
  ship(alice, bob);
  EXPECT_EQ(heard.take(), (Calls{{"add /a 1 by alice"}, {R"(add /answer "seen" by bob)"}}));
  ship(bob, alice);
  EXPECT_EQ(alice.object["answer"].get(), "seen");
}

TEST_F(Sharing, BothSidesWriteAndAgree) {
  alice.object["list"] = Value::array({"a"});
  ship(alice, bob);
  alice.object["list"].push_back("by alice");
  alice.object["title"] = "alice's";
  bob.object["list"].push_back("by bob");
  bob.object["title"] = "bob's";
  auto from_alice = alice.take();
  ship(bob, alice);
  bring(bob, {{"alice", from_alice[0]}, {"alice", from_alice[1]}});
  EXPECT_EQ(alice.object.get(), bob.object.get());
  EXPECT_EQ(alice.object["list"].size(), 3U);
}

// ---- another document --------------------------------------------------------------------------

std::unique_ptr<crdt::Doc> doc_of(const Value& tree, const std::string& text) {
  Replica source("source", 9);
  source.object.at("") = tree;
  source.object["text"].text().assign(text);
  auto doc = Replica::make_doc(10);
  EXPECT_TRUE(doc->apply_update_v1(source.live->doc().encode_state_as_update_v1()).ok());
  return doc;
}

TEST_F(Sharing, ReplacingTheDocumentReportsTheDifferenceWithItsCause) {
  alice.object.at("") = Value::parse(
      R"({"a":1,"gone":{},"m":{"x":1,"y":[1,2,3,4]},"kind":[1],"same":{"deep":[{}]}})");
  alice.object["text"].text().assign("one two three");
  Transcript heard(alice.object);
  Mirror mirror(alice.object.get());
  const Node x = alice.object["m"]["x"];
  alice.take();
  alice.live->replace(
      doc_of(
          Value::parse(
              R"({"a":2,"m":{"x":2,"y":[1,"two",4]},"kind":"text","same":{"deep":[{}]},"new":0})"),
          "one 2 three"),
      "refused");
  EXPECT_EQ(heard.take(), (Calls{{"update /a 1 -> 2 (refused)", "delete /gone (was {}) (refused)",
                                  R"(update /kind [1] -> "text" (refused))", "add /new 0 (refused)",
                                  "update /m/x 1 -> 2 (refused)",
                                  R"(splice /m/y at 1: [2,3] -> ["two"] (refused))",
                                  R"(splice /text at 4: "two" -> "2" (refused))"}}));
  mirror.repeat(heard.last);
  EXPECT_EQ(mirror.state(), alice.object.get());
  for (const Change& change : heard.last) {
    EXPECT_EQ(change.cause, "refused");
    EXPECT_FALSE(change.local);
    EXPECT_EQ(change.by, std::nullopt);
  }
  EXPECT_TRUE(alice.take().empty());
  EXPECT_EQ(x.as<int>(), 2);
}

TEST_F(Sharing, AReplacedDocumentGoesOn) {
  Transcript heard(alice.object);
  alice.live->replace(doc_of(Value::object(), "text"), "refused");
  heard.take();
  alice.object["text"].text().insert(0, "a ");
  EXPECT_EQ(alice.syncer.updates.size(), 1U);
  EXPECT_EQ(heard.take(), (Calls{{R"(splice /text at 0: "" -> "a " by alice)"}}));
  bob.object["b"] = 1;
  ship(bob, alice);
  EXPECT_EQ(heard.take(), (Calls{{"add /b 1 by bob"}}));
  alice.live->replace(doc_of({{"b", 1}}, "a text"), "refused");
  EXPECT_EQ(heard.take(), Calls{});
}

TEST(LiveObject, RefusesADocumentWhoseDataIsNoMap) {
  auto doc = Replica::make_doc(1);
  (void)doc->root(object::kDataRoot, crdt::TypeKind::kArray).ok();
  EXPECT_EQ(
      code_of([&] { object::LiveObject("comm://x/y", "", std::move(doc), nullptr, nullptr); }),
      Code::kSchema);
}

// ---- plain values of other clients -------------------------------------------------------------

TEST_F(Sharing, PlainObjectsOfOtherClientsAreReadInsideAndWrittenAsAWhole) {
  crdt::Doc& doc = bob.live->doc();
  crdt::Map root(**doc.root(object::kDataRoot, crdt::TypeKind::kMap));
  root.set("plain", Value{{"a", Value::array({1, {{"b", 2}}})}});
  bring(alice, {{"bob", share(doc.encode_state_as_update_v1())}});
  const Node plain = alice.object["plain"];
  EXPECT_EQ(plain["a"][1]["b"].as<int>(), 2);
  EXPECT_EQ(plain["a"].size(), 2U);
  EXPECT_EQ(plain.keys(), std::vector<std::string>{"a"});
  EXPECT_EQ(message_of([&] { plain["c"] = 1; }),
            "/plain is a plain object, stored as one value: assign it as a whole: it cannot have "
            "the member \"c\"");
  EXPECT_EQ(code_of([&] { plain["a"][0].remove(); }), Code::kSchema);
  Transcript heard(alice.object);
  plain.operator=(plain.get());  // Becomes live, and stays what it was to observers.
  EXPECT_EQ(heard.take(), Calls{});
  plain["c"] = 1;
  plain["a"].push_back(3);
  EXPECT_EQ(heard.take().size(), 2U);
}

}  // namespace
}  // namespace syncline
