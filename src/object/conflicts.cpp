#include "object/conflicts.hpp"

#include <algorithm>
#include <set>
#include <string>
#include <utility>

#include "encoding/utf16.hpp"

namespace syncline::object {
namespace {

bool is_within(const Path& inner, const Path& outer) {
  return inner.size() >= outer.size() && std::equal(outer.begin(), outer.end(), inner.begin());
}

/// The distance between two indexes.
std::size_t between(std::size_t a, std::size_t b) { return a > b ? a - b : b - a; }

Result<void> remake_list(const Change& change, crdt::Tree& tree, const Value::Array& now) {
  const Value::Array& removed = change.removed.items();
  std::size_t index = std::min(change.index, now.size());
  bool found = removed.empty();
  for (std::size_t at = 0; !removed.empty() && at + removed.size() <= now.size(); ++at) {
    const bool here =
        std::equal(removed.begin(), removed.end(), now.begin() + static_cast<std::ptrdiff_t>(at));
    if (!here || (found && between(at, change.index) >= between(index, change.index))) continue;
    index = at;
    found = true;
  }
  if (found && !removed.empty()) SYNCLINE_TRY(tree.erase(change.path, index, removed.size()));
  for (const Value& value : change.inserted.items())
    SYNCLINE_TRY(tree.insert(change.path, index++, value));
  return {};
}

Result<void> remake_text(const Change& change, crdt::Tree& tree, const std::string& now) {
  const std::string& removed = change.removed.string();
  std::size_t index = std::min(change.index, encoding::utf16_length(now));
  bool found = removed.empty();
  for (std::size_t at = removed.empty() ? std::string::npos : now.find(removed);
       at != std::string::npos; at = now.find(removed, at + 1)) {
    const std::size_t units = encoding::utf16_length(now.substr(0, at));
    if (found && between(units, change.index) >= between(index, change.index)) break;
    index = units;
    found = true;
  }
  if (found && !removed.empty())
    SYNCLINE_TRY(tree.erase_text(change.path, index, encoding::utf16_length(removed)));
  if (change.inserted.string().empty()) return {};
  return tree.insert_text(change.path, index, change.inserted.string());
}

}  // namespace

std::vector<Path> common_places(const Changes& ours, const Changes& theirs) {
  std::set<Path> places;
  for (const Change& our : ours) {
    for (const Change& their : theirs) {
      if (is_within(our.path, their.path)) {
        places.insert(their.path);
      } else if (is_within(their.path, our.path)) {
        places.insert(our.path);
      }
    }
  }
  std::vector<Path> outermost;
  for (const Path& place : places)  // What holds another comes before it.
    if (outermost.empty() || !is_within(place, outermost.back())) outermost.push_back(place);
  return outermost;
}

std::optional<Value> value_at(crdt::SharedType& root, const Path& path) {
  const crdt::Found found = crdt::Tree(root).find(path);
  if (!found.found()) return std::nullopt;
  return to_json(found.element);
}

Result<void> remake(const Change& change, crdt::Tree& tree) {
  switch (change.type) {
    case Change::Type::kAdd:
    case Change::Type::kUpdate:
      return tree.set(change.path, change.new_value.value_or(Value()));
    case Change::Type::kDelete:
      return tree.remove(change.path);
    case Change::Type::kSplice: {
      SYNCLINE_TRY_ASSIGN(now, tree.get(change.path));
      if (now.is_array() && change.inserted.is_array())
        return remake_list(change, tree, now.items());
      if (now.is_string() && change.inserted.is_string()) {
        SYNCLINE_TRY(tree.require_text(change.path));
        return remake_text(change, tree, now.string());
      }
      return Error(Code::kSchema, to_pointer(change.path) + " has become something else");
    }
    case Change::Type::kFormat:
      return {};
  }
  return {};
}

}  // namespace syncline::object
