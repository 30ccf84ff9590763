// Storage in one SQLite file: the log of a hub's directory, or a client's single file.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/executor.hpp"
#include "storage/storage.hpp"

namespace syncline::adapters {

/// A store whose acknowledged appends survive kill -9 and power loss (WAL, synchronous=FULL). One
/// thread writes, one reads; callbacks are posted to the executor. One process at a time holds the
/// file. Thread: the executor, which must outlive it.
///
/// After a failed fsync, or when the file turns out to be damaged in its structure, every later
/// append and fold fails until the file is opened anew; what the failed batch held may then be
/// there or not.
class SqliteStorage : public storage::Storage {
 public:
  struct Options {
    std::int64_t pages_max = 0;  ///< of 4 KiB; past it appends fail as on a full disk; 0: no limit
    std::string vfs;             ///< name of the SQLite VFS to use; empty: the system's
  };

  /// Opens `file`, creating it where there is none (not its folder). Blocks; errors: {kConflict,
  /// "in_use"}, {kInternal, "not_writable", "not_a_database", "newer_version" or "storage"}; a file
  /// that cannot be used is left as it is.
  static Result<std::unique_ptr<SqliteStorage>> open_file(const std::string& file,
                                                          Executor& executor,
                                                          const Options& options);

  /// Opens `syncline.db` in a directory, which is created where there is none. Otherwise as
  /// open_file().
  static Result<std::unique_ptr<SqliteStorage>> open_directory(const std::string& directory,
                                                               Executor& executor,
                                                               const Options& options);

  /// Stores what was appended, then closes. Blocks for that long.
  ~SqliteStorage() override;

  storage::Ticket append(std::span<const storage::Record> records,
                         std::function<void(Result<storage::Ticket>)> on_durable) override;
  void load(const std::string& object,
            std::function<void(Result<std::optional<storage::Stored>>)> done) override;
  void fold(const std::string& object, std::uint64_t upto, Bytes snapshot, std::uint64_t keep_from,
            bool keep_history, std::function<void(Result<void>)> done) override;
  void list(const std::string& glob, const std::string& after, std::size_t limit,
            std::function<void(Result<std::vector<storage::ListEntry>>)> done) override;
  storage::Ticket durable() const override;

 private:
  struct Threads;
  explicit SqliteStorage(std::unique_ptr<Threads> threads);

  std::unique_ptr<Threads> threads_;
};

}  // namespace syncline::adapters
