// The hub over streams in memory: its endpoints, who is let in, and its end.
#include "hub/hub.hpp"

#include <gtest/gtest.h>

#include "base/log.hpp"
#include "bus/codec.hpp"
#include "storage/memory.hpp"
#include "sync/syncer.hpp"
#include "sync/y_protocol.hpp"
#include "transport/connector.hpp"
#include "unit/transport/fakes.hpp"

namespace syncline::hub {
namespace {

using transport::RawPeer;
using transport::Recorder;
constexpr const char* kAddress = "127.0.0.1:4455";

class HubTest : public ::testing::Test {
 protected:
  HubTest() {
    log::install(
        [this](log::Level, std::string_view, std::string_view line) { log_.emplace_back(line); });
    HubOptions options{.listen = kAddress};
    const std::string page = "<p>page</p>";
    options.pages["/"] = {"text/html", share(Bytes(page.begin(), page.end()))};
    options.connections_max = 2;
    hub_.emplace(executor_, network_, host_, std::move(options));
    EXPECT_TRUE(hub_->start().ok());
  }
  ~HubTest() override { log::install({}); }

  std::string answer_to(const std::string& request) {
    std::string answer;
    const Handle attempt = network_.connect(kAddress, [&](auto stream) {
      RawPeer peer(std::unique_ptr<transport::FakeStream>(
          static_cast<transport::FakeStream*>(stream->release())));
      peer.send(request);
      executor_.run();
      answer = peer.text();
    });
    executor_.run();
    return answer;
  }
  std::string get(const std::string& path, const std::string& headers = {},
                  const std::string& method = "GET") {
    return answer_to(method + " " + path + " HTTP/1.1\r\nHost: 127.0.0.1:4455\r\n" + headers +
                     "\r\n");
  }
  static int status(const std::string& answer) {
    return answer.size() < 12 ? 0 : std::stoi(answer.substr(9, 3));
  }
  std::string upgrade(const std::string& path, const std::string& headers = {}) {
    return get(path,
               "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
               "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" +
                   headers);
  }
  Result<std::unique_ptr<transport::Connection>> connect(const std::string& target,
                                                         const std::string& subprotocol) {
    Result<std::unique_ptr<transport::Connection>> result = Error(Code::kTimeout, "no answer");
    attempt_ = connector_.connect("ws://" + std::string(kAddress) + target, subprotocol,
                                  [&](auto connection) { result = std::move(connection); });
    executor_.run();
    return result;
  }

  transport::FakeExecutor executor_;
  transport::FakeRandom random_;
  transport::FakeNetwork network_{executor_};
  storage::MemoryStorage storage_{executor_};
  sync::Host host_{executor_, executor_, random_, storage_};
  transport::WebSocketConnector connector_{executor_, network_, random_};
  std::vector<std::string> log_;
  std::optional<Hub> hub_;
  Handle attempt_;
};

TEST_F(HubTest, SaysWhereItListensAndThatItBelievesEverybody) {
  EXPECT_EQ(hub_->address(), kAddress);
  ASSERT_EQ(log_.size(), 2u);
  EXPECT_NE(log_[0].find("no authentication"), std::string::npos);
  EXPECT_EQ(log_[1], "listening on 127.0.0.1:4455");
}

TEST_F(HubTest, ListensOnLoopbackOnly) {
  for (const char* address : {"0.0.0.0:1", "192.168.0.1:1", "example.org:1", "[::]:1"}) {
    Hub hub(executor_, network_, host_, {.listen = address});
    EXPECT_EQ(hub.start().error().code(), Code::kDenied) << address;
  }
  Hub nonsense(executor_, network_, host_, {.listen = "nonsense"});
  EXPECT_EQ(nonsense.start().error().code(), Code::kMalformed);
  Hub second(executor_, network_, host_, {.listen = kAddress});
  EXPECT_EQ(second.start().error().code(), Code::kConflict);
}

TEST_F(HubTest, AnswersPlainRequests) {
  const std::string health = get("/healthz");
  EXPECT_EQ(status(health), 200);
  EXPECT_NE(health.find(R"({"status":"ok"})"), std::string::npos);
  EXPECT_EQ(status(get("/readyz")), 200);
  const std::string page = get("/");
  EXPECT_EQ(status(page), 200);
  EXPECT_NE(page.find("text/html"), std::string::npos);
  EXPECT_NE(page.find("<p>page</p>"), std::string::npos);
  const std::string head = get("/", {}, "HEAD");
  EXPECT_EQ(status(head), 200);
  EXPECT_EQ(head.find("<p>"), std::string::npos);
}

TEST_F(HubTest, AnswersErrorsAsJson) {
  const std::string missing = get("/nothing");
  EXPECT_EQ(status(missing), 404);
  EXPECT_NE(missing.find(R"("code":"not_found")"), std::string::npos);
  const std::string method = get("/", {}, "DELETE");
  EXPECT_EQ(status(method), 405);
  EXPECT_NE(method.find("Allow: GET, HEAD"), std::string::npos);
  EXPECT_EQ(status(get("/sync")), 426);
  EXPECT_EQ(status(get("/y/room")), 426);
}

TEST_F(HubTest, TurnsForeignPagesAwayBeforeTheUpgrade) {
  EXPECT_EQ(status(get("/", "Origin: https://example.org\r\n")), 403);
  EXPECT_EQ(status(upgrade("/y/room", "Origin: https://example.org\r\n")), 403);
  EXPECT_EQ(status(upgrade("/y/room", "Origin: http://localhost:1\r\n")), 101);
  EXPECT_EQ(status(answer_to("GET / HTTP/1.1\r\nHost: example.org\r\n\r\n")), 403);
}

TEST_F(HubTest, UpgradesWhatItKnows) {
  EXPECT_EQ(status(upgrade("/sync")), 400) << "without the subprotocol";
  EXPECT_EQ(status(upgrade("/sync", "Sec-WebSocket-Protocol: syncline.v1\r\n")), 101);
  EXPECT_EQ(status(upgrade("/nothing")), 404);
  EXPECT_EQ(status(upgrade("/y/")), 400);
  EXPECT_EQ(status(upgrade("/y/%FF")), 400);
  EXPECT_EQ(status(upgrade("/y/my%20room/%C3%A4")), 101);
}

TEST_F(HubTest, TakesTheIdentityOfTheUrlWhereHelloHasNone) {
  auto connection =
      connect("/sync?identity=hyperty%3A%2F%2Fexample.org%2Falice", bus::kSubprotocol);
  ASSERT_TRUE(connection.ok());
  Recorder recorder(std::move(*connection));
  recorder.connection->send(share(bus::encode(bus::Hello{.request = 1})));
  executor_.run();
  ASSERT_EQ(recorder.messages.size(), 1u);
  const auto welcome = bus::decode(view_of(recorder.messages[0]));
  EXPECT_EQ(std::get<bus::Welcome>(*welcome).identity, "hyperty://example.org/alice");
}

TEST_F(HubTest, SpeaksWithYjsClients) {
  auto connection = connect("/y/my%20room", "");
  ASSERT_TRUE(connection.ok()) << connection.error().message();
  Recorder recorder(std::move(*connection));
  recorder.connection->send(share({0, 0, 1, 0}));
  executor_.run();
  ASSERT_EQ(recorder.messages.size(), 2u);
  EXPECT_EQ(recorder.messages[1], std::string("\0\1\2\0\0", 5));
  // The same object, asked for through the sync-api.
  sync::Syncer syncer(executor_, executor_, random_, connector_,
                      {.link = {.url = "ws://" + std::string(kAddress) + "/sync",
                                .identity = "hyperty://example.org/alice",
                                .token = {}}});
  std::optional<bool> known;
  syncer.describe("yjs://local/my%20room", [&](Result<Value> about) { known = about.ok(); });
  executor_.run();
  EXPECT_EQ(known, true);
}

TEST_F(HubTest, LimitsItsConnections) {
  const auto one = connect("/y/a", "");
  const auto two = connect("/y/b", "");
  EXPECT_TRUE(one.ok() && two.ok());
  EXPECT_EQ(connect("/y/c", "").error().code(), Code::kUnavailable);
}

TEST_F(HubTest, NeverLogsATokenInAUrl) {
  EXPECT_TRUE(connect("/sync?token=secret", bus::kSubprotocol).ok());
  get("/nothing?token=secret");
  upgrade("/y/%FF?token=secret");
  for (const std::string& line : log_) EXPECT_EQ(line.find("secret"), std::string::npos) << line;
}

TEST_F(HubTest, ShutsDownWith1012) {
  auto connection = connect("/y/a", "");
  ASSERT_TRUE(connection.ok());
  Recorder recorder(std::move(*connection));
  recorder.connection->send(share({0, 0, 1, 0}));
  executor_.run();
  bool down = false;
  hub_->shutdown([&] { down = true; });
  EXPECT_EQ(status(get("/readyz")), 503);
  executor_.run();
  ASSERT_EQ(recorder.closes.size(), 1u);
  EXPECT_EQ(recorder.closes[0].code, transport::kCloseRestart);
  executor_.advance(transport::tuning::kLingerTimeout);
  EXPECT_TRUE(down);
}

}  // namespace
}  // namespace syncline::hub
