// The storage port: one append-only log of decided updates, the newest head and a folded snapshot,
// per object.
//
// Rooms write here before anybody may observe what they decided (output commit). Asynchronous: an
// append gets a ticket at once, and the ticket becomes durable later, with others (group commit).
// Implementations: MemoryStorage here, adapters/sqlite, and the simulator's storage with faults;
// tests/unit/storage/storage_suite.hpp checks all of them against this contract.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace syncline::storage {

enum class RecordKind : std::uint8_t { kUpdate = 1, kHead = 2 };

/// One entry of an object's log. Head and update of one decision go in one append.
struct Record {
  std::string object;  ///< URL in canonical form
  std::uint64_t seq =
      0;  ///< the object's sequence number; a head carries that of the last update before it
  RecordKind kind = RecordKind::kUpdate;
  std::string author;        ///< identity the room recorded; only updates keep it
  std::int64_t time_ms = 0;  ///< wall clock, for people; only updates keep it
  Bytes bytes;               ///< update v1 as integrated and re-encoded, or the head's encoding

  friend bool operator==(const Record&, const Record&) = default;
};

/// Names one append; larger is later. Tickets become durable in order.
using Ticket = std::uint64_t;

/// What is stored of one object.
struct Stored {
  Bytes head;              ///< the newest head; empty when none was written
  Bytes snapshot;          ///< empty when nothing was folded yet
  std::uint64_t upto = 0;  ///< the snapshot covers every seq up to this one
  std::vector<Record>
      tail;  ///< the updates after `upto`, oldest first, preceded by those kept from before it

  friend bool operator==(const Stored&, const Stored&) = default;
};

struct ListEntry {
  std::string object;
  Bytes head;

  friend bool operator==(const ListEntry&, const ListEntry&) = default;
};

/// Thread: calls and callbacks happen on the executor that the storage was made for. Callbacks
/// never come from inside the call itself. Those of appends come in order of the calls; any other
/// one comes after those of the appends made before its call. A callback may destroy the storage; a
/// destroyed storage calls nobody back.
class Storage {
 public:
  virtual ~Storage() = default;

  /// Adds the records, all or none, in order. `on_durable` gets the ticket once they would survive
  /// power loss, or the error {kInternal, "storage"} (disk full, I/O) when none of them was stored.
  ///
  /// A failed append takes with it every append made before its failure is reported, so that a log
  /// never has a hole: all of them are reported failed, one right after the other. An append made
  /// from inside these reports is a new one, and may succeed. So a room that hears of one failure
  /// treats all its open appends as failed.
  ///
  /// REQUIRES: the seq of an object's updates never goes back, not even when it is created anew
  /// after a deletion.
  virtual Ticket append(std::span<const Record> records,
                        std::function<void(Result<Ticket>)> on_durable) = 0;

  /// Reads what is stored; nullopt where there is no such object. Sees every append made before the
  /// call. Error: {kInternal, "storage"} when what is stored cannot be read or fails its checksum;
  /// other objects are not concerned.
  virtual void load(const std::string& object,
                    std::function<void(Result<std::optional<Stored>>)> done) = 0;

  /// Stores `snapshot` as the object's state up to and including `upto`; then drops the updates it
  /// covers, but for those with seq > `keep_from` (the tail kept for resuming clients) or all of
  /// them with `keep_history`. Durable when `done` reports success; otherwise nothing changed. A
  /// fold made after an append that failed, and before that was reported, fails too: its snapshot
  /// may hold what was not stored. Errors: kNotFound (no such object), kConflict (a later fold is
  /// stored), {kInternal, "storage"}.
  virtual void fold(const std::string& object, std::uint64_t upto, Bytes snapshot,
                    std::uint64_t keep_from, bool keep_history,
                    std::function<void(Result<void>)> done) = 0;

  /// Objects in byte order of their URL, those after `after`, at most `limit`, whose URL matches
  /// `glob` (base/glob.hpp; empty: all). Sees every append made before the call.
  virtual void list(const std::string& glob, const std::string& after, std::size_t limit,
                    std::function<void(Result<std::vector<ListEntry>>)> done) = 0;

  /// The newest ticket known to be durable; 0 at first.
  virtual Ticket durable() const = 0;
};

}  // namespace syncline::storage
