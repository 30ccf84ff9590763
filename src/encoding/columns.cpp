// The run-length coders' slower halves: beginning a run, and strings.
#include "encoding/columns.hpp"

#include <algorithm>
#include <utility>

#include "encoding/utf16.hpp"

namespace syncline::encoding {

void StringsWriter::finish(Writer& out) {
  Writer column;
  column.var_string(text_);
  column.raw(lengths_.take());
  out.var_bytes(column.bytes());
}

void RleReader::refill() {
  value_ = in_.u8();
  // The last run has no count: it goes on for ever. So does the 0 of a column that failed.
  left_ = std::numeric_limits<std::uint64_t>::max();
  if (!in_.at_end()) left_ = in_.var_uint() + 1;
  if (failed()) value_ = 0;
}

void UintOptRleReader::refill() {
  const SignedVar number = in_.var_int();
  left_ = number.negative ? in_.var_uint() + 2 : 1;
  if (number.magnitude > kMaxSafeInteger) in_.fail("a number in a column is larger than 2^53 - 1");
  value_ = failed() ? 0 : number.magnitude;
}

void IntDiffOptRleReader::refill() {
  const SignedVar number = in_.var_int();
  const auto magnitude = static_cast<std::int64_t>(number.magnitude);
  const std::int64_t coded = number.negative ? -magnitude : magnitude;
  // Rounds down, also below zero; the lowest bit is the flag in both cases.
  difference_ = coded >> 1;
  left_ = (coded & 1) != 0 ? in_.var_uint() + 2 : 1;
  if (failed()) value_ = difference_ = 0;
}

void IntDiffOptRleReader::out_of_range() {
  in_.fail("a number in a column is negative or larger than 2^53 - 1");
  value_ = difference_ = 0;
}

StringsReader::StringsReader(ByteView bytes) : lengths_(ByteView()) {
  Reader in(bytes);
  text_ = in.var_string();
  lengths_ = UintOptRleReader(bytes.subspan(in.position()));
  if (in.failed()) lengths_.fail("a column of strings whose text cannot be read");
  ascii_ = is_ascii(text_);
}

std::string_view StringsReader::read() {
  std::uint64_t units = lengths_.read();
  const std::size_t from = at_;
  if (ascii_) {
    if (units > text_.size() - at_) {
      lengths_.fail("a string goes past the end of its column");
      return {};
    }
    at_ += units;
    return text_.substr(from, units);
  }
  const char32_t second_half = units > 0 ? std::exchange(rest_, 0) : 0;
  if (second_half != 0) --units;
  while (units > 0 && at_ < text_.size()) {
    const auto lead = static_cast<unsigned char>(text_[at_]);
    if (lead >= 0xf0) {
      if (units == 1) break;
      at_ += 4;
      units -= 2;
    } else {
      at_ += lead < 0x80 ? 1 : lead < 0xe0 ? 2 : 3;
      --units;
    }
  }
  const std::string_view whole = text_.substr(from, at_ - from);
  if (units > 0 && at_ == text_.size()) {
    lengths_.fail("a string goes past the end of its column");
    return {};
  }
  if (units == 0 && second_half == 0) return whole;
  halved_.clear();
  if (second_half != 0) append_utf8(halved_, second_half);
  halved_ += whole;
  if (units > 0) {
    const char32_t pair = decode_at(text_, at_).value - 0x10000;
    append_utf8(halved_, 0xd800 + (pair >> 10));
    rest_ = 0xdc00 + (pair & 0x3ff);
    at_ += 4;
  }
  return halved_;
}

}  // namespace syncline::encoding
