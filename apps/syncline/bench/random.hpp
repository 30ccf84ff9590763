// Random: the numbers that benchmarks are made of, the same here and in bench/random.mjs.
#pragma once

#include <cstdint>
#include <string>

namespace syncline::bench {

/// Marsaglia's xorshift of 32 bits.
class Random {
 public:
  std::uint32_t below(std::uint32_t bound) {
    state_ ^= state_ << 13;
    state_ ^= state_ >> 17;
    state_ ^= state_ << 5;
    return state_ % bound;
  }
  /// Letters, between `least` and `most` of them.
  std::string word(std::uint32_t least, std::uint32_t most) {
    std::string letters(least + below(most - least + 1), 'a');
    for (char& letter : letters) letter = static_cast<char>('a' + below(26));
    return letters;
  }

 private:
  std::uint32_t state_ = 0x9e3779b9;
};

}  // namespace syncline::bench
