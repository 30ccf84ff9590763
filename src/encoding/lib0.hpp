// lib0's binary primitives: the bytes below every Yjs format (reference: lib0's encoding.js and
// decoding.js).
//
// Writer appends to a buffer it owns. Reader walks a view that must outlive it, and never trusts a
// length: every read is checked against what is left. The first failure moves the reader to the end
// of its input, so every later read finds nothing and returns an empty value, and loops over the
// input end. Callers check failed() where a decision depends on what was read.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

#include "base/bytes.hpp"
#include "encoding/tuning.hpp"
#include "syncline/value.hpp"

namespace syncline::encoding {

/// The largest integer JavaScript counts exactly, 2^53 - 1: the bound of clocks, client ids and
/// lengths.
inline constexpr std::uint64_t kMaxSafeInteger = (std::uint64_t{1} << 53) - 1;

/// A varInt as it is on the wire: sign apart, since lib0 gives negative zero a meaning.
struct SignedVar {
  bool negative = false;
  std::uint64_t magnitude = 0;

  friend bool operator==(const SignedVar&, const SignedVar&) = default;
};

/// Appends primitives to a buffer. It writes what it is given: bounds are the caller's business.
/// Writes a var_uint to memory, for those who know that there is room (kVarUintMax bytes at most);
/// returns where it ends.
inline constexpr std::size_t kVarUintMax = 10;
inline std::uint8_t* put_var_uint(std::uint8_t* at, std::uint64_t number) {
  for (; number > 0x7f; number >>= 7) *at++ = static_cast<std::uint8_t>(0x80 | (number & 0x7f));
  *at++ = static_cast<std::uint8_t>(number);
  return at;
}

class Writer {
 public:
  void u8(std::uint8_t byte) { bytes_.push_back(byte); }
  /// Little-endian groups of seven bits, the high bit set on all but the last.
  void var_uint(std::uint64_t number) {
    while (number > 0x7f) {
      bytes_.push_back(static_cast<std::uint8_t>(0x80 | (number & 0x7f)));
      number >>= 7;
    }
    bytes_.push_back(static_cast<std::uint8_t>(number));
  }
  /// As var_uint, but the first byte keeps its second highest bit for the sign.
  void var_int(SignedVar number);
  void var_int(std::int64_t number);
  /// The length in bytes, then the UTF-8 bytes; what is not UTF-8 (lone surrogates) becomes U+FFFD.
  void var_string(std::string_view text);
  void var_bytes(ByteView bytes);
  void raw(ByteView bytes) { bytes_.insert(bytes_.end(), bytes.begin(), bytes.end()); }
  /// lib0's `any`: the smallest form that JavaScript's writer would choose.
  void any(const Value& value);

  std::size_t size() const { return bytes_.size(); }
  const Bytes& bytes() const { return bytes_; }
  Bytes take() { return std::move(bytes_); }

 private:
  Bytes bytes_;
};

/// Reads primitives from a view. REQUIRES: the bytes outlive the reader and the views it returns.
class Reader {
 public:
  /// A number that is read again and again, and how it was written last.
  struct Repeated {
    std::uint64_t value = 0;
    std::uint64_t written = 0;
    std::uint64_t mask = 0;  ///< of `written`; 0: nothing was read
    std::size_t bytes = 0;
  };

  explicit Reader(ByteView bytes) : bytes_(bytes) {}

  std::uint8_t u8() {
    if (position_ < bytes_.size()) [[likely]]
      return bytes_[position_++];
    fail_at_end();
    return 0;
  }
  /// At most kMaxSafeInteger; more, or more than 8 bytes of it, is a failure.
  std::uint64_t var_uint() {
    if (position_ < bytes_.size() && bytes_[position_] < 0x80) [[likely]]
      return bytes_[position_++];
    return var_uint_slow();
  }
  /// The same, quicker where it is mostly `last`.
  std::uint64_t var_uint(Repeated& last) {
    if (left() < sizeof(last.written)) return var_uint();
    std::uint64_t word = 0;
    std::memcpy(&word, bytes_.data() + position_, sizeof(word));
    if (last.mask != 0 && (word & last.mask) == last.written) [[likely]] {
      position_ += last.bytes;
      return last.value;
    }
    return var_uint_anew(last);
  }
  /// At most 8 bytes, so the magnitude stays below 2^55 (JavaScript reads as much).
  SignedVar var_int();
  /// Fails on invalid UTF-8; a leading byte order mark stays. The view is into the input.
  std::string_view var_string();
  ByteView var_bytes();
  ByteView raw(std::size_t count);
  /// Fails past kMaxDepth, on unknown tags and on claimed counts larger than the bytes left. Of
  /// members with one name the last value wins, at the first one's place, as in JavaScript.
  Value any();

  /// Nothing is left to read; also after a failure.
  bool at_end() const { return position_ == bytes_.size(); }
  std::size_t position() const { return position_; }
  std::size_t left() const { return bytes_.size() - position_; }
  bool failed() const { return failed_; }
  /// Marks the input as unreadable; the first reason stays. REQUIRES: `why` is a literal.
  void fail(const char* why);
  /// kMalformed with the reason and the offset. REQUIRES: failed().
  Error error() const;

 private:
  std::uint64_t var_uint_slow();
  std::uint64_t var_uint_anew(Repeated& last);
  std::uint64_t big_endian(std::size_t bytes);
  Value any_at(int depth);
  Value any_array(int depth);
  Value any_object(int depth);
  void fail_at_end();

  ByteView bytes_;
  std::size_t position_ = 0;
  bool failed_ = false;
  const char* why_ = nullptr;
  std::size_t failed_at_ = 0;
};

}  // namespace syncline::encoding
