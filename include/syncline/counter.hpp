// Counter: a number that many add to at once, and nothing is lost: a library type over a map.
//
//     syncline::Counter votes(board["votes"]);
//     votes.add(1);
//     votes.value();
//
// Assigning `board["votes"] = n + 1` is a last-writer-wins register: of two who do so at once, one
// loses. A counter is a map with one member for each copy that ever added something, written by
// that copy alone; its value is their sum. Any Yjs client can read it: it sums the members.
#pragma once

#include <cstdint>

#include "syncline/data_object.hpp"

namespace syncline {

/// A view of a place; cheap to copy. Create the map together with the object (`{"votes", {}}`): of
/// two who make it at once, one's map stands.
class Counter {
 public:
  explicit Counter(const Node& place) : place_(place) {}

  /// Adds, also a negative number; makes the map where nothing is. Inside transact() it is part of
  /// that. Throws as Node::operator=.
  void add(std::int64_t amount = 1) const;
  /// The sum; 0 where nothing is. Throws kSchema where the place is no counter.
  std::int64_t value() const;

 private:
  Node place_;
};

}  // namespace syncline
