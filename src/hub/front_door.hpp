// Whom a hub without authentication lets in at all: only this machine, and only pages of this
// machine.
//
// Any web page may open a WebSocket to 127.0.0.1, and a DNS name that an attacker owns may resolve
// to it. The browser tells: Origin has the page's address, Host the name it thought it spoke to.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "transport/http.hpp"

namespace syncline::hub {

/// Whether HOST[:PORT] means this machine: localhost, 127.0.0.0/8, [::1].
bool is_loopback_host(std::string_view host);

/// Why a request is turned away; nullopt where it may come in. `origins`: further pages that may,
/// `https://example.org`.
std::optional<std::string> turned_away(const transport::Headers& headers,
                                       std::span<const std::string> origins);

/// What a `/y/ROOM` path asks for.
struct RoomName {
  /// The object in canonical form.
  std::string url;
  /// A plain name, not a URL: its object is made when it does not exist.
  bool plain = false;
};
/// `encoded`: the rest of the path after `/y/`. Error: kMalformed.
Result<RoomName> parse_room(std::string_view encoded);

}  // namespace syncline::hub
