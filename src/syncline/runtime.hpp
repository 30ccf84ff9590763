// Runtime: what turns the core into a program: an executor on a real thread (or the caller's), the
// system's clock, randomness and network.
#pragma once

#include <memory>

#include "adapters/asio/executor.hpp"
#include "adapters/asio/network.hpp"
#include "adapters/asio/system.hpp"
#include "base/result.hpp"
#include "syncline/syncer.hpp"

namespace syncline {

/// Identity. What is made on its executor is destroyed, entered, before stop().
class Runtime final : public detail::Waiter {
 public:
  /// `poll`: everything runs inside poll() and wait(), on the caller's thread.
  explicit Runtime(bool poll);
  ~Runtime() override;

  adapters::AsioExecutor& executor() { return *executor_; }
  Random& random() { return random_; }
  transport::Network& network() { return *network_; }

  /// Enters the executor; after stop() there is nothing to enter.
  Executor::Guard enter() { return executor_ ? executor_->enter() : nullptr; }
  /// Runs what is due, in poll mode.
  void poll();
  bool wait(const std::function<bool()>& done, std::chrono::nanoseconds timeout) override;
  /// Ends the executor and its thread. Afterwards wait() only looks. REQUIRES: called outside its
  /// tasks.
  void stop();

 private:
  std::unique_ptr<adapters::AsioLoop> loop_;
  std::unique_ptr<adapters::AsioExecutor> executor_;
  adapters::PollExecutor* polled_ = nullptr;
  adapters::SystemRandom random_;
  std::unique_ptr<adapters::AsioNetwork> network_;
};

/// Enters the runtime, and lets `start` ask for something; the answer becomes the Pending's.
/// `start` is given a callback that takes a Result<T>.
template <typename T, typename Start>
Pending<T> ask(const std::shared_ptr<Runtime>& runtime, Start start) {
  const auto state = std::make_shared<detail::PendingState<T>>();
  const Executor::Guard guard = runtime->executor().enter();
  start([state](Result<T> result) {
    if (result.ok()) {
      state->value = std::make_unique<T>(std::move(*result));
    } else {
      state->error = std::make_unique<Error>(result.error());
    }
    for (const auto& then : std::exchange(state->then, {})) then(*state);
  });
  return Pending<T>(state, runtime);
}

/// A callback for what only succeeds or fails, made of one that takes a Result<Unit>.
inline auto unit(std::function<void(Result<Unit>)> done) {
  return [done = std::move(done)](Result<void> result) {
    done(result.ok() ? Result<Unit>(Unit{}) : Result<Unit>(result.error()));
  };
}

/// `ws://host:port` as a syncer's connector wants it: with `/sync` where no path is given. Throws
/// kMalformed.
std::string sync_url(const std::string& hub);
/// The canonical form of an identity. Throws kMalformed.
std::string checked_identity(const std::string& identity);

}  // namespace syncline
