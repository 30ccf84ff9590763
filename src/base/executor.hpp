// The ports of time, chance and execution. Only adapters, the façade, apps and the simulator
// implement them, so everything else runs the same on real threads and on virtual time.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>

#include "syncline/handle.hpp"

namespace syncline {

using Duration = std::chrono::nanoseconds;

/// Time. Thread: any.
class Clock {
 public:
  virtual ~Clock() = default;
  /// Time since an arbitrary start; never goes back. For timeouts.
  virtual Duration now() const = 0;
  /// Milliseconds since 1970 UTC; may jump. For records shown to people, never for order.
  virtual std::int64_t wall_ms() const = 0;
};

/// Chance. Thread: the executor's that owns it.
class Random {
 public:
  virtual ~Random() = default;
  virtual std::uint64_t next() = 0;
};

/// Runs tasks one at a time, in order of posting. What is confined to an executor is touched only
/// by its tasks, or under a guard of enter().
class Executor {
 public:
  /// Keeps the executor entered while it lives.
  using Guard = std::shared_ptr<void>;

  virtual ~Executor() = default;
  /// Queues a task. Thread: any.
  virtual void post(std::function<void()> task) = 0;
  /// Runs a task once after at least `delay`, unless the handle ends it first. The task may reset
  /// or replace its own handle. Thread: under the executor.
  virtual Handle after(Duration delay, std::function<void()> task) = 0;
  /// Enters the executor from outside: no task runs while the guard lives. Entering again inside is
  /// allowed.
  virtual Guard enter() = 0;
  /// Runs until `done`, which is called under the executor, is true: by waiting where other threads
  /// run the tasks, by running them here in poll mode. False when `timeout` passed first.
  /// REQUIRES: not called from inside a task or under a guard.
  virtual bool run_until(const std::function<bool()>& done, Duration timeout) = 0;
};

}  // namespace syncline
