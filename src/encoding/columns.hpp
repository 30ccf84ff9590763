// lib0's run-length coders: columns of numbers and of strings, the parts of update format 2
// (reference: lib0's encoding.js and decoding.js).
//
// A column holds one field of many records, so neighbours are alike and a run of them costs a few
// bytes. Each writer matches lib0's byte for byte; each reader hands out one value a call, and
// never holds more than the run it is in, however long the run says it is.
//
//   RleWriter          small numbers: value, times - 1; the last run has no count and never ends
//   UintOptRleWriter   numbers: value, or -value and times - 2 (so 0 many times is -0, and a count)
//   IntDiffOptRleWriter  numbers that grow steadily: twice the difference, plus 1 where a count
//                      (times - 2) follows
//   StringsWriter      strings: all in one, then the UTF-16 lengths as a UintOptRle column
#pragma once

#include <limits>
#include <string>
#include <string_view>

#include "encoding/lib0.hpp"

namespace syncline::encoding {

/// Runs of equal bytes.
class RleWriter {
 public:
  void write(std::uint8_t value) {
    if (count_ > 0 && value == last_) {
      ++count_;
      return;
    }
    if (count_ > 0) out_.var_uint(count_ - 1);
    out_.u8(value);
    last_ = value;
    count_ = 1;
  }
  /// Appends the column, its length in bytes first.
  void finish(Writer& out) { out.var_bytes(out_.bytes()); }

 private:
  Writer out_;
  std::uint8_t last_ = 0;
  std::uint64_t count_ = 0;
};

/// Runs of equal numbers up to kMaxSafeInteger.
class UintOptRleWriter {
 public:
  void write(std::uint64_t value) {
    if (value == last_) {
      ++count_;
      return;
    }
    flush();
    last_ = value;
    count_ = 1;
  }
  /// Appends the column, its length in bytes first.
  void finish(Writer& out) { out.var_bytes(take()); }
  /// The column's bytes; nothing more can be written.
  const Bytes& take() {
    flush();
    return out_.bytes();
  }

 private:
  void flush() {
    if (count_ == 0) return;
    out_.var_int(SignedVar{count_ > 1, last_});
    if (count_ > 1) out_.var_uint(count_ - 2);
    count_ = 0;
  }

  Writer out_;
  std::uint64_t last_ = 0;
  std::uint64_t count_ = 0;
};

/// Runs of numbers up to kMaxSafeInteger with equal differences.
class IntDiffOptRleWriter {
 public:
  void write(std::uint64_t value) {
    const std::int64_t difference =
        static_cast<std::int64_t>(value) - static_cast<std::int64_t>(last_);
    last_ = value;
    if (difference == difference_) {
      ++count_;
      return;
    }
    flush();
    difference_ = difference;
    count_ = 1;
  }
  /// Appends the column, its length in bytes first.
  void finish(Writer& out) {
    flush();
    out.var_bytes(out_.bytes());
  }

 private:
  void flush() {
    if (count_ == 0) return;
    out_.var_int(difference_ * 2 + (count_ > 1 ? 1 : 0));
    if (count_ > 1) out_.var_uint(count_ - 2);
    count_ = 0;
  }

  Writer out_;
  std::uint64_t last_ = 0;
  std::int64_t difference_ = 0;
  std::uint64_t count_ = 0;
};

/// Strings. Halves of a surrogate pair that end one string and begin the next are one character in
/// the column, and come apart again when it is read.
class StringsWriter {
 public:
  /// REQUIRES: `text` is WTF-8 of `units` UTF-16 code units.
  void write(std::string_view text, std::uint64_t units) {
    text_ += text;
    lengths_.write(units);
  }
  /// Appends the column, its length in bytes first.
  void finish(Writer& out);

 private:
  std::string text_;
  UintOptRleWriter lengths_;
};

/// What the readers share: where a run is left to read. The first failure stays; from then on
/// values are 0. REQUIRES of all: the bytes outlive the reader.
class ColumnReader {
 public:
  bool failed() const { return in_.failed(); }
  /// Marks the column as unreadable. REQUIRES: `why` is a literal.
  void fail(const char* why) { in_.fail(why); }

 protected:
  explicit ColumnReader(ByteView bytes) : in_(bytes) {}
  Reader in_;
  std::uint64_t left_ = 0;
};

class RleReader : public ColumnReader {
 public:
  explicit RleReader(ByteView bytes) : ColumnReader(bytes) {}
  std::uint8_t read() {
    if (left_ == 0) refill();
    --left_;
    return value_;
  }

 private:
  void refill();
  std::uint8_t value_ = 0;
};

class UintOptRleReader : public ColumnReader {
 public:
  explicit UintOptRleReader(ByteView bytes) : ColumnReader(bytes) {}
  /// At most kMaxSafeInteger.
  std::uint64_t read() {
    if (left_ == 0) refill();
    --left_;
    return value_;
  }

 private:
  void refill();
  std::uint64_t value_ = 0;
};

class IntDiffOptRleReader : public ColumnReader {
 public:
  explicit IntDiffOptRleReader(ByteView bytes) : ColumnReader(bytes) {}
  /// At most kMaxSafeInteger; a negative number is a failure.
  std::uint64_t read() {
    if (left_ == 0) refill();
    --left_;
    value_ += difference_;
    if (value_ < 0 || value_ > static_cast<std::int64_t>(kMaxSafeInteger)) out_of_range();
    return static_cast<std::uint64_t>(value_);
  }

 private:
  void refill();
  void out_of_range();
  std::int64_t value_ = 0;
  std::int64_t difference_ = 0;
};

class StringsReader {
 public:
  explicit StringsReader(ByteView bytes);
  /// WTF-8, until the next call. A length past the end of the text is a failure.
  std::string_view read();
  bool failed() const { return lengths_.failed(); }

 private:
  std::string_view text_;
  UintOptRleReader lengths_;
  std::size_t at_ = 0;
  bool ascii_ = false;
  /// The second half of a pair whose first half ended the string before; 0 for none.
  char32_t rest_ = 0;
  /// A string with half a pair, which is not in the text as it is.
  std::string halved_;
};

}  // namespace syncline::encoding
