// Counter and Set: conventions over live maps.
#include <algorithm>

#include "object/live_object.hpp"
#include "syncline/counter.hpp"
#include "syncline/set.hpp"

namespace syncline {
namespace {

/// One text for one element, whatever order its members have.
Value sorted(const Value& value) {
  if (value.is_array()) {
    Value::Array items;
    for (const Value& item : value.items()) items.push_back(sorted(item));
    return items;
  }
  if (!value.is_object()) return value;
  Value::Object members;
  for (const auto& [name, member] : value.members()) members.emplace_back(name, sorted(member));
  std::ranges::sort(members, {}, [](const auto& member) { return member.first; });
  return members;
}

std::string key_of(const Value& element) { return sorted(element).to_json(); }

}  // namespace

void Counter::add(std::int64_t amount) const {
  place_.object_->transact([&] {
    if (!place_.exists()) place_ = Value::object();
    // The client id is this copy's alone, and drawn anew with every load: nobody else writes here.
    const Node mine = place_[std::to_string(place_.object_->doc().client())];
    mine = mine.value_or<std::int64_t>(0) + amount;
  });
}

std::int64_t Counter::value() const {
  if (!place_.exists()) return 0;
  const Value members = place_.get();
  if (!members.is_object())
    throw Error(Code::kSchema, to_pointer(place_.path()) + " is not a counter");
  std::int64_t sum = 0;
  for (const auto& [copy, part] : members.members()) sum += part.as<std::int64_t>();
  return sum;
}

void Set::add(const Value& element) const {
  place_.object_->transact([&] {
    if (!place_.exists()) place_ = Value::object();
    const Node member = place_[key_of(element)];
    if (!member.exists()) member = element;
  });
}

void Set::remove(const Value& element) const { place_[key_of(element)].remove(); }

bool Set::contains(const Value& element) const { return place_[key_of(element)].exists(); }

std::size_t Set::size() const { return place_.exists() ? place_.size() : 0; }

std::vector<Value> Set::values() const {
  std::vector<Value> values;
  if (!place_.exists()) return values;
  const Value members = place_.get();
  if (!members.is_object()) throw Error(Code::kSchema, to_pointer(place_.path()) + " is not a set");
  std::vector<std::pair<std::string, Value>> elements;
  for (const auto& [key, element] : members.members()) elements.emplace_back(key, element);
  std::ranges::sort(elements, {}, [](const auto& one) { return one.first; });
  for (auto& [key, element] : elements) values.push_back(std::move(element));
  return values;
}

}  // namespace syncline
