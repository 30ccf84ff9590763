// y-protocols as y-websocket speaks it: one message a binary frame (source: sync.js and
// awareness.js of y-protocols 1.0, y-websocket 3.1).
//
//     00 sync:      00 <state vector> step 1 | 01 <update> step 2 | 02 <update> update
//     01 awareness: <awareness update>
//     02 auth:      00 <reason>
//     03 query awareness
#pragma once

#include <optional>
#include <variant>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace syncline::sync::y {

enum class Sync : std::uint8_t { kStep1 = 0, kStep2 = 1, kUpdate = 2 };

/// What a frame holds; views into it.
struct SyncFrame {
  Sync step = Sync::kStep1;
  ByteView payload;
};
struct AwarenessFrame {
  ByteView payload;
};
struct QueryAwarenessFrame {};
/// Authentication, and types that are not known: nothing to do, as the reference server.
struct OtherFrame {};
using Frame = std::variant<SyncFrame, AwarenessFrame, QueryAwarenessFrame, OtherFrame>;

/// Error: kMalformed.
Result<Frame> decode(ByteView frame);

Bytes encode_sync(Sync step, ByteView payload);
Bytes encode_awareness(ByteView payload);
/// An awareness update about nobody: shows that the server is alive.
Bytes encode_alive();

}  // namespace syncline::sync::y
