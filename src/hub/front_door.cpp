#include "hub/front_door.hpp"

#include <algorithm>
#include <charconv>

#include "bus/address.hpp"

namespace syncline::hub {
namespace {

/// "127.0.0.1:4455" without the port, "[::1]:4455" without it and the brackets.
std::string_view host_of(std::string_view authority) {
  if (authority.starts_with('[')) return authority.substr(1, authority.find(']') - 1);
  return authority.substr(0, authority.find(':'));
}

bool is_loopback_ipv4(std::string_view host) {
  const char* at = host.data();
  const char* const end = at + host.size();
  for (int part = 0; part < 4; ++part) {
    if (part > 0) {
      if (at == end || *at != '.') return false;
      ++at;
    }
    unsigned number = 256;
    const auto [stop, error] = std::from_chars(at, end, number);
    if (error != std::errc() || number > 255 || (part == 0 && number != 127)) return false;
    at = stop;
  }
  return at == end;
}

}  // namespace

bool is_loopback_host(std::string_view host) {
  const std::string_view name = host_of(host);
  return transport::equal_nocase(name, "localhost") || name == "::1" || is_loopback_ipv4(name);
}

std::optional<std::string> turned_away(const transport::Headers& headers,
                                       std::span<const std::string> origins) {
  const auto host = headers.find("Host");
  if (!host || !is_loopback_host(*host)) {
    return "this hub has no authentication and answers to loopback names only (127.0.0.1, "
           "localhost, [::1])";
  }
  const auto origin = headers.find("Origin");
  if (!origin || std::ranges::find(origins, *origin) != origins.end()) return std::nullopt;
  const std::size_t scheme = origin->find("://");
  if (scheme != std::string_view::npos && is_loopback_host(origin->substr(scheme + 3)))
    return std::nullopt;
  return "pages of " + std::string(*origin) + " may not use this hub; --origin allows them";
}

Result<RoomName> parse_room(std::string_view encoded) {
  SYNCLINE_TRY_ASSIGN(name, bus::percent_decode(encoded));
  SYNCLINE_TRY_ASSIGN(url, bus::room_url(name));
  const bool plain = url == "yjs://local/" + bus::percent_encode(name);
  return RoomName{.url = std::move(url), .plain = plain};
}

}  // namespace syncline::hub
