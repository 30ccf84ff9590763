// Node: one compiled subschema. Nodes name each other by index, so that $ref may lead anywhere.
#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "schema/pattern.hpp"
#include "schema/schema.hpp"

namespace syncline::schema {

using NodeIndex = std::uint32_t;
inline constexpr NodeIndex kNoNode = std::numeric_limits<NodeIndex>::max();

/// The JSON types that `type` may name, as bits.
enum TypeBits : std::uint8_t {
  kNullType = 1,
  kBooleanType = 2,
  kIntegerType = 4,
  kNumberType = 8,
  kStringType = 16,
  kArrayType = 32,
  kObjectType = 64,
  kAnyType = 127,
};

struct Node {
  /// Where it stands in the schema.
  std::string pointer;
  /// The schema `false`.
  bool never = false;

  std::uint8_t types = kAnyType;
  std::optional<Value> constant;
  std::optional<Value::Array> choices;

  std::optional<double> minimum;
  std::optional<double> maximum;
  std::optional<double> exclusive_minimum;
  std::optional<double> exclusive_maximum;
  std::optional<double> multiple_of;

  std::optional<std::size_t> min_length;
  std::optional<std::size_t> max_length;
  std::optional<Pattern> pattern;
  std::string pattern_text;

  std::optional<std::size_t> min_items;
  std::optional<std::size_t> max_items;
  std::vector<NodeIndex> prefix_items;
  NodeIndex items = kNoNode;

  std::optional<std::size_t> min_properties;
  std::optional<std::size_t> max_properties;
  std::vector<std::string> required;
  std::map<std::string, NodeIndex, std::less<>> properties;
  NodeIndex additional_properties = kNoNode;

  NodeIndex ref = kNoNode;
  std::vector<NodeIndex> all_of;
  std::vector<NodeIndex> any_of;
  std::vector<NodeIndex> one_of;
  NodeIndex negated = kNoNode;
  NodeIndex condition = kNoNode;
  NodeIndex consequence = kNoNode;
  NodeIndex alternative = kNoNode;

  /// Whether that a value was valid before, and what of it changed, says nothing about it now.
  bool needs_all() const {
    return constant || choices || !any_of.empty() || !one_of.empty() || negated != kNoNode ||
           condition != kNoNode;
  }
  bool needs_text() const { return min_length || max_length || pattern; }
  /// The subschema for a member or an element; kNoNode where anything is right.
  NodeIndex for_member(std::string_view name) const {
    const auto found = properties.find(name);
    return found != properties.end() ? found->second : additional_properties;
  }
  NodeIndex for_element(std::size_t index) const {
    return index < prefix_items.size() ? prefix_items[index] : items;
  }
};

struct Schema::Compiled {
  Value source;
  /// The first is the schema itself.
  std::vector<Node> nodes;
};

}  // namespace syncline::schema
