// A disk that outlives the processes of its node, and the storage port on it.
//
// Appends become durable a while after the call, in batches, as with a real fsync; a crash loses
// what was not synced, but for any first part of it; and at times the disk is full.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "simulation/world.hpp"
#include "storage/contents.hpp"
#include "storage/storage.hpp"

namespace syncline::simulation {

struct DiskOptions {
  /// What one sync takes.
  Duration sync_min = std::chrono::microseconds(200);
  Duration sync_max = std::chrono::milliseconds(10);
};

/// The disk of one node: `Disk& disk = world.add<Disk>(node)`.
class Disk {
 public:
  explicit Disk(Node& node, DiskOptions options = {});
  Disk(const Disk&) = delete;
  Disk& operator=(const Disk&) = delete;
  ~Disk();

  /// The storage of the node's process. Destroying it while the node lives stores what was
  /// appended, as a clean end does. REQUIRES: no other one is open.
  std::unique_ptr<storage::Storage> open();

  /// While full, syncs fail and nothing is stored.
  void set_full(bool full) { full_ = full; }

  /// Puts a backup in the place of what is stored. REQUIRES: no storage is open.
  void restore(storage::Contents backup);

  /// What survived, or would survive a crash now.
  const storage::Contents& durable() const { return durable_; }

 private:
  class DiskStorage;

  struct Append {
    storage::Ticket ticket;
    std::uint64_t generation;
    std::vector<storage::Record> records;
  };
  struct Fold {
    std::uint64_t generation;
    std::string object;
    std::uint64_t upto;
    Bytes snapshot;
    std::uint64_t keep_from;
    bool keep_history;
    std::function<void(Result<void>)> done;
  };
  /// A load or a list: answers from what is stored.
  struct Read {
    std::function<std::function<void()>(const storage::Contents&)> answer;
  };
  using Call = std::variant<Append, Fold, Read>;

  void call(Call call);
  void begin_sync();
  void end_sync();
  /// What a clean end (all) or a crash (some) leaves of the calls that wait.
  void settle(std::size_t count);
  void crashed();

  void carry_out(Append& append);
  void carry_out(Fold& fold);
  void carry_out(Read& read);
  void report_durable();

  Node& node_;
  DiskOptions options_;
  SeededRandom random_;
  bool full_ = false;
  storage::Contents durable_;

  std::deque<Call> calls_;
  std::size_t syncing_ = 0;              ///< how many of them the sync under way covers
  std::uint64_t session_ = 0;            ///< which storage a scheduled sync belongs to
  std::uint64_t failed_generation_ = 0;  ///< of the open storage
  storage::Ticket stored_ticket_ = 0;    ///< newest append of this sync that was stored
  DiskStorage* open_ = nullptr;
  Handle crash_hook_;
};

}  // namespace syncline::simulation
