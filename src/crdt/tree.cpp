// How JSON trees map to shared types: finding places, comparing, and the edits of a tree.
#include "crdt/tree.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include "encoding/members.hpp"
#include "encoding/tuning.hpp"
#include "encoding/utf16.hpp"

namespace syncline::crdt {
namespace {

using Kind = TreeEdit::Kind;

// ---- places ------------------------------------------------------------------------------------

SharedType* shared_type(const Element& element) {
  const auto* type = std::get_if<SharedType*>(&element);
  return type != nullptr ? *type : nullptr;
}

bool is_type(const Element& element, TypeKind kind) {
  const SharedType* type = shared_type(element);
  return type != nullptr && type->kind() == kind;
}

const char* describe(const Value& value) {
  switch (value.kind()) {
    case Value::Kind::kNull:
      return "null";
    case Value::Kind::kUndefined:
      return "undefined";
    case Value::Kind::kBool:
      return "a bool";
    case Value::Kind::kNumber:
      return "a number";
    case Value::Kind::kBigInt:
      return "a bigint";
    case Value::Kind::kString:
      return "a string";
    case Value::Kind::kBinary:
      return "bytes";
    case Value::Kind::kArray:
      return "a plain array, stored as one value: assign it as a whole";
    case Value::Kind::kObject:
      return "a plain object, stored as one value: assign it as a whole";
  }
  return "a value";
}

const char* describe(const Element& element) {
  if (const auto* value = std::get_if<Value>(&element)) return describe(*value);
  if (is_type(element, TypeKind::kMap)) return "a map";
  if (is_type(element, TypeKind::kArray)) return "a list";
  if (is_type(element, TypeKind::kText)) return "a live text";
  return std::holds_alternative<Subdoc>(element) ? "a subdocument" : "rich text or XML";
}

std::string name_of(const Path& path) { return path.empty() ? "the top" : to_pointer(path); }

std::string name_of(const Step& step) {
  if (const auto* key = std::get_if<std::string>(&step))
    return "the member " + Value(*key).to_json();
  return "the element " + std::to_string(std::get<std::size_t>(step));
}

Error wrong_kind(const Path& path, const Element& element, const std::string& wanted) {
  return Error(Code::kSchema, name_of(path) + " is " + describe(element) + ", not " + wanted);
}

/// The error for a path that led nowhere.
Error nowhere(const Found& found, const Path& asked) {
  const Step& step = asked[found.path.size()];
  if (found.outcome == Found::Outcome::kMissing)
    return Error(Code::kNotFound, "nothing is at " + to_pointer(asked) + ": " +
                                      name_of(found.path) + " is the deepest place there is, and " +
                                      name_of(step) + " of it does not exist");
  const bool container =
      is_type(found.element, TypeKind::kMap) || is_type(found.element, TypeKind::kArray);
  return Error(Code::kSchema, name_of(found.path) + " is " + describe(found.element) +
                                  (container && std::holds_alternative<std::string>(step)
                                       ? ", not a map"
                                       : (container ? ", not a list" : "")) +
                                  ": it cannot have " + name_of(step));
}

const std::string kEnd = "-";

/// The list index a step means: itself, decimal digits, or `size` for "-".
std::optional<std::size_t> index_of(const Step& step, std::size_t size) {
  if (const auto* index = std::get_if<std::size_t>(&step)) return *index;
  const std::string& text = std::get<std::string>(step);
  if (text == kEnd) return size;
  if (text.empty() || (text.size() > 1 && text.front() == '0')) return std::nullopt;
  std::size_t index = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), index);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return index;
}

// ---- values ------------------------------------------------------------------------------------

/// Whether the JSON form of `element` is `value`, without making it.
bool same(const Element& element, const Value& value) {
  if (const auto* plain = std::get_if<Value>(&element)) return *plain == value;
  if (is_type(element, TypeKind::kMap)) {
    const Map map(*shared_type(element));
    if (!value.is_object() || map.size() != value.members().size()) return false;
    return std::ranges::all_of(value.members(), [&](const Value::Member& member) {
      const std::optional<Element> mine = map.get(member.first);
      return mine && same(*mine, member.second);
    });
  }
  if (is_type(element, TypeKind::kArray)) {
    if (!value.is_array()) return false;
    const std::vector<Element> mine = Array(*shared_type(element)).elements();
    return std::ranges::equal(mine, value.items(), same);
  }
  return to_json(element) == value;
}

/// Whether `value`, put at `path`, keeps to the limits and to what Yjs stores there.
Result<void> check(const Value& value, Path& path, bool in_list) {
  if (path.size() > encoding::kMaxDepth)
    return Error(Code::kTooLarge, "the value nests deeper than " +
                                      std::to_string(encoding::kMaxDepth) +
                                      " levels from the top of the object");
  if (in_list && (value.is_undefined() || value.kind() == Value::Kind::kBigInt))
    return Error(Code::kSchema, to_pointer(path) + " cannot be " + describe(value) +
                                    ": a list has no place for it (null, a string or a number?)");
  if (value.is_object()) {
    for (const Value::Member& member : value.members()) {
      path.emplace_back(member.first);
      SYNCLINE_TRY(check(member.second, path, false));
      path.pop_back();
    }
  } else if (value.is_array()) {
    for (std::size_t i = 0; i < value.items().size(); ++i) {
      path.emplace_back(i);
      SYNCLINE_TRY(check(value.items()[i], path, true));
      path.pop_back();
    }
  }
  return {};
}

/// The value as it would come back from the wire. REQUIRES: it passed check().
Value wire_value(const Value& value) {
  if (value.is_string()) return encoding::to_wire_utf8(value.string());
  if (value.is_array()) {
    Value::Array items;
    items.reserve(value.items().size());
    for (const Value& item : value.items()) items.push_back(wire_value(item));
    return items;
  }
  if (!value.is_object()) return value;
  Value::Object members;
  members.reserve(value.members().size());
  for (const auto& [key, member] : value.members())
    members.emplace_back(encoding::to_wire_utf8(key), wire_value(member));
  encoding::unite_members(members);
  return members;
}

Result<Value> checked(const Value& value, Path path, bool in_list) {
  SYNCLINE_TRY(check(value, path, in_list));
  return wire_value(value);
}

Error past_the_end(const Path& list, std::size_t size, const std::string& asked) {
  return Error(Code::kTooLarge, name_of(list) + " has " + std::to_string(size) +
                                    (size == 1 ? " element" : " elements") + ": " + asked);
}

/// Whether a place in a text lies between the halves of a surrogate pair.
bool cuts_pair(const Text& text, std::size_t index) {
  if (index == 0 || index >= text.size()) return false;
  const std::string around = text.slice(index - 1, 2);
  return encoding::decode_at(around, 0).value >= 0x10000;
}

NewType new_text(std::string text) {
  NewType type;
  type.kind = TypeKind::kText;
  type.text = std::move(text);
  return type;
}

}  // namespace

Path to_path(std::vector<std::string> tokens) {
  return {std::make_move_iterator(tokens.begin()), std::make_move_iterator(tokens.end())};
}

SharedType* Found::type(TypeKind kind) const {
  return is_type(element, kind) ? shared_type(element) : nullptr;
}

/// A place that a value can be put into: a member of a map or an element of a list.
struct Tree::Slot {
  Path path;
  SharedType* holder = nullptr;
  std::optional<Element> old;
  bool append = false;  ///< the place after the last of a list, asked for as such

  bool in_list() const { return holder->kind() == TypeKind::kArray; }
  const std::string& key() const { return std::get<std::string>(path.back()); }
  std::size_t index() const { return std::get<std::size_t>(path.back()); }
};

Tree::Tree(SharedType& root, Sink sink, Gate gate)
    : root_(&root), sink_(std::move(sink)), gate_(std::move(gate)) {}

// ---- reading -----------------------------------------------------------------------------------

namespace {

/// One step down; what it found replaces `found`.
void enter(Found& found, const Step& step) {
  const auto missing = [&] { found.outcome = Found::Outcome::kMissing; };
  const auto go = [&](Step met, Element element, SharedType* holder) {
    found.path.push_back(std::move(met));
    found.holder = holder;
    found.element = std::move(element);
  };
  const auto* key = std::get_if<std::string>(&step);
  const auto* plain = std::get_if<Value>(&found.element);
  if (SharedType* map = found.type(TypeKind::kMap); map != nullptr && key != nullptr) {
    std::string name = encoding::to_wire_utf8(*key);
    std::optional<Element> member = Map(*map).get(name);
    return member ? go(std::move(name), *std::move(member), map) : missing();
  }
  if (SharedType* list = found.type(TypeKind::kArray)) {
    const std::size_t size = Array(*list).size();
    if (const auto index = index_of(step, size))
      return *index < size ? go(*index, Array(*list).get(*index), list) : missing();
  }
  if (plain != nullptr && plain->is_object() && key != nullptr) {
    const Value* member = plain->find(*key);
    return member != nullptr ? go(*key, Value(*member), nullptr) : missing();
  }
  if (plain != nullptr && plain->is_array()) {
    const std::size_t size = plain->items().size();
    if (const auto index = index_of(step, size))
      return *index < size ? go(*index, Value(plain->items()[*index]), nullptr) : missing();
  }
  found.outcome = Found::Outcome::kWrongKind;
}

}  // namespace

Found Tree::find(const Path& path) const {
  Found found;
  found.element = root_;
  found.path.reserve(path.size() + 1);
  for (const Step& step : path) {
    enter(found, step);
    if (!found.found()) break;
  }
  return found;
}

Result<Found> Tree::require(const Path& path) const {
  Found found = find(path);
  if (!found.found()) return nowhere(found, path);
  return found;
}

Result<Value> Tree::get(const Path& path) const {
  SYNCLINE_TRY_ASSIGN(found, require(path));
  return to_json(found.element);
}

Result<Tree::Slot> Tree::slot(const Path& path) const {
  Path above(path.begin(), path.end() - 1);
  Found parent = find(above);
  if (!parent.found()) return nowhere(parent, path);
  const Step& step = path.back();
  Slot slot{std::move(parent.path), shared_type(parent.element), std::nullopt};
  if (parent.type(TypeKind::kMap) != nullptr && std::holds_alternative<std::string>(step)) {
    slot.path.emplace_back(encoding::to_wire_utf8(std::get<std::string>(step)));
    slot.old = Map(*slot.holder).get(slot.key());
    return slot;
  }
  if (parent.type(TypeKind::kArray) != nullptr) {
    const std::size_t size = Array(*slot.holder).size();
    if (const auto index = index_of(step, size)) {
      if (*index < size) slot.old = Array(*slot.holder).get(*index);
      slot.append = step == Step(kEnd);
      slot.path.emplace_back(*index);
      return slot;
    }
  }
  parent.path = std::move(slot.path);
  parent.outcome = Found::Outcome::kWrongKind;
  return nowhere(parent, path);
}

Result<Found> Tree::require_text(const Path& path) const {
  SYNCLINE_TRY_ASSIGN(found, require(path));
  if (found.type(TypeKind::kText) != nullptr) return found;
  return wrong_kind(found.path, found.element, "a live text");
}

// ---- members and elements ----------------------------------------------------------------------

Result<void> Tree::set(const Path& path, const Value& value) {
  if (path.empty()) return set_root(value);
  SYNCLINE_TRY_ASSIGN(place, slot(path));
  SYNCLINE_TRY_ASSIGN(stored, checked(value, place.path, place.in_list()));
  return replace(place, stored);
}

Result<void> Tree::replace(const Slot& slot, const Value& value) {
  if (slot.in_list() && !slot.old) {
    Array list(*slot.holder);
    const Path above(slot.path.begin(), slot.path.end() - 1);
    if (!slot.append)
      return past_the_end(above, list.size(),
                          "nothing at index " + std::to_string(slot.index()) +
                              " to replace; push_back (\"-\" in a pointer) appends");
    return splice(above, list, slot.index(), 0, {value});
  }
  if (slot.old) {
    if (is_type(*slot.old, TypeKind::kText) && value.is_string())
      return assign(slot.path, Text(*shared_type(*slot.old)), value.string());
    if (same(*slot.old, value)) {
      // A plain object from another client becomes a live one; to observers it is the same value.
      const bool goes_live =
          shared_type(*slot.old) == nullptr && (value.is_object() || value.is_array());
      return goes_live ? put(slot, shared(value)) : Result<void>();
    }
  }
  std::optional<Value> old;
  if (sink_ && slot.old) old = to_json(*slot.old);
  SYNCLINE_TRY(put(slot, shared(value)));
  report([&] {
    return TreeEdit{slot.old ? Kind::kUpdate : Kind::kAdd, slot.path, std::move(old), value};
  });
  return {};
}

/// Stores, over what is there.
Result<void> Tree::put(const Slot& slot, Input input) {
  SYNCLINE_TRY(ask(slot));
  if (!slot.in_list()) {
    Map(*slot.holder).set(slot.key(), std::move(input));
    return {};
  }
  root_->doc().transact([&](Transaction&) {
    Array list(*slot.holder);
    SYNCLINE_CHECK(list.remove(slot.index(), 1).ok(), "the element was found");
    std::vector<Input> inputs;
    inputs.push_back(std::move(input));
    SYNCLINE_CHECK(list.insert(slot.index(), std::move(inputs)).ok(), "the value was checked");
  });
  return {};
}

Result<void> Tree::set_root(const Value& value) {
  const TypeKind kind = root_->kind();
  if (kind == TypeKind::kText) {
    if (!value.is_string()) return wrong_kind({}, root_, describe(value));
    return assign_text({}, value.string());
  }
  if (kind == TypeKind::kArray) {
    if (!value.is_array()) return wrong_kind({}, root_, describe(value));
    SYNCLINE_TRY_ASSIGN(stored, checked(value, {}, false));
    if (same(root_, stored)) return {};
    return splice({}, Array(*root_), 0, Array(*root_).size(), stored.items());
  }
  if (kind != TypeKind::kMap || !value.is_object()) return wrong_kind({}, root_, describe(value));
  SYNCLINE_TRY_ASSIGN(stored, checked(value, {}, false));
  if (gate_) SYNCLINE_TRY(ask_to_replace(stored));
  Result<void> done;
  root_->doc().transact([&](Transaction&) {
    std::vector<std::string> keys = Map(*root_).keys();
    std::ranges::sort(keys);
    for (std::string& key : keys)
      if (done.ok() && stored.find(key) == nullptr) done = remove({std::move(key)});
    for (const auto& [key, member] : stored.members())
      if (done.ok()) done = replace({{key}, root_, Map(*root_).get(key)}, member);
  });
  return done;
}

Result<void> Tree::remove(const Path& path) {
  if (path.empty())
    return Error(Code::kSchema, "the top of the object cannot be removed; delete the object");
  const Found found = find(path);
  if (!found.found()) return {};
  const Path above(found.path.begin(), found.path.end() - 1);
  if (found.holder == nullptr) return wrong_kind(above, find(above).element, "live");
  if (found.holder->kind() == TypeKind::kArray) {
    return splice(above, Array(*found.holder), std::get<std::size_t>(found.path.back()), 1, {});
  }
  SYNCLINE_TRY(ask({.kind = TreeTouch::Kind::kRemove,
                    .type = found.holder,
                    .key = std::get<std::string>(found.path.back())}));
  std::optional<Value> old;
  if (sink_) old = to_json(found.element);
  Map(*found.holder).remove(std::get<std::string>(found.path.back()));
  report([&] { return TreeEdit{Kind::kDelete, found.path, std::move(old)}; });
  return {};
}

// ---- lists -------------------------------------------------------------------------------------

Result<void> Tree::insert(const Path& path, std::size_t index, const Value& value) {
  const Found found = find(path);
  if (found.outcome == Found::Outcome::kMissing && found.path.size() + 1 == path.size()) {
    if (index > 0)
      return past_the_end(path, 0, "nothing to insert before at " + std::to_string(index));
    return set(path, Value::array({value}));
  }
  if (!found.found()) return nowhere(found, path);
  SharedType* list = found.type(TypeKind::kArray);
  if (list == nullptr) return wrong_kind(found.path, found.element, "a list");
  const std::size_t size = Array(*list).size();
  if (index > size)
    return past_the_end(found.path, size, "nothing to insert before at " + std::to_string(index));
  Path place = found.path;
  place.emplace_back(index);
  SYNCLINE_TRY_ASSIGN(stored, checked(value, std::move(place), true));
  return splice(found.path, Array(*list), index, 0, {std::move(stored)});
}

Result<void> Tree::push_back(const Path& path, const Value& value) {
  const Found found = find(path);
  const SharedType* list = found.found() ? found.type(TypeKind::kArray) : nullptr;
  return insert(path, list != nullptr ? Array(*found.type(TypeKind::kArray)).size() : 0, value);
}

Result<void> Tree::erase(const Path& path, std::size_t index, std::size_t count) {
  const Found found = find(path);
  if (!found.found()) return nowhere(found, path);
  SharedType* list = found.type(TypeKind::kArray);
  if (list == nullptr) return wrong_kind(found.path, found.element, "a list");
  const std::size_t size = Array(*list).size();
  if (index > size || count > size - index)
    return past_the_end(
        found.path, size,
        "cannot erase " + std::to_string(count) + " from index " + std::to_string(index));
  return splice(found.path, Array(*list), index, count, {});
}

/// REQUIRES: the range is in the list, the values are checked.
Result<void> Tree::splice(const Path& path, Array list, std::size_t index, std::size_t count,
                          Value::Array values) {
  if (count == 0 && values.empty()) return {};
  if (count > 0)
    SYNCLINE_TRY(ask(
        {.kind = TreeTouch::Kind::kRemove, .type = &list.type(), .index = index, .count = count}));
  if (!values.empty()) SYNCLINE_TRY(ask({.kind = TreeTouch::Kind::kAdd, .type = &list.type()}));
  Value::Array removed;
  if (sink_)
    for (std::size_t i = 0; i < count; ++i) removed.push_back(to_json(list.get(index + i)));
  std::vector<Input> inputs;
  inputs.reserve(values.size());
  for (const Value& value : values) inputs.push_back(shared(value));
  const bool at_end = index + count == list.size();
  root_->doc().transact([&](Transaction&) {
    if (count > 0) SYNCLINE_CHECK(list.remove(index, count).ok(), "the range was checked");
    if (inputs.empty()) return;
    // At the end as push does: behind what was deleted there, so that pushes merge in their order.
    const Result<void> inserted =
        at_end ? list.push(std::move(inputs)) : list.insert(index, std::move(inputs));
    SYNCLINE_CHECK(inserted.ok(), "the values were checked");
  });
  report([&] {
    TreeEdit edit{Kind::kSplice, path};
    edit.index = index;
    edit.removed = std::move(removed);
    edit.inserted = std::move(values);
    return edit;
  });
  return {};
}

// ---- texts -------------------------------------------------------------------------------------

Result<void> Tree::make_text(const Path& path) {
  if (path.empty()) {
    SYNCLINE_TRY(require_text(path));
    return {};
  }
  SYNCLINE_TRY_ASSIGN(place, slot(path));
  if (!place.old) {
    if (place.in_list())
      return Error(Code::kNotFound, "nothing is at " + to_pointer(place.path) +
                                        ": push_back a string first, then make it live");
    SYNCLINE_TRY(put(place, new_text("")));
    report([&] { return TreeEdit{Kind::kAdd, place.path, std::nullopt, Value("")}; });
    return {};
  }
  if (is_type(*place.old, TypeKind::kText)) return {};
  const auto* plain = std::get_if<Value>(&*place.old);
  if (plain == nullptr || !plain->is_string())
    return wrong_kind(place.path, *place.old, "a text or a string");
  // The value stays what it was, so there is nothing to report.
  return put(place, new_text(encoding::to_wire_utf8(plain->string())));
}

Result<void> Tree::insert_text(const Path& path, std::size_t index, std::string_view inserted) {
  SYNCLINE_TRY_ASSIGN(found, require_text(path));
  const Text text(*found.type(TypeKind::kText));
  index = std::min(index, text.size());
  if (cuts_pair(text, index)) --index;
  return splice(found.path, text, index, 0, encoding::to_wire_utf8(inserted));
}

Result<void> Tree::erase_text(const Path& path, std::size_t index, std::size_t length) {
  SYNCLINE_TRY_ASSIGN(found, require_text(path));
  const Text text(*found.type(TypeKind::kText));
  index = std::min(index, text.size());
  length = std::min(length, text.size() - index);
  if (length == 0) return {};
  std::size_t end = index + length;
  if (cuts_pair(text, index)) --index;
  if (cuts_pair(text, end)) ++end;
  return splice(found.path, text, index, end - index, {});
}

Result<void> Tree::assign_text(const Path& path, std::string_view to) {
  SYNCLINE_TRY_ASSIGN(found, require_text(path));
  return assign(found.path, Text(*found.type(TypeKind::kText)), encoding::to_wire_utf8(to));
}

Result<void> Tree::assign(const Path& path, Text text, std::string_view to) {
  TextDifference change = difference(text.slice(0, text.size()), to);
  return splice(path, text, change.index, encoding::utf16_length(change.removed),
                std::move(change.inserted));
}

Result<void> Tree::splice(const Path& path, Text text, std::size_t index, std::size_t length,
                          std::string inserted) {
  if (length == 0 && inserted.empty()) return {};
  SYNCLINE_TRY(ask({.kind = TreeTouch::Kind::kChange, .type = &text.type()}));
  std::string removed;
  if (sink_) removed = text.slice(index, length);
  root_->doc().transact([&](Transaction&) {
    if (length > 0) text.remove(index, length);
    if (!inserted.empty()) text.insert(index, inserted);
  });
  report([&] {
    TreeEdit edit{Kind::kSplice, path};
    edit.index = index;
    edit.removed = std::move(removed);
    edit.inserted = std::move(inserted);
    return edit;
  });
  return {};
}

// ---- the gate ----------------------------------------------------------------------------------

Result<void> Tree::ask(const TreeTouch& touch) const {
  return gate_ ? gate_(touch) : Result<void>();
}

Result<void> Tree::ask(const Slot& slot) const {
  if (!gate_) return {};
  if (!slot.in_list())
    return ask({.kind = slot.old ? TreeTouch::Kind::kChange : TreeTouch::Kind::kAdd,
                .type = slot.holder,
                .key = slot.key()});
  SYNCLINE_TRY(ask(
      {.kind = TreeTouch::Kind::kRemove, .type = slot.holder, .index = slot.index(), .count = 1}));
  return ask({.kind = TreeTouch::Kind::kAdd, .type = slot.holder});
}

/// Everything that replacing the root's members takes, so that all of it is made or nothing.
Result<void> Tree::ask_to_replace(const Value& root) const {
  for (std::string& key : Map(*root_).keys())
    if (root.find(key) == nullptr)
      SYNCLINE_TRY(ask({.kind = TreeTouch::Kind::kRemove, .type = root_, .key = std::move(key)}));
  for (const auto& [key, member] : root.members()) {
    const std::optional<Element> old = Map(*root_).get(key);
    if (old && same(*old, member)) continue;
    SharedType* const text = old && is_type(*old, TypeKind::kText) ? shared_type(*old) : nullptr;
    if (text != nullptr && member.is_string()) {
      SYNCLINE_TRY(ask({.kind = TreeTouch::Kind::kChange, .type = text}));
    } else {
      SYNCLINE_TRY(ask({.kind = old ? TreeTouch::Kind::kChange : TreeTouch::Kind::kAdd,
                        .type = root_,
                        .key = key}));
    }
  }
  return {};
}

void Tree::report(const std::function<TreeEdit()>& edit) const {
  if (sink_) sink_(edit());
}

}  // namespace syncline::crdt
