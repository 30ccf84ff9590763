// Plain Yjs clients in front of a host: y-websocket's frames, byte by byte.
#include "sync/y_session.hpp"

#include <gtest/gtest.h>

#include "raw_client.hpp"
#include "room/presence.hpp"
#include "scripted_host.hpp"
#include "storage/memory.hpp"
#include "sync/host.hpp"
#include "sync/loopback_connector.hpp"
#include "sync/tuning.hpp"
#include "sync/y_protocol.hpp"
#include "transport/loopback.hpp"

namespace syncline::sync {
namespace {

constexpr const char* kRoom = "yjs://local/room";
constexpr const char* kAlice = "hyperty://example.org/alice";
constexpr const char* kBob = "hyperty://example.org/bob";

/// What y-websocket's client does with its socket.
class YClient final : private transport::ConnectionEvents {
 public:
  YClient(test::TestExecutor& executor, Host& host, const YRequest& request) : executor_(executor) {
    auto [here, there] = transport::make_loopback(executor, executor);
    connection_ = std::move(here);
    connection_->set_events(this);
    host.accept_y(std::move(there), request);
  }

  void send(Bytes frame) {
    connection_->send(share(std::move(frame)));
    executor_.advance(std::chrono::milliseconds(1));
  }
  void step1(const crdt::StateVector& state = {}) {
    send(y::encode_sync(y::Sync::kStep1, state.encode()));
  }
  void update(const Bytes& update, y::Sync step = y::Sync::kUpdate) {
    send(y::encode_sync(step, update));
  }

  Bytes take() {
    executor_.run();
    if (heard.empty()) return {};
    Bytes frame = std::move(heard.front());
    heard.erase(heard.begin());
    return frame;
  }
  /// The payload of the next frame, which must be this step.
  Bytes take(y::Sync step) {
    const Bytes frame = take();
    const auto decoded = y::decode(frame);
    const auto* sync = decoded.ok() ? std::get_if<y::SyncFrame>(&*decoded) : nullptr;
    if (sync == nullptr || sync->step != step) {
      ADD_FAILURE() << "not the expected step of the sync protocol";
      return {};
    }
    return {sync->payload.begin(), sync->payload.end()};
  }
  /// Goes through the first exchange; returns what it got.
  Bytes sync(const crdt::StateVector& state = {}) {
    step1(state);
    take(y::Sync::kStep1);
    return take(y::Sync::kStep2);
  }
  void hang_up() {
    connection_.reset();
    executor_.advance(std::chrono::milliseconds(1));
  }

  std::vector<Bytes> heard;
  std::optional<transport::Close> closed;

 private:
  void on_message(ByteView message) override { heard.emplace_back(message.begin(), message.end()); }
  void on_drained() override {}
  void on_closed(const transport::Close& close) override { closed = close; }

  test::TestExecutor& executor_;
  std::unique_ptr<transport::Connection> connection_;
};

class YSessionTest : public ::testing::Test {
 protected:
  std::unique_ptr<YClient> client(const std::string& identity = {}, const std::string& url = kRoom,
                                  bool create = true) {
    return std::make_unique<YClient>(
        executor_, host_, YRequest{.url = url, .create = create, .claim = {.identity = identity}});
  }

  /// A document with one entry, as an update.
  static Bytes entry(crdt::ClientId client, const std::string& key) {
    crdt::Doc doc({.client = client});
    crdt::Map(**doc.root("data", crdt::TypeKind::kMap)).set(key, Value(1));
    return doc.encode_state_as_update_v1();
  }
  static Bytes awareness(crdt::ClientId id, std::uint64_t clock, const std::string& json) {
    const room::PresenceState state{.client = id, .clock = clock, .json = json};
    return y::encode_awareness(room::encode_presence({&state, 1}));
  }
  std::uint16_t closed(YClient& client) {
    executor_.advance(std::chrono::milliseconds(1));
    return client.closed ? client.closed->code : std::uint16_t{0};
  }

  test::TestExecutor executor_;
  test::CountingRandom random_;
  storage::MemoryStorage storage_{executor_};
  Host host_{executor_, executor_, random_, storage_};
  LoopbackConnector connector_{executor_, host_};
};

TEST_F(YSessionTest, AnswersTheFirstStepOfAnEmptyRoomAsYjsDoes) {
  const auto one = client();
  one->send({0, 0, 1, 0});
  EXPECT_EQ(one->take(), (Bytes{0, 0, 1, 0})) << "our own step 1";
  EXPECT_EQ(one->take(), (Bytes{0, 1, 2, 0, 0})) << "step 2, always";
  EXPECT_TRUE(one->take().empty());
}

TEST_F(YSessionTest, SendsItsStep1AlsoToAClientThatSaysNothing) {
  const auto one = client();
  executor_.advance(tuning::kYFirstStep);
  executor_.advance(std::chrono::milliseconds(1));
  EXPECT_EQ(one->take(), (Bytes{0, 0, 1, 0}));
  EXPECT_TRUE(one->take().empty());
  one->step1();
  EXPECT_EQ(one->take(y::Sync::kStep2), (Bytes{0, 0}));
}

TEST_F(YSessionTest, RelaysUpdatesToTheOthersOnceTheyAreStored) {
  const auto one = client();
  const auto two = client();
  one->sync();
  two->sync();
  const Bytes update = entry(1, "a");
  one->update(update);
  EXPECT_EQ(two->take(y::Sync::kUpdate), update);
  EXPECT_TRUE(one->take().empty()) << "an echo";
  // Whoever comes later gets it in step 2, and the state vector says so.
  const auto three = client();
  three->step1();
  EXPECT_EQ(*crdt::StateVector::decode(three->take(y::Sync::kStep1)),
            crdt::state_vector_of(*crdt::decode_update_v1(update)));
  EXPECT_EQ(three->take(y::Sync::kStep2), update);
}

TEST_F(YSessionTest, TakesWhatAClientWroteOffline) {
  const auto one = client();
  const auto two = client();
  two->sync();
  one->sync();
  const Bytes update = entry(1, "a");
  one->update(update, y::Sync::kStep2);
  EXPECT_EQ(two->take(y::Sync::kUpdate), update);
  two->step1();
  EXPECT_EQ(two->take(y::Sync::kStep2), update) << "a later step 1 is answered by step 2 alone";
}

TEST_F(YSessionTest, SharesOneObjectWithSyncApiClients) {
  const auto one = client();
  one->sync();
  one->update(entry(1, "a"));
  Syncer syncer(executor_, executor_, random_, connector_,
                {.link = {.url = "loopback:", .identity = kAlice, .token = {}}});
  std::optional<Value> value;
  syncer.read(kRoom, {}, [&](Result<Value> result) { value = *result; });
  executor_.advance(std::chrono::milliseconds(1));
  EXPECT_EQ(value, Value::object({{"a", 1}}));
}

TEST_F(YSessionTest, SharesAwarenessAndRemovesItWithItsClient) {
  const auto one = client();
  const auto two = client();
  one->send(awareness(7, 1, R"({"name":"one"})"));  // y-websocket sends it before it is synced.
  one->sync();
  two->sync();
  EXPECT_EQ(two->take(), awareness(7, 1, R"({"name":"one"})"));
  one->send(awareness(7, 2, R"({"name":"uno"})"));
  EXPECT_EQ(two->take(), awareness(7, 2, R"({"name":"uno"})"));
  one->hang_up();
  EXPECT_EQ(two->take(), awareness(7, 2, "null"));
}

TEST_F(YSessionTest, KeepsQuietClientsAlive) {
  const auto one = client();
  one->sync();
  executor_.advance(tuning::kYKeepAlive);
  EXPECT_EQ(one->take(), (Bytes{1, 1, 0}));
  executor_.advance(tuning::kYKeepAlive - std::chrono::seconds(1));
  EXPECT_TRUE(one->take().empty());
  executor_.advance(std::chrono::seconds(1));
  EXPECT_EQ(one->take(), (Bytes{1, 1, 0}));
}

TEST_F(YSessionTest, ClosesOnWhatCannotBeRead) {
  const auto one = client();
  one->send({0, 9});
  EXPECT_EQ(closed(*one), 4400);
  const auto two = client();
  two->sync();
  two->update({1, 2, 3});
  EXPECT_EQ(closed(*two), 4400);
  executor_.run();
  EXPECT_EQ(host_.sessions(), 0u);
}

TEST_F(YSessionTest, UnknownObjectsAndDeletedOnesAre4404) {
  const auto one = client(kBob, "comm://example.org/nothing", false);
  one->step1();
  EXPECT_EQ(closed(*one), 4404);

  test::RawClient alice(executor_, connector_, kAlice);
  alice.say(bus::Create{.request = 2, .url = "comm://example.org/board"});
  ASSERT_TRUE(alice.take<bus::Created>());
  const auto two = client(kBob, "comm://example.org/board", false);
  two->sync();
  alice.say(bus::Delete{.request = 3, .url = "comm://example.org/board"});
  EXPECT_EQ(closed(*two), 4404);
  const auto three = client(kBob, "comm://example.org/board", false);
  three->step1();
  EXPECT_EQ(closed(*three), 4404);
}

TEST_F(YSessionTest, AForbiddenLiveUpdateClosesAndAForbiddenStep2IsLeftOut) {
  test::RawClient alice(executor_, connector_, kAlice);
  alice.say(bus::Create{.request = 2, .url = "comm://example.org/board"});
  const auto created = alice.take<bus::Created>();
  ASSERT_TRUE(created);
  const auto bob = client(kBob, "comm://example.org/board", false);
  bob->sync();
  bob->update(entry(5, "forged"), y::Sync::kStep2);
  EXPECT_EQ(closed(*bob), 0);
  EXPECT_FALSE(alice.take<bus::Updated>());
  bob->update(entry(5, "forged"));
  EXPECT_EQ(closed(*bob), 4403);
  EXPECT_FALSE(alice.take<bus::Updated>());
}

TEST_F(YSessionTest, AClientIdOfSomeoneElseCloses) {
  const auto one = client(kAlice);
  one->sync();
  one->update(entry(1, "a"));
  const auto two = client(kBob);
  crdt::Doc doc({.client = 1});
  crdt::Map map(**doc.root("data", crdt::TypeKind::kMap));
  map.set("a", Value(1));
  map.set("b", Value(1));
  two->sync();
  two->update(doc.encode_state_as_update_v1());
  EXPECT_EQ(closed(*two), 4409);
}

TEST_F(YSessionTest, AsksForWhatAnUpdateDependsOn) {
  const auto one = client();
  one->sync();
  crdt::Doc doc({.client = 1});
  crdt::Map map(**doc.root("data", crdt::TypeKind::kMap));
  map.set("a", Value(1));
  const crdt::StateVector before = doc.state_vector();
  map.set("b", Value(1));
  one->update(*crdt::diff_update_v1(doc.encode_state_as_update_v1(), before));
  EXPECT_TRUE(crdt::StateVector::decode(one->take(y::Sync::kStep1))->empty());
  one->update(doc.encode_state_as_update_v1(), y::Sync::kStep2);
  const auto two = client();
  EXPECT_EQ(crdt::state_vector_of(*crdt::decode_update_v1(two->sync())), doc.state_vector());
}

TEST_F(YSessionTest, AStoreThatFailsSendsClientsAwayToComeBack) {
  const auto one = client();
  one->sync();
  one->update(entry(1, "a"));
  storage_.fail_appends(Error(Code::kInternal, "storage", "the disk is full"));
  one->update(entry(2, "b"));
  EXPECT_EQ(closed(*one), transport::kCloseTryLater);
  storage_.fail_appends(std::nullopt);
  const auto again = client();
  EXPECT_EQ(again->sync(), entry(1, "a"));
}

TEST_F(YSessionTest, AnIdentityThatIsNoneIsSentAway) {
  const auto one = client("bob");
  EXPECT_EQ(closed(*one), 4400);
}

}  // namespace
}  // namespace syncline::sync
