// The figures of the simulated world: unit, reason, and what they stand for.
#pragma once

#include <chrono>

#include "base/executor.hpp"

namespace syncline::simulation::tuning {

/// What one task of a node costs. Never nothing: so time always moves on, and nodes interleave
/// differently with every seed.
inline constexpr Duration kTaskMin = std::chrono::microseconds(1);
inline constexpr Duration kTaskMax = std::chrono::microseconds(40);

/// How long after silence began a WebSocket's pings find the other side dead: the interval of the
/// real transport, and once more.
inline constexpr Duration kSilenceMin = std::chrono::seconds(30);
inline constexpr Duration kSilenceMax = std::chrono::seconds(60);

/// How long a connection attempt waits for an answer, and a close for the other side's agreement,
/// as in the real transport.
inline constexpr Duration kConnectTimeout = std::chrono::seconds(10);
inline constexpr Duration kCloseTimeout = std::chrono::seconds(5);

/// What an answer from the disk costs, where no sync is waited for.
inline constexpr Duration kReadMin = std::chrono::microseconds(20);
inline constexpr Duration kReadMax = std::chrono::microseconds(500);

/// Wall-clock time when a world begins, in milliseconds: some day in 2026.
inline constexpr std::int64_t kWallStartMs = 1'780'000'000'000;

}  // namespace syncline::simulation::tuning
