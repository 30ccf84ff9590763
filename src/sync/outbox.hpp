// Outbox: the local updates of one replica, from the transaction that made them until the room
// acknowledged or refused them. What keeps a change from being lost while there is no connection.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace syncline::sync {

/// A queue in order of making. Pure: no clock, no connection.
class Outbox {
 public:
  struct Entry {
    SharedBytes update;
    /// Others' structs may be in it.
    bool relayed = false;
    /// Answers what one subscription's room was found to lack; the next one tells anew.
    bool missing = false;
    /// How many local transactions are in it.
    std::uint64_t changes = 1;
    /// The room did not take it, or (with `refused_paths`) what it does at these places.
    bool refused = false;
    std::vector<std::string> refused_paths = {};
    /// Its number on the channel it was sent on; 0: not sent on this one.
    std::uint64_t sequence = 0;
  };

  /// Appends what this replica made; a long run of unsent entries is merged.
  /// `changes`: how many local transactions are in it.
  void push(SharedBytes update, std::uint64_t changes = 1);
  /// Appends what came from elsewhere (an imported document).
  void push_relayed(SharedBytes update, std::uint64_t changes = 1);
  /// Makes one update of everything unsent, as far as kMergeBytesMax permits.
  void merge();
  /// Puts what the room lacks before everything else that is unsent. Gone with unsend().
  void push_missing(SharedBytes update);

  bool empty() const { return entries_.empty(); }
  std::size_t bytes() const { return bytes_; }
  /// Local transactions in it.
  std::uint64_t changes() const { return changes_; }
  /// Sent on this channel, not answered.
  std::size_t in_flight() const { return sent_; }
  const std::deque<Entry>& entries() const { return entries_; }

  /// The oldest unsent entry, now counted as sent under `sequence`; nullptr when there is none.
  /// Valid until the next call that is not const.
  const Entry* send_next(std::uint64_t sequence);
  /// Drops what was sent up to `upto`.
  void acknowledge(std::uint64_t upto);
  /// Whether `sequence` is in flight.
  bool holds(std::uint64_t sequence) const;
  /// Marks what is in flight under `sequence`. REQUIRES: holds(sequence).
  void refuse(std::uint64_t sequence, std::vector<std::string> paths);
  /// Everything is to be sent again.
  void unsend();
  /// Drops everything; returns how many changes that were.
  std::uint64_t clear();
  /// Takes the local changes out, in order of making.
  std::deque<Entry> take();

 private:
  void merge_unsent();

  std::deque<Entry> entries_;
  std::size_t sent_ = 0;  // the first `sent_` entries are in flight
  std::size_t bytes_ = 0;
  std::uint64_t changes_ = 0;
  std::size_t unmerged_ = 0;  // the last entries that were pushed and never merged
};

}  // namespace syncline::sync
