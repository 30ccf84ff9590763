// What a run is about, drawn from its seed: who is there, and which objects with which rules.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

namespace syncline::sim {

struct PlannedObject {
  std::string url;
  std::string preset;
  /// Index of the participant that creates it.
  std::size_t owner = 0;
  /// Indexes of those invited.
  std::vector<std::size_t> invited;

  bool may_read(std::size_t participant) const {
    if (preset != "private" || participant == owner) return true;
    for (const std::size_t one : invited)
      if (one == participant) return true;
    return false;
  }
  bool may_write(std::size_t participant) const { return preset == "open" || participant == owner; }
};

struct Plan {
  std::size_t participants = 2;
  /// This one does not know that it may not write: its connection tells it otherwise. None: as
  /// large as `participants`.
  std::size_t liar = 0;
  std::vector<PlannedObject> objects;
  /// Those that have a disk: they keep their objects, queues and parked edits over crashes.
  std::set<std::size_t> keepers;
  /// Those of them that decide about conflicts themselves, at random.
  std::set<std::size_t> deciders;
};

inline std::string identity_of(std::size_t participant) {
  return "hyperty://sim/p" + std::to_string(participant);
}

}  // namespace syncline::sim
