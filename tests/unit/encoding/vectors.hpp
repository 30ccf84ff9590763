// The golden vectors that lib0 and Node made (lib0_vectors.json), and random values, for the tests
// of this folder.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "syncline/value.hpp"

namespace syncline::encoding::test {

/// The rows of one section of the vector file. Fails the test where there are none.
const Value::Array& vectors(std::string_view section);

/// A member that must be there.
const Value& at(const Value& row, std::string_view member);

/// Undoes the file's tags for what JSON cannot say: {"$undefined":true}, {"$bigint":"-5"}, ….
Value untagged(const Value& value);

Bytes from_hex(std::string_view hex);
std::string to_hex(ByteView bytes);

enum class Kinds { kAll, kJson };

/// Random values for round trips; the same seed makes the same values.
class RandomValues {
 public:
  /// kJson: only what JSON text brings back as it was.
  RandomValues(std::uint64_t seed, Kinds kinds) : random_(seed), kinds_(kinds) {}

  Value value(int depth = 0);
  /// Well-formed UTF-8, with characters of every length and the ones that need escapes.
  std::string text();
  std::uint64_t below(std::uint64_t bound) { return random_() % bound; }

 private:
  double number();

  std::mt19937_64 random_;
  Kinds kinds_;
};

/// The seed of a randomized test: SYNCLINE_SEED, or a new one. Tests print it with SCOPED_TRACE.
std::uint64_t seed();

}  // namespace syncline::encoding::test
