// RunningTransaction: what one transaction has done so far, from its body to its last callback.
//
// Recorded are only facts that somebody needs at the end: clients that advanced, units deleted,
// structs that were split (and may join again), types that changed. Objects are used again by the
// next transaction, so a keystroke allocates nothing here.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "crdt/doc.hpp"
#include "crdt/struct_store.hpp"

namespace syncline::crdt {

class TypeState;

class RunningTransaction final : public Transaction {
 public:
  struct Touched {
    ClientIndex client = 0;
    Clock before = 0;
    Clock after = 0;
  };
  struct Deleted {
    ClientIndex client = 0;
    Clock clock = 0;
    std::uint64_t length = 0;
    Clock end() const { return clock + length; }
  };
  struct Split {
    ClientIndex client = 0;
    Clock clock = 0;
  };
  struct Changed {
    TypeIndex type = kNone;
    bool list = false;
    /// May repeat.
    std::vector<KeyIndex> keys;
  };

  RunningTransaction(Doc& doc, const StructStore& store) : doc_(doc), store_(store) {}
  /// `serial` tells transactions of one document apart. REQUIRES: new, or reset.
  void begin(Origin&& origin, bool local, std::uint64_t serial) {
    if (!origin.is_null()) origin_ = std::move(origin);
    local_ = local;
    serial_ = serial;
  }
  /// Makes ready for the next one.
  void reset();
  /// The same after one that did nothing but note_in_place, touch and add_deleted.
  void reset_in_place() {
    if (!origin_.is_null()) origin_ = Value();
    touched_.clear();
    deleted_.clear();
    before_.reset();
    after_.reset();
    deletes_.reset();
    finished_ = false;
    applied = nullptr;
    in_place = nullptr;
  }

  Doc& doc() const override { return doc_; }
  const Origin& origin() const override { return origin_; }
  const UndoManager* undone_by() const override { return undo_manager; }
  bool local() const override { return local_; }
  const DeleteSet& deletes() const override;
  const StateVector& before() const override;
  const StateVector& after() const override;

  std::uint64_t serial() const { return serial_; }
  /// Applied updates make the whole transaction a remote one, as in Yjs.
  void make_remote() { local_ = false; }

  /// A client that ended at `before` is about to get structs.
  void touch(ClientIndex client, Clock before) {
    if (touched_.empty()) {
      touched_.push_back({client, before, before});
    } else if (touched_.back().client != client) {
      touch_another(client, before);
    }
  }
  void add_deleted(ClientIndex client, Clock clock, std::uint64_t length);
  void add_split(ClientIndex client, Clock clock) { splits_.push_back({client, clock}); }
  /// The entry of a type, made if needed. `slot` and `stamp` are the type's own notes of it.
  Changed& changed(TypeIndex type, std::uint32_t& slot, std::uint64_t& stamp);
  /// Whether it has one that says so of its list.
  bool list_changed(TypeIndex type, std::uint32_t slot, std::uint64_t stamp) const {
    return stamp == serial_ && slot < changed_.size() && changed_[slot].type == type &&
           changed_[slot].list;
  }
  void forget_changed(std::uint32_t slot, std::uint64_t stamp);

  Clock before(ClientIndex client) const;
  /// Whether a unit was added by this transaction (or a later one).
  bool adds(const Item& item) const { return item.clock() >= before(item.client()); }
  /// REQUIRES: finished.
  bool deletes(const Item& item) const;
  bool finished() const { return finished_; }
  /// The body is done: clocks after it are fixed, deletions sorted; `keep_order` notes whose came
  /// first.
  void finish(bool keep_order);
  /// Whether there is anything to tell other documents. REQUIRES: finished.
  bool has_content() const;

  const std::vector<Touched>& touched_clients() const { return touched_; }
  /// Sorted by client number and clock, disjoint. REQUIRES: finished.
  const std::vector<Deleted>& deleted_ranges() const { return deleted_; }
  std::span<const Deleted> deleted_ranges_of(ClientIndex client) const;
  const std::vector<Split>& splits() const { return splits_; }
  std::vector<Changed>& changes() { return changed_; }
  const std::vector<Changed>& changes() const { return changed_; }

  /// What it did to subdocuments; those that came may be gone again.
  std::vector<ID> subdocs_added;
  std::vector<ID> subdocs_loaded;
  std::vector<Subdoc> subdocs_removed;
  /// Structs were made, split or deleted, so some may have to be collected or joined.
  bool untidy = false;
  /// Some had content when they were deleted, which may have to be collected.
  bool emptied = false;
  /// The type whose runs were changed in place (typing.cpp), first noted here alone; others are
  /// among the changes at once.
  TypeState* in_place = nullptr;
  /// Somebody else changed a text with formats, so some of those may be without effect now.
  bool wants_cleanup = false;
  /// Where apply() wants to hear what became of its transaction.
  Applied* applied = nullptr;
  /// Whether that is to hold the update.
  Relay relay = Relay::kNo;
  /// Whose undo or redo this is.
  const UndoManager* undo_manager = nullptr;
  /// Types whose observers were due; kept while somebody may want to undo.
  std::vector<TypeIndex> told;
  /// Clients of deleted units in order of their first deletion. REQUIRES: finished, keeping order.
  const std::vector<ClientIndex>& clients_of_deletions() const { return deletion_order_; }

 private:
  void touch_another(ClientIndex client, Clock before);

  Doc& doc_;
  const StructStore& store_;
  Origin origin_;
  bool local_ = true;
  bool finished_ = false;
  std::uint64_t serial_ = 0;
  std::vector<Touched> touched_;
  /// Clock before by client number, once many clients are touched; kUntouched elsewhere.
  std::vector<Clock> before_of_;
  std::vector<Deleted> deleted_;
  std::vector<ClientIndex> deletion_order_;
  std::vector<Split> splits_;
  std::vector<Changed> changed_;
  mutable std::optional<StateVector> before_;
  mutable std::optional<StateVector> after_;
  mutable std::optional<DeleteSet> deletes_;
};

}  // namespace syncline::crdt
