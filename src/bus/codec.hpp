// Bytes of the sync-api (docs/PROTOCOL.md): one message a frame, lib0 primitives, so that a
// JavaScript client needs nothing new.
#pragma once

#include "bus/message.hpp"

namespace syncline::bus {

/// The version of the sync-api, in hello and in the subprotocol name.
inline constexpr std::uint64_t kProtocolVersion = 1;
inline constexpr const char* kSubprotocol = "syncline.v1";

Bytes encode(const Body& body);

/// Reads one frame completely. kMalformed names the message and the offset. A type that is not
/// known becomes Unknown.
Result<Body> decode(ByteView frame);

}  // namespace syncline::bus
