// The limits of sync: unit in the name, the reason, and what happens past each.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/executor.hpp"

namespace syncline::sync::tuning {

using std::chrono::milliseconds;
using std::chrono::seconds;

// ---- the host's side: sessions ----

/// From an open connection to its hello. Past it: closed with 4408.
inline constexpr Duration kHelloTimeout = seconds(10);

/// Bytes queued on a connection before its session counts as congested: some round trips' worth of
/// updates for a fast reader. Past it: rooms stop queueing for it and send one merged tail when it
/// drained.
inline constexpr std::size_t kCongestedBytes = 1024 * 1024;
/// Bytes queued on a connection at all: congested, and still asking for whole objects. Past it:
/// closed with 1013.
inline constexpr std::size_t kQueuedBytesMax = 64 * 1024 * 1024;
/// How long a session may stay congested. Past it: closed with 1013.
inline constexpr Duration kStalledTimeout = seconds(60);

/// Requests of one session without an answer. Past it: 429 "too_fast".
inline constexpr std::size_t kRequestsMax = 1024;
/// Objects one session may follow at once. Past it: 429 "too_fast".
inline constexpr std::size_t kChannelsMax = 100'000;

/// y-websocket clients drop a server that says nothing for 30 s: an empty awareness update goes out
/// after half of that.
inline constexpr Duration kYKeepAlive = seconds(15);
/// How long we wait for a Yjs client's step 1, which all of them send at once, before our own goes
/// out: with it, one subscription answers both directions.
inline constexpr Duration kYFirstStep = milliseconds(100);

/// What a Yjs client may say before its room is open (its awareness; its changes come again as the
/// answer to our step 1). Past it: closed with 1009.
inline constexpr std::size_t kYEarlyBytesMax = 256 * 1024;

/// From the word to shut down to the last connection's end. Past it: the rest is dropped.
inline constexpr Duration kShutdownTimeout = seconds(8);

// ---- awareness ----

/// Without news of a client for so long, it counts as gone; the own state is renewed after half of
/// that. Both as in y-protocols.
inline constexpr Duration kAwarenessTimeout = seconds(30);
/// How often that is looked at.
inline constexpr Duration kAwarenessCheck = seconds(3);

// ---- the client's side: the syncer ----

/// From a request to its answer, connecting included. Past it: kTimeout.
inline constexpr Duration kRequestTimeout = seconds(15);
/// From an open connection to the host's welcome. Past it: the connection is given up.
inline constexpr Duration kWelcomeTimeout = seconds(10);

/// Waiting before the next attempt to connect: doubled each time, with jitter, so that a hub's
/// restart is not followed by everyone at once.
inline constexpr Duration kReconnectFirst = milliseconds(100);
inline constexpr Duration kReconnectMost = seconds(10);
/// Waiting before the next attempt at what a room refused for now (storage, too fast).
inline constexpr Duration kRetryFirst = milliseconds(200);
inline constexpr Duration kRetryMost = seconds(10);

/// A connection that was silent for this long is asked (ping).
inline constexpr Duration kQuiet = seconds(10);
/// Past this it is given up. WebSockets have pings of their own; this one also crosses transports
/// that have none, and finds a host that hangs.
inline constexpr Duration kSilent = seconds(25);
/// Updates sent and not acknowledged for this long, though the host is alive: something was lost on
/// the way. Past it: the connection is given up, and everything is sent again on the next.
inline constexpr Duration kAckTimeout = seconds(30);

/// Unacknowledged updates of one object, in bytes: what an offline replica may write. Past it:
/// writes throw kTooLarge.
inline constexpr std::size_t kOutboxBytesMax = 64 * 1024 * 1024;
/// Updates that wait to be sent before they are merged into one. An offline typist makes one for
/// each keystroke.
inline constexpr std::size_t kMergeUpdates = 64;
/// Merged updates stay below this, far from the frame limit. Past it: the next one begins.
inline constexpr std::size_t kMergeBytesMax = 1024 * 1024;
/// Bytes queued on the syncer's connection before it stops sending updates until they left.
inline constexpr std::size_t kSendAheadBytes = 4 * 1024 * 1024;

// ---- the data file of a syncer ----

/// Bytes of journal before an object is folded, if its snapshot is not larger than half of that:
/// about 1 ms of loading. Past it: one snapshot takes the journal's place.
inline constexpr std::size_t kJournalFoldBytes = 64 * 1024;
/// Objects asked for at once when a data file is opened.
inline constexpr std::size_t kStoredListed = 256;
/// A create waits for the answer of a host that seems to be there. Past it: the object begins as a
/// local one, and the answer comes when it comes.
inline constexpr Duration kCreateOnline = seconds(2);

}  // namespace syncline::sync::tuning
