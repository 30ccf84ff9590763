// What an executor of this adapter is inside. Private to the folder: it shows Asio.
#pragma once

#include <array>
#include <atomic>
#include <boost/asio/io_context.hpp>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "base/bytes.hpp"
#include "base/check.hpp"

namespace syncline::adapters {

/// Something that gathers what is written in one turn, and sends it at the end.
class Flushable {
 public:
  virtual ~Flushable() = default;
  /// Under the executor.
  virtual void flush() = 0;
};

/// Shared by the executor and by everything that has a handler under way in the loop.
///
/// The mutex keeps tasks, timers and stream events apart; a queue of its own keeps posted tasks in
/// order on any number of threads, with one handler of Asio for a whole batch. That handler stands
/// behind the events that are ready at the moment, so a flush at its end sends what all of them
/// wrote together.
struct ExecutorCore : std::enable_shared_from_this<ExecutorCore> {
  ExecutorCore(boost::asio::io_context& its_context, bool is_polled)
      : context(its_context), polled(is_polled) {}

  /// Holds the executor for one task, or for a caller outside of it.
  class Turn {
   public:
    explicit Turn(ExecutorCore& core) : core_(core), lock_(core.mutex) {
      if (core_.depth++ == 0) core_.owner = std::this_thread::get_id();
    }
    ~Turn() {
      if (--core_.depth > 0) return;
      core_.owner = std::thread::id();
      if (core_.waiters > 0) core_.turned.notify_all();
    }
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;

   private:
    ExecutorCore& core_;
    std::unique_lock<std::recursive_mutex> lock_;
  };

  /// Whether this thread is inside a task or a guard.
  bool inside() const { return owner.load() == std::this_thread::get_id(); }

  void post(std::function<void()> task);
  /// Has `flushable` flushed at the end of this turn. Under the executor.
  void flush_later(std::shared_ptr<Flushable> flushable);
  /// Ends everything: no task or handler runs any more.
  void close();

  boost::asio::io_context& context;
  const bool polled;

  std::recursive_mutex mutex;
  // Under the mutex.
  int depth = 0;
  int waiters = 0;
  bool closed = false;
  std::vector<std::shared_ptr<Flushable>> unflushed;
  // One for all streams of the executor: an idle connection needs no buffer.
  std::array<std::uint8_t, 64 * 1024> read_buffer;

  std::atomic<std::thread::id> owner;
  std::condition_variable_any turned;

 private:
  void schedule();
  void drain();

  std::mutex queue_mutex_;
  // Under the queue's mutex.
  std::deque<std::function<void()>> queue_;
  bool draining_ = false;  // a drain is posted or running
  bool wanted_ = false;    // there is more for it to do
  bool ended_ = false;     // closed: what is posted now would keep its captures forever
};

}  // namespace syncline::adapters
