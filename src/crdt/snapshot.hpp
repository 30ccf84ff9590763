// Snapshot: one moment of a document, as the clocks it had reached and what was deleted by then.
//
// It holds no content: whoever reads it needs the document, made with `gc = false` so that what was
// deleted since is still there. Encoded it is the delete set, then the state vector, with nothing
// around them.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "crdt/id.hpp"
#include "crdt/types.hpp"

namespace syncline::crdt {

struct Snapshot {
  DeleteSet deletes;
  StateVector state;

  /// Whether a unit was there and not deleted.
  bool shows(ID id) const { return state.get(id.client) > id.clock && !deletes.contains(id); }

  friend bool operator==(const Snapshot&, const Snapshot&) = default;
};

/// Format 2 differs in how it writes the delete set.
Bytes encode_snapshot_v1(const Snapshot& snapshot);
Bytes encode_snapshot_v2(const Snapshot& snapshot);
/// kMalformed for anything but a whole snapshot.
Result<Snapshot> decode_snapshot_v1(ByteView bytes);
Result<Snapshot> decode_snapshot_v2(ByteView bytes);

/// Whether a document that had reached `snapshot` holds all of the update: its structs and its
/// deletions.
Result<bool> snapshot_contains_update_v1(const Snapshot& snapshot, ByteView update);
Result<bool> snapshot_contains_update_v2(const Snapshot& snapshot, ByteView update);

/// Fills `into` with what `from` held at the snapshot; `into` keeps its client id, also where the
/// snapshot has structs of it. kMalformed where `from` has not reached the snapshot. `from` changes
/// for nobody, but items are split and joined on the way. REQUIRES: `from` keeps what is deleted
/// (DocOptions::gc is false), `into` is empty, neither is in a transaction.
Result<void> create_doc_from_snapshot(Doc& from, const Snapshot& snapshot, Doc& into);

// Shared types as they were, item by item as Yjs reads them: an item of which only a part was there
// reads as a whole.

/// The elements of a list (Yjs's typeListToArraySnapshot).
std::vector<Element> list_at(const SharedType& list, const Snapshot& snapshot);
/// The value of a key (Yjs's typeMapGetSnapshot); nullopt where it had none.
std::optional<Element> map_value_at(const SharedType& map, std::string_view key,
                                    const Snapshot& snapshot);
/// All entries, in the order in which the keys first came (Yjs's typeMapGetAllSnapshot).
std::vector<std::pair<std::string, Element>> map_at(const SharedType& map,
                                                    const Snapshot& snapshot);

}  // namespace syncline::crdt
