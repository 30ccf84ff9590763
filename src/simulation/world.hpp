// A world in one thread: virtual time, a seed that decides everything left to chance, and nodes
// that crash and start again.
//
// Everything that happens is an event of one queue, in order of time and, at the same time, of
// scheduling. So a run is a function of its seed and of the code: a failing seed fails again.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/executor.hpp"
#include "simulation/random.hpp"

namespace syncline::simulation {

class World;

/// A machine: an executor, a clock and chance of its own, and at most one process, which a crash
/// destroys. Lives as long as its world.
///
/// A process is whatever its boot function returns. When the node crashes, its tasks and timers are
/// dropped and its connections and disks cut off first, so the destructors of the process's objects
/// reach nobody: nothing is flushed, no close is sent.
class Node final : public Executor, public Clock {
 public:
  using Boot = std::function<std::shared_ptr<void>(Node&)>;

  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;
  ~Node() override;

  World& world() { return world_; }
  const std::string& name() const { return name_; }
  std::size_t index() const { return index_; }
  Executor& executor() { return *this; }
  Clock& clock() { return *this; }
  SeededRandom& random() { return random_; }

  /// Whether a process runs, or the node was never crashed: a node without a process serves tests
  /// that use its executor directly.
  bool alive() const { return alive_; }
  /// Changes with every crash; tells what was begun before.
  std::uint64_t incarnation() const { return incarnation_; }

  /// Starts the process that `boot` makes, and remembers how for restart(). REQUIRES: none runs.
  void start(Boot boot);
  /// Ends the process as kill -9 and power loss do. REQUIRES: not called from a task of this node.
  void crash();
  /// Starts the last process again, after a crash or instead of it.
  void restart();
  /// Destroys the process as a clean end of the program does: while everything still works.
  void stop();

  /// Called at a crash, before the process is destroyed. The node must live until the handle ends.
  Handle on_crash(std::function<void()> hook);

  /// How far this node's wall clock is ahead of the world's.
  void set_wall_skew_ms(std::int64_t skew) { wall_skew_ms_ = skew; }

  // Executor; what is posted to a crashed node is dropped.
  void post(std::function<void()> task) override;
  Handle after(Duration delay, std::function<void()> task) override;
  Guard enter() override { return nullptr; }
  bool run_until(const std::function<bool()>& done, Duration timeout) override;

  // Clock
  Duration now() const override;
  std::int64_t wall_ms() const override;

 private:
  friend class World;
  using Timers = std::map<std::uint64_t, std::function<void()>>;
  using Hooks = std::map<std::uint64_t, std::function<void()>>;

  Node(World& world, std::string name, std::size_t index);

  void schedule_turn();
  void take_turn();

  World& world_;
  const std::string name_;
  const std::size_t index_;
  SeededRandom random_;
  std::int64_t wall_skew_ms_ = 0;

  bool alive_ = true;
  bool running_ = false;  ///< a task of this node is on the stack
  bool turn_scheduled_ = false;
  std::uint64_t incarnation_ = 0;
  std::deque<std::function<void()>> tasks_;
  std::shared_ptr<Timers> timers_ = std::make_shared<Timers>();
  std::shared_ptr<Hooks> hooks_ = std::make_shared<Hooks>();
  std::uint64_t made_ = 0;  ///< timers and hooks so far
  Boot boot_;
  std::shared_ptr<void> process_;
};

struct WorldOptions {
  /// Where every noteworthy event is printed to, null: nowhere.
  std::ostream* trace = nullptr;
};

class World {
 public:
  explicit World(std::uint64_t seed, WorldOptions options = {});
  /// Crashes every node, last one first.
  ~World();
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  std::uint64_t seed() const { return seed_; }
  Duration now() const { return now_; }
  /// Chance for the test itself: which fault, when, to whom.
  SeededRandom& random() { return random_; }

  Node& add_node(std::string name);
  /// Makes a part of the world (a Network, a Disk) that lives until every process is gone.
  template <typename Part, typename... Arguments>
  Part& add(Arguments&&... arguments) {
    auto part = std::make_shared<Part>(std::forward<Arguments>(arguments)...);
    parts_.push_back(part);
    return *part;
  }
  const std::vector<std::unique_ptr<Node>>& nodes() const { return nodes_; }

  /// Runs `event` once after `delay`, whatever becomes of any node.
  void after(Duration delay, std::function<void()> event);

  /// Runs the next event; false when there is none.
  bool step();
  /// Runs events until `done`; false when `timeout` passed first, or nothing more can happen.
  bool run_until(const std::function<bool()>& done, Duration timeout);
  /// Runs what happens in the next `duration`.
  void run_for(Duration duration);

  /// Prints a line, which `line()` makes only if somebody reads it.
  template <typename Line>
  void trace(Line&& line) {
    if (options_.trace != nullptr) print(line());
  }
  /// Takes a number into the fingerprint.
  void observe(std::uint64_t number) { fingerprint_ = SeededRandom(fingerprint_ ^ number).next(); }
  /// A number that two runs share only if the same happened at the same times.
  std::uint64_t fingerprint() const { return fingerprint_; }

  /// What to tell whoever sees this run fail.
  std::string how_to_rerun() const;

 private:
  using When = std::pair<Duration, std::uint64_t>;

  void print(const std::string& line);

  const std::uint64_t seed_;
  const WorldOptions options_;
  SeededRandom random_;
  Duration now_{0};
  std::uint64_t scheduled_ = 0;
  std::uint64_t fingerprint_ = 0;
  std::vector<std::unique_ptr<Node>> nodes_;
  std::vector<std::shared_ptr<void>> parts_;
  std::map<When, std::function<void()>> events_;
};

}  // namespace syncline::simulation
