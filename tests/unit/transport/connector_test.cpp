// The client side of opening: URLs, answers, and the words of errors.
#include "transport/connector.hpp"

#include <gtest/gtest.h>

#include "transport/server.hpp"
#include "unit/transport/fakes.hpp"

namespace syncline::transport {
namespace {

using std::chrono::seconds;

TEST(WebSocketUrl, AddressesAndTargetsAreTakenApart) {
  const auto check = [](const char* url, const char* address, const char* target) {
    const auto parsed = parse_websocket_url(url);
    ASSERT_TRUE(parsed.ok()) << url;
    EXPECT_EQ(parsed->address, address);
    EXPECT_EQ(parsed->target, target);
  };
  check("ws://127.0.0.1:4455", "127.0.0.1:4455", "/");
  check("ws://hub.example.org/sync?token=a%20b", "hub.example.org:80", "/sync?token=a%20b");
  check("ws://localhost:1?x", "localhost:1", "/?x");
  check("ws://[::1]:4455/y/room", "[::1]:4455", "/y/room");
  check("ws://[fe80::1%eth0]", "[fe80::1%eth0]:80", "/");
  check("ws://a/b#fragment", "a:80", "/b");
}

TEST(WebSocketUrl, OthersAreRefusedWithAnExample) {
  for (const char* url : {"", "127.0.0.1:4455", "http://a", "ws://", "ws:///a", "ws://a:0",
                          "ws://a:65536", "ws://a:x", "ws://a:", "ws://user@a", "ws://a b",
                          "ws://a/b c", "ws://::1:80", "ws://[::1", "ws://[]:1"}) {
    const auto parsed = parse_websocket_url(url);
    ASSERT_FALSE(parsed.ok()) << url;
    EXPECT_EQ(parsed.error().code(), Code::kMalformed);
    EXPECT_NE(parsed.error().message().find("ws://127.0.0.1:4455"), std::string::npos);
  }
}

TEST(WebSocketUrl, TlsIsNotInThisVersion) {
  const auto parsed = parse_websocket_url("wss://a");
  ASSERT_FALSE(parsed.ok());
  EXPECT_NE(parsed.error().message().find("TLS is not in this version"), std::string::npos);
}

/// A server of which the test says what it answers to WebSocket requests.
class Answering final : public RequestHandler {
 public:
  void handle(Request, Respond respond) override { respond(Response::text(200, "hello")); }
  Upgrade upgrade(const Request& request) override {
    requests.push_back(request);
    if (status != 101) return Upgrade::refuse(Response::text(status, "because"));
    return Upgrade::accept(subprotocol, [this](std::unique_ptr<Connection> connection) {
      accepted.push_back(std::make_unique<Recorder>(std::move(connection)));
      if (on_open_send.empty()) return;
      accepted.back()->send(on_open_send);
    });
  }

  int status = 101;
  std::string subprotocol = "syncline.v1";
  std::string on_open_send;
  std::vector<Request> requests;
  std::vector<std::unique_ptr<Recorder>> accepted;
};

class ConnectorTest : public testing::Test {
 protected:
  void listen() { ASSERT_TRUE(server_.listen(network_, "127.0.0.1:4455").ok()); }
  Handle connect(const std::string& url = "ws://127.0.0.1:4455/sync?token=secret") {
    return connector_.connect(url, "syncline.v1",
                              [this](Result<std::unique_ptr<Connection>> result) {
                                ++answers_;
                                if (result.ok()) {
                                  client_.take(*std::move(result));
                                } else {
                                  code_ = result.error().code();
                                  message_ = result.error().message();
                                }
                              });
  }

  FakeExecutor executor_;
  FakeNetwork network_{executor_};
  FakeRandom random_;
  Answering handler_;
  Recorder client_;
  Server server_{executor_, handler_};
  WebSocketConnector connector_{executor_, network_, random_};
  int answers_ = 0;
  Code code_ = Code::kInternal;
  std::string message_;
};

TEST_F(ConnectorTest, AConnectionOpensAndCarriesMessages) {
  listen();
  const Handle attempt = connect();
  EXPECT_EQ(answers_, 0);
  executor_.run();
  ASSERT_TRUE(client_.connection) << message_;
  ASSERT_EQ(handler_.accepted.size(), 1u);
  client_.send("hello");
  handler_.accepted[0]->send("welcome");
  executor_.run();
  EXPECT_EQ(client_.messages, std::vector<std::string>{"welcome"});
  EXPECT_EQ(handler_.accepted[0]->messages, std::vector<std::string>{"hello"});
  EXPECT_EQ(handler_.requests[0].path, "/sync");
  EXPECT_EQ(handler_.requests[0].query_value("token"), "secret");
  EXPECT_EQ(handler_.requests[0].headers.find("host"), "127.0.0.1:4455");
}

TEST_F(ConnectorTest, ItWorksByteByByteToo) {
  network_.chunk = 1;
  handler_.on_open_send = "right behind the handshake";
  listen();
  const Handle attempt = connect();
  executor_.run();
  EXPECT_EQ(client_.messages, std::vector<std::string>{"right behind the handshake"});
}

TEST_F(ConnectorTest, AMessageRightBehindTheHandshakeArrives) {
  handler_.on_open_send = "right behind the handshake";
  listen();
  const Handle attempt = connect();
  executor_.run();
  EXPECT_EQ(client_.messages, std::vector<std::string>{"right behind the handshake"});
}

TEST_F(ConnectorTest, ExtraHeadersAreSent) {
  connector_.set_headers({{"Authorization", "Bearer abc"}});
  listen();
  const Handle attempt = connect();
  executor_.run();
  ASSERT_EQ(handler_.requests.size(), 1u);
  EXPECT_EQ(handler_.requests[0].headers.find("authorization"), "Bearer abc");
}

TEST_F(ConnectorTest, WhenNobodyListensTheErrorSaysWhatToDo) {
  const Handle attempt = connect();
  executor_.run();
  EXPECT_EQ(code_, Code::kUnavailable);
  EXPECT_EQ(message_,
            "no hub answers at ws://127.0.0.1:4455/sync (connection refused): start one with "
            "`syncline hub`");
}

TEST_F(ConnectorTest, RefusalsKeepTheirCodeAndReasonAndHideTheToken) {
  listen();
  for (const auto& [status, code] : std::map<int, Code>{{401, Code::kUnauthenticated},
                                                        {403, Code::kDenied},
                                                        {404, Code::kNotFound},
                                                        {410, Code::kGone},
                                                        {429, Code::kTooFast},
                                                        {400, Code::kMalformed},
                                                        {503, Code::kUnavailable}}) {
    handler_.status = status;
    const Handle attempt = connect();
    executor_.run();
    EXPECT_EQ(code_, code) << status;
    EXPECT_NE(message_.find(": because"), std::string::npos) << message_;
    EXPECT_EQ(message_.find("secret"), std::string::npos) << message_;
  }
}

TEST_F(ConnectorTest, AnotherSubprotocolIsNotAccepted) {
  handler_.subprotocol = "other";
  listen();
  const Handle attempt = connect();
  executor_.run();
  EXPECT_EQ(code_, Code::kUnavailable);
  EXPECT_NE(message_.find("'other'"), std::string::npos);
}

TEST_F(ConnectorTest, SomethingElseThatListensIsNamed) {
  std::vector<std::unique_ptr<Stream>> streams;
  auto listener = network_.listen("127.0.0.1:4455", [&](std::unique_ptr<Stream> stream) {
    stream->write(view_of("SSH-2.0-OpenSSH\r\n\r\n"));
    streams.push_back(std::move(stream));
  });
  ASSERT_TRUE(listener.ok());
  const Handle attempt = connect();
  executor_.run();
  EXPECT_EQ(code_, Code::kUnavailable);
  EXPECT_NE(message_.find("is not a hub: it did not answer with HTTP"), std::string::npos)
      << message_;
}

TEST_F(ConnectorTest, AStreamThatEndsWithoutAnAnswerFails) {
  auto listener =
      network_.listen("127.0.0.1:4455", [&](std::unique_ptr<Stream> stream) { stream.reset(); });
  ASSERT_TRUE(listener.ok());
  const Handle attempt = connect();
  executor_.run();
  EXPECT_EQ(code_, Code::kUnavailable);
  EXPECT_EQ(answers_, 1);
}

TEST_F(ConnectorTest, NoAnswerInTimeIsATimeout) {
  network_.black_hole = true;
  const Handle attempt = connect();
  executor_.advance(seconds(9));
  EXPECT_EQ(answers_, 0);
  executor_.advance(seconds(2));
  EXPECT_EQ(code_, Code::kTimeout);
  EXPECT_EQ(answers_, 1);
}

TEST_F(ConnectorTest, ABadUrlIsToldInALaterTurn) {
  const Handle attempt = connect("wss://a");
  EXPECT_EQ(answers_, 0);
  executor_.run();
  EXPECT_EQ(code_, Code::kMalformed);
}

TEST_F(ConnectorTest, AnEndedAttemptIsNotAnswered) {
  listen();
  Handle attempt = connect();
  attempt.reset();
  executor_.run();
  executor_.advance(seconds(20));
  EXPECT_EQ(answers_, 0);
}

TEST_F(ConnectorTest, AReleasedHandleLetsTheAttemptGoOn) {
  listen();
  connect().release();
  executor_.run();
  EXPECT_EQ(answers_, 1);
}

TEST_F(ConnectorTest, TheConnectorMayBeDestroyedInItsAnswer) {
  listen();
  auto connector = std::make_unique<WebSocketConnector>(executor_, network_, random_);
  Handle attempt = connector->connect("ws://127.0.0.1:4455", "syncline.v1", [&](auto result) {
    ASSERT_TRUE(result.ok());
    client_.take(*std::move(result));
    connector.reset();
  });
  executor_.run();
  attempt.reset();
  client_.send("still works");
  executor_.run();
  EXPECT_EQ(handler_.accepted[0]->messages, std::vector<std::string>{"still works"});
}

}  // namespace
}  // namespace syncline::transport
