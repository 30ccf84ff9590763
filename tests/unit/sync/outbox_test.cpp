#include "sync/outbox.hpp"

#include <gtest/gtest.h>

#include "crdt/doc.hpp"
#include "sync/tuning.hpp"

namespace syncline::sync {
namespace {

/// The updates of setting one key again and again.
std::vector<SharedBytes> updates(std::size_t count, crdt::Doc& doc) {
  std::vector<SharedBytes> made;
  const Handle listener = doc.on_update(
      [&made](const Bytes& update, crdt::Transaction&) { made.push_back(share(update)); });
  crdt::Map map(**doc.root("data", crdt::TypeKind::kMap));
  for (std::size_t i = 0; i < count; ++i) map.set("key", Value(i));
  return made;
}

TEST(Outbox, SendsInOrderAndForgetsWhatWasAcknowledged) {
  crdt::Doc doc({.client = 1});
  Outbox outbox;
  for (const SharedBytes& update : updates(3, doc)) outbox.push(update);
  EXPECT_EQ(outbox.changes(), 3u);
  for (std::uint64_t sequence = 1; sequence <= 3; ++sequence)
    EXPECT_EQ(outbox.send_next(sequence)->sequence, sequence);
  EXPECT_EQ(outbox.send_next(4), nullptr);
  outbox.acknowledge(2);
  EXPECT_EQ(outbox.changes(), 1u);
  EXPECT_FALSE(outbox.holds(2));
  EXPECT_TRUE(outbox.holds(3));
  outbox.acknowledge(3);
  EXPECT_TRUE(outbox.empty());
  EXPECT_EQ(outbox.bytes(), 0u);
}

TEST(Outbox, SendsEverythingAgainAfterTheConnectionBroke) {
  crdt::Doc doc({.client = 1});
  Outbox outbox;
  const auto made = updates(2, doc);
  outbox.push(made[0]);
  outbox.push(made[1]);
  outbox.send_next(1);
  outbox.push_missing(share(Bytes{0, 0}));
  outbox.unsend();
  EXPECT_EQ(outbox.in_flight(), 0u);
  EXPECT_EQ(outbox.entries().size(), 2u) << "what one room lacked is not sent to the next";
  EXPECT_EQ(outbox.send_next(1)->update, made[0]);
  EXPECT_EQ(outbox.send_next(2)->update, made[1]);
}

TEST(Outbox, PutsWhatTheRoomLacksBeforeWhatIsUnsent) {
  crdt::Doc doc({.client = 1});
  Outbox outbox;
  const auto made = updates(2, doc);
  outbox.push(made[0]);
  outbox.send_next(1);
  outbox.push(made[1]);
  const SharedBytes missing = share(Bytes{0, 0});
  outbox.push_missing(missing);
  EXPECT_EQ(outbox.send_next(2)->update, missing);
  EXPECT_EQ(outbox.send_next(3)->update, made[1]);
  EXPECT_EQ(outbox.changes(), 2u) << "it is no local change";
}

TEST(Outbox, MergesALongRunOfUnsentUpdates) {
  crdt::Doc doc({.client = 1});
  Outbox outbox;
  const std::size_t count = 10 * tuning::kMergeUpdates + 5;
  for (const SharedBytes& update : updates(count, doc)) outbox.push(update);
  EXPECT_EQ(outbox.changes(), count);
  EXPECT_EQ(outbox.entries().size(), 15u);
  std::size_t bytes = 0;
  crdt::Doc copy({.client = 2});
  while (const Outbox::Entry* entry = outbox.send_next(1)) {
    bytes += entry->update->size();
    EXPECT_FALSE(copy.apply_update_v1(*entry->update)->pending);
  }
  EXPECT_EQ(bytes, outbox.bytes());
  EXPECT_EQ(copy.state_vector(), doc.state_vector());
}

TEST(Outbox, NeverMergesWhatIsInFlight) {
  crdt::Doc doc({.client = 1});
  Outbox outbox;
  const auto made = updates(tuning::kMergeUpdates + 1, doc);
  for (std::size_t i = 0; i < made.size(); ++i) {
    outbox.push(made[i]);
    if (i < 2) outbox.send_next(i + 1);
  }
  EXPECT_EQ(outbox.in_flight(), 2u);
  outbox.acknowledge(2);
  EXPECT_EQ(outbox.changes(), made.size() - 2);
}

}  // namespace
}  // namespace syncline::sync
