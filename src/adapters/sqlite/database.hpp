// SQLite's connection and statements as C++ values. Private to this adapter; knows nothing of what
// is stored.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "base/result.hpp"

struct sqlite3;
struct sqlite3_stmt;

namespace syncline::adapters {

/// The state of a connection that its statements share with it.
struct Connection {
  explicit Connection(std::string file) : path(std::move(file)) {}
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// The error of the call that just failed.
  Error error();

  std::string path;
  sqlite3* handle = nullptr;
  bool distrusted = false;
};

/// A prepared statement. bind() before step(); what a column returns is valid until the next step()
/// or reset(). Text and blobs are bound by reference and must live until reset(). REQUIRES: its
/// Database outlives it.
class Statement {
 public:
  Statement() = default;

  Statement& bind(int index, std::int64_t value);
  Statement& bind(int index, std::string_view text);
  Statement& bind(int index, ByteView blob);

  /// True: a row is there. False: done.
  Result<bool> step();
  /// Runs a statement that returns no row, and resets it.
  Result<void> run();
  void reset();

  std::int64_t integer(int column) const;
  std::string_view text(int column) const;
  ByteView blob(int column) const;
  bool is_null(int column) const;

 private:
  friend class Database;
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };
  Statement(Connection& connection, sqlite3_stmt* statement)
      : connection_(&connection), statement_(statement) {}

  Connection* connection_ = nullptr;
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

/// Resets a statement when the scope that steps through it ends, however it ends.
class StatementScope {
 public:
  explicit StatementScope(Statement& statement) : statement_(statement) {}
  ~StatementScope() { statement_.reset(); }
  StatementScope(const StatementScope&) = delete;
  StatementScope& operator=(const StatementScope&) = delete;

 private:
  Statement& statement_;
};

/// A connection to one file. Errors are {kInternal, "storage"} and name the file. Thread: one at a
/// time.
class Database {
 public:
  enum class Mode { kReadWriteCreate, kReadOnly };

  /// `vfs`: the name of the SQLite VFS, empty for the system's.
  static Result<Database> open(const std::string& path, Mode mode, const std::string& vfs);

  Result<void> execute(const std::string& sql);
  Result<Statement> prepare(const std::string& sql);
  /// The first column of the first row of a query.
  Result<std::int64_t> query_integer(const std::string& sql);
  Result<std::string> query_text(const std::string& sql);

  std::int64_t last_insert_rowid() const;
  bool in_transaction() const;
  bool read_only() const;

  /// An fsync failed or the file is damaged: nothing that this connection says about it can be
  /// relied on any more. A full disk is not such a case.
  bool distrusted() const { return connection_->distrusted; }

  /// Pages in the write-ahead log after the last commit.
  int wal_pages() const { return *wal_pages_; }
  /// Copies write-ahead log pages back into the database, as far as readers permit.
  Result<void> checkpoint();

  /// Closing leaves the write-ahead log as it is, instead of copying it back.
  void keep_log_on_close();

  const std::string& path() const { return connection_->path; }

 private:
  explicit Database(std::unique_ptr<Connection> connection) : connection_(std::move(connection)) {}

  std::unique_ptr<Connection> connection_;
  std::unique_ptr<int> wal_pages_ = std::make_unique<int>(0);
};

}  // namespace syncline::adapters
