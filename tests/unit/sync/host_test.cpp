// Syncers and a host in one process: the whole path of a change, and what is refused on it.
#include "sync/host.hpp"

#include <gtest/gtest.h>

#include "raw_client.hpp"
#include "scripted_host.hpp"
#include "storage/memory.hpp"
#include "sync/loopback_connector.hpp"
#include "sync/tuning.hpp"
#include "syncline/data_object.hpp"

namespace syncline::sync {
namespace {

constexpr const char* kBoard = "comm://example.org/board";
constexpr const char* kAlice = "hyperty://example.org/alice";
constexpr const char* kBob = "hyperty://example.org/bob";
constexpr const char* kCarol = "hyperty://example.org/carol";

class HostTest : public ::testing::Test {
 protected:
  struct Hyperty {
    std::vector<std::string> invitations;
    std::vector<std::string> refused;
    std::unique_ptr<Syncer> syncer;
  };

  std::unique_ptr<Hyperty> hyperty(const std::string& identity) {
    auto made = std::make_unique<Hyperty>();
    Hyperty* const raw = made.get();
    Syncer::Options options{.link = {.url = "loopback:", .identity = identity, .token = {}}};
    options.hooks.on_invitation = [raw](const bus::Invitation& invitation) {
      raw->invitations.push_back(invitation.url);
    };
    options.hooks.on_refused = [raw](const std::string&, const Error& error) {
      raw->refused.push_back(std::string(error.reason()));
    };
    options.hooks.on_message = [this, identity](bool sent, std::string_view message,
                                                const std::string&) {
      sequence_.push_back(identity.substr(identity.rfind('/') + 1) + (sent ? " -> " : " <- ") +
                          std::string(message));
    };
    made->syncer =
        std::make_unique<Syncer>(executor_, executor_, random_, connector_, std::move(options));
    executor_.advance(Duration{0});
    return made;
  }

  /// Runs until nothing is left to do now, the store's answers included.
  void settle() { executor_.advance(std::chrono::milliseconds(1)); }

  template <typename T, typename Start>
  Result<T> ask(Start start) {
    std::optional<Result<T>> result;
    start([&result](Result<T> answer) { result.emplace(std::move(answer)); });
    settle();
    if (!result) return Error(Code::kTimeout, "no answer");
    return std::move(*result);
  }

  DataObject create(Hyperty& who, const Value& initial, CreateRequest request = {}) {
    return DataObject(ask<Syncer::Object>([&](auto done) {
                        who.syncer->create(kBoard, initial, std::move(request), done);
                      }).take_or_throw());
  }
  DataObject subscribe(Hyperty& who) {
    return DataObject(ask<Syncer::Object>([&](auto done) {
                        who.syncer->subscribe(kBoard, done);
                      }).take_or_throw());
  }
  Code subscribe_code(Hyperty& who) {
    const auto result =
        ask<Syncer::Object>([&](auto done) { who.syncer->subscribe(kBoard, done); });
    return result.ok() ? Code{} : result.error().code();
  }
  Result<void> done(const std::function<void(Done<void>)>& start) { return ask<void>(start); }

  test::TestExecutor executor_;
  test::CountingRandom random_;
  storage::MemoryStorage storage_{executor_};
  Host host_{executor_, executor_, random_, storage_};
  LoopbackConnector connector_{executor_, host_};
  std::vector<std::string> sequence_;
};

TEST_F(HostTest, TheThreeFlowsOfTheSeed) {
  const auto alice = hyperty(kAlice);
  const auto bob = hyperty(kBob);
  sequence_.clear();
  const DataObject mine = create(*alice, Value::object({{"title", "Plan"}}), {.access = "open"});
  const DataObject theirs = subscribe(*bob);
  EXPECT_EQ(theirs.get(), mine.get());
  EXPECT_EQ(theirs.owner(), kAlice);
  EXPECT_EQ(sequence_, (std::vector<std::string>{"alice -> create", "alice <- created",
                                                 "bob -> subscribe", "bob <- subscribed"}))
      << "create and share";

  sequence_.clear();
  std::vector<Change> heard;
  const Handle bob_watches = theirs.observe([&](const Changes& changes) { heard = changes; });
  mine["title"] = "Plan B";
  settle();
  EXPECT_EQ(theirs["title"].as<std::string>(), "Plan B");
  ASSERT_EQ(heard.size(), 1u);
  EXPECT_EQ(heard[0].by, kAlice);
  EXPECT_EQ(sequence_,
            (std::vector<std::string>{"alice -> update", "alice <- ack", "bob <- updated"}));

  const Handle alice_watches = mine.observe([&](const Changes& changes) { heard = changes; });
  theirs["steps"].push_back("buy timber");
  settle();
  EXPECT_EQ(mine.get(), theirs.get());
  EXPECT_EQ(heard.back().by, kBob);
  EXPECT_EQ(mine.unacknowledged() + theirs.unacknowledged(), 0u);
}

TEST_F(HostTest, ByDefaultOnlyTheOwnerWrites) {
  const auto alice = hyperty(kAlice);
  const auto bob = hyperty(kBob);
  const DataObject mine = create(*alice, Value::object({{"n", 1}}));
  const DataObject theirs = subscribe(*bob);
  EXPECT_FALSE(theirs.may_write());
  EXPECT_THROW(theirs["n"] = 2, Error);
  EXPECT_EQ(theirs.get(), mine.get());
}

TEST_F(HostTest, AForgedWriteIsRefusedAndNobodyElseSeesAnything) {
  const auto alice = hyperty(kAlice);
  const auto carol = hyperty(kCarol);
  const DataObject mine = create(*alice, Value::object({{"n", 1}}));
  const DataObject watched = subscribe(*carol);
  int calls = 0;
  const Handle watching = watched.observe([&](const Changes&) { ++calls; });

  test::RawClient bob(executor_, connector_, kBob);
  bob.say(bus::Subscribe{.request = 2, .url = kBoard});
  const auto subscribed = bob.take<bus::Subscribed>();
  ASSERT_TRUE(subscribed);
  EXPECT_EQ(subscribed->may_write, "none");
  crdt::Doc doc({.client = 4711});
  ASSERT_TRUE(doc.apply_update_v1(*subscribed->missing.at(0).update).ok());
  const crdt::StateVector before = doc.state_vector();
  crdt::Map(**doc.root("data", crdt::TypeKind::kMap)).set("n", Value(666));
  for (const bool relayed : {false, true}) {
    bob.say(bus::Update{.channel = subscribed->channel,
                        .sequence = relayed ? 2u : 1u,
                        .update = share(doc.encode_state_as_update_v1(before)),
                        .relayed = relayed});
    const auto refused = bob.take<bus::UpdateRefused>();
    ASSERT_TRUE(refused);
    EXPECT_EQ(refused->code, Code::kDenied);
    EXPECT_FALSE(refused->rule.empty());
  }
  settle();
  EXPECT_EQ(mine.get(), Value::object({{"n", 1}}));
  EXPECT_EQ(watched.get(), mine.get());
  EXPECT_EQ(calls, 0);
}

TEST_F(HostTest, PrivateObjectsAreForTheInvitedWhoHearOfThem) {
  const auto alice = hyperty(kAlice);
  const auto bob = hyperty(kBob);
  const auto carol = hyperty(kCarol);
  const DataObject mine = create(*alice, Value::object(), {.access = "private", .invite = {kBob}});
  EXPECT_EQ(bob->invitations, std::vector<std::string>{kBoard});
  EXPECT_NO_THROW(subscribe(*bob));
  EXPECT_EQ(subscribe_code(*carol), Code::kDenied);
  EXPECT_TRUE(done([&](auto then) { alice->syncer->invite(kBoard, kCarol, then); }).ok());
  EXPECT_EQ(carol->invitations, std::vector<std::string>{kBoard});
  EXPECT_NO_THROW(subscribe(*carol));
}

TEST_F(HostTest, WhoeverWasAwayHearsOfAnInvitationLater) {
  const auto alice = hyperty(kAlice);
  create(*alice, Value::object(), {.access = "private", .invite = {kBob}});
  const auto bob = hyperty(kBob);
  settle();
  EXPECT_EQ(bob->invitations, std::vector<std::string>{kBoard});
}

TEST_F(HostTest, DeletingEndsAllCopiesAndTheUrlIsGone) {
  const auto alice = hyperty(kAlice);
  const auto bob = hyperty(kBob);
  const DataObject mine = create(*alice, Value::object({{"n", 1}}), {.access = "open"});
  const DataObject theirs = subscribe(*bob);
  EXPECT_FALSE(done([&](auto then) { bob->syncer->remove(kBoard, then); }).ok());
  EXPECT_TRUE(done([&](auto then) { alice->syncer->remove(kBoard, then); }).ok());
  EXPECT_EQ(theirs["n"].as<int>(), 1);
  EXPECT_THROW(theirs["n"] = 2, Error);
  EXPECT_THROW(mine["n"] = 2, Error);
  EXPECT_EQ(subscribe_code(*bob), Code::kGone);
  const DataObject again = create(*alice, Value::object({{"n", 3}}));
  EXPECT_EQ(subscribe(*bob)["n"].as<int>(), 3);
}

TEST_F(HostTest, AnUrlIsTakenOnce) {
  const auto alice = hyperty(kAlice);
  const auto bob = hyperty(kBob);
  create(*alice, Value::object());
  try {
    create(*bob, Value::object());
    FAIL() << "created twice";
  } catch (const Error& error) {
    EXPECT_EQ(error.reason(), "exists");
  }
  EXPECT_EQ(ask<Syncer::Object>(
                [&](auto then) { bob->syncer->create("no url", Value::object(), {}, then); })
                .error()
                .code(),
            Code::kMalformed);
}

TEST_F(HostTest, AnswersWithoutACopy) {
  const auto alice = hyperty(kAlice);
  create(*alice, Value::object({{"list", Value::array({1, 2})}}));
  Syncer& syncer = *alice->syncer;
  EXPECT_EQ(*ask<Value>([&](auto then) { syncer.read(kBoard, {.pointer = "/list/1"}, then); }),
            Value(2));
  EXPECT_TRUE(done([&](auto then) {
                syncer.edit(kBoard, {}, {{.op = "set", .pointer = "/done", .value = true}}, then);
              }).ok());
  EXPECT_EQ(*ask<Value>([&](auto then) { syncer.read(kBoard, {.pointer = "/done"}, then); }),
            Value(true));
  const Value about = *ask<Value>([&](auto then) { syncer.describe(kBoard, then); });
  EXPECT_EQ(*about.find("owner"), Value(kAlice));
  const auto entries =
      ask<std::vector<bus::Entry>>([&](auto then) { syncer.list("comm://**", "", 10, then); });
  ASSERT_EQ(entries->size(), 1u);
  EXPECT_EQ(entries->at(0).url, kBoard);
  const auto state = ask<Bytes>([&](auto then) { syncer.fetch(kBoard, then); });
  crdt::Doc copy({.client = 1});
  EXPECT_FALSE(copy.apply_update_v1(*state)->pending);
  EXPECT_EQ((*copy.root("data", crdt::TypeKind::kMap))->to_json(),
            Value::object({{"list", Value::array({1, 2})}, {"done", true}}));
}

TEST_F(HostTest, ImportsADocumentIntoAnObjectAndAsOne) {
  const auto alice = hyperty(kAlice);
  const auto bob = hyperty(kBob);
  crdt::Doc document({.client = 31});
  crdt::Map(**document.root("data", crdt::TypeKind::kMap)).set("imported", Value(1));
  const Bytes bytes = document.encode_state_as_update_v1();
  const DataObject mine = create(*alice, Value::object({{"own", 1}}));
  const DataObject theirs = subscribe(*bob);
  ASSERT_TRUE(alice->syncer->import(kBoard, bytes).ok());
  settle();
  EXPECT_EQ(theirs.get(), Value::object({{"own", 1}, {"imported", 1}}));
  EXPECT_EQ(bob->syncer->import(kBoard, bytes).error().code(), Code::kDenied);

  const auto made = ask<Syncer::Object>(
      [&](auto then) { bob->syncer->create_from("comm://example.org/other", bytes, {}, then); });
  ASSERT_TRUE(made.ok()) << made.error().message();
  EXPECT_EQ(DataObject(*made).get(), Value::object({{"imported", 1}}));
}

TEST_F(HostTest, ARefusedChangeIsTakenBackAtItsAuthor) {
  const auto alice = hyperty(kAlice);
  const auto bob = hyperty(kBob);
  const DataObject mine = create(*alice, Value::object({{"n", 1}}), {.access = "open"});
  const DataObject theirs = subscribe(*bob);
  // Someone writes under the client id that bob drew, just before he does.
  test::RawClient forger(executor_, connector_, kCarol);
  forger.say(bus::Subscribe{.request = 2, .url = kBoard});
  const auto subscribed = forger.take<bus::Subscribed>();
  ASSERT_TRUE(subscribed);
  crdt::Doc doc({.client = theirs.live()->doc().client()});
  crdt::Map(**doc.root("data", crdt::TypeKind::kMap)).set("forged", Value(1));
  forger.send(bus::Update{.channel = subscribed->channel,
                          .sequence = 1,
                          .update = share(doc.encode_state_as_update_v1())});
  theirs["a"] = 1;
  theirs["b"] = 1;
  std::vector<std::string> causes;
  const Handle watching = theirs.observe([&](const Changes& changes) {
    for (const Change& change : changes) causes.push_back(change.cause);
  });
  settle();
  EXPECT_EQ(bob->refused, std::vector<std::string>{"client_id_taken"});
  EXPECT_EQ(causes, (std::vector<std::string>{"refused", "refused", "refused"}))
      << "a and b went, forged came";
  EXPECT_EQ(theirs.get(), Value::object({{"n", 1}, {"forged", 1}}));
  EXPECT_EQ(mine.get(), theirs.get());
  theirs["c"] = 1;
  settle();
  EXPECT_EQ(mine.get(), theirs.get());
  EXPECT_EQ(bob->refused.size(), 1u);
}

TEST_F(HostTest, SaysHelloFirstOrNothing) {
  test::RawClient client(executor_, connector_);
  client.say(bus::List{.request = 9, .glob = ""});
  const auto refused = client.take<bus::Refused>();
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->request, 9u);
  EXPECT_EQ(refused->code, Code::kUnauthenticated);
  executor_.advance(tuning::kHelloTimeout);
  ASSERT_TRUE(client.closed);
  EXPECT_EQ(client.closed->code, 4408);
  executor_.run();
  EXPECT_EQ(host_.sessions(), 0u);
}

TEST_F(HostTest, AnswersWhatItDoesNotKnowAndClosesOnWhatIsMalformed) {
  test::RawClient client(executor_, connector_, kBob);
  client.send_bytes({99, 7});  // Type 99, request 7.
  const auto refused = client.take<bus::Refused>();
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->request, 7u);
  EXPECT_EQ(refused->reason, "unknown_message");
  client.say(bus::Ping{.nonce = 5});
  EXPECT_EQ(client.take<bus::Pong>()->nonce, 5u);
  client.say(bus::Update{.channel = 3, .sequence = 1, .update = share({0, 0})});
  EXPECT_EQ(client.take<bus::UpdateRefused>()->reason, "unsubscribed");
  client.send_bytes({1});
  executor_.run();
  ASSERT_TRUE(client.closed);
  EXPECT_EQ(client.closed->code, 4400);
}

TEST_F(HostTest, TakesAnUpdateTwiceForOneAndRefusesOneOutOfOrder) {
  const auto alice = hyperty(kAlice);
  const DataObject mine = create(*alice, Value::object(), {.access = "open"});
  test::RawClient bob(executor_, connector_, kBob);
  bob.say(bus::Subscribe{.request = 2, .url = kBoard});
  const auto subscribed = bob.take<bus::Subscribed>();
  ASSERT_TRUE(subscribed);
  crdt::Doc doc({.client = 4711});
  crdt::Map(**doc.root("data", crdt::TypeKind::kMap)).set("n", Value(1));
  const bus::Update update{.channel = subscribed->channel,
                           .sequence = 1,
                           .update = share(doc.encode_state_as_update_v1())};
  bob.say(update);
  settle();
  EXPECT_EQ(bob.take<bus::Ack>()->upto, 1u);
  bob.say(update);
  settle();
  EXPECT_FALSE(bob.take<bus::UpdateRefused>());
  bus::Update late = update;
  late.sequence = 3;
  bob.say(late);
  EXPECT_EQ(bob.take<bus::UpdateRefused>()->reason, "gap");
  // A new subscription is a new channel, and counts anew.
  bob.say(bus::Subscribe{.request = 3, .url = kBoard});
  settle();
  const auto again = bob.take<bus::Subscribed>();
  ASSERT_TRUE(again);
  EXPECT_NE(again->channel, subscribed->channel);
  bob.say(update);
  EXPECT_EQ(bob.take<bus::UpdateRefused>()->reason, "unsubscribed");
  late = update;
  late.channel = again->channel;
  bob.say(late);
  settle();
  const auto ack = bob.take<bus::Ack>();
  ASSERT_TRUE(ack);
  EXPECT_EQ(ack->upto, 1u);
  EXPECT_EQ(ack->channel, again->channel);
  bob.say(bus::List{.request = 3, .glob = ""});
  EXPECT_EQ(bob.take<bus::Refused>()->reason, "repeated");
}

TEST_F(HostTest, ForgetsASessionThatLeftWhileItsObjectWasLoaded) {
  const auto alice = hyperty(kAlice);
  create(*alice, Value::object(), {.access = "open"});
  alice->syncer.reset();
  executor_.advance(std::chrono::minutes(2));  // The room is unloaded.
  {
    test::RawClient bob(executor_, connector_, kBob);
    bob.send(bus::Subscribe{.request = 2, .url = kBoard});
    bob.hang_up();
  }
  settle();
  EXPECT_EQ(host_.sessions(), 0u);
  const room::Room* const room = host_.rooms().find(kBoard);
  ASSERT_NE(room, nullptr);
  EXPECT_EQ(room->members(), 0u);
}

TEST_F(HostTest, KeepsAnObjectAcrossUnloading) {
  const auto alice = hyperty(kAlice);
  const auto bob = hyperty(kBob);
  create(*alice, Value::object({{"n", 1}}));
  alice->syncer.reset();
  executor_.advance(std::chrono::minutes(2));
  EXPECT_EQ(host_.rooms().loaded(), 0u);
  EXPECT_EQ(subscribe(*bob).get(), Value::object({{"n", 1}}));
}

TEST_F(HostTest, ShutsDownInOrder) {
  const auto alice = hyperty(kAlice);
  const DataObject mine = create(*alice, Value::object());
  test::RawClient bob(executor_, connector_, kBob);
  mine["n"] = 1;
  executor_.run_one();  // The room has it, the store not yet.
  bool down = false;
  host_.shutdown([&] { down = true; });
  settle();
  EXPECT_EQ(mine.unacknowledged(), 0u) << "what was taken is acknowledged";
  ASSERT_TRUE(bob.closed);
  EXPECT_EQ(bob.closed->code, transport::kCloseRestart);
  EXPECT_TRUE(down);
  EXPECT_FALSE(alice->syncer->connected());
}

}  // namespace
}  // namespace syncline::sync
