// This machine's live figures, from /proc: what the demo's native hyperty publishes.
#pragma once

#include <chrono>
#include <cstdint>

#include "syncline/value.hpp"

namespace syncline::command {

/// Reads the figures again and again; rates are since the reading before.
class Machine {
 public:
  /// {hostname, time, uptime_seconds, cpu: {percent, cores}, memory: {total_bytes, used_bytes,
  /// used_percent}, load: [1, 5, 15 minutes], processes, network: {received_bytes_per_second,
  /// sent_bytes_per_second}}. What cannot be read is left out.
  Value read();

 private:
  struct Counters {
    std::uint64_t cpu_busy = 0;
    std::uint64_t cpu_total = 0;
    std::uint64_t received = 0;
    std::uint64_t sent = 0;
    std::chrono::steady_clock::time_point at = {};
  };
  static Counters count();
  Value cpu(const Counters& now) const;
  Value network(const Counters& now) const;

  Counters before_ = count();
};

}  // namespace syncline::command
