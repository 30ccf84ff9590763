#include "storage/pending_appends.hpp"

#include <algorithm>
#include <utility>

namespace syncline::storage {

Ticket PendingAppends::add(Callback on_durable) {
  open_.push_back({++last_, std::move(on_durable)});
  return last_;
}

void PendingAppends::durable_upto(Ticket ticket) {
  // All of them survive power loss by now, so durable() says so to the first callback already.
  if (!closed_) durable_ = std::max(durable_, ticket);
  while (!closed_ && !open_.empty() && open_.front().ticket <= ticket) {
    Open append = std::move(open_.front());
    open_.pop_front();
    append.on_durable(append.ticket);
  }
}

void PendingAppends::failed(std::uint64_t generation, const Error& error) {
  if (closed_ || generation != generation_) return;
  ++generation_;
  // Callbacks may append anew; those appends belong to the next generation and are not reported
  // here.
  std::deque<Open> ended = std::exchange(open_, {});
  for (Open& append : ended) {
    if (closed_) return;
    append.on_durable(Error(error));
  }
}

void PendingAppends::close() {
  closed_ = true;
  open_.clear();
}

}  // namespace syncline::storage
