#include "adapters/sqlite/reader.hpp"

#include <algorithm>
#include <utility>

#include "adapters/sqlite/schema.hpp"
#include "base/glob.hpp"
#include "base/log.hpp"
#include "storage/contents.hpp"

namespace syncline::adapters {

using storage::ListEntry;
using storage::Record;
using storage::RecordKind;
using storage::Stored;

namespace {

Bytes copy_of(ByteView bytes) { return Bytes(bytes.begin(), bytes.end()); }

}  // namespace

/// A read transaction: every statement in it sees one state.
class Reader::Transaction {
 public:
  static Result<Transaction> begin(Database& database) {
    SYNCLINE_TRY(database.execute("BEGIN"));
    return Transaction(database);
  }
  Transaction(Transaction&& other) noexcept : database_(std::exchange(other.database_, nullptr)) {}
  Transaction& operator=(Transaction&&) = delete;
  ~Transaction() {
    if (database_ != nullptr) static_cast<void>(database_->execute("ROLLBACK"));
  }

 private:
  explicit Transaction(Database& database) : database_(&database) {}

  Database* database_;
};

Result<std::unique_ptr<Reader>> Reader::start(Database database, Fresh& fresh, Progress& progress,
                                              Reporter reporter) {
  std::unique_ptr<Reader> reader(
      new Reader(std::move(database), fresh, progress, std::move(reporter)));
  SYNCLINE_TRY(reader->prepare());
  reader->thread_ = std::thread([self = reader.get()] { self->run(); });
  return reader;
}

Reader::~Reader() {
  calls_.stop();
  if (thread_.joinable()) thread_.join();
}

Result<void> Reader::prepare() {
  struct Row {
    Statement& statement;
    const char* sql;
  };
  const Row rows[] = {
      {statements_.object, "SELECT id, head, crc FROM object WHERE url = ?1"},
      {statements_.objects, "SELECT url, id, head, crc FROM object WHERE url >= ?1 ORDER BY url"},
      {statements_.snapshot, "SELECT upto, bytes, crc FROM snapshot WHERE object = ?1"},
      {statements_.entries, "SELECT row FROM entry WHERE object = ?1 ORDER BY row"},
      {statements_.log,
       "SELECT log.object, seq, identity.url, time_ms, bytes, crc"
       " FROM log LEFT JOIN identity ON identity.id = log.author WHERE log.id = ?1"},
      {statements_.fresh_head, "SELECT bytes, crc FROM fresh_head WHERE id = ?1"},
  };
  for (const Row& row : rows) {
    SYNCLINE_TRY_ASSIGN(prepared, database_.prepare(row.sql));
    row.statement = std::move(prepared);
  }
  return {};
}

void Reader::run() {
  for (;;) {
    const std::deque<ReadCall> calls = calls_.take();
    if (calls.empty()) return;
    for (const ReadCall& call : calls) std::visit([this](const auto& one) { answer(one); }, call);
  }
}

void Reader::answer(const LoadCall& call) {
  progress_.wait_for(call.after);
  reporter_.post([number = call.call, result = load(call.object)](Callbacks& callbacks) {
    callbacks.loads.answer(number, result);
  });
}

void Reader::answer(const ListCall& call) {
  progress_.wait_for(call.after);
  reporter_.post([number = call.call, result = list(call)](Callbacks& callbacks) {
    callbacks.lists.answer(number, result);
  });
}

Result<std::optional<Stored>> Reader::load(const std::string& object) {
  std::unique_lock begin(fresh_.mutex);
  SYNCLINE_TRY_ASSIGN(transaction, Transaction::begin(database_));
  static_cast<void>(transaction);
  const StatementScope scope(statements_.object);
  SYNCLINE_TRY_ASSIGN(exists, statements_.object.bind(1, object).step());
  if (!exists) return std::optional<Stored>();
  const std::int64_t id = statements_.object.integer(0);
  const auto found = fresh_.objects.find(id);
  const Fresh::Object fresh = found == fresh_.objects.end() ? Fresh::Object{} : found->second;
  begin.unlock();

  Stored stored;
  if (fresh.head == 0 && !statements_.object.is_null(1)) {
    stored.head = copy_of(statements_.object.blob(1));
    if (head_checksum(object, stored.head) != statements_.object.integer(2))
      return damaged(object, "its head");
  }
  SYNCLINE_TRY_ASSIGN(whole, load_parts(object, id, fresh, std::move(stored)));
  return std::optional(std::move(whole));
}

Result<Stored> Reader::load_parts(const std::string& object, std::int64_t id,
                                  const Fresh::Object& fresh, Stored stored) {
  if (fresh.head != 0) {
    SYNCLINE_TRY_ASSIGN(head, fresh_head(object, fresh.head));
    stored.head = std::move(head);
  }
  {
    Statement& select = statements_.snapshot;
    const StatementScope scope(select);
    SYNCLINE_TRY_ASSIGN(folded, select.bind(1, id).step());
    if (folded) {
      stored.upto = static_cast<std::uint64_t>(select.integer(0));
      stored.snapshot = copy_of(select.blob(1));
      if (snapshot_checksum(object, stored.upto, stored.snapshot) != select.integer(2))
        return damaged(object, "its snapshot");
    }
  }
  SYNCLINE_TRY_ASSIGN(rows, indexed_rows(id));
  rows.insert(rows.end(), fresh.rows.begin(), fresh.rows.end());
  stored.tail.reserve(rows.size());
  for (const std::int64_t row : rows) {
    SYNCLINE_TRY_ASSIGN(record, load_record(object, id, row));
    stored.tail.push_back(std::move(record));
  }
  return stored;
}

Result<std::vector<std::int64_t>> Reader::indexed_rows(std::int64_t id) {
  std::vector<std::int64_t> rows;
  Statement& select = statements_.entries;
  const StatementScope scope(select);
  select.bind(1, id);
  for (;;) {
    SYNCLINE_TRY_ASSIGN(found, select.step());
    if (!found) return rows;
    rows.push_back(select.integer(0));
  }
}

Result<Record> Reader::load_record(const std::string& object, std::int64_t id, std::int64_t row) {
  Statement& select = statements_.log;
  const StatementScope scope(select);
  SYNCLINE_TRY_ASSIGN(found, select.bind(1, row).step());
  if (!found) return damaged(object, "an update that its index names");
  Record record{.object = object,
                .seq = static_cast<std::uint64_t>(select.integer(1)),
                .kind = RecordKind::kUpdate,
                .author = std::string(select.text(2)),
                .time_ms = select.integer(3),
                .bytes = copy_of(select.blob(4))};
  const std::uint32_t checksum =
      log_checksum(object, record.seq, record.author, record.time_ms, record.bytes);
  if (select.integer(0) != id || checksum != select.integer(5))
    return damaged(object, "its update " + std::to_string(record.seq));
  return record;
}

Result<Bytes> Reader::fresh_head(std::string_view object, std::int64_t row) {
  Statement& select = statements_.fresh_head;
  const StatementScope scope(select);
  SYNCLINE_TRY_ASSIGN(found, select.bind(1, row).step());
  if (!found || head_checksum(object, select.blob(0)) != select.integer(1))
    return damaged(object, "its head");
  return copy_of(select.blob(0));
}

Result<std::vector<ListEntry>> Reader::list(const ListCall& call) {
  std::vector<ListEntry> entries;
  if (call.limit == 0) return entries;
  // What the glob says before its first wildcard bounds the range of the index that is looked at.
  const std::string prefix = call.glob.substr(0, std::min(call.glob.find('*'), call.glob.size()));
  Statement& select = statements_.objects;
  const StatementScope scope(select);
  // The first string after `after` in byte order is itself with a zero byte.
  const std::string from = std::max(prefix, call.after_object + '\0');
  select.bind(1, from);

  std::unordered_map<std::int64_t, std::int64_t> heads;
  std::unique_lock begin(fresh_.mutex);
  SYNCLINE_TRY_ASSIGN(transaction, Transaction::begin(database_));
  static_cast<void>(transaction);
  SYNCLINE_TRY_ASSIGN(first, select.step());
  for (const auto& [id, fresh] : fresh_.objects)
    if (fresh.head != 0) heads.emplace(id, fresh.head);
  begin.unlock();

  bool more = first;
  while (more && entries.size() < call.limit) {
    const std::string_view url = select.text(0);
    if (!url.starts_with(prefix)) break;
    if (call.glob.empty() || glob_match(call.glob, url)) {
      Result<Bytes> head = Bytes();
      if (const auto fresh = heads.find(select.integer(1)); fresh != heads.end())
        head = fresh_head(url, fresh->second);
      else if (!select.is_null(2) && head_checksum(url, select.blob(2)) != select.integer(3))
        head = damaged(url, "its head");
      else
        head = copy_of(select.blob(2));
      // One damaged object must not hide the others; loading it says what is wrong.
      if (!head.ok()) log::error("storage", head.error().message());
      entries.push_back({std::string(url), head.ok() ? *std::move(head) : Bytes()});
    }
    SYNCLINE_TRY_ASSIGN(next, select.step());
    more = next;
  }
  return entries;
}

Error Reader::damaged(std::string_view object, const std::string& what) const {
  return storage::storage_error("storage: " + database_.path() + ": " + std::string(object) + ": " +
                                what +
                                " is damaged (checksum); restore it from a backup. Other "
                                "objects are not concerned");
}

}  // namespace syncline::adapters
