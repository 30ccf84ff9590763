// Counting and cutting (W)UTF-8 in UTF-16 code units, eight bytes at a time where text is plain.
#include "encoding/utf16.hpp"

#include <cstring>

namespace syncline::encoding {
namespace {

constexpr std::uint64_t kHighBits = 0x8080808080808080;
constexpr std::uint64_t kLowBits = 0x0101010101010101;
constexpr char32_t kReplacement = 0xfffd;

std::uint8_t byte_at(std::string_view text, std::size_t at) {
  return static_cast<std::uint8_t>(text[at]);
}

std::uint64_t word_at(std::string_view text, std::size_t at) {
  std::uint64_t word;
  std::memcpy(&word, text.data() + at, sizeof word);
  return word;
}

/// How many of the eight bytes have their high bit set in `flags`. REQUIRES: no other bit is set.
std::size_t count_flags(std::uint64_t flags) { return ((flags >> 7) * kLowBits) >> 56; }

/// The code units that start in a word: one a byte, none for a continuation byte (10xxxxxx), two
/// for the lead of a four-byte character (1111xxxx).
std::size_t units_in(std::uint64_t word) {
  if ((word & kHighBits) == 0) return 8;
  const std::uint64_t continuations = word & ~(word << 1) & kHighBits;
  const std::uint64_t pairs = word & (word << 1) & (word << 2) & (word << 3) & kHighBits;
  return 8 - count_flags(continuations) + count_flags(pairs);
}

std::size_t units_of(std::uint8_t byte) {
  if ((byte & 0xc0) == 0x80) return 0;
  return byte >= 0xf0 ? 2 : 1;
}

bool is_continuation(std::string_view text, std::size_t at) {
  return at < text.size() && (byte_at(text, at) & 0xc0) == 0x80;
}

bool is_surrogate(char32_t unit) { return unit >= 0xd800 && unit <= 0xdfff; }

/// The text with ill-formed bytes replaced and halves joined; lone surrogates stay or are replaced.
std::string repaired(std::string_view text, bool keep_lone_surrogates) {
  if (is_utf8(text)) return std::string(text);
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    CodePoint point = decode_at(text, at);
    at += point.bytes;
    if (is_high_surrogate(point.value) && at < text.size()) {
      const CodePoint next = decode_at(text, at);
      if (is_low_surrogate(next.value)) {
        point.value = join_surrogates(point.value, next.value);
        at += next.bytes;
      }
    }
    const bool replace = is_surrogate(point.value) && !keep_lone_surrogates;
    append_utf8(out, replace ? kReplacement : point.value);
  }
  return out;
}

}  // namespace

CodePoint decode_at(std::string_view text, std::size_t at) {
  constexpr CodePoint kIllFormed{kReplacement, 1, false};
  const std::uint8_t lead = byte_at(text, at);
  if (lead < 0x80) return {lead, 1};
  std::size_t bytes;
  char32_t value;
  if (lead >= 0xc2 && lead <= 0xdf) {
    bytes = 2;
    value = lead & 0x1fu;
  } else if ((lead & 0xf0) == 0xe0) {
    bytes = 3;
    value = lead & 0x0fu;
  } else if (lead >= 0xf0 && lead <= 0xf4) {
    bytes = 4;
    value = lead & 0x07u;
  } else {
    return kIllFormed;
  }
  for (std::size_t i = 1; i < bytes; ++i) {
    if (!is_continuation(text, at + i)) return kIllFormed;
    value = value << 6 | (byte_at(text, at + i) & 0x3fu);
  }
  // Overlong forms, and what lies past Unicode.
  if ((bytes == 3 && value < 0x800) || (bytes == 4 && (value < 0x10000 || value > 0x10ffff)))
    return kIllFormed;
  return {value, bytes};
}

void append_utf8(std::string& out, char32_t code_point) {
  const auto put = [&out](char32_t byte) { out.push_back(static_cast<char>(byte)); };
  if (code_point < 0x80) {
    put(code_point);
  } else if (code_point < 0x800) {
    put(0xc0 | code_point >> 6);
    put(0x80 | (code_point & 0x3f));
  } else if (code_point < 0x10000) {
    put(0xe0 | code_point >> 12);
    put(0x80 | (code_point >> 6 & 0x3f));
    put(0x80 | (code_point & 0x3f));
  } else {
    put(0xf0 | code_point >> 18);
    put(0x80 | (code_point >> 12 & 0x3f));
    put(0x80 | (code_point >> 6 & 0x3f));
    put(0x80 | (code_point & 0x3f));
  }
}

bool is_utf8(std::string_view text) {
  if (is_ascii(text)) return true;
  std::size_t at = 0;
  while (at < text.size()) {
    if (at + 8 <= text.size() && (word_at(text, at) & kHighBits) == 0) {
      at += 8;
      continue;
    }
    const CodePoint point = decode_at(text, at);
    if (!point.well_formed || is_surrogate(point.value)) return false;
    at += point.bytes;
  }
  return true;
}

std::size_t utf16_length(std::string_view text) {
  std::size_t units = 0;
  std::size_t at = 0;
  for (; at + 8 <= text.size(); at += 8) units += units_in(word_at(text, at));
  for (; at < text.size(); ++at) units += units_of(byte_at(text, at));
  return units;
}

std::size_t utf16_offset(std::string_view text, std::size_t units, bool* inside) {
  if (inside != nullptr) *inside = false;
  std::size_t at = 0;
  // Whole words, as long as the target cannot lie in one.
  while (units >= 8 && at + 8 <= text.size()) {
    const std::size_t here = units_in(word_at(text, at));
    if (here > units) break;
    units -= here;
    at += 8;
  }
  // A word may end within a character: its continuation bytes belong to what was counted.
  while (is_continuation(text, at)) ++at;
  while (units > 0 && at < text.size()) {
    const std::size_t here = units_of(byte_at(text, at));
    if (here > units) {
      if (inside != nullptr) *inside = true;
      return at;
    }
    units -= here;
    do ++at;
    while (is_continuation(text, at));
  }
  return at;
}

std::pair<std::string, std::string> utf16_split(std::string_view text, std::size_t units) {
  bool inside = false;
  const std::size_t at = utf16_offset(text, units, &inside);
  if (!inside) return {std::string(text.substr(0, at)), std::string(text.substr(at))};
  const CodePoint pair = decode_at(text, at);
  // What looked like the lead of a pair but is ill-formed counts as two units and cannot be cut.
  if (pair.bytes != 4) return {std::string(text.substr(0, at)), std::string(text.substr(at))};
  std::pair<std::string, std::string> halves{text.substr(0, at), std::string()};
  append_utf8(halves.first, 0xd800 + ((pair.value - 0x10000) >> 10));
  append_utf8(halves.second, 0xdc00 + (pair.value & 0x3ff));
  halves.second += text.substr(at + pair.bytes);
  return halves;
}

std::string to_wire_utf8(std::string_view text) { return repaired(text, false); }

std::string to_wtf8(std::string_view text) { return repaired(text, true); }

std::u16string to_utf16(std::string_view text) {
  std::u16string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint point = decode_at(text, at);
    at += point.bytes;
    if (point.value < 0x10000) {
      out.push_back(static_cast<char16_t>(point.value));
    } else {
      out.push_back(static_cast<char16_t>(0xd800 + ((point.value - 0x10000) >> 10)));
      out.push_back(static_cast<char16_t>(0xdc00 + (point.value & 0x3ff)));
    }
  }
  return out;
}

std::string from_utf16(std::u16string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    char32_t unit = text[i];
    if (is_high_surrogate(unit) && i + 1 < text.size() && is_low_surrogate(text[i + 1]))
      unit = join_surrogates(unit, text[++i]);
    append_utf8(out, unit);
  }
  return out;
}

}  // namespace syncline::encoding
