// Limits of rooms. Sizes are bytes; times are Durations.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

#include "base/executor.hpp"

namespace syncline::room {

// ---- resuming

/// Updates kept in memory and in the log past a fold, so that a client that was away resumes by
/// position. Older: it gets a state-vector difference.
inline constexpr std::size_t kTailUpdates = 1000;
/// Bytes of updates kept in memory for the same purpose; past it fewer updates are kept, so that
/// big ones do not fill the hub.
inline constexpr std::size_t kTailBytes = std::size_t{8} << 20;

// ---- folding

/// A fold is due when this much was logged since the last one: it bounds the time of a load.
inline constexpr std::size_t kFoldUpdates = 1000;
inline constexpr std::size_t kFoldBytes = std::size_t{256} << 10;
/// But a large object is not written anew for a few small changes: its log may grow to this part of
/// its snapshot …
inline constexpr std::size_t kFoldSnapshotShare = 8;
/// … or to this many updates.
inline constexpr std::size_t kFoldUpdatesMost = 20'000;

// ---- waiting

/// What a session may have waiting for structs that did not come yet. Past either: 409 "gap".
inline constexpr std::size_t kParkedBytes = std::size_t{1} << 20;
inline constexpr Duration kParkedFor = std::chrono::seconds(5);
/// Messages that wait for one object to be loaded. Past it: 503 "busy".
inline constexpr std::size_t kWaitingMessages = 1000;
/// A room without members stays in memory this long.
inline constexpr Duration kIdleBeforeUnload = std::chrono::seconds(30);

// ---- refusals

/// Places that the answer to a refused update names.
inline constexpr std::size_t kRefusedPaths = 20;
/// Ranges of refused ids that an object's head remembers; each takes a few bytes of every head that
/// is written. Past it an update is taken as a whole or not at all: of what is refused whole
/// nothing is kept, so nothing has to be remembered.
inline constexpr std::size_t kRefusedRanges = 2000;

// ---- requests

/// Operations of one edit. Past it: 413.
inline constexpr std::size_t kEditOps = 10'000;
/// Entries of one list answer; asking for more gets this many.
inline constexpr std::uint64_t kListEntries = 1000;
/// Bytes of a create's nonce. Past it: 400.
inline constexpr std::size_t kNonceBytes = 256;
/// Identities on an object's list of invited. Past it: 413.
inline constexpr std::size_t kInvited = 10'000;

// ---- presence

/// States in one room, and clocks remembered of those that left. Past it: new ids are dropped, the
/// smallest remembered ones forgotten.
inline constexpr std::size_t kPresenceEntries = 10'000;
/// Bytes of one state's JSON. Past it: the frame is malformed.
inline constexpr std::size_t kPresenceStateBytes = std::size_t{64} << 10;

}  // namespace syncline::room
