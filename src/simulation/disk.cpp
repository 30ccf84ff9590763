#include "simulation/disk.hpp"

#include <utility>

#include "base/check.hpp"
#include "simulation/tuning.hpp"
#include "storage/pending_appends.hpp"

namespace syncline::simulation {

using storage::ListEntry;
using storage::PendingAppends;
using storage::Record;
using storage::Stored;
using storage::Ticket;

/// The port: callbacks here, calls to the disk.
class Disk::DiskStorage final : public storage::Storage {
 public:
  explicit DiskStorage(Disk& disk) : disk_(disk) {}

  ~DiskStorage() override {
    pending_->close();
    if (disk_.open_ != this) return;  // a crash has taken the disk away
    disk_.settle(disk_.calls_.size());
    disk_.open_ = nullptr;
  }

  Ticket append(std::span<const Record> records,
                std::function<void(Result<Ticket>)> on_durable) override {
    const std::uint64_t generation = pending_->generation();
    const Ticket ticket = pending_->add(std::move(on_durable));
    call(Append{ticket, generation, {records.begin(), records.end()}});
    return ticket;
  }

  void load(const std::string& object,
            std::function<void(Result<std::optional<Stored>>)> done) override {
    read(std::move(done), [object](const storage::Contents& contents) {
      return Result<std::optional<Stored>>(contents.load(object));
    });
  }

  void fold(const std::string& object, std::uint64_t upto, Bytes snapshot, std::uint64_t keep_from,
            bool keep_history, std::function<void(Result<void>)> done) override {
    call(Fold{pending_->generation(), object, upto, std::move(snapshot), keep_from, keep_history,
              std::move(done)});
  }

  void list(const std::string& glob, const std::string& after, std::size_t limit,
            std::function<void(Result<std::vector<ListEntry>>)> done) override {
    read(std::move(done), [glob, after, limit](const storage::Contents& contents) {
      return Result<std::vector<ListEntry>>(contents.list(glob, after, limit));
    });
  }

  Ticket durable() const override { return pending_->durable(); }

  /// Runs `outcome` on the node, unless the storage is gone by then.
  void report(std::function<void(PendingAppends&)> outcome) {
    disk_.node_.post([pending = std::weak_ptr(pending_), outcome = std::move(outcome)] {
      if (const auto alive = pending.lock()) outcome(*alive);
    });
  }

 private:
  void call(Call call) {
    if (disk_.open_ == this) disk_.call(std::move(call));
  }

  template <typename Done, typename Look>
  void read(Done done, Look look) {
    call(Read{[done = std::move(done), look](const storage::Contents& contents) {
      return [done, answer = look(contents)] { done(answer); };
    }});
  }

  Disk& disk_;
  std::shared_ptr<PendingAppends> pending_ = std::make_shared<PendingAppends>();
};

Disk::Disk(Node& node, DiskOptions options)
    : node_(node),
      options_(options),
      random_(node.world().random().fork("disk of " + node.name())),
      crash_hook_(node.on_crash([this] { crashed(); })) {}

Disk::~Disk() { SYNCLINE_CHECK(open_ == nullptr, "a storage outlives its disk"); }

std::unique_ptr<storage::Storage> Disk::open() {
  SYNCLINE_CHECK(open_ == nullptr, "two storages on one disk");
  SYNCLINE_CHECK(node_.alive(), "a storage on a node that is down");
  auto storage = std::make_unique<DiskStorage>(*this);
  open_ = storage.get();
  ++session_;
  failed_generation_ = 0;
  return storage;
}

void Disk::restore(storage::Contents backup) {
  SYNCLINE_CHECK(open_ == nullptr, "a backup is put back under an open storage");
  durable_ = std::move(backup);
}

void Disk::call(Call call) {
  calls_.push_back(std::move(call));
  begin_sync();
}

void Disk::begin_sync() {
  if (syncing_ > 0 || calls_.empty()) return;
  syncing_ = calls_.size();
  bool writes = false;
  for (const Call& call : calls_) writes = writes || !std::holds_alternative<Read>(call);
  const Duration delay = writes ? random_.between(options_.sync_min, options_.sync_max)
                                : random_.between(tuning::kReadMin, tuning::kReadMax);
  node_.world().after(delay, [this, session = session_] {
    if (session == session_ && open_ != nullptr) end_sync();
  });
}

void Disk::end_sync() {
  node_.world().observe(syncing_);
  settle(std::exchange(syncing_, 0));
  begin_sync();
}

void Disk::settle(std::size_t count) {
  for (; count > 0; --count) {
    Call call = std::move(calls_.front());
    calls_.pop_front();
    std::visit([this](auto& one) { carry_out(one); }, call);
  }
  report_durable();
}

void Disk::carry_out(Append& append) {
  if (append.generation <= failed_generation_) return;
  if (!full_) {
    durable_.append(append.records);
    stored_ticket_ = append.ticket;
    return;
  }
  report_durable();
  failed_generation_ = append.generation;
  node_.world().trace([&] { return node_.name() + ": the disk is full"; });
  open_->report([generation = append.generation](PendingAppends& pending) {
    pending.failed(generation, storage::storage_error("storage: the simulated disk is full"));
  });
}

void Disk::carry_out(Fold& fold) {
  report_durable();
  Result<void> result;
  if (fold.generation <= failed_generation_)
    result = storage::fold_after_failure(fold.object);
  else if (full_)
    result = storage::storage_error("storage: the simulated disk is full");
  else
    result = durable_.fold(fold.object, fold.upto, std::move(fold.snapshot), fold.keep_from,
                           fold.keep_history);
  open_->report([done = std::move(fold.done), result](PendingAppends&) { done(result); });
}

void Disk::carry_out(Read& read) {
  report_durable();
  open_->report([answer = read.answer(durable_)](PendingAppends&) { answer(); });
}

void Disk::report_durable() {
  if (const Ticket ticket = std::exchange(stored_ticket_, 0); ticket != 0)
    open_->report([ticket](PendingAppends& pending) { pending.durable_upto(ticket); });
}

void Disk::crashed() {
  if (open_ == nullptr) return;
  // The node is down: what settle() reports reaches nobody.
  const std::size_t survive = random_.below(calls_.size() + 1);
  node_.world().trace([&] {
    return node_.name() + ": " + std::to_string(survive) + " of " + std::to_string(calls_.size()) +
           " disk operations under way survive";
  });
  settle(survive);
  calls_.clear();
  syncing_ = 0;
  ++session_;
  open_ = nullptr;
}

}  // namespace syncline::simulation
