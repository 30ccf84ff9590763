#include "adapters/sqlite/schema.hpp"

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

#include "adapters/sqlite/crc32c.hpp"

namespace syncline::adapters {
namespace {

// Bytes 68 to 71 of the file, so that `file` and we tell our databases from others: "SynL".
constexpr std::int64_t kApplicationId = 0x53796e4c;

constexpr const char* kTables = R"sql(
  CREATE TABLE object(id INTEGER PRIMARY KEY, url TEXT NOT NULL UNIQUE, head BLOB, crc INTEGER);
  CREATE TABLE identity(id INTEGER PRIMARY KEY, url TEXT NOT NULL UNIQUE);
  CREATE TABLE log(id INTEGER PRIMARY KEY, object INTEGER NOT NULL, seq INTEGER NOT NULL,
                   author INTEGER NOT NULL, time_ms INTEGER NOT NULL, bytes BLOB NOT NULL,
                   crc INTEGER NOT NULL);
  CREATE TABLE fresh_head(id INTEGER PRIMARY KEY, object INTEGER NOT NULL, bytes BLOB NOT NULL,
                          crc INTEGER NOT NULL);
  CREATE TABLE entry(object INTEGER NOT NULL, row INTEGER NOT NULL, PRIMARY KEY(object, row))
    WITHOUT ROWID;
  CREATE TABLE snapshot(object INTEGER PRIMARY KEY, upto INTEGER NOT NULL, bytes BLOB NOT NULL,
                        crc INTEGER NOT NULL);
  CREATE TABLE state(indexed INTEGER NOT NULL);
  INSERT INTO state VALUES(0);
)sql";

Error not_writable(const std::string& path, const std::string& why) {
  return Error(Code::kInternal, "not_writable",
               "storage: cannot write " + path + ": " + why +
                   "; choose another place, or give this user the right to write there");
}

Error not_a_database(const std::string& path, const std::string& why) {
  return Error(
      Code::kInternal, "not_a_database",
      "storage: " + path + " is no Syncline database: " + why +
          ". It was left as it is: move it away, restore a backup, or choose another place");
}

// SQLite takes a short garbage file for an empty database, so the first bytes are looked at here.
Result<void> check_header(const std::string& path) {
  static constexpr std::string_view kMagic("SQLite format 3\0", 16);
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rb"),
                                                             &std::fclose);
  if (!file) {
    if (errno == ENOENT) return {};
    return not_writable(path, std::strerror(errno));
  }
  std::array<char, 16> header{};
  const std::size_t size = std::fread(header.data(), 1, header.size(), file.get());
  if (std::ferror(file.get()) != 0) return not_writable(path, std::strerror(errno));
  if (size != 0 && std::string_view(header.data(), size) != kMagic)
    return not_a_database(path, "its first bytes are not those of one");
  return {};
}

Result<void> check_version(Database& database) {
  SYNCLINE_TRY_ASSIGN(id, database.query_integer("PRAGMA application_id"));
  SYNCLINE_TRY_ASSIGN(version, database.query_integer("PRAGMA user_version"));
  if (id != kApplicationId) return not_a_database(database.path(), "another program made it");
  if (version > kSchemaVersion)
    return Error(Code::kInternal, "newer_version",
                 "storage: " + database.path() + " was written by a newer Syncline (format " +
                     std::to_string(version) + ", this program knows " +
                     std::to_string(kSchemaVersion) + "): run that version, or a newer one");
  return {};
}

Result<void> create_tables(Database& database) {
  return database.execute("BEGIN IMMEDIATE;" + std::string(kTables) +
                          "PRAGMA application_id=" + std::to_string(kApplicationId) +
                          ";PRAGMA user_version=" + std::to_string(kSchemaVersion) + ";COMMIT");
}

/// A checksum over fields of any length: texts are ended by a zero byte, numbers have eight bytes.
class Checksum {
 public:
  Checksum& text(std::string_view value) {
    static constexpr std::array<std::uint8_t, 1> kEnd{0};
    crc_ = crc32c(crc32c(crc_, view_of(value)), kEnd);
    return *this;
  }
  Checksum& number(std::uint64_t value) {
    std::array<std::uint8_t, 8> bytes{};
    for (std::uint8_t& byte : bytes) {
      byte = static_cast<std::uint8_t>(value);
      value >>= 8;
    }
    crc_ = crc32c(crc_, bytes);
    return *this;
  }
  std::uint32_t bytes(ByteView value) const { return crc32c(crc_, value); }

 private:
  std::uint32_t crc_ = 0;
};

}  // namespace

Result<Database> open_for_writing(const std::string& path, const SchemaOptions& options) {
  SYNCLINE_TRY(check_header(path));
  auto opened = Database::open(path, Database::Mode::kReadWriteCreate, options.vfs);
  if (!opened.ok()) return not_writable(path, opened.error().message());
  Database& database = *opened;

  const auto tables = database.query_integer("SELECT count(*) FROM sqlite_master");
  if (!tables.ok()) {
    if (database.distrusted()) return not_a_database(path, tables.error().message());
    return tables.error();
  }
  if (database.read_only()) return not_writable(path, "the file is read-only");
  if (*tables != 0) SYNCLINE_TRY(check_version(database));

  // FULL: every commit is synced. Checkpoints are the writer's, between two commits.
  SYNCLINE_TRY_ASSIGN(mode, database.query_text("PRAGMA journal_mode=WAL"));
  if (mode != "wal")
    return not_writable(path, "the file system cannot share memory between connections");
  SYNCLINE_TRY(database.execute("PRAGMA synchronous=FULL;PRAGMA wal_autocheckpoint=0"));
  if (options.pages_max != 0)
    SYNCLINE_TRY(database.execute("PRAGMA max_page_count=" + std::to_string(options.pages_max)));
  if (*tables == 0) SYNCLINE_TRY(create_tables(database));
  return opened;
}

Result<Database> open_for_reading(const std::string& path, const SchemaOptions& options) {
  return Database::open(path, Database::Mode::kReadOnly, options.vfs);
}

std::uint32_t head_checksum(std::string_view object, ByteView head) {
  return Checksum().text(object).bytes(head);
}

std::uint32_t snapshot_checksum(std::string_view object, std::uint64_t upto, ByteView snapshot) {
  return Checksum().text(object).number(upto).bytes(snapshot);
}

std::uint32_t log_checksum(std::string_view object, std::uint64_t seq, std::string_view author,
                           std::int64_t time_ms, ByteView bytes) {
  return Checksum()
      .text(object)
      .number(seq)
      .text(author)
      .number(static_cast<std::uint64_t>(time_ms))
      .bytes(bytes);
}

}  // namespace syncline::adapters
