// JSON text as JSON.parse reads it (ECMA-404), with the place of the first mistake.
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>

#include "encoding/json.hpp"
#include "encoding/members.hpp"
#include "encoding/tuning.hpp"
#include "encoding/utf16.hpp"

namespace syncline::encoding {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Whether a JSON number that no double is near is too large, rather than too small, for one: where
/// its first digit stands, times ten to its exponent.
bool is_too_large(std::string_view number) {
  std::int64_t magnitude = 0;
  bool in_fraction = false;
  bool significant = false;
  std::size_t at = number.starts_with('-') ? 1 : 0;
  for (; at < number.size() && number[at] != 'e' && number[at] != 'E'; ++at) {
    if (number[at] == '.') {
      in_fraction = true;
      continue;
    }
    significant = significant || number[at] != '0';
    if (!in_fraction && significant) ++magnitude;
    if (in_fraction && !significant) --magnitude;
  }
  if (at == number.size()) return magnitude > 0;
  ++at;
  const bool negative = number[at] == '-';
  if (!is_digit(number[at])) ++at;
  std::int64_t exponent = 0;
  if (std::from_chars(number.data() + at, number.data() + number.size(), exponent).ec !=
      std::errc{})
    return !negative;
  return magnitude + (negative ? -exponent : exponent) > 0;
}

/// Recursive descent over one text. After the first mistake `at_` stays there, and every function
/// returns at once.
class JsonReader {
 public:
  JsonReader(std::string_view text, LargeNumbers large, int depth_max)
      : text_(text), large_(large), depth_max_(depth_max) {}

  Result<Value> read() {
    if (!is_utf8(text_)) return Error(Code::kMalformed, "the JSON text is not valid UTF-8");
    Value result = value(0);
    skip_space();
    if (!failed() && at_ < text_.size()) fail("text after the value");
    if (failed()) return error();
    return result;
  }

 private:
  Value value(int depth) {
    skip_space();
    switch (peek()) {
      case '{':
        return object(depth + 1);
      case '[':
        return array(depth + 1);
      case '"':
        return string();
      case 't':
        return word("true", true);
      case 'f':
        return word("false", false);
      case 'n':
        return word("null", nullptr);
      default:
        return number();
    }
  }

  Value array(int depth) {
    if (depth > depth_max_) return fail("the value nests too deeply");
    ++at_;
    Value::Array items;
    skip_space();
    if (take(']')) return items;
    while (!failed()) {
      items.push_back(value(depth));
      skip_space();
      if (take(',')) continue;
      if (!failed() && !take(']')) fail("expected ',' or ']'");
      break;
    }
    return items;
  }

  Value object(int depth) {
    if (depth > depth_max_) return fail("the value nests too deeply");
    ++at_;
    Value::Object members;
    skip_space();
    if (take('}')) return members;
    while (!failed()) {
      skip_space();
      if (peek() != '"') return fail("expected a member name in double quotes");
      std::string name = string();
      skip_space();
      if (!failed() && !take(':')) return fail("expected ':'");
      if (failed()) return nullptr;
      members.emplace_back(std::move(name), value(depth));
      skip_space();
      if (take(',')) continue;
      if (!failed() && !take('}')) fail("expected ',' or '}'");
      break;
    }
    unite_members(members);
    return members;
  }

  /// REQUIRES: at a double quote.
  std::string string() {
    std::string out;
    ++at_;
    std::size_t copied = at_;
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '"') {
        out += text_.substr(copied, at_ - copied);
        ++at_;
        return out;
      }
      if (static_cast<unsigned char>(c) < 0x20) {
        fail("a control character in a string must be escaped");
        return {};
      }
      if (c != '\\') {
        ++at_;
        continue;
      }
      out += text_.substr(copied, at_ - copied);
      escape(out);
      if (failed()) return {};
      copied = at_;
    }
    fail("a string has no end");
    return {};
  }

  /// REQUIRES: at a backslash.
  void escape(std::string& out) {
    ++at_;
    const char letter = peek();
    constexpr std::string_view kLetters = "\"\\/bfnrt";
    constexpr std::string_view kMeanings = "\"\\/\b\f\n\r\t";
    if (const std::size_t which = kLetters.find(letter);
        at_ < text_.size() && which != std::string_view::npos) {
      out.push_back(kMeanings[which]);
      ++at_;
      return;
    }
    const std::optional<char32_t> unit = unicode_escape();
    if (!unit) {
      fail("a bad escape in a string");
      return;
    }
    // Two escaped halves are one character; anything else leaves the half alone (WTF-8).
    const std::size_t after = at_;
    if (is_high_surrogate(*unit) && take('\\')) {
      if (const auto low = unicode_escape(); low && is_low_surrogate(*low)) {
        append_utf8(out, join_surrogates(*unit, *low));
        return;
      }
      at_ = after;
    }
    append_utf8(out, *unit);
  }

  /// The XXXX of uXXXX; nothing, and the place unchanged, where that is not what comes next.
  std::optional<char32_t> unicode_escape() {
    if (peek() != 'u' || text_.size() - at_ < 5) return std::nullopt;
    std::uint32_t unit = 0;
    const char* const first = text_.data() + at_ + 1;
    const auto [end, mistake] = std::from_chars(first, first + 4, unit, 16);
    if (mistake != std::errc{} || end != first + 4) return std::nullopt;
    at_ += 5;
    return unit;
  }

  Value number() {
    const std::size_t start = at_;
    if (peek() == '-') ++at_;
    if (!is_digit(peek())) {
      at_ = start;
      return fail(at_ == text_.size() ? "the text ends where a value should be"
                                      : "expected a value");
    }
    if (!take('0')) skip_digits();
    if (take('.') && !skip_digits()) return fail("expected a digit after '.'");
    if (peek() == 'e' || peek() == 'E') {
      ++at_;
      if (peek() == '+' || peek() == '-') ++at_;
      if (!skip_digits()) return fail("expected a digit in the exponent");
    }
    const std::string_view digits = text_.substr(start, at_ - start);
    double number = 0;
    const auto mistake = std::from_chars(digits.data(), digits.data() + digits.size(), number).ec;
    if (mistake != std::errc{} || std::isinf(number)) {
      if (is_too_large(digits)) {
        constexpr double kInfinity = std::numeric_limits<double>::infinity();
        if (large_ == LargeNumbers::kInfinite)
          return digits.starts_with('-') ? -kInfinity : kInfinity;
        at_ = start;
        return fail("the number is too large for a double");
      }
      number = digits.starts_with('-') ? -0.0 : 0.0;
    }
    return number;
  }

  Value word(std::string_view word, Value meaning) {
    if (text_.substr(at_, word.size()) != word) return fail("expected a value");
    at_ += word.size();
    return meaning;
  }

  /// The character here, or NUL at the end (which no rule of JSON accepts).
  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }

  bool take(char c) {
    if (failed() || at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  bool skip_digits() {
    const std::size_t start = at_;
    while (is_digit(peek())) ++at_;
    return at_ > start;
  }

  void skip_space() {
    while (peek() == ' ' || peek() == '\n' || peek() == '\r' || peek() == '\t') ++at_;
  }

  bool failed() const { return why_ != nullptr; }

  /// Remembers the first mistake and where it is. Returns a null to leave with.
  std::nullptr_t fail(const char* why) {
    if (!failed()) {
      why_ = why;
      failed_at_ = at_;
    }
    return nullptr;
  }

  Error error() const {
    std::size_t line = 1;
    std::size_t column = 1;
    for (const char c : text_.substr(0, failed_at_)) {
      if (c == '\n') {
        ++line;
        column = 1;
      } else if ((static_cast<unsigned char>(c) & 0xc0) != 0x80) {
        ++column;
      }
    }
    return Error(Code::kMalformed, std::string(why_) + " (JSON line " + std::to_string(line) +
                                       ", column " + std::to_string(column) + ")");
  }

  std::string_view text_;
  LargeNumbers large_;
  int depth_max_;
  std::size_t at_ = 0;
  const char* why_ = nullptr;
  std::size_t failed_at_ = 0;
};

}  // namespace

Result<Value> parse_json(std::string_view text, LargeNumbers large, int depth_max) {
  return JsonReader(text, large, depth_max).read();
}

}  // namespace syncline::encoding
