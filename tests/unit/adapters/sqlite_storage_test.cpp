// SqliteStorage: the conformance suite, and what only a real file can do: be locked, damaged, full,
// of another version, and outlive its process.
#include "adapters/sqlite/sqlite_storage.hpp"

#include <gtest/gtest.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <optional>
#include <random>
#include <string>

#include "adapters/sqlite/crc32c.hpp"
#include "adapters/sqlite/tuning.hpp"
#include "storage/contents.hpp"
#include "support/seeds.hpp"
#include "support/test_executor.hpp"
#include "unit/adapters/faulty_vfs.hpp"
#include "unit/storage/storage_suite.hpp"

namespace syncline::adapters {
namespace {

using storage::bytes_of;
using storage::head;
using storage::Record;
using storage::RecordKind;
using storage::seqs;
using storage::Storage;
using storage::StorageSuite;
using storage::Stored;
using storage::Ticket;
using storage::update;

/// A directory that goes away with the test.
class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string pattern = (std::filesystem::temp_directory_path() / "syncline-XXXXXX").string();
    path_ = ::mkdtemp(pattern.data());
  }
  ~TemporaryDirectory() { std::filesystem::remove_all(path_); }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

  const std::string& path() const { return path_; }
  std::string file(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

class SqliteBackend : public storage::Backend {
 public:
  std::unique_ptr<Storage> open() override {
    auto opened = SqliteStorage::open_directory(directory_.path(), executor_,
                                                {.pages_max = 0, .vfs = vfs_.name()});
    if (!opened.ok()) ADD_FAILURE() << opened.error().message();
    return std::move(*opened);
  }
  bool run_until(const std::function<bool()>& done) override { return executor_.run_until(done); }
  void settle() override { executor_.run(); }
  void fail_appends(bool failing) override { vfs_.full = failing; }

 private:
  test::FaultyVfs vfs_;
  TemporaryDirectory directory_;
  test::TestExecutor executor_;
};

INSTANTIATE_TEST_SUITE_P(Sqlite, StorageSuite,
                         ::testing::Values(storage::BackendCase{
                             "SqliteStorage", [] { return std::make_unique<SqliteBackend>(); }}));

/// Calls that wait for their answer, on files of a directory of their own.
class SqliteStorageTest : public ::testing::Test {
 protected:
  using Opened = Result<std::unique_ptr<SqliteStorage>>;

  Opened open(const SqliteStorage::Options& options = {}) {
    return SqliteStorage::open_directory(directory_.path(), executor_, options);
  }
  std::unique_ptr<SqliteStorage> must_open(const SqliteStorage::Options& options = {}) {
    Opened opened = open(options);
    if (!opened.ok()) ADD_FAILURE() << opened.error().message();
    return opened.ok() ? *std::move(opened) : nullptr;
  }
  Result<Ticket> append(Storage& storage, const std::vector<Record>& records) {
    std::optional<Result<Ticket>> outcome;
    storage.append(records, [&](Result<Ticket> result) { outcome.emplace(std::move(result)); });
    EXPECT_TRUE(executor_.run_until([&] { return outcome.has_value(); }));
    return *outcome;
  }
  Result<std::optional<Stored>> load(Storage& storage, const std::string& object) {
    std::optional<Result<std::optional<Stored>>> answer;
    storage.load(object, [&](Result<std::optional<Stored>> result) { answer.emplace(result); });
    EXPECT_TRUE(executor_.run_until([&] { return answer.has_value(); }));
    return *answer;
  }
  Result<void> fold(Storage& storage, const std::string& object, std::uint64_t upto) {
    std::optional<Result<void>> answer;
    storage.fold(object, upto, bytes_of("state"), upto, false,
                 [&](Result<void> result) { answer.emplace(result); });
    EXPECT_TRUE(executor_.run_until([&] { return answer.has_value(); }));
    return *answer;
  }
  std::string database() const { return directory_.file("syncline.db"); }

  /// Changes a closed database behind the storage's back.
  void tamper(const std::string& sql) {
    sqlite3* connection = nullptr;
    ASSERT_EQ(sqlite3_open(database().c_str(), &connection), SQLITE_OK);
    EXPECT_EQ(sqlite3_exec(connection, sql.c_str(), nullptr, nullptr, nullptr), SQLITE_OK)
        << sqlite3_errmsg(connection);
    sqlite3_close(connection);
  }

  TemporaryDirectory directory_;
  test::TestExecutor executor_;
};

TEST_F(SqliteStorageTest, WhatWasStoredIsThereAfterReopening) {
  {
    const auto storage = must_open();
    for (std::uint64_t seq = 1; seq <= 4; ++seq)
      ASSERT_TRUE(append(*storage, {update("comm://a/x", seq),
                                    head("comm://a/x", seq, "head " + std::to_string(seq))})
                      .ok());
    ASSERT_TRUE(fold(*storage, "comm://a/x", 2).ok());
  }
  const auto storage = must_open();
  const auto found = load(*storage, "comm://a/x");
  ASSERT_TRUE(found.ok() && found->has_value());
  EXPECT_EQ((*found)->head, bytes_of("head 4"));
  EXPECT_EQ((*found)->upto, 2U);
  EXPECT_EQ((*found)->snapshot, bytes_of("state"));
  EXPECT_EQ(seqs((*found)->tail), (std::vector<std::uint64_t>{3, 4}));
  ASSERT_TRUE(append(*storage, {update("comm://a/x", 5)}).ok());
  EXPECT_EQ(seqs((*load(*storage, "comm://a/x"))->tail), (std::vector<std::uint64_t>{3, 4, 5}));
}

TEST_F(SqliteStorageTest, DestroyingStoresWhatWasAppended) {
  {
    const auto storage = must_open();
    for (std::uint64_t seq = 1; seq <= 1000; ++seq)
      storage->append(std::vector{update("comm://a/x", seq)}, [](const Result<Ticket>&) {});
  }
  EXPECT_FALSE(std::filesystem::exists(database() + "-wal")) << "copied back at a clean end";
  const auto storage = must_open();
  EXPECT_EQ((*load(*storage, "comm://a/x"))->tail.size(), 1000U);
}

TEST_F(SqliteStorageTest, TheIndexMovesOnWithoutLosingARow) {
  // Enough rows that the index moves several times, and folds and reopening in between.
  constexpr std::uint64_t kRounds = 30;
  constexpr std::uint64_t kObjects = 100;
  constexpr std::uint64_t kEach = kFreshRowsMax / 10 / kObjects;
  storage::Contents model;
  auto storage = must_open();
  std::uint64_t seq = 0;
  for (std::uint64_t round = 0; round < kRounds; ++round) {
    for (std::uint64_t each = 0; each < kEach; ++each) {
      ++seq;
      for (std::uint64_t object = 0; object < kObjects; ++object) {
        const std::string url = "comm://a/" + std::to_string(object);
        std::vector<Record> records{update(url, seq)};
        if (each == object % kEach)
          records.push_back(head(url, seq, "head " + std::to_string(seq)));
        model.append(records);
        storage->append(records, [](const Result<Ticket>& result) { EXPECT_TRUE(result.ok()); });
      }
    }
    const std::string folded = "comm://a/" + std::to_string(round);
    ASSERT_TRUE(model.fold(folded, seq, bytes_of("state"), seq, false).ok());
    ASSERT_TRUE(fold(*storage, folded, seq).ok());
    if (round % 10 == 9) {
      storage.reset();
      storage = must_open();
    }
  }
  for (std::uint64_t object = 0; object < kObjects; ++object) {
    const std::string url = "comm://a/" + std::to_string(object);
    const auto found = load(*storage, url);
    ASSERT_TRUE(found.ok()) << found.error().message();
    ASSERT_EQ(*found, model.load(url)) << url;
  }
}

TEST_F(SqliteStorageTest, ASingleFileServesAClient) {
  const std::string file = directory_.file("alice.db");
  {
    auto storage = SqliteStorage::open_file(file, executor_, {});
    ASSERT_TRUE(storage.ok()) << storage.error().message();
    ASSERT_TRUE(append(**storage, {update("comm://a/x", 1)}).ok());
  }
  EXPECT_TRUE(std::filesystem::exists(file));
  auto storage = SqliteStorage::open_file(file, executor_, {});
  EXPECT_EQ((*load(**storage, "comm://a/x"))->tail.size(), 1U);
}

TEST_F(SqliteStorageTest, TheSecondOpenerHearsWhoHoldsTheData) {
  auto storage = must_open();
  const Opened second = open();
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().code(), Code::kConflict);
  EXPECT_EQ(second.error().reason(), "in_use");
  EXPECT_NE(second.error().message().find("in use by PID " + std::to_string(::getpid())),
            std::string::npos)
      << second.error().message();
  storage.reset();
  EXPECT_TRUE(open().ok());
}

TEST_F(SqliteStorageTest, AFileOfANewerVersionIsLeftAlone) {
  must_open().reset();
  tamper("PRAGMA user_version=999");
  const Opened opened = open();
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(opened.error().reason(), "newer_version");
  EXPECT_NE(opened.error().message().find("run that version"), std::string::npos);
}

TEST_F(SqliteStorageTest, ADatabaseOfAnotherProgramIsLeftAlone) {
  tamper("CREATE TABLE recipes(name TEXT)");
  const Opened opened = open();
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(opened.error().reason(), "not_a_database");
  tamper("INSERT INTO recipes VALUES('pie')");
}

TEST_F(SqliteStorageTest, AFileThatIsNoDatabaseIsLeftAlone) {
  for (const std::string& garbage :
       {std::string("x"), std::string(100, 'x'), std::string(100'000, 'x'),
        "SQLite format 3\0" + std::string(8000, 'x')}) {
    std::ofstream(database(), std::ios::binary) << garbage;
    const Opened opened = open();
    ASSERT_FALSE(opened.ok());
    EXPECT_EQ(opened.error().reason(), "not_a_database") << opened.error().message();
    std::ifstream in(database(), std::ios::binary);
    EXPECT_EQ(std::string(std::istreambuf_iterator<char>(in), {}), garbage);
  }
}

TEST_F(SqliteStorageTest, AnEmptyFileBecomesADatabase) {
  std::ofstream(database(), std::ios::binary).flush();
  EXPECT_TRUE(open().ok());
}

TEST_F(SqliteStorageTest, APlaceThatCannotBeWrittenIsSaidSo) {
  // Below a regular file: that fails for root, too.
  std::ofstream(directory_.file("file")) << "x";
  for (const std::string& place : {directory_.file("file"), directory_.file("file/below")}) {
    const Opened opened = SqliteStorage::open_directory(place, executor_, {});
    ASSERT_FALSE(opened.ok());
    EXPECT_EQ(opened.error().reason(), "not_writable");
    EXPECT_NE(opened.error().message().find(place), std::string::npos);
  }
  const Opened opened = SqliteStorage::open_file(directory_.file("missing/a.db"), executor_, {});
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(opened.error().reason(), "not_writable");
}

TEST_F(SqliteStorageTest, ADamagedRecordConcernsItsObjectOnly) {
  {
    const auto storage = must_open();
    ASSERT_TRUE(
        append(*storage, {update("comm://a/log", 1, "one"), update("comm://a/log", 2, "two"),
                          update("comm://a/author", 1), head("comm://a/head", 0, "head"),
                          update("comm://a/snapshot", 1), update("comm://a/well", 1)})
            .ok());
    ASSERT_TRUE(fold(*storage, "comm://a/snapshot", 1).ok());
  }
  tamper("UPDATE log SET bytes='owt' WHERE seq=2");
  tamper(
      "UPDATE log SET author=99 WHERE object=(SELECT id FROM object WHERE url='comm://a/author')");
  tamper("UPDATE fresh_head SET bytes='dead'");
  tamper("UPDATE snapshot SET upto=2");
  const auto storage = must_open();
  for (const char* object :
       {"comm://a/log", "comm://a/author", "comm://a/head", "comm://a/snapshot"}) {
    const auto found = load(*storage, object);
    ASSERT_FALSE(found.ok()) << object;
    EXPECT_EQ(found.error().reason(), "storage");
    EXPECT_NE(found.error().message().find(object), std::string::npos) << found.error().message();
    EXPECT_NE(found.error().message().find("damaged"), std::string::npos)
        << found.error().message();
  }
  EXPECT_EQ((*load(*storage, "comm://a/well"))->tail.size(), 1U);
  EXPECT_TRUE(append(*storage, {update("comm://a/well", 2)}).ok());
}

TEST_F(SqliteStorageTest, AFullDiskRefusesUntilAFoldMakesRoom) {
  const auto storage = must_open({.pages_max = 300, .vfs = ""});
  const std::string big(50'000, 'z');
  std::uint64_t stored = 0;
  std::optional<Result<Ticket>> failed;
  while (!failed) {
    const auto result = append(*storage, {update("comm://a/x", stored + 1, big)});
    if (result.ok())
      ++stored;
    else
      failed.emplace(result);
    ASSERT_LT(stored, 100U);
  }
  EXPECT_GT(stored, 5U);
  EXPECT_EQ(failed->error().reason(), "storage");
  EXPECT_NE(failed->error().message().find("free space"), std::string::npos);
  EXPECT_EQ((*load(*storage, "comm://a/x"))->tail.size(), stored);

  ASSERT_TRUE(fold(*storage, "comm://a/x", stored).ok());
  EXPECT_TRUE(append(*storage, {update("comm://a/x", stored + 1, big)}).ok());
  EXPECT_EQ(seqs((*load(*storage, "comm://a/x"))->tail), std::vector{stored + 1});
}

TEST_F(SqliteStorageTest, AfterAFailedSyncNothingIsAcknowledgedUntilReopened) {
  test::FaultyVfs vfs;
  {
    const auto storage = must_open({.pages_max = 0, .vfs = vfs.name()});
    ASSERT_TRUE(append(*storage, {update("comm://a/x", 1)}).ok());
    vfs.sync_fails = true;
    EXPECT_FALSE(append(*storage, {update("comm://a/x", 2)}).ok());
    vfs.sync_fails = false;
    const auto later = append(*storage, {update("comm://a/x", 2)});
    ASSERT_FALSE(later.ok());
    EXPECT_NE(later.error().message().find("until the data is opened again"), std::string::npos);
    EXPECT_FALSE(fold(*storage, "comm://a/x", 1).ok());
  }
  const auto storage = must_open({.pages_max = 0, .vfs = vfs.name()});
  EXPECT_GE((*load(*storage, "comm://a/x"))->tail.size(), 1U);
  EXPECT_TRUE(append(*storage, {update("comm://a/x", 3)}).ok());
}

TEST_F(SqliteStorageTest, AppendsShareASync) {
  test::FaultyVfs vfs;
  const auto storage = must_open({.pages_max = 0, .vfs = vfs.name()});
  const std::uint64_t before = vfs.syncs;
  int durable = 0;
  for (std::uint64_t seq = 1; seq <= 2000; ++seq)
    storage->append(std::vector{update("comm://a/x", seq)},
                    [&](const Result<Ticket>&) { ++durable; });
  ASSERT_TRUE(executor_.run_until([&] { return durable == 2000; }));
  EXPECT_LT(vfs.syncs - before, 500U);
}

TEST_F(SqliteStorageTest, WhatIsDurableSurvivesPowerLoss) {
  const std::uint64_t seed = test::unit_seed();
  SCOPED_TRACE("SYNCLINE_SEED=" + std::to_string(seed));
  std::mt19937 random(static_cast<unsigned>(seed));
  test::FaultyVfs vfs;
  const std::string from = directory_.file("before");
  auto opened = SqliteStorage::open_directory(from, executor_, {.pages_max = 0, .vfs = vfs.name()});
  ASSERT_TRUE(opened.ok());
  std::uint64_t appended = 0;
  std::uint64_t durable = 0;
  for (int loss = 0; loss < 25; ++loss) {
    // Losses fall anywhere: into commits, checkpoints and the quiet between.
    for (auto more = random() % 40; more > 0; --more) {
      const std::uint64_t seq = ++appended;
      const Record record = update("comm://a/x", seq, std::string(random() % 9000, 'u'));
      (*opened)->append(std::vector{record}, [&durable, seq](const Result<Ticket>& result) {
        ASSERT_TRUE(result.ok());
        durable = seq;
      });
    }
    const std::uint64_t wanted = durable + random() % (appended - durable + 1);
    ASSERT_TRUE(executor_.run_until([&] { return durable >= wanted; }));
    const std::string to = directory_.file("after" + std::to_string(loss));
    vfs.lose_power(from, to, random);
    const std::uint64_t promised = durable;

    auto restarted = SqliteStorage::open_directory(to, executor_, {});
    ASSERT_TRUE(restarted.ok()) << restarted.error().message();
    const auto found = load(**restarted, "comm://a/x");
    ASSERT_TRUE(found.ok()) << found.error().message();
    const std::vector<Record> tail = found->has_value() ? (*found)->tail : std::vector<Record>{};
    ASSERT_GE(tail.size(), promised);
    for (std::size_t at = 0; at < tail.size(); ++at) ASSERT_EQ(tail[at].seq, at + 1);
    restarted->reset();
    std::filesystem::remove_all(to);
  }
}

/// The child of the test below: appends without end and writes the seq of each durable one to a
/// pipe.
[[noreturn]] void append_until_killed(const std::string& directory, std::uint64_t after, int pipe) {
  test::TestExecutor executor;
  auto storage = SqliteStorage::open_directory(directory, executor, {});
  if (!storage.ok()) ::_exit(1);
  std::uint64_t open = 0;
  for (std::uint64_t seq = after + 1;; ++seq) {
    ++open;
    (*storage)->append(
        std::vector{update("comm://a/x", seq), head("comm://a/x", seq, std::to_string(seq))},
        [&open, seq, pipe](const Result<Ticket>& result) {
          --open;
          if (result.ok() && ::write(pipe, &seq, sizeof seq) != sizeof seq) ::_exit(1);
        });
    executor.run_until([&] { return open < 64; });
  }
}

TEST_F(SqliteStorageTest, WhatIsDurableSurvivesKill9) {
  const std::uint64_t seed = test::unit_seed();
  SCOPED_TRACE("SYNCLINE_SEED=" + std::to_string(seed));
  std::mt19937 random(static_cast<unsigned>(seed));
  std::uint64_t stored = 0;
  for (int kill = 0; kill < 8; ++kill) {
    std::array<int, 2> ends{};
    ASSERT_EQ(::pipe(ends.data()), 0);
    const pid_t child = ::fork();
    if (child == 0) append_until_killed(directory_.path(), stored, ends[1]);
    ::close(ends[1]);
    std::uint64_t acknowledged = stored;
    std::uint64_t seq = 0;
    const std::uint64_t enough = stored + 1 + random() % 3000;
    while (::read(ends[0], &seq, sizeof seq) == sizeof seq) {
      acknowledged = seq;
      if (acknowledged >= enough) ::kill(child, SIGKILL);
    }
    ::close(ends[0]);
    ASSERT_EQ(::waitpid(child, nullptr, 0), child);
    ASSERT_GE(acknowledged, enough);

    const auto storage = must_open();
    const auto found = load(*storage, "comm://a/x");
    ASSERT_TRUE(found.ok()) << found.error().message();
    ASSERT_GE((*found)->tail.size(), acknowledged);
    for (std::size_t at = 0; at < (*found)->tail.size(); ++at)
      ASSERT_EQ((*found)->tail[at].seq, at + 1);
    stored = (*found)->tail.size();
    EXPECT_EQ((*found)->head, bytes_of(std::to_string(stored))) << "head and update come together";
  }
}

TEST(Crc32c, AgreesWithThePublishedVectors) {
  // RFC 3720 appendix B.4.
  EXPECT_EQ(crc32c(0, Bytes(32, 0)), 0x8a9136aaU);
  EXPECT_EQ(crc32c(0, Bytes(32, 0xff)), 0x62a8ab43U);
  Bytes ascending(32);
  for (std::size_t at = 0; at < ascending.size(); ++at)
    ascending[at] = static_cast<std::uint8_t>(at);
  EXPECT_EQ(crc32c(0, ascending), 0x46dd794eU);
  EXPECT_EQ(crc32c(0, view_of("123456789")), 0xe3069283U);
  EXPECT_EQ(crc32c(crc32c(0, view_of("1234")), view_of("56789")), 0xe3069283U);
}

}  // namespace
}  // namespace syncline::adapters
