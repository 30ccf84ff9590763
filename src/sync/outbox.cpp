// How the queue stays short: a run of kMergeUpdates unsent updates becomes one, without a document.
#include "sync/outbox.hpp"

#include <algorithm>
#include <utility>

#include "base/check.hpp"
#include "crdt/update.hpp"
#include "sync/tuning.hpp"

namespace syncline::sync {

void Outbox::push(SharedBytes update, std::uint64_t changes) {
  bytes_ += update->size();
  changes_ += changes;
  unmerged_ = update->size() < tuning::kMergeBytesMax / 4 ? unmerged_ + 1 : 0;
  entries_.push_back({.update = std::move(update), .changes = changes});
  if (unmerged_ >= tuning::kMergeUpdates) merge_unsent();
}

void Outbox::push_relayed(SharedBytes update, std::uint64_t changes) {
  bytes_ += update->size();
  changes_ += changes;
  unmerged_ = 0;
  entries_.push_back({.update = std::move(update), .relayed = true, .changes = changes});
}

void Outbox::merge() {
  unmerged_ = 0;
  for (auto entry = entries_.rbegin(); unmerged_ < entries_.size() - sent_ && !entry->relayed;
       ++entry)
    ++unmerged_;
  merge_unsent();
}

void Outbox::push_missing(SharedBytes update) {
  bytes_ += update->size();
  entries_.insert(entries_.begin() + static_cast<std::ptrdiff_t>(sent_),
                  {.update = std::move(update), .relayed = true, .missing = true, .changes = 0});
}

const Outbox::Entry* Outbox::send_next(std::uint64_t sequence) {
  if (sent_ == entries_.size()) return nullptr;
  Entry& entry = entries_[sent_++];
  entry.sequence = sequence;
  unmerged_ = std::min(unmerged_, entries_.size() - sent_);
  return &entry;
}

void Outbox::acknowledge(std::uint64_t upto) {
  while (sent_ > 0 && entries_.front().sequence <= upto) {
    bytes_ -= entries_.front().update->size();
    changes_ -= entries_.front().changes;
    entries_.pop_front();
    --sent_;
  }
}

bool Outbox::holds(std::uint64_t sequence) const {
  return sent_ > 0 && entries_.front().sequence <= sequence &&
         sequence <= entries_[sent_ - 1].sequence;
}

void Outbox::refuse(std::uint64_t sequence, std::vector<std::string> paths) {
  SYNCLINE_CHECK(holds(sequence), "what is refused is in flight");
  const auto found = std::ranges::find(entries_, sequence, &Entry::sequence);
  found->refused = true;
  found->refused_paths = std::move(paths);
}

void Outbox::unsend() {
  for (std::size_t i = 0; i < sent_; ++i) entries_[i].sequence = 0;
  std::erase_if(entries_, [this](const Entry& entry) {
    if (entry.missing) bytes_ -= entry.update->size();
    return entry.missing;
  });
  sent_ = 0;
}

std::uint64_t Outbox::clear() {
  entries_.clear();
  sent_ = 0;
  bytes_ = 0;
  unmerged_ = 0;
  return std::exchange(changes_, 0);
}

std::deque<Outbox::Entry> Outbox::take() {
  unsend();
  std::deque<Entry> taken = std::move(entries_);
  clear();
  return taken;
}

void Outbox::merge_unsent() {
  std::vector<Bytes> updates;
  std::uint64_t changes = 0;
  std::size_t bytes = 0;
  std::size_t taken = 0;
  for (auto entry = entries_.rbegin(); taken < unmerged_; ++entry, ++taken) {
    if (bytes + entry->update->size() > tuning::kMergeBytesMax) break;
    bytes += entry->update->size();
    changes += entry->changes;
    updates.push_back(*entry->update);
  }
  unmerged_ = 0;
  if (updates.size() < 2) return;
  std::reverse(updates.begin(), updates.end());
  Result<Bytes> merged = crdt::merge_updates_v1(updates);
  SYNCLINE_CHECK(merged.ok(), "an update of our own document cannot be read");
  entries_.erase(entries_.end() - static_cast<std::ptrdiff_t>(taken), entries_.end());
  bytes_ = bytes_ - bytes + merged->size();
  entries_.push_back({.update = share(std::move(*merged)), .changes = changes});
}

}  // namespace syncline::sync
