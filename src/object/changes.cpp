// Change records as JSON and as a line of text.
#include "syncline/changes.hpp"

#include <ostream>

namespace syncline {
namespace {

Value to_value(const Path& path) {
  Value::Array steps;
  steps.reserve(path.size());
  for (const Step& step : path)
    steps.push_back(std::visit([](const auto& named) { return Value(named); }, step));
  return steps;
}

}  // namespace

std::string_view name(Change::Type type) {
  switch (type) {
    case Change::Type::kAdd:
      return "add";
    case Change::Type::kUpdate:
      return "update";
    case Change::Type::kDelete:
      return "delete";
    case Change::Type::kSplice:
      return "splice";
    case Change::Type::kFormat:
      return "format";
  }
  return "update";
}

Value to_value(const Change& change) {
  Value::Object members{{"type", name(change.type)}, {"path", to_value(change.path)}};
  if (change.type == Change::Type::kSplice) {
    members.emplace_back("index", change.index);
    members.emplace_back("removed", change.removed);
    members.emplace_back("inserted", change.inserted);
  }
  if (change.old_value) members.emplace_back("old", *change.old_value);
  if (change.new_value) members.emplace_back("new", *change.new_value);
  members.emplace_back("by", change.by ? Value(*change.by) : Value());
  members.emplace_back("local", change.local);
  if (!change.cause.empty()) members.emplace_back("cause", change.cause);
  return members;
}

std::ostream& operator<<(std::ostream& out, const Change& change) {
  out << name(change.type) << ' ' << to_pointer(change.path);
  switch (change.type) {
    case Change::Type::kAdd:
      if (change.new_value) out << ' ' << *change.new_value;
      break;
    case Change::Type::kUpdate:
      if (change.old_value) out << ' ' << *change.old_value;
      if (change.new_value) out << " -> " << *change.new_value;
      break;
    case Change::Type::kDelete:
      if (change.old_value) out << " (was " << *change.old_value << ')';
      break;
    case Change::Type::kSplice:
      out << " at " << change.index << ": " << change.removed << " -> " << change.inserted;
      break;
    case Change::Type::kFormat:
      break;
  }
  if (change.by) out << " by " << *change.by;
  if (!change.cause.empty()) out << " (" << change.cause << ')';
  return out;
}

}  // namespace syncline
