// The documents of the benchmarks: replicas that replay a recording, and what they make of it.
#pragma once

#include <cstddef>
#include <deque>
#include <memory>
#include <vector>

#include "bench/recording.hpp"
#include "crdt/doc.hpp"

namespace syncline::bench {

/// Client ids of 32 bits: the size of a v1 update, and so its time, depends on them.
inline constexpr crdt::ClientId kFirstClient = 2'917'483'021;
/// Of the one after another: a prime, so that neighbours differ in all their bytes.
inline constexpr crdt::ClientId kClientStep = 7919;

/// One replica with the recording's text.
struct Replica {
  explicit Replica(crdt::ClientId client);

  void edit(const Edit& edit);
  void start(const Recording& recording);
  void apply(const Bytes& update);

  crdt::Doc doc;
  crdt::Text text;
};

/// A replica that hands out its updates.
struct Author : Replica {
  explicit Author(crdt::ClientId client);
  Bytes take() { return std::exchange(made, {}); }

  Bytes made;
  Handle listening;
};

/// The whole session with one replica an author, each receiving just what it had received then.
/// Returns the update of every edit.
std::vector<Bytes> play(const Recording& recording, std::deque<Author>& authors);

/// What a job works on, made before its time starts and kept for the next repeat.
class Material {
 public:
  explicit Material(const Recording& recording) : recording_(recording) {}

  /// In an order in which a fresh document can apply them one by one.
  const std::vector<Bytes>& updates();
  std::size_t update_bytes();
  const Bytes& state_v1();
  const Bytes& state_v2();

 private:
  /// A replica that heard everything.
  const Replica& all();

  const Recording& recording_;
  std::vector<Bytes> updates_;
  std::unique_ptr<Replica> all_;
  Bytes state_v1_;
  Bytes state_v2_;
};

}  // namespace syncline::bench
