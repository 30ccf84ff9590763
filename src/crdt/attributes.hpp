// Attributes: what holds at a place in a rich text, as JavaScript would keep it.
//
// Which formats Yjs writes depends on how JavaScript compares and orders: objects are told apart by
// identity, a Map is walked in the order in which its keys came, an object's members that look like
// array indexes come first. The bytes follow, so these rules are kept here, in one place.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "syncline/value.hpp"

namespace syncline::crdt {

/// An attribute's value: one object wherever JavaScript would have one. nullptr is null.
using SharedValue = std::shared_ptr<const Value>;

SharedValue shared_value(Value value);
/// The other way round: null for nullptr.
const Value& value_of(const SharedValue& value);

/// Whether JavaScript takes a value for true (edit_map.cpp).
bool truthy(const Value& value);
/// JavaScript's ===.
bool same(const SharedValue& a, const SharedValue& b);
/// When an attribute has no effect, by Yjs's equalAttrs: the same, or objects (and arrays) whose
/// members are the same one by one. Members that are objects themselves are told apart.
bool equal(const SharedValue& a, const SharedValue& b);

/// A JavaScript Map of attributes; null is a value like others.
class Attributes {
 public:
  using Entry = std::pair<std::string, SharedValue>;

  Attributes() = default;
  /// The members of an object; other values have none.
  explicit Attributes(const Value& object);

  bool empty() const { return held_.empty(); }
  bool has(std::string_view key) const { return held_.find(key) != held_.end(); }
  /// nullptr also where there is no such key.
  SharedValue get(std::string_view key) const;
  /// Sets a key; one that is there keeps its place.
  void set(std::string_view key, SharedValue value);
  void erase(std::string_view key);
  /// What passing a format does: null removes.
  void pass(std::string_view key, const SharedValue& value);

  /// As Map.forEach walks them.
  std::vector<Entry> in_order() const;
  /// As for-in walks an object with these members.
  std::vector<Entry> in_object_order() const;
  /// An object of them in that order.
  Value to_object() const;

 private:
  struct Held {
    SharedValue value;
    std::uint64_t place = 0;
  };
  std::map<std::string, Held, std::less<>> held_;
  std::uint64_t next_ = 0;
};

}  // namespace syncline::crdt
