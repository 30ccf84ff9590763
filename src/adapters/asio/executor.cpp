// Executors over an io_context: the queue, the timers, waiting from outside.
#include "adapters/asio/executor.hpp"

#include <algorithm>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include "adapters/asio/executor_core.hpp"

namespace syncline::adapters {
namespace {

namespace asio = boost::asio;
using Turn = ExecutorCore::Turn;
using Work = asio::executor_work_guard<asio::io_context::executor_type>;

/// Longer waits are cut to this, so that a deadline never overflows.
constexpr Duration kForever = std::chrono::hours(24 * 365);

struct Timer {
  explicit Timer(std::shared_ptr<ExecutorCore> its_core)
      : core(std::move(its_core)), timer(core->context) {}

  const std::shared_ptr<ExecutorCore> core;
  asio::steady_timer timer;
  std::function<void()> task;
};

}  // namespace

// The core.

void ExecutorCore::post(std::function<void()> task) {
  {
    const std::lock_guard lock(queue_mutex_);
    if (ended_) return;
    queue_.push_back(std::move(task));
  }
  schedule();
}

void ExecutorCore::flush_later(std::shared_ptr<Flushable> flushable) {
  if (closed) return;
  unflushed.push_back(std::move(flushable));
  schedule();
}

void ExecutorCore::schedule() {
  {
    const std::lock_guard lock(queue_mutex_);
    wanted_ = true;
    if (std::exchange(draining_, true)) return;
  }
  asio::post(context, [self = shared_from_this()] { self->drain(); });
}

void ExecutorCore::drain() {
  std::deque<std::function<void()>> tasks;
  {
    const std::lock_guard lock(queue_mutex_);
    tasks.swap(queue_);
    wanted_ = false;
  }
  for (std::function<void()>& task : tasks) {
    const Turn turn(*this);
    if (!closed) task();
    task = nullptr;  // what it captured dies under the executor too
  }
  {
    const Turn turn(*this);
    {
      // What these tasks wrote is flushed right here and needs no drain of its own.
      const std::lock_guard lock(queue_mutex_);
      wanted_ = !queue_.empty();
    }
    for (const auto& flushable : std::exchange(unflushed, {}))
      if (!closed) flushable->flush();
  }
  const std::lock_guard lock(queue_mutex_);
  if (wanted_) {
    asio::post(context, [self = shared_from_this()] { self->drain(); });
  } else {
    draining_ = false;
  }
}

void ExecutorCore::close() {
  SYNCLINE_CHECK(!inside(), "an executor destroyed inside one of its own tasks");
  std::deque<std::function<void()>> dropped;
  std::vector<std::shared_ptr<Flushable>> unsent;
  const Turn turn(*this);
  closed = true;
  unsent.swap(unflushed);
  const std::lock_guard lock(queue_mutex_);
  ended_ = true;
  dropped.swap(queue_);
}

// The executor.

AsioExecutor::~AsioExecutor() { core_->close(); }

void AsioExecutor::post(std::function<void()> task) { core_->post(std::move(task)); }

Handle AsioExecutor::after(Duration delay, std::function<void()> task) {
  const Turn turn(*core_);
  const auto timer = std::make_shared<Timer>(core_);
  timer->task = std::move(task);
  timer->timer.expires_after(std::min(delay, kForever));
  timer->timer.async_wait([timer](const boost::system::error_code&) {
    const Turn inside(*timer->core);
    const auto due = std::exchange(timer->task, nullptr);
    if (due && !timer->core->closed) due();
  });
  return Handle([weak = std::weak_ptr(timer)] {
    const auto ended = weak.lock();
    if (!ended) return;
    const Turn inside(*ended->core);
    ended->task = nullptr;
    ended->timer.cancel();
  });
}

Executor::Guard AsioExecutor::enter() {
  // The guard keeps the core too: a guard may outlive the executor's object by a moment.
  struct Entered {
    explicit Entered(std::shared_ptr<ExecutorCore> its_core)
        : core(std::move(its_core)), turn(*core) {}
    std::shared_ptr<ExecutorCore> core;
    Turn turn;
  };
  return std::make_shared<Entered>(core_);
}

bool AsioExecutor::run_until(const std::function<bool()>& done, Duration timeout) {
  SYNCLINE_CHECK(!core_->inside(), "waiting inside a task or an observer would wait forever");
  const auto deadline = std::chrono::steady_clock::now() + std::min(timeout, kForever);
  const auto is_done = [&] {
    const Turn turn(*core_);
    return done();
  };
  if (core_->polled) {
    while (!is_done()) {
      if (std::chrono::steady_clock::now() >= deadline) return false;
      core_->context.run_one_until(deadline);
    }
    return true;
  }
  std::unique_lock lock(core_->mutex);
  ++core_->waiters;
  const bool result = core_->turned.wait_until(lock, deadline, is_done);
  --core_->waiters;
  return result;
}

Duration AsioExecutor::now() const { return std::chrono::steady_clock::now().time_since_epoch(); }

std::int64_t AsioExecutor::wall_ms() const {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

// The loop.

struct AsioLoop::Core {
  explicit Core(unsigned threads_wanted)
      : context(static_cast<int>(threads_wanted)), work(context.get_executor()) {
    for (unsigned i = 0; i < threads_wanted; ++i) threads.emplace_back([this] { context.run(); });
  }
  ~Core() {
    context.stop();
    for (std::thread& thread : threads) thread.join();
  }

  asio::io_context context;
  Work work;
  std::vector<std::thread> threads;
};

AsioLoop::AsioLoop(unsigned threads) : core_(std::make_unique<Core>(std::max(threads, 1u))) {}
AsioLoop::~AsioLoop() = default;

std::unique_ptr<AsioExecutor> AsioLoop::make_executor() {
  return std::unique_ptr<AsioExecutor>(
      new AsioExecutor(std::make_shared<ExecutorCore>(core_->context, false)));
}

// Polling.

struct PollExecutor::Context {
  asio::io_context context{1};
  // Without it, an io_context that ran out of handlers stops.
  Work work{context.get_executor()};
};

PollExecutor::PollExecutor() : PollExecutor(std::make_unique<Context>()) {}

PollExecutor::PollExecutor(std::unique_ptr<Context> context)
    : AsioExecutor(std::make_shared<ExecutorCore>(context->context, true)),
      context_(std::move(context)) {}

PollExecutor::~PollExecutor() { core_->close(); }

std::size_t PollExecutor::poll() {
  SYNCLINE_CHECK(!core_->inside(), "poll() inside a task");
  return context_->context.poll();
}

}  // namespace syncline::adapters
