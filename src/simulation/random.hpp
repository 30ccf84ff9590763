// Chance that a seed decides.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/check.hpp"
#include "base/executor.hpp"

namespace syncline::simulation {

/// SplitMix64 (Steele, Lea and Flood, 2014): the same numbers from the same seed, everywhere.
class SeededRandom final : public Random {
 public:
  explicit SeededRandom(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() override {
    state_ += 0x9e3779b97f4a7c15;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }

  /// A number below `end`. REQUIRES: end > 0.
  std::uint64_t below(std::uint64_t end) {
    SYNCLINE_CHECK(end > 0, "there is no number below zero");
    return next() % end;
  }
  /// A duration in [from, to]. REQUIRES: from <= to.
  Duration between(Duration from, Duration to) {
    SYNCLINE_CHECK(from <= to, "an interval that ends before it begins");
    return from + Duration(below(static_cast<std::uint64_t>((to - from).count()) + 1));
  }
  /// True with this probability.
  bool chance(double probability) {
    return static_cast<double>(next() >> 11) * 0x1p-53 < probability;
  }

  /// A source of its own for `what`, so that more draws there change nothing here.
  SeededRandom fork(std::string_view what) const {
    std::uint64_t mixed = state_ ^ 0xcbf29ce484222325;
    for (const char c : what) mixed = (mixed ^ static_cast<std::uint8_t>(c)) * 0x100000001b3;
    return SeededRandom(SeededRandom(mixed).next());
  }

 private:
  std::uint64_t state_;
};

}  // namespace syncline::simulation
