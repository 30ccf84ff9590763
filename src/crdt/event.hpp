// Events: what a transaction changed, as Yjs's YEvent tells it, plus the removed content, which Yjs
// leaves out.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "crdt/types.hpp"

namespace syncline::crdt {

enum class KeyAction { kAdd, kUpdate, kDelete };

/// What happened to one key of a map (or attribute). `old_value` is absent for kAdd, as Yjs tells
/// it: an old shared type is there with what is left of it, mostly nothing. `old_content` is the
/// JSON form it had just before the transaction, where that can still be told.
struct KeyChange {
  KeyAction action = KeyAction::kAdd;
  std::optional<Element> old_value = {};
  std::optional<Value> old_content = {};
};

/// Keeps `length` units; `attributes` as Yjs's delta.
struct Retain {
  std::size_t length = 0;
  Value attributes;
};
/// Elements of a list, or text (then `text` holds it and `elements` is empty; an embed is one
/// element).
struct Insert {
  std::vector<Element> elements;
  std::string text;
  Value attributes;
  std::vector<IdRange> ids = {};  ///< the units inserted, for authorship
};
/// `removed`: what was there, as elements or text, where the document still holds it; for text
/// `length` counts UTF-16 code units.
struct Delete {
  std::size_t length = 0;
  std::vector<Element> removed;
  std::string removed_text;
  std::vector<IdRange> ids = {};  ///< the units removed, for authorship
};
using DeltaOp = std::variant<Retain, Insert, Delete>;

/// What one transaction did to one type. Valid during the observer's call only.
struct Event {
  SharedType* target = nullptr;
  /// From the observed type (observe_deep) or empty (observe).
  Path path;
  /// Whether the list changed (Yjs's childListChanged). The keys that changed are those of `keys`
  /// and such as came and went.
  bool list_changed = false;
  std::map<std::string, KeyChange> keys;
  std::vector<DeltaOp> delta;
  /// The id of the item that is now (or was) each changed key's value, for authorship;
  /// index-parallel facts for lists come with `inserted`, the id ranges that this transaction added
  /// to the type.
  std::map<std::string, ID> key_ids;
  std::vector<IdRange> inserted;
};

}  // namespace syncline::crdt
