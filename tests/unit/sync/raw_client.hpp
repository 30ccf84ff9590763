// A client that says what the test tells it to: what a forger could send.
#pragma once

#include <gtest/gtest.h>

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "bus/codec.hpp"
#include "support/test_executor.hpp"
#include "transport/connection.hpp"

namespace syncline::test {

class RawClient final : private transport::ConnectionEvents {
 public:
  /// Connects; with an identity it also says hello and takes the welcome.
  RawClient(TestExecutor& executor, transport::Connector& connector,
            const std::string& identity = {})
      : executor_(executor) {
    attempt_ = connector.connect("loopback:", bus::kSubprotocol,
                                 [this](Result<std::unique_ptr<transport::Connection>> connection) {
                                   connection_ = std::move(connection).take_or_throw();
                                   connection_->set_events(this);
                                 });
    executor_.advance(Duration{0});
    if (identity.empty()) return;
    say(bus::Hello{.request = 1, .identity = identity});
    EXPECT_TRUE(take<bus::Welcome>());
  }

  void send_bytes(Bytes bytes) { connection_->send(share(std::move(bytes))); }
  void send(const bus::Body& body) { send_bytes(bus::encode(body)); }
  /// Sends, and lets everybody work.
  void say(const bus::Body& body) {
    send(body);
    executor_.advance(std::chrono::milliseconds(1));
  }

  /// The oldest message of this type that was not taken yet; what came before it is dropped.
  template <typename M>
  std::optional<M> take() {
    executor_.run();
    while (!heard.empty()) {
      bus::Body body = std::move(heard.front());
      heard.pop_front();
      if (M* message = std::get_if<M>(&body)) return std::move(*message);
    }
    return std::nullopt;
  }

  void hang_up() { connection_.reset(); }

  std::deque<bus::Body> heard;
  std::optional<transport::Close> closed;

 private:
  void on_message(ByteView message) override {
    Result<bus::Body> body = bus::decode(message);
    ASSERT_TRUE(body.ok()) << body.error().message();
    heard.push_back(std::move(*body));
  }
  void on_drained() override {}
  void on_closed(const transport::Close& close) override { closed = close; }

  TestExecutor& executor_;
  Handle attempt_;
  std::unique_ptr<transport::Connection> connection_;
};

}  // namespace syncline::test
