// Journal: one kept object in the storage: writes down what happens to a replica, as it happens.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/executor.hpp"
#include "storage/storage.hpp"
#include "sync/kept.hpp"

namespace syncline::sync {

/// What journals are built on. All outlive them.
struct JournalPorts {
  Executor& executor;
  Clock& clock;
  storage::Storage& storage;
};

/// Entries reach the storage in the order of the calls, those of one call all or none. While the
/// storage fails they wait here and are tried again, so that the journal never has a hole.
/// Identity; owned by shared_ptr, since storage and timers call back. Thread: the executor.
class Journal : public std::enable_shared_from_this<Journal> {
 public:
  /// Of an object that is not kept yet.
  Journal(JournalPorts ports, std::string url);
  /// Of one that was loaded. `bytes`: what the load had to read.
  Journal(JournalPorts ports, std::string url, const Kept& kept, std::size_t bytes);

  const std::string& url() const { return url_; }
  const Facts& facts() const { return facts_; }

  /// Appends the entries.
  void write(std::vector<JournalEntry> entries);
  /// The same, and the facts, if they are others than before.
  void write(std::vector<JournalEntry> entries, Facts facts);
  /// Writes to two journals at once: all or none of it survives a crash.
  struct Writing {
    Journal& journal;
    std::vector<JournalEntry> entries;
    Facts facts;
  };
  static void write_both(Writing one, Writing other);

  /// While one lives, what is written is only gathered; the end of the outermost one appends it:
  /// all of it survives a crash, or none.
  class Batch {
   public:
    /// `journal`: null makes a batch of nothing.
    explicit Batch(std::shared_ptr<Journal> journal);
    ~Batch();
    Batch(const Batch&) = delete;
    Batch& operator=(const Batch&) = delete;

   private:
    std::shared_ptr<Journal> journal_;
  };

  /// A number for an edit that is parked next.
  std::uint64_t next_parked() { return ++last_parked_; }

  /// Calls `done` once everything written so far would survive power loss, or with the error when
  /// it could not be stored now (it is tried again all the same).
  void saved(std::function<void(Result<void>)> done);

  /// What is kept, as a restart would find it. `done` comes in a later turn.
  void recall(std::function<void(Result<Kept>)> done);

 private:
  void stage(std::vector<JournalEntry> entries, Facts facts);
  void append();
  /// What is staged and not on its way, now counted as on its way.
  std::vector<storage::Record> take_staged();
  void appended(std::size_t records, const Result<storage::Ticket>& result);
  void try_again();
  void finish_saved();
  void fold_if_long();
  void fold(Result<Kept> kept, std::size_t covered);

  const JournalPorts ports_;
  const std::string url_;
  Facts facts_;
  std::uint64_t seq_ = 0;
  std::uint64_t last_parked_ = 0;
  bool known_ = false;

  /// Not durable yet, the first `appended_` of them on their way.
  std::deque<storage::Record> unsaved_;
  std::size_t appended_ = 0;
  int batches_ = 0;
  bool failing_ = false;
  Duration retry_delay_{0};
  Handle retry_;
  std::uint64_t written_ = 0;  ///< records ever written
  std::uint64_t durable_ = 0;  ///< of those, durable
  std::deque<std::pair<std::uint64_t, std::function<void(Result<void>)>>> waiting_;

  std::size_t snapshot_bytes_ = 0;
  std::size_t tail_bytes_ = 0;
  bool folding_ = false;
};

}  // namespace syncline::sync
