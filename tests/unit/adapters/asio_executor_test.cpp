// Executors on real threads: order, exclusion, waiting from outside, and polling.
#include "adapters/asio/executor.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <csignal>
#include <set>
#include <thread>
#include <vector>

#include "adapters/asio/system.hpp"

namespace syncline::adapters {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Duration kLong = seconds(30);

class AsioExecutorTest : public testing::TestWithParam<unsigned> {
 protected:
  AsioLoop loop_{GetParam()};
  std::unique_ptr<AsioExecutor> executor_ = loop_.make_executor();
};

INSTANTIATE_TEST_SUITE_P(Threads, AsioExecutorTest, testing::Values(1u, 3u));

TEST_P(AsioExecutorTest, TasksRunInTheOrderOfPosting) {
  std::vector<int> seen;
  for (int i = 0; i < 1000; ++i) executor_->post([&seen, i] { seen.push_back(i); });
  ASSERT_TRUE(executor_->run_until([&] { return seen.size() == 1000; }, kLong));
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(seen[static_cast<std::size_t>(i)], i);
}

TEST_P(AsioExecutorTest, TasksTimersAndGuardsOfManyThreadsNeverOverlap) {
  constexpr int kThreads = 4;
  constexpr int kRounds = 200;
  int plain = 0;  // not atomic on purpose: ThreadSanitizer and the final count judge
  std::vector<Handle> timers;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < kRounds; ++i) {
        executor_->post([&] { ++plain; });
        const auto guard = executor_->enter();
        ++plain;
        timers.push_back(executor_->after(Duration{}, [&] { ++plain; }));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_TRUE(executor_->run_until([&] { return plain == kThreads * kRounds * 3; }, kLong));
  const auto guard = executor_->enter();
  timers.clear();
}

TEST_P(AsioExecutorTest, AGuardHoldsTasksBackAndMayBeTakenTwice) {
  std::atomic<bool> ran = false;
  {
    const auto outer = executor_->enter();
    const auto inner = executor_->enter();
    executor_->post([&] { ran = true; });
    EXPECT_FALSE(ran);
  }
  EXPECT_TRUE(executor_->run_until([&] { return ran.load(); }, kLong));
}

TEST_P(AsioExecutorTest, TimersFireInTheirOrder) {
  std::vector<int> seen;
  const auto late = executor_->after(milliseconds(20), [&] { seen.push_back(2); });
  const auto early = executor_->after(milliseconds(1), [&] { seen.push_back(1); });
  ASSERT_TRUE(executor_->run_until([&] { return seen.size() == 2; }, kLong));
  EXPECT_EQ(seen, (std::vector<int>{1, 2}));
}

TEST_P(AsioExecutorTest, AnEndedTimerDoesNotFire) {
  bool fired = false;
  bool later = false;
  Handle timer = executor_->after(milliseconds(1), [&] { fired = true; });
  const auto after_it = executor_->after(milliseconds(5), [&] { later = true; });
  timer.reset();
  ASSERT_TRUE(executor_->run_until([&] { return later; }, kLong));
  EXPECT_FALSE(fired);
}

TEST_P(AsioExecutorTest, ATimerMayReplaceItselfInsideItsTask) {
  int count = 0;
  Handle timer;
  std::function<void()> tick = [&] {
    if (++count < 5) timer = executor_->after(Duration{}, tick);
  };
  {
    const auto guard = executor_->enter();
    timer = executor_->after(Duration{}, tick);
  }
  EXPECT_TRUE(executor_->run_until([&] { return count == 5; }, kLong));
  const auto guard = executor_->enter();
  timer.reset();
}

TEST_P(AsioExecutorTest, WaitingEndsWhenItsTimeIsOver) {
  EXPECT_FALSE(executor_->run_until([] { return false; }, milliseconds(1)));
  EXPECT_TRUE(executor_->run_until([] { return true; }, Duration::max()));
}

TEST_P(AsioExecutorTest, TwoExecutorsOfOneLoopDoNotWaitForEachOther) {
  const auto other = loop_.make_executor();
  bool done = false;
  const auto guard = executor_->enter();
  other->post([&] { done = true; });
  EXPECT_TRUE(other->run_until([&] { return done; }, kLong));
}

TEST_P(AsioExecutorTest, ADestroyedExecutorDropsWhatIsQueued) {
  bool ran = false;
  {
    const auto guard = executor_->enter();
    executor_->post([&] { ran = true; });
    executor_->after(Duration{}, [&] { ran = true; }).release();
  }
  executor_.reset();
  const auto other = loop_.make_executor();
  bool done = false;
  other->post([&] { done = true; });
  EXPECT_TRUE(other->run_until([&] { return done; }, kLong));
}

TEST_P(AsioExecutorTest, TheClockGoesOn) {
  const Duration before = executor_->now();
  EXPECT_FALSE(executor_->run_until([] { return false; }, milliseconds(1)));
  EXPECT_GE(executor_->now() - before, milliseconds(1));
  EXPECT_GT(executor_->wall_ms(), 1'600'000'000'000);
}

TEST(AsioExecutorDeathTest, WaitingInsideATaskIsAMistakeThatIsTold) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_DEATH(
      {
        AsioLoop loop;
        const auto executor = loop.make_executor();
        bool done = false;
        executor->post([&] { done = executor->run_until([] { return true; }, seconds(1)); });
        (void)executor->run_until([&] { return done; }, kLong);
      },
      "waiting inside a task");
}

TEST(PollExecutor, NothingRunsUntilItIsPolled) {
  PollExecutor executor;
  int count = 0;
  executor.post([&] { ++count; });
  executor.after(Duration{}, [&] { ++count; }).release();
  EXPECT_EQ(count, 0);
  while (count < 2) executor.poll();
  EXPECT_EQ(executor.poll(), 0u);
}

TEST(PollExecutor, WaitingPumps) {
  PollExecutor executor;
  int count = 0;
  executor.post([&] { executor.post([&] { ++count; }); });
  const auto timer = executor.after(milliseconds(2), [&] { ++count; });
  EXPECT_TRUE(executor.run_until([&] { return count == 2; }, kLong));
  EXPECT_FALSE(executor.run_until([] { return false; }, milliseconds(1)));
}

TEST(PollExecutor, OtherThreadsMayPost) {
  PollExecutor executor;
  bool done = false;
  std::thread poster([&] { executor.post([&] { done = true; }); });
  EXPECT_TRUE(executor.run_until([&] { return done; }, kLong));
  poster.join();
}

TEST(SystemRandom, NumbersDiffer) {
  SystemRandom random;
  std::set<std::uint64_t> seen;
  for (int i = 0; i < 1000; ++i) seen.insert(random.next());
  EXPECT_EQ(seen.size(), 1000u);
}

TEST(SignalWatch, SignalsArriveUnderTheExecutorEveryTime) {
  AsioLoop loop;
  const auto executor = loop.make_executor();
  std::vector<int> seen;
  const SignalWatch watch(*executor, [&](int signal) { seen.push_back(signal); });
  std::raise(SIGTERM);
  ASSERT_TRUE(executor->run_until([&] { return seen.size() == 1; }, kLong));
  std::raise(SIGINT);
  ASSERT_TRUE(executor->run_until([&] { return seen.size() == 2; }, kLong));
  EXPECT_EQ(seen, (std::vector<int>{SIGTERM, SIGINT}));
}

}  // namespace
}  // namespace syncline::adapters
