// The opening handshake of RFC 6455 section 4: an HTTP request that becomes a WebSocket.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/executor.hpp"
#include "transport/http.hpp"

namespace syncline::transport {

/// The Sec-WebSocket-Accept of a Sec-WebSocket-Key.
std::string accept_key(std::string_view key);

/// Whether a request asks for a WebSocket at all, well-formed or not.
bool wants_websocket(const Request& request);
/// What is wrong with a WebSocket request, as the response to give; nullopt when it may be
/// accepted.
std::optional<Response> check_upgrade(const Request& request);
/// The 101 that accepts it, up to the empty line.
std::string upgrade_response(const Request& request, std::string_view subprotocol);

/// A fresh key for a client's request.
std::string make_key(Random& random);
/// The client's request, up to the empty line.
std::string upgrade_request(std::string_view host, std::string_view target, std::string_view key,
                            std::string_view subprotocol, const Headers& extra);
/// What is wrong with the 101 that came; nullopt when the WebSocket is open.
std::optional<std::string> check_accepted(const Headers& headers, std::string_view key,
                                          std::string_view subprotocol);

}  // namespace syncline::transport
