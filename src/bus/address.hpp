// Addresses: object URLs and identities, in the one form in which they are compared, stored and
// routed.
//
// Canonical: scheme and authority in lower case; in the path every byte but the unreserved
// characters (A-Z a-z 0-9 - . _ ~) and "/" percent-encoded in upper case. URLs are names: "." and
// ".." are not resolved, and "%2F" is "/".
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"

namespace syncline::bus {

/// Whoever did not say who they are. Holds no client id and owns nothing.
inline constexpr std::string_view kAnonymous = "hyperty://local/anonymous";

/// Where the room table listens: `list`; `hello` from a session that is there for its identity (it
/// gets the invitations that wait, and those to come), and `unsubscribe` when it ends.
inline constexpr std::string_view kRooms = "rooms:";

/// The canonical form of an object's URL, `SCHEME://AUTHORITY/PATH`. kMalformed says what is wrong
/// with it: no scheme, authority or path, a query or fragment, a bad "%", not UTF-8, too long.
Result<std::string> object_url(std::string_view text);

/// The object that a plain Yjs client means by a room's (decoded) name: the URL itself where the
/// name is one (`SCHEME://…`), else `yjs://local/` + the name, percent-encoded. kMalformed: empty,
/// longer than 1024 bytes, not UTF-8.
Result<std::string> room_url(std::string_view name);

/// The canonical form of an identity, `hyperty://DOMAIN/NAME`.
Result<std::string> identity_url(std::string_view text);

/// "%20" to " "; kMalformed for a "%" without two hexadecimal digits, or where the result is no
/// UTF-8.
Result<std::string> percent_decode(std::string_view text);

/// Every byte but unreserved characters and "/" as "%XX".
std::string percent_encode(std::string_view text);

}  // namespace syncline::bus
