// lib0's primitives but for the shortest ones, which the header has inline; and `any`, its tagged
// form of a JavaScript value.
#include "encoding/lib0.hpp"

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

#include "base/check.hpp"
#include "encoding/members.hpp"
#include "encoding/utf16.hpp"

namespace syncline::encoding {
namespace {

/// The tags of `any`, counted down from 127 as lib0 does.
enum Tag : std::uint8_t {
  kBinary = 116,
  kArray = 117,
  kObject = 118,
  kString = 119,
  kTrue = 120,
  kFalse = 121,
  kBigInt = 122,
  kFloat64 = 123,
  kFloat32 = 124,
  kInteger = 125,
  kNull = 126,
  kUndefined = 127,
};

/// Integers up to here are written as varInt, larger ones as floats.
constexpr double kLargestTaggedInteger = 0x7fffffff;
/// Eight bytes hold 6 + 7 * 7 bits of a varInt and 8 * 7 bits of a varUint.
constexpr int kVarBytesMax = 8;

bool fits_float32(double number) {
  if (std::isinf(number)) return true;
  // Converting a double that no float can come near is undefined; NaN fails this test too.
  if (!(std::abs(number) <= double{std::numeric_limits<float>::max()})) return false;
  return double{static_cast<float>(number)} == number;
}

void write_big_endian(Writer& writer, std::uint64_t bits, int bytes) {
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8)
    writer.u8(static_cast<std::uint8_t>(bits >> shift));
}

void write_any_number(Writer& writer, double number) {
  if (std::trunc(number) == number && std::abs(number) <= kLargestTaggedInteger) {
    writer.u8(kInteger);
    writer.var_int(SignedVar{std::signbit(number), static_cast<std::uint64_t>(std::abs(number))});
  } else if (fits_float32(number)) {
    writer.u8(kFloat32);
    write_big_endian(writer, std::bit_cast<std::uint32_t>(static_cast<float>(number)), 4);
  } else {
    // JavaScript has one NaN on the wire, whatever bits the processor made.
    if (std::isnan(number)) number = std::numeric_limits<double>::quiet_NaN();
    writer.u8(kFloat64);
    write_big_endian(writer, std::bit_cast<std::uint64_t>(number), 8);
  }
}

}  // namespace

void Writer::var_int(SignedVar number) {
  std::uint64_t rest = number.magnitude;
  const unsigned sign = number.negative ? 0x40 : 0;
  u8(static_cast<std::uint8_t>((rest > 0x3f ? 0x80u : 0u) | sign | (rest & 0x3f)));
  if (rest <= 0x3f) return;
  var_uint(rest >> 6);
}

void Writer::var_int(std::int64_t number) {
  const auto bits = static_cast<std::uint64_t>(number);
  var_int(SignedVar{number < 0, number < 0 ? 0 - bits : bits});
}

void Writer::var_string(std::string_view text) {
  if (is_utf8(text)) return var_bytes(view_of(text));
  var_bytes(view_of(to_wire_utf8(text)));
}

void Writer::var_bytes(ByteView bytes) {
  var_uint(bytes.size());
  raw(bytes);
}

void Writer::any(const Value& value) {
  switch (value.kind()) {
    case Value::Kind::kUndefined:
      return u8(kUndefined);
    case Value::Kind::kNull:
      return u8(kNull);
    case Value::Kind::kBool:
      return u8(value.boolean() ? kTrue : kFalse);
    case Value::Kind::kNumber:
      return write_any_number(*this, value.number());
    case Value::Kind::kBigInt:
      u8(kBigInt);
      return write_big_endian(*this, static_cast<std::uint64_t>(value.bigint().value), 8);
    case Value::Kind::kString:
      u8(kString);
      return var_string(value.string());
    case Value::Kind::kBinary:
      u8(kBinary);
      return var_bytes(value.binary());
    case Value::Kind::kArray:
      u8(kArray);
      var_uint(value.items().size());
      for (const Value& item : value.items()) any(item);
      return;
    case Value::Kind::kObject:
      u8(kObject);
      var_uint(value.members().size());
      for (const auto& [name, member] : value.members()) {
        var_string(name);
        any(member);
      }
      return;
  }
}

std::uint64_t Reader::var_uint_slow() {
  // Eight bytes at once where there are as many; then the groups of seven bits are moved together.
  if (std::endian::native == std::endian::little && left() >= kVarBytesMax) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes_.data() + position_, sizeof(word));
    if ((word & 0x800000) == 0) {
      const bool three = (word & 0x8000) != 0;
      position_ += three ? 3 : 2;
      return (word & 0x7f) | ((word & 0x7f00) >> 1) | (three ? (word & 0x7f0000) >> 2 : 0);
    }
    const std::uint64_t ends = ~word & 0x8080808080808080;
    position_ +=
        ends == 0 ? kVarBytesMax : static_cast<std::size_t>(std::countr_zero(ends)) / 8 + 1;
    if (ends != 0) {
      word &= ends ^ (ends - 1);
      word = ((word & 0x7f007f007f007f00) >> 1) | (word & 0x007f007f007f007f);
      word = ((word & 0x3fff00003fff0000) >> 2) | (word & 0x00003fff00003fff);
      word = ((word & 0x0fffffff00000000) >> 4) | (word & 0x000000000fffffff);
      if (word <= kMaxSafeInteger) return word;
    }
    fail("an integer is larger than 2^53 - 1");
    return 0;
  }
  std::uint64_t number = 0;
  for (int i = 0; i < kVarBytesMax; ++i) {
    if (position_ == bytes_.size()) {
      fail_at_end();
      return 0;
    }
    const std::uint8_t byte = bytes_[position_++];
    number |= std::uint64_t{byte & 0x7fu} << (7 * i);
    if (byte >= 0x80) continue;
    if (number <= kMaxSafeInteger) return number;
    break;
  }
  fail("an integer is larger than 2^53 - 1");
  return 0;
}

std::uint64_t Reader::var_uint_anew(Repeated& last) {
  const std::size_t from = position_;
  const std::uint64_t value = var_uint();
  last = {};
  if (failed_) return value;
  last.value = value;
  last.bytes = position_ - from;
  std::memcpy(&last.written, bytes_.data() + from, last.bytes);
  std::memset(&last.mask, 0xff, last.bytes);
  return value;
}

SignedVar Reader::var_int() {
  const std::uint8_t first = u8();
  SignedVar number{(first & 0x40) != 0, first & 0x3fu};
  if (first < 0x80) return number;
  for (int i = 1; i < kVarBytesMax; ++i) {
    if (position_ == bytes_.size()) {
      fail_at_end();
      return {};
    }
    const std::uint8_t byte = bytes_[position_++];
    number.magnitude |= std::uint64_t{byte & 0x7fu} << (7 * i - 1);
    if (byte < 0x80) return number;
  }
  fail("an integer takes more than 8 bytes");
  return {};
}

std::string_view Reader::var_string() {
  const std::string_view text = text_of(var_bytes());
  if (is_utf8(text)) return text;
  fail("a string is not valid UTF-8");
  return {};
}

ByteView Reader::var_bytes() {
  const std::uint64_t count = var_uint();
  if (count > left()) {
    fail_at_end();
    return {};
  }
  return raw(static_cast<std::size_t>(count));
}

ByteView Reader::raw(std::size_t count) {
  if (count > left()) {
    fail_at_end();
    return {};
  }
  const ByteView view = bytes_.subspan(position_, count);
  position_ += count;
  return view;
}

std::uint64_t Reader::big_endian(std::size_t bytes) {
  std::uint64_t bits = 0;
  for (const std::uint8_t byte : raw(bytes)) bits = bits << 8 | byte;
  return bits;
}

Value Reader::any() { return any_at(0); }

Value Reader::any_at(int depth) {
  switch (u8()) {
    case kUndefined:
      return Value::Undefined{};
    case kNull:
      return nullptr;
    case kInteger: {
      const SignedVar number = var_int();
      const auto magnitude = static_cast<double>(number.magnitude);
      return number.negative ? -magnitude : magnitude;
    }
    case kFloat32:
      return std::bit_cast<float>(static_cast<std::uint32_t>(big_endian(4)));
    case kFloat64:
      return std::bit_cast<double>(big_endian(8));
    case kBigInt:
      return Value::BigInt{static_cast<std::int64_t>(big_endian(8))};
    case kFalse:
      return false;
    case kTrue:
      return true;
    case kString:
      return var_string();
    case kObject:
      return any_object(depth + 1);
    case kArray:
      return any_array(depth + 1);
    case kBinary: {
      const ByteView bytes = var_bytes();
      return Value::Binary(bytes.begin(), bytes.end());
    }
    default:
      fail("a value has an unknown type tag");
      return nullptr;
  }
}

// Containers grow with what is read and are never reserved by their count: a few bytes could claim
// as many elements as the rest of the input has bytes, at every level.

Value Reader::any_array(int depth) {
  const std::uint64_t count = var_uint();
  if (depth > kMaxDepth) fail("a value nests too deeply");
  if (count > left()) fail("an array claims more elements than there are bytes");
  Value::Array items;
  for (std::uint64_t i = 0; i < count && !failed_; ++i) items.push_back(any_at(depth));
  return items;
}

Value Reader::any_object(int depth) {
  const std::uint64_t count = var_uint();
  if (depth > kMaxDepth) fail("a value nests too deeply");
  if (count > left() / 2) fail("an object claims more members than there are bytes");
  Value::Object members;
  for (std::uint64_t i = 0; i < count && !failed_; ++i) {
    std::string name(var_string());
    members.emplace_back(std::move(name), any_at(depth));
  }
  unite_members(members);
  return members;
}

void Reader::fail(const char* why) {
  if (!failed_) {
    failed_ = true;
    why_ = why;
    failed_at_ = position_;
  }
  position_ = bytes_.size();
}

void Reader::fail_at_end() { fail("the input ends too early"); }

Error Reader::error() const {
  SYNCLINE_CHECK(failed_, "Reader::error() of a reader that did not fail");
  return Error(Code::kMalformed, std::string(why_) + " (at byte " + std::to_string(failed_at_) +
                                     " of " + std::to_string(bytes_.size()) + ")");
}

}  // namespace syncline::encoding
