// What else a program gets from the system: randomness and signals.
#pragma once

#include <array>
#include <functional>
#include <memory>

#include "adapters/asio/executor.hpp"
#include "base/executor.hpp"

namespace syncline::adapters {

/// The kernel's random numbers, good enough for identifiers that nobody may guess.
class SystemRandom final : public Random {
 public:
  std::uint64_t next() override;

 private:
  // Asked for in blocks: one system call for many numbers.
  std::array<std::uint64_t, 32> block_{};
  std::size_t left_ = 0;
};

/// Calls back, under the executor, for every SIGINT and SIGTERM while it lives; they end the
/// program no longer.
class SignalWatch {
 public:
  SignalWatch(AsioExecutor& executor, std::function<void(int signal)> on_signal);
  ~SignalWatch();
  SignalWatch(const SignalWatch&) = delete;
  SignalWatch& operator=(const SignalWatch&) = delete;

 private:
  class Core;
  const std::shared_ptr<Core> core_;
};

}  // namespace syncline::adapters
