// Participant: one process with a syncer that gets its objects and writes them at random, for as
// long as it lives.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sim/oracle.hpp"
#include "sim/plan.hpp"
#include "simulation/network.hpp"
#include "simulation/world.hpp"
#include "sync/syncer.hpp"
#include "syncline/data_object.hpp"

namespace syncline::sim {

/// What all participants of a run share, and what outlives their processes.
struct Shared {
  const Plan& plan;
  simulation::Network& network;
  Oracle& oracle;
  std::string hub;
  /// Nobody writes any more.
  bool quiet = false;
  /// Numbers the marks.
  std::uint64_t marks = 0;
  std::uint64_t refusals = 0;
};

class Participant {
 public:
  /// `disk`: null for one that keeps nothing.
  Participant(simulation::Node& node, Shared& shared, std::size_t index,
              std::unique_ptr<storage::Storage> disk);

  std::size_t index() const { return index_; }
  const std::string& identity() const { return syncer_->identity(); }
  std::optional<DataObject> copy(const std::string& url) const;
  /// A copy that is in step as far as this process knows; nullopt where there is none.
  std::optional<DataObject> settled(const std::string& url) const;
  /// Whether the room said that this one may not read it.
  bool shut_out(const std::string& url) const;
  /// Its parked edits, as text.
  std::string parked() const;

 private:
  /// A change that waits to be acknowledged.
  struct Pending {
    std::string mark;
    bool removal = false;
  };
  struct Copy {
    std::optional<DataObject> object;
    Handle watching;
    Handle retry;
    bool denied = false;
    std::vector<Pending> pending;
    std::vector<std::string> to_remove;
  };

  void get(const PlannedObject& planned);
  void create(const PlannedObject& planned);
  void got(const PlannedObject& planned, Result<sync::Syncer::Object> object);
  void tick();
  void write(const PlannedObject& planned, Copy& copy);
  void write_one(const PlannedObject& planned, Copy& copy);
  void write_shared(const DataObject& object);
  void settle(const std::string& url, Copy& copy);
  void note_kept(const std::string& url, const std::string& mark);
  Resolution decide(const Conflict& conflict);

  simulation::Node& node_;
  Shared& shared_;
  const std::size_t index_;
  simulation::SeededRandom& random_;
  std::map<std::string, Copy> copies_;
  std::unique_ptr<storage::Storage> storage_;
  std::unique_ptr<transport::Connector> connector_;
  Handle tick_;
  std::unique_ptr<sync::Syncer> syncer_;
};

}  // namespace syncline::sim
