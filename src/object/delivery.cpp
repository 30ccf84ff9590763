// Calling observers: in order, to quiescence, whatever they do.
#include "object/delivery.hpp"

#include <algorithm>
#include <exception>
#include <utility>

#include "base/log.hpp"
#include "object/tuning.hpp"

namespace syncline::object {

struct Delivery::Observer {
  Callback callback;
  /// Hears of the batches from this number on; of that very batch, of the records after `skip`.
  std::uint64_t first_batch = 0;
  std::size_t skip = 0;
  bool ended = false;
};

std::shared_ptr<Delivery::Observer> Delivery::add(Callback callback) {
  observers_.push_back(std::make_shared<Observer>(std::move(callback), open_number_, open_.size()));
  return observers_.back();
}

void Delivery::end(const std::shared_ptr<Observer>& observer) {
  observer->ended = true;
  std::erase(observers_, observer);
}

void Delivery::close() {
  if (!open_.empty()) closed_.push_back({open_number_++, std::exchange(open_, {})});
}

void Delivery::discard() {
  open_.clear();
  ++open_number_;
}

void Delivery::deliver() {
  if (delivering_) return;
  delivering_ = true;
  for (std::size_t done = 0; !closed_.empty(); ++done) {
    if (done == kBatchesBeforeWarning)
      log::warning("object", "observers of " + subject_ + " keep changing it: " +
                                 std::to_string(done) + " batches in one delivery, and more");
    const Batch batch = std::move(closed_.front());
    closed_.pop_front();
    deliver(batch);
  }
  delivering_ = false;
}

void Delivery::deliver(const Batch& batch) {
  // A copy: observers come and go in callbacks.
  const std::vector<std::shared_ptr<Observer>> observers = observers_;
  for (const std::shared_ptr<Observer>& observer : observers) {
    if (observer->ended || observer->first_batch > batch.number) continue;
    if (observer->first_batch < batch.number || observer->skip == 0) {
      call(*observer, batch.changes);
    } else if (observer->skip < batch.changes.size()) {
      const auto from = batch.changes.begin() + static_cast<std::ptrdiff_t>(observer->skip);
      call(*observer, Changes(from, batch.changes.end()));
    }
  }
}

void Delivery::call(const Observer& observer, const Changes& changes) const {
  try {
    observer.callback(changes);
  } catch (const std::exception& thrown) {
    log::error("object", "an observer of " + subject_ + " threw: " + thrown.what());
  } catch (...) {
    log::error("object", "an observer of " + subject_ + " threw something unknown");
  }
}

}  // namespace syncline::object
