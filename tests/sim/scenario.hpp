// Scenario: one run. A hub on a disk, participants, a network, faults; then peace, and the checks.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <ostream>
#include <vector>

#include "sim/oracle.hpp"
#include "sim/participant.hpp"
#include "sim/plan.hpp"
#include "simulation/disk.hpp"
#include "simulation/network.hpp"
#include "simulation/world.hpp"

namespace syncline::sim {

struct ScenarioOptions {
  /// Links also repeat and reorder messages, as no WebSocket does.
  bool disorderly = false;
  std::ostream* trace = nullptr;
};

class Scenario {
 public:
  Scenario(std::uint64_t seed, ScenarioOptions options);
  /// Ends the processes before what they refer to.
  ~Scenario();

  /// Faults and writes, then peace, then the checks.
  void run();

  // What happened, for the summary.
  std::uint64_t messages() const { return network_.messages_delivered(); }
  std::uint64_t refusals() const { return shared_.refusals; }
  std::uint64_t crashes() const { return crashes_; }
  std::size_t promises() const { return oracle_.promises(); }

 private:
  static Plan draw_plan(simulation::SeededRandom& random);

  void start_hub();
  void start_participant(std::size_t index);
  void one_fault();
  void crash(simulation::Node& node);
  void change_links();
  void make_peace();
  /// Why the copies are not all the same yet; empty when they are.
  std::string differences() const;
  void check_disk();
  void put_back_a_backup(std::size_t index);

  const ScenarioOptions options_;
  simulation::World world_;
  Plan plan_;
  Oracle oracle_;
  simulation::Network& network_;
  simulation::Node& hub_;
  simulation::Disk& disk_;
  Shared shared_;
  std::vector<simulation::Node*> nodes_;
  /// By index; null for those that keep nothing.
  std::vector<simulation::Disk*> disks_;
  std::map<std::size_t, storage::Contents> backups_;
  /// The processes that run now, by index; they are owned by their nodes.
  std::vector<std::weak_ptr<Participant>> participants_;
  std::uint64_t crashes_ = 0;
};

}  // namespace syncline::sim
