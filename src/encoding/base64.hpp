// Base64 with the standard alphabet and padding (RFC 4648, section 4): how JSON carries bytes.
#pragma once

#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace syncline::encoding {

std::string to_base64(ByteView bytes);

/// Strict: one text for each byte sequence. Line breaks, missing padding, other alphabets and stray
/// bits in the last character are kMalformed.
Result<Bytes> from_base64(std::string_view text);

}  // namespace syncline::encoding
