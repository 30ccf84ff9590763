// The storage port: one append-only log of decided updates and heads, and folded snapshots, per
// object.
//
// Rooms write here before anybody may observe what they decided (output commit). Asynchronous: an
// append gets a ticket at once, and the ticket becomes durable later, with others (group commit).
// Implementations: MemoryStorage here, adapters/sqlite, and the simulator's storage with faults.
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
  std::string author;        ///< identity the room recorded
  std::int64_t time_ms = 0;  ///< wall clock, for people
  Bytes bytes;               ///< update v1 as integrated and re-encoded, or the head's encoding

  friend bool operator==(const Record&, const Record&) = default;
};

/// Names one append; larger is later. Tickets become durable in order.
using Ticket = std::uint64_t;

/// What is stored of one object.
struct Stored {
  Bytes head;                ///< the newest head
  Bytes snapshot;            ///< empty when nothing was folded yet
  std::uint64_t upto = 0;    ///< the snapshot covers every seq up to this one
  std::vector<Record> tail;  ///< the updates after `upto`, oldest first, and those kept from before
                             ///< it (seq <= upto)
};

struct ListEntry {
  std::string object;
  Bytes head;
};

/// Thread: calls and callbacks happen on the executor that the storage was made for. Callbacks come
/// in order of the calls, never from inside the call itself. A destroyed storage calls nobody back.
class Storage {
 public:
  virtual ~Storage() = default;

  /// Adds the records, all or none, in order. `on_durable` gets the ticket when they would survive
  /// power loss, or the error (kInternal "storage": disk full, I/O) when none of them was stored.
  /// After a failed append every append made before its failure was reported fails too, so that a
  /// log never has a hole.
  virtual Ticket append(std::span<const Record> records,
                        std::function<void(Result<Ticket>)> on_durable) = 0;

  /// Reads what is stored; nullopt where there is no such object. Sees every append made before the
  /// call.
  virtual void load(const std::string& object,
                    std::function<void(Result<std::optional<Stored>>)> done) = 0;

  /// Stores `snapshot` as the object's state up to and including `upto`; then drops the updates it
  /// covers, but for those with seq > `keep_from` (the tail kept for resuming clients) or all of
  /// them with `keep_history`. Durable, or nothing changed, when `done` is called.
  virtual void fold(const std::string& object, std::uint64_t upto, Bytes snapshot,
                    std::uint64_t keep_from, bool keep_history,
                    std::function<void(Result<void>)> done) = 0;

  /// Objects in order of their URL, those after `after`, at most `limit`, whose URL matches `glob`
  /// (`*` within one path segment, `**` across `/`; empty: all).
  virtual void list(const std::string& glob, const std::string& after, std::size_t limit,
                    std::function<void(Result<std::vector<ListEntry>>)> done) = 0;

  /// The newest ticket known to be durable.
  virtual Ticket durable() const = 0;
};

}  // namespace syncline::storage
