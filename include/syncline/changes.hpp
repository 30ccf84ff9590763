// Change records: what observers of a data object hear.
#pragma once

#include <cstddef>
#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "syncline/path.hpp"
#include "syncline/value.hpp"

namespace syncline {

/// One change of a data object.
///
/// add, update, delete: `path` is the member's, `old_value` is absent for add, `new_value` for
/// delete; both are as of that record. splice: `path` is the list's or text's; from `index` on,
/// `removed` was replaced by `inserted` (arrays of values for lists; strings for texts, whose index
/// counts UTF-16 code units). format is reserved for rich text.
struct Change {
  enum class Type { kAdd, kUpdate, kDelete, kSplice, kFormat };

  Type type = Type::kUpdate;
  Path path;
  std::optional<Value> old_value;
  std::optional<Value> new_value;
  std::size_t index = 0;
  Value removed;
  Value inserted;
  /// The identity whose write it was, as the room recorded it; nullopt where nobody can tell (a
  /// state-vector diff).
  std::optional<std::string> by;
  /// Made by this very process.
  bool local = false;
  /// "refused" where an object was rebuilt without a refused write; otherwise empty.
  std::string cause;
};

std::string_view name(Change::Type type);

/// A JSON object of the shape that `syncline watch` prints: type, path, old and new (or index,
/// removed, inserted), by, local, and cause where there is one.
Value to_value(const Change& change);

/// `update /title "Plan" -> "Plan B" by hyperty://example.org/alice`
std::ostream& operator<<(std::ostream& out, const Change& change);

/// The records of one transaction (in order of mutation) or of one remote batch (the net change,
/// parents first).
using Changes = std::vector<Change>;

}  // namespace syncline
