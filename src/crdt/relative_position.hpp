// RelativePosition: a place in a list or text that stays where it is while others insert and
// delete around it, such as a cursor. Yjs's RelativePosition, to the byte.
//
// A place is named by the unit next to it, by id, or by its type alone where there is no such unit.
// What was deleted and came back by undo has new ids; resolving follows it there.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/result.hpp"
#include "crdt/id.hpp"
#include "crdt/types.hpp"

namespace syncline::crdt {

/// An index of one moment.
struct AbsolutePosition {
  /// May be deleted; the index is 0 then, unless the position names the type alone.
  SharedType* type = nullptr;
  std::size_t index = 0;
  std::int64_t assoc = 0;
};

/// What resolving does where undo brought the unit back under a new id.
enum class UndoneDeletions { kFollow, kIgnore };

/// Value type. At least one of `item`, `root` and `type` is set, and the first of these that is
/// says where the position is.
struct RelativePosition {
  /// The unit right of the place, or left of it where assoc is negative.
  std::optional<ID> item;
  /// The root type that holds the place, by name.
  std::optional<std::string> root;
  /// The nested type that holds the place, by the item that holds the type.
  std::optional<ID> type;
  /// Negative: the position belongs to what is left of it, and text typed there goes to its right.
  std::int64_t assoc = 0;

  /// The place before the unit at `index`. An index past the end is the end.
  static RelativePosition at(SharedType& type, std::size_t index, std::int64_t assoc = 0);

  /// Where this is in `doc` now; a root that the document never met is made. nullopt: the document
  /// does not know the unit yet, or collected it.
  std::optional<AbsolutePosition> resolve(Doc& doc,
                                          UndoneDeletions undone = UndoneDeletions::kFollow) const;

  /// `item` alone, or else `root`, or else `type`; and assoc.
  Bytes encode() const;
  /// kMalformed for what is no position. A missing assoc is 0; bytes after it are not read.
  static Result<RelativePosition> decode(ByteView bytes);

  /// Yjs's relativePositionToJSON: members `type`, `tname`, `item`, each where set (and a name not
  /// empty), and `assoc`.
  Value to_json() const;
  /// Absent and null members are the same. kMalformed for what is no position.
  static Result<RelativePosition> from_json(const Value& json);

  friend bool operator==(const RelativePosition&, const RelativePosition&) = default;
};

}  // namespace syncline::crdt
