// Ids: every unit of content (a UTF-16 code unit of text, a list element, a map entry) has one for
// ever.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <map>
#include <vector>

#include "base/result.hpp"
#include "encoding/lib0.hpp"

namespace syncline::crdt {

/// A client id: drawn at random for each load of a document, below 2^53.
using ClientId = std::uint64_t;
/// Counts a client's units from 0, without gaps. Below 2^53.
using Clock = std::uint64_t;

/// One unit of content: the client that made it, and its place among what that client made.
struct ID {
  ClientId client = 0;
  Clock clock = 0;

  friend auto operator<=>(const ID&, const ID&) = default;
};

/// `length` units of one client from `clock` on.
struct IdRange {
  ClientId client = 0;
  Clock clock = 0;
  std::uint64_t length = 0;

  friend bool operator==(const IdRange&, const IdRange&) = default;
};

/// How many units of each client a document holds (its next expected clock). Value type.
class StateVector {
 public:
  /// 0 for a client never heard of.
  Clock get(ClientId client) const;
  void set(ClientId client, Clock clock);
  /// Keeps the larger clock of each client.
  void merge(const StateVector& other);
  /// Whether every clock here is at least that of `other`.
  bool covers(const StateVector& other) const;
  bool empty() const { return clocks_.empty(); }
  std::size_t size() const { return clocks_.size(); }
  /// Descending by client, as Yjs writes it.
  const std::map<ClientId, Clock, std::greater<>>& clocks() const { return clocks_; }

  Bytes encode() const;
  /// Accepts any order. kMalformed otherwise.
  static Result<StateVector> decode(ByteView bytes);

  friend bool operator==(const StateVector&, const StateVector&) = default;

 private:
  std::map<ClientId, Clock, std::greater<>> clocks_;
};

/// A set of units, kept as sorted disjoint ranges per client: Yjs's DeleteSet, also used for
/// refused ids and authorship. Value type.
class IdSet {
 public:
  struct Range {
    Clock clock = 0;
    std::uint64_t length = 0;
    Clock end() const { return clock + length; }
    friend bool operator==(const Range&, const Range&) = default;
  };

  using ByClient = std::map<ClientId, std::vector<Range>, std::greater<>>;

  /// The set of ranges in any order, overlapping or not.
  static IdSet of(ByClient unsorted);
  void add(ClientId client, Clock clock, std::uint64_t length);
  void add(const IdSet& other);
  void remove(ClientId client, Clock clock, std::uint64_t length);
  bool contains(ID id) const;
  /// Whether any unit of the range is in the set.
  bool intersects(const IdRange& range) const;
  /// The parts of `range` that are in the set.
  std::vector<Range> intersection(const IdRange& range) const;
  bool empty() const { return ranges_.empty(); }
  const ByClient& ranges() const { return ranges_; }

  /// The v1 delete set: clients descending, ranges ascending.
  void write_v1(encoding::Writer& writer) const { write_v1(writer, ranges_); }
  /// Ranges as they are, in any order.
  static void write_v1(encoding::Writer& writer, const ByClient& ranges);
  /// Accepts unsorted and overlapping ranges, as old Yjs wrote them; fails the reader on malformed
  /// input.
  static IdSet read_v1(encoding::Reader& reader);
  /// The v2 delete set: each clock as the distance from the end of the range before it, each length
  /// less one.
  void write_v2(encoding::Writer& writer) const { write_v2(writer, ranges_); }
  /// REQUIRES: each client's ranges ascend, do not overlap, and are not empty.
  static void write_v2(encoding::Writer& writer, const ByClient& ranges);
  static IdSet read_v2(encoding::Reader& reader);

  friend bool operator==(const IdSet&, const IdSet&) = default;

 private:
  ByClient ranges_;
};

using DeleteSet = IdSet;

}  // namespace syncline::crdt
