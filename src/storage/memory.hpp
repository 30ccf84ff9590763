// A store in memory: for hubs without a data directory, for objects that are not durable, and for
// tests.
#pragma once

#include <memory>
#include <optional>

#include "base/executor.hpp"
#include "storage/contents.hpp"
#include "storage/pending_appends.hpp"
#include "storage/storage.hpp"

namespace syncline::storage {

/// Keeps everything until it is destroyed; "durable" means as durable as the process. Callbacks are
/// posted to the executor. Thread: the executor, which must outlive it.
class MemoryStorage : public Storage {
 public:
  explicit MemoryStorage(Executor& executor);
  ~MemoryStorage() override;

  Ticket append(std::span<const Record> records,
                std::function<void(Result<Ticket>)> on_durable) override;
  void load(const std::string& object,
            std::function<void(Result<std::optional<Stored>>)> done) override;
  void fold(const std::string& object, std::uint64_t upto, Bytes snapshot, std::uint64_t keep_from,
            bool keep_history, std::function<void(Result<void>)> done) override;
  void list(const std::string& glob, const std::string& after, std::size_t limit,
            std::function<void(Result<std::vector<ListEntry>>)> done) override;
  Ticket durable() const override { return pending_->durable(); }

  /// For tests of what stands above: with an error every append fails with it, until called with
  /// none.
  void fail_appends(std::optional<Error> error) { failure_ = std::move(error); }

 private:
  template <typename Done, typename Answer>
  void answer(Done done, Answer result);

  Executor& executor_;
  Contents contents_;
  std::optional<Error> failure_;
  std::uint64_t failed_generation_ = 0;  ///< appends of this generation fail without being tried
  std::shared_ptr<PendingAppends> pending_ = std::make_shared<PendingAppends>();
};

}  // namespace syncline::storage
