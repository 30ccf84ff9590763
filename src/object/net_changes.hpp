// The net change between two states of a data object, as change records: parents first, so that
// whoever repeats them in order on a plain copy arrives at the new state.
#pragma once

#include <span>

#include "crdt/event.hpp"
#include "crdt/types.hpp"
#include "object/authors.hpp"
#include "syncline/changes.hpp"

namespace syncline::object {

/// What one transaction did, by its deep events. What ends as it was is no change. Valid inside the
/// observe_deep callback only.
Changes net_changes(std::span<const crdt::Event> events, const Authors& authors);

/// What leads from one tree to the other: members one by one, one splice for each list or text.
/// REQUIRES: both are maps.
Changes difference(crdt::SharedType& from, crdt::SharedType& to);

}  // namespace syncline::object
