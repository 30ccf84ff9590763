// The appends of a store that wait for their outcome, as its executor sees them: the part of the
// port's contract that every implementation shares. Outcomes come from elsewhere (a writer thread,
// a virtual disk) as "durable up to this ticket" and "failed", in order.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>

#include "storage/storage.hpp"

namespace syncline::storage {

/// Counts appends in generations: a failure ends a generation, and with it every append of it that
/// is still open. Whoever carries appends out tags each with the generation it was made in and,
/// after a failure, skips the rest of that generation. Thread: the executor. Owned by shared_ptr:
/// posted outcomes hold a weak one.
class PendingAppends {
 public:
  using Callback = std::function<void(Result<Ticket>)>;

  Ticket add(Callback on_durable);

  /// The generation that an append made now belongs to.
  std::uint64_t generation() const { return generation_; }
  Ticket durable() const { return durable_; }

  /// Reports every open append up to `ticket` as durable.
  void durable_upto(Ticket ticket);

  /// Reports every open append as failed and starts the next generation, if `generation` is still
  /// the current one.
  void failed(std::uint64_t generation, const Error& error);

  /// Nobody is called back from now on.
  void close();

 private:
  struct Open {
    Ticket ticket;
    Callback on_durable;
  };

  std::deque<Open> open_;
  std::uint64_t generation_ = 1;
  Ticket last_ = 0;
  Ticket durable_ = 0;
  bool closed_ = false;
};

}  // namespace syncline::storage
