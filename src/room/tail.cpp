#include "room/tail.hpp"

#include "base/check.hpp"
#include "room/tuning.hpp"

namespace syncline::room {

void Tail::push(TailEntry entry) {
  SYNCLINE_CHECK(entries_.empty() || entry.seq == last_ + 1, "a tail without gaps");
  last_ = entry.seq;
  bytes_ += entry.update->size();
  entries_.push_back(std::move(entry));
}

bool Tail::covers(std::uint64_t seq) const {
  return !entries_.empty() && seq + 1 >= entries_.front().seq;
}

std::vector<bus::Part> Tail::parts(std::uint64_t after, std::uint64_t upto, MemberId except) const {
  std::vector<bus::Part> out;
  if (entries_.empty() || after >= upto) return out;
  SYNCLINE_CHECK(covers(after), "the tail reaches back far enough");
  const std::uint64_t first = entries_.front().seq;
  for (std::size_t i = after + 1 > first ? after + 1 - first : 0; i < entries_.size(); ++i) {
    const TailEntry& entry = entries_[i];
    if (entry.seq > upto) break;
    if (except == 0 || entry.member != except) out.push_back({entry.by, entry.update});
  }
  return out;
}

void Tail::trim(std::uint64_t keep_after) {
  while (!entries_.empty() && entries_.front().seq <= keep_after &&
         (entries_.size() > kTailUpdates || bytes_ > kTailBytes)) {
    bytes_ -= entries_.front().update->size();
    entries_.pop_front();
  }
}

}  // namespace syncline::room
