#include "sync/journal.hpp"

#include <algorithm>
#include <utility>

#include "base/log.hpp"
#include "sync/tuning.hpp"

namespace syncline::sync {
namespace {

/// What a row costs beside its bytes, so that many tiny entries are folded too.
constexpr std::size_t kRowBytes = 32;

}  // namespace

Journal::Journal(JournalPorts ports, std::string url) : ports_(ports), url_(std::move(url)) {}

Journal::Journal(JournalPorts ports, std::string url, const Kept& kept, std::size_t bytes)
    : ports_(ports),
      url_(std::move(url)),
      facts_(kept.facts),
      seq_(kept.seq),
      last_parked_(kept.last_parked),
      known_(true),
      snapshot_bytes_(bytes) {}

// ---- writing ----

Journal::Batch::Batch(std::shared_ptr<Journal> journal) : journal_(std::move(journal)) {
  if (journal_) ++journal_->batches_;
}

Journal::Batch::~Batch() {
  if (!journal_) return;
  --journal_->batches_;
  journal_->append();
}

void Journal::write(std::vector<JournalEntry> entries) { write(std::move(entries), facts_); }

void Journal::write(std::vector<JournalEntry> entries, Facts facts) {
  stage(std::move(entries), std::move(facts));
  append();
}

void Journal::write_both(Writing one, Writing other) {
  Journal& a = one.journal;
  Journal& b = other.journal;
  a.stage(std::move(one.entries), std::move(one.facts));
  b.stage(std::move(other.entries), std::move(other.facts));
  if (a.failing_ || b.failing_ || a.batches_ + b.batches_ > 0) {
    a.append();
    return b.append();
  }
  std::vector<storage::Record> batch = a.take_staged();
  const std::size_t first = batch.size();
  for (storage::Record& record : b.take_staged()) batch.push_back(std::move(record));
  a.ports_.storage.append(batch,
                          [weak_a = a.weak_from_this(), weak_b = b.weak_from_this(), first,
                           second = batch.size() - first](const Result<storage::Ticket>& result) {
                            if (const auto self = weak_a.lock()) self->appended(first, result);
                            if (const auto self = weak_b.lock()) self->appended(second, result);
                          });
}

void Journal::stage(std::vector<JournalEntry> entries, Facts facts) {
  for (const JournalEntry& entry : entries) {
    storage::Record record{.object = url_,
                           .seq = ++seq_,
                           .kind = storage::RecordKind::kUpdate,
                           .author = {},
                           .time_ms = ports_.clock.wall_ms(),
                           .bytes = encode_entry(entry)};
    if (const auto* came = std::get_if<Came>(&entry)) record.author = came->by;
    tail_bytes_ += record.bytes.size() + kRowBytes;
    unsaved_.push_back(std::move(record));
    ++written_;
  }
  if (std::exchange(known_, true) && facts == facts_) return;
  facts_ = std::move(facts);
  unsaved_.push_back({.object = url_,
                      .seq = seq_,
                      .kind = storage::RecordKind::kHead,
                      .author = {},
                      .time_ms = ports_.clock.wall_ms(),
                      .bytes = facts_.encode()});
  ++written_;
}

void Journal::append() {
  if (failing_ || batches_ > 0 || appended_ == unsaved_.size()) return;
  const std::vector<storage::Record> batch = take_staged();
  ports_.storage.append(batch, [weak = weak_from_this(),
                                records = batch.size()](const Result<storage::Ticket>& result) {
    if (const auto self = weak.lock()) self->appended(records, result);
  });
  fold_if_long();
}

std::vector<storage::Record> Journal::take_staged() {
  std::vector<storage::Record> staged(unsaved_.begin() + static_cast<std::ptrdiff_t>(appended_),
                                      unsaved_.end());
  appended_ = unsaved_.size();
  return staged;
}

void Journal::appended(std::size_t records, const Result<storage::Ticket>& result) {
  if (result.ok()) {
    unsaved_.erase(unsaved_.begin(), unsaved_.begin() + static_cast<std::ptrdiff_t>(records));
    appended_ -= records;
    durable_ += records;
    failing_ = false;
    retry_delay_ = Duration{0};
    finish_saved();
    append();  // What was written while the storage failed.
    return;
  }
  // A failure takes all open appends with it; the first report of it begins the waiting.
  appended_ -= std::min(appended_, records);
  for (auto& [target, done] : std::exchange(waiting_, {})) done(result.error());
  if (failing_ && retry_) return;
  if (!std::exchange(failing_, true))
    log::error("sync", url_ + " cannot be stored now: " + result.error().message());
  retry_delay_ = std::clamp<Duration>(retry_delay_ * 2, tuning::kRetryFirst, tuning::kRetryMost);
  retry_ = ports_.executor.after(retry_delay_, [this] { try_again(); });
}

void Journal::try_again() {
  retry_.reset();
  failing_ = false;
  append();
  failing_ = appended_ > 0;
}

// ---- durability ----

void Journal::saved(std::function<void(Result<void>)> done) {
  waiting_.emplace_back(written_, std::move(done));
  ports_.executor.post([weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->finish_saved();
  });
}

void Journal::finish_saved() {
  while (!waiting_.empty() && waiting_.front().first <= durable_) {
    const auto done = std::move(waiting_.front().second);
    waiting_.pop_front();
    done({});
  }
}

// ---- reading back, folding ----

void Journal::recall(std::function<void(Result<Kept>)> done) {
  ports_.storage.load(url_, [weak = weak_from_this(), done = std::move(done)](
                                Result<std::optional<storage::Stored>> stored) {
    const auto self = weak.lock();
    if (!self) return;
    if (!stored.ok()) return done(stored.error());
    Result<Kept> kept = *stored ? read_kept(**stored) : Result<Kept>(Kept());
    if (!kept.ok()) return done(std::move(kept));
    // What the storage did not take yet.
    for (const storage::Record& record : self->unsaved_)
      if (Result<void> replayed = kept->replay(record); !replayed.ok())
        return done(replayed.error());
    done(std::move(kept));
  });
}

void Journal::fold_if_long() {
  if (folding_ || tail_bytes_ < std::max(tuning::kJournalFoldBytes, 2 * snapshot_bytes_)) return;
  folding_ = true;
  recall([this, covered = tail_bytes_](Result<Kept> kept) { fold(std::move(kept), covered); });
}

void Journal::fold(Result<Kept> kept, std::size_t covered) {
  if (!kept.ok()) {
    log::warning("sync", url_ + " cannot be folded: " + kept.error().message());
    return;  // And not tried again by this process.
  }
  Bytes snapshot = kept->encode_snapshot();
  const std::size_t bytes = snapshot.size();
  ports_.storage.fold(url_, kept->seq, std::move(snapshot), kept->seq, false,
                      [weak = weak_from_this(), covered, bytes](const Result<void>& folded) {
                        const auto self = weak.lock();
                        if (!self) return;
                        self->folding_ = false;
                        if (!folded.ok()) return;  // Nothing is lost by it, the journal stays long.
                        self->snapshot_bytes_ = bytes;
                        self->tail_bytes_ -= std::min(self->tail_bytes_, covered);
                      });
}

}  // namespace syncline::sync
