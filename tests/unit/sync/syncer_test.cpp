// The syncer against a host that the test speaks for.
#include "sync/syncer.hpp"

#include <gtest/gtest.h>

#include "scripted_host.hpp"
#include "sync/tuning.hpp"
#include "syncline/data_object.hpp"

namespace syncline::sync {
namespace {

using test::ScriptedHost;
constexpr const char* kBoard = "comm://example.org/board";
constexpr const char* kAlice = "hyperty://example.org/alice";

class SyncerTest : public ::testing::Test {
 protected:
  SyncerTest() {
    options_.link = {.url = "ws://test/sync", .identity = kAlice, .token = {}};
    options_.hooks.on_refused = [this](const std::string&, const Error& error) {
      refused_.push_back(std::string(error.reason()));
    };
    options_.hooks.on_invitation = [this](const bus::Invitation& invitation) {
      invitations_.push_back(invitation.url);
    };
    start();
  }

  void start() {
    syncer_ = std::make_unique<Syncer>(executor_, executor_, random_, host_, options_);
    executor_.advance(Duration{0});
  }

  /// Creates the board on a welcomed connection, on channel 1 at position 1.
  void create(const Value& initial = Value::object()) {
    host_.welcome();
    syncer_->create(kBoard, initial, {}, [this](Result<Syncer::Object> object) {
      ASSERT_TRUE(object.ok()) << object.error().message();
      board_.emplace(*object);
    });
    const auto create = host_.take<bus::Create>();
    ASSERT_TRUE(create);
    ASSERT_TRUE(room_.apply_update_v1(create->state).ok());
    host_.say(created(create->request));
    ASSERT_TRUE(board_);
  }

  static bus::Created created(bus::RequestId request) {
    return {.request = request,
            .channel = 1,
            .epoch = 1,
            .access = "owner",
            .owner = kAlice,
            .position = {.incarnation = "i", .seq = 1}};
  }

  /// What the room answers a subscription with, at `seq`: the difference to the state vector.
  bus::Subscribed subscribed(const bus::Subscribe& subscribe, std::uint64_t seq) {
    const auto known = crdt::StateVector::decode(subscribe.state_vector);
    EXPECT_TRUE(known.ok());
    return {.request = subscribe.request,
            .channel = 1,
            .access = "owner",
            .owner = kAlice,
            .epoch = 1,
            .position = {.incarnation = "i", .seq = seq},
            .may_write = "all",
            .state_vector = room_.state_vector().encode(),
            .missing = {{.by = "", .update = share(room_.encode_state_as_update_v1(*known))}}};
  }

  /// Takes the next update into the room's document. False when there is none.
  bool accept_update() {
    const auto update = host_.take<bus::Update>();
    if (!update) return false;
    EXPECT_FALSE(room_.apply_update_v1(*update->update)->pending);
    last_sequence_ = update->sequence;
    return true;
  }

  /// Somebody else's change, as the update that the room relays.
  SharedBytes change_in_room(const std::string& key, const Value& value) {
    const crdt::StateVector before = room_.state_vector();
    crdt::Map(**room_.root("data", crdt::TypeKind::kMap)).set(key, value);
    return share(room_.encode_state_as_update_v1(before));
  }

  Value room_value() { return (*room_.root("data", crdt::TypeKind::kMap))->to_json(); }

  /// Until the syncer connected again and greeted.
  void reconnect() {
    executor_.advance(tuning::kReconnectMost);
    host_.welcome();
  }

  test::TestExecutor executor_;
  test::CountingRandom random_;
  ScriptedHost host_{executor_};
  crdt::Doc room_{{.client = 77}};
  Syncer::Options options_;
  std::vector<std::string> refused_;
  std::vector<std::string> invitations_;
  std::unique_ptr<Syncer> syncer_;
  std::optional<DataObject> board_;
  std::uint64_t last_sequence_ = 0;
};

TEST_F(SyncerTest, SaysWhoItIsBeforeAnythingElse) {
  const auto hello = host_.take<bus::Hello>();
  ASSERT_TRUE(hello);
  EXPECT_EQ(hello->identity, kAlice);
  EXPECT_EQ(hello->version, bus::kProtocolVersion);
  EXPECT_FALSE(syncer_->connected());
  host_.say(bus::Welcome{.request = hello->request});
  EXPECT_TRUE(syncer_->connected());
}

TEST_F(SyncerTest, CreatesAnObjectWithItsFirstStateAndSendsLaterChanges) {
  create(Value::object({{"title", "Plan"}}));
  EXPECT_EQ(room_value(), Value::object({{"title", "Plan"}}));
  EXPECT_EQ(board_->owner(), kAlice);
  (*board_)["title"] = "Plan B";
  EXPECT_EQ(board_->unacknowledged(), 1u);
  ASSERT_TRUE(accept_update());
  EXPECT_EQ(room_value(), Value::object({{"title", "Plan B"}}));
  host_.say(bus::Ack{.channel = 1, .upto = last_sequence_, .seq = 2});
  EXPECT_EQ(board_->unacknowledged(), 0u);
}

TEST_F(SyncerTest, AppliesWhatTheRoomRelaysAndKnowsWhoWroteIt) {
  create();
  std::vector<Change> heard;
  const Handle watching = board_->observe([&](const Changes& changes) { heard = changes; });
  host_.say(bus::Updated{.channel = 1,
                         .seq = 2,
                         .first = 2,
                         .parts = {{.by = "hyperty://x/bob", .update = change_in_room("a", 1)}}});
  EXPECT_EQ(board_->get(), Value::object({{"a", 1}}));
  ASSERT_EQ(heard.size(), 1u);
  EXPECT_EQ(heard[0].by, "hyperty://x/bob");
  EXPECT_FALSE(heard[0].local);
}

TEST_F(SyncerTest, RepeatsACreateWhoseAnswerWasLostAndThenLooksWhatHappenedMeanwhile) {
  host_.welcome();
  std::optional<DataObject> board;
  syncer_->create(kBoard, Value::object({{"a", 1}}), {},
                  [&](Result<Syncer::Object> object) { board.emplace(*object); });
  const auto first = host_.take<bus::Create>();
  ASSERT_TRUE(first);
  ASSERT_TRUE(room_.apply_update_v1(first->state).ok());
  host_.hang_up();
  reconnect();
  const auto second = host_.take<bus::Create>();
  ASSERT_TRUE(second);
  EXPECT_EQ(second->nonce, first->nonce);
  EXPECT_EQ(second->state, first->state);
  change_in_room("b", 2);
  host_.say(created(second->request));
  ASSERT_TRUE(board);
  const auto subscribe = host_.take<bus::Subscribe>();
  ASSERT_TRUE(subscribe);
  EXPECT_FALSE(subscribe->since);
  host_.say(subscribed(*subscribe, 2));
  EXPECT_EQ(board->get(), Value::object({{"a", 1}, {"b", 2}}));
}

TEST_F(SyncerTest, ResumesByPositionAndSendsUnacknowledgedChangesAgain) {
  create();
  (*board_)["a"] = 1;
  ASSERT_TRUE(host_.take<bus::Update>());  // Lost with the connection.
  host_.hang_up();
  EXPECT_FALSE(syncer_->connected());
  (*board_)["b"] = 2;  // Offline.
  const SharedBytes theirs = change_in_room("c", 3);
  reconnect();
  const auto subscribe = host_.take<bus::Subscribe>();
  ASSERT_TRUE(subscribe);
  EXPECT_EQ(subscribe->since, (bus::Position{.incarnation = "i", .seq = 1}));
  bus::Subscribed answer = subscribed(*subscribe, 2);
  answer.complete = true;
  answer.missing = {{.by = "hyperty://x/bob", .update = theirs}};
  host_.say(answer);
  ASSERT_TRUE(accept_update());
  EXPECT_EQ(last_sequence_, 1u);
  ASSERT_TRUE(accept_update());
  EXPECT_EQ(last_sequence_, 2u);
  EXPECT_FALSE(accept_update());
  const Value all = Value::object({{"a", 1}, {"b", 2}, {"c", 3}});
  EXPECT_EQ(room_value(), all);
  EXPECT_EQ(board_->get(), all);
  host_.say(bus::Ack{.channel = 1, .upto = 2, .seq = 4});
  EXPECT_EQ(board_->unacknowledged(), 0u);
}

TEST_F(SyncerTest, SendsWhatARoomLostEvenAfterItWasAcknowledged) {
  create();
  (*board_)["a"] = 1;
  const auto update = host_.take<bus::Update>();
  ASSERT_TRUE(update);
  host_.say(bus::Ack{.channel = 1, .upto = update->sequence, .durable = false, .seq = 2});
  host_.hang_up();  // The room forgets it: it was in memory only.
  reconnect();
  const auto subscribe = host_.take<bus::Subscribe>();
  ASSERT_TRUE(subscribe);
  host_.say(subscribed(*subscribe, 1));
  const auto again = host_.take<bus::Update>();
  ASSERT_TRUE(again);
  EXPECT_TRUE(again->relayed);
  ASSERT_TRUE(room_.apply_update_v1(*again->update).ok());
  EXPECT_EQ(room_value(), Value::object({{"a", 1}}));
}

TEST_F(SyncerTest, ClosesAGapBySubscribingFromWhereItStood) {
  create();
  change_in_room("a", 1);  // Its Updated got lost.
  const SharedBytes second = change_in_room("b", 2);
  host_.say(bus::Updated{.channel = 1, .seq = 3, .first = 3, .parts = {{.update = second}}});
  const auto subscribe = host_.take<bus::Subscribe>();
  ASSERT_TRUE(subscribe);
  EXPECT_EQ(subscribe->since, (bus::Position{.incarnation = "i", .seq = 1}));
  host_.say(subscribed(*subscribe, 3));
  EXPECT_EQ(board_->get(), room_value());
  // And goes on from there.
  host_.say(bus::Updated{
      .channel = 1, .seq = 4, .first = 4, .parts = {{.update = change_in_room("c", 3)}}});
  EXPECT_EQ(board_->get(), room_value());
  EXPECT_FALSE(host_.take<bus::Subscribe>());
}

TEST_F(SyncerTest, TakesTheSameUpdateTwiceForOne) {
  create();
  const bus::Updated updated{
      .channel = 1, .seq = 2, .first = 2, .parts = {{.update = change_in_room("a", 1)}}};
  host_.say(updated);
  int calls = 0;
  const Handle watching = board_->observe([&](const Changes&) { ++calls; });
  host_.say(updated);
  EXPECT_EQ(calls, 0);
  EXPECT_FALSE(host_.take<bus::Subscribe>());
}

TEST_F(SyncerTest, RebuildsUnderANewClientIdWhenARefusalSaysSo) {
  create(Value::object({{"a", 1}}));
  const crdt::ClientId before = board_->live()->doc().client();
  (*board_)["b"] = 2;
  (*board_)["c"] = 3;
  const auto update = host_.take<bus::Update>();
  ASSERT_TRUE(update);
  std::vector<Change> heard;
  const Handle watching = board_->observe(
      [&](const Changes& changes) { heard.insert(heard.end(), changes.begin(), changes.end()); });
  host_.say(bus::UpdateRefused{.channel = 1,
                               .sequence = update->sequence,
                               .code = Code::kDenied,
                               .reason = "denied",
                               .message = "no",
                               .correction = bus::Correction::kRebuild});
  const auto subscribe = host_.take<bus::Subscribe>();
  ASSERT_TRUE(subscribe);
  EXPECT_FALSE(subscribe->since);
  EXPECT_EQ(subscribe->state_vector, crdt::StateVector().encode());
  EXPECT_THROW((*board_)["d"] = 4, Error) << "it would be made on what is about to disappear";
  host_.say(subscribed(*subscribe, 1));
  EXPECT_EQ(board_->get(), Value::object({{"a", 1}}));
  EXPECT_EQ(board_->unacknowledged(), 0u);
  EXPECT_EQ(refused_, std::vector<std::string>{"denied"});
  EXPECT_NE(board_->live()->doc().client(), before);
  ASSERT_EQ(heard.size(), 2u);
  for (const Change& change : heard) EXPECT_EQ(change.cause, "refused");
  // A refusal of the other update comes late, and changes nothing.
  host_.say(bus::UpdateRefused{.channel = 1, .sequence = update->sequence + 1});
  EXPECT_FALSE(host_.take<bus::Subscribe>());
  (*board_)["e"] = 5;
  ASSERT_TRUE(accept_update());
  EXPECT_EQ(room_value(), Value::object({{"a", 1}, {"e", 5}}));
}

TEST_F(SyncerTest, KeepsItsClientIdAndWhatWasNotRefusedWhereTheRoomTookTheRest) {
  create(Value::object({{"a", 1}}));
  const crdt::ClientId before = board_->live()->doc().client();
  (*board_)["b"] = 2;
  (*board_)["c"] = 3;
  ASSERT_TRUE(accept_update());
  const std::uint64_t refused = last_sequence_;
  // In the room nothing is left of it but its ids.
  crdt::Map(**room_.root("data", crdt::TypeKind::kMap)).remove("b");
  host_.say(bus::UpdateRefused{.channel = 1,
                               .sequence = refused,
                               .code = Code::kDenied,
                               .reason = "denied",
                               .message = "no",
                               .paths = {"/b"},
                               .correction = bus::Correction::kRebuild});
  const auto subscribe = host_.take<bus::Subscribe>();
  ASSERT_TRUE(subscribe);
  // It covers what was refused, and says nothing of the rest.
  host_.say(bus::Ack{.channel = 1, .upto = refused, .seq = 1, .epoch = 1});
  host_.say(subscribed(*subscribe, 2));
  EXPECT_EQ(board_->get(), Value::object({{"a", 1}, {"c", 3}}));
  EXPECT_EQ(board_->live()->doc().client(), before);
  EXPECT_EQ(board_->unacknowledged(), 1u);
  EXPECT_EQ(refused_, std::vector<std::string>{"denied"});
  ASSERT_TRUE(accept_update());
  (*board_)["d"] = 4;
  ASSERT_TRUE(accept_update());
  EXPECT_EQ(room_value(), Value::object({{"a", 1}, {"c", 3}, {"d", 4}}));
}

TEST_F(SyncerTest, KeepsAChangeThatTheRoomCouldNotStore) {
  create();
  (*board_)["a"] = 1;
  const auto update = host_.take<bus::Update>();
  ASSERT_TRUE(update);
  host_.say(bus::UpdateRefused{
      .channel = 1, .sequence = update->sequence, .code = Code::kInternal, .reason = "storage"});
  host_.say(bus::Unsubscribed{.channel = 1, .code = Code::kUnavailable, .reason = "storage"});
  EXPECT_EQ(board_->unacknowledged(), 1u);
  executor_.advance(tuning::kRetryFirst);
  const auto subscribe = host_.take<bus::Subscribe>();
  ASSERT_TRUE(subscribe);
  host_.say(subscribed(*subscribe, 1));
  ASSERT_TRUE(accept_update());
  EXPECT_EQ(room_value(), Value::object({{"a", 1}}));
  EXPECT_TRUE(refused_.empty());
}

TEST_F(SyncerTest, ThrowsAtTheLineThatWritesWhereTheRulesForbidIt) {
  create();
  host_.say(
      bus::Changed{.channel = 1, .epoch = 2, .owner = "hyperty://x/bob", .may_write = "none"});
  try {
    (*board_)["a"] = 1;
    FAIL() << "a forbidden write did not throw";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Code::kDenied);
  }
  EXPECT_EQ(board_->get(), Value::object());
  EXPECT_FALSE(host_.take<bus::Update>());
}

TEST_F(SyncerTest, ADeletedObjectStaysReadable) {
  create(Value::object({{"a", 1}}));
  host_.say(bus::Deleted{.channel = 1, .url = kBoard});
  EXPECT_EQ((*board_)["a"].as<int>(), 1);
  try {
    (*board_)["a"] = 2;
    FAIL() << "a write to a deleted object did not throw";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Code::kGone);
  }
  EXPECT_TRUE(syncer_->urls().empty());
}

TEST_F(SyncerTest, DropsItsCopyWhenTheObjectWasMadeAnewMeanwhile) {
  create(Value::object({{"old", 1}}));
  host_.hang_up();
  (*board_)["old"] = 2;
  reconnect();
  const auto resume = host_.take<bus::Subscribe>();
  ASSERT_TRUE(resume);
  crdt::Doc anew({.client = 88});
  crdt::Map(**anew.root("data", crdt::TypeKind::kMap)).set("new", Value(1));
  const auto answer = [&](const bus::Subscribe& subscribe) {
    bus::Subscribed result = subscribed(subscribe, 1);
    result.position = {.incarnation = "j", .seq = 9};
    result.state_vector = anew.state_vector().encode();
    result.missing = {{.update = share(anew.encode_state_as_update_v1())}};
    return result;
  };
  host_.say(answer(*resume));
  const auto everything = host_.take<bus::Subscribe>();
  ASSERT_TRUE(everything);
  host_.say(answer(*everything));
  EXPECT_EQ(board_->get(), Value::object({{"new", 1}}));
  EXPECT_EQ(refused_, std::vector<std::string>{"recreated"});
  EXPECT_FALSE(host_.take<bus::Update>()) << "old state goes into the new object";
}

TEST_F(SyncerTest, EveryRequestGetsATypedTimeout) {
  host_.welcome();
  std::optional<Code> code;
  syncer_->subscribe(kBoard, [&](Result<Syncer::Object> object) { code = object.error().code(); });
  const auto subscribe = host_.take<bus::Subscribe>();
  ASSERT_TRUE(subscribe);
  executor_.advance(tuning::kQuiet);
  host_.say(bus::Pong{});
  executor_.advance(tuning::kRequestTimeout - tuning::kQuiet);
  EXPECT_EQ(code, Code::kTimeout);
  // The answer comes late: nobody wants the channel it opens.
  host_.heard.clear();
  host_.say(subscribed(*subscribe, 1));
  const auto unsubscribe = host_.take<bus::Unsubscribe>();
  ASSERT_TRUE(unsubscribe);
  EXPECT_EQ(unsubscribe->channel, 1u);
}

TEST_F(SyncerTest, ARequestWithoutAConnectionSaysWhy) {
  host_.refusal = Error(Code::kUnavailable, "connection refused");
  host_.hang_up();
  std::optional<Error> error;
  syncer_->describe(kBoard, [&](Result<Value> value) { error.emplace(value.error()); });
  executor_.advance(tuning::kRequestTimeout);
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code(), Code::kUnavailable);
  EXPECT_NE(error->message().find("connection refused"), std::string::npos);
}

TEST_F(SyncerTest, ACommandFailsWithTheFirstAttemptToConnect) {
  syncer_.reset();
  host_.refusal = Error(Code::kUnavailable, "connection refused");
  options_.wait_for_host = false;
  syncer_ = std::make_unique<Syncer>(executor_, executor_, random_, host_, options_);
  std::optional<Error> error;
  syncer_->describe(kBoard, [&](Result<Value> value) { error.emplace(value.error()); });
  executor_.advance(Duration{0});
  ASSERT_TRUE(error);
  EXPECT_EQ(error->message(), "connection refused");
}

TEST_F(SyncerTest, DoesNotAskAgainWhereItIsNotWanted) {
  const auto hello = host_.take<bus::Hello>();
  ASSERT_TRUE(hello);
  host_.say(bus::Refused{
      .request = hello->request, .code = Code::kUnauthenticated, .reason = "unauthenticated"});
  executor_.advance(std::chrono::hours(1));
  EXPECT_EQ(host_.attempts, 1);
  std::optional<Code> code;
  syncer_->describe(kBoard, [&](Result<Value> value) { code = value.error().code(); });
  executor_.run();
  EXPECT_EQ(code, Code::kUnauthenticated);
}

TEST_F(SyncerTest, NoticesAHostThatFellSilent) {
  create();
  executor_.advance(tuning::kQuiet);
  EXPECT_TRUE(host_.take<bus::Ping>());
  executor_.advance(tuning::kSilent);
  EXPECT_EQ(host_.attempts, 2);
}

TEST_F(SyncerTest, GivesUpAConnectionThatAnswersButDoesNotAcknowledge) {
  create();
  (*board_)["a"] = 1;
  for (Duration passed{0}; passed < tuning::kAckTimeout; passed += tuning::kQuiet) {
    EXPECT_EQ(host_.attempts, 1);
    if (host_.connected()) host_.say(bus::Pong{});
    executor_.advance(tuning::kQuiet);
  }
  executor_.advance(tuning::kReconnectFirst);
  EXPECT_EQ(host_.attempts, 2);
}

TEST_F(SyncerTest, FlushWaitsForWhatWasWrittenBefore) {
  create();
  (*board_)["a"] = 1;
  bool flushed = false;
  syncer_->flush([&](Result<void> result) { flushed = result.ok(); });
  executor_.run();
  EXPECT_FALSE(flushed);
  (*board_)["b"] = 1;  // Not waited for.
  host_.say(bus::Ack{.channel = 1, .upto = 1, .seq = 2});
  EXPECT_TRUE(flushed);
}

TEST_F(SyncerTest, UnsubscribingWaitsForWhatWasWritten) {
  create();
  (*board_)["a"] = 1;
  bool done = false;
  syncer_->unsubscribe(kBoard, [&](Result<void> result) { done = result.ok(); });
  EXPECT_FALSE(host_.take<bus::Unsubscribe>());
  host_.say(bus::Ack{.channel = 1, .upto = 1, .seq = 2});
  const auto unsubscribe = host_.take<bus::Unsubscribe>();
  ASSERT_TRUE(unsubscribe);
  host_.say(bus::Done{.request = unsubscribe->request});
  EXPECT_TRUE(done);
  EXPECT_EQ((*board_)["a"].as<int>(), 1);
  EXPECT_THROW((*board_)["a"] = 2, Error);
  EXPECT_TRUE(refused_.empty());
}

TEST_F(SyncerTest, TwoWhoSubscribeGetOneCopy) {
  host_.welcome();
  std::vector<Syncer::Object> objects;
  const auto keep = [&](Result<Syncer::Object> object) { objects.push_back(*object); };
  syncer_->subscribe(kBoard, keep);
  syncer_->subscribe("comm://EXAMPLE.org/board", keep);
  const auto subscribe = host_.take<bus::Subscribe>();
  ASSERT_TRUE(subscribe);
  EXPECT_FALSE(host_.take<bus::Subscribe>());
  host_.say(subscribed(*subscribe, 1));
  syncer_->subscribe(kBoard, keep);
  executor_.run();
  ASSERT_EQ(objects.size(), 3u);
  EXPECT_EQ(objects[0], objects[1]);
  EXPECT_EQ(objects[0], objects[2]);
}

TEST_F(SyncerTest, PassesInvitationsOn) {
  host_.welcome();
  host_.say(bus::Invitation{.url = kBoard, .from = "hyperty://x/bob"});
  EXPECT_EQ(invitations_, std::vector<std::string>{kBoard});
}

TEST_F(SyncerTest, HandlesOutliveTheSyncer) {
  create(Value::object({{"a", 1}}));
  syncer_.reset();
  EXPECT_EQ((*board_)["a"].as<int>(), 1);
  EXPECT_THROW((*board_)["a"] = 2, Error);
}

}  // namespace
}  // namespace syncline::sync
