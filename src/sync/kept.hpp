// Kept: what a syncer's data file holds of one object, as a value, and its bytes.
//
// An object is kept as a journal in the storage port: entries in the order in which things happened
// (a local update was made, others' came, the room acknowledged), and a head with the facts that
// rarely change. A change of one field appends one short entry, however large the object is and
// however many there are. Folding replaces the journal by one snapshot. What the room has (`base`)
// and what was written here on top of it (`queue`) are never mixed, so that the state before the
// local edits can always be told: conflicts are judged against it.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/bytes.hpp"
#include "crdt/doc.hpp"
#include "storage/storage.hpp"
#include "syncline/changes.hpp"

namespace syncline::sync {

/// A create that no room has confirmed: sent again, as it is, until one answers. Its first state is
/// Kept::first.
struct Creation {
  std::string nonce;
  Value access = "owner";
  std::vector<std::string> invite;
  bool durable = true;

  friend bool operator==(const Creation&, const Creation&) = default;
};

/// What is known of an object beside its content: the head in the storage.
struct Facts {
  std::string owner;
  std::uint64_t epoch = 0;
  std::string may_write = "all";
  /// Of the room that is followed; empty before any was.
  std::string incarnation;
  std::optional<Creation> creation;
  /// What the object has to keep to, shared with whoever wrote it down; null: nothing.
  std::shared_ptr<const Value> schema;
  /// False: the copy was given up; only parked edits are left.
  bool followed = true;

  Bytes encode() const;
  /// kMalformed for damaged bytes, kUnavailable for a format that a newer version wrote.
  static Result<Facts> decode(ByteView bytes);

  friend bool operator==(const Facts&, const Facts&) = default;
};

/// A local update that the room has not acknowledged.
struct Made {
  /// Of the newest local change in it; counts the changes of this object, from 1, for as long as
  /// the data file lives.
  std::uint64_t number = 0;
  /// Others' structs may be in it (an imported document).
  bool relayed = false;
  SharedBytes update;
};

/// Local changes that are neither in the object nor forgotten: the room refused them, or took the
/// object away.
struct ParkedEdit {
  std::uint64_t id = 0;
  Error why{Code::kInternal, ""};
  std::int64_t time_ms = 0;
  /// What they do to the tree they were made on.
  Changes changes;
};

// ---- the entries of the journal ----

/// The first state of an object created here.
struct Began {
  SharedBytes state;
};
/// A room confirmed the creation: the first state is the room's too.
struct Confirmed {
  std::uint64_t position = 0;
};
/// Others' change, with what the replica's position is once it is applied.
struct Came {
  std::uint64_t position = 0;
  std::string by;
  SharedBytes update;
};
/// Local updates up to `upto` are acknowledged, and so part of the base.
struct Settled {
  std::uint64_t upto = 0;
  std::uint64_t position = 0;
};
/// The room's state replaces everything, the queue too.
struct Reset {
  std::uint64_t position = 0;
  SharedBytes state;
};
/// The parked edit was dropped, or made anew.
struct Released {
  std::uint64_t id = 0;
};
using JournalEntry =
    std::variant<Began, Confirmed, Made, Came, Settled, Reset, ParkedEdit, Released>;

Bytes encode_entry(const JournalEntry& entry);

/// Movable value.
struct Kept {
  Facts facts;
  /// What the room has, as updates in order of arrival.
  std::vector<SharedBytes> base;
  /// Of an object that no room has confirmed; else null.
  SharedBytes first;
  std::uint64_t position = 0;
  /// Number of the newest local update.
  std::uint64_t made = 0;
  std::deque<Made> queue;
  std::map<std::uint64_t, ParkedEdit> parked;
  std::uint64_t last_parked = 0;
  /// Of the newest journal entry.
  std::uint64_t seq = 0;

  /// Entries with a seq that was replayed already change nothing. Error: kMalformed, kUnavailable.
  Result<void> replay(const storage::Record& record);
  void replay(JournalEntry entry);
  Bytes encode_snapshot() const;
};

/// Errors as Facts::decode, for all that is stored.
Result<Kept> read_kept(const storage::Stored& stored);

/// A document of what the room has: without first state and queue.
std::unique_ptr<crdt::Doc> base_document(const Kept& kept, crdt::ClientId client);
/// The document as it is seen here.
std::unique_ptr<crdt::Doc> local_document(const Kept& kept, crdt::ClientId client);

}  // namespace syncline::sync
