// lib0's binary primitives: the bytes below every Yjs format (reference: lib0's encoding.js and
// decoding.js).
//
// Writer appends to a buffer it owns. Reader walks a view that must outlive it, and never trusts a
// length: every read is checked against what is left, and the first failure makes the reader
// failed, after which every read returns an empty value. Callers check failed() where a decision
// depends on what was read.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "syncline/value.hpp"

namespace syncline::encoding {

/// The largest integer JavaScript counts exactly, 2^53 - 1: the bound of clocks, client ids and
/// lengths.
inline constexpr std::uint64_t kMaxSafeInteger = (std::uint64_t{1} << 53) - 1;
/// How deep an `any` or a JSON text may nest.
inline constexpr int kMaxDepth = 1000;

/// A varInt as it is on the wire: sign apart, since lib0 gives negative zero a meaning.
struct SignedVar {
  bool negative = false;
  std::uint64_t magnitude = 0;
};

class Writer {
 public:
  void u8(std::uint8_t byte) { bytes_.push_back(byte); }
  void var_uint(std::uint64_t number);
  void var_int(SignedVar number);
  void var_int(std::int64_t number);
  /// The length in bytes, then the UTF-8 bytes; lone surrogates (WTF-8) become U+FFFD.
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

class Reader {
 public:
  explicit Reader(ByteView bytes) : bytes_(bytes) {}

  std::uint8_t u8();
  /// At most kMaxSafeInteger; more, or more than 8 bytes of it, is a failure.
  std::uint64_t var_uint();
  SignedVar var_int();
  /// Fails on invalid UTF-8; a leading byte order mark stays. The view is into the input.
  std::string_view var_string();
  ByteView var_bytes();
  ByteView raw(std::size_t count);
  /// Fails past kMaxDepth, on unknown tags and on claimed counts larger than the bytes left.
  Value any();

  bool at_end() const { return position_ == bytes_.size(); }
  std::size_t position() const { return position_; }
  std::size_t left() const { return bytes_.size() - position_; }
  bool failed() const { return failed_; }
  /// Marks the input as unreadable; the first reason stays.
  void fail(const char* why);
  /// kMalformed with the reason and the offset. REQUIRES: failed().
  Error error() const;

 private:
  Value any_at(int depth);

  ByteView bytes_;
  std::size_t position_ = 0;
  bool failed_ = false;
  const char* why_ = "";
  std::size_t failed_at_ = 0;
};

}  // namespace syncline::encoding
