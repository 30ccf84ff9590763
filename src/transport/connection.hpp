// Connections carry whole messages: a WebSocket over a Stream, a loopback pair in one process, or
// the simulator's network. Sessions know nothing else of the transport.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "syncline/handle.hpp"

namespace syncline::transport {

/// Why a connection ended: a WebSocket close code (RFC 6455 section 7.4, and 44xx of PROTOCOL.md)
/// and words for people.
struct Close {
  std::uint16_t code = 1006;
  std::string reason;

  friend bool operator==(const Close&, const Close&) = default;
};

// The codes without a meaning of ours. 1005 and 1006 are never sent: "no code was given" and "no
// close frame came".
inline constexpr std::uint16_t kCloseNormal = 1000;
inline constexpr std::uint16_t kCloseGoingAway = 1001;
inline constexpr std::uint16_t kCloseProtocol = 1002;
inline constexpr std::uint16_t kCloseUnsupported = 1003;
inline constexpr std::uint16_t kCloseNoCode = 1005;
inline constexpr std::uint16_t kCloseAbnormal = 1006;
inline constexpr std::uint16_t kCloseBadText = 1007;
inline constexpr std::uint16_t kCloseTooLarge = 1009;
inline constexpr std::uint16_t kCloseRestart = 1012;
inline constexpr std::uint16_t kCloseTryLater = 1013;

/// Hears of one connection. Nothing is called after on_closed, nor after the connection was
/// destroyed. A handler may destroy the connection inside any of these calls.
class ConnectionEvents {
 public:
  virtual ~ConnectionEvents() = default;
  /// One whole binary message.
  virtual void on_message(ByteView message) = 0;
  /// queued_bytes() fell to zero.
  virtual void on_drained() = 0;
  virtual void on_closed(const Close& close) = 0;
};

/// A bidirectional, ordered connection of binary messages. No event is called from inside send() or
/// close(). Thread: its executor. Destroying drops it (1006 there), unless it is closing: then that
/// goes on to its end.
class Connection {
 public:
  virtual ~Connection() = default;
  /// Whom to call. REQUIRES: set before the first turn after creation.
  virtual void set_events(ConnectionEvents* events) = 0;
  /// Queues one binary message; the buffer is shared, not copied. Ignored once the connection
  /// closes.
  virtual void send(SharedBytes message) = 0;
  /// Bytes queued by send() that have not left yet. What to do about a slow reader is the caller's
  /// decision.
  virtual std::size_t queued_bytes() const = 0;
  /// Sends what is queued and a close frame; on_closed follows when the other side agreed or did
  /// not in time.
  virtual void close(std::uint16_t code, std::string reason) = 0;
  /// The other side, for logs.
  virtual std::string peer() const = 0;
};

/// Opens client connections to URLs (`ws://host:port/sync`).
class Connector {
 public:
  virtual ~Connector() = default;
  /// `done` is called once, in a later turn, unless the handle ended it first. Errors: kMalformed
  /// (URL), kUnavailable (refused, lost), kTimeout, and the other side's refusal: kUnauthenticated
  /// (401), kDenied (403), kNotFound (404), kGone (410).
  virtual Handle connect(const std::string& url, const std::string& subprotocol,
                         std::function<void(Result<std::unique_ptr<Connection>>)> done) = 0;
};

}  // namespace syncline::transport
