// The limits of the Asio adapter: unit in the name, the reason, and what happens past each.
#pragma once

#include <chrono>
#include <cstddef>

namespace syncline::adapters::tuning {

/// Buffers up to this are copied behind their neighbours: cheaper than an entry of their own in a
/// gathered write. Past it: shared, not copied.
inline constexpr std::size_t kCopiedBytesMax = 1024;
/// Buffers in one gathered write; Asio itself takes no more than 64. Past it: another system call.
inline constexpr std::size_t kGatherBuffersMax = 64;
/// System calls for one stream in one turn, so that a fast reader of a long queue does not keep the
/// others waiting. Past it: the next turn.
inline constexpr int kWritesPerTurn = 16;
inline constexpr int kReadsPerTurn = 4;
/// How long a listener rests when the process has no descriptors left. The kernel keeps who
/// connects meanwhile.
inline constexpr std::chrono::milliseconds kAcceptRest{100};

}  // namespace syncline::adapters::tuning
