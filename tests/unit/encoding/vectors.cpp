// Reads the vector file with our own JSON reader, which json_test.cpp checks in turn.
#include "vectors.hpp"

#include <gtest/gtest.h>

#include <bit>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <limits>

#include "encoding/json.hpp"
#include "encoding/utf16.hpp"

namespace syncline::encoding::test {

const Value::Array& vectors(std::string_view section) {
  static const Value file = [] {
    std::ifstream in(SYNCLINE_LIB0_VECTORS, std::ios::binary);
    return parse_json(std::string(std::istreambuf_iterator<char>(in), {})).take_or_throw();
  }();
  const Value::Array& rows = at(file, section).items();
  EXPECT_FALSE(rows.empty()) << section;
  return rows;
}

const Value& at(const Value& row, std::string_view member) {
  const Value* value = row.find(member);
  if (value == nullptr) throw Error(Code::kNotFound, "no member " + std::string(member));
  return *value;
}

Value untagged(const Value& value) {
  if (value.is_array()) {
    Value::Array items;
    for (const Value& item : value.items()) items.push_back(untagged(item));
    return items;
  }
  if (!value.is_object()) return value;
  if (value.find("$undefined") != nullptr) return Value::Undefined{};
  if (const Value* big = value.find("$bigint"))
    return Value::BigInt{std::strtoll(big->string().c_str(), nullptr, 10)};
  if (const Value* bytes = value.find("$bytes")) return from_hex(bytes->string());
  if (const Value* special = value.find("$float"))
    return std::strtod(special->string().c_str(), nullptr);
  Value::Object members;
  for (const auto& [name, member] : value.members()) members.emplace_back(name, untagged(member));
  return members;
}

Bytes from_hex(std::string_view hex) {
  Bytes bytes(hex.size() / 2);
  for (std::size_t i = 0; i < bytes.size(); ++i)
    std::from_chars(hex.data() + 2 * i, hex.data() + 2 * i + 2, bytes[i], 16);
  return bytes;
}

std::string to_hex(ByteView bytes) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string hex;
  for (const std::uint8_t byte : bytes) {
    hex.push_back(kHex[byte >> 4]);
    hex.push_back(kHex[byte & 0xf]);
  }
  return hex;
}

double RandomValues::number() {
  const double number = std::bit_cast<double>(random_());
  switch (below(4)) {
    case 0:
      return static_cast<double>(random_() >> below(64));
    case 1:
      // From 1, as JSON text has no -0.
      return -static_cast<double>((random_() >> below(64)) | 1);
    case 2:
      return static_cast<double>(below(1000)) / 8;
    default:
      // Nor has it NaN or an infinity.
      return kinds_ == Kinds::kAll || std::isfinite(number) ? number : 0;
  }
}

std::string RandomValues::text() {
  std::string text;
  for (std::uint64_t count = below(12); count > 0; --count) {
    switch (below(6)) {
      case 0:
        append_utf8(text, static_cast<char32_t>(0x80 + below(0x700)));
        break;
      case 1:
        append_utf8(text, static_cast<char32_t>(0x800 + below(0xd000)));
        break;
      case 2:
        append_utf8(text, static_cast<char32_t>(0x10000 + below(0x100000)));
        break;
      default:
        append_utf8(text, static_cast<char32_t>(below(0x80)));
    }
  }
  return text;
}

Value RandomValues::value(int depth) {
  const bool all = kinds_ == Kinds::kAll;
  switch (below(depth > 4 ? 8 : 12)) {
    case 0:
      return nullptr;
    case 1:
      return below(2) == 0;
    case 2:
      return all ? Value(Value::Undefined{}) : Value();
    case 3:
      return all ? Value(Value::BigInt{static_cast<std::int64_t>(random_())}) : Value(1);
    case 4:
      return all ? Value(Value::Binary(below(5), 0xa5)) : Value("bytes");
    case 5:
      return number();
    case 6:
    case 7:
      return text();
    case 8:
    case 9: {
      Value::Array items;
      for (std::uint64_t count = below(6); count > 0; --count) items.push_back(value(depth + 1));
      return items;
    }
    default: {
      Value object = Value::object();
      for (std::uint64_t count = below(24); count > 0; --count)
        object.set(text(), value(depth + 2));
      return object;
    }
  }
}

std::uint64_t seed() {
  if (const char* given = std::getenv("SYNCLINE_SEED")) return std::strtoull(given, nullptr, 10);
  return std::random_device{}();
}

}  // namespace syncline::encoding::test
