// WebSocket connections over streams in memory: both roles against each other, and against bytes
// written by hand.
#include "transport/websocket_connection.hpp"

#include <gtest/gtest.h>

#include "unit/transport/fakes.hpp"

namespace syncline::transport {
namespace {

using std::chrono::seconds;

constexpr std::array<std::uint8_t, 4> kMask{1, 2, 3, 4};

class WebSocketConnectionTest : public testing::Test {
 protected:
  WebSocketGroup::Timing timing_{.ping_interval = seconds(30), .close_timeout = seconds(5)};

  std::unique_ptr<Connection> make(std::unique_ptr<Stream> stream, Role role, ByteView early = {}) {
    return make_websocket(executor_, group_, std::move(stream),
                          {.role = role, .message_bytes_max = 1000, .random = &random_}, early);
  }
  void connect() {
    StreamPair pair = make_stream_pair(executor_);
    client_.take(make(std::move(pair.a), Role::kClient));
    server_.take(make(std::move(pair.b), Role::kServer));
  }
  /// A server's connection, with a peer that speaks bytes.
  RawPeer& connect_raw(ByteView early = {}) {
    StreamPair pair = make_stream_pair(executor_);
    raw_ = std::make_unique<RawPeer>(std::move(pair.a));
    server_.take(make(std::move(pair.b), Role::kServer, early));
    return *raw_;
  }
  void raw_send(Opcode opcode, std::string_view payload) {
    raw_->stream->write(encode_client_frame(opcode, view_of(payload), kMask));
  }
  std::string raw_frame(Opcode opcode, std::string_view payload) {
    const Bytes frame = encode_server_frame(opcode, view_of(payload));
    return std::string(text_of(frame));
  }
  std::string close_frame(std::uint16_t code, const std::string& reason = "") {
    const Bytes payload = close_payload({code, reason});
    return raw_frame(Opcode::kClose, text_of(payload));
  }

  FakeExecutor executor_;
  FakeRandom random_;
  std::shared_ptr<WebSocketGroup> group_ = std::make_shared<WebSocketGroup>(executor_, timing_);
  Recorder client_;
  Recorder server_;
  std::unique_ptr<RawPeer> raw_;
};

TEST_F(WebSocketConnectionTest, MessagesGoBothWays) {
  connect();
  client_.send("to the server");
  server_.send("to the client");
  server_.send("");
  executor_.run();
  EXPECT_EQ(server_.messages, std::vector<std::string>{"to the server"});
  EXPECT_EQ(client_.messages, (std::vector<std::string>{"to the client", ""}));
}

TEST_F(WebSocketConnectionTest, TheClosingSideHearsOnceTheOtherAgreed) {
  connect();
  client_.connection->close(4000, "done");
  EXPECT_TRUE(client_.closes.empty());
  executor_.run();
  EXPECT_EQ(client_.closes, (std::vector<Close>{{4000, "done"}}));
  EXPECT_EQ(server_.closes, (std::vector<Close>{{4000, "done"}}));
  EXPECT_EQ(group_->size(), 0u);
  EXPECT_EQ(executor_.timer_count(), 0u);
}

TEST_F(WebSocketConnectionTest, BothMayCloseAtOnce) {
  connect();
  client_.connection->close(4001, "client");
  server_.connection->close(4002, "server");
  executor_.run();
  EXPECT_EQ(client_.closes.size(), 1u);
  EXPECT_EQ(server_.closes.size(), 1u);
  EXPECT_EQ(group_->size(), 0u);
}

TEST_F(WebSocketConnectionTest, WhatIsQueuedLeavesBeforeTheClose) {
  connect();
  server_.send("last");
  server_.connection->close(kCloseRestart, "");
  server_.send("too late");
  executor_.run();
  EXPECT_EQ(client_.messages, std::vector<std::string>{"last"});
  EXPECT_EQ(client_.closes, (std::vector<Close>{{kCloseRestart, ""}}));
}

TEST_F(WebSocketConnectionTest, ACloseGoesThroughAlthoughItsOwnerLetGo) {
  connect();
  server_.connection->close(4403, "forbidden");
  server_.connection.reset();
  executor_.run();
  EXPECT_EQ(client_.closes, (std::vector<Close>{{4403, "forbidden"}}));
  EXPECT_TRUE(server_.closes.empty());
  EXPECT_EQ(group_->size(), 0u);
}

TEST_F(WebSocketConnectionTest, DestroyingDropsTheOtherSide) {
  connect();
  server_.connection.reset();
  executor_.run();
  ASSERT_EQ(client_.closes.size(), 1u);
  EXPECT_EQ(client_.closes[0].code, kCloseAbnormal);
}

TEST_F(WebSocketConnectionTest, ACloseWithoutACodeIsReportedAs1005AndEchoedEmpty) {
  connect_raw();
  raw_send(Opcode::kClose, "");
  executor_.run();
  EXPECT_EQ(server_.closes, (std::vector<Close>{{kCloseNoCode, ""}}));
  EXPECT_EQ(raw_->text(), raw_frame(Opcode::kClose, ""));
  EXPECT_TRUE(raw_->closed);
}

TEST_F(WebSocketConnectionTest, ACloseIsEchoedWithItsCode) {
  connect_raw();
  raw_send(Opcode::kClose, text_of(close_payload({4404, "gone"})));
  executor_.run();
  EXPECT_EQ(server_.closes, (std::vector<Close>{{4404, "gone"}}));
  EXPECT_EQ(raw_->text(), close_frame(4404));
}

TEST_F(WebSocketConnectionTest, AnUnansweredCloseEndsAfterItsTime) {
  connect_raw();
  server_.connection->close(1000, "");
  executor_.advance(seconds(4));
  EXPECT_TRUE(server_.closes.empty());
  executor_.advance(seconds(2));
  ASSERT_EQ(server_.closes.size(), 1u);
  EXPECT_EQ(server_.closes[0].code, kCloseAbnormal);
  EXPECT_TRUE(raw_->closed);
}

TEST_F(WebSocketConnectionTest, APeerThatNeverEndsTheStreamIsResetAfterTheClose) {
  connect_raw();
  raw_->stream->out().stalled = false;
  raw_send(Opcode::kClose, "");
  raw_->stream->set_events(nullptr);
  executor_.run();
  EXPECT_EQ(group_->size(), 1u);
  executor_.advance(seconds(3));
  EXPECT_EQ(group_->size(), 0u);
}

TEST_F(WebSocketConnectionTest, PingsAreAnsweredWithTheirPayload) {
  connect_raw();
  raw_send(Opcode::kPing, "abc");
  executor_.run();
  EXPECT_EQ(raw_->text(), raw_frame(Opcode::kPong, "abc"));
}

TEST_F(WebSocketConnectionTest, AFloodOfPingsByOneWhoDoesNotReadIsBounded) {
  connect_raw();
  raw_->stream->in().stalled = true;
  for (int i = 0; i < 5000; ++i) raw_send(Opcode::kPing, std::string(100, 'p'));
  executor_.run();
  EXPECT_LE(server_.connection->queued_bytes(), tuning::kPongQueueBytesMax + 200);
}

TEST_F(WebSocketConnectionTest, TextIsAnsweredWith1003) {
  connect_raw();
  raw_send(Opcode::kText, "hello");
  executor_.run();
  ASSERT_EQ(server_.closes.size(), 1u);
  EXPECT_EQ(server_.closes[0].code, kCloseUnsupported);
  EXPECT_TRUE(raw_->text().starts_with(close_frame(1003, server_.closes[0].reason)));
}

TEST_F(WebSocketConnectionTest, AMessagePastTheLimitIsAnsweredWith1009AndTheRestIsIgnored) {
  connect_raw();
  raw_send(Opcode::kBinary, std::string(1001, 'x'));
  raw_send(Opcode::kBinary, "after");
  executor_.run();
  ASSERT_EQ(server_.closes.size(), 1u);
  EXPECT_EQ(server_.closes[0].code, kCloseTooLarge);
  EXPECT_TRUE(server_.messages.empty());
  EXPECT_TRUE(raw_->text().starts_with(close_frame(1009, server_.closes[0].reason)));
}

TEST_F(WebSocketConnectionTest, GarbageIsAnsweredWith1002) {
  connect_raw();
  raw_->send("GET / HTTP/1.1\r\n");
  executor_.run();
  ASSERT_EQ(server_.closes.size(), 1u);
  EXPECT_EQ(server_.closes[0].code, kCloseProtocol);
}

TEST_F(WebSocketConnectionTest, EarlyBytesAreDecodedOnceTheEventsAreSet) {
  const Bytes early = encode_client_frame(Opcode::kBinary, view_of("early"), kMask);
  connect_raw(early);
  raw_send(Opcode::kBinary, "later");
  EXPECT_TRUE(server_.messages.empty());
  executor_.run();
  EXPECT_EQ(server_.messages, (std::vector<std::string>{"early", "later"}));
}

TEST_F(WebSocketConnectionTest, EveryConnectionIsPingedOnceAnInterval) {
  connect_raw();
  executor_.advance(seconds(30));
  EXPECT_EQ(raw_->text(), raw_frame(Opcode::kPing, ""));
  raw_send(Opcode::kPong, "");
  executor_.advance(seconds(30));
  EXPECT_EQ(raw_->text(), raw_frame(Opcode::kPing, "") + raw_frame(Opcode::kPing, ""));
  EXPECT_TRUE(server_.closes.empty());
}

TEST_F(WebSocketConnectionTest, ASilentPeerIsDroppedAtTheSecondPing) {
  connect_raw();
  executor_.advance(seconds(61));
  ASSERT_EQ(server_.closes.size(), 1u);
  EXPECT_EQ(server_.closes[0].code, kCloseAbnormal);
  EXPECT_EQ(executor_.timer_count(), 0u);
}

TEST_F(WebSocketConnectionTest, TwoConnectionsKeepEachOtherAliveForHours) {
  connect();
  executor_.advance(std::chrono::hours(3));
  EXPECT_TRUE(server_.closes.empty());
  EXPECT_TRUE(client_.closes.empty());
}

TEST_F(WebSocketConnectionTest, ASlowReaderThatGetsOnIsNotDropped) {
  connect_raw();
  raw_->stream->in().stalled = true;
  server_.send(std::string(1000, 'x'));
  for (int i = 0; i < 6; ++i) {
    executor_.advance(seconds(30));
    // Takes a little by hand: the stream has no turn of its own while it is stalled.
    raw_->stream->in().bytes.erase(raw_->stream->in().bytes.begin(),
                                   raw_->stream->in().bytes.begin() + 20);
  }
  EXPECT_TRUE(server_.closes.empty());
  executor_.advance(seconds(61));
  EXPECT_EQ(server_.closes.size(), 1u);
}

TEST_F(WebSocketConnectionTest, QueuedBytesAndDrainedComeFromTheStream) {
  connect_raw();
  raw_->stream->in().stalled = true;
  server_.send("12345");
  EXPECT_EQ(server_.connection->queued_bytes(), 7u);
  executor_.run();
  EXPECT_EQ(server_.drained, 0);
  raw_->stream->in().stalled = false;
  raw_->stream->pause(false);
  executor_.run();
  EXPECT_EQ(server_.connection->queued_bytes(), 0u);
  EXPECT_EQ(server_.drained, 1);
}

TEST_F(WebSocketConnectionTest, AHandlerMayDestroyItsConnectionInsideAMessage) {
  connect();
  server_.on_message_hook = [this] { server_.connection.reset(); };
  client_.send("one");
  client_.send("two");
  executor_.run();
  EXPECT_EQ(server_.messages, std::vector<std::string>{"one"});
  EXPECT_EQ(client_.closes.size(), 1u);
  EXPECT_EQ(group_->size(), 0u);
}

TEST_F(WebSocketConnectionTest, AHandlerMayDestroyItsConnectionWhenItHearsOfTheClose) {
  connect();
  server_.on_closed_hook = [this] { server_.connection.reset(); };
  client_.on_closed_hook = [this] { client_.connection.reset(); };
  client_.connection->close(1000, "");
  executor_.run();
  EXPECT_EQ(client_.closes, (std::vector<Close>{{1000, ""}}));
  EXPECT_EQ(server_.closes, (std::vector<Close>{{1000, ""}}));
  EXPECT_EQ(group_->size(), 0u);
}

TEST_F(WebSocketConnectionTest, AGroupClosesAllAndSaysWhenItIsEmpty) {
  connect();
  int empty = 0;
  group_->set_on_empty([&empty] { ++empty; });
  group_->close_all(kCloseRestart, "restart");
  executor_.run();
  EXPECT_EQ(empty, 1);
  ASSERT_EQ(server_.closes.size(), 1u);
  EXPECT_EQ(server_.closes[0].code, kCloseRestart);
}

TEST_F(WebSocketConnectionTest, AnAbandonedGroupResetsWhatLingers) {
  connect_raw();
  server_.connection->close(1000, "");
  server_.connection.reset();
  EXPECT_EQ(group_->size(), 1u);
  group_->abandon();
  EXPECT_EQ(group_->size(), 0u);
}

TEST_F(WebSocketConnectionTest, WhatIsLetGoAfterItsGroupWasAbandonedIsResetToo) {
  connect_raw();
  server_.connection->close(1000, "");
  group_->abandon();
  EXPECT_EQ(group_->size(), 1u);
  server_.connection.reset();
  EXPECT_EQ(group_->size(), 0u);
}

}  // namespace
}  // namespace syncline::transport
