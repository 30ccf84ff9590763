// Change records out of Yjs's deltas and key changes.
#include "object/net_changes.hpp"

#include <algorithm>
#include <utility>

#include "crdt/text_difference.hpp"
#include "encoding/utf16.hpp"

namespace syncline::object {
namespace {

using crdt::Event;
using crdt::TypeKind;

Change change_at(Path path, Change::Type type) {
  Change change;
  change.type = type;
  change.path = std::move(path);
  return change;
}

Path below(Path path, Step step) {
  path.push_back(std::move(step));
  return path;
}

void append_key_changes(const Event& event, const Authors& authors, Changes& changes) {
  const crdt::Map map(*event.target);
  for (const auto& [key, what] : event.keys) {
    Change change = change_at(below(event.path, key), Change::Type::kUpdate);
    if (what.old_content) {
      change.old_value = what.old_content;
    } else if (what.old_value) {
      change.old_value = to_json(*what.old_value);
    }
    if (what.action != crdt::KeyAction::kDelete)
      if (const auto now = map.get(key)) change.new_value = to_json(*now);
    if (change.old_value == change.new_value) continue;
    if (!change.old_value) change.type = Change::Type::kAdd;
    if (!change.new_value) change.type = Change::Type::kDelete;
    if (const auto id = event.key_ids.find(key); id != event.key_ids.end()) {
      const crdt::IdRange unit{id->second.client, id->second.clock, 1};
      const Authors::Rank deleter = change.new_value ? std::nullopt : authors.deleter(unit);
      change.by = authors.by(deleter ? deleter : authors.maker(unit));
    }
    changes.push_back(std::move(change));
  }
}

/// Gathers what a delta does between two retains into splices. `Content`: how lists and texts
/// differ.
template <typename Content>
class Splices {
 public:
  Splices(const Event& event, const Authors& authors, Changes& changes)
      : event_(event), authors_(authors), changes_(changes) {}

  void run() {
    for (const crdt::DeltaOp& op : event_.delta)
      std::visit([this](const auto& one) { this->take(one); }, op);
    flush();
  }

 private:
  void take(const crdt::Retain& retain) {
    flush();
    index_ += retain.length;
  }
  void take(const crdt::Insert& insert) {
    inserted_.append(insert);
    for (const crdt::IdRange& ids : insert.ids) last_ = std::max(last_, authors_.maker(ids));
  }
  void take(const crdt::Delete& removal) {
    removed_.append(removal);
    for (const crdt::IdRange& ids : removal.ids) last_ = std::max(last_, authors_.deleter(ids));
  }

  void flush() {
    const std::size_t after = index_ + inserted_.size();
    Value removed = std::exchange(removed_, {}).value();
    Value inserted = std::exchange(inserted_, {}).value();
    const Authors::Rank last = std::exchange(last_, std::nullopt);
    if (removed != inserted) {
      Change change = change_at(event_.path, Change::Type::kSplice);
      change.index = index_;
      change.removed = std::move(removed);
      change.inserted = std::move(inserted);
      change.by = authors_.by(last);
      changes_.push_back(std::move(change));
    }
    index_ = after;
  }

  const Event& event_;
  const Authors& authors_;
  Changes& changes_;
  std::size_t index_ = 0;
  Content removed_;
  Content inserted_;
  Authors::Rank last_;
};

struct ListContent {
  Value::Array items;

  void append(const crdt::Insert& insert) { append(insert.elements); }
  void append(const crdt::Delete& removal) { append(removal.removed); }
  void append(const std::vector<crdt::Element>& elements) {
    for (const crdt::Element& element : elements) items.push_back(to_json(element));
  }
  std::size_t size() const { return items.size(); }
  Value value() && { return std::move(items); }
};

/// An embed of rich text is U+FFFC, so that indexes count every unit.
struct TextContent {
  std::string text;

  void append(const crdt::Insert& insert) { append(insert.text, insert.elements.size()); }
  void append(const crdt::Delete& removal) { append(removal.removed_text, removal.removed.size()); }
  void append(const std::string& more, std::size_t embeds) {
    text += more;
    for (; embeds > 0; --embeds) text += "\xef\xbf\xbc";
  }
  std::size_t size() const { return encoding::utf16_length(text); }
  Value value() && { return std::move(text); }
};

// ---- differences -------------------------------------------------------------------------------

class Comparison {
 public:
  Changes compare(crdt::SharedType& from, crdt::SharedType& to) {
    maps(crdt::Map(from), crdt::Map(to));
    return std::move(changes_);
  }

 private:
  static crdt::SharedType* type_of(const crdt::Element& element, TypeKind kind) {
    const auto* type = std::get_if<crdt::SharedType*>(&element);
    return type != nullptr && (*type)->kind() == kind ? *type : nullptr;
  }

  /// Both are of this kind: their difference is one within them, not another value.
  template <typename View>
  static std::optional<std::pair<View, View>> both(const crdt::Element& a, const crdt::Element& b,
                                                   TypeKind kind) {
    crdt::SharedType* from = type_of(a, kind);
    crdt::SharedType* to = type_of(b, kind);
    if (from == nullptr || to == nullptr) return std::nullopt;
    return std::pair{View(*from), View(*to)};
  }

  void maps(crdt::Map from, crdt::Map to) {
    std::vector<std::string> keys = from.keys();
    for (std::string& key : to.keys())
      if (!from.has(key)) keys.push_back(std::move(key));
    std::ranges::sort(keys);
    std::vector<std::string> within;
    for (std::string& key : keys)
      if (!member(key, from.get(key), to.get(key))) within.push_back(std::move(key));
    for (std::string& key : within) {
      const crdt::Element before = *from.get(key);
      const crdt::Element after = *to.get(key);
      path_.emplace_back(std::move(key));
      if (const auto pair = both<crdt::Map>(before, after, TypeKind::kMap))
        maps(pair->first, pair->second);
      if (const auto pair = both<crdt::Array>(before, after, TypeKind::kArray))
        lists(pair->first, pair->second);
      if (const auto pair = both<crdt::Text>(before, after, TypeKind::kText))
        texts(pair->first, pair->second);
      path_.pop_back();
    }
  }

  /// False where the difference is within the member, to be told after its parent's.
  bool member(const std::string& key, const std::optional<crdt::Element>& before,
              const std::optional<crdt::Element>& after) {
    if (before && after &&
        (both<crdt::Map>(*before, *after, TypeKind::kMap) ||
         both<crdt::Array>(*before, *after, TypeKind::kArray) ||
         both<crdt::Text>(*before, *after, TypeKind::kText)))
      return false;
    Change change = change_at(below(path_, key), Change::Type::kUpdate);
    if (before) change.old_value = to_json(*before);
    if (after) change.new_value = to_json(*after);
    if (change.old_value == change.new_value) return true;
    if (!before) change.type = Change::Type::kAdd;
    if (!after) change.type = Change::Type::kDelete;
    changes_.push_back(std::move(change));
    return true;
  }

  void lists(crdt::Array from, crdt::Array to) {
    Value::Array before = to_json(&from.type()).items();
    Value::Array after = to_json(&to.type()).items();
    const auto [first, first_after] = std::ranges::mismatch(before, after);
    const auto index = first - before.begin();
    const auto rest = std::min(before.end() - first, after.end() - first_after);
    std::ptrdiff_t suffix = 0;
    while (suffix < rest && before.end()[-suffix - 1] == after.end()[-suffix - 1]) ++suffix;
    splice(static_cast<std::size_t>(index), Value::Array(first, before.end() - suffix),
           Value::Array(first_after, after.end() - suffix));
  }

  void texts(crdt::Text from, crdt::Text to) {
    crdt::TextDifference change =
        crdt::difference(from.slice(0, from.size()), to.slice(0, to.size()));
    splice(change.index, std::move(change.removed), std::move(change.inserted));
  }

  void splice(std::size_t index, Value removed, Value inserted) {
    if (removed == inserted) return;
    Change change = change_at(path_, Change::Type::kSplice);
    change.index = index;
    change.removed = std::move(removed);
    change.inserted = std::move(inserted);
    changes_.push_back(std::move(change));
  }

  Path path_;
  Changes changes_;
};

}  // namespace

Changes net_changes(std::span<const Event> events, const Authors& authors) {
  std::vector<const Event*> sorted;
  for (const Event& event : events) sorted.push_back(&event);
  // Any order of siblings would do; this one makes runs repeatable.
  std::ranges::stable_sort(sorted, [](const Event* a, const Event* b) {
    return a->path.size() != b->path.size() ? a->path.size() < b->path.size() : a->path < b->path;
  });
  Changes changes;
  for (const Event* event : sorted) {
    if (event->target->kind() == TypeKind::kMap) append_key_changes(*event, authors, changes);
    if (event->target->kind() == TypeKind::kArray)
      Splices<ListContent>(*event, authors, changes).run();
    if (event->target->kind() == TypeKind::kText)
      Splices<TextContent>(*event, authors, changes).run();
  }
  return changes;
}

Changes difference(crdt::SharedType& from, crdt::SharedType& to) {
  return Comparison().compare(from, to);
}

}  // namespace syncline::object
