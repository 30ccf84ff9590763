// ReplicaStore: a syncer's data file: whose it is, which objects are kept in it, and their
// journals.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sync/journal.hpp"

namespace syncline::sync {

/// The identity that a storage belongs to; nullopt for one that holds nothing yet. Error:
/// {kConflict, "other_use"} for one that holds the objects of a host instead of replicas.
void read_identity(storage::Storage& storage,
                   std::function<void(Result<std::optional<std::string>>)> done);

/// Identity. Thread: the executor.
class ReplicaStore {
 public:
  explicit ReplicaStore(JournalPorts ports) : ports_(ports) {}

  using Objects = std::vector<std::pair<std::string, Kept>>;
  /// Reads everything that is kept, and makes the storage `identity`'s if it is nobody's yet.
  /// Errors: {kConflict, "other_identity" or "other_use"}, and what is damaged. Call once; `done`
  /// comes in a later turn.
  void open(std::string identity, std::function<void(Result<Objects>)> done);

  /// The object's journal, begun where there is none.
  std::shared_ptr<Journal> journal(const std::string& url);
  const std::map<std::string, std::shared_ptr<Journal>>& journals() const { return journals_; }

  /// Calls `done` once everything written so far, for any object, would survive power loss; or with
  /// the error that keeps it from being stored now.
  void saved(std::function<void(Result<void>)> done);

 private:
  struct Opening {
    std::string after;
    Objects objects;
    std::function<void(Result<Objects>)> done;
  };
  void claim(const std::string& identity, std::shared_ptr<Opening> opening);
  void list_next(std::shared_ptr<Opening> opening);
  void load_next(std::shared_ptr<Opening> opening, std::vector<std::string> urls);

  const JournalPorts ports_;
  std::map<std::string, std::shared_ptr<Journal>> journals_;
  /// Storage callbacks hold a weak one.
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace syncline::sync
