// Paths name a place in a data object: map keys and list indexes from the root down. Their text
// form is a JSON pointer (RFC 6901).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace syncline {

/// A map key or a list index.
using Step = std::variant<std::string, std::size_t>;
using Path = std::vector<Step>;

/// "/steps/0/title"; "" for the root.
std::string to_pointer(const Path& path);

/// The raw reference tokens of a JSON pointer, unescaped; whether one is a key or an index is
/// decided by what it meets. Throws Error kMalformed where the text is neither empty nor starts
/// with "/", or has a bad "~" escape.
std::vector<std::string> parse_pointer(std::string_view pointer);

}  // namespace syncline
