#include "simulation/world.hpp"

#include <gtest/gtest.h>

#include <sstream>
#include <string>
#include <vector>

namespace syncline::simulation {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// Two nodes that pass a number on to each other, with a timer in between.
std::pair<std::string, std::uint64_t> play(std::uint64_t seed) {
  std::ostringstream trace;
  World world(seed, {.trace = &trace});
  Node& a = world.add_node("a");
  Node& b = world.add_node("b");
  int turns = 0;
  std::function<void(Node&, Node&)> pass = [&](Node& from, Node& to) {
    world.trace([&] { return from.name() + " " + std::to_string(from.random().below(1000)); });
    if (++turns == 20) return;
    const Duration delay = from.random().between(milliseconds(1), milliseconds(5));
    from.after(delay, [&] { to.post([&] { pass(to, from); }); }).release();
  };
  a.post([&] { pass(a, b); });
  world.run_for(seconds(1));
  EXPECT_EQ(turns, 20);
  return {trace.str(), world.fingerprint()};
}

TEST(World, TheSameSeedIsTheSameRun) {
  EXPECT_EQ(play(7), play(7));
  EXPECT_NE(play(7).first, play(8).first);
  EXPECT_NE(play(7).second, play(8).second);
}

TEST(World, TheSeedIsPrintedWithHowToRerun) {
  EXPECT_NE(World(42).how_to_rerun().find("SYNCLINE_SIM_SEED=42"), std::string::npos);
}

TEST(World, TasksOfANodeRunInOrderAndTakeTime) {
  World world(1);
  Node& node = world.add_node("a");
  std::vector<int> ran;
  for (int i = 0; i < 10; ++i) node.post([&, i] { ran.push_back(i); });
  EXPECT_TRUE(ran.empty());
  EXPECT_TRUE(world.run_until([&] { return ran.size() == 10; }, seconds(1)));
  EXPECT_EQ(ran, (std::vector<int>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}));
  EXPECT_GT(world.now(), Duration(0));
}

TEST(World, ATimerRunsAtItsTimeUnlessItsHandleEnds) {
  World world(1);
  Node& node = world.add_node("a");
  std::vector<std::string> ran;
  Handle kept = node.after(seconds(1), [&] { ran.push_back("kept"); });
  Handle ended = node.after(seconds(1), [&] { ran.push_back("ended"); });
  {
    const Handle dropped = node.after(seconds(1), [&] { ran.push_back("dropped"); });
  }
  // Ends it when it is due already, but its turn has not come.
  Handle last;
  Handle killer = node.after(seconds(2), [&] { last.reset(); });
  last = node.after(seconds(2), [&] { ran.push_back("last"); });
  ended.reset();
  world.run_for(milliseconds(999));
  EXPECT_TRUE(ran.empty());
  world.run_for(seconds(5));
  EXPECT_EQ(ran, std::vector<std::string>{"kept"});
}

TEST(World, RunUntilGivesUpAtItsTimeout) {
  World world(1);
  Node& node = world.add_node("a");
  bool done = false;
  Handle timer = node.after(seconds(10), [&] { done = true; });
  EXPECT_FALSE(node.run_until([&] { return done; }, seconds(9)));
  EXPECT_EQ(world.now(), seconds(9));
  EXPECT_TRUE(node.run_until([&] { return done; }, seconds(9)));
}

TEST(World, WallClocksAreSkewedByNode) {
  World world(1);
  Node& a = world.add_node("a");
  Node& b = world.add_node("b");
  b.set_wall_skew_ms(-5000);
  world.run_for(seconds(2));
  EXPECT_EQ(a.wall_ms() - b.wall_ms(), 5000);
  EXPECT_EQ(a.now(), b.now());
}

/// Notes its destruction, and tries to reach the world from there.
struct Process {
  Process(Node& its_node, std::vector<std::string>& its_log) : node(its_node), log(its_log) {
    log.push_back("boot");
  }
  ~Process() {
    log.push_back(node.alive() ? "clean end" : "killed");
    node.post([&log = log] { log.push_back("said goodbye"); });
  }

  Node& node;
  std::vector<std::string>& log;
  Handle timer = node.after(seconds(1), [this] { log.push_back("tick"); });
};

TEST(Node, ACrashDropsTasksAndTimersAndDestroysTheProcess) {
  std::vector<std::string> log;
  World world(1);
  Node& node = world.add_node("a");
  node.start([&](Node& here) { return std::make_shared<Process>(here, log); });
  node.post([&] { log.push_back("never"); });
  int hooks = 0;
  const Handle hook = node.on_crash([&] {
    ++hooks;
    EXPECT_EQ(log.back(), "boot") << "the process is still there";
  });
  const std::uint64_t incarnation = node.incarnation();
  node.crash();
  node.crash();
  EXPECT_EQ(hooks, 1);
  EXPECT_NE(node.incarnation(), incarnation);
  EXPECT_FALSE(node.alive());
  node.post([&] { log.push_back("never"); });
  world.run_for(seconds(3));
  EXPECT_EQ(log, (std::vector<std::string>{"boot", "killed"}));

  node.restart();
  world.run_for(seconds(3));
  EXPECT_EQ(log, (std::vector<std::string>{"boot", "killed", "boot", "tick"}));
}

TEST(Node, RestartOfARunningProcessCrashesItFirst) {
  std::vector<std::string> log;
  World world(1);
  Node& node = world.add_node("a");
  node.start([&](Node& here) { return std::make_shared<Process>(here, log); });
  node.restart();
  EXPECT_EQ(log, (std::vector<std::string>{"boot", "killed", "boot"}));
}

TEST(Node, AStopIsACleanEnd) {
  std::vector<std::string> log;
  World world(1);
  Node& node = world.add_node("a");
  node.start([&](Node& here) { return std::make_shared<Process>(here, log); });
  node.stop();
  EXPECT_EQ(log, (std::vector<std::string>{"boot", "clean end"}));
  node.restart();
  EXPECT_EQ(log.back(), "boot");
}

TEST(SeededRandom, ForksAreIndependentOfEachOther) {
  const SeededRandom root(1);
  SeededRandom a = root.fork("a");
  SeededRandom again = root.fork("a");
  SeededRandom b = root.fork("b");
  const std::uint64_t first = a.next();
  EXPECT_EQ(first, again.next());
  EXPECT_NE(first, b.next());
}

}  // namespace
}  // namespace syncline::simulation
