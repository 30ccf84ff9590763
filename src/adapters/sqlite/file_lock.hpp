// One process at a time per database: an exclusive lock on a file beside it that names its holder.
#pragma once

#include <string>
#include <utility>

#include "base/result.hpp"

namespace syncline::adapters {

/// Held until destroyed or the process ends, however it ends. The file stays; it is the lock on it
/// that counts.
class FileLock {
 public:
  /// Errors: {kConflict, "in_use"} naming the holder's process id; {kInternal, "not_writable"}.
  static Result<FileLock> acquire(const std::string& path);

  FileLock(FileLock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  FileLock& operator=(FileLock&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    return *this;
  }
  ~FileLock();

 private:
  explicit FileLock(int descriptor) : descriptor_(descriptor) {}

  int descriptor_ = -1;
};

}  // namespace syncline::adapters
