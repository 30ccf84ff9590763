// What a data file holds of an object: entries, snapshots, and what is left of damaged ones.
#include "sync/kept.hpp"

#include <gtest/gtest.h>

#include "object/live_object.hpp"

namespace syncline::sync {
namespace {

crdt::Map tree(crdt::Doc& doc) {
  return crdt::Map(**doc.root(object::kDataRoot, crdt::TypeKind::kMap));
}

Value json(crdt::Doc& doc) {
  return (*doc.root(object::kDataRoot, crdt::TypeKind::kMap))->to_json();
}

/// The update that setting a member makes.
SharedBytes set(crdt::Doc& doc, const std::string& key, const Value& value) {
  const crdt::StateVector before = doc.state_vector();
  tree(doc).set(key, value);
  return share(doc.encode_state_as_update_v1(before));
}

class KeptTest : public ::testing::Test {
 protected:
  void write(const JournalEntry& entry) {
    stored_.tail.push_back({.object = "comm://x/o",
                            .seq = ++seq_,
                            .kind = storage::RecordKind::kUpdate,
                            .author = {},
                            .time_ms = 0,
                            .bytes = encode_entry(entry)});
  }
  Kept read() {
    stored_.head = facts_.encode();
    Result<Kept> kept = read_kept(stored_);
    EXPECT_TRUE(kept.ok()) << kept.error().message();
    return *std::move(kept);
  }
  /// Puts a snapshot in the place of the journal.
  void fold() {
    const Kept kept = read();
    stored_.snapshot = kept.encode_snapshot();
    stored_.upto = kept.seq;
    stored_.tail.clear();
  }

  Facts facts_{.owner = "hyperty://x/alice",
               .epoch = 3,
               .may_write = "all",
               .incarnation = "i",
               .creation = std::nullopt,
               .followed = true};
  storage::Stored stored_;
  std::uint64_t seq_ = 0;
  crdt::Doc mine_{{.client = 1}};
  crdt::Doc theirs_{{.client = 2}};
};

TEST_F(KeptTest, BaseAndQueueAreToldApart) {
  write(Came{.position = 1, .by = "hyperty://x/bob", .update = set(theirs_, "a", 1)});
  write(Made{.number = 1, .relayed = false, .update = set(mine_, "b", 2)});
  write(Made{.number = 2, .relayed = true, .update = set(mine_, "c", 3)});
  write(Settled{.upto = 1, .position = 2});
  for (int round = 0; round < 2; ++round) {
    const Kept kept = read();
    EXPECT_EQ(kept.position, 2u);
    EXPECT_EQ(kept.made, 2u);
    ASSERT_EQ(kept.queue.size(), 1u);
    EXPECT_EQ(kept.queue[0].number, 2u);
    EXPECT_TRUE(kept.queue[0].relayed);
    EXPECT_EQ(json(*base_document(kept, 0)), Value::object({{"a", 1}, {"b", 2}}));
    EXPECT_EQ(json(*local_document(kept, 0)), Value::object({{"a", 1}, {"b", 2}, {"c", 3}}));
    fold();  // And once more from the snapshot.
  }
}

TEST_F(KeptTest, AnAcknowledgementSettlesNoMoreThanItNames) {
  // Six wait and the third is acknowledged: three stay.
  for (std::uint64_t i = 1; i <= 6; ++i)
    write(Made{.number = i, .relayed = false, .update = set(mine_, "k" + std::to_string(i), i)});
  write(Settled{.upto = 3, .position = 4});
  const Kept kept = read();
  ASSERT_EQ(kept.queue.size(), 3u);
  EXPECT_EQ(kept.queue.front().number, 4u);
}

TEST_F(KeptTest, AFirstStateIsTheRoomsOnceItConfirmsIt) {
  facts_.creation = Creation{.nonce = "n", .access = "open", .invite = {"hyperty://x/bob"}};
  write(Began{set(mine_, "a", 1)});
  EXPECT_TRUE(json(*base_document(read(), 0)).members().empty());
  fold();
  EXPECT_EQ(read().facts, facts_);
  EXPECT_EQ(json(*local_document(read(), 0)), Value::object({{"a", 1}}));
  write(Confirmed{.position = 1});
  EXPECT_EQ(json(*base_document(read(), 0)), Value::object({{"a", 1}}));
  EXPECT_FALSE(read().first);
}

TEST_F(KeptTest, AResetLeavesTheParkedEdits) {
  Change change{.type = Change::Type::kSplice, .path = {"list", std::size_t{2}}};
  change.index = 3;
  change.removed = Value::array({1});
  change.inserted = Value::array({"two", Value::object({{"x", nullptr}})});
  write(Made{.number = 1, .relayed = false, .update = set(mine_, "a", 1)});
  write(ParkedEdit{.id = 1,
                   .why = Error(Code::kConflict, "gap", "what it depends on is missing"),
                   .time_ms = 5,
                   .changes = {change}});
  write(ParkedEdit{.id = 2, .why = Error(Code::kDenied, "no"), .time_ms = 6, .changes = {}});
  write(Released{2});
  write(Reset{.position = 9, .state = set(theirs_, "b", 2)});
  for (int round = 0; round < 2; ++round) {
    const Kept kept = read();
    EXPECT_TRUE(kept.queue.empty());
    EXPECT_EQ(kept.made, 1u);
    EXPECT_EQ(kept.position, 9u);
    EXPECT_EQ(json(*local_document(kept, 0)), Value::object({{"b", 2}}));
    ASSERT_EQ(kept.parked.size(), 1u);
    const ParkedEdit& parked = kept.parked.at(1);
    EXPECT_EQ(parked.why.reason(), "gap");
    EXPECT_EQ(parked.time_ms, 5);
    ASSERT_EQ(parked.changes.size(), 1u);
    EXPECT_EQ(to_value(parked.changes[0]), to_value(change));
    EXPECT_EQ(kept.last_parked, 2u);
    fold();
  }
}

TEST_F(KeptTest, DamagedBytesAreAnErrorAndNewerOnesSaySo) {
  EXPECT_EQ(Facts::decode(Bytes{}).error().code(), Code::kMalformed);
  EXPECT_EQ(Facts::decode(Bytes{9}).error().code(), Code::kUnavailable);
  Bytes torn = facts_.encode();
  torn.pop_back();
  EXPECT_EQ(Facts::decode(torn).error().code(), Code::kMalformed);
  Kept kept;
  EXPECT_EQ(kept.replay(storage::Record{.object = "o", .seq = 1, .bytes = {5, 1}}).error().code(),
            Code::kMalformed);
  EXPECT_EQ(kept.replay(storage::Record{.object = "o", .seq = 1, .bytes = {99}}).error().code(),
            Code::kUnavailable);
}

}  // namespace
}  // namespace syncline::sync
