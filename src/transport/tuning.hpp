// The limits of the transport: unit in the name, the reason, and what happens past each.
#pragma once

#include <cstddef>

#include "base/executor.hpp"

namespace syncline::transport::tuning {

using std::chrono::milliseconds;
using std::chrono::seconds;

// HTTP. Heads are small: tokens and cookies fit in 16 KiB many times. Past it: 431 and the
// connection ends.
inline constexpr std::size_t kHeadBytesMax = 16 * 1024;
inline constexpr std::size_t kHeadersMax = 100;
/// One request body, an imported document for instance. Past it: 413 and the connection ends.
inline constexpr std::size_t kBodyBytesMax = 16 * 1024 * 1024;
/// What a client may send ahead while its request is being answered. Past it: reading pauses.
inline constexpr std::size_t kPipelineBytesMax = 64 * 1024;
/// How much of a refusal's body the connector reads to explain the refusal. Past it: cut off.
inline constexpr std::size_t kRefusalBytesMax = 4 * 1024;

/// One WebSocket message, fragments together; judged by declared lengths, before a payload is read.
/// Past it: 1009.
inline constexpr std::size_t kMessageBytesMax = 16 * 1024 * 1024;
/// A decoder keeps a buffer of this size between messages, so that idle connections stay small and
/// busy ones do not allocate. Past it: freed after the message.
inline constexpr std::size_t kKeptBufferBytes = 1024;

/// Pings are not answered while more than this waits to be sent; the latest pong is all a peer
/// needs.
inline constexpr std::size_t kPongQueueBytesMax = 64 * 1024;

/// Streams at once in one server, so that descriptors remain for the store. Past it: 503 and the
/// connection ends.
inline constexpr std::size_t kStreamsMax = 50'000;

/// From accepting (or connecting) to a complete request (or an open WebSocket). Past it: 408, or
/// kTimeout.
inline constexpr Duration kHandshakeTimeout = seconds(10);
/// How long a plain HTTP connection may stay without a request, or without taking its response.
/// Past it: closed.
inline constexpr Duration kIdleTimeout = seconds(60);
/// Between two pings: below the 60 s after which proxies forget silent connections. A peer that was
/// silent from one ping to the next is dropped with 1006.
inline constexpr Duration kPingInterval = seconds(30);
/// From our close frame to the other side's. Past it: dropped with 1006.
inline constexpr Duration kCloseTimeout = seconds(5);
/// From the last byte sent to the other side's end of the stream: it lets the last bytes arrive,
/// since closing a socket with unread input resets it. Past it: reset.
inline constexpr Duration kLingerTimeout = seconds(2);

/// The pings of a group are spread over this many turns of its timer, so that they do not leave all
/// at once.
inline constexpr std::size_t kPingSlots = 16;

}  // namespace syncline::transport::tuning
