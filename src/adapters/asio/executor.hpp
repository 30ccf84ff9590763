// Executors on real threads and real time, made of Boost.Asio. No Asio type shows in this folder's
// public headers (executor, network, system): Asio costs seconds of compile time in every file that
// sees it.
#pragma once

#include <memory>

#include "base/executor.hpp"

namespace syncline::adapters {

struct ExecutorCore;

/// An executor and clock. Its tasks, timers and stream events never run at the same time, and hold
/// its mutex, which enter() takes too. Destroying it drops what is still queued and waits for the
/// task that runs. REQUIRES: destroyed outside its own tasks, before the loop it came from.
class AsioExecutor : public Executor, public Clock {
 public:
  ~AsioExecutor() override;
  AsioExecutor(const AsioExecutor&) = delete;
  AsioExecutor& operator=(const AsioExecutor&) = delete;

  void post(std::function<void()> task) override;
  Handle after(Duration delay, std::function<void()> task) override;
  Guard enter() override;
  bool run_until(const std::function<bool()>& done, Duration timeout) override;

  Duration now() const override;
  std::int64_t wall_ms() const override;

  /// For the rest of this adapter.
  const std::shared_ptr<ExecutorCore>& core() const { return core_; }

 protected:
  explicit AsioExecutor(std::shared_ptr<ExecutorCore> core) : core_(std::move(core)) {}

  const std::shared_ptr<ExecutorCore> core_;

 private:
  friend class AsioLoop;
};

/// Threads that run executors. Everything made on a loop (executors, streams, listeners) ends
/// before it.
class AsioLoop {
 public:
  explicit AsioLoop(unsigned threads = 1);
  /// Stops the threads after the tasks they are in. REQUIRES: called from none of them.
  ~AsioLoop();
  AsioLoop(const AsioLoop&) = delete;
  AsioLoop& operator=(const AsioLoop&) = delete;

  std::unique_ptr<AsioExecutor> make_executor();

 private:
  struct Core;
  const std::unique_ptr<Core> core_;
};

/// An executor without a thread: its tasks run only inside poll() and run_until(), on the thread
/// that calls them. For programs with a loop of their own, such as games and user interfaces.
/// REQUIRES: outlives what was made on it.
class PollExecutor final : public AsioExecutor {
 public:
  PollExecutor();
  ~PollExecutor() override;

  /// Runs what is ready, without waiting; returns how many things that were.
  std::size_t poll();

 private:
  struct Context;
  explicit PollExecutor(std::unique_ptr<Context> context);

  std::unique_ptr<Context> context_;
};

}  // namespace syncline::adapters
