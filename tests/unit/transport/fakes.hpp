// A world in one thread for the tests of transport: virtual time, streams in memory, a network of
// them, and events that are written down.
#pragma once

#include <gtest/gtest.h>

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/executor.hpp"
#include "transport/connection.hpp"
#include "transport/stream.hpp"

namespace syncline::transport {

/// Runs tasks when told; time moves only by advance().
class FakeExecutor final : public Executor, public Clock {
 public:
  void post(std::function<void()> task) override { tasks_.push_back(std::move(task)); }

  Handle after(Duration delay, std::function<void()> task) override {
    const auto key = std::pair(now_ + delay, next_timer_++);
    timers_.emplace(key, std::move(task));
    return Handle([this, key] { timers_.erase(key); });
  }

  Guard enter() override { return std::make_shared<int>(0); }

  bool run_until(const std::function<bool()>& done, Duration timeout) override {
    const Duration end = now_ + timeout;
    for (run(); !done(); run()) {
      if (timers_.empty() || timers_.begin()->first.first > end) return false;
      advance(timers_.begin()->first.first - now_);
    }
    return true;
  }

  Duration now() const override { return now_; }
  std::int64_t wall_ms() const override { return 0; }

  /// Runs all that is queued, and what that queues.
  void run() {
    while (!tasks_.empty()) {
      const auto task = std::move(tasks_.front());
      tasks_.pop_front();
      task();
    }
  }

  /// Lets time pass, timers firing in their order.
  void advance(Duration duration) {
    const Duration end = now_ + duration;
    run();
    while (!timers_.empty() && timers_.begin()->first.first <= end) {
      now_ = timers_.begin()->first.first;
      const auto task = std::move(timers_.begin()->second);
      timers_.erase(timers_.begin());
      task();
      run();
    }
    now_ = end;
  }

  std::size_t timer_count() const { return timers_.size(); }

 private:
  Duration now_{};
  std::uint64_t next_timer_ = 0;
  std::deque<std::function<void()>> tasks_;
  std::map<std::pair<Duration, std::uint64_t>, std::function<void()>> timers_;
};

class FakeRandom final : public Random {
 public:
  std::uint64_t next() override {
    return state_ = state_ * 6364136223846793005u + 1442695040888963407u;
  }

 private:
  std::uint64_t state_ = 1;
};

/// One direction of a stream pair.
struct Pipe {
  FakeExecutor* executor = nullptr;
  StreamEvents* reader = nullptr;
  StreamEvents* writer = nullptr;
  Bytes bytes;
  bool finished = false;  // no more follows
  bool ended = false;     // the reader was told
  bool stalled = false;   // the reader's kernel takes nothing
  bool paused = false;
  bool scheduled = false;
  std::size_t chunk = 0;  // delivers at most so many bytes a turn; 0: everything

  static void schedule(const std::shared_ptr<Pipe>& pipe) {
    if (std::exchange(pipe->scheduled, true)) return;
    pipe->executor->post([pipe] {
      pipe->scheduled = false;
      move(pipe);
    });
  }

  static void move(const std::shared_ptr<Pipe>& pipe) {
    if (pipe->stalled || pipe->paused || !pipe->reader) return;
    if (!pipe->bytes.empty()) {
      const std::size_t size =
          pipe->chunk == 0 ? pipe->bytes.size() : std::min(pipe->chunk, pipe->bytes.size());
      const auto end = pipe->bytes.begin() + static_cast<std::ptrdiff_t>(size);
      const Bytes piece(pipe->bytes.begin(), end);
      pipe->bytes.erase(pipe->bytes.begin(), end);
      pipe->reader->on_bytes(piece);
      if (pipe->bytes.empty() && pipe->writer) pipe->writer->on_drained();
      schedule(pipe);
    } else if (pipe->finished && !std::exchange(pipe->ended, true)) {
      std::exchange(pipe->reader, nullptr)->on_closed("the other side ended the stream");
    }
  }
};

class FakeStream final : public Stream {
 public:
  FakeStream(std::shared_ptr<Pipe> in, std::shared_ptr<Pipe> out)
      : in_(std::move(in)), out_(std::move(out)) {}
  ~FakeStream() override {
    in_->reader = nullptr;
    out_->writer = nullptr;
    in_->bytes.clear();
    out_->finished = true;
    Pipe::schedule(out_);
  }

  void set_events(StreamEvents* events) override {
    in_->reader = events;
    out_->writer = events;
    Pipe::schedule(in_);
  }
  void write(ByteView bytes) override {
    if (out_->finished) return;
    out_->bytes.insert(out_->bytes.end(), bytes.begin(), bytes.end());
    Pipe::schedule(out_);
  }
  void write(SharedBytes bytes) override { write(ByteView(*bytes)); }
  std::size_t queued_bytes() const override { return out_->bytes.size(); }
  void pause(bool paused) override {
    in_->paused = paused;
    Pipe::schedule(in_);
  }
  void finish() override {
    out_->finished = true;
    Pipe::schedule(out_);
  }
  std::string peer() const override { return "127.0.0.1:50000"; }
  bool peer_is_loopback() const override { return true; }

  Pipe& in() { return *in_; }
  Pipe& out() { return *out_; }

 private:
  std::shared_ptr<Pipe> in_;
  std::shared_ptr<Pipe> out_;
};

struct StreamPair {
  std::unique_ptr<FakeStream> a;
  std::unique_ptr<FakeStream> b;
};

inline StreamPair make_stream_pair(FakeExecutor& executor) {
  auto a_to_b = std::make_shared<Pipe>();
  auto b_to_a = std::make_shared<Pipe>();
  a_to_b->executor = b_to_a->executor = &executor;
  return {std::make_unique<FakeStream>(b_to_a, a_to_b),
          std::make_unique<FakeStream>(a_to_b, b_to_a)};
}

/// Everything that listens, by address.
class FakeNetwork final : public Network {
 public:
  explicit FakeNetwork(FakeExecutor& executor) : executor_(executor) {}

  Result<std::unique_ptr<Listener>> listen(
      const std::string& address, std::function<void(std::unique_ptr<Stream>)> on_accept) override {
    if (!listening_.emplace(address, std::move(on_accept)).second)
      return Error(Code::kConflict, address + " is in use");
    return std::unique_ptr<Listener>(std::make_unique<Bound>(*this, address));
  }

  Handle connect(const std::string& address,
                 std::function<void(Result<std::unique_ptr<Stream>>)> done) override {
    auto wanted = std::make_shared<bool>(true);
    if (black_hole) return Handle([] {});
    executor_.post([this, wanted, address, done = std::move(done)] {
      if (!*wanted) return;
      const auto found = listening_.find(address);
      if (found == listening_.end()) {
        done(Error(Code::kUnavailable, "connection refused"));
        return;
      }
      StreamPair pair = make_stream_pair(executor_);
      pair.a->out().chunk = pair.b->out().chunk = chunk;
      found->second(std::move(pair.b));
      done(std::unique_ptr<Stream>(std::move(pair.a)));
    });
    return Handle([wanted] { *wanted = false; });
  }

  /// Later streams deliver at most so many bytes a turn.
  std::size_t chunk = 0;
  /// Connections neither open nor fail.
  bool black_hole = false;

 private:
  class Bound final : public Listener {
   public:
    Bound(FakeNetwork& network, std::string address)
        : network_(network), address_(std::move(address)) {}
    ~Bound() override { network_.listening_.erase(address_); }
    std::string address() const override { return address_; }
    bool loopback_only() const override { return address_.starts_with("127."); }

   private:
    FakeNetwork& network_;
    std::string address_;
  };

  FakeExecutor& executor_;
  std::unordered_map<std::string, std::function<void(std::unique_ptr<Stream>)>> listening_;
};

/// A peer that speaks bytes: what a test sends by hand, and what came back.
class RawPeer final : public StreamEvents {
 public:
  explicit RawPeer(std::unique_ptr<FakeStream> its_stream) : stream(std::move(its_stream)) {
    stream->set_events(this);
  }
  void on_bytes(ByteView bytes) override {
    received.insert(received.end(), bytes.begin(), bytes.end());
  }
  void on_drained() override {}
  void on_closed(const std::string&) override {
    closed = true;
    stream.reset();
  }
  void send(std::string_view text) { stream->write(view_of(text)); }
  std::string_view text() const { return text_of(received); }

  std::unique_ptr<FakeStream> stream;
  Bytes received;
  bool closed = false;
};

/// Writes down what a connection reports.
class Recorder final : public ConnectionEvents {
 public:
  Recorder() = default;
  explicit Recorder(std::unique_ptr<Connection> its_connection) { take(std::move(its_connection)); }

  void take(std::unique_ptr<Connection> its_connection) {
    connection = std::move(its_connection);
    connection->set_events(this);
  }
  void on_message(ByteView message) override {
    messages.emplace_back(text_of(message));
    if (on_message_hook) on_message_hook();
  }
  void on_drained() override { ++drained; }
  void on_closed(const Close& its_close) override {
    closes.push_back(its_close);
    if (on_closed_hook) on_closed_hook();
  }
  void send(std::string_view text) { connection->send(share(Bytes(text.begin(), text.end()))); }

  std::unique_ptr<Connection> connection;
  std::vector<std::string> messages;
  std::vector<Close> closes;
  int drained = 0;
  std::function<void()> on_message_hook;
  std::function<void()> on_closed_hook;
};

}  // namespace syncline::transport
