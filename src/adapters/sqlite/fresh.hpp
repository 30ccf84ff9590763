// The rows that the index in the file does not cover yet, held in memory by object.
#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <unordered_map>
#include <vector>

namespace syncline::adapters {

/// Shared by the writer, who changes it with a commit, and the reader, who copies from it as it
/// begins a read transaction. Both hold `mutex` over the two steps, so that what the reader copies
/// and what its transaction sees are the same state.
struct Fresh {
  struct Object {
    std::vector<std::int64_t> rows;  ///< of log, oldest first
    std::int64_t head = 0;           ///< row of fresh_head; 0: the head in `object` is the newest
  };

  std::mutex mutex;
  std::unordered_map<std::int64_t, Object> objects;  ///< by object id
  std::size_t rows = 0;                              ///< of both tables together
};

}  // namespace syncline::adapters
