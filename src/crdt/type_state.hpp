// TypeState: what a shared type is made of: a list of items, a map of keys to items, and who
// observes it.
//
// Every kind has both (an XML element has children and attributes); the kind says how they read.
#pragma once

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "crdt/event.hpp"
#include "crdt/listeners.hpp"
#include "crdt/sequence_index.hpp"
#include "crdt/types.hpp"

namespace syncline::crdt {

class Engine;

/// Map keys to their current items, in the order in which the keys first came.
class KeyMap {
 public:
  struct Entry {
    KeyIndex key = kNone;
    Ref item = kNone;
  };
  /// kNone where the key never had a value.
  Ref get(KeyIndex key) const {
    const std::size_t at = find(key);
    return at < entries_.size() ? entries_[at].item : kNone;
  }
  void set(KeyIndex key, Ref item) {
    const std::size_t at = find(key);
    if (at < entries_.size()) {
      entries_[at].item = item;
      return;
    }
    entries_.push_back({key, item});
    if (entries_.size() > kScanned) {
      if (by_key_.empty()) {
        for (std::size_t i = 0; i < at; ++i) by_key_.emplace(entries_[i].key, i);
      }
      by_key_.emplace(key, at);
    }
  }
  void clear() {
    entries_.clear();
    by_key_.clear();
  }
  const std::vector<Entry>& entries() const { return entries_; }

 private:
  /// So many entries are searched one by one.
  static constexpr std::size_t kScanned = 8;

  std::size_t find(KeyIndex key) const {
    if (entries_.size() > kScanned) {
      const auto found = by_key_.find(key);
      return found == by_key_.end() ? entries_.size() : found->second;
    }
    std::size_t at = 0;
    while (at < entries_.size() && entries_[at].key != key) ++at;
    return at;
  }

  std::vector<Entry> entries_;
  // Key numbers are given out by us in order, so nobody can flood this table.
  std::unordered_map<KeyIndex, std::size_t> by_key_;
};

class TypeState final : public SharedType {
 public:
  TypeState(Engine& of, TypeIndex at, TypeKind kind_, std::string name_)
      : engine(of), index(at), type_kind(kind_), name(std::move(name_)) {}

  bool is_root() const { return holder_id.client == kNoHolder; }
  bool is_text() const { return type_kind == TypeKind::kText || type_kind == TypeKind::kXmlText; }
  bool is_map() const { return type_kind == TypeKind::kMap || type_kind == TypeKind::kXmlHook; }

  static constexpr ClientId kNoHolder = ~ClientId{0};

  Engine& engine;
  const TypeIndex index;
  TypeKind type_kind;
  /// A root's name, or the name of an XML element or hook.
  std::string name;
  /// The item that holds a nested type; kNone for roots, and after that item was collected.
  Ref holder = kNone;
  ID holder_id{kNoHolder, 0};
  TypeIndex parent_type = kNone;
  bool collected = false;

  Ref first = kNone;
  Ref last = kNone;
  /// Visible units.
  std::uint64_t length = 0;
  /// Items in the list, deleted ones included.
  std::size_t items = 0;
  /// Whether a format was ever in the list.
  bool has_formats = false;
  /// The same as Yjs notes it, which forgets what came before a root got its type: formats are
  /// cleaned up only where they are known of.
  bool formats_known = false;
  std::unique_ptr<SequenceIndex> positions;
  KeyMap map;

  /// This type's entry in the changes of transaction `changed_stamp`.
  std::uint32_t changed_slot = kNone;
  std::uint64_t changed_stamp = 0;

  Listeners<const Event&, Transaction&> observers;
  Listeners<std::span<const Event>, Transaction&> deep_observers;
};

inline TypeState& state_of(SharedType& type) { return static_cast<TypeState&>(type); }
inline const TypeState& state_of(const SharedType& type) {
  return static_cast<const TypeState&>(type);
}

}  // namespace syncline::crdt
