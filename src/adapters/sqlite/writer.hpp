// The writing thread of a SqliteStorage: self-clocking group commit.
//
// While one commit is being synced, calls pile up; the next commit takes all of them. So a batch is
// as large as the disk is slow, and nobody waits for a timer. A commit only appends rows
// (schema.hpp); every few thousand of them it also moves the index on.
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

/// The row ids of the names in one table (object or identity). Thread: the writer.
class Names {
 public:
  static Result<Names> open(Database& database, const std::string& table);

  /// The id of a name that is stored already.
  Result<std::optional<std::int64_t>> find(std::string_view name);
  /// The id of a name, which is stored if it was not.
  Result<std::int64_t> intern(std::string_view name);
  /// Forgets what it remembers: after a rollback ids may name nothing.
  void forget() { known_.clear(); }

 private:
  Names(Database& database, Statement select, Statement insert)
      : database_(&database), select_(std::move(select)), insert_(std::move(insert)) {}

  Database* database_;
  Statement select_;
  Statement insert_;
  std::unordered_map<std::string, std::int64_t> known_;
};

/// Carries out appends and folds in order. Thread: its own; the constructor and destructor run on
/// the storage's executor.
class Writer {
 public:
  static Result<std::unique_ptr<Writer>> start(Database database, Fresh& fresh, Progress& progress,
                                               Reporter reporter);
  /// Carries out what was called, copies the write-ahead log back and ends the thread.
  ~Writer();

  void push(WriteCall call) { calls_.push(std::move(call)); }

 private:
  struct Statements {
    Statement append_log, append_head;
    Statement index_log, index_heads, empty_heads, set_indexed;
    Statement snapshot_upto, entries, seq_of_row, drop_row, drop_entry, put_snapshot;
  };
  /// Rows added by the open transaction, for Fresh once it is committed.
  struct AddedRow {
    std::int64_t object;
    std::int64_t row;
    bool head;
  };

  Writer(std::unique_ptr<Database> database, Fresh& fresh, Progress& progress, Reporter reporter,
         Names objects, Names identities);

  Result<void> prepare();
  Result<void> find_fresh_rows();
  void run();

  void carry_out(AppendCall& call);
  void carry_out(FoldCall& call);

  Result<void> add(const AppendCall& call);
  Result<void> add(const storage::Record& record);
  void commit_appends();
  Result<void> commit();
  Result<void> move_index();
  void fail_appends(std::uint64_t generation, const Error& error);

  Result<void> fold(const FoldCall& call);
  Result<std::size_t> drop_rows(std::int64_t object, std::uint64_t upto);
  Result<bool> drop_row(std::int64_t row, std::uint64_t upto);

  Error roll_back(const Error& error);
  void distrust(const Error& error);
  void keep_log_short();

  std::unique_ptr<Database> database_;
  Fresh& fresh_;
  Progress& progress_;
  Reporter reporter_;
  Names objects_;
  Names identities_;
  Statements statements_;

  std::int64_t next_row_ = 1;
  std::int64_t next_head_ = 1;
  std::vector<AddedRow> added_;

  storage::Ticket open_ticket_ = 0;  ///< newest append of the open transaction; 0: none is open
  std::uint64_t open_generation_ = 0;
  std::size_t open_bytes_ = 0;
  std::uint64_t failed_generation_ = 0;  ///< appends of it and before are skipped
  std::optional<Error> distrusted_;      ///< why nothing is stored any more until reopened

  CallQueue<WriteCall> calls_;
  std::thread thread_;
};

}  // namespace syncline::adapters
