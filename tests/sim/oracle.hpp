// Oracle: what was promised to whom in a run, and whether the disk keeps it.
//
// Participants leave marks: members of the map "marks" that are made once and never removed, and of
// the map "gone" that are made once and removed once. So whatever was acknowledged to anybody, or
// seen by anybody, must be on the disk at any later time, and the log of the room may not hold
// anything whose author was not allowed to write it.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "sim/plan.hpp"
#include "storage/contents.hpp"
#include "sync/replica.hpp"
#include "syncline/changes.hpp"
#include "syncline/value.hpp"

namespace syncline::sim {

/// Begins every mark that its author may not make.
inline constexpr const char* kForged = "forged";

class Oracle {
 public:
  explicit Oracle(const Plan& plan) : plan_(plan) {}

  /// A mark is on the disk of the participant that made it: from here on it is either at the room,
  /// in the end, or among the participant's parked edits.
  void kept(std::size_t participant, const std::string& url, const std::string& mark);
  /// An old backup of the disk was put back: what it does not hold was never promised by it.
  void forget_kept(std::size_t participant) { kept_.erase(participant); }
  /// Checks that what a participant keeps is nowhere lost. `parked`: the text of its parked edits.
  void check_kept(std::size_t participant, const storage::Contents& disk,
                  const std::string& parked) const;

  // What participants report.
  void acknowledged(const std::string& url, const std::string& mark);
  void removal_acknowledged(const std::string& url, const std::string& mark);
  /// A copy as it came from the room.
  void saw(std::size_t participant, const std::string& url, const Value& tree);
  void saw(std::size_t participant, const std::string& url, const Changes& changes);

  /// Checks that everything promised so far is on a disk that was just cut off, or is at rest.
  void check(const storage::Contents& disk) const;

  /// The document of an object as it is on the disk; nullptr where there is none.
  static std::unique_ptr<crdt::Doc> document(const storage::Contents& disk, const std::string& url);

  std::size_t promises() const;

 private:
  struct Promised {
    std::set<std::string> marks;
    std::set<std::string> removals;
  };
  bool is_liar(std::size_t participant, const std::string& url) const;

  const Plan& plan_;
  std::map<std::string, Promised> promised_;
  std::map<std::size_t, std::map<std::string, std::set<std::string>>> kept_;
};

}  // namespace syncline::sim
