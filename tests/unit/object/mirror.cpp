// Repeating change records on a plain value.
#include <algorithm>

#include "encoding/utf16.hpp"
#include "object_support.hpp"

namespace syncline::test {
namespace {

std::string line_of(const Change& change) {
  std::ostringstream line;
  line << change;
  return line.str();
}

/// What a step names; nullptr where the record does not fit.
Value* child(Value& parent, const Step& step) {
  if (const auto* key = std::get_if<std::string>(&step)) {
    if (!parent.is_object()) return nullptr;
    for (auto& [name, member] : parent.members())
      if (name == *key) return &member;
    return nullptr;
  }
  const std::size_t index = std::get<std::size_t>(step);
  return parent.is_array() && index < parent.items().size() ? &parent.items()[index] : nullptr;
}

void splice_list(Value::Array& items, const Change& change) {
  const Value::Array& removed = change.removed.items();
  ASSERT_LE(change.index + removed.size(), items.size()) << line_of(change);
  const auto from = items.begin() + static_cast<std::ptrdiff_t>(change.index);
  const auto to = from + static_cast<std::ptrdiff_t>(removed.size());
  ASSERT_EQ(Value(Value::Array(from, to)), change.removed) << line_of(change);
  const auto at = items.erase(from, to);
  items.insert(at, change.inserted.items().begin(), change.inserted.items().end());
}

void splice_text(Value& text, const Change& change) {
  std::u16string units = encoding::to_utf16(text.string());
  const std::u16string removed = encoding::to_utf16(change.removed.string());
  ASSERT_LE(change.index, units.size()) << line_of(change);
  ASSERT_EQ(units.substr(change.index, removed.size()), removed) << line_of(change);
  units.replace(change.index, removed.size(), encoding::to_utf16(change.inserted.string()));
  text = Value(encoding::from_utf16(units));
}

}  // namespace

void Mirror::repeat(const Change& change) {
  ASSERT_FALSE(change.path.empty()) << line_of(change);
  Value* place = &state_;
  const std::size_t depth = change.path.size() - (change.type == Change::Type::kSplice ? 0 : 1);
  for (std::size_t i = 0; i < depth; ++i) {
    place = child(*place, change.path[i]);
    ASSERT_NE(place, nullptr) << line_of(change) << "\nin " << state_;
  }
  if (change.type == Change::Type::kSplice) {
    ASSERT_EQ(place->is_array(), change.removed.is_array()) << line_of(change);
    ASSERT_EQ(place->is_array(), change.inserted.is_array()) << line_of(change);
    ASSERT_TRUE(place->is_array() || place->is_string()) << line_of(change);
    place->is_array() ? splice_list(place->items(), change) : splice_text(*place, change);
    return;
  }
  const Step& last = change.path.back();
  Value* const old = child(*place, last);
  ASSERT_EQ(old != nullptr, change.old_value.has_value()) << line_of(change) << "\nin " << *place;
  if (old != nullptr) {
    ASSERT_EQ(*old, *change.old_value) << line_of(change) << "\nin " << *place;
  }
  ASSERT_EQ(change.type == Change::Type::kAdd, !change.old_value) << line_of(change);
  ASSERT_EQ(change.type == Change::Type::kDelete, !change.new_value) << line_of(change);
  if (change.new_value && old != nullptr) {
    ASSERT_NE(*old, *change.new_value) << "no change: " << line_of(change);
    *old = *change.new_value;
    return;
  }
  ASSERT_TRUE(place->is_object() && std::holds_alternative<std::string>(last)) << line_of(change);
  const std::string& key = std::get<std::string>(last);
  if (change.new_value) {
    place->set(key, *change.new_value);
  } else {
    std::erase_if(place->members(),
                  [&](const Value::Member& member) { return member.first == key; });
  }
}

}  // namespace syncline::test
