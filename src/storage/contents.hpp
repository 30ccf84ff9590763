// What a store holds, as a value: the storage port's rules without its time. MemoryStorage and the
// simulator's disk are made of it, and tests compare with it.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "storage/storage.hpp"

namespace syncline::storage {

/// The objects of one store. A copy is a copy of the disk.
class Contents {
 public:
  void append(std::span<const Record> records);

  /// Errors as Storage::fold.
  Result<void> fold(const std::string& object, std::uint64_t upto, Bytes snapshot,
                    std::uint64_t keep_from, bool keep_history);

  std::optional<Stored> load(const std::string& object) const;
  std::vector<ListEntry> list(std::string_view glob, const std::string& after,
                              std::size_t limit) const;

  friend bool operator==(const Contents&, const Contents&) = default;

 private:
  std::map<std::string, Stored> objects_;
};

/// The error of a fold of an object that is not stored.
Error no_such_object(const std::string& object);

/// The error of a fold that is older than the stored one.
Error stale_fold(const std::string& object, std::uint64_t upto, std::uint64_t stored_upto);

/// The error of a fold that was called after an append that failed.
Error fold_after_failure(const std::string& object);

/// The error of whatever the disk refused.
Error storage_error(std::string message);

}  // namespace syncline::storage
