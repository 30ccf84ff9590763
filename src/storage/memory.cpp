#include "storage/memory.hpp"

#include <utility>

namespace syncline::storage {

MemoryStorage::MemoryStorage(Executor& executor) : executor_(executor) {}

MemoryStorage::~MemoryStorage() { pending_->close(); }

Ticket MemoryStorage::append(std::span<const Record> records,
                             std::function<void(Result<Ticket>)> on_durable) {
  const std::uint64_t generation = pending_->generation();
  const Ticket ticket = pending_->add(std::move(on_durable));
  const std::weak_ptr<PendingAppends> pending = pending_;
  if (failed_generation_ == generation) return ticket;  // goes with the failure that is on its way
  if (failure_) {
    failed_generation_ = generation;
    executor_.post([pending, generation, error = *failure_] {
      if (const auto alive = pending.lock()) alive->failed(generation, error);
    });
    return ticket;
  }
  contents_.append(records);
  executor_.post([pending, ticket] {
    if (const auto alive = pending.lock()) alive->durable_upto(ticket);
  });
  return ticket;
}

void MemoryStorage::load(const std::string& object,
                         std::function<void(Result<std::optional<Stored>>)> done) {
  answer(std::move(done), Result<std::optional<Stored>>(contents_.load(object)));
}

void MemoryStorage::fold(const std::string& object, std::uint64_t upto, Bytes snapshot,
                         std::uint64_t keep_from, bool keep_history,
                         std::function<void(Result<void>)> done) {
  if (failed_generation_ == pending_->generation())
    return answer(std::move(done), Result<void>(fold_after_failure(object)));
  answer(std::move(done),
         contents_.fold(object, upto, std::move(snapshot), keep_from, keep_history));
}

void MemoryStorage::list(const std::string& glob, const std::string& after, std::size_t limit,
                         std::function<void(Result<std::vector<ListEntry>>)> done) {
  answer(std::move(done), Result<std::vector<ListEntry>>(contents_.list(glob, after, limit)));
}

template <typename Done, typename Answer>
void MemoryStorage::answer(Done done, Answer result) {
  executor_.post([alive = std::weak_ptr<PendingAppends>(pending_), done = std::move(done),
                  result = std::move(result)]() mutable {
    if (const auto locked = alive.lock()) done(std::move(result));
  });
}

}  // namespace syncline::storage
