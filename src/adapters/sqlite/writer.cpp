#include "adapters/sqlite/writer.hpp"

#include <algorithm>
#include <utility>

#include "adapters/sqlite/schema.hpp"
#include "adapters/sqlite/tuning.hpp"
#include "base/check.hpp"
#include "base/log.hpp"
#include "storage/contents.hpp"

namespace syncline::adapters {

using storage::Record;
using storage::RecordKind;
using storage::Ticket;

Result<Names> Names::open(Database& database, const std::string& table) {
  SYNCLINE_TRY_ASSIGN(select, database.prepare("SELECT id FROM " + table + " WHERE url=?1"));
  SYNCLINE_TRY_ASSIGN(insert, database.prepare("INSERT INTO " + table + "(url) VALUES(?1)"));
  return Names(database, std::move(select), std::move(insert));
}

Result<std::optional<std::int64_t>> Names::find(std::string_view name) {
  const std::string key(name);
  if (const auto known = known_.find(key); known != known_.end())
    return std::optional(known->second);
  const StatementScope scope(select_);
  SYNCLINE_TRY_ASSIGN(found, select_.bind(1, name).step());
  if (!found) return std::optional<std::int64_t>();
  if (known_.size() >= kNamesCachedMax) known_.clear();
  return std::optional(known_.emplace(key, select_.integer(0)).first->second);
}

Result<std::int64_t> Names::intern(std::string_view name) {
  SYNCLINE_TRY_ASSIGN(found, find(name));
  if (found) return *found;
  SYNCLINE_TRY(insert_.bind(1, name).run());
  return known_.emplace(name, database_->last_insert_rowid()).first->second;
}

Result<std::unique_ptr<Writer>> Writer::start(Database database, Fresh& fresh, Progress& progress,
                                              Reporter reporter) {
  auto owned = std::make_unique<Database>(std::move(database));
  SYNCLINE_TRY_ASSIGN(objects, Names::open(*owned, "object"));
  SYNCLINE_TRY_ASSIGN(identities, Names::open(*owned, "identity"));
  std::unique_ptr<Writer> writer(new Writer(std::move(owned), fresh, progress, std::move(reporter),
                                            std::move(objects), std::move(identities)));
  SYNCLINE_TRY(writer->prepare());
  SYNCLINE_TRY(writer->find_fresh_rows());
  writer->thread_ = std::thread([self = writer.get()] { self->run(); });
  return writer;
}

Writer::Writer(std::unique_ptr<Database> database, Fresh& fresh, Progress& progress,
               Reporter reporter, Names objects, Names identities)
    : database_(std::move(database)),
      fresh_(fresh),
      progress_(progress),
      reporter_(std::move(reporter)),
      objects_(std::move(objects)),
      identities_(std::move(identities)) {}

Writer::~Writer() {
  calls_.stop();
  if (thread_.joinable()) thread_.join();
  // After a failed fsync the write-ahead log may be all that is left of what was acknowledged.
  if (distrusted_) database_->keep_log_on_close();
}

Result<void> Writer::prepare() {
  struct Row {
    Statement& statement;
    const char* sql;
  };
  const Row rows[] = {
      {statements_.append_log, "INSERT INTO log VALUES(?1,?2,?3,?4,?5,?6,?7)"},
      {statements_.append_head, "INSERT INTO fresh_head VALUES(?1,?2,?3,?4)"},
      // In the order of the index, so that its pages are written once each.
      {statements_.index_log,
       "INSERT INTO entry SELECT object, id FROM log WHERE id > (SELECT indexed FROM state)"
       " ORDER BY object, id"},
      {statements_.index_heads,
       "UPDATE object SET head = newest.bytes, crc = newest.crc FROM"
       " (SELECT object, bytes, crc, max(id) FROM fresh_head GROUP BY object) AS newest"
       " WHERE object.id = newest.object"},
      {statements_.empty_heads, "DELETE FROM fresh_head"},
      {statements_.set_indexed, "UPDATE state SET indexed = ?1"},
      {statements_.snapshot_upto, "SELECT upto FROM snapshot WHERE object = ?1"},
      {statements_.entries, "SELECT row FROM entry WHERE object = ?1 ORDER BY row"},
      {statements_.seq_of_row, "SELECT seq FROM log WHERE id = ?1"},
      {statements_.drop_row, "DELETE FROM log WHERE id = ?1"},
      {statements_.drop_entry, "DELETE FROM entry WHERE object = ?1 AND row = ?2"},
      {statements_.put_snapshot, "INSERT OR REPLACE INTO snapshot VALUES(?1,?2,?3,?4)"},
  };
  for (const Row& row : rows) {
    SYNCLINE_TRY_ASSIGN(prepared, database_->prepare(row.sql));
    row.statement = std::move(prepared);
  }
  return {};
}

Result<void> Writer::find_fresh_rows() {
  SYNCLINE_TRY_ASSIGN(indexed, database_->query_integer("SELECT indexed FROM state"));
  next_row_ = indexed +
              1;  // a fold may have dropped the newest rows, the index must not see their ids again
  SYNCLINE_TRY_ASSIGN(log,
                      database_->prepare("SELECT object, id FROM log WHERE id > ?1 ORDER BY id"));
  log.bind(1, indexed);
  for (;;) {
    SYNCLINE_TRY_ASSIGN(row, log.step());
    if (!row) break;
    fresh_.objects[log.integer(0)].rows.push_back(log.integer(1));
    next_row_ = log.integer(1) + 1;
    ++fresh_.rows;
  }
  SYNCLINE_TRY_ASSIGN(heads, database_->prepare("SELECT object, id FROM fresh_head ORDER BY id"));
  for (;;) {
    SYNCLINE_TRY_ASSIGN(row, heads.step());
    if (!row) break;
    fresh_.objects[heads.integer(0)].head = heads.integer(1);
    next_head_ = heads.integer(1) + 1;
    ++fresh_.rows;
  }
  return {};
}

void Writer::run() {
  for (;;) {
    std::deque<WriteCall> calls = calls_.take();
    if (calls.empty()) return;
    for (WriteCall& call : calls) std::visit([this](auto& one) { carry_out(one); }, call);
    commit_appends();
    progress_.advance(calls.size());
    keep_log_short();
  }
}

void Writer::carry_out(AppendCall& call) {
  if (call.generation <= failed_generation_) return;
  if (distrusted_) return fail_appends(call.generation, *distrusted_);
  open_generation_ = call.generation;
  if (const Result<void> added = add(call); !added.ok()) {
    open_ticket_ = 0;
    return fail_appends(call.generation, roll_back(added.error()));
  }
  open_ticket_ = call.ticket;
  if (open_bytes_ >= kCommitBytesMax) commit_appends();
}

Result<void> Writer::add(const AppendCall& call) {
  if (open_ticket_ == 0) {
    open_bytes_ = 0;
    SYNCLINE_TRY(database_->execute("BEGIN IMMEDIATE"));
  }
  for (const Record& record : call.records) SYNCLINE_TRY(add(record));
  return {};
}

Result<void> Writer::add(const Record& record) {
  SYNCLINE_TRY_ASSIGN(object, objects_.intern(record.object));
  open_bytes_ += record.bytes.size();
  if (record.kind == RecordKind::kHead) {
    statements_.append_head.bind(1, next_head_)
        .bind(2, object)
        .bind(3, record.bytes)
        .bind(4, std::int64_t{head_checksum(record.object, record.bytes)});
    SYNCLINE_TRY(statements_.append_head.run());
    added_.push_back({object, next_head_++, true});
    return {};
  }
  SYNCLINE_TRY_ASSIGN(author, identities_.intern(record.author));
  statements_.append_log.bind(1, next_row_)
      .bind(2, object)
      .bind(3, static_cast<std::int64_t>(record.seq))
      .bind(4, author)
      .bind(5, record.time_ms)
      .bind(6, record.bytes)
      .bind(7, std::int64_t{log_checksum(record.object, record.seq, record.author, record.time_ms,
                                         record.bytes)});
  SYNCLINE_TRY(statements_.append_log.run());
  added_.push_back({object, next_row_++, false});
  return {};
}

void Writer::commit_appends() {
  if (open_ticket_ == 0) return;
  const Ticket ticket = std::exchange(open_ticket_, 0);
  if (const Result<void> done = commit(); !done.ok())
    return fail_appends(open_generation_, roll_back(done.error()));
  reporter_.post([ticket](Callbacks& callbacks) { callbacks.appends.durable_upto(ticket); });
}

Result<void> Writer::commit() {
  const bool index_moves = fresh_.rows + added_.size() > kFreshRowsMax;
  if (index_moves) SYNCLINE_TRY(move_index());
  const std::lock_guard lock(fresh_.mutex);
  SYNCLINE_TRY(database_->execute("COMMIT"));
  if (index_moves) {
    fresh_.objects.clear();
    fresh_.rows = 0;
    next_head_ = 1;
  } else {
    for (const AddedRow& row : added_) {
      Fresh::Object& object = fresh_.objects[row.object];
      if (row.head)
        object.head = row.row;
      else
        object.rows.push_back(row.row);
    }
    fresh_.rows += added_.size();
  }
  added_.clear();
  return {};
}

Result<void> Writer::move_index() {
  SYNCLINE_TRY(statements_.index_log.run());
  SYNCLINE_TRY(statements_.index_heads.run());
  SYNCLINE_TRY(statements_.empty_heads.run());
  return statements_.set_indexed.bind(1, next_row_ - 1).run();
}

void Writer::fail_appends(std::uint64_t generation, const Error& error) {
  failed_generation_ = generation;
  reporter_.post(
      [generation, error](Callbacks& callbacks) { callbacks.appends.failed(generation, error); });
}

void Writer::carry_out(FoldCall& call) {
  commit_appends();
  Result<void> result;
  if (distrusted_)
    result = Error(*distrusted_);
  else if (call.generation <= failed_generation_)
    result = storage::fold_after_failure(call.object);
  else if (result = fold(call); !result.ok())
    result = roll_back(result.error());
  reporter_.post([number = call.call, result](Callbacks& callbacks) {
    callbacks.folds.answer(number, result);
  });
}

Result<void> Writer::fold(const FoldCall& call) {
  SYNCLINE_TRY(database_->execute("BEGIN IMMEDIATE"));
  SYNCLINE_TRY_ASSIGN(object, objects_.find(call.object));
  if (!object) return storage::no_such_object(call.object);
  {
    Statement& select = statements_.snapshot_upto;
    const StatementScope scope(select);
    SYNCLINE_TRY_ASSIGN(folded, select.bind(1, *object).step());
    const auto stored_upto = folded ? static_cast<std::uint64_t>(select.integer(0)) : 0;
    if (call.upto < stored_upto) return storage::stale_fold(call.object, call.upto, stored_upto);
  }
  // Dropped first: on a full disk that may be what makes room for the snapshot.
  std::size_t fresh_dropped = 0;
  if (!call.keep_history) {
    SYNCLINE_TRY_ASSIGN(dropped, drop_rows(*object, std::min(call.upto, call.keep_from)));
    fresh_dropped = dropped;
  }
  SYNCLINE_TRY(statements_.put_snapshot.bind(1, *object)
                   .bind(2, static_cast<std::int64_t>(call.upto))
                   .bind(3, call.snapshot)
                   .bind(4, std::int64_t{snapshot_checksum(call.object, call.upto, call.snapshot)})
                   .run());
  const std::lock_guard lock(fresh_.mutex);
  SYNCLINE_TRY(database_->execute("COMMIT"));
  if (fresh_dropped > 0) {
    std::vector<std::int64_t>& rows = fresh_.objects[*object].rows;
    rows.erase(rows.begin(), rows.begin() + static_cast<std::ptrdiff_t>(fresh_dropped));
    fresh_.rows -= fresh_dropped;
  }
  return {};
}

/// Drops the object's log rows up to a seq, oldest first. Returns how many of them were fresh.
Result<std::size_t> Writer::drop_rows(std::int64_t object, std::uint64_t upto) {
  std::vector<std::int64_t> entries;
  {
    Statement& select = statements_.entries;
    const StatementScope scope(select);
    select.bind(1, object);
    for (;;) {
      SYNCLINE_TRY_ASSIGN(found, select.step());
      if (!found) break;
      entries.push_back(select.integer(0));
    }
  }
  for (const std::int64_t row : entries) {
    SYNCLINE_TRY_ASSIGN(dropped, drop_row(row, upto));
    if (!dropped) return std::size_t{0};
    SYNCLINE_TRY(statements_.drop_entry.bind(1, object).bind(2, row).run());
  }
  std::size_t fresh_dropped = 0;
  const auto fresh = fresh_.objects.find(object);
  if (fresh == fresh_.objects.end()) return fresh_dropped;
  for (const std::int64_t row : fresh->second.rows) {
    SYNCLINE_TRY_ASSIGN(dropped, drop_row(row, upto));
    if (!dropped) break;
    ++fresh_dropped;
  }
  return fresh_dropped;
}

/// Drops one log row unless its seq is past `upto`. A row that is not there counts as dropped.
Result<bool> Writer::drop_row(std::int64_t row, std::uint64_t upto) {
  {
    Statement& select = statements_.seq_of_row;
    const StatementScope scope(select);
    SYNCLINE_TRY_ASSIGN(found, select.bind(1, row).step());
    if (found && static_cast<std::uint64_t>(select.integer(0)) > upto) return false;
  }
  SYNCLINE_TRY(statements_.drop_row.bind(1, row).run());
  return true;
}

/// Ends the open transaction after `error`; returns the error to report.
Error Writer::roll_back(const Error& error) {
  added_.clear();
  objects_.forget();
  identities_.forget();
  if (database_->in_transaction() && !database_->execute("ROLLBACK").ok() &&
      database_->in_transaction())
    distrust(error);
  if (database_->distrusted()) distrust(error);
  return distrusted_ ? *distrusted_ : error;
}

/// Stores nothing any more: after a failed fsync the kernel may have dropped the pages and say the
/// next time that all is well.
void Writer::distrust(const Error& error) {
  if (distrusted_) return;
  distrusted_ = storage::storage_error(
      error.message() + "; nothing more is stored until the data is opened again: check the disk");
  log::error("storage", distrusted_->message());
}

void Writer::keep_log_short() {
  if (distrusted_ || database_->wal_pages() < kWalPagesMax) return;
  if (const Result<void> done = database_->checkpoint(); !done.ok()) {
    // Nothing is lost: it is all in the write-ahead log, which only grows meanwhile.
    log::warning("storage", done.error().message());
    if (database_->distrusted()) distrust(done.error());
  }
}

}  // namespace syncline::adapters
