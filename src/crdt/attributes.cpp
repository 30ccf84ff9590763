#include "crdt/attributes.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

namespace syncline::crdt {

namespace {

/// JavaScript's === of values that are not one object.
bool strictly_equal(const Value& a, const Value& b) {
  if (a.kind() != b.kind()) return false;
  switch (a.kind()) {
    case Value::Kind::kNumber:
      return a.number() == b.number();
    case Value::Kind::kArray:
    case Value::Kind::kObject:
    case Value::Kind::kBinary:
      return false;
    case Value::Kind::kNull:
    case Value::Kind::kUndefined:
    case Value::Kind::kBool:
    case Value::Kind::kBigInt:
    case Value::Kind::kString:
      break;
  }
  return a == b;
}

bool is_object(const Value& value) {
  return value.is_object() || value.is_array() || value.kind() == Value::Kind::kBinary;
}

/// An array as the object that JavaScript takes it for.
Value::Object members_of(const Value& value) {
  if (value.is_object()) return value.members();
  Value::Object members;
  const auto add = [&](Value item) {
    members.emplace_back(std::to_string(members.size()), std::move(item));
  };
  if (value.is_array()) {
    for (const Value& item : value.items()) add(item);
  } else {
    for (const std::uint8_t byte : value.binary()) add(byte);
  }
  return members;
}

/// The number that a key is, if objects put it first: an array index in its shortest form.
std::optional<std::uint64_t> array_index(std::string_view key) {
  constexpr std::uint64_t kMost = 0xfffffffe;
  if (key.empty() || key.size() > 10 || (key.size() > 1 && key[0] == '0')) return std::nullopt;
  std::uint64_t index = 0;
  const auto [end, error] = std::from_chars(key.data(), key.data() + key.size(), index);
  if (error != std::errc{} || end != key.data() + key.size() || index > kMost) return std::nullopt;
  return index;
}

}  // namespace

SharedValue shared_value(Value value) {
  return value.is_null() ? nullptr : std::make_shared<const Value>(std::move(value));
}

const Value& value_of(const SharedValue& value) {
  static const Value kNull;
  return value ? *value : kNull;
}

bool same(const SharedValue& a, const SharedValue& b) {
  if (!a || !b) return a == b;
  if (a == b) return !(a->is_number() && a->number() != a->number());
  return strictly_equal(*a, *b);
}

bool equal(const SharedValue& a, const SharedValue& b) {
  if (same(a, b)) return true;
  if (!a || !b || !is_object(*a) || !is_object(*b)) return false;
  const Value::Object of_a = members_of(*a);
  const Value::Object of_b = members_of(*b);
  if (of_a.size() != of_b.size()) return false;
  std::map<std::string_view, const Value*> by_name;
  for (const auto& [name, value] : of_b) by_name.emplace(name, &value);
  return std::all_of(of_a.begin(), of_a.end(), [&](const Value::Member& member) {
    const auto found = by_name.find(member.first);
    return found != by_name.end() && strictly_equal(member.second, *found->second);
  });
}

Attributes::Attributes(const Value& object) {
  if (!object.is_object()) return;
  for (const auto& [key, value] : object.members()) set(key, shared_value(value));
}

SharedValue Attributes::get(std::string_view key) const {
  const auto found = held_.find(key);
  return found == held_.end() ? nullptr : found->second.value;
}

void Attributes::set(std::string_view key, SharedValue value) {
  const auto found = held_.find(key);
  if (found != held_.end()) {
    found->second.value = std::move(value);
  } else {
    held_.emplace(std::string(key), Held{std::move(value), next_++});
  }
}

void Attributes::erase(std::string_view key) {
  const auto found = held_.find(key);
  if (found != held_.end()) held_.erase(found);
}

void Attributes::pass(std::string_view key, const SharedValue& value) {
  if (value) {
    set(key, value);
  } else {
    erase(key);
  }
}

std::vector<Attributes::Entry> Attributes::in_order() const {
  std::vector<std::pair<std::uint64_t, Entry>> sorted;
  sorted.reserve(held_.size());
  for (const auto& [key, held] : held_) sorted.push_back({held.place, {key, held.value}});
  std::sort(sorted.begin(), sorted.end(),
            [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<Entry> entries;
  entries.reserve(sorted.size());
  for (auto& [place, entry] : sorted) entries.push_back(std::move(entry));
  return entries;
}

std::vector<Attributes::Entry> Attributes::in_object_order() const {
  std::vector<Entry> entries = in_order();
  const auto rest = std::stable_partition(entries.begin(), entries.end(), [](const Entry& entry) {
    return array_index(entry.first).has_value();
  });
  std::sort(entries.begin(), rest, [](const Entry& a, const Entry& b) {
    return *array_index(a.first) < *array_index(b.first);
  });
  return entries;
}

Value Attributes::to_object() const {
  Value::Object members;
  for (const auto& [key, value] : in_object_order()) members.emplace_back(key, value_of(value));
  return members;
}

}  // namespace syncline::crdt
