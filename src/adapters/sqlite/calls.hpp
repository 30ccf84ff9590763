// The calls of a SqliteStorage on their way to its two threads, and the answers on their way back.
// Callbacks themselves stay on the executor; threads name them by number.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include "base/executor.hpp"
#include "storage/pending_appends.hpp"
#include "storage/storage.hpp"

namespace syncline::adapters {

struct AppendCall {
  storage::Ticket ticket;
  std::uint64_t generation;  ///< PendingAppends::generation() at the call
  std::vector<storage::Record> records;
};

struct FoldCall {
  std::uint64_t call;
  std::uint64_t generation;
  std::string object;
  std::uint64_t upto;
  Bytes snapshot;
  std::uint64_t keep_from;
  bool keep_history;
};

struct LoadCall {
  std::uint64_t call;
  std::uint64_t after;  ///< the number of the write it must see
  std::string object;
};

struct ListCall {
  std::uint64_t call;
  std::uint64_t after;
  std::string glob;
  std::string after_object;
  std::size_t limit;
};

/// A queue from the executor to one thread. Thread: any.
template <typename Call>
class CallQueue {
 public:
  void push(Call call) {
    const std::lock_guard lock(mutex_);
    calls_.push_back(std::move(call));
    changed_.notify_one();
  }
  void stop() {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
    changed_.notify_one();
  }
  /// Waits for calls and takes all there are; none: stopped, and nothing is left.
  std::deque<Call> take() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return stopped_ || !calls_.empty(); });
    return std::exchange(calls_, {});
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Call> calls_;
  bool stopped_ = false;
};

using WriteCall = std::variant<AppendCall, FoldCall>;
using ReadCall = std::variant<LoadCall, ListCall>;

/// How many writes are carried out, whatever became of them. Thread: any.
class Progress {
 public:
  void advance(std::uint64_t count) {
    const std::lock_guard lock(mutex_);
    done_ += count;
    changed_.notify_all();
  }
  void wait_for(std::uint64_t number) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return done_ >= number; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::uint64_t done_ = 0;
};

/// Callbacks of one kind that wait for their answer. Thread: the executor.
template <typename Answer>
class Waiting {
 public:
  using Callback = std::function<void(Result<Answer>)>;

  void add(std::uint64_t call, Callback done) { callbacks_.emplace(call, std::move(done)); }
  void answer(std::uint64_t call, Result<Answer> result) {
    const auto found = callbacks_.find(call);
    if (found == callbacks_.end()) return;
    const Callback done = std::move(found->second);
    callbacks_.erase(found);
    done(std::move(result));
  }
  void clear() { callbacks_.clear(); }

 private:
  std::unordered_map<std::uint64_t, Callback> callbacks_;
};

/// All callbacks of a storage. Thread: the executor; posted answers hold a weak pointer to it.
struct Callbacks {
  storage::PendingAppends appends;
  Waiting<void> folds;
  Waiting<std::optional<storage::Stored>> loads;
  Waiting<std::vector<storage::ListEntry>> lists;
};

/// Brings answers to the executor. Thread: any.
class Reporter {
 public:
  Reporter(Executor& executor, std::weak_ptr<Callbacks> callbacks)
      : executor_(executor), callbacks_(std::move(callbacks)) {}

  void post(std::function<void(Callbacks&)> answer) const {
    executor_.post([callbacks = callbacks_, answer = std::move(answer)] {
      if (const auto alive = callbacks.lock()) answer(*alive);
    });
  }

 private:
  Executor& executor_;
  std::weak_ptr<Callbacks> callbacks_;
};

}  // namespace syncline::adapters
