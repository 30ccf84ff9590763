// Tail: the newest updates of an object's log, in memory, from which clients resume and fan-out is
// cut.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "bus/message.hpp"

namespace syncline::room {

/// Numbers a member for as long as it is one; 0 for none.
using MemberId = std::uint64_t;

/// One integrated update.
struct TailEntry {
  std::uint64_t seq = 0;
  std::string by;
  SharedBytes update;
  MemberId member = 0;  ///< who sent it, and has it
};

/// Sequence numbers in it are without gaps. Value type.
class Tail {
 public:
  /// REQUIRES: the number after the last one, if there is one.
  void push(TailEntry entry);

  /// Whether everything after `seq`, up to the newest, is here.
  bool covers(std::uint64_t seq) const;
  /// What numbers `after` + 1 to `upto` brought, without what `except` sent. REQUIRES:
  /// covers(after).
  std::vector<bus::Part> parts(std::uint64_t after, std::uint64_t upto, MemberId except = 0) const;

  /// Drops the oldest beyond kTailUpdates and kTailBytes, but nothing after `keep_after`.
  void trim(std::uint64_t keep_after);

  bool empty() const { return entries_.empty(); }
  std::size_t size() const { return entries_.size(); }

 private:
  std::deque<TailEntry> entries_;
  std::uint64_t last_ = 0;  ///< the newest number ever pushed
  std::size_t bytes_ = 0;
};

}  // namespace syncline::room
