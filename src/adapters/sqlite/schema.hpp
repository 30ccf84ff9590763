// The tables of a Syncline database file, and the checks made before anything is written to one.
//
//   object(id, url, head, crc)                  the newest head the index knows of
//   identity(id, url)                           authors
//   log(id, object, seq, author, time_ms, bytes, crc)   updates, in order of arrival: appended only
//   fresh_head(id, object, bytes, crc)          heads, in order of arrival: appended, then emptied
//   entry(object, row)                          index of the log rows up to state.indexed
//   snapshot(object, upto, bytes, crc)          folded states
//   state(indexed)
//
// A commit only appends to log and fresh_head. Rows newer than state.indexed are "fresh": found
// through memory (fresh.hpp), and moved into the index thousands at a time.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "adapters/sqlite/database.hpp"

namespace syncline::adapters {

/// PRAGMA user_version of the files this program writes.
inline constexpr std::int64_t kSchemaVersion = 1;

struct SchemaOptions {
  std::string vfs;             ///< name of the SQLite VFS; empty: the system's
  std::int64_t pages_max = 0;  ///< of 4 KiB, that the database may have; 0: as many as fit the disk
};

/// Opens `path` for the writer, and makes a new database where there is no file or an empty one.
/// A file that is not ours, or of a newer program, is left as it is. Errors: {kInternal, "storage",
/// "not_writable", "not_a_database" or "newer_version"}.
Result<Database> open_for_writing(const std::string& path, const SchemaOptions& options);

/// A second connection to a database that open_for_writing() opened.
Result<Database> open_for_reading(const std::string& path, const SchemaOptions& options);

/// The checksums of the rows. They cover the URLs too, so a row under a wrong id is noticed.
std::uint32_t head_checksum(std::string_view object, ByteView head);
std::uint32_t snapshot_checksum(std::string_view object, std::uint64_t upto, ByteView snapshot);
std::uint32_t log_checksum(std::string_view object, std::uint64_t seq, std::string_view author,
                           std::int64_t time_ms, ByteView bytes);

}  // namespace syncline::adapters
