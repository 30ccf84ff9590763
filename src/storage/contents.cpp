#include "storage/contents.hpp"

#include <algorithm>

#include "base/glob.hpp"

namespace syncline::storage {

void Contents::append(std::span<const Record> records) {
  for (const Record& record : records) {
    Stored& stored = objects_[record.object];
    if (record.kind == RecordKind::kHead)
      stored.head = record.bytes;
    else
      stored.tail.push_back(record);
  }
}

Result<void> Contents::fold(const std::string& object, std::uint64_t upto, Bytes snapshot,
                            std::uint64_t keep_from, bool keep_history) {
  const auto found = objects_.find(object);
  if (found == objects_.end()) return no_such_object(object);
  Stored& stored = found->second;
  if (upto < stored.upto) return stale_fold(object, upto, stored.upto);
  stored.snapshot = std::move(snapshot);
  stored.upto = upto;
  if (!keep_history)
    std::erase_if(stored.tail,
                  [&](const Record& record) { return record.seq <= std::min(upto, keep_from); });
  return {};
}

std::optional<Stored> Contents::load(const std::string& object) const {
  const auto found = objects_.find(object);
  if (found == objects_.end()) return std::nullopt;
  return found->second;
}

std::vector<ListEntry> Contents::list(std::string_view glob, const std::string& after,
                                      std::size_t limit) const {
  std::vector<ListEntry> entries;
  for (auto it = objects_.upper_bound(after); it != objects_.end() && entries.size() < limit; ++it)
    if (glob.empty() || glob_match(glob, it->first))
      entries.push_back({it->first, it->second.head});
  return entries;
}

Error no_such_object(const std::string& object) {
  return Error(Code::kNotFound, "storage: " + object + " is not stored, so it cannot be folded");
}

Error stale_fold(const std::string& object, std::uint64_t upto, std::uint64_t stored_upto) {
  return Error(Code::kConflict, "storage: a fold of " + object + " up to " + std::to_string(upto) +
                                    " came after one up to " + std::to_string(stored_upto));
}

Error fold_after_failure(const std::string& object) {
  return storage_error("storage: an append failed before this fold of " + object);
}

Error storage_error(std::string message) {
  return Error(Code::kInternal, "storage", std::move(message));
}

}  // namespace syncline::storage
