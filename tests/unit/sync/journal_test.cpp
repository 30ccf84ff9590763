// The journal between a replica and a storage that may fail.
#include "sync/journal.hpp"

#include <gtest/gtest.h>

#include "storage/memory.hpp"
#include "support/test_executor.hpp"
#include "sync/replica_store.hpp"
#include "sync/tuning.hpp"

namespace syncline::sync {
namespace {

constexpr const char* kUrl = "comm://example.org/o";
constexpr const char* kAlice = "hyperty://example.org/alice";

SharedBytes some_update() {
  crdt::Doc doc({.client = 7});
  crdt::Map(**doc.root("data", crdt::TypeKind::kMap)).set("a", Value(1));
  return share(doc.encode_state_as_update_v1());
}

class JournalTest : public ::testing::Test {
 protected:
  std::shared_ptr<Journal> journal() { return std::make_shared<Journal>(ports_, kUrl); }
  static Made made(std::uint64_t number) {
    return {.number = number, .relayed = false, .update = some_update()};
  }
  Kept stored() {
    Result<Kept> kept = Error(Code::kInternal, "not asked");
    storage_.load(kUrl, [&](Result<std::optional<storage::Stored>> found) {
      if (found.ok() && *found) kept = read_kept(**found);
    });
    executor_.run();
    EXPECT_TRUE(kept.ok()) << kept.error().message();
    return kept.ok() ? *std::move(kept) : Kept();
  }
  Result<void> open(const std::string& identity, ReplicaStore::Objects* objects = nullptr) {
    ReplicaStore store(ports_);
    Result<void> result = Error(Code::kInternal, "no answer");
    store.open(identity, [&](Result<ReplicaStore::Objects> opened) {
      result = opened.ok() ? Result<void>() : Result<void>(opened.error());
      if (opened.ok() && objects != nullptr) *objects = *std::move(opened);
    });
    executor_.run();
    return result;
  }

  test::TestExecutor executor_;
  storage::MemoryStorage storage_{executor_};
  JournalPorts ports_{.executor = executor_, .clock = executor_, .storage = storage_};
};

TEST_F(JournalTest, WhatABatchGathersIsAppendedAtOnce) {
  const auto one = journal();
  {
    const Journal::Batch outer(one);
    const Journal::Batch inner(one);
    one->write({made(1)});
    one->write({made(2)});
    EXPECT_EQ(storage_.durable(), 0u);
  }
  executor_.run();
  EXPECT_EQ(storage_.durable(), 1u);
  EXPECT_EQ(stored().queue.size(), 2u);
}

TEST_F(JournalTest, AFailingStorageIsTriedAgainAndNothingIsMissing) {
  const auto one = journal();
  one->write({made(1)}, {.owner = kAlice});
  executor_.run();
  storage_.fail_appends(storage::storage_error("full"));
  one->write({made(2)});
  one->write({made(3)});
  std::optional<Result<void>> saved;
  one->saved([&](Result<void> result) { saved = result; });
  executor_.run();
  ASSERT_TRUE(saved);
  EXPECT_EQ(saved->error().reason(), "storage");
  one->write({made(4)});
  executor_.advance(tuning::kRetryMost);
  // What is read back has it all, stored or not.
  std::optional<Kept> recalled;
  one->recall([&](Result<Kept> kept) { recalled = *std::move(kept); });
  executor_.run();
  ASSERT_TRUE(recalled);
  EXPECT_EQ(recalled->queue.size(), 4u);
  storage_.fail_appends(std::nullopt);
  saved.reset();
  one->saved([&](Result<void> result) { saved = result; });
  executor_.advance(2 * tuning::kRetryMost);
  ASSERT_TRUE(saved && saved->ok());
  const Kept kept = stored();
  ASSERT_EQ(kept.queue.size(), 4u);
  EXPECT_EQ(kept.queue.back().number, 4u);
  EXPECT_EQ(kept.facts.owner, kAlice);
}

TEST_F(JournalTest, AFieldsChangeWritesNoMoreThanItself) {
  const auto one = journal();
  crdt::Doc large({.client = 9});
  crdt::Map map(**large.root("data", crdt::TypeKind::kMap));
  for (int i = 0; i < 3000; ++i) map.set("key " + std::to_string(i), "some value");
  one->write({Reset{.position = 1, .state = share(large.encode_state_as_update_v1())}});
  executor_.run();
  one->write({made(1)});
  storage_.load(kUrl, [&](const Result<std::optional<storage::Stored>>& found) {
    ASSERT_FALSE((*found)->tail.empty());
    EXPECT_LT((*found)->tail.back().bytes.size(), 64u);
  });
  executor_.run();
  EXPECT_EQ(stored().queue.size(), 1u);
}

TEST_F(JournalTest, ALongJournalIsFolded) {
  const auto one = journal();
  crdt::Doc doc({.client = 7});
  crdt::Map map(**doc.root("data", crdt::TypeKind::kMap));
  for (std::uint64_t i = 1; i <= 4000; ++i) {
    const crdt::StateVector before = doc.state_vector();
    map.set("a", Value(i));
    one->write(
        {Came{.position = i, .by = "", .update = share(doc.encode_state_as_update_v1(before))}});
    executor_.run();
  }
  std::size_t rows = 0;
  storage_.load(kUrl, [&](const Result<std::optional<storage::Stored>>& found) {
    rows = (*found)->tail.size();
    EXPECT_FALSE((*found)->snapshot.empty());
  });
  executor_.run();
  EXPECT_LT(rows, 4000u);
  const Kept kept = stored();
  EXPECT_EQ(kept.position, 4000u);
  EXPECT_EQ(crdt::Map(**base_document(kept, 0)->root("data", crdt::TypeKind::kMap)).size(), 1u);
}

TEST_F(JournalTest, ADataFileBelongsToOneIdentity) {
  ASSERT_TRUE(open(kAlice).ok());
  const auto one = journal();
  one->write({made(1)});
  executor_.run();
  ReplicaStore::Objects objects;
  ASSERT_TRUE(open(kAlice, &objects).ok());
  ASSERT_EQ(objects.size(), 1u);
  EXPECT_EQ(objects[0].first, kUrl);
  EXPECT_EQ(open("hyperty://example.org/bob").error().reason(), "other_identity");
}

TEST_F(JournalTest, AHostsStoreIsNoDataFile) {
  const storage::Record head{.object = kUrl, .kind = storage::RecordKind::kHead, .bytes = {1}};
  storage_.append({&head, 1}, [](const Result<storage::Ticket>&) {});
  EXPECT_EQ(open(kAlice).error().reason(), "other_use");
}

}  // namespace
}  // namespace syncline::sync
