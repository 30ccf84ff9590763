// The jobs of a document engine, measured on a recording (`syncline bench engine`).
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "bench/recording.hpp"

namespace syncline::bench {

/// `edits`: transactions. `cpu_ms`: CPU time of the process, one a repeat. `bytes`: what was
/// encoded or applied, 0 for jobs without. `allocated`: bytes of one loaded document (memory only).
struct Measured {
  std::size_t edits = 0;
  std::vector<double> cpu_ms;
  std::size_t bytes = 0;
  std::size_t allocated = 0;
  /// Whether the text came out as the recording says, every time.
  bool text_ok = true;
};

/// The names that `measure` knows, in the order of the contract (docs/CLI.md).
const std::vector<std::string>& jobs();

/// Does one job `repeat` times. REQUIRES: one of `jobs()`. Throws Error where the recording does
/// not suit the job.
Measured measure(const Recording& recording, const std::string& job, int repeat);

}  // namespace syncline::bench
