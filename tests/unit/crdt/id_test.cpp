// State vectors and id sets.
#include "crdt/id.hpp"

#include <gtest/gtest.h>

#include <random>
#include <set>

namespace syncline::crdt {
namespace {

TEST(StateVector, MergeKeepsTheLargerClock) {
  StateVector a;
  a.set(1, 5);
  a.set(2, 3);
  StateVector b;
  b.set(1, 4);
  b.set(3, 1);
  a.merge(b);
  EXPECT_EQ(a.get(1), 5u);
  EXPECT_EQ(a.get(2), 3u);
  EXPECT_EQ(a.get(3), 1u);
  EXPECT_TRUE(a.covers(b));
  EXPECT_FALSE(b.covers(a));
}

TEST(StateVector, IsWrittenByDescendingClientAndReadInAnyOrder) {
  StateVector vector;
  vector.set(1, 2);
  vector.set(encoding::kMaxSafeInteger, 3);
  const Bytes bytes = vector.encode();
  EXPECT_EQ(bytes.size(), 1u + 8 + 1 + 2);
  EXPECT_EQ(StateVector::decode(bytes).value(), vector);
  EXPECT_EQ(StateVector::decode(Bytes{2, 1, 5, 2, 6}).value().get(2), 6u);
}

TEST(StateVector, RefusesWhatEndsTooEarlyOrTooLate) {
  EXPECT_FALSE(StateVector::decode(Bytes{}).ok());
  EXPECT_FALSE(StateVector::decode(Bytes{2, 1, 5}).ok());
  EXPECT_FALSE(StateVector::decode(Bytes{1, 1, 5, 0}).ok());
  EXPECT_FALSE(StateVector::decode(Bytes{0xff, 0xff, 0xff, 0xff, 0x0f}).ok());
}

TEST(IdSet, JoinsRangesThatTouch) {
  IdSet set;
  set.add(1, 10, 5);
  set.add(1, 0, 5);
  set.add(1, 5, 5);
  ASSERT_EQ(set.ranges().at(1).size(), 1u);
  EXPECT_EQ(set.ranges().at(1)[0], (IdSet::Range{0, 15}));
  set.remove(1, 3, 4);
  EXPECT_EQ(set.ranges().at(1)[0], (IdSet::Range{0, 3}));
  EXPECT_EQ(set.ranges().at(1)[1], (IdSet::Range{7, 8}));
  set.remove(1, 0, 20);
  EXPECT_TRUE(set.empty());
}

TEST(IdSet, AnswersAsASetOfUnitsWould) {
  std::mt19937 random(7);
  const auto pick = [&](std::uint64_t below) { return random() % below; };
  IdSet set;
  std::set<std::pair<ClientId, Clock>> model;
  for (int step = 0; step < 4000; ++step) {
    const ClientId client = pick(3);
    const Clock clock = pick(60);
    const std::uint64_t length = pick(8);
    const bool add = pick(2) == 0;
    for (Clock c = clock; c < clock + length; ++c) {
      if (add) {
        model.insert({client, c});
      } else {
        model.erase({client, c});
      }
    }
    if (add) {
      set.add(client, clock, length);
    } else {
      set.remove(client, clock, length);
    }
    const Clock asked = pick(70);
    ASSERT_EQ(set.contains({client, asked}), model.contains({client, asked}));
    std::uint64_t units = 0;
    for (const auto& range : set.intersection({client, asked, 9})) units += range.length;
    std::uint64_t wanted = 0;
    for (Clock c = asked; c < asked + 9; ++c) wanted += model.count({client, c});
    ASSERT_EQ(units, wanted);
    ASSERT_EQ(set.intersects({client, asked, 9}), wanted > 0);
    encoding::Writer writer;
    set.write_v1(writer);
    encoding::Reader reader(writer.bytes());
    ASSERT_EQ(IdSet::read_v1(reader), set);
  }
}

TEST(IdSet, ReadsUnsortedAndOverlappingRanges) {
  const Bytes bytes{1, 9, 3, 10, 2, 0, 4, 3, 5};
  encoding::Reader reader(bytes);
  const IdSet set = IdSet::read_v1(reader);
  EXPECT_FALSE(reader.failed());
  ASSERT_EQ(set.ranges().at(9).size(), 2u);
  EXPECT_EQ(set.ranges().at(9)[0], (IdSet::Range{0, 8}));
  EXPECT_EQ(set.ranges().at(9)[1], (IdSet::Range{10, 2}));
}

}  // namespace
}  // namespace syncline::crdt
