// An executor for unit tests: tasks run when, and on the thread where, the test runs them. Time
// moves only as the test moves it; tasks may be posted by other threads (an adapter's), and
// run_until() waits for those.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <utility>

#include "base/executor.hpp"

namespace syncline::test {

class TestExecutor : public Executor, public Clock {
 public:
  void post(std::function<void()> task) override {
    const std::lock_guard lock(mutex_);
    tasks_.push_back(std::move(task));
    posted_.notify_all();
  }

  Handle after(Duration delay, std::function<void()> task) override {
    const std::pair key{now_ + delay, ++timers_made_};
    timers_->emplace(key, std::move(task));
    return Handle([timers = std::weak_ptr(timers_), key] {
      if (const auto alive = timers.lock()) alive->erase(key);
    });
  }

  Guard enter() override { return nullptr; }

  /// Runs tasks until `done`, waiting for other threads at most `timeout` of real time. Virtual
  /// time stands still.
  bool run_until(const std::function<bool()>& done,
                 Duration timeout = std::chrono::seconds(60)) override {
    const auto end = std::chrono::steady_clock::now() + timeout;
    while (!done()) {
      std::unique_lock lock(mutex_);
      if (!posted_.wait_until(lock, end, [&] { return !tasks_.empty(); })) return false;
      lock.unlock();
      run_one();
    }
    return true;
  }

  /// Runs the oldest task; false when there is none.
  bool run_one() {
    std::unique_lock lock(mutex_);
    if (tasks_.empty()) return false;
    const auto task = std::move(tasks_.front());
    tasks_.pop_front();
    lock.unlock();
    task();
    return true;
  }

  /// Runs every task, those posted meanwhile too.
  void run() {
    while (run_one()) {
    }
  }

  /// Moves time on, running the tasks and the timers that fall due.
  void advance(Duration duration) {
    const Duration end = now_ + duration;
    run();
    while (!timers_->empty() && timers_->begin()->first.first <= end) {
      const auto due = timers_->begin();
      now_ = due->first.first;
      const auto task = std::move(due->second);
      timers_->erase(due);
      task();
      run();
    }
    now_ = end;
  }

  Duration now() const override { return now_; }
  std::int64_t wall_ms() const override {
    return 1'700'000'000'000 + std::chrono::duration_cast<std::chrono::milliseconds>(now_).count();
  }

 private:
  using Timers = std::map<std::pair<Duration, std::uint64_t>, std::function<void()>>;

  std::mutex mutex_;
  std::condition_variable posted_;
  std::deque<std::function<void()>> tasks_;
  std::shared_ptr<Timers> timers_ = std::make_shared<Timers>();
  std::uint64_t timers_made_ = 0;
  Duration now_{0};
};

}  // namespace syncline::test
