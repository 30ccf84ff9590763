// ObjectState: one object in memory, and how it is made from what a storage keeps of it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/executor.hpp"
#include "crdt/doc.hpp"
#include "object/schema_guard.hpp"
#include "room/authorship.hpp"
#include "room/head.hpp"
#include "room/tail.hpp"
#include "storage/storage.hpp"

namespace syncline::room {

/// A client id for structs made in this process: below 2^53.
crdt::ClientId draw_client_id(Random& random);
/// 64 bits as text.
std::string draw_incarnation(Random& random);

/// Movable; owns the document.
struct ObjectState {
  Head head;
  std::unique_ptr<crdt::Doc> doc;
  /// Of objects with a schema.
  std::unique_ptr<object::SchemaGuard> guard;
  Authorship authorship;
  Tail tail;
  /// Of the newest update.
  std::uint64_t seq = 0;

  // What a load would have to read: when to fold.
  std::uint64_t folded_upto = 0;
  std::size_t snapshot_bytes = 0;
  std::size_t unfolded_bytes = 0;
  /// The storage knows the object (a plain client's empty room is first stored with its first
  /// update).
  bool stored = false;

  bool fold_due() const;
  /// Holds the document to the head's schema from here on, if there is one. kMalformed where the
  /// schema cannot be compiled.
  Result<void> guard_schema();
  /// Takes back what was applied since guard->keep(): the document is made anew without it.
  /// REQUIRES: guard.
  void take_back(Random& random);
};

/// An object that does not exist yet.
ObjectState make_state(Head head, Random& random);

/// kMalformed where something stored is damaged; kUnavailable where a newer version wrote it.
Result<ObjectState> load_state(const storage::Stored& stored, Random& random);

/// The newest sequence number that was ever given out for a stored object.
std::uint64_t last_seq(const storage::Stored& stored);

/// The snapshot that a fold stores: authorship and document.
Bytes encode_snapshot(const ObjectState& state);

}  // namespace syncline::room
