// CRC-32C (Castagnoli, RFC 3720 appendix B.4), the checksum of every stored record.
#pragma once

#include <cstdint>

#include "base/bytes.hpp"

namespace syncline::adapters {

/// The checksum of `bytes` appended to what `crc` is the checksum of; start with 0.
std::uint32_t crc32c(std::uint32_t crc, ByteView bytes);

}  // namespace syncline::adapters
