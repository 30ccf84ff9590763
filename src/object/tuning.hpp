// The limits of object.
#pragma once

#include <cstddef>

namespace syncline::object {

/// Batches that observers may cause in one delivery before a log line says so: past it they most
/// likely answer each other's changes for ever. Delivery goes on.
inline constexpr std::size_t kBatchesBeforeWarning = 1000;

/// Parts of remote batches whose authors are remembered while something of them waits for missing
/// updates. Past it the oldest is forgotten: its changes are reported with `by` unknown.
inline constexpr std::size_t kWaitingPartsMax = 4096;

/// Bytes of updates that an object with a schema keeps beside an encoded state, for the way back
/// from a change that the schema forbids; or as many as that state has, if it is larger. Past it
/// the state is encoded anew.
inline constexpr std::size_t kGuardBytes = std::size_t{64} << 10;

}  // namespace syncline::object
