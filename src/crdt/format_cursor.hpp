// FormatCursor: a place in a text with formats, and the attributes that hold there.
#pragma once

#include "crdt/attributes.hpp"
#include "crdt/struct_store.hpp"

namespace syncline::crdt {

/// Stands between two items of a list.
struct FormatCursor {
  FormatCursor(const StructStore& of, Ref first) : store(&of), right(first) {}

  const StructStore* store;
  Ref left = kNone;
  Ref right;
  Attributes attributes;

  /// REQUIRES: an item to the right.
  void forward();
  /// Passes tombstones, and formats that say what `wanted` says: whoever wants these attributes
  /// to the right of here need not change anything before that.
  void pass_redundant(const Attributes& wanted);
};

inline const std::string& format_key(const StructStore& store, const Item& format) {
  return store.box(format).text;
}

/// nullptr for null.
inline SharedValue format_value(const StructStore& store, const Item& format) {
  const SharedValue& value = store.box(format).value;
  return value->is_null() ? nullptr : value;
}

inline bool is_live_format(const Item& item) {
  return item.kind == StructKind::kFormat && !item.deleted;
}

}  // namespace syncline::crdt
