// A host that says what the test tells it to, and remembers what it heard: the syncer's other end.
#pragma once

#include <gtest/gtest.h>

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "bus/codec.hpp"
#include "support/test_executor.hpp"
#include "sync/syncer.hpp"
#include "transport/loopback.hpp"

namespace syncline::test {

/// Numbers in a row: the same run every time.
class CountingRandom final : public Random {
 public:
  std::uint64_t next() override { return ++last_ * 0x9E3779B97F4A7C15ULL; }

 private:
  std::uint64_t last_ = 0;
};

class ScriptedHost final : public transport::Connector, private transport::ConnectionEvents {
 public:
  explicit ScriptedHost(TestExecutor& executor) : executor_(executor) {}

  Handle connect(
      const std::string&, const std::string&,
      std::function<void(Result<std::unique_ptr<transport::Connection>>)> done) override {
    ++attempts;
    return executor_.after(Duration{0}, [this, done = std::move(done)] {
      if (refusal) return done(*refusal);
      auto [here, there] = transport::make_loopback(executor_, executor_);
      connection_ = std::move(there);
      connection_->set_events(this);
      heard.clear();
      done(std::move(here));
    });
  }

  /// Sends, and lets it arrive.
  void say(const bus::Body& body) {
    ASSERT_TRUE(connection_) << "the syncer is not connected";
    connection_->send(share(bus::encode(body)));
    executor_.run();
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

  /// Takes the hello that a new connection begins with and welcomes it.
  void welcome() {
    const auto hello = take<bus::Hello>();
    ASSERT_TRUE(hello) << "no hello";
    say(bus::Welcome{.request = hello->request, .identity = hello->identity, .session = "s"});
  }

  void hang_up() {
    connection_.reset();
    executor_.run();
  }
  bool connected() const { return connection_ != nullptr; }

  std::deque<bus::Body> heard;
  int attempts = 0;
  /// Connecting fails with this.
  std::optional<Error> refusal;
  std::optional<transport::Close> closed;

 private:
  void on_message(ByteView message) override {
    Result<bus::Body> body = bus::decode(message);
    ASSERT_TRUE(body.ok()) << body.error().message();
    heard.push_back(std::move(*body));
  }
  void on_drained() override {}
  void on_closed(const transport::Close& close) override {
    closed = close;
    connection_.reset();
  }

  TestExecutor& executor_;
  std::unique_ptr<transport::Connection> connection_;
};

}  // namespace syncline::test
