#include "adapters/sqlite/sqlite_storage.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <filesystem>
#include <system_error>
#include <utility>

#include "adapters/sqlite/calls.hpp"
#include "adapters/sqlite/file_lock.hpp"
#include "adapters/sqlite/reader.hpp"
#include "adapters/sqlite/schema.hpp"
#include "adapters/sqlite/writer.hpp"

namespace syncline::adapters {

using storage::ListEntry;
using storage::Record;
using storage::Stored;
using storage::Ticket;

namespace {

/// Makes the names in a directory survive power loss, a new database's for one.
void sync_directory(const std::filesystem::path& directory) {
  const int descriptor = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return;
  ::fsync(descriptor);  // where a file system cannot, it needs not
  ::close(descriptor);
}

std::filesystem::path folder_of(const std::filesystem::path& path) {
  return path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
}

}  // namespace

/// Everything behind the port. The order of the members is that of their construction: the lock is
/// given back last, and the reader ends before the writer, whose connection then closes last and
/// copies the write-ahead log back.
struct SqliteStorage::Threads {
  FileLock lock;
  std::shared_ptr<Callbacks> callbacks = std::make_shared<Callbacks>();
  Fresh fresh;
  Progress progress;
  std::unique_ptr<Writer> writer;
  std::unique_ptr<Reader> reader;
  std::uint64_t writes = 0;  ///< appends and folds called so far
  std::uint64_t calls = 0;   ///< calls so far that wait by number

  explicit Threads(FileLock file_lock) : lock(std::move(file_lock)) {}
};

Result<std::unique_ptr<SqliteStorage>> SqliteStorage::open_file(const std::string& file,
                                                                Executor& executor,
                                                                const Options& options) {
  SYNCLINE_TRY_ASSIGN(lock, FileLock::acquire(file + ".lock"));
  auto threads = std::make_unique<Threads>(std::move(lock));
  const SchemaOptions schema{.vfs = options.vfs, .pages_max = options.pages_max};
  const Reporter reporter(executor, threads->callbacks);
  SYNCLINE_TRY_ASSIGN(writing, open_for_writing(file, schema));
  sync_directory(folder_of(file));
  SYNCLINE_TRY_ASSIGN(
      writer, Writer::start(std::move(writing), threads->fresh, threads->progress, reporter));
  threads->writer = std::move(writer);
  SYNCLINE_TRY_ASSIGN(reading, open_for_reading(file, schema));
  SYNCLINE_TRY_ASSIGN(
      reader, Reader::start(std::move(reading), threads->fresh, threads->progress, reporter));
  threads->reader = std::move(reader);
  return std::unique_ptr<SqliteStorage>(new SqliteStorage(std::move(threads)));
}

Result<std::unique_ptr<SqliteStorage>> SqliteStorage::open_directory(const std::string& directory,
                                                                     Executor& executor,
                                                                     const Options& options) {
  const std::filesystem::path path(directory);
  std::error_code failed;
  std::filesystem::create_directories(path, failed);
  if (failed)
    return Error(Code::kInternal, "not_writable",
                 "storage: cannot make the data directory " + directory + ": " + failed.message() +
                     "; choose another place, or give this user the right to write there");
  sync_directory(folder_of(path));
  return open_file((path / "syncline.db").string(), executor, options);
}

SqliteStorage::SqliteStorage(std::unique_ptr<Threads> threads) : threads_(std::move(threads)) {}

SqliteStorage::~SqliteStorage() {
  threads_->callbacks->appends.close();
  threads_->callbacks.reset();
}

Ticket SqliteStorage::append(std::span<const Record> records,
                             std::function<void(Result<Ticket>)> on_durable) {
  storage::PendingAppends& appends = threads_->callbacks->appends;
  const std::uint64_t generation = appends.generation();
  const Ticket ticket = appends.add(std::move(on_durable));
  ++threads_->writes;
  threads_->writer->push(AppendCall{ticket, generation, {records.begin(), records.end()}});
  return ticket;
}

void SqliteStorage::load(const std::string& object,
                         std::function<void(Result<std::optional<Stored>>)> done) {
  threads_->callbacks->loads.add(++threads_->calls, std::move(done));
  threads_->reader->push(LoadCall{threads_->calls, threads_->writes, object});
}

void SqliteStorage::fold(const std::string& object, std::uint64_t upto, Bytes snapshot,
                         std::uint64_t keep_from, bool keep_history,
                         std::function<void(Result<void>)> done) {
  threads_->callbacks->folds.add(++threads_->calls, std::move(done));
  ++threads_->writes;
  threads_->writer->push(FoldCall{.call = threads_->calls,
                                  .generation = threads_->callbacks->appends.generation(),
                                  .object = object,
                                  .upto = upto,
                                  .snapshot = std::move(snapshot),
                                  .keep_from = keep_from,
                                  .keep_history = keep_history});
}

void SqliteStorage::list(const std::string& glob, const std::string& after, std::size_t limit,
                         std::function<void(Result<std::vector<ListEntry>>)> done) {
  threads_->callbacks->lists.add(++threads_->calls, std::move(done));
  threads_->reader->push(ListCall{threads_->calls, threads_->writes, glob, after, limit});
}

Ticket SqliteStorage::durable() const { return threads_->callbacks->appends.durable(); }

}  // namespace syncline::adapters
