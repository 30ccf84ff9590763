// UTF-16 arithmetic on (W)UTF-8 text: Yjs counts text in UTF-16 code units, we keep it as bytes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace syncline::encoding {

/// Whether the bytes are well-formed UTF-8 (no surrogates, no overlong forms).
bool is_utf8(std::string_view text);

/// The number of UTF-16 code units of (W)UTF-8 text.
std::size_t utf16_length(std::string_view text);

/// Where the code unit `units` starts, in bytes. Inside a surrogate pair: the start of the pair,
/// with `*inside` true.
std::size_t utf16_offset(std::string_view text, std::size_t units, bool* inside = nullptr);

/// Splits text at a code unit as JavaScript's slice does on both sides: halves of a pair become
/// lone surrogates (WTF-8).
std::pair<std::string, std::string> utf16_split(std::string_view text, std::size_t units);

/// Lone surrogates replaced by U+FFFD, adjacent halves joined: what lib0's encoder would put on the
/// wire.
std::string to_wire_utf8(std::string_view text);

std::u16string to_utf16(std::string_view text);
std::string from_utf16(std::u16string_view text);

}  // namespace syncline::encoding
