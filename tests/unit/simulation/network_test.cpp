#include "simulation/network.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

namespace syncline::simulation {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using transport::Close;
using transport::Connection;
using transport::ConnectionEvents;

/// One end: notes what it hears.
class End : public ConnectionEvents {
 public:
  void hold(std::unique_ptr<Connection> connection) {
    connection_ = std::move(connection);
    connection_->set_events(this);
  }
  void on_message(ByteView message) override {
    heard.emplace_back(text_of(message));
    if (hangs_up_at == heard.size()) connection_.reset();
    if (echoes) say(heard.back());
  }
  void on_drained() override { ++drained; }
  void on_closed(const Close& close) override {
    closed = close;
    connection_.reset();
  }
  void say(std::string_view text) {
    const ByteView bytes = view_of(text);
    connection_->send(share(Bytes(bytes.begin(), bytes.end())));
  }
  Connection& connection() { return *connection_; }
  void drop() { connection_.reset(); }

  std::vector<std::string> heard;
  std::optional<Close> closed;
  int drained = 0;
  std::size_t hangs_up_at = 0;
  bool echoes = false;

 private:
  std::unique_ptr<Connection> connection_;
};

class NetworkTest : public ::testing::Test {
 protected:
  explicit NetworkTest(std::uint64_t seed = 1) : world(seed) {}

  void listen() {
    listening = network.listen(hub, "hub:4455", [this](Arrival arrival) -> Result<void> {
      if (refusal) return Error(*refusal);
      target = arrival.target + " " + arrival.subprotocol;
      auto end = std::make_unique<End>();
      end->hold(std::move(arrival.connection));
      if (!greeting.empty()) end->say(greeting);
      servers.push_back(std::move(end));
      return {};
    });
  }

  /// Connects; the client's end is kept in `client`.
  Result<void> connect(const std::string& url = "ws://hub:4455/sync?token=x") {
    std::optional<Result<void>> outcome;
    const Handle attempt =
        connector->connect(url, "syncline.v1", [&](Result<std::unique_ptr<Connection>> result) {
          if (result.ok()) {
            client.hold(*std::move(result));
            outcome.emplace();
          } else {
            outcome.emplace(result.error());
          }
        });
    EXPECT_FALSE(outcome.has_value());
    EXPECT_TRUE(world.run_until([&] { return outcome.has_value(); }, seconds(60)));
    return *outcome;
  }
  End& server() { return *servers.back(); }

  World world;
  Node& hub = world.add_node("hub");
  Node& alice = world.add_node("alice");
  Node& bob = world.add_node("bob");
  Network& network = world.add<Network>(world);
  std::optional<Error> refusal;
  std::string target;
  std::string greeting;
  std::vector<std::unique_ptr<End>> servers;
  End client;
  Handle listening;
  std::unique_ptr<transport::Connector> connector = network.connector(alice);
};

TEST_F(NetworkTest, AConnectionCarriesMessagesBothWaysInOrder) {
  greeting = "welcome";
  listen();
  ASSERT_TRUE(connect().ok());
  EXPECT_EQ(target, "/sync?token=x syncline.v1");
  EXPECT_EQ(client.connection().peer(), "hub");
  EXPECT_EQ(server().connection().peer(), "alice");
  server().echoes = true;
  std::vector<std::string> said;
  for (int i = 0; i < 100; ++i) {
    said.push_back(std::to_string(i));
    client.say(said.back());
  }
  EXPECT_TRUE(server().heard.empty());
  world.run_for(seconds(1));
  EXPECT_EQ(server().heard, said);
  said.insert(said.begin(), "welcome");
  EXPECT_EQ(client.heard, said);
  EXPECT_EQ(network.messages_delivered(), 201U);
}

TEST_F(NetworkTest, ConnectFailsWithTheReason) {
  EXPECT_EQ(connect().error().code(), Code::kUnavailable) << "nobody listens";
  EXPECT_EQ(connect("no url").error().code(), Code::kMalformed);
  listen();
  refusal.emplace(Code::kDenied, "not you");
  EXPECT_EQ(connect().error().code(), Code::kDenied);
  refusal.reset();
  network.part({&hub}, Partition::kStall);
  EXPECT_EQ(connect().error().code(), Code::kTimeout);
  network.heal();
  EXPECT_TRUE(connect().ok());
  hub.crash();
  EXPECT_EQ(connect().error().code(), Code::kUnavailable);
}

TEST_F(NetworkTest, AnAttemptThatIsGivenUpConnectsNobody) {
  listen();
  Handle attempt = connector->connect("ws://hub:4455/sync", "",
                                      [](const auto&) { FAIL() << "it was given up"; });
  ASSERT_TRUE(world.run_until([&] { return !servers.empty(); }, seconds(1)));
  attempt.reset();
  world.run_for(seconds(1));
  ASSERT_TRUE(server().closed.has_value());
  EXPECT_EQ(server().closed->code, transport::kCloseAbnormal);
}

TEST_F(NetworkTest, ACloseDeliversWhatWasQueuedAndIsAgreedTo) {
  listen();
  ASSERT_TRUE(connect().ok());
  client.say("last words");
  client.connection().close(4403, "denied");
  client.say("too late");
  world.run_for(seconds(1));
  EXPECT_EQ(server().heard, std::vector<std::string>{"last words"});
  EXPECT_EQ(server().closed, (Close{4403, "denied"}));
  EXPECT_EQ(client.closed, (Close{4403, "denied"}));
  EXPECT_EQ(network.open_connections(), 0U);
}

TEST_F(NetworkTest, ACloseWithoutAgreementEndsInTime) {
  listen();
  ASSERT_TRUE(connect().ok());
  network.part({&hub}, Partition::kStall);
  client.connection().close(1000, "bye");
  world.run_for(seconds(4));
  EXPECT_FALSE(client.closed.has_value());
  world.run_for(seconds(2));
  ASSERT_TRUE(client.closed.has_value());
  EXPECT_EQ(client.closed->code, transport::kCloseAbnormal);
}

TEST_F(NetworkTest, DestroyingAConnectionDropsItForTheOther) {
  listen();
  ASSERT_TRUE(connect().ok());
  server().hangs_up_at = 2;  // inside its own callback
  for (int i = 0; i < 5; ++i) client.say("hello");
  world.run_for(seconds(1));
  EXPECT_EQ(server().heard.size(), 2U);
  EXPECT_FALSE(server().closed.has_value());
  ASSERT_TRUE(client.closed.has_value());
  EXPECT_EQ(client.closed->code, transport::kCloseAbnormal);
}

TEST_F(NetworkTest, AClosingConnectionMayBeDestroyedAndStillCloses) {
  listen();
  ASSERT_TRUE(connect().ok());
  client.connection().close(4404, "gone");
  client.drop();
  world.run_for(seconds(10));
  EXPECT_EQ(server().closed, (Close{4404, "gone"}));
}

TEST_F(NetworkTest, ASlowLinkQueuesAndDrains) {
  network.set_link(alice, hub, {.bytes_per_second = 1000});
  listen();
  ASSERT_TRUE(connect().ok());
  for (int i = 0; i < 10; ++i) client.say(std::string(1000, 'x'));
  EXPECT_EQ(client.connection().queued_bytes(), 10'000U);
  world.run_for(milliseconds(5500));
  EXPECT_EQ(client.connection().queued_bytes(), 5000U);
  EXPECT_EQ(server().heard.size(), 5U);
  EXPECT_EQ(client.drained, 0);
  world.run_for(seconds(5));
  EXPECT_EQ(client.connection().queued_bytes(), 0U);
  EXPECT_EQ(client.drained, 1);
  EXPECT_EQ(server().heard.size(), 10U);
}

TEST_F(NetworkTest, APartitionThatStallsHoldsMessagesUntilItIsHealed) {
  listen();
  ASSERT_TRUE(connect().ok());
  client.say("before");
  world.run_until([&] { return client.connection().queued_bytes() == 0; }, seconds(1));
  network.part(alice, hub, Partition::kStall);
  EXPECT_TRUE(network.parted(hub, alice));
  EXPECT_FALSE(network.parted(hub, bob));
  client.say("during");
  world.run_for(seconds(10));
  EXPECT_TRUE(server().heard.empty()) << "not even what was under way";
  EXPECT_EQ(client.connection().queued_bytes(), 6U);
  network.heal();
  client.say("after");
  world.run_for(seconds(1));
  EXPECT_EQ(server().heard, (std::vector<std::string>{"before", "during", "after"}));
  world.run_for(seconds(100));
  EXPECT_FALSE(client.closed.has_value()) << "the silence was over in time";
}

TEST_F(NetworkTest, APartitionThatLastsIsNoticedByBothEnds) {
  listen();
  ASSERT_TRUE(connect().ok());
  network.part({&alice, &bob}, Partition::kStall);
  world.run_for(seconds(61));
  EXPECT_TRUE(client.closed.has_value());
  EXPECT_TRUE(server().closed.has_value());
}

TEST_F(NetworkTest, APartitionThatBreaksEndsConnectionsAtOnce) {
  listen();
  ASSERT_TRUE(connect().ok());
  network.part({&hub}, Partition::kBreak);
  world.run_for(seconds(1));
  EXPECT_TRUE(client.closed.has_value());
  EXPECT_TRUE(server().closed.has_value());
}

TEST_F(NetworkTest, ACrashIsNoticedSoonerOrLater) {
  int soon = 0;
  int late = 0;
  listen();
  for (int crash = 0; crash < 40; ++crash) {
    client.closed.reset();
    ASSERT_TRUE(connect().ok());
    hub.crash();
    client.say("anybody there?");
    world.run_for(seconds(1));
    ++(client.closed.has_value() ? soon : late);
    world.run_for(seconds(60));
    EXPECT_TRUE(client.closed.has_value());
    EXPECT_FALSE(server().closed.has_value()) << "a crashed node hears nothing";
    EXPECT_TRUE(server().heard.empty());
    server().drop();
    hub.start([&](Node&) {
      listen();
      return std::make_shared<int>();
    });
  }
  EXPECT_GT(soon, 5);
  EXPECT_GT(late, 5);
}

TEST_F(NetworkTest, ARestartedNodeResetsConnectionsItDoesNotKnow) {
  hub.start([this](Node&) {
    listen();
    return std::make_shared<int>();
  });
  for (int crash = 0; crash < 10; ++crash) {
    client.closed.reset();
    ASSERT_TRUE(connect().ok());
    hub.restart();
    client.say("anybody there?");
    world.run_for(seconds(1));
    EXPECT_TRUE(client.closed.has_value());
    servers.clear();
  }
}

TEST_F(NetworkTest, OnlyABadLinkLosesRepeatsAndReorders) {
  network.set_link({.loss = 0.2, .duplication = 0.2, .reordering = 0.2});
  listen();
  ASSERT_TRUE(connect().ok());
  std::vector<std::string> said;
  for (int i = 100; i < 400; ++i) {
    said.push_back(std::to_string(i));
    client.say(said.back());
    world.run_for(milliseconds(1));
  }
  world.run_for(seconds(5));
  std::vector<std::string> heard = server().heard;
  EXPECT_FALSE(std::is_sorted(heard.begin(), heard.end()));
  std::sort(heard.begin(), heard.end());
  const auto repeated = std::adjacent_find(heard.begin(), heard.end());
  EXPECT_NE(repeated, heard.end());
  heard.erase(std::unique(heard.begin(), heard.end()), heard.end());
  EXPECT_LT(heard.size(), said.size());
  EXPECT_GT(heard.size(), said.size() / 2);
}

TEST_F(NetworkTest, ABreakingLinkBreaksTheConnectionForBoth) {
  listen();
  ASSERT_TRUE(connect().ok());
  network.set_link({.break_chance = 1});
  client.say("crash");
  world.run_for(seconds(1));
  EXPECT_TRUE(client.closed.has_value());
  EXPECT_TRUE(server().closed.has_value());
}

TEST_F(NetworkTest, AListenerEndsWithItsHandle) {
  listen();
  listening.reset();
  EXPECT_EQ(connect().error().code(), Code::kUnavailable);
  listen();
  EXPECT_TRUE(connect().ok());
}

/// A minute of chatter, partitions and crashes; its trace.
std::pair<std::string, std::uint64_t> run_wild(std::uint64_t seed) {
  struct Chatter {
    Chatter(Node& its_node, Network& network) : node(its_node), connector(network.connector(node)) {
      dial();
    }
    void dial() {
      attempt = connector->connect("ws://hub:4455/", "", [this](auto result) {
        if (result.ok()) {
          end = std::make_unique<End>();
          end->hold(*std::move(result));
        }
      });
      timer = node.after(node.random().between(milliseconds(10), milliseconds(500)), [this] {
        if (end && !end->closed) end->say(std::string(node.random().below(100), 'x'));
        tick();
      });
    }
    void tick() {
      if (!end || end->closed) return dial();
      end->say("tick");
      timer = node.after(milliseconds(50), [this] { tick(); });
    }
    Node& node;
    std::unique_ptr<transport::Connector> connector;
    std::unique_ptr<End> end;
    Handle attempt;
    Handle timer;
  };
  std::ostringstream trace;
  World world(seed, {.trace = &trace});
  Network& network = world.add<Network>(world);
  network.set_link({.break_chance = 0.01});
  Node& hub = world.add_node("hub");
  hub.start([&](Node& node) {
    struct Server {
      std::vector<std::unique_ptr<End>> ends;
      Handle listening;
    };
    auto server = std::make_shared<Server>();
    server->listening =
        network.listen(node, "hub:4455", [ends = &server->ends](Arrival arrival) -> Result<void> {
          ends->push_back(std::make_unique<End>());
          ends->back()->echoes = true;
          ends->back()->hold(std::move(arrival.connection));
          return {};
        });
    return server;
  });
  for (const char* name : {"a", "b", "c"})
    world.add_node(name).start(
        [&](Node& node) { return std::make_shared<Chatter>(node, network); });
  for (int fault = 0; fault < 40; ++fault) {
    world.run_for(world.random().between(milliseconds(1), seconds(3)));
    Node& victim = *world.nodes()[world.random().below(4)];
    switch (world.random().below(4)) {
      case 0:
        victim.restart();
        break;
      case 1:
        network.part({&victim}, world.random().chance(0.5) ? Partition::kStall : Partition::kBreak);
        break;
      default:
        network.heal();
        break;
    }
  }
  EXPECT_GT(network.messages_delivered(), 100U);
  return {trace.str(), world.fingerprint()};
}

TEST(Network, AWildRunIsTheSameForTheSameSeed) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    const auto [trace, fingerprint] = run_wild(seed);
    EXPECT_EQ(run_wild(seed), std::pair(trace, fingerprint)) << seed;
    EXPECT_NE(run_wild(seed + 100).first, trace);
  }
}

}  // namespace
}  // namespace syncline::simulation
