// UTF-16 arithmetic on (W)UTF-8 text: Yjs counts text in UTF-16 code units, we keep it as bytes.
//
// JavaScript strings may hold lone surrogates, which UTF-8 cannot say. WTF-8 can: a lone surrogate
// is its three-byte form, and two halves that meet are one four-byte character. The counting
// functions need no well-formed text to be safe, but only for WTF-8 do they agree with each other;
// text from outside passes to_wtf8 once.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

namespace syncline::encoding {

/// Whether no byte is above 0x7f: UTF-16 offsets are byte offsets.
inline bool is_ascii(std::string_view text) {
  std::uint64_t bits = 0;
  std::uint64_t word = 0;
  std::size_t at = 0;
  for (; at + sizeof(word) <= text.size(); at += sizeof(word)) {
    std::memcpy(&word, text.data() + at, sizeof(word));
    bits |= word;
  }
  for (; at < text.size(); ++at) bits |= static_cast<unsigned char>(text[at]);
  return (bits & 0x8080808080808080) == 0;
}

/// Whether the bytes are well-formed UTF-8 (no surrogates, no overlong forms).
bool is_utf8(std::string_view text);

/// The number of UTF-16 code units of (W)UTF-8 text.
std::size_t utf16_length(std::string_view text);

/// Where the code unit `units` starts, in bytes. Inside a surrogate pair: the start of the pair,
/// with `*inside` true. Past the end: the size of the text.
std::size_t utf16_offset(std::string_view text, std::size_t units, bool* inside = nullptr);

/// Splits text at a code unit as JavaScript's slice does on both sides: halves of a pair become
/// lone surrogates (WTF-8).
std::pair<std::string, std::string> utf16_split(std::string_view text, std::size_t units);

/// Lone surrogates and ill-formed bytes replaced by U+FFFD, adjacent halves joined: what lib0's
/// encoder would put on the wire. Always well-formed UTF-8.
std::string to_wire_utf8(std::string_view text);

/// Ill-formed bytes replaced by U+FFFD and adjacent halves joined; lone surrogates stay. The form
/// in which the engine keeps text.
std::string to_wtf8(std::string_view text);

/// Each ill-formed byte becomes U+FFFD.
std::u16string to_utf16(std::string_view text);
std::string from_utf16(std::u16string_view text);

/// One decoded character: a code point (surrogates included) and the bytes it took.
struct CodePoint {
  char32_t value = 0;
  std::size_t bytes = 0;
  bool well_formed = true;  ///< false: an ill-formed byte, `value` is U+FFFD and `bytes` 1
};

/// The code point that starts at `at`. REQUIRES: at < text.size().
CodePoint decode_at(std::string_view text, std::size_t at);

/// Appends a code point; a surrogate as its three-byte form.
void append_utf8(std::string& out, char32_t code_point);

constexpr bool is_high_surrogate(char32_t unit) { return unit >= 0xd800 && unit <= 0xdbff; }
constexpr bool is_low_surrogate(char32_t unit) { return unit >= 0xdc00 && unit <= 0xdfff; }
constexpr char32_t join_surrogates(char32_t high, char32_t low) {
  return 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
}

}  // namespace syncline::encoding
