// The trees of documents, as a replica compares them: what is there, and what differs.
#pragma once

#include <optional>

#include "crdt/doc.hpp"
#include "object/live_object.hpp"
#include "object/net_changes.hpp"
#include "syncline/changes.hpp"
#include "syncline/value.hpp"

namespace syncline::sync {

/// For std::visit.
template <typename... Handlers>
struct Cases : Handlers... {
  using Handlers::operator()...;
};
template <typename... Handlers>
Cases(Handlers...) -> Cases<Handlers...>;

/// The tree of a document; nullptr where its root "data" is something else.
inline crdt::SharedType* tree_of(crdt::Doc& doc) {
  const Result<crdt::SharedType*> root = doc.root(object::kDataRoot, crdt::TypeKind::kMap);
  return root.ok() ? *root : nullptr;
}

inline std::optional<Value> value_of(crdt::Doc& doc) {
  crdt::SharedType* const root = tree_of(doc);
  return root != nullptr ? std::optional(root->to_json()) : std::nullopt;
}

inline Changes difference(crdt::Doc& from, crdt::Doc& to) {
  crdt::SharedType* const before = tree_of(from);
  crdt::SharedType* const after = tree_of(to);
  if (before == nullptr || after == nullptr) return {};
  return object::difference(*before, *after);
}

}  // namespace syncline::sync
