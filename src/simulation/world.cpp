#include "simulation/world.hpp"

#include <algorithm>
#include <cstdio>

#include "base/check.hpp"
#include "simulation/tuning.hpp"

namespace syncline::simulation {

Node::Node(World& world, std::string name, std::size_t index)
    : world_(world),
      name_(std::move(name)),
      index_(index),
      random_(world.random().fork("node " + name_)) {}

Node::~Node() = default;

void Node::start(Boot boot) {
  SYNCLINE_CHECK(process_ == nullptr, "a process runs on this node already");
  boot_ = std::move(boot);
  restart();
}

void Node::restart() {
  SYNCLINE_CHECK(boot_ != nullptr, "no process was ever started on this node");
  if (process_ != nullptr) crash();
  alive_ = true;
  world_.trace([&] { return name_ + ": starts"; });
  process_ = boot_(*this);
}

void Node::crash() {
  SYNCLINE_CHECK(!running_, "a node cannot crash while one of its tasks is on the stack");
  if (!alive_) return;
  world_.trace([&] { return name_ + ": crashes"; });
  alive_ = false;
  ++incarnation_;
  // A hook may end itself or others.
  const Hooks hooks = *hooks_;
  for (const auto& [id, hook] : hooks)
    if (hooks_->contains(id)) hook();
  const auto tasks = std::exchange(tasks_, {});
  const auto timers = std::exchange(*timers_, {});
  // Tasks are destroyed after the process, as their captures may hold parts of it.
  process_.reset();
}

void Node::stop() {
  SYNCLINE_CHECK(!running_, "a process cannot end while one of its tasks is on the stack");
  world_.trace([&] { return name_ + ": stops"; });
  process_.reset();
  crash();
}

Handle Node::on_crash(std::function<void()> hook) {
  const std::uint64_t id = ++made_;
  hooks_->emplace(id, std::move(hook));
  return Handle([hooks = std::weak_ptr(hooks_), id] {
    if (const auto alive = hooks.lock()) alive->erase(id);
  });
}

void Node::post(std::function<void()> task) {
  if (!alive_) return;
  tasks_.push_back(std::move(task));
  schedule_turn();
}

Handle Node::after(Duration delay, std::function<void()> task) {
  if (!alive_) return {};
  const std::uint64_t id = ++made_;
  timers_->emplace(id, std::move(task));
  // Looked up when its turn has come: a handle may end a timer that is due but has not run.
  const auto run = [timers = std::weak_ptr(timers_), id] {
    const auto alive = timers.lock();
    const auto found = alive->find(id);
    if (found == alive->end()) return;
    const auto timer = std::move(found->second);
    alive->erase(found);
    timer();
  };
  world_.after(std::max(delay, Duration(0)), [this, run, id] {
    if (timers_->contains(id)) post(run);
  });
  return Handle([timers = std::weak_ptr(timers_), id] {
    if (const auto alive = timers.lock()) alive->erase(id);
  });
}

bool Node::run_until(const std::function<bool()>& done, Duration timeout) {
  SYNCLINE_CHECK(!running_, "run_until() from inside a task");
  return world_.run_until(done, timeout);
}

Duration Node::now() const { return world_.now(); }

std::int64_t Node::wall_ms() const {
  return tuning::kWallStartMs + wall_skew_ms_ +
         std::chrono::duration_cast<std::chrono::milliseconds>(world_.now()).count();
}

void Node::schedule_turn() {
  if (turn_scheduled_ || tasks_.empty()) return;
  turn_scheduled_ = true;
  world_.after(random_.between(tuning::kTaskMin, tuning::kTaskMax), [this] { take_turn(); });
}

void Node::take_turn() {
  turn_scheduled_ = false;
  if (tasks_.empty()) return;
  world_.observe(index_);
  const auto task = std::move(tasks_.front());
  tasks_.pop_front();
  running_ = true;
  task();
  running_ = false;
  schedule_turn();
}

World::World(std::uint64_t seed, WorldOptions options)
    : seed_(seed), options_(options), random_(SeededRandom(seed).fork("world")) {}

World::~World() {
  for (auto node = nodes_.rbegin(); node != nodes_.rend(); ++node) (*node)->crash();
}

Node& World::add_node(std::string name) {
  nodes_.push_back(std::unique_ptr<Node>(new Node(*this, std::move(name), nodes_.size())));
  return *nodes_.back();
}

void World::after(Duration delay, std::function<void()> event) {
  events_.emplace(When{now_ + delay, ++scheduled_}, std::move(event));
}

bool World::step() {
  if (events_.empty()) return false;
  auto next = events_.extract(events_.begin());
  now_ = next.key().first;
  observe(static_cast<std::uint64_t>(now_.count()));
  next.mapped()();
  return true;
}

bool World::run_until(const std::function<bool()>& done, Duration timeout) {
  const Duration end = now_ + timeout;
  while (!done()) {
    if (events_.empty()) return false;
    if (events_.begin()->first.first > end) {
      now_ = end;
      return false;
    }
    step();
  }
  return true;
}

void World::run_for(Duration duration) {
  const Duration end = now_ + duration;
  while (!events_.empty() && events_.begin()->first.first <= end) step();
  now_ = end;
}

std::string World::how_to_rerun() const {
  return "seed " + std::to_string(seed_) +
         ": run this test again with SYNCLINE_SIM_SEED=" + std::to_string(seed_);
}

void World::print(const std::string& line) {
  char time[32];
  std::snprintf(time, sizeof time, "%12.6f s  ", std::chrono::duration<double>(now_).count());
  *options_.trace << time << line << '\n';
}

}  // namespace syncline::simulation
