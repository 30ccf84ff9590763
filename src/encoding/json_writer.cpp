// JSON text as JSON.stringify writes it, and numbers as Number::toString does.
#include <array>
#include <charconv>
#include <cmath>

#include "encoding/json.hpp"
#include "encoding/utf16.hpp"

namespace syncline::encoding {
namespace {

/// ECMAScript writes integers below 10^21 without an exponent, and fractions down to 10^-6.
constexpr int kPlainDigitsMax = 21;
constexpr int kPlainZerosMax = 6;

/// A positive number as its shortest decimal digits, the value being 0.DIGITS * 10^point.
struct Decimal {
  std::array<char, 20> digits{};
  int count = 0;
  int point = 0;
};

Decimal shortest_decimal(double number) {
  std::array<char, 32> text;
  const auto end =
      std::to_chars(text.data(), text.data() + text.size(), number, std::chars_format::scientific)
          .ptr;
  // D.DDDDe±XX: the digits run up to the `e`, with a point after the first.
  Decimal decimal;
  const char* at = text.data();
  for (; *at != 'e'; ++at)
    if (*at != '.') decimal.digits[static_cast<std::size_t>(decimal.count++)] = *at;
  ++at;
  if (*at == '+') ++at;
  int exponent = 0;
  std::from_chars(at, end, exponent);
  decimal.point = exponent + 1;
  return decimal;
}

void append_integer(std::string& out, std::int64_t number) {
  std::array<char, 24> text;
  const auto end = std::to_chars(text.data(), text.data() + text.size(), number).ptr;
  out.append(text.data(), end);
}

/// Number::toString (ECMA-262, 6.1.6.1.20) for radix 10. REQUIRES: finite.
void append_number(std::string& out, double number) {
  constexpr double kExactIntegers = 9007199254740992;  // 2^53
  if (std::abs(number) < kExactIntegers && std::trunc(number) == number)
    return append_integer(out, static_cast<std::int64_t>(number));  // -0 becomes 0 here

  if (number < 0) out.push_back('-');
  const Decimal decimal = shortest_decimal(std::abs(number));
  const std::string_view digits(decimal.digits.data(), static_cast<std::size_t>(decimal.count));
  const int point = decimal.point;
  if (decimal.count <= point && point <= kPlainDigitsMax) {
    out += digits;
    out.append(static_cast<std::size_t>(point - decimal.count), '0');
  } else if (0 < point && point <= kPlainDigitsMax) {
    out += digits.substr(0, static_cast<std::size_t>(point));
    out.push_back('.');
    out += digits.substr(static_cast<std::size_t>(point));
  } else if (-kPlainZerosMax < point && point <= 0) {
    out += "0.";
    out.append(static_cast<std::size_t>(-point), '0');
    out += digits;
  } else {
    out.push_back(digits[0]);
    if (digits.size() > 1) {
      out.push_back('.');
      out += digits.substr(1);
    }
    out += point > 0 ? "e+" : "e";
    append_integer(out, point - 1);
  }
}

void append_unicode_escape(std::string& out, char32_t unit) {
  constexpr std::string_view kHex = "0123456789abcdef";
  out += "\\u";
  for (int shift = 12; shift >= 0; shift -= 4) out.push_back(kHex[unit >> shift & 0xf]);
}

void append_escape(std::string& out, char character) {
  switch (character) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\b':
      out += "\\b";
      return;
    case '\f':
      out += "\\f";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      append_unicode_escape(out, static_cast<unsigned char>(character));
  }
}

void append_string(std::string& out, std::string_view text) {
  // In UTF-8 only the ASCII rules matter; the rest of the text is copied as it stands.
  const bool plain = is_utf8(text);
  std::string mended;
  if (!plain) {
    mended = to_wtf8(text);
    text = mended;
  }
  out.push_back('"');
  std::size_t copied = 0;
  const auto copy_up_to = [&](std::size_t end) { out += text.substr(copied, end - copied); };
  for (std::size_t at = 0; at < text.size();) {
    const auto byte = static_cast<unsigned char>(text[at]);
    if (byte < 0x20 || byte == '"' || byte == '\\') {
      copy_up_to(at);
      append_escape(out, text[at]);
      copied = ++at;
    } else if (!plain && byte == 0xed) {
      const CodePoint point = decode_at(text, at);
      if (is_high_surrogate(point.value) || is_low_surrogate(point.value)) {
        copy_up_to(at);
        append_unicode_escape(out, point.value);
        copied = at + point.bytes;
      }
      at += point.bytes;
    } else {
      ++at;
    }
  }
  copy_up_to(text.size());
  out.push_back('"');
}

/// Writes one tree; `indent` 0 writes it on one line without spaces.
class JsonWriter {
 public:
  explicit JsonWriter(int indent) : indent_(indent) {}

  void value(const Value& value) {
    switch (value.kind()) {
      case Value::Kind::kNull:
      case Value::Kind::kUndefined:
        out_ += "null";
        return;
      case Value::Kind::kBool:
        out_ += value.boolean() ? "true" : "false";
        return;
      case Value::Kind::kNumber:
        if (!std::isfinite(value.number())) {
          out_ += "null";
          return;
        }
        return append_number(out_, value.number());
      case Value::Kind::kBigInt:
        return append_integer(out_, value.bigint().value);
      case Value::Kind::kString:
        return append_string(out_, value.string());
      case Value::Kind::kBinary:
        return binary(value.binary());
      case Value::Kind::kArray:
        return array(value.items());
      case Value::Kind::kObject:
        return object(value.members());
    }
  }

  std::string take() { return std::move(out_); }

 private:
  void array(const Value::Array& items) {
    open('[');
    for (const Value& item : items) {
      separate();
      value(item);
    }
    close(']');
  }

  void object(const Value::Object& members) {
    open('{');
    for (const auto& [name, member] : members) {
      if (member.is_undefined()) continue;
      this->name(name);
      value(member);
    }
    close('}');
  }

  void binary(const Value::Binary& bytes) {
    open('{');
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      name(std::to_string(i));
      append_integer(out_, bytes[i]);
    }
    close('}');
  }

  void open(char bracket) {
    out_.push_back(bracket);
    ++depth_;
    empty_ = true;
  }

  void close(char bracket) {
    --depth_;
    if (!empty_) break_line();
    out_.push_back(bracket);
    empty_ = false;
  }

  void separate() {
    if (!empty_) out_.push_back(',');
    empty_ = false;
    break_line();
  }

  void name(std::string_view name) {
    separate();
    append_string(out_, name);
    out_ += indent_ > 0 ? ": " : ":";
  }

  void break_line() {
    if (indent_ <= 0) return;
    out_.push_back('\n');
    out_.append(static_cast<std::size_t>(indent_) * depth_, ' ');
  }

  std::string out_;
  int indent_;
  std::size_t depth_ = 0;
  bool empty_ = true;  // nothing written yet in the innermost container
};

}  // namespace

std::string write_json(const Value& value) { return write_json_pretty(value, 0); }

std::string write_json_pretty(const Value& value, int indent) {
  if (value.is_undefined()) return "undefined";
  JsonWriter writer(indent);
  writer.value(value);
  return writer.take();
}

std::string write_number(double number) {
  if (std::isnan(number)) return "NaN";
  if (std::isinf(number)) return number < 0 ? "-Infinity" : "Infinity";
  std::string out;
  append_number(out, number);
  return out;
}

}  // namespace syncline::encoding
