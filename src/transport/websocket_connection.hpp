// A Connection over a Stream whose opening handshake is done: messages become frames, pings are
// answered, and the closing handshake runs to its end even when its owner has let go.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <vector>

#include "base/executor.hpp"
#include "transport/connection.hpp"
#include "transport/stream.hpp"
#include "transport/tuning.hpp"
#include "transport/websocket.hpp"

namespace syncline::transport {

class WebSocketCore;

/// The WebSockets of one server or one connector: one timer pings them all, one call closes them
/// all. It also keeps those alive whose owner is gone but whose last bytes are not. Thread: its
/// executor.
class WebSocketGroup {
 public:
  struct Timing {
    Duration ping_interval;
    Duration close_timeout;
  };

  WebSocketGroup(Executor& executor, Timing timing) : executor_(executor), timing_(timing) {}
  WebSocketGroup(const WebSocketGroup&) = delete;
  WebSocketGroup& operator=(const WebSocketGroup&) = delete;

  std::size_t size() const { return size_; }
  /// Closes all; each reports on_closed to its owner.
  void close_all(std::uint16_t code, const std::string& reason);
  /// Called in a later turn whenever the last one is gone.
  void set_on_empty(std::function<void()> on_empty) { on_empty_ = std::move(on_empty); }
  /// Resets the streams of those whose owner is gone, now and from now on.
  void abandon();

 private:
  friend class WebSocketCore;

  void join(const std::shared_ptr<WebSocketCore>& core);
  void leave(WebSocketCore& core);
  void arm();
  void tick();

  Executor& executor_;
  const Timing timing_;
  std::array<std::vector<WebSocketCore*>, tuning::kPingSlots> slots_;
  std::size_t joined_ = 0;
  std::size_t turn_ = 0;
  std::size_t size_ = 0;
  Handle timer_;
  std::vector<std::shared_ptr<WebSocketCore>> lingering_;
  bool abandoned_ = false;
  std::function<void()> on_empty_;
};

struct WebSocketOptions {
  Role role = Role::kServer;
  std::size_t message_bytes_max = tuning::kMessageBytesMax;
  /// Makes the masks of a client; REQUIRES for that role, and outlives the connection.
  Random* random = nullptr;
};

/// Takes the stream over. `early` are bytes that came behind the handshake; they are decoded in the
/// next turn.
std::unique_ptr<Connection> make_websocket(Executor& executor,
                                           std::shared_ptr<WebSocketGroup> group,
                                           std::unique_ptr<Stream> stream, WebSocketOptions options,
                                           ByteView early);

}  // namespace syncline::transport
