// What an update touches: every struct traced to its place in the document, every deleted range to
// the items it covers, before anything of it is applied.
//
// A touch is one question to the rules: this node, added, changed or removed. What an update
// creates inside a node it creates, or removes inside a node it removes, belongs to that touch. Map
// entries are asked about as a whole: all that an update does to one key is one touch.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "access/verdict.hpp"
#include "crdt/doc.hpp"

namespace syncline::access {

/// One node that an update touches, and what of the update does it.
struct Touch {
  Place place;
  /// What it needs: each of them has to be allowed. Empty: nothing anybody could see.
  ActionSet needs;
  /// The new structs, as places in Touches::structs.
  std::vector<std::size_t> structs;
  /// Deleted units that the document has and that are not deleted yet.
  std::vector<crdt::IdRange> deletes;
  /// All of what an update does to one map key: refused in part, it is refused as a whole.
  bool entry = false;
};

inline constexpr std::size_t kNoTouch = static_cast<std::size_t>(-1);

/// One struct of an update that the document does not have, or not all of.
struct NewStruct {
  const crdt::Struct* from = nullptr;
  crdt::Clock begin = 0;  ///< its first new unit
  bool gc = false;        ///< is a GC, or would become one
  bool in_map = false;    ///< a value of a key
  std::size_t touch = kNoTouch;
  /// The units that decide where it stands, as far as it names them.
  std::vector<crdt::ID> needs;
  /// What holds it, where that is an item.
  std::optional<crdt::ID> holder;

  crdt::Clock end() const { return from->id.clock + from->length; }
};

struct Touches {
  /// In an order in which they can be integrated.
  std::vector<NewStruct> structs;
  std::vector<Touch> touches;
};

/// Refers to `update`, which must outlive the result. Nothing is applied. REQUIRES: the document
/// has all that the update depends on (Doc::unmet is empty). Removals of elements are told apart by
/// `authors`, since rules may.
Touches trace(const crdt::Update& update, const crdt::Doc& doc, const Authors& authors);

/// What of an update is left when some of its touches are refused.
struct Remainder {
  crdt::Update update;
  /// Units that came and were not taken: made deleted, or nothing, so that their author's clock has
  /// no gap.
  crdt::IdSet refused;
  /// Of them, those refused only because they depend on what was refused.
  bool dependents = false;
  /// Deletions that were cut.
  crdt::IdSet cut;
  /// Deleting `refused` makes the author's copy whole again; otherwise it has to be made anew.
  bool correctable = true;
};

/// `refuse`: which touches. `refused_before`: units that the room refused earlier; what depends on
/// them is refused as well.
Remainder without(const crdt::Update& update, const Touches& touches, std::vector<bool> refuse,
                  const crdt::IdSet& refused_before);

}  // namespace syncline::access
