// Where two histories of one object meet, and how changes made on one of them are made anew on the
// other. Pure functions of trees; who decides, and when, is the syncer's business.
#pragma once

#include <optional>
#include <vector>

#include "crdt/tree.hpp"
#include "crdt/types.hpp"
#include "syncline/changes.hpp"
#include "syncline/path.hpp"
#include "syncline/value.hpp"

namespace syncline::object {

/// The places that both sets of changes touch: the shorter path of each two that are one within the
/// other, sorted, none within another. REQUIRES: net changes (net_changes.hpp) of the same tree.
std::vector<Path> common_places(const Changes& ours, const Changes& theirs);

/// What is there; nullopt for nothing. REQUIRES: a map.
std::optional<Value> value_at(crdt::SharedType& root, const Path& path);

/// Makes a change on a tree that may have moved on since: a splice goes to where what it removed is
/// now, nearest to where it was, or stays at its index where that is gone. Errors as Tree's: the
/// place, or what held it, is no longer there.
Result<void> remake(const Change& change, crdt::Tree& tree);

}  // namespace syncline::object
