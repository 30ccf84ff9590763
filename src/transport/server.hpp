// The server side: streams in, requests out. One port serves plain HTTP and WebSockets; what is
// asked and whether it is granted is the handler's business (src/hub).
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/executor.hpp"
#include "transport/connection.hpp"
#include "transport/http.hpp"
#include "transport/stream.hpp"
#include "transport/tuning.hpp"

namespace syncline::transport {

class WebSocketGroup;

/// What becomes of a WebSocket request.
struct Upgrade {
  /// Answered instead of opening, when `on_open` is empty.
  Response refusal;
  /// One of those the client offered, or empty.
  std::string subprotocol;
  /// Receives the open connection, in the turn of the request. Set its events there.
  std::function<void(std::unique_ptr<Connection>)> on_open;
  /// Limit of one message, for this connection.
  std::size_t message_bytes_max = tuning::kMessageBytesMax;

  static Upgrade refuse(Response response) {
    return {.refusal = std::move(response), .subprotocol = {}, .on_open = nullptr};
  }
  static Upgrade accept(std::string subprotocol,
                        std::function<void(std::unique_ptr<Connection>)> on_open) {
    return {.refusal = {}, .subprotocol = std::move(subprotocol), .on_open = std::move(on_open)};
  }
};

/// Decides and answers. Called under the server's executor.
class RequestHandler {
 public:
  /// Answers one request, at once or later, exactly once; a copy may outlive the connection.
  /// Thread: the executor.
  using Respond = std::function<void(Response)>;

  virtual ~RequestHandler() = default;
  virtual void handle(Request request, Respond respond) = 0;
  /// A well-formed WebSocket request.
  virtual Upgrade upgrade(const Request& request) = 0;
};

struct ServerOptions {
  std::size_t streams_max = tuning::kStreamsMax;
  std::size_t body_bytes_max = tuning::kBodyBytesMax;
  Duration handshake_timeout = tuning::kHandshakeTimeout;
  Duration idle_timeout = tuning::kIdleTimeout;
  Duration ping_interval = tuning::kPingInterval;
  Duration close_timeout = tuning::kCloseTimeout;
};

/// Serves streams until it is destroyed. Thread: its executor.
class Server {
 public:
  /// `executor` and `handler` must outlive the server, and the executor every connection it handed
  /// out.
  Server(Executor& executor, RequestHandler& handler, ServerOptions options = {});
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// Accepts on `address`, besides what it accepts already; the address bound is the last of
  /// addresses(). `network` must outlive the server.
  Result<void> listen(Network& network, const std::string& address);
  /// The addresses it listens on, with the ports picked.
  std::vector<std::string> addresses() const;
  /// True when only this machine can reach it.
  bool loopback_only() const;

  /// Serves one stream that came some other way.
  void serve(std::unique_ptr<Stream> stream);

  /// Streams being served, WebSockets among them; plain ones only.
  std::size_t stream_count() const;
  std::size_t websocket_count() const;

  /// Stops accepting, lets requests under way be answered, closes every WebSocket with 1012, and
  /// calls `done` in a later turn, when the last stream has ended or its time to do so is over.
  void shutdown(std::function<void()> done);

 private:
  class Exchange;

  void drop(Exchange* exchange);
  void check_idle();

  Executor& executor_;
  RequestHandler& handler_;
  ServerOptions options_;
  std::vector<std::unique_ptr<Listener>> listeners_;
  std::unordered_map<Exchange*, std::shared_ptr<Exchange>> exchanges_;
  std::shared_ptr<WebSocketGroup> websockets_;
  bool shutting_down_ = false;
  std::function<void()> on_shut_down_;
  Handle shutdown_timer_;
  /// Expires with the server, so that posted tasks know.
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace syncline::transport
