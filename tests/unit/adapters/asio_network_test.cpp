// Real sockets on this machine: streams by themselves, and the whole server and connector over
// them.
#include "adapters/asio/network.hpp"

#include <gtest/gtest.h>

#include <numeric>
#include <optional>

#include "adapters/asio/system.hpp"
#include "transport/connector.hpp"
#include "transport/server.hpp"
#include "unit/transport/fakes.hpp"

namespace syncline::adapters {
namespace {

using std::chrono::seconds;
using transport::Close;
using transport::Connection;
using transport::Recorder;
using transport::Stream;

constexpr Duration kLong = seconds(30);

/// Writes down what a stream reports.
class StreamRecorder final : public transport::StreamEvents {
 public:
  void take(std::unique_ptr<Stream> its_stream) {
    stream = std::move(its_stream);
    stream->set_events(this);
  }
  void on_bytes(ByteView bytes) override {
    received.insert(received.end(), bytes.begin(), bytes.end());
    if (echo) stream->write(bytes);
  }
  void on_drained() override { ++drained; }
  void on_closed(const std::string& why) override { closed = why; }

  std::unique_ptr<Stream> stream;
  Bytes received;
  bool echo = false;
  int drained = 0;
  std::optional<std::string> closed;
};

Bytes pattern(std::size_t size) {
  Bytes bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::uint8_t>(i * 31 + i / 251);
  return bytes;
}

class AsioNetworkTest : public testing::Test {
 protected:
  ~AsioNetworkTest() override {
    const auto guard = executor_->enter();
    accepted_.clear();
    client_.stream.reset();
    listener_.reset();
  }

  void listen(const std::string& address = "127.0.0.1:0") {
    auto listener = network_.listen(address, [this](std::unique_ptr<Stream> stream) {
      accepted_.push_back(std::make_unique<StreamRecorder>());
      accepted_.back()->echo = echo_;
      accepted_.back()->take(std::move(stream));
    });
    ASSERT_TRUE(listener.ok()) << listener.error().message();
    const auto guard = executor_->enter();
    listener_ = *std::move(listener);
  }
  void connect(const std::string& address) {
    bool answered = false;
    const Handle attempt = network_.connect(address, [&](Result<std::unique_ptr<Stream>> stream) {
      answered = true;
      if (stream.ok()) {
        client_.take(*std::move(stream));
      } else {
        error_ = stream.error().code();
      }
    });
    ASSERT_TRUE(wait([&] { return answered; }));
  }
  bool wait(const std::function<bool()>& done) { return executor_->run_until(done, kLong); }

  AsioLoop loop_;
  std::unique_ptr<AsioExecutor> executor_ = loop_.make_executor();
  AsioNetwork network_{*executor_};
  bool echo_ = false;
  std::vector<std::unique_ptr<StreamRecorder>> accepted_;
  std::unique_ptr<transport::Listener> listener_;
  StreamRecorder client_;
  std::optional<Code> error_;
};

TEST_F(AsioNetworkTest, BytesAreEchoed) {
  echo_ = true;
  listen();
  connect(listener_->address());
  {
    const auto guard = executor_->enter();
    client_.stream->write(view_of("hello "));
    client_.stream->write(share({'w', 'o', 'r', 'l', 'd'}));
  }
  EXPECT_TRUE(wait([&] { return text_of(client_.received) == "hello world"; }));
  const auto guard = executor_->enter();
  EXPECT_TRUE(client_.stream->peer_is_loopback());
  EXPECT_EQ(client_.stream->peer(), listener_->address());
  EXPECT_TRUE(accepted_[0]->stream->peer().starts_with("127.0.0.1:"));
}

TEST_F(AsioNetworkTest, ManyBuffersOfEverySizeArriveInOrder) {
  listen();
  connect(listener_->address());
  Bytes expected;
  {
    const auto guard = executor_->enter();
    for (std::size_t i = 0; i < 500; ++i) {
      Bytes piece = pattern(i % 7 == 0 ? 5000 + i : i);
      expected.insert(expected.end(), piece.begin(), piece.end());
      if (i % 3 == 0) {
        client_.stream->write(ByteView(piece));
      } else {
        client_.stream->write(share(std::move(piece)));
      }
    }
    EXPECT_EQ(client_.stream->queued_bytes(), expected.size());
  }
  ASSERT_TRUE(
      wait([&] { return !accepted_.empty() && accepted_[0]->received.size() >= expected.size(); }));
  EXPECT_EQ(accepted_[0]->received, expected);
  EXPECT_TRUE(wait([&] { return client_.drained == 1 && client_.stream->queued_bytes() == 0; }));
}

TEST_F(AsioNetworkTest, AReaderThatPausesHoldsTheWriterBack) {
  listen();
  connect(listener_->address());
  ASSERT_TRUE(wait([&] { return !accepted_.empty(); }));
  const std::size_t size = 64 * 1024 * 1024;
  {
    const auto guard = executor_->enter();
    accepted_[0]->stream->pause(true);
    client_.stream->write(share(pattern(size)));
  }
  bool turned = false;
  executor_->post([&] { turned = true; });
  ASSERT_TRUE(wait([&] { return turned; }));
  {
    const auto guard = executor_->enter();
    EXPECT_GT(client_.stream->queued_bytes(), 0u);
    EXPECT_EQ(client_.drained, 0);
    accepted_[0]->stream->pause(false);
  }
  ASSERT_TRUE(wait([&] { return accepted_[0]->received.size() == size; }));
  EXPECT_TRUE(accepted_[0]->received == pattern(size));
}

TEST_F(AsioNetworkTest, FinishSendsEverythingAndThenTheEnd) {
  listen();
  connect(listener_->address());
  {
    const auto guard = executor_->enter();
    client_.stream->write(share(pattern(3'000'000)));
    client_.stream->finish();
    client_.stream->write(view_of("ignored"));
  }
  ASSERT_TRUE(wait([&] { return !accepted_.empty() && accepted_[0]->closed; }));
  EXPECT_EQ(accepted_[0]->received.size(), 3'000'000u);
  EXPECT_TRUE(wait([&] { return client_.closed.has_value(); }));
}

TEST_F(AsioNetworkTest, AfterFinishTheOtherSideMayStillSpeak) {
  listen();
  connect(listener_->address());
  {
    const auto guard = executor_->enter();
    client_.stream->write(view_of("a"));
  }
  ASSERT_TRUE(wait([&] { return !accepted_.empty() && accepted_[0]->received.size() == 1; }));
  {
    const auto guard = executor_->enter();
    accepted_[0]->stream->finish();
    client_.stream.reset();
  }
  EXPECT_TRUE(wait([&] { return accepted_[0]->closed.has_value(); }));
}

TEST_F(AsioNetworkTest, NamesAndIpv6AreUnderstood) {
  listen("localhost:0");
  EXPECT_TRUE(listener_->loopback_only());
  const std::string port = listener_->address().substr(listener_->address().rfind(':'));
  connect("localhost" + port);
  EXPECT_TRUE(client_.stream);

  auto six = network_.listen("[::1]:0", [](std::unique_ptr<Stream>) {});
  if (!six.ok()) GTEST_SKIP() << "no IPv6 here: " << six.error().message();
  EXPECT_TRUE((*six)->address().starts_with("[::1]:"));
  EXPECT_TRUE((*six)->loopback_only());
  auto any = network_.listen("0.0.0.0:0", [](std::unique_ptr<Stream>) {});
  ASSERT_TRUE(any.ok());
  EXPECT_FALSE((*any)->loopback_only());
}

TEST_F(AsioNetworkTest, APortInUseIsAConflictThatSaysWhich) {
  listen();
  const std::string address = listener_->address();
  const auto again = network_.listen(address, [](std::unique_ptr<Stream>) {});
  ASSERT_FALSE(again.ok());
  EXPECT_EQ(again.error().code(), Code::kConflict);
  EXPECT_TRUE(again.error().message().starts_with("port " + address.substr(address.rfind(':') + 1) +
                                                  " of 127.0.0.1 is in use"))
      << again.error().message();
}

TEST_F(AsioNetworkTest, BadAddressesAreMalformed) {
  for (const char* address :
       {"", ":", "4455", ":4455", "127.0.0.1", "127.0.0.1:", "127.0.0.1:x", "127.0.0.1:65536",
        "127.0.0.1:-1", "::1:80", "[::1:80", "[]:80", "192.0.2.1:0"}) {
    const auto listener = network_.listen(address, [](std::unique_ptr<Stream>) {});
    ASSERT_FALSE(listener.ok()) << address;
    EXPECT_EQ(listener.error().code(), Code::kMalformed) << address;
  }
  connect("nonsense");
  EXPECT_EQ(error_, Code::kMalformed);
}

TEST_F(AsioNetworkTest, ARefusedConnectionIsUnavailable) {
  listen();
  const std::string address = listener_->address();
  {
    const auto guard = executor_->enter();
    listener_.reset();
  }
  connect(address);
  EXPECT_EQ(error_, Code::kUnavailable);
}

TEST_F(AsioNetworkTest, AnEndedAttemptIsNotAnswered) {
  listen();
  bool answered = false;
  {
    const auto guard = executor_->enter();
    Handle attempt = network_.connect(listener_->address(), [&](auto) { answered = true; });
    attempt.reset();
  }
  connect(listener_->address());
  EXPECT_FALSE(answered);
}

// The whole way: server and connector.

class Echo final : public transport::RequestHandler {
 public:
  void handle(transport::Request request, Respond respond) override {
    respond(transport::Response::text(200, request.path));
  }
  transport::Upgrade upgrade(const transport::Request& request) override {
    if (request.path == "/denied")
      return transport::Upgrade::refuse(transport::Response::text(403, "not you"));
    return transport::Upgrade::accept(
        "syncline.v1", [this](std::unique_ptr<Connection> connection) {
          sessions.push_back(std::make_unique<Recorder>(std::move(connection)));
          Recorder* session = sessions.back().get();
          session->on_message_hook = [session] { session->send(session->messages.back()); };
        });
  }

  std::vector<std::unique_ptr<Recorder>> sessions;
};

/// A hub's half on one executor and a client's half on another, as in one program.
class AsioWebSocketTest : public testing::TestWithParam<unsigned> {
 protected:
  AsioWebSocketTest() {
    const auto guard = hub_->enter();
    server_ = std::make_unique<transport::Server>(*hub_, handler_);
    const auto listening = server_->listen(hub_network_, "127.0.0.1:0");
    EXPECT_TRUE(listening.ok());
    url_ = "ws://" + server_->addresses().at(0);
  }
  ~AsioWebSocketTest() override {
    {
      const auto guard = client_->enter();
      clients_.clear();
      connector_.reset();
    }
    const auto guard = hub_->enter();
    server_.reset();
    handler_.sessions.clear();
  }

  Recorder& connect(const std::string& path = "/sync") {
    clients_.push_back(std::make_unique<Recorder>());
    Recorder& recorder = *clients_.back();
    bool answered = false;
    Handle attempt;
    {
      const auto guard = client_->enter();
      attempt = connector_->connect(url_ + path, "syncline.v1", [&](auto result) {
        answered = true;
        if (result.ok()) {
          recorder.take(*std::move(result));
        } else {
          error_ = result.error().code();
        }
      });
    }
    EXPECT_TRUE(client_->run_until([&] { return answered; }, kLong));
    return recorder;
  }
  void send(Recorder& recorder, std::string_view text) {
    const auto guard = client_->enter();
    recorder.send(text);
  }

  AsioLoop loop_{GetParam()};
  std::unique_ptr<AsioExecutor> hub_ = loop_.make_executor();
  std::unique_ptr<AsioExecutor> client_ = loop_.make_executor();
  AsioNetwork hub_network_{*hub_};
  AsioNetwork client_network_{*client_};
  SystemRandom random_;
  Echo handler_;
  std::unique_ptr<transport::Server> server_;
  std::unique_ptr<transport::WebSocketConnector> connector_ =
      std::make_unique<transport::WebSocketConnector>(*client_, client_network_, random_);
  std::vector<std::unique_ptr<Recorder>> clients_;
  std::string url_;
  std::optional<Code> error_;
};

INSTANTIATE_TEST_SUITE_P(Threads, AsioWebSocketTest, testing::Values(1u, 3u));

TEST_P(AsioWebSocketTest, TwoClientsAreEchoedEachTheirOwn) {
  Recorder& one = connect();
  Recorder& two = connect();
  for (int i = 0; i < 200; ++i) {
    send(one, "one " + std::to_string(i));
    send(two, "two " + std::to_string(i));
  }
  ASSERT_TRUE(client_->run_until(
      [&] { return one.messages.size() == 200 && two.messages.size() == 200; }, kLong));
  EXPECT_EQ(one.messages[199], "one 199");
  EXPECT_EQ(two.messages[199], "two 199");
}

TEST_P(AsioWebSocketTest, ALargeMessageArrivesWhole) {
  Recorder& client = connect();
  const Bytes large = pattern(10'000'000);
  send(client, text_of(large));
  ASSERT_TRUE(client_->run_until([&] { return client.messages.size() == 1; }, kLong));
  EXPECT_TRUE(client.messages[0] == text_of(large));
}

TEST_P(AsioWebSocketTest, AMessagePastTheLimitClosesWith1009AndTheClientHearsIt) {
  Recorder& client = connect();
  send(client, std::string(transport::tuning::kMessageBytesMax + 1, 'x'));
  ASSERT_TRUE(client_->run_until([&] { return client.closes.size() == 1; }, kLong));
  EXPECT_EQ(client.closes[0].code, transport::kCloseTooLarge);
}

TEST_P(AsioWebSocketTest, CloseCodesReachTheOtherSide) {
  Recorder& client = connect();
  send(client, "hello");
  ASSERT_TRUE(client_->run_until([&] { return client.messages.size() == 1; }, kLong));
  {
    const auto guard = hub_->enter();
    handler_.sessions[0]->connection->close(4404, "deleted");
  }
  ASSERT_TRUE(client_->run_until([&] { return client.closes.size() == 1; }, kLong));
  EXPECT_EQ(client.closes[0], (Close{4404, "deleted"}));
  EXPECT_TRUE(hub_->run_until(
      [&] { return handler_.sessions[0]->closes.size() == 1 && server_->stream_count() == 0; },
      kLong));
}

TEST_P(AsioWebSocketTest, ARefusalIsDenied) {
  connect("/denied");
  EXPECT_EQ(error_, Code::kDenied);
}

TEST_P(AsioWebSocketTest, ShutdownTellsTheClientsAndEnds) {
  Recorder& client = connect();
  bool done = false;
  {
    const auto guard = hub_->enter();
    server_->shutdown([&] { done = true; });
  }
  ASSERT_TRUE(hub_->run_until([&] { return done; }, kLong));
  ASSERT_TRUE(client_->run_until([&] { return client.closes.size() == 1; }, kLong));
  EXPECT_EQ(client.closes[0].code, transport::kCloseRestart);
  connect();
  EXPECT_EQ(error_, Code::kUnavailable);
}

TEST(AsioPolled, AClientAndAServerRunInOnePolledExecutor) {
  PollExecutor executor;
  AsioNetwork network(executor);
  SystemRandom random;
  Echo handler;
  transport::Server server(executor, handler);
  ASSERT_TRUE(server.listen(network, "127.0.0.1:0").ok());
  transport::WebSocketConnector connector(executor, network, random);
  Recorder client;
  const Handle attempt =
      connector.connect("ws://" + server.addresses()[0], "syncline.v1", [&](auto result) {
        ASSERT_TRUE(result.ok());
        client.take(*std::move(result));
        client.send("hello");
      });
  EXPECT_TRUE(executor.run_until([&] { return client.messages.size() == 1; }, kLong));
  client.connection.reset();
  handler.sessions.clear();
}

}  // namespace
}  // namespace syncline::adapters
