// Set: values that many add and remove at once: a library type over a map.
//
//     syncline::Set tags(board["tags"]);
//     tags.add("urgent");
//
// A map from each element's JSON text to the element. Who removes an element removes what was added
// before, as far as they have seen it: of an addition and a removal that do not know each other,
// the addition wins.
#pragma once

#include <cstddef>
#include <vector>

#include "syncline/data_object.hpp"

namespace syncline {

/// A view of a place; cheap to copy. Create the map together with the object (`{"tags", {}}`): of
/// two who make it at once, one's map stands. Elements are compared as JSON: members of objects in
/// any order.
class Set {
 public:
  explicit Set(const Node& place) : place_(place) {}

  /// Adds; makes the map where nothing is. An element that is there stays as it is. Throws as
  /// Node::operator=.
  void add(const Value& element) const;
  /// Removes; nothing happens where it is not.
  void remove(const Value& element) const;
  bool contains(const Value& element) const;
  std::size_t size() const;
  /// In order of their JSON texts.
  std::vector<Value> values() const;

 private:
  Node place_;
};

}  // namespace syncline
