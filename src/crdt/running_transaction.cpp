// The record of a transaction.
#include "crdt/running_transaction.hpp"

#include <algorithm>
#include <unordered_set>

#include "base/check.hpp"

namespace syncline::crdt {

namespace {

constexpr Clock kUntouched = ~Clock{0};
/// From so many touched clients on, clocks are looked up in a table instead of searched.
constexpr std::size_t kTableFrom = 8;
/// Room for so many entries is kept for the next transaction; more is a load's, and given back.
constexpr std::size_t kKept = 64;

template <typename Entry>
void forget(std::vector<Entry>& entries) {
  if (entries.capacity() > kKept) {
    std::vector<Entry>().swap(entries);
  } else {
    entries.clear();
  }
}

}  // namespace

void RunningTransaction::reset() {
  forget(touched_);
  forget(deleted_);
  reset_in_place();
  forget(before_of_);
  forget(deletion_order_);
  forget(splits_);
  forget(changed_);
  untidy = false;
  emptied = false;
  wants_cleanup = false;
  subdocs_added.clear();
  subdocs_loaded.clear();
  subdocs_removed.clear();
  undo_manager = nullptr;
  told.clear();
}

Clock RunningTransaction::before(ClientIndex client) const {
  if (!before_of_.empty()) {
    const Clock clock = client < before_of_.size() ? before_of_[client] : kUntouched;
    return clock == kUntouched ? store_.client(client).end : clock;
  }
  for (const Touched& touched : touched_) {
    if (touched.client == client) return touched.before;
  }
  return store_.client(client).end;
}

void RunningTransaction::touch_another(ClientIndex client, Clock before_clock) {
  if (before(client) != store_.client(client).end) return;
  touched_.push_back({client, before_clock, before_clock});
  if (touched_.size() < kTableFrom) return;
  const auto note = [this](const Touched& touched) {
    if (touched.client >= before_of_.size()) {
      before_of_.resize(
          std::max<std::size_t>(touched.client + std::size_t{1}, before_of_.size() * 2),
          kUntouched);
    }
    before_of_[touched.client] = touched.before;
  };
  if (touched_.size() == kTableFrom) {
    for (const Touched& touched : touched_) note(touched);
  } else {
    note(touched_.back());
  }
}

void RunningTransaction::add_deleted(ClientIndex client, Clock clock, std::uint64_t length) {
  deletes_.reset();
  if (!deleted_.empty() && deleted_.back().client == client && deleted_.back().end() == clock) {
    deleted_.back().length += length;
  } else {
    deleted_.push_back({client, clock, length});
  }
}

RunningTransaction::Changed& RunningTransaction::changed(TypeIndex type, std::uint32_t& slot,
                                                         std::uint64_t& stamp) {
  if (stamp != serial_ || slot >= changed_.size() || changed_[slot].type != type) {
    stamp = serial_;
    slot = static_cast<std::uint32_t>(changed_.size());
    changed_.push_back({type, false, {}});
  }
  return changed_[slot];
}

void RunningTransaction::forget_changed(std::uint32_t slot, std::uint64_t stamp) {
  if (stamp == serial_ && slot < changed_.size()) changed_[slot].type = kNone;
}

bool RunningTransaction::deletes(const Item& item) const {
  SYNCLINE_CHECK(finished_, "deletions are asked for once the body is done");
  const auto found =
      std::partition_point(deleted_.begin(), deleted_.end(), [&](const Deleted& range) {
        return range.client != item.client() ? range.client < item.client()
                                             : range.end() <= item.clock();
      });
  return found != deleted_.end() && found->client == item.client() && found->clock <= item.clock();
}

void RunningTransaction::finish(bool keep_order) {
  for (Touched& touched : touched_) touched.after = store_.client(touched.client).end;
  if (keep_order) {
    std::unordered_set<ClientIndex> seen;
    for (const Deleted& range : deleted_) {
      const bool again = !deletion_order_.empty() && deletion_order_.back() == range.client;
      if (!again && seen.insert(range.client).second) deletion_order_.push_back(range.client);
    }
  }
  std::sort(deleted_.begin(), deleted_.end(), [](const Deleted& a, const Deleted& b) {
    return a.client != b.client ? a.client < b.client : a.clock < b.clock;
  });
  std::size_t kept = 0;
  for (std::size_t i = 1; i < deleted_.size(); ++i) {
    Deleted& left = deleted_[kept];
    const Deleted& right = deleted_[i];
    if (left.client == right.client && right.clock <= left.end()) {
      left.length = std::max(left.end(), right.end()) - left.clock;
    } else {
      deleted_[++kept] = right;
    }
  }
  if (!deleted_.empty()) deleted_.resize(kept + 1);
  deletes_.reset();
  finished_ = true;
}

std::span<const RunningTransaction::Deleted> RunningTransaction::deleted_ranges_of(
    ClientIndex client) const {
  const auto first =
      std::partition_point(deleted_.begin(), deleted_.end(),
                           [&](const Deleted& range) { return range.client < client; });
  const auto end = std::partition_point(
      first, deleted_.end(), [&](const Deleted& range) { return range.client == client; });
  return {first, end};
}

bool RunningTransaction::has_content() const {
  return !deleted_.empty() || std::any_of(touched_.begin(), touched_.end(),
                                          [](const Touched& it) { return it.after != it.before; });
}

const DeleteSet& RunningTransaction::deletes() const {
  if (!deletes_) {
    deletes_.emplace();
    for (const Deleted& range : deleted_) {
      deletes_->add(store_.client(range.client).id, range.clock, range.length);
    }
  }
  return *deletes_;
}

const StateVector& RunningTransaction::before() const {
  if (!before_) {
    StateVector result;
    for (const auto& [id, index] : store_.clients()) {
      const Clock clock = before(index);
      if (clock > 0) result.set(id, clock);
    }
    before_ = std::move(result);
  }
  return *before_;
}

const StateVector& RunningTransaction::after() const {
  if (!after_ || !finished_) {
    StateVector result = before();
    for (const Touched& touched : touched_) {
      const Clock clock = finished_ ? touched.after : store_.client(touched.client).end;
      if (clock > 0) result.set(store_.client(touched.client).id, clock);
    }
    after_ = std::move(result);
  }
  return *after_;
}

}  // namespace syncline::crdt
