#include "adapters/sqlite/database.hpp"

#include <sqlite3.h>

#include "adapters/sqlite/tuning.hpp"
#include "base/check.hpp"
#include "storage/contents.hpp"

namespace syncline::adapters {
namespace {

void check_bound(int code) {
  SYNCLINE_CHECK(code == SQLITE_OK, "a value could not be bound to a statement");
}

}  // namespace

Connection::~Connection() { sqlite3_close_v2(handle); }

Error Connection::error() {
  const int code = sqlite3_extended_errcode(handle);
  const int primary = code & 0xff;
  if (code == SQLITE_IOERR_FSYNC || code == SQLITE_IOERR_DIR_FSYNC || primary == SQLITE_CORRUPT ||
      primary == SQLITE_NOTADB)
    distrusted = true;
  std::string message = "storage: " + path + ": " + sqlite3_errmsg(handle) + " (SQLite error " +
                        std::to_string(code) + ")";
  if (primary == SQLITE_FULL) message += "; nothing of it was stored: free space and try again";
  return storage::storage_error(std::move(message));
}

void Statement::Finalize::operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }

Statement& Statement::bind(int index, std::int64_t value) {
  check_bound(sqlite3_bind_int64(statement_.get(), index, value));
  return *this;
}

Statement& Statement::bind(int index, std::string_view text) {
  const char* data = text.empty() ? "" : text.data();
  check_bound(
      sqlite3_bind_text64(statement_.get(), index, data, text.size(), SQLITE_STATIC, SQLITE_UTF8));
  return *this;
}

Statement& Statement::bind(int index, ByteView blob) {
  // A null pointer would bind NULL instead of an empty blob.
  const void* data = blob.empty() ? static_cast<const void*>("") : blob.data();
  check_bound(sqlite3_bind_blob64(statement_.get(), index, data, blob.size(), SQLITE_STATIC));
  return *this;
}

Result<bool> Statement::step() {
  const int code = sqlite3_step(statement_.get());
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return connection_->error();
}

Result<void> Statement::run() {
  const StatementScope scope(*this);
  SYNCLINE_TRY(step());
  return {};
}

void Statement::reset() { sqlite3_reset(statement_.get()); }

std::int64_t Statement::integer(int column) const {
  return sqlite3_column_int64(statement_.get(), column);
}

std::string_view Statement::text(int column) const { return text_of(blob(column)); }

ByteView Statement::blob(int column) const {
  const auto* data =
      static_cast<const std::uint8_t*>(sqlite3_column_blob(statement_.get(), column));
  return {data, static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column))};
}

bool Statement::is_null(int column) const {
  return sqlite3_column_type(statement_.get(), column) == SQLITE_NULL;
}

Result<Database> Database::open(const std::string& path, Mode mode, const std::string& vfs) {
  const int access =
      mode == Mode::kReadOnly ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
  Database database(std::make_unique<Connection>(path));
  sqlite3*& handle = database.connection_->handle;
  const int code = sqlite3_open_v2(path.c_str(), &handle, access | SQLITE_OPEN_NOMUTEX,
                                   vfs.empty() ? nullptr : vfs.c_str());
  SYNCLINE_CHECK(handle != nullptr, "no memory for a database connection");
  if (code != SQLITE_OK) return database.connection_->error();
  sqlite3_extended_result_codes(handle, 1);
  sqlite3_busy_timeout(handle, kBusyMilliseconds);
  const auto remember_pages = [](void* pages, sqlite3*, const char*, int count) {
    *static_cast<int*>(pages) = count;
    return SQLITE_OK;
  };
  sqlite3_wal_hook(handle, remember_pages, database.wal_pages_.get());
  return database;
}

Result<void> Database::execute(const std::string& sql) {
  if (sqlite3_exec(connection_->handle, sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK)
    return connection_->error();
  return {};
}

Result<Statement> Database::prepare(const std::string& sql) {
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v3(connection_->handle, sql.data(), static_cast<int>(sql.size()),
                         SQLITE_PREPARE_PERSISTENT, &statement, nullptr) != SQLITE_OK)
    return connection_->error();
  return Statement(*connection_, statement);
}

Result<std::int64_t> Database::query_integer(const std::string& sql) {
  SYNCLINE_TRY_ASSIGN(statement, prepare(sql));
  SYNCLINE_TRY(statement.step());
  return statement.integer(0);
}

Result<std::string> Database::query_text(const std::string& sql) {
  SYNCLINE_TRY_ASSIGN(statement, prepare(sql));
  SYNCLINE_TRY(statement.step());
  return std::string(statement.text(0));
}

std::int64_t Database::last_insert_rowid() const {
  return sqlite3_last_insert_rowid(connection_->handle);
}

bool Database::in_transaction() const { return sqlite3_get_autocommit(connection_->handle) == 0; }

bool Database::read_only() const { return sqlite3_db_readonly(connection_->handle, "main") == 1; }

void Database::keep_log_on_close() {
  sqlite3_db_config(connection_->handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
}

Result<void> Database::checkpoint() {
  *wal_pages_ = 0;  // the next commit tells anew; until then there is nothing more to do
  if (sqlite3_wal_checkpoint_v2(connection_->handle, nullptr, SQLITE_CHECKPOINT_PASSIVE, nullptr,
                                nullptr) != SQLITE_OK)
    return connection_->error();
  return {};
}

}  // namespace syncline::adapters
