// State vectors and id sets: the two small sets that documents exchange to find out what differs.
#include "crdt/id.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace syncline::crdt {

namespace {

using Ranges = std::vector<IdSet::Range>;

/// So few ranges are added one by one.
constexpr std::size_t kAddedSingly = 4;

bool by_clock(const IdSet::Range& a, const IdSet::Range& b) { return a.clock < b.clock; }

/// The first range that ends after `clock`.
template <typename R>
auto first_ending_after(R& ranges, Clock clock) {
  return std::partition_point(ranges.begin(), ranges.end(),
                              [&](const IdSet::Range& range) { return range.end() <= clock; });
}

}  // namespace

Clock StateVector::get(ClientId client) const {
  auto found = clocks_.find(client);
  return found == clocks_.end() ? 0 : found->second;
}

void StateVector::set(ClientId client, Clock clock) { clocks_[client] = clock; }

void StateVector::merge(const StateVector& other) {
  for (const auto& [client, clock] : other.clocks_) {
    Clock& mine = clocks_[client];
    mine = std::max(mine, clock);
  }
}

bool StateVector::covers(const StateVector& other) const {
  return std::all_of(other.clocks_.begin(), other.clocks_.end(),
                     [&](const auto& entry) { return get(entry.first) >= entry.second; });
}

Bytes StateVector::encode() const {
  encoding::Writer writer;
  writer.var_uint(clocks_.size());
  for (const auto& [client, clock] : clocks_) {
    writer.var_uint(client);
    writer.var_uint(clock);
  }
  return writer.take();
}

Result<StateVector> StateVector::decode(ByteView bytes) {
  encoding::Reader reader(bytes);
  StateVector result;
  for (std::uint64_t left = reader.var_uint(); left > 0 && !reader.failed(); --left) {
    const ClientId client = reader.var_uint();
    const Clock clock = reader.var_uint();
    if (!reader.failed()) result.set(client, clock);
  }
  if (!reader.failed() && !reader.at_end()) reader.fail("bytes after the end of a state vector");
  if (reader.failed()) return reader.error();
  return result;
}

void IdSet::add(ClientId client, Clock clock, std::uint64_t length) {
  if (length == 0) return;
  Ranges& ranges = ranges_[client];
  if (ranges.empty() || ranges.back().end() < clock) {
    ranges.push_back({clock, length});
    return;
  }
  // The first range that touches or follows the new one; everything it reaches is swallowed.
  auto first = std::partition_point(ranges.begin(), ranges.end(),
                                    [&](const Range& range) { return range.end() < clock; });
  Range merged{clock, length};
  auto last = first;
  for (; last != ranges.end() && last->clock <= merged.end(); ++last) {
    const Clock begin = std::min(merged.clock, last->clock);
    merged = {begin, std::max(merged.end(), last->end()) - begin};
  }
  if (first == last) {
    ranges.insert(first, merged);
  } else {
    *first = merged;
    ranges.erase(first + 1, last);
  }
}

void IdSet::add(const IdSet& other) {
  for (const auto& [client, ranges] : other.ranges_) {
    Ranges& mine = ranges_[client];
    if (ranges.size() <= kAddedSingly) {
      for (const Range& range : ranges) add(client, range.clock, range.length);
      continue;
    }
    // Adding many one by one would move the rest of the ranges each time.
    Ranges both;
    both.reserve(mine.size() + ranges.size());
    std::merge(mine.begin(), mine.end(), ranges.begin(), ranges.end(), std::back_inserter(both),
               by_clock);
    mine.clear();
    for (const Range& range : both) add(client, range.clock, range.length);
  }
}

IdSet IdSet::of(ByClient unsorted) {
  IdSet result;
  for (auto& [client, ranges] : unsorted) {
    std::sort(ranges.begin(), ranges.end(), by_clock);
    for (const Range& range : ranges) result.add(client, range.clock, range.length);
  }
  return result;
}

void IdSet::remove(ClientId client, Clock clock, std::uint64_t length) {
  auto found = ranges_.find(client);
  if (found == ranges_.end() || length == 0) return;
  const Clock end = clock + length;
  Ranges& ranges = found->second;
  auto first = first_ending_after(ranges, clock);
  auto last = first;
  Ranges kept;
  for (; last != ranges.end() && last->clock < end; ++last) {
    if (last->clock < clock) kept.push_back({last->clock, clock - last->clock});
    if (last->end() > end) kept.push_back({end, last->end() - end});
  }
  ranges.insert(ranges.erase(first, last), kept.begin(), kept.end());
  if (ranges.empty()) ranges_.erase(found);
}

bool IdSet::contains(ID id) const {
  auto found = ranges_.find(id.client);
  if (found == ranges_.end()) return false;
  auto range = first_ending_after(found->second, id.clock);
  return range != found->second.end() && range->clock <= id.clock;
}

bool IdSet::intersects(const IdRange& range) const {
  auto found = ranges_.find(range.client);
  if (found == ranges_.end() || range.length == 0) return false;
  auto first = first_ending_after(found->second, range.clock);
  return first != found->second.end() && first->clock < range.clock + range.length;
}

std::vector<IdSet::Range> IdSet::intersection(const IdRange& range) const {
  std::vector<Range> result;
  auto found = ranges_.find(range.client);
  if (found == ranges_.end()) return result;
  const Clock end = range.clock + range.length;
  for (auto it = first_ending_after(found->second, range.clock);
       it != found->second.end() && it->clock < end; ++it) {
    const Clock begin = std::max(it->clock, range.clock);
    result.push_back({begin, std::min(it->end(), end) - begin});
  }
  return result;
}

void IdSet::write_v1(encoding::Writer& writer, const ByClient& all) {
  writer.var_uint(all.size());
  for (const auto& [client, ranges] : all) {
    writer.var_uint(client);
    writer.var_uint(ranges.size());
    for (const Range& range : ranges) {
      writer.var_uint(range.clock);
      writer.var_uint(range.length);
    }
  }
}

IdSet IdSet::read_v1(encoding::Reader& reader) {
  ByClient all;
  for (std::uint64_t clients = reader.var_uint(); clients > 0 && !reader.failed(); --clients) {
    const ClientId client = reader.var_uint();
    Ranges& read = all[client];
    for (std::uint64_t left = reader.var_uint(); left > 0 && !reader.failed(); --left) {
      const Clock clock = reader.var_uint();
      const std::uint64_t length = reader.var_uint();
      if (length > encoding::kMaxSafeInteger - clock) {
        reader.fail("a deleted range ends past 2^53");
      }
      if (!reader.failed()) read.push_back({clock, length});
    }
  }
  return of(std::move(all));
}

void IdSet::write_v2(encoding::Writer& writer, const ByClient& all) {
  writer.var_uint(all.size());
  for (const auto& [client, ranges] : all) {
    writer.var_uint(client);
    writer.var_uint(ranges.size());
    Clock end = 0;
    for (const Range& range : ranges) {
      writer.var_uint(range.clock - end);
      writer.var_uint(range.length - 1);
      end = range.end();
    }
  }
}

IdSet IdSet::read_v2(encoding::Reader& reader) {
  // A client may come twice, so what is read is not yet sorted.
  ByClient all;
  for (std::uint64_t clients = reader.var_uint(); clients > 0 && !reader.failed(); --clients) {
    const ClientId client = reader.var_uint();
    Ranges& read = all[client];
    Clock end = 0;
    for (std::uint64_t left = reader.var_uint(); left > 0 && !reader.failed(); --left) {
      const Clock clock = end + reader.var_uint();
      const std::uint64_t length = reader.var_uint() + 1;
      end = clock + length;
      if (end > encoding::kMaxSafeInteger) reader.fail("a deleted range ends past 2^53");
      if (!reader.failed()) read.push_back({clock, length});
    }
  }
  return of(std::move(all));
}

}  // namespace syncline::crdt
