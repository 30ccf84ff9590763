// The client side: opens WebSockets to ws:// URLs over a Network.
#pragma once

#include <memory>
#include <string>
#include <unordered_set>

#include "base/executor.hpp"
#include "transport/connection.hpp"
#include "transport/http.hpp"
#include "transport/stream.hpp"
#include "transport/tuning.hpp"

namespace syncline::transport {

class WebSocketGroup;

/// The parts of ws://HOST[:PORT][/PATH][?QUERY].
struct WebSocketUrl {
  /// HOST:PORT, as Network::connect and the Host header take it.
  std::string address;
  /// "/sync?token=…".
  std::string target;
};

/// Error: kMalformed, which says what a URL of a hub looks like.
Result<WebSocketUrl> parse_websocket_url(const std::string& url);

struct ConnectorOptions {
  /// Sent with every request, such as Authorization.
  Headers headers;
  Duration connect_timeout = tuning::kHandshakeTimeout;
  Duration ping_interval = tuning::kPingInterval;
  Duration close_timeout = tuning::kCloseTimeout;
  std::size_t message_bytes_max = tuning::kMessageBytesMax;
};

/// Thread: its executor.
class WebSocketConnector final : public Connector {
 public:
  /// All must outlive the connector; executor and random also every connection it opened.
  WebSocketConnector(Executor& executor, Network& network, Random& random,
                     ConnectorOptions options = {});
  ~WebSocketConnector() override;

  Handle connect(const std::string& url, const std::string& subprotocol,
                 std::function<void(Result<std::unique_ptr<Connection>>)> done) override;
  /// Replaces the extra headers of later requests (a renewed token).
  void set_headers(Headers headers) { options_.headers = std::move(headers); }

 private:
  class Attempt;

  Executor& executor_;
  Network& network_;
  Random& random_;
  ConnectorOptions options_;
  std::shared_ptr<WebSocketGroup> websockets_;
  // Those being opened. Destroying the connector ends them without a call.
  std::unordered_set<std::shared_ptr<Attempt>> attempts_;
};

}  // namespace syncline::transport
