// The limits of the SQLite store: unit, reason, and what happens past each.
#pragma once

#include <cstddef>

namespace syncline::adapters {

/// Bytes of records in one commit. A batch is whatever arrived during the last fsync; a larger one
/// is split into several commits, so that the first of it need not wait for the last.
inline constexpr std::size_t kCommitBytesMax = 8u << 20;

/// Log rows and heads that the index in the file does not cover yet. Past it the next commit
/// indexes them all at once: that costs about 1 µs a row and some 30 ms for this many, where
/// indexing every row at once costs 4-6 µs each.
inline constexpr std::size_t kFreshRowsMax = 8192;

/// Pages (of 4 KiB) in the write-ahead log. Past it the writer copies them back into the database
/// between two commits (10 ms or so); only a reader that stays in an old state makes the file grow
/// beyond.
inline constexpr int kWalPagesMax = 1000;

/// Names (object URLs, authors) whose row id is remembered. Past it all are forgotten and looked up
/// again.
inline constexpr std::size_t kNamesCachedMax = 100'000;

/// Milliseconds that a connection waits for a lock held by a foreign process that looks into the
/// file (sqlite3).
inline constexpr int kBusyMilliseconds = 10'000;

}  // namespace syncline::adapters
