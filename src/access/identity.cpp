#include "access/identity.hpp"

#include <algorithm>
#include <array>

#include "base/glob.hpp"

namespace syncline::access {
namespace {

constexpr std::array<std::string_view, 5> kRoles{"none", "reader", "writer", "owner", "admin"};

}  // namespace

std::string_view name(Role role) { return kRoles[static_cast<std::size_t>(role)]; }

std::optional<Role> role_from(std::string_view text) {
  for (const Role role : {Role::kReader, Role::kWriter, Role::kOwner, Role::kAdmin})
    if (text == name(role)) return role;
  return std::nullopt;
}

Role role_on(std::span<const Grant> grants, std::string_view url) {
  Role largest = Role::kNone;
  for (const Grant& grant : grants)
    if (glob_match(grant.object, url)) largest = std::max(largest, grant.role);
  return largest;
}

}  // namespace syncline::access
