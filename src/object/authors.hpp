// Authors: which part of a remote batch, and so whose write, made or deleted a unit.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "crdt/update.hpp"

namespace syncline::object {

/// Value type. Knows the parts of the current batch, and of earlier batches those that may still
/// wait for a missing update.
class Authors {
 public:
  /// An empty `by` is an author that nobody knows.
  void add(const std::string& by, const crdt::Update& update);
  /// Forgets everything.
  void clear() { parts_.clear(); }
  /// Forgets the oldest parts past kWaitingPartsMax.
  void trim();

  /// The place in order of arrival of a write, to compare which was the last; nullopt for units
  /// that no known part carries.
  using Rank = std::optional<std::size_t>;
  Rank maker(const crdt::IdRange& range) const;
  Rank deleter(const crdt::IdRange& range) const;

  std::optional<std::string> by(Rank rank) const;

 private:
  struct Part {
    std::string by;
    crdt::IdSet made;
    crdt::DeleteSet deleted;
  };
  std::vector<Part> parts_;
};

}  // namespace syncline::object
