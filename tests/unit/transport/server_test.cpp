// The server over streams in memory: requests by hand, timeouts, limits, upgrades, shutdown.
#include "transport/server.hpp"

#include <gtest/gtest.h>

#include "transport/websocket.hpp"
#include "unit/transport/fakes.hpp"

namespace syncline::transport {
namespace {

using std::chrono::seconds;

const std::string kUpgrade =
    "GET /sync HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

/// Echoes the path, or keeps the question for later.
class Echo final : public RequestHandler {
 public:
  void handle(Request request, Respond respond) override {
    requests.push_back(request);
    if (request.path == "/later") {
      later.push_back(std::move(respond));
    } else if (request.path == "/large") {
      respond(Response::of(200, "application/octet-stream", share(Bytes(large, 'x'))));
    } else {
      respond(Response::text(200, request.path + std::string(text_of(request.body))));
    }
  }
  Upgrade upgrade(const Request& request) override {
    if (request.path == "/refuse") return Upgrade::refuse(Response::text(403, "not you"));
    return Upgrade::accept("", [this](std::unique_ptr<Connection> connection) {
      sockets.push_back(std::make_unique<Recorder>(std::move(connection)));
    });
  }

  std::size_t large = 0;
  std::vector<Request> requests;
  std::vector<Respond> later;
  std::vector<std::unique_ptr<Recorder>> sockets;
};

class ServerTest : public testing::Test {
 protected:
  RawPeer& connect() {
    StreamPair pair = make_stream_pair(executor_);
    peers_.push_back(std::make_unique<RawPeer>(std::move(pair.a)));
    server_->serve(std::move(pair.b));
    return *peers_.back();
  }
  /// What comes back to some bytes.
  std::string answer_to(const std::string& text) {
    RawPeer& peer = connect();
    peer.send(text);
    executor_.run();
    return std::string(peer.text());
  }

  FakeExecutor executor_;
  FakeNetwork network_{executor_};
  Echo handler_;
  std::unique_ptr<Server> server_ =
      std::make_unique<Server>(executor_, handler_, ServerOptions{.streams_max = 20});
  std::vector<std::unique_ptr<RawPeer>> peers_;
};

std::string ok(const std::string& body, bool keep_alive = true) {
  return "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: " +
         std::to_string(body.size() + 1) +
         "\r\nConnection: " + (keep_alive ? "keep-alive" : "close") + "\r\n\r\n" + body + "\n";
}

TEST_F(ServerTest, ARequestIsAnsweredAndTheConnectionStays) {
  RawPeer& peer = connect();
  peer.send("GET /a HTTP/1.1\r\nHost: h\r\n\r\n");
  executor_.run();
  EXPECT_EQ(peer.text(), ok("/a"));
  peer.send("GET /b HTTP/1.1\r\nHost: h\r\n\r\n");
  executor_.run();
  EXPECT_EQ(peer.text(), ok("/a") + ok("/b"));
  EXPECT_FALSE(peer.closed);
  EXPECT_EQ(handler_.requests[0].peer, "127.0.0.1:50000");
  EXPECT_TRUE(handler_.requests[0].peer_is_loopback);
}

TEST_F(ServerTest, PipelinedRequestsAreAnsweredInOrder) {
  EXPECT_EQ(answer_to("POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nhiGET /b "
                      "HTTP/1.1\r\nHost: h\r\n\r\n"),
            ok("/ahi") + ok("/b"));
}

TEST_F(ServerTest, AnAnswerMayComeLaterAndHoldsBackTheNextRequest) {
  RawPeer& peer = connect();
  peer.send("GET /later HTTP/1.1\r\nHost: h\r\n\r\nGET /b HTTP/1.1\r\n");
  executor_.run();
  peer.send("Host: h\r\n\r\n");
  executor_.advance(seconds(100));
  EXPECT_EQ(peer.text(), "");
  handler_.later.at(0)(Response::text(200, "done"));
  executor_.run();
  EXPECT_EQ(peer.text(), ok("done") + ok("/b"));
  handler_.later.at(0)(Response::text(200, "twice"));
  executor_.run();
  EXPECT_EQ(peer.text(), ok("done") + ok("/b"));
}

TEST_F(ServerTest, AnAnswerToAClientThatLeftIsLost) {
  RawPeer& peer = connect();
  peer.send("GET /later HTTP/1.1\r\nHost: h\r\n\r\n");
  executor_.run();
  peer.stream.reset();
  executor_.run();
  EXPECT_EQ(server_->stream_count(), 0u);
  handler_.later.at(0)(Response::text(200, "done"));
}

TEST_F(ServerTest, AFloodBehindAPendingAnswerIsPaused) {
  RawPeer& peer = connect();
  peer.stream->out().chunk = 10'000;
  peer.send("GET /later HTTP/1.1\r\nHost: h\r\n\r\n");
  executor_.run();
  for (int i = 0; i < 100; ++i)
    peer.send("GET /" + std::string(10'000, 'x') + " HTTP/1.1\r\nHost: h\r\n\r\n");
  executor_.run();
  EXPECT_GT(peer.stream->queued_bytes(), 900'000u);
  handler_.later.at(0)(Response::text(200, "done"));
  executor_.run();
  EXPECT_EQ(handler_.requests.size(), 101u);
}

TEST_F(ServerTest, HeadHasTheLengthButNoBody) {
  EXPECT_EQ(answer_to("HEAD /a HTTP/1.1\r\nHost: h\r\n\r\n"),
            "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 3\r\n"
            "Connection: keep-alive\r\n\r\n");
}

TEST_F(ServerTest, ConnectionCloseIsObeyed) {
  RawPeer& peer = connect();
  peer.send(
      "GET /a HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\nGET /ignored HTTP/1.1\r\nHost: "
      "h\r\n\r\n");
  executor_.run();
  EXPECT_EQ(peer.text(), ok("/a", false));
  EXPECT_TRUE(peer.closed);
  EXPECT_EQ(server_->stream_count(), 0u);
}

TEST_F(ServerTest, Version10ClosesUnlessAskedToStay) {
  EXPECT_EQ(answer_to("GET /a HTTP/1.0\r\n\r\n"), ok("/a", false));
  EXPECT_EQ(answer_to("GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"), ok("/a"));
}

TEST_F(ServerTest, WhatIsNotHttpGets400AndTheEnd) {
  for (const std::string& garbage :
       {std::string("\x16\x03\x01\x02\x00", 5), std::string("hello\r\n\r\n"),
        std::string(20'000, 'A'), std::string("\r\n\r\n\r\n\x00", 7)}) {
    const std::string answer = answer_to(garbage);
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 4")) << answer;
    EXPECT_TRUE(peers_.back()->closed);
  }
}

TEST_F(ServerTest, ABodyPastTheLimitGets413BeforeItIsSent) {
  EXPECT_TRUE(answer_to("PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 999999999\r\n\r\n")
                  .starts_with("HTTP/1.1 413"));
}

TEST_F(ServerTest, AClientThatExpects100GetsIt) {
  RawPeer& peer = connect();
  peer.send("PUT /a HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
  executor_.run();
  EXPECT_EQ(peer.text(), "HTTP/1.1 100 Continue\r\n\r\n");
  peer.send("hi");
  executor_.run();
  EXPECT_EQ(peer.text(), "HTTP/1.1 100 Continue\r\n\r\n" + ok("/ahi"));
}

TEST_F(ServerTest, AnUpgradeBecomesAWebSocket) {
  RawPeer& peer = connect();
  const Bytes early = encode_client_frame(Opcode::kBinary, view_of("early"), {1, 2, 3, 4});
  peer.send(kUpgrade + std::string(text_of(early)));
  executor_.run();
  EXPECT_TRUE(peer.text().starts_with("HTTP/1.1 101 Switching Protocols\r\n"));
  ASSERT_EQ(handler_.sockets.size(), 1u);
  EXPECT_EQ(handler_.sockets[0]->messages, std::vector<std::string>{"early"});
  EXPECT_EQ(server_->websocket_count(), 1u);
  EXPECT_EQ(server_->stream_count(), 1u);
  executor_.advance(seconds(20));
  EXPECT_TRUE(handler_.sockets[0]->closes.empty());
}

TEST_F(ServerTest, ARefusedUpgradeIsAnsweredAndEnds) {
  std::string request = kUpgrade;
  request.replace(request.find("/sync"), 5, "/refuse");
  EXPECT_TRUE(answer_to(request).starts_with("HTTP/1.1 403 Forbidden\r\n"));
  EXPECT_TRUE(peers_.back()->closed);
}

TEST_F(ServerTest, ABadUpgradeNeverReachesTheHandler) {
  std::string request = kUpgrade;
  request.replace(request.find("13"), 2, "12");
  EXPECT_TRUE(answer_to(request).starts_with("HTTP/1.1 426 Upgrade Required\r\n"));
}

TEST_F(ServerTest, AHandlerMayDestroyTheConnectionAtOnce) {
  class Dropping final : public RequestHandler {
    void handle(Request, Respond) override {}
    Upgrade upgrade(const Request&) override {
      return Upgrade::accept("", [](std::unique_ptr<Connection>) {});
    }
  } dropping;
  server_ = std::make_unique<Server>(executor_, dropping);
  answer_to(kUpgrade);
  EXPECT_TRUE(peers_.back()->closed);
  EXPECT_EQ(server_->stream_count(), 0u);
}

TEST_F(ServerTest, ASilentClientIsDroppedAfterTheHandshakeTime) {
  RawPeer& peer = connect();
  executor_.advance(seconds(9));
  EXPECT_FALSE(peer.closed);
  executor_.advance(seconds(2));
  EXPECT_TRUE(peer.closed);
  EXPECT_EQ(peer.text(), "");
}

TEST_F(ServerTest, ASlowHeadGets408HoweverOftenAByteArrives) {
  RawPeer& peer = connect();
  for (int i = 0; i < 12; ++i) {
    if (peer.stream) peer.send("G");
    executor_.advance(seconds(1));
  }
  EXPECT_TRUE(peer.text().starts_with("HTTP/1.1 408")) << peer.text();
  EXPECT_TRUE(peer.closed);
}

TEST_F(ServerTest, ASlowBodyThatGetsOnIsAwaited) {
  RawPeer& peer = connect();
  peer.send("PUT /a HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\n");
  for (int i = 0; i < 5; ++i) {
    executor_.advance(seconds(50));
    ASSERT_TRUE(peer.stream);
    peer.send("x");
  }
  executor_.run();
  EXPECT_EQ(peer.text(), ok("/axxxxx"));
}

TEST_F(ServerTest, AStalledBodyGets408) {
  RawPeer& peer = connect();
  peer.send("PUT /a HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\n");
  executor_.advance(seconds(130));
  EXPECT_TRUE(peer.text().starts_with("HTTP/1.1 408"));
}

TEST_F(ServerTest, AnIdleConnectionEndsQuietly) {
  RawPeer& peer = connect();
  peer.send("GET /a HTTP/1.1\r\nHost: h\r\n\r\n");
  executor_.advance(seconds(59));
  EXPECT_FALSE(peer.closed);
  executor_.advance(seconds(62));
  EXPECT_TRUE(peer.closed);
  EXPECT_EQ(peer.text(), ok("/a"));
}

TEST_F(ServerTest, ASlowReaderOfALargeResponseGetsItAll) {
  handler_.large = 1'000'000;
  RawPeer& peer = connect();
  peer.stream->in().stalled = true;
  peer.send("GET /large HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  executor_.run();
  for (int i = 0; i < 20; ++i) {
    executor_.advance(tuning::kLingerTimeout * 9 / 10);
    peer.stream->in().stalled = false;
    peer.stream->in().chunk = 100'000;
    Pipe& pipe = peer.stream->in();
    const std::size_t size = std::min<std::size_t>(pipe.bytes.size(), 100'000);
    peer.received.insert(peer.received.end(), pipe.bytes.begin(),
                         pipe.bytes.begin() + static_cast<std::ptrdiff_t>(size));
    pipe.bytes.erase(pipe.bytes.begin(), pipe.bytes.begin() + static_cast<std::ptrdiff_t>(size));
    pipe.stalled = true;
  }
  EXPECT_GT(peer.received.size(), 1'000'000u);
}

TEST_F(ServerTest, PastTheLimitOfStreamsNewOnesGet503) {
  for (int i = 0; i < 20; ++i) connect();
  EXPECT_TRUE(answer_to("").starts_with("HTTP/1.1 503"));
  EXPECT_TRUE(peers_.back()->closed);
  peers_.front()->stream.reset();
  executor_.run();
  EXPECT_EQ(answer_to("GET /a HTTP/1.1\r\nHost: h\r\n\r\n"), ok("/a"));
}

TEST_F(ServerTest, ListenersAcceptAndSayWhereTheyAre) {
  ASSERT_TRUE(server_->listen(network_, "127.0.0.1:1").ok());
  EXPECT_TRUE(server_->loopback_only());
  ASSERT_TRUE(server_->listen(network_, "10.0.0.1:1").ok());
  EXPECT_FALSE(server_->loopback_only());
  EXPECT_EQ(server_->addresses(), (std::vector<std::string>{"127.0.0.1:1", "10.0.0.1:1"}));
  const auto again = server_->listen(network_, "10.0.0.1:1");
  ASSERT_FALSE(again.ok());
  EXPECT_EQ(again.error().code(), Code::kConflict);
}

TEST_F(ServerTest, ShutdownClosesWebSocketsWith1012AndThenReports) {
  RawPeer& socket = connect();
  socket.send(kUpgrade);
  RawPeer& idle = connect();
  executor_.run();
  bool done = false;
  server_->shutdown([&done] { done = true; });
  EXPECT_FALSE(done);
  executor_.run();
  EXPECT_TRUE(idle.closed);
  EXPECT_FALSE(done);
  const Bytes close = encode_server_frame(
      Opcode::kClose, close_payload({.code = kCloseRestart, .reason = "the hub is restarting"}));
  EXPECT_TRUE(socket.text().ends_with(text_of(close)));
  socket.stream->write(
      encode_client_frame(Opcode::kClose, close_payload({1012, ""}), {1, 2, 3, 4}));
  executor_.run();
  EXPECT_TRUE(done);
  ASSERT_EQ(handler_.sockets[0]->closes.size(), 1u);
  EXPECT_EQ(handler_.sockets[0]->closes[0].code, kCloseRestart);
}

TEST_F(ServerTest, ShutdownLetsARequestUnderWayBeAnswered) {
  RawPeer& peer = connect();
  peer.send("GET /later HTTP/1.1\r\nHost: h\r\n\r\n");
  executor_.run();
  bool done = false;
  server_->shutdown([&done] { done = true; });
  executor_.run();
  EXPECT_FALSE(done);
  handler_.later.at(0)(Response::text(200, "done"));
  executor_.run();
  EXPECT_EQ(peer.text(), ok("done", false));
  EXPECT_TRUE(done);
}

TEST_F(ServerTest, ShutdownOfAnEmptyServerReportsInALaterTurn) {
  bool done = false;
  server_->shutdown([&done] { done = true; });
  EXPECT_FALSE(done);
  executor_.run();
  EXPECT_TRUE(done);
}

TEST_F(ServerTest, ShutdownDoesNotWaitForeverForAnyone) {
  connect().send(kUpgrade);
  connect().send("GET /later HTTP/1.1\r\nHost: h\r\n\r\n");
  executor_.run();
  bool done = false;
  server_->shutdown([&done] { done = true; });
  executor_.advance(seconds(10));
  EXPECT_TRUE(done);
  EXPECT_EQ(server_->stream_count(), 0u);
}

TEST_F(ServerTest, AServerMayBeDestroyedWithEverythingUnderWay) {
  connect().send(kUpgrade);
  connect().send("GET /later HTTP/1.1\r\nHost: h\r\n\r\n");
  connect().send("GET /ha");
  executor_.run();
  server_->shutdown([] {});
  server_.reset();
  executor_.run();
  handler_.later.at(0)(Response::text(200, "done"));
  handler_.sockets[0]->send("to nobody");
  executor_.advance(seconds(100));
}

}  // namespace
}  // namespace syncline::transport
