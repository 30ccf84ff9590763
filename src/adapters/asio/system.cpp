// Randomness and signals.
#include "adapters/asio/system.hpp"

#include <sys/random.h>

#include <boost/asio/signal_set.hpp>
#include <cerrno>
#include <csignal>

#include "adapters/asio/executor_core.hpp"

namespace syncline::adapters {

std::uint64_t SystemRandom::next() {
  if (left_ == 0) {
    // A block of 256 bytes or less is never cut short once the kernel's generator is ready.
    static_assert(sizeof(block_) <= 256);
    ssize_t got = 0;
    do {
      got = getrandom(block_.data(), sizeof(block_), 0);
    } while (got < 0 && errno == EINTR);
    SYNCLINE_CHECK(got == ssize_t{sizeof(block_)}, "the kernel gives no random numbers");
    left_ = block_.size();
  }
  return block_[--left_];
}

/// The registration. It lives while its handler is under way.
class SignalWatch::Core final : public std::enable_shared_from_this<Core> {
 public:
  Core(std::shared_ptr<ExecutorCore> executor, std::function<void(int)> on_signal)
      : executor_(std::move(executor)),
        on_signal_(std::move(on_signal)),
        signals_(executor_->context, SIGINT, SIGTERM) {}

  void await() {
    signals_.async_wait(
        [self = shared_from_this()](const boost::system::error_code& error, int signal) {
          const ExecutorCore::Turn turn(*self->executor_);
          if (error || self->ended_ || self->executor_->closed) return;
          self->await();
          self->on_signal_(signal);
        });
  }

  void end() {
    const ExecutorCore::Turn turn(*executor_);
    ended_ = true;
    boost::system::error_code ignored;
    signals_.clear(ignored);
    signals_.cancel(ignored);
  }

 private:
  const std::shared_ptr<ExecutorCore> executor_;
  const std::function<void(int)> on_signal_;
  boost::asio::signal_set signals_;
  bool ended_ = false;
};

SignalWatch::SignalWatch(AsioExecutor& executor, std::function<void(int)> on_signal)
    : core_(std::make_shared<Core>(executor.core(), std::move(on_signal))) {
  core_->await();
}

SignalWatch::~SignalWatch() { core_->end(); }

}  // namespace syncline::adapters
