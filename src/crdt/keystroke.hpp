// Keystroke: an update that holds no more than what a keystroke makes.
//
// Most updates on the wire are of this shape, so they are read without what an Update takes
// (typing.cpp applies them, where it can).
#pragma once

#include <optional>
#include <string_view>

#include "crdt/update.hpp"

namespace syncline::crdt {

/// Either one text that continues what its client made last, or one range of deleted units. The
/// text is a view into what the keystroke was read from.
struct Keystroke {
  ID id;
  /// UTF-8 without surrogates; empty: `deleted` units from `id` on go away.
  std::string_view text;
  std::optional<ID> right_origin;
  std::uint64_t deleted = 0;
};

/// nullopt: the update is of another shape, or malformed; Update's decoders say which.
std::optional<Keystroke> read_keystroke(ByteView update_v1);
std::optional<Keystroke> keystroke_of(const Update& update);

}  // namespace syncline::crdt
