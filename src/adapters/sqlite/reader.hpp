// The reading thread of a SqliteStorage: loads and lists, on a connection of its own, so that a
// large object being loaded does not hold up acknowledgements.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "adapters/sqlite/calls.hpp"
#include "adapters/sqlite/database.hpp"
#include "adapters/sqlite/fresh.hpp"

namespace syncline::adapters {

/// Answers loads and lists, each from one state of the database that is not older than the writes
/// called before it. Thread: its own; the constructor and destructor run on the storage's executor.
class Reader {
 public:
  static Result<std::unique_ptr<Reader>> start(Database database, Fresh& fresh, Progress& progress,
                                               Reporter reporter);
  /// Answers what was called and ends the thread.
  ~Reader();

  void push(ReadCall call) { calls_.push(std::move(call)); }

 private:
  struct Statements {
    Statement object, objects, snapshot, entries, log, fresh_head;
  };
  class Transaction;

  Reader(Database database, Fresh& fresh, Progress& progress, Reporter reporter)
      : database_(std::move(database)),
        fresh_(fresh),
        progress_(progress),
        reporter_(std::move(reporter)) {}

  Result<void> prepare();
  void run();
  void answer(const LoadCall& call);
  void answer(const ListCall& call);

  Result<std::optional<storage::Stored>> load(const std::string& object);
  Result<storage::Stored> load_parts(const std::string& object, std::int64_t id,
                                     const Fresh::Object& fresh, storage::Stored stored);
  Result<std::vector<std::int64_t>> indexed_rows(std::int64_t id);
  Result<storage::Record> load_record(const std::string& object, std::int64_t id, std::int64_t row);
  Result<std::vector<storage::ListEntry>> list(const ListCall& call);
  Result<Bytes> fresh_head(std::string_view object, std::int64_t row);
  Error damaged(std::string_view object, const std::string& what) const;

  Database database_;
  Fresh& fresh_;
  Progress& progress_;
  Reporter reporter_;
  Statements statements_;
  CallQueue<ReadCall> calls_;
  std::thread thread_;
};

}  // namespace syncline::adapters
