// Load on a hub (`syncline bench hub`): over its sync-api, as programs with a Syncer make it, or as
// plain Yjs clients do over y-websocket's protocol.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace syncline::bench {

/// What one job measured. Times are wall clock: a hub is waited for.
struct Load {
  std::size_t operations = 0;
  double seconds = 0;
  /// Of each operation, in microseconds, sorted; empty for jobs that keep many in flight.
  std::vector<double> latency_us;
  bool ok = true;

  double per_second() const { return static_cast<double>(operations) / seconds; }
  /// REQUIRES: a latency was measured.
  double percentile_us(double share) const;
};

struct LoadOptions {
  /// ws://HOST:PORT.
  std::string hub;
  /// What objects are named: comm://bench/PREFIX/…; none of them may exist.
  std::string prefix;
  std::size_t operations = 2000;
  std::size_t in_flight = 64;
};

struct LoadJob {
  std::string_view name;
  std::string_view meaning;
  Load (*body)(const LoadOptions&);
};

/// Over the sync-api: relay, relay_durable, updates, creates, subscribes.
const std::vector<LoadJob>& load_jobs();
/// Over y-websocket's protocol: relay, updates. The hub may be any that speaks it.
const std::vector<LoadJob>& yjs_load_jobs();

/// How long the disk under `folder` takes to keep a small write: fsync, the median in microseconds.
double fsync_us(const std::string& folder);

}  // namespace syncline::bench
