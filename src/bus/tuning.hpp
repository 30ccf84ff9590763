// Limits of the bus.
#pragma once

#include <cstddef>
#include <cstdint>

namespace syncline::bus {

/// Elements of one list in a message (parts, entries, operations, features). An element costs about
/// 50 bytes of memory for as little as one byte of frame. Past it: the frame is malformed.
inline constexpr std::uint64_t kListElementsMax = 100'000;

/// Bytes of an object's URL or an identity in canonical form. Past it: malformed.
inline constexpr std::size_t kUrlBytesMax = 4096;

/// Bytes of a plain Yjs room's name (before percent-encoding), as `/y/ROOM` allows. Past it:
/// malformed.
inline constexpr std::size_t kRoomNameBytesMax = 1024;

}  // namespace syncline::bus
