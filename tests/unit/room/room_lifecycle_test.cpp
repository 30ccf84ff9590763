// The life of an object: invited to, folded, forgotten, loaded, deleted, made again.
#include "room/room.hpp"
#include "room/tuning.hpp"
#include "support.hpp"

namespace syncline::room::testing {
namespace {

TEST_F(RoomTest, AnObjectSurvivesARestart) {
  create("open");
  alice_.set("a", 1);
  alice_.set("b", 2);
  run();
  const std::string incarnation = room().head().incarnation;
  restart();
  subscribe(bob_);
  EXPECT_EQ(bob_.json(), R"({"a":1,"b":2})");
  EXPECT_EQ(bob_.position, (bus::Position{incarnation, 2}));
  bob_.set("c", 3);
  run();
  EXPECT_EQ(storage_.stored(kBoard)->tail.back().seq, 3U);
}

TEST_F(RoomTest, IsFoldedAndForgottenWhenNobodyIsThere) {
  create("open");
  alice_.set("a", 1);
  run();
  const bus::Position then = alice_.position;
  alice_.set("b", 2);
  alice_.leave();
  run();
  EXPECT_EQ(table_->loaded(), 1U);
  advance(kIdleBeforeUnload);
  EXPECT_EQ(table_->loaded(), 0U);
  EXPECT_EQ(storage_.stored(kBoard)->upto, 2U);
  EXPECT_FALSE(storage_.stored(kBoard)->snapshot.empty());
  // The tail past the fold still serves a resume.
  bob_.apply = false;
  bob_.send(kBoard, bus::Subscribe{.request = 1, .url = kBoard, .since = then});
  run();
  const bus::Subscribed answer = bob_.take_one<bus::Subscribed>();
  EXPECT_TRUE(answer.complete);
  EXPECT_EQ(answer.missing.size(), 1U);
  EXPECT_EQ(read(bob_), Value::object({{"a", 1}, {"b", 2}}));
  EXPECT_EQ(storage_.folds, 1);
  bob_.leave();
  advance(kIdleBeforeUnload);
  EXPECT_EQ(table_->loaded(), 0U);
  EXPECT_EQ(storage_.folds, 1) << "nothing new to fold";
}

TEST_F(RoomTest, IsForgottenEvenIfTheFoldFails) {
  create("open");
  alice_.set("a", 1);
  alice_.leave();
  storage_.fail_folds(true);
  advance(kIdleBeforeUnload);
  EXPECT_EQ(table_->loaded(), 0U);
  subscribe(bob_);
  EXPECT_EQ(bob_.json(), R"({"a":1})");
}

TEST_F(RoomTest, StaysWhileSomethingHappens) {
  create("open");
  alice_.leave();
  advance(kIdleBeforeUnload / 2);
  EXPECT_EQ(read(bob_), Value::object());
  advance(kIdleBeforeUnload / 2);
  EXPECT_EQ(table_->loaded(), 1U);
  subscribe(bob_);
  advance(10 * kIdleBeforeUnload);
  EXPECT_EQ(table_->loaded(), 1U);
}

TEST_F(RoomTest, FoldsWhenTheLogGrowsLong) {
  create("open");
  for (std::size_t i = 0; i < kFoldUpdates + 10; ++i) alice_.set("n", i);
  run();
  EXPECT_EQ(storage_.folds, 1);
  EXPECT_GE(storage_.stored(kBoard)->upto, kFoldUpdates);
  restart();
  subscribe(bob_);
  EXPECT_EQ(bob_.json(), alice_.json());
}

TEST_F(RoomTest, AFoldWaitsForWhatItCoversToBeDurable) {
  create("open");
  storage_.hold();
  for (std::size_t i = 0; i < kFoldUpdates + 1; ++i) alice_.set("n", i);
  run();
  EXPECT_EQ(storage_.folds, 0);
  storage_.release();
  run();
  EXPECT_EQ(storage_.folds, 1);
}

TEST_F(RoomTest, AuthorshipAndHoldersSurviveFoldAndRestart) {
  create("open");
  subscribe(bob_);
  alice_.set("a", 1);
  bob_.set("b", 2);
  alice_.leave();
  bob_.leave();
  advance(kIdleBeforeUnload);
  const storage::Stored stored = storage_.stored(kBoard).value();
  simulation::SeededRandom random(1);
  const ObjectState state = load_state(stored, random).value();
  EXPECT_EQ(state.authorship.author_of({1, 0}), kAlice);
  EXPECT_EQ(state.authorship.author_of({2, 0}), kBob);
  EXPECT_EQ(state.head.holders, (std::map<crdt::ClientId, std::string>{{1, kAlice}, {2, kBob}}));
}

TEST_F(RoomTest, DamageIsToldAndNothingIsLost) {
  create("open");
  alice_.set("a", 1);
  run();
  table_.reset();
  storage::Record damaged = storage_.stored(kBoard)->tail.at(0);
  damaged.seq = 2;
  damaged.bytes = {9, 9, 9};
  storage_.append({&damaged, 1}, [](const Result<storage::Ticket>&) {});
  run();
  table_ = std::make_unique<RoomTable>(ports());
  bob_.subscribe();
  run();
  const bus::Refused refused = bob_.take_one<bus::Refused>();
  EXPECT_EQ(refused.code, Code::kInternal);
  EXPECT_EQ(refused.reason, "storage");
  EXPECT_NE(refused.message.find("update 2"), std::string::npos) << refused.message;
  EXPECT_EQ(storage_.stored(kBoard)->tail.size(), 2U);
}

// ---- invitations -------------------------------------------------------------------------------

TEST_F(RoomTest, AnInvitationReachesWhoIsThereAndOpensAPrivateObject) {
  create("private");
  bob_.send(std::string(bus::kRooms), bus::Hello{});
  bob_.subscribe();
  run();
  EXPECT_EQ(bob_.take_one<bus::Refused>().code, Code::kDenied);
  storage_.hold();
  alice_.send(kBoard, bus::Invite{.request = 5, .url = kBoard, .identity = kBob});
  run();
  EXPECT_TRUE(bob_.inbox.empty());
  storage_.release();
  run();
  EXPECT_EQ(alice_.take_one<bus::Done>().request, 5U);
  const bus::Invitation invitation = bob_.take_one<bus::Invitation>();
  EXPECT_EQ(invitation.url, kBoard);
  EXPECT_EQ(invitation.from, kAlice);
  bob_.subscribe();
  run();
  EXPECT_EQ(bob_.take_one<bus::Subscribed>().may_write, "none");
}

TEST_F(RoomTest, AnInvitationWaitsUntilItIsTaken) {
  alice_.send(kBoard,
              bus::Create{.request = 1, .url = kBoard, .access = "private", .invite = {kBob}});
  run();
  const auto hello = [&] {
    bob_.send(std::string(bus::kRooms), bus::Hello{});
    run();
    return bob_.take_all<bus::Invitation>().size();
  };
  EXPECT_EQ(hello(), 1U);
  restart();
  EXPECT_EQ(hello(), 1U);
  subscribe(bob_);
  EXPECT_EQ(hello(), 0U);
  restart();
  EXPECT_EQ(hello(), 0U);
}

TEST_F(RoomTest, RulesAboutTheInvitedTellMembersWhenTheyMayWriteMore) {
  create(Value::parse(R"({"rules": [
      {"effect": "allow", "actions": ["read", "subscribe"], "who": ["*"]},
      {"effect": "allow", "actions": ["write", "invite"], "who": ["owner", "invited"]}]})"));
  subscribe(bob_);
  bob_.set("a", 1);
  run();
  EXPECT_EQ(bob_.take_one<bus::UpdateRefused>().code, Code::kDenied);
  alice_.send(kBoard, bus::Invite{.request = 5, .url = kBoard, .identity = kBob});
  run();
  const bus::Changed changed = bob_.take_one<bus::Changed>();
  EXPECT_EQ(changed.may_write, "all");
  EXPECT_FALSE(alice_.has<bus::Changed>());
  // What was typed before is judged by the rules now in force: nothing of it was held against him.
  bob_.update(bob_.doc().encode_state_as_update_v1());
  run();
  EXPECT_EQ(bob_.take_one<bus::Ack>().upto, 2U);
  EXPECT_EQ(alice_.json(), R"({"a":1})");
}

TEST_F(RoomTest, OnlyIdentitiesAreInvited) {
  create();
  for (const char* nobody : {"bob", "hyperty://local/anonymous", ""}) {
    alice_.send(kBoard, bus::Invite{.request = 5, .url = kBoard, .identity = nobody});
    run();
    EXPECT_EQ(alice_.take_one<bus::Refused>().code, Code::kMalformed);
  }
  bob_.send(kBoard, bus::Invite{.request = 5, .url = kBoard, .identity = kCarol});
  run();
  EXPECT_EQ(bob_.take_one<bus::Refused>().code, Code::kDenied);
}

// ---- the end -----------------------------------------------------------------------------------

TEST_F(RoomTest, ADeletedObjectIsGone) {
  create("open");
  subscribe(bob_);
  alice_.set("a", 1);
  bob_.send(kBoard, bus::Delete{.request = 4, .url = kBoard});
  run();
  EXPECT_EQ(bob_.take_one<bus::Refused>().code, Code::kDenied);
  bob_.inbox.clear();
  storage_.hold();
  alice_.send(kBoard, bus::Delete{.request = 5, .url = kBoard});
  bob_.set("b", 2);
  run();
  EXPECT_TRUE(bob_.inbox.empty()) << bob_.names();
  storage_.release();
  run();
  EXPECT_EQ(alice_.take_one<bus::Done>().request, 5U);
  EXPECT_EQ(bob_.take_one<bus::Deleted>().url, kBoard);
  EXPECT_EQ(bob_.take_one<bus::UpdateRefused>().code, Code::kGone);
  EXPECT_EQ(table_->loaded(), 0U);
  EXPECT_TRUE(storage_.stored(kBoard)->tail.empty()) << "the content is dropped";
  bob_.subscribe();
  run();
  EXPECT_EQ(bob_.take_one<bus::Refused>().code, Code::kGone);
  Session plain(bus_, "session:5", std::string(bus::kAnonymous), 5, true);
  plain.send(kBoard, bus::Subscribe{.request = 1, .url = kBoard, .create_open = true});
  run();
  EXPECT_EQ(plain.take_one<bus::Refused>().code, Code::kGone);
}

TEST_F(RoomTest, ARepeatedCreateDoesNotReviveADeletedObject) {
  create("open");
  const std::string nonce = room().head().nonce;
  alice_.send(kBoard, bus::Delete{.request = 5, .url = kBoard});
  run();
  alice_.inbox.clear();
  // Whoever repeats it, because the first answer was lost, has not seen the end of the object.
  alice_.send(kBoard, bus::Create{.request = 6, .url = kBoard, .nonce = nonce});
  run();
  EXPECT_EQ(alice_.take_one<bus::Refused>().code, Code::kGone);
  alice_.inbox.clear();
  create("open");
}

TEST_F(RoomTest, CreateRevivesADeletedUrlWithNothingOfTheOldOne) {
  for (const bool fold_works : {true, false}) {
    create("open");
    alice_.set("a", 1);
    run();
    const bus::Position then = alice_.position;
    storage_.fail_folds(!fold_works);
    alice_.send(kBoard, bus::Delete{.request = 5, .url = kBoard});
    run();
    storage_.fail_folds(false);
    alice_.inbox.clear();
    create("open");
    EXPECT_NE(room().head().incarnation, then.incarnation);
    restart();
    bob_.apply = false;
    bob_.send(kBoard, bus::Subscribe{.request = 1, .url = kBoard, .since = then});
    run();
    EXPECT_FALSE(bob_.take_one<bus::Subscribed>().complete);
    EXPECT_EQ(read(bob_), Value::object());
    alice_.send(kBoard, bus::Delete{.request = 6, .url = kBoard});
    run();
    alice_.inbox.clear();
    bob_.inbox.clear();
    alice_.sequence = 0;
  }
}

}  // namespace
}  // namespace syncline::room::testing
