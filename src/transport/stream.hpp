// Byte streams: what a socket is to the rest of Syncline. adapters/asio makes them of TCP sockets.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "syncline/handle.hpp"

namespace syncline::transport {

/// Hears of one stream. Nothing is called after on_closed, nor after the stream was destroyed. A
/// handler may destroy the stream, or hand it to other events, inside any of these calls.
class StreamEvents {
 public:
  virtual ~StreamEvents() = default;
  /// `bytes` live until the call returns, even when the stream does not.
  virtual void on_bytes(ByteView bytes) = 0;
  /// Everything handed to write() has gone to the kernel.
  virtual void on_drained() = 0;
  /// The other side ended it, or it broke. `why` is for the log.
  virtual void on_closed(const std::string& why) = 0;
};

/// A bidirectional, ordered stream of bytes. Buffers written within one turn of the executor leave
/// in one gathered system call; no event is called from inside write() or finish(). Thread: its
/// executor. Destroying closes it at once.
class Stream {
 public:
  virtual ~Stream() = default;
  /// Whom to call. REQUIRES: set before the first turn after creation.
  virtual void set_events(StreamEvents* events) = 0;
  /// Queues a copy of a few bytes, such as a frame's header.
  virtual void write(ByteView bytes) = 0;
  /// Queues a shared buffer without copying it (a small one may be copied, to leave with its
  /// neighbours).
  virtual void write(SharedBytes bytes) = 0;
  /// Bytes accepted by write() that the kernel has not taken yet.
  virtual std::size_t queued_bytes() const = 0;
  /// Stops (true) or goes on (false) reading from the other side.
  virtual void pause(bool paused) = 0;
  /// Sends what is queued, then tells the other side that no more follows. Bytes still arrive until
  /// it ends its side, which on_closed reports; whoever does not want to wait for that destroys the
  /// stream. Later writes are ignored.
  virtual void finish() = 0;
  /// The other side, "127.0.0.1:51234", for logs and limits.
  virtual std::string peer() const = 0;
  /// True when the other side is this machine.
  virtual bool peer_is_loopback() const = 0;
};

/// Accepts streams until it is destroyed. Thread: its executor.
class Listener {
 public:
  virtual ~Listener() = default;
  /// "127.0.0.1:4455", with the port that was picked for port 0.
  virtual std::string address() const = 0;
  /// Whether only this machine can reach it.
  virtual bool loopback_only() const = 0;
};

/// Opens listeners and streams. Addresses are HOST:PORT. Thread: its executor.
class Network {
 public:
  virtual ~Network() = default;
  /// Error: kMalformed (bad address), kConflict (port in use), kDenied.
  virtual Result<std::unique_ptr<Listener>> listen(
      const std::string& address, std::function<void(std::unique_ptr<Stream>)> on_accept) = 0;
  /// Connects; `done` is called once, in a later turn, unless the handle ended it first. Error:
  /// kMalformed (bad address), kUnavailable (no such host, refused, unreachable).
  virtual Handle connect(const std::string& address,
                         std::function<void(Result<std::unique_ptr<Stream>>)> done) = 0;
};

}  // namespace syncline::transport
