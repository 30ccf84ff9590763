// One object's authority: acknowledgements, fan-out, output commit, refusals, gaps, resuming.
#include "room/room.hpp"

#include "room/tuning.hpp"
#include "support.hpp"

namespace syncline::room::testing {
namespace {

using bus::Correction;

TEST_F(RoomTest, AChangeReachesTheOthersAndIsAcknowledged) {
  create("open");
  subscribe(bob_);
  alice_.set("title", "Plan");
  run();
  const bus::Ack ack = alice_.take_one<bus::Ack>();
  EXPECT_EQ(ack.upto, 1U);
  EXPECT_EQ(ack.seq, 1U);
  EXPECT_TRUE(ack.durable);
  EXPECT_FALSE(alice_.has<bus::Updated>()) << "she has it";
  const bus::Updated updated = bob_.take_one<bus::Updated>();
  EXPECT_EQ(updated.first, 1U);
  EXPECT_EQ(updated.seq, 1U);
  ASSERT_EQ(updated.parts.size(), 1U);
  EXPECT_EQ(updated.parts[0].by, kAlice);
  EXPECT_EQ(bob_.json(), R"({"title":"Plan"})");
  bob_.set("title", "Plan B");
  run();
  EXPECT_EQ(alice_.json(), R"({"title":"Plan B"})");
}

TEST_F(RoomTest, NothingIsSaidBeforeItIsDurable) {
  create("open");
  subscribe(bob_);
  storage_.hold();
  alice_.set("title", "Plan");
  bob_.send(kBoard, bus::Read{.request = 50, .url = kBoard});
  bob_.send(kBoard, bus::Describe{.request = 51, .url = kBoard});
  Session carol(bus_, "session:3", kCarol, 3);
  carol.subscribe();
  bob_.set("other", 1);
  run();
  EXPECT_TRUE(alice_.inbox.empty()) << alice_.names();
  EXPECT_TRUE(bob_.inbox.empty()) << bob_.names();
  EXPECT_TRUE(carol.inbox.empty()) << carol.names();
  storage_.release();
  run();
  EXPECT_EQ(bob_.take_one<bus::Ack>().upto, 1U);
  EXPECT_EQ(carol.json(), R"({"other":1,"title":"Plan"})");
  // Carol's snapshot holds the change that was pending, and the next one came right after it.
  EXPECT_EQ(carol.take_one<bus::Subscribed>().position.seq, 1U);
  EXPECT_EQ(carol.take_one<bus::Updated>().first, 2U);
  EXPECT_EQ(bob_.take_all<bus::ValueReply>().size(), 2U);
}

TEST_F(RoomTest, WhatBecomesDurableTogetherGoesOutTogether) {
  create("open");
  subscribe(bob_);
  storage_.hold();
  alice_.set("a", 1);
  bob_.set("b", 2);
  alice_.set("c", 3);
  storage_.release();
  run();
  const bus::Updated for_bob = bob_.take_one<bus::Updated>();
  EXPECT_EQ(for_bob.first, 1U);
  EXPECT_EQ(for_bob.seq, 3U);
  EXPECT_EQ(for_bob.parts.size(), 2U) << "without his own";
  EXPECT_EQ(alice_.take_one<bus::Updated>().parts.size(), 1U);
  EXPECT_EQ(alice_.take_one<bus::Ack>().upto, 2U) << "one acknowledgement for both";
  EXPECT_EQ(alice_.json(), bob_.json());
  EXPECT_EQ(alice_.position, bob_.position);
}

TEST_F(RoomTest, AReaderIsRefusedAndNothingOfItRemains) {
  create("owner");
  subscribe(bob_);
  const auto before = storage_.stored(kBoard);
  bob_.set("title", "Mine");
  run();
  const bus::UpdateRefused refused = bob_.take_one<bus::UpdateRefused>();
  EXPECT_EQ(refused.sequence, 1U);
  EXPECT_EQ(refused.code, Code::kDenied);
  EXPECT_EQ(refused.reason, "denied");
  EXPECT_EQ(refused.rule, "default");
  EXPECT_EQ(refused.correction, Correction::kRebuild);
  EXPECT_TRUE(alice_.inbox.empty()) << alice_.names();
  EXPECT_EQ(storage_.stored(kBoard), before);
  EXPECT_EQ(read(alice_), Value::object());
}

TEST_F(RoomTest, AReadersStepTwoWithNothingNewIsAcknowledged) {
  create("owner");
  alice_.set("title", "Plan");
  alice_.set("title", "Plan B");
  run();
  subscribe(bob_);
  bob_.update(bob_.doc().encode_state_as_update_v1(), true);
  run();
  EXPECT_EQ(bob_.take_one<bus::Ack>().upto, 1U);
  EXPECT_FALSE(bob_.has<bus::UpdateRefused>());
}

TEST_F(RoomTest, WhatRepeatsAPendingChangeIsAcknowledgedWithIt) {
  create("open");
  storage_.hold();
  const Bytes update = alice_.edit("a", 1);
  alice_.update(update);
  alice_.update(update);
  run();
  EXPECT_TRUE(alice_.inbox.empty());
  storage_.release();
  run();
  EXPECT_EQ(alice_.take_one<bus::Ack>().upto, 2U);
  EXPECT_EQ(storage_.stored(kBoard)->tail.size(), 1U);
}

TEST_F(RoomTest, TellsANewSubscriberWhereItStands) {
  create("open");
  alice_.set("a", 1);
  run();
  bob_.subscribe();
  run();
  const bus::Subscribed answer = bob_.take_one<bus::Subscribed>();
  EXPECT_EQ(answer.owner, kAlice);
  EXPECT_EQ(answer.access, Value("open"));
  EXPECT_EQ(answer.may_write, "all");
  EXPECT_EQ(answer.epoch, 1U);
  EXPECT_FALSE(answer.complete);
  EXPECT_EQ(answer.state_vector, alice_.doc().state_vector().encode());
  ASSERT_EQ(answer.missing.size(), 1U);
  EXPECT_EQ(answer.missing[0].by, "");
}

TEST_F(RoomTest, OneAnswerWithoutFollowing) {
  create("open");
  bob_.send(kBoard, bus::Subscribe{.request = 1, .url = kBoard, .live = false});
  run();
  EXPECT_EQ(bob_.take_one<bus::Subscribed>().channel, 0U);
  alice_.set("a", 1);
  run();
  EXPECT_TRUE(bob_.inbox.empty());
  EXPECT_EQ(room().members(), 1U);
}

TEST_F(RoomTest, ResumesByPositionWithTheTailAndItsAuthors) {
  create("open");
  subscribe(bob_);
  alice_.set("a", 1);
  run();
  const bus::Position then = bob_.position;
  bob_.leave();
  alice_.set("b", 2);
  alice_.set("c", 3);
  run();
  bob_.send(kBoard, bus::Subscribe{.request = 7, .url = kBoard, .since = then});
  run();
  bus::Subscribed answer = bob_.take_one<bus::Subscribed>();
  EXPECT_TRUE(answer.complete);
  ASSERT_EQ(answer.missing.size(), 2U);
  EXPECT_EQ(answer.missing[0].by, kAlice);
  EXPECT_EQ(bob_.json(), alice_.json());
  bob_.leave();
  bob_.send(kBoard, bus::Subscribe{.request = 8, .url = kBoard, .since = answer.position});
  run();
  answer = bob_.take_one<bus::Subscribed>();
  EXPECT_TRUE(answer.complete);
  EXPECT_TRUE(answer.missing.empty());
}

TEST_F(RoomTest, DoesNotResumeWhatItCannotKnow) {
  create("open");
  alice_.set("a", 1);
  run();
  for (const bus::Position& since :
       {bus::Position{"another", 1}, bus::Position{room().head().incarnation, 9}}) {
    bob_.send(kBoard, bus::Subscribe{.request = 7, .url = kBoard, .since = since});
    run();
    const bus::Subscribed answer = bob_.take_one<bus::Subscribed>();
    EXPECT_FALSE(answer.complete);
    EXPECT_EQ(answer.missing.size(), 1U);
  }
  bob_.send(kBoard, bus::Subscribe{.request = 7, .url = kBoard, .state_vector = {1}});
  run();
  EXPECT_EQ(bob_.take_one<bus::Refused>().code, Code::kMalformed);
}

TEST_F(RoomTest, AClientIdIsHeldByTheIdentityThatWroteUnderIt) {
  create("open");
  alice_.set("a", 1);
  run();
  alice_.inbox.clear();
  Session thief(bus_, "session:3", kBob, 1);
  subscribe(thief);
  thief.doc().set_client(55);
  thief.doc().set_client(1 + 54);
  // A struct that continues alice's client id.
  const Bytes next = alice_.edit("b", 2);
  thief.update(next);
  run();
  EXPECT_EQ(thief.take_one<bus::UpdateRefused>().reason, "client_id_taken");
  alice_.update(next);
  run();
  EXPECT_EQ(alice_.take_one<bus::Ack>().upto, 2U);
  // Across a restart, too.
  restart();
  subscribe(thief);
  subscribe(alice_);
  thief.sequence = 0;
  thief.update(alice_.edit("c", 3));
  run();
  EXPECT_EQ(thief.take_one<bus::UpdateRefused>().reason, "client_id_taken");
}

TEST_F(RoomTest, RefusesWhatCannotBeRead) {
  create("open");
  alice_.update(Bytes{1, 2, 3});
  alice_.send(kBoard, bus::Update{.sequence = 2});
  run();
  const auto refused = alice_.take_all<bus::UpdateRefused>();
  ASSERT_EQ(refused.size(), 2U);
  EXPECT_EQ(refused[0].code, Code::kMalformed);
  EXPECT_EQ(refused[0].correction, Correction::kRebuild);
  EXPECT_EQ(read(alice_), Value::object());
}

// ---- gaps --------------------------------------------------------------------------------------

TEST_F(RoomTest, AnUpdateThatCameTooEarlyWaits) {
  create("open");
  const Bytes first = alice_.edit("a", 1);
  const Bytes second = alice_.edit("a", 2);
  const Bytes third = alice_.edit("a", 3);
  alice_.update(third);
  alice_.update(second);
  run();
  EXPECT_TRUE(alice_.inbox.empty()) << alice_.names();
  alice_.update(first);
  run();
  EXPECT_EQ(alice_.take_one<bus::Ack>().upto, 3U);
  EXPECT_EQ(read(alice_, "/a"), Value(3));
}

TEST_F(RoomTest, AGapEndsAfterFiveSeconds) {
  create("open");
  const Bytes lost = alice_.edit("a", 1);
  alice_.update(alice_.edit("a", 2));
  advance(kParkedFor / 2);
  EXPECT_TRUE(alice_.inbox.empty());
  bob_.inbox.clear();
  advance(kParkedFor);
  const bus::UpdateRefused refused = alice_.take_one<bus::UpdateRefused>();
  EXPECT_EQ(refused.code, Code::kConflict);
  EXPECT_EQ(refused.reason, "gap");
  EXPECT_EQ(refused.correction, Correction::kNone);
  // With what it depends on it is taken.
  alice_.update(alice_.doc().encode_state_as_update_v1());
  run();
  EXPECT_EQ(alice_.take_one<bus::Ack>().upto, 2U);
}

TEST_F(RoomTest, AnAcknowledgementDoesNotSkipWhatWaits) {
  create("open");
  subscribe(bob_);
  const Bytes lost = alice_.edit("a", 1);
  alice_.update(alice_.edit("a", 2));
  alice_.sequence = 1;
  Session second(bus_, "session:9", kAlice, 77);
  const Bytes independent = second.edit("x", 1);
  alice_.update(independent);
  run();
  EXPECT_FALSE(alice_.has<bus::Ack>()) << "number 1 is not done";
  advance(kParkedFor);
  EXPECT_EQ(alice_.take_one<bus::UpdateRefused>().sequence, 1U);
  EXPECT_EQ(alice_.take_one<bus::Ack>().upto, 2U);
}

TEST_F(RoomTest, ASessionMayNotParkMuch) {
  create("open");
  (void)alice_.edit("a", 1);
  alice_.update(alice_.edit("b", std::string(kParkedBytes + 1, 'x')));
  run();
  EXPECT_EQ(alice_.take_one<bus::UpdateRefused>().reason, "gap");
}

TEST_F(RoomTest, APlainClientIsAskedForWhatIsMissing) {
  create("open");
  Session plain(bus_, "session:5", std::string(bus::kAnonymous), 5, true);
  subscribe(plain);
  const Bytes lost = plain.edit("a", 1);
  plain.update(plain.edit("a", 2));
  run();
  EXPECT_EQ(plain.take_one<bus::Lacks>().state_vector, crdt::StateVector().encode());
  plain.update(plain.doc().encode_state_as_update_v1(), true);
  run();
  EXPECT_EQ(plain.take_one<bus::Ack>().upto, 2U);
}

// ---- a log that fails --------------------------------------------------------------------------

TEST_F(RoomTest, AFailedLogTakesBackWhatItDidNotStore) {
  create("open");
  subscribe(bob_);
  alice_.set("a", 1);
  run();
  alice_.inbox.clear();
  bob_.inbox.clear();
  storage_.hold();
  alice_.set("b", 2);
  bob_.send(kBoard, bus::Read{.request = 50, .url = kBoard});
  Session carol(bus_, "session:3", kCarol, 3);
  carol.subscribe();
  storage_.fail();
  run();
  const bus::UpdateRefused refused = alice_.take_one<bus::UpdateRefused>();
  EXPECT_EQ(refused.code, Code::kInternal);
  EXPECT_EQ(refused.reason, "storage");
  EXPECT_EQ(refused.correction, Correction::kNone);
  EXPECT_NE(refused.message.find("disk full"), std::string::npos);
  EXPECT_EQ(alice_.take_one<bus::Unsubscribed>().reason, "storage");
  EXPECT_EQ(bob_.take_one<bus::Refused>().reason, "storage");
  EXPECT_EQ(bob_.take_one<bus::Unsubscribed>().code, Code::kUnavailable);
  EXPECT_EQ(carol.take_one<bus::Refused>().reason, "storage");
  EXPECT_FALSE(carol.has<bus::Unsubscribed>());
  EXPECT_EQ(table_->loaded(), 0U);
  // The next one to come sees what was stored, and the edit can be sent again.
  storage_.release();
  subscribe(carol);
  EXPECT_EQ(carol.json(), R"({"a":1})");
  subscribe(alice_);
  alice_.update(alice_.doc().encode_state_as_update_v1());
  run();
  EXPECT_EQ(carol.json(), R"({"a":1,"b":2})");
}

// ---- edits, presence, events -------------------------------------------------------------------

TEST_F(RoomTest, AnEditIsMadeByTheRoomAndRecordedUnderTheCaller) {
  create("open");
  bob_.send(kBoard, bus::Edit{.request = 5, .url = kBoard, .ops = {{"set", "/title", "Plan"}}});
  run();
  EXPECT_EQ(bob_.take_one<bus::Done>().request, 5U);
  const bus::Updated updated = alice_.take_one<bus::Updated>();
  EXPECT_EQ(updated.parts.at(0).by, kBob);
  EXPECT_EQ(alice_.json(), R"({"title":"Plan"})");
  EXPECT_EQ(storage_.stored(kBoard)->tail.at(0).author, kBob);
  bob_.send(kBoard, bus::Edit{.request = 6, .url = kBoard, .ops = {{"set", "/a/b", 1}}});
  run();
  EXPECT_EQ(bob_.take_one<bus::Refused>().code, Code::kNotFound);
}

TEST_F(RoomTest, AnEditByAReaderIsRefusedAtTheGate) {
  create("owner");
  bob_.send(kBoard, bus::Edit{.request = 5, .url = kBoard, .ops = {{"set", "/title", "Plan"}}});
  run();
  const bus::Refused refused = bob_.take_one<bus::Refused>();
  EXPECT_EQ(refused.code, Code::kDenied);
  EXPECT_EQ(refused.rule, "default");
  EXPECT_EQ(read(bob_), Value::object());
}

TEST_F(RoomTest, EveryTypeOfMessageIsAskedAbout) {
  create("private");
  bob_.subscribe();
  bob_.send(kBoard, bus::Read{.request = 2, .url = kBoard});
  bob_.send(kBoard, bus::Describe{.request = 3, .url = kBoard});
  bob_.send(kBoard, bus::Edit{.request = 4, .url = kBoard});
  bob_.send(kBoard, bus::Invite{.request = 5, .url = kBoard, .identity = kBob});
  bob_.send(kBoard, bus::Delete{.request = 6, .url = kBoard});
  bob_.send(kBoard, bus::Presence{});
  bob_.send(kBoard, bus::Event{.name = "x"});
  bob_.send(kBoard, bus::List{.request = 7});
  bob_.set("a", 1);
  run();
  for (const bus::Refused& refused : bob_.take_all<bus::Refused>())
    EXPECT_EQ(refused.code, refused.request == 7 ? Code::kMalformed : Code::kDenied)
        << refused.request;
  EXPECT_EQ(bob_.take_one<bus::UpdateRefused>().code, Code::kDenied);
  EXPECT_TRUE(bob_.inbox.empty()) << bob_.names();
  EXPECT_TRUE(alice_.inbox.empty()) << alice_.names();
}

TEST_F(RoomTest, PresenceGoesToTheOthersAndEndsWithTheSession) {
  create("open");
  subscribe(bob_);
  const PresenceState here{1, 1, "{\"cursor\":3}"};
  alice_.send(kBoard, bus::Presence{.awareness = share(encode_presence({&here, 1}))});
  run();
  EXPECT_EQ(*bob_.take_one<bus::Presence>().awareness, encode_presence({&here, 1}));
  EXPECT_FALSE(alice_.has<bus::Presence>());
  Session carol(bus_, "session:3", kCarol, 3);
  carol.subscribe();
  run();
  EXPECT_EQ(*carol.take_one<bus::Presence>().awareness, encode_presence({&here, 1}));
  alice_.leave();
  run();
  const PresenceState gone{1, 1, "null"};
  EXPECT_EQ(*bob_.take_one<bus::Presence>().awareness, encode_presence({&gone, 1}));
  bob_.send(kBoard, bus::Presence{.awareness = share(Bytes{9})});
  run();
  EXPECT_EQ(bob_.take_one<bus::Refused>().code, Code::kMalformed);
}

TEST_F(RoomTest, EventsCarryWhoSentThem) {
  create("open");
  subscribe(bob_);
  bob_.send(kBoard, bus::Event{.name = "rang", .value = 7, .by = kAlice});
  run();
  const bus::Event event = alice_.take_one<bus::Event>();
  EXPECT_EQ(event.name, "rang");
  EXPECT_EQ(event.value, Value(7));
  EXPECT_EQ(event.by, kBob) << "whatever it claimed";
  EXPECT_TRUE(bob_.inbox.empty());
}

// ---- slow members ------------------------------------------------------------------------------

TEST_F(RoomTest, ACongestedMemberGetsOneMergedTailWhenItDrained) {
  create("open");
  subscribe(bob_);
  bob_.send(kBoard, bus::Flow{.congested = true});
  for (int i = 0; i < 5; ++i) {
    alice_.set("n", i);
    run();
  }
  EXPECT_TRUE(bob_.inbox.empty());
  bob_.send(kBoard, bus::Flow{.congested = false});
  run();
  const bus::Updated updated = bob_.take_one<bus::Updated>();
  EXPECT_EQ(updated.first, 1U);
  EXPECT_EQ(updated.seq, 5U);
  EXPECT_EQ(bob_.json(), R"({"n":4})");
  alice_.set("n", 9);
  run();
  EXPECT_EQ(bob_.take_one<bus::Updated>().first, 6U);
}

TEST_F(RoomTest, AMemberBehindTheTailGetsTheWholeState) {
  create("open");
  subscribe(bob_);
  bob_.send(kBoard, bus::Flow{.congested = true});
  const std::size_t many = kTailUpdates + 5;
  for (std::size_t i = 0; i < many; ++i) {
    alice_.set("n", i);
    run();
  }
  storage_.hold();
  alice_.set("n", "last");
  bob_.send(kBoard, bus::Flow{.congested = false});
  run();
  EXPECT_TRUE(bob_.inbox.empty()) << "the state holds what is not durable yet";
  storage_.release();
  run();
  const bus::Updated updated = bob_.take_one<bus::Updated>();
  EXPECT_EQ(updated.first, 1U);
  EXPECT_EQ(updated.seq, many + 1);
  ASSERT_EQ(updated.parts.size(), 1U);
  EXPECT_EQ(updated.parts[0].by, "");
  EXPECT_EQ(bob_.json(), R"({"n":"last"})");
}

TEST_F(RoomTest, ASessionThatSubscribesAgainStartsAnew) {
  create("open");
  storage_.hold();
  alice_.set("a", 1);
  alice_.sequence = 0;
  alice_.subscribe();
  storage_.release();
  run();
  EXPECT_FALSE(alice_.has<bus::Ack>()) << "that was another subscription's number";
  alice_.set("b", 1);
  run();
  EXPECT_EQ(alice_.take_one<bus::Ack>().upto, 1U);
  EXPECT_EQ(room().members(), 1U);
}

TEST_F(RoomTest, AnUpdateWithoutASubscriptionIsRefused) {
  create("open");
  bob_.set("a", 1);
  run();
  const bus::UpdateRefused refused = bob_.take_one<bus::UpdateRefused>();
  EXPECT_EQ(refused.code, Code::kUnavailable);
  EXPECT_EQ(refused.reason, "unsubscribed");
}

}  // namespace
}  // namespace syncline::room::testing
