// Value: what is not a one-liner of its header.
#include "syncline/value.hpp"

#include <algorithm>
#include <cmath>
#include <ostream>

#include "base/check.hpp"
#include "encoding/json.hpp"
#include "encoding/members.hpp"
#include "encoding/utf16.hpp"

namespace syncline {
namespace {

/// How much of a value an error message shows, in bytes.
constexpr std::size_t kShownBytesMax = 60;

bool is_member(const Value& value) {
  return value.is_array() && value.items().size() == 2 && value.items()[0].is_string();
}

bool same_number(double a, double b) {
  if (std::isnan(a) || std::isnan(b)) return std::isnan(a) && std::isnan(b);
  return a == b && std::signbit(a) == std::signbit(b);
}

bool same_members(const Value::Object& a, const Value::Object& b) {
  if (a.size() != b.size()) return false;
  // Most often both were written in one order.
  const bool same_order =
      std::equal(a.begin(), a.end(), b.begin(),
                 [](const auto& left, const auto& right) { return left.first == right.first; });
  if (same_order) {
    return std::equal(a.begin(), a.end(), b.begin(), [](const auto& left, const auto& right) {
      return left.second == right.second;
    });
  }
  const auto sorted = [](const Value::Object& members) {
    std::vector<const Value::Member*> order;
    order.reserve(members.size());
    for (const auto& member : members) order.push_back(&member);
    std::sort(order.begin(), order.end(),
              [](const auto* left, const auto* right) { return left->first < right->first; });
    return order;
  };
  const auto left = sorted(a);
  const auto right = sorted(b);
  return std::equal(left.begin(), left.end(), right.begin(), [](const auto* x, const auto* y) {
    return x->first == y->first && x->second == y->second;
  });
}

/// The start of a value's JSON, for messages.
std::string shown(const Value& value) {
  std::string json = value.to_json();
  if (json.size() <= kShownBytesMax) return json;
  json.resize(encoding::utf16_offset(json, kShownBytesMax / 2));
  return json + "…";
}

std::string_view kind_name(Value::Kind kind) {
  switch (kind) {
    case Value::Kind::kNull:
      return "null";
    case Value::Kind::kUndefined:
      return "undefined";
    case Value::Kind::kBool:
      return "the bool ";
    case Value::Kind::kNumber:
      return "the number ";
    case Value::Kind::kBigInt:
      return "the BigInt ";
    case Value::Kind::kString:
      return "the string ";
    case Value::Kind::kBinary:
      return "the bytes ";
    case Value::Kind::kArray:
      return "the array ";
    case Value::Kind::kObject:
      return "the object ";
  }
  return "";
}

}  // namespace

Value::Value(std::initializer_list<Value> items) : data_(nullptr) {
  if (!std::all_of(items.begin(), items.end(), is_member)) {
    data_ = Array(items);
    return;
  }
  Object members;
  members.reserve(items.size());
  for (const Value& item : items) members.emplace_back(item.items()[0].string(), item.items()[1]);
  encoding::unite_members(members);
  data_ = std::move(members);
}

const Value* Value::find(std::string_view member) const {
  if (!is_object()) return nullptr;
  for (const auto& [name, value] : members())
    if (name == member) return &value;
  return nullptr;
}

void Value::set(std::string_view member, Value value) {
  SYNCLINE_CHECK(is_object(), "Value::set on a value that is no object");
  for (auto& [name, old] : members()) {
    if (name == member) {
      old = std::move(value);
      return;
    }
  }
  members().emplace_back(std::string(member), std::move(value));
}

bool operator==(const Value& a, const Value& b) {
  if (a.kind() != b.kind()) return false;
  if (a.is_number()) return same_number(a.number(), b.number());
  if (a.is_object()) return same_members(a.members(), b.members());
  return a.data_ == b.data_;
}

std::string Value::to_json() const { return encoding::write_json(*this); }

Value Value::parse(std::string_view json) { return encoding::parse_json(json).take_or_throw(); }

std::ostream& operator<<(std::ostream& out, const Value& value) { return out << value.to_json(); }

namespace detail {

void throw_wrong_kind(const Value& value, const char* wanted) {
  std::string found(kind_name(value.kind()));
  if (!value.is_null() && !value.is_undefined()) found += shown(value);
  throw Error(Code::kSchema, std::string("expected ") + wanted + ", found " + found);
}

std::int64_t signed_integer(const Value& value, std::int64_t least, std::int64_t most) {
  const auto range = [&] {
    return "an integer from " + std::to_string(least) + " to " + std::to_string(most);
  };
  std::int64_t number = 0;
  if (value.kind() == Value::Kind::kBigInt) {
    number = value.bigint().value;
  } else {
    if (!value.is_number()) throw_wrong_kind(value, "an integer");
    const double real = value.number();
    // -2^63 and 2^63 are doubles, and between them a whole double is an int64.
    if (!(real >= -0x1p63 && real < 0x1p63) || std::trunc(real) != real)
      throw_wrong_kind(value, range().c_str());
    number = static_cast<std::int64_t>(real);
  }
  if (number < least || number > most) throw_wrong_kind(value, range().c_str());
  return number;
}

std::uint64_t unsigned_integer(const Value& value, std::uint64_t most) {
  const auto range = [&] { return "an integer from 0 to " + std::to_string(most); };
  std::uint64_t number = 0;
  if (value.kind() == Value::Kind::kBigInt) {
    if (value.bigint().value < 0) throw_wrong_kind(value, range().c_str());
    number = static_cast<std::uint64_t>(value.bigint().value);
  } else {
    if (!value.is_number()) throw_wrong_kind(value, "an integer");
    const double real = value.number();
    if (!(real >= 0 && real < 0x1p64) || std::trunc(real) != real)
      throw_wrong_kind(value, range().c_str());
    number = static_cast<std::uint64_t>(real);
  }
  if (number > most) throw_wrong_kind(value, range().c_str());
  return number;
}

}  // namespace detail
}  // namespace syncline
