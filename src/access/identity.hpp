// Who asks: identities, the roles that tokens grant, and the subject that rules are asked about.
//
// Pure values. Whose identity a session has is decided before (a verified token, or the client's
// word on a loopback hub); here it is believed.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace syncline::access {

/// Whoever did not say who they are: all of them share this one. Owns nothing, holds no client id.
inline constexpr std::string_view kAnonymous = "hyperty://local/anonymous";

inline bool is_anonymous(std::string_view identity) {
  return identity.empty() || identity == kAnonymous;
}

/// What a token allows on the objects its glob covers. Ordered: a later one includes the earlier.
/// kNone: the object does not exist for this session. kReader: at most reading, whatever the
/// object's rules say. kWriter: what the rules say. kOwner: acts as the owner. kAdmin: everything.
enum class Role { kNone, kReader, kWriter, kOwner, kAdmin };

std::string_view name(Role role);
/// "reader", "writer", "owner", "admin".
std::optional<Role> role_from(std::string_view text);

/// One grant of a token: a role on every object whose URL the glob matches.
struct Grant {
  std::string object;
  Role role = Role::kNone;

  friend bool operator==(const Grant&, const Grant&) = default;
};

/// The largest role that the grants give on `url`.
Role role_on(std::span<const Grant> grants, std::string_view url);

/// Whoever asks, as an object's room sees them.
struct Subject {
  std::string identity;
  bool owner = false;    ///< owns the object
  bool invited = false;  ///< is on the object's list of invited
  std::vector<std::string> groups = {};
  std::vector<std::string> roles = {};
  Role grant = Role::kWriter;
};

}  // namespace syncline::access
