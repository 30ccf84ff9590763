// Member: one session that is subscribed to a room.
#pragma once

#include <cstdint>
#include <deque>
#include <set>
#include <string>

#include "access/verdict.hpp"
#include "bus/message.hpp"
#include "crdt/update.hpp"
#include "room/tail.hpp"
#include "syncline/handle.hpp"

namespace syncline::room {

/// Which of a member's updates are done, for cumulative acknowledgements. Value type.
class AckCounter {
 public:
  /// `sequence` is done, however it ended.
  void done(std::uint64_t sequence) {
    if (sequence <= upto_) return;
    ahead_.insert(sequence);
    while (!ahead_.empty() && *ahead_.begin() == upto_ + 1) {
      ++upto_;
      ahead_.erase(ahead_.begin());
    }
  }
  /// Everything up to here is done.
  std::uint64_t upto() const { return upto_; }

 private:
  std::uint64_t upto_ = 0;
  std::set<std::uint64_t> ahead_;
};

/// An update that waits for structs it depends on.
struct Parked {
  std::uint64_t sequence = 0;
  bool relayed = false;
  crdt::Update update;
  std::size_t bytes = 0;
  Handle timeout;
};

struct Member {
  MemberId id = 0;
  bus::Address session;
  std::string identity;
  bool plain = false;
  access::WriteVerdict verdict;
  /// Of the head that it last heard of.
  std::uint64_t epoch = 0;

  /// Its Subscribed or Created has left: fan-out may follow.
  bool active = false;
  /// Takes nothing now; what it misses comes when it does again.
  bool congested = false;
  bool catching_up = false;  ///< and is about to, with the object's whole state
  /// The object's sequence number up to which it was sent everything.
  std::uint64_t position = 0;

  AckCounter acks;
  std::uint64_t acknowledged = 0;
  bool ack_due = false;
  std::deque<Parked> parked;
  std::size_t parked_bytes = 0;
};

}  // namespace syncline::room
