// What every implementation of the storage port must do. A test binary of an implementation
// includes this once and instantiates StorageSuite with a Backend of its own.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <optional>
#include <ostream>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "base/executor.hpp"
#include "storage/contents.hpp"
#include "storage/storage.hpp"
#include "support/seeds.hpp"

namespace syncline::storage {

/// One implementation under test.
class Backend {
 public:
  virtual ~Backend() = default;
  virtual std::unique_ptr<Storage> open() = 0;
  /// Runs the executor until `done`; false when that will not happen.
  virtual bool run_until(const std::function<bool()>& done) = 0;
  /// Runs what is queued on the executor; when it returns, no callback is on its way.
  virtual void settle() = 0;
  /// From now on the disk refuses writes, or takes them again.
  virtual void fail_appends(bool failing) = 0;
};

struct BackendCase {
  std::string name;
  std::function<std::unique_ptr<Backend>()> make;

  friend std::ostream& operator<<(std::ostream& out, const BackendCase& backend) {
    return out << backend.name;
  }
};

inline Record update(std::string object, std::uint64_t seq, std::string bytes = "u") {
  return {.object = std::move(object),
          .seq = seq,
          .kind = RecordKind::kUpdate,
          .author = "hyperty://example.org/alice",
          .time_ms = 1'700'000'000'000 + static_cast<std::int64_t>(seq),
          .bytes = Bytes(bytes.begin(), bytes.end())};
}

inline Record head(std::string object, std::uint64_t seq, std::string bytes) {
  return {.object = std::move(object),
          .seq = seq,
          .kind = RecordKind::kHead,
          .author = "",
          .time_ms = 0,
          .bytes = Bytes(bytes.begin(), bytes.end())};
}

inline Bytes bytes_of(const std::string& text) { return Bytes(text.begin(), text.end()); }

inline std::vector<std::uint64_t> seqs(const std::vector<Record>& records) {
  std::vector<std::uint64_t> result;
  for (const Record& record : records) result.push_back(record.seq);
  return result;
}

/// Calls of the port that wait for their callback.
class StorageSuite : public ::testing::TestWithParam<BackendCase> {
 protected:
  void SetUp() override {
    backend_ = GetParam().make();
    storage_ = backend_->open();
  }
  void TearDown() override { storage_.reset(); }

  /// Starts an append whose outcome is written to the result.
  using Outcome = std::shared_ptr<std::optional<Result<Ticket>>>;
  Outcome start(const std::vector<Record>& records) {
    auto outcome = std::make_shared<std::optional<Result<Ticket>>>();
    storage_->append(records, [outcome](Result<Ticket> result) { outcome->emplace(result); });
    return outcome;
  }

  Result<Ticket> append(const std::vector<Record>& records) {
    const Outcome outcome = start(records);
    EXPECT_TRUE(backend_->run_until([&] { return outcome->has_value(); }));
    return **outcome;
  }

  Result<std::optional<Stored>> load(const std::string& object) {
    std::optional<Result<std::optional<Stored>>> answer;
    storage_->load(object, [&](Result<std::optional<Stored>> result) { answer.emplace(result); });
    EXPECT_TRUE(backend_->run_until([&] { return answer.has_value(); }));
    return *answer;
  }

  /// load() of an object that must be there.
  Stored stored(const std::string& object) {
    const auto result = load(object);
    if (!result.ok()) {
      ADD_FAILURE() << result.error().message();
      return {};
    }
    EXPECT_TRUE(result->has_value()) << object;
    return result->value_or(Stored{});
  }

  Result<void> fold(const std::string& object, std::uint64_t upto, const std::string& snapshot,
                    std::uint64_t keep_from, bool keep_history = false) {
    std::optional<Result<void>> answer;
    storage_->fold(object, upto, bytes_of(snapshot), keep_from, keep_history,
                   [&](Result<void> result) { answer.emplace(result); });
    EXPECT_TRUE(backend_->run_until([&] { return answer.has_value(); }));
    return *answer;
  }

  std::vector<std::string> list(const std::string& glob, const std::string& after,
                                std::size_t limit) {
    std::optional<Result<std::vector<ListEntry>>> answer;
    storage_->list(glob, after, limit,
                   [&](Result<std::vector<ListEntry>> result) { answer.emplace(result); });
    EXPECT_TRUE(backend_->run_until([&] { return answer.has_value(); }));
    std::vector<std::string> objects;
    if (!answer->ok())
      ADD_FAILURE() << answer->error().message();
    else
      for (const ListEntry& entry : answer->value()) objects.push_back(entry.object);
    return objects;
  }

  std::unique_ptr<Backend> backend_;
  std::unique_ptr<Storage> storage_;
};

TEST_P(StorageSuite, WhatWasAppendedIsLoadedInOrderAndUnchanged) {
  const std::vector<Record> records{update("comm://a/x", 1, ""),
                                    update("comm://a/x", 2, std::string("\0\xff", 2)),
                                    update("comm://a/x", 3, std::string(1 << 20, 'z'))};
  ASSERT_TRUE(append({records[0], records[1]}).ok());
  ASSERT_TRUE(append({records[2]}).ok());
  const Stored found = stored("comm://a/x");
  EXPECT_EQ(found.tail, records);
  EXPECT_EQ(found.upto, 0U);
  EXPECT_TRUE(found.head.empty());
  EXPECT_TRUE(found.snapshot.empty());
}

TEST_P(StorageSuite, AnObjectThatWasNeverAppendedIsNothing) {
  const auto result = load("comm://a/none");
  ASSERT_TRUE(result.ok());
  EXPECT_FALSE(result->has_value());
}

TEST_P(StorageSuite, TicketsGrowAndBecomeDurableInOrder) {
  std::vector<Ticket> given;
  std::vector<Ticket> durable;
  EXPECT_EQ(storage_->durable(), 0U);
  for (std::uint64_t seq = 1; seq <= 100; ++seq)
    given.push_back(
        storage_->append(std::vector{update("comm://a/x", seq)}, [&](Result<Ticket> result) {
          ASSERT_TRUE(result.ok());
          EXPECT_GE(storage_->durable(), *result);
          durable.push_back(*result);
        }));
  EXPECT_TRUE(durable.empty()) << "a callback came from inside append()";
  ASSERT_TRUE(backend_->run_until([&] { return durable.size() == 100; }));
  EXPECT_EQ(durable, given);
  EXPECT_TRUE(std::is_sorted(given.begin(), given.end()));
  EXPECT_EQ(storage_->durable(), given.back());
}

TEST_P(StorageSuite, LoadSeesEveryAppendMadeBeforeItAndAnswersAfterThem) {
  std::vector<std::string> events;
  for (std::uint64_t seq = 1; seq <= 20; ++seq) {
    storage_->append(std::vector{update("comm://a/x", seq)},
                     [&](const Result<Ticket>&) { events.push_back("durable"); });
    storage_->load("comm://a/x", [&, seq](Result<std::optional<Stored>> result) {
      ASSERT_TRUE(result.ok() && result->has_value());
      EXPECT_GE((*result)->tail.size(), seq);
      EXPECT_GE(static_cast<std::uint64_t>(std::count(events.begin(), events.end(), "durable")),
                seq);
      events.push_back("loaded");
    });
  }
  EXPECT_TRUE(events.empty());
  EXPECT_TRUE(backend_->run_until([&] { return events.size() == 40; }));
}

TEST_P(StorageSuite, TheNewestHeadIsKept) {
  ASSERT_TRUE(append({head("comm://a/x", 0, "one")}).ok());
  EXPECT_EQ(stored("comm://a/x").head, bytes_of("one"));
  ASSERT_TRUE(append({update("comm://a/x", 1), head("comm://a/x", 1, "two"),
                      update("comm://a/x", 2), head("comm://a/x", 2, "three")})
                  .ok());
  const Stored found = stored("comm://a/x");
  EXPECT_EQ(found.head, bytes_of("three"));
  EXPECT_EQ(seqs(found.tail), (std::vector<std::uint64_t>{1, 2}));
}

TEST_P(StorageSuite, ObjectsDoNotMix) {
  ASSERT_TRUE(append({update("comm://a/x", 1, "x"), update("comm://a/y", 1, "y"),
                      head("comm://a/y", 1, "head of y"), update("comm://a/x", 2, "xx")})
                  .ok());
  EXPECT_EQ(seqs(stored("comm://a/x").tail), (std::vector<std::uint64_t>{1, 2}));
  EXPECT_TRUE(stored("comm://a/x").head.empty());
  EXPECT_EQ(stored("comm://a/y").tail, std::vector{update("comm://a/y", 1, "y")});
  EXPECT_EQ(stored("comm://a/y").head, bytes_of("head of y"));
}

TEST_P(StorageSuite, AFoldReplacesWhatItCoversButForTheTailKept) {
  for (std::uint64_t seq = 1; seq <= 10; ++seq) start({update("comm://a/x", seq)});
  start({head("comm://a/x", 10, "head")});
  ASSERT_TRUE(fold("comm://a/x", 8, "state at 8", 5).ok());
  const Stored found = stored("comm://a/x");
  EXPECT_EQ(found.snapshot, bytes_of("state at 8"));
  EXPECT_EQ(found.upto, 8U);
  EXPECT_EQ(found.head, bytes_of("head"));
  EXPECT_EQ(seqs(found.tail), (std::vector<std::uint64_t>{6, 7, 8, 9, 10}));

  ASSERT_TRUE(append({update("comm://a/x", 11)}).ok());
  ASSERT_TRUE(fold("comm://a/x", 10, "state at 10", 20).ok());
  EXPECT_EQ(seqs(stored("comm://a/x").tail), (std::vector<std::uint64_t>{11}))
      << "what the snapshot does not cover stays, whatever keep_from says";
}

TEST_P(StorageSuite, AFoldThatKeepsHistoryDropsNothing) {
  for (std::uint64_t seq = 1; seq <= 5; ++seq) start({update("comm://a/x", seq)});
  ASSERT_TRUE(fold("comm://a/x", 5, "state", 5, true).ok());
  const Stored found = stored("comm://a/x");
  EXPECT_EQ(found.upto, 5U);
  EXPECT_EQ(seqs(found.tail), (std::vector<std::uint64_t>{1, 2, 3, 4, 5}));
}

TEST_P(StorageSuite, AFoldOfNothingOrOfThePastIsRefused) {
  const auto unknown = fold("comm://a/none", 1, "state", 1);
  ASSERT_FALSE(unknown.ok());
  EXPECT_EQ(unknown.error().code(), Code::kNotFound);

  ASSERT_TRUE(append({update("comm://a/x", 1), update("comm://a/x", 2)}).ok());
  ASSERT_TRUE(fold("comm://a/x", 2, "state at 2", 2).ok());
  const auto stale = fold("comm://a/x", 1, "state at 1", 1);
  ASSERT_FALSE(stale.ok());
  EXPECT_EQ(stale.error().code(), Code::kConflict);
  EXPECT_EQ(stored("comm://a/x").snapshot, bytes_of("state at 2"));
  EXPECT_FALSE(load("comm://a/none")->has_value());
}

TEST_P(StorageSuite, ListPagesThroughTheObjectsInOrder) {
  for (const char* object : {"comm://b/1", "comm://a/2", "comm://a/1", "comm://c/1", "comm://a/10"})
    start({head(object, 0, object)});
  EXPECT_EQ(list("", "", 10), (std::vector<std::string>{"comm://a/1", "comm://a/10", "comm://a/2",
                                                        "comm://b/1", "comm://c/1"}));
  EXPECT_EQ(list("", "", 2), (std::vector<std::string>{"comm://a/1", "comm://a/10"}));
  EXPECT_EQ(list("", "comm://a/10", 2), (std::vector<std::string>{"comm://a/2", "comm://b/1"}));
  EXPECT_EQ(list("", "comm://a/11", 1), (std::vector<std::string>{"comm://a/2"}));
  EXPECT_EQ(list("", "comm://c/1", 10), std::vector<std::string>{});
  EXPECT_EQ(list("", "", 0), std::vector<std::string>{});
}

TEST_P(StorageSuite, ListKeepsToItsGlob) {
  for (const char* object :
       {"comm://a/1", "comm://a/2", "comm://a/2/deep", "comm://ab/1", "other://a/1"})
    start({update(object, 1)});
  EXPECT_EQ(list("comm://a/*", "", 10), (std::vector<std::string>{"comm://a/1", "comm://a/2"}));
  EXPECT_EQ(list("comm://a/**", "", 10),
            (std::vector<std::string>{"comm://a/1", "comm://a/2", "comm://a/2/deep"}));
  EXPECT_EQ(list("comm://a/**", "comm://a/1", 1), (std::vector<std::string>{"comm://a/2"}));
  EXPECT_EQ(list("comm://a/2", "", 10), (std::vector<std::string>{"comm://a/2"}));
  EXPECT_EQ(list("*://*/1", "", 10),
            (std::vector<std::string>{"comm://a/1", "comm://ab/1", "other://a/1"}));
}

TEST_P(StorageSuite, AFailedAppendStoresNothingAndTakesTheOpenOnesWithIt) {
  ASSERT_TRUE(append({update("comm://a/x", 1), head("comm://a/x", 1, "before")}).ok());
  backend_->fail_appends(true);
  const std::vector<Outcome> failing{
      start({update("comm://a/x", 2), head("comm://a/x", 2, "lost")}),
      start({update("comm://a/new", 1)})};
  ASSERT_TRUE(backend_->run_until([&] { return failing[1]->has_value(); }));
  for (const Outcome& outcome : failing) {
    ASSERT_FALSE((*outcome)->ok());
    EXPECT_EQ((*outcome)->error().code(), Code::kInternal);
    EXPECT_EQ((*outcome)->error().reason(), "storage");
    EXPECT_FALSE((*outcome)->error().message().empty());
  }
  EXPECT_EQ(storage_->durable(), 1U);
  EXPECT_EQ(seqs(stored("comm://a/x").tail), std::vector<std::uint64_t>{1});
  EXPECT_EQ(stored("comm://a/x").head, bytes_of("before"));
  EXPECT_FALSE(load("comm://a/new")->has_value());

  backend_->fail_appends(false);
  ASSERT_TRUE(append({update("comm://a/x", 2), update("comm://a/new", 1)}).ok());
  EXPECT_EQ(seqs(stored("comm://a/x").tail), (std::vector<std::uint64_t>{1, 2}));
  EXPECT_EQ(seqs(stored("comm://a/new").tail), std::vector<std::uint64_t>{1});
}

TEST_P(StorageSuite, AnAppendMadeBeforeAFailureIsReportedFailsThoughTheDiskIsWellAgain) {
  backend_->fail_appends(true);
  std::optional<Result<Ticket>> first;
  std::optional<Result<Ticket>> second;
  std::optional<Result<Ticket>> third;
  storage_->append(std::vector{update("comm://a/x", 1)}, [&](Result<Ticket> result) {
    EXPECT_FALSE(second.has_value());
    first.emplace(result);
    backend_->fail_appends(false);
    storage_->append(std::vector{update("comm://a/x", 1, "again")},
                     [&](Result<Ticket> retried) { third.emplace(retried); });
  });
  storage_->append(std::vector{update("comm://a/x", 2)},
                   [&](Result<Ticket> result) { second.emplace(result); });
  ASSERT_TRUE(backend_->run_until([&] { return third.has_value(); }));
  ASSERT_TRUE(first.has_value() && second.has_value());
  EXPECT_FALSE(first->ok());
  EXPECT_FALSE(second->ok());
  EXPECT_TRUE(third->ok());
  EXPECT_EQ(stored("comm://a/x").tail, std::vector{update("comm://a/x", 1, "again")});
}

TEST_P(StorageSuite, ADestroyedStorageCallsNobodyBack) {
  int calls = 0;
  for (std::uint64_t seq = 1; seq <= 10; ++seq) {
    storage_->append(std::vector{update("comm://a/x", seq)},
                     [&](const Result<Ticket>&) { ++calls; });
    storage_->load("comm://a/x", [&](const Result<std::optional<Stored>>&) { ++calls; });
    storage_->list("", "", 1, [&](const Result<std::vector<ListEntry>>&) { ++calls; });
    storage_->fold("comm://a/x", seq, {}, seq, false, [&](const Result<void>&) { ++calls; });
  }
  storage_.reset();
  backend_->settle();
  EXPECT_EQ(calls, 0);
}

TEST_P(StorageSuite, ACallbackMayDestroyTheStorage) {
  int calls = 0;
  for (std::uint64_t seq = 1; seq <= 10; ++seq)
    storage_->append(std::vector{update("comm://a/x", seq)}, [&](const Result<Ticket>&) {
      if (++calls == 3) storage_.reset();
    });
  ASSERT_TRUE(backend_->run_until([&] { return storage_ == nullptr; }));
  backend_->settle();
  EXPECT_EQ(calls, 3);
}

TEST_P(StorageSuite, ARandomRunEndsAsTheModelDoes) {
  const std::uint64_t seed = test::unit_seed();
  SCOPED_TRACE("SYNCLINE_SEED=" + std::to_string(seed));
  std::mt19937 random(static_cast<unsigned>(seed));
  const auto below = [&](unsigned end) { return static_cast<unsigned>(random() % end); };

  Contents model;
  std::vector<std::uint64_t> last(8, 0);
  std::vector<std::uint64_t> folded(8, 0);
  const auto object = [](std::size_t index) { return "comm://a/" + std::to_string(index); };
  for (int round = 0; round < 300; ++round) {
    const std::size_t index = below(8);
    if (below(10) == 0 && last[index] > folded[index]) {
      const std::uint64_t upto =
          folded[index] + 1 + below(static_cast<unsigned>(last[index] - folded[index]));
      const std::uint64_t keep_from = below(static_cast<unsigned>(upto) + 3);
      const bool keep_history = below(3) == 0;
      const Bytes snapshot = bytes_of("state " + std::to_string(upto));
      folded[index] = upto;
      ASSERT_TRUE(model.fold(object(index), upto, snapshot, keep_from, keep_history).ok());
      storage_->fold(object(index), upto, snapshot, keep_from, keep_history,
                     [](const Result<void>& result) { EXPECT_TRUE(result.ok()); });
      continue;
    }
    std::vector<Record> records;
    for (unsigned count = 1 + below(4); count > 0; --count) {
      const std::size_t which = below(8);
      records.push_back(update(object(which), ++last[which], std::string(below(300), 'u')));
      if (below(2) == 0)
        records.push_back(head(object(which), last[which], "head " + std::to_string(round)));
    }
    model.append(records);
    start(records);
  }
  for (std::size_t index = 0; index < 8; ++index) {
    const auto expected = model.load(object(index));
    const auto found = load(object(index));
    ASSERT_TRUE(found.ok());
    EXPECT_EQ(*found, expected);
  }
}

}  // namespace syncline::storage
