// The limits of a hub that an operator may want to change.
#pragma once

#include <cstddef>

namespace syncline::hub::tuning {

/// Open WebSockets. Past it: 503 before the upgrade. A client costs some KiB and a descriptor.
inline constexpr std::size_t kConnectionsMax = 20'000;

}  // namespace syncline::hub::tuning
