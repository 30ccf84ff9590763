// What is known of a unit and where it stands, for those who judge an update before it is applied
// (src/access): the struct that holds it, its parent, its key. Reads only, and hands out views.
#pragma once

#include <optional>
#include <string_view>

#include "crdt/doc.hpp"

namespace syncline::crdt {

/// A shared type of a document: a root by its name, a nested one by the item that holds it.
struct TypeView {
  std::string_view root;     ///< of roots only
  std::optional<ID> holder;  ///< of nested types only
  TypeKind kind = TypeKind::kUntyped;
};

/// The struct that holds a unit. Views last until the document changes.
struct UnitView {
  ID id;  ///< of its first unit
  std::uint64_t length = 0;
  StructKind kind = StructKind::kGC;
  bool deleted = false;
  /// Of a map entry (or an attribute); nullptr in lists and texts, and for GC.
  const std::string* key = nullptr;
  /// What it stands in. Not for GC.
  TypeView parent;
  /// What it holds. Only for StructKind::kType.
  TypeKind type = TypeKind::kUntyped;

  bool is_gc() const { return kind == StructKind::kGC; }
  Clock end() const { return id.clock + length; }
};

/// The struct of a document that holds a unit; nullopt where it is not here.
std::optional<UnitView> unit_at(const Doc& doc, ID id);
/// The last value of a key, deleted or not; nullopt where there never was one, or no such type.
std::optional<UnitView> value_at(const Doc& doc, const TypeView& type, std::string_view key);
/// A root that somebody named; untyped for one that nobody did.
TypeView root_at(const Doc& doc, std::string_view name);
/// The next clock of a client.
Clock clock_of(const Doc& doc, ClientId client);

}  // namespace syncline::crdt
