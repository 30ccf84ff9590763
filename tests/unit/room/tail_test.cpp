// The tail of the log in memory, and the counting of acknowledgements.
#include "room/tail.hpp"

#include <gtest/gtest.h>

#include "room/member.hpp"
#include "room/tuning.hpp"

namespace syncline::room {
namespace {

TailEntry entry(std::uint64_t seq, MemberId member = 0, std::size_t bytes = 1) {
  return {seq, "by " + std::to_string(seq), share(Bytes(bytes)), member};
}

TEST(Tail, CoversWhatIsAfterItsFirstEntry) {
  Tail tail;
  EXPECT_FALSE(tail.covers(0));
  tail.push(entry(5));
  tail.push(entry(6));
  EXPECT_FALSE(tail.covers(3));
  EXPECT_TRUE(tail.covers(4));
  EXPECT_TRUE(tail.covers(6));
}

TEST(Tail, CutsPartsWithoutThoseOfAMember) {
  Tail tail;
  for (std::uint64_t seq = 5; seq <= 9; ++seq) tail.push(entry(seq, seq % 2));
  const std::vector<bus::Part> parts = tail.parts(5, 8);
  ASSERT_EQ(parts.size(), 3U);
  EXPECT_EQ(parts[0].by, "by 6");
  EXPECT_EQ(parts[2].by, "by 8");
  EXPECT_EQ(tail.parts(4, 9, 1).size(), 2U);
  EXPECT_TRUE(tail.parts(9, 9).empty());
}

TEST(Tail, IsTrimmedByCountButKeepsWhatIsStillNeeded) {
  Tail tail;
  for (std::uint64_t seq = 1; seq <= kTailUpdates + 10; ++seq) tail.push(entry(seq));
  tail.trim(4);
  EXPECT_EQ(tail.size(), kTailUpdates + 6);
  tail.trim(100);
  EXPECT_EQ(tail.size(), kTailUpdates);
}

TEST(Tail, IsTrimmedByBytes) {
  Tail tail;
  for (std::uint64_t seq = 1; seq <= 4; ++seq) tail.push(entry(seq, 0, kTailBytes / 2));
  tail.trim(4);
  EXPECT_EQ(tail.size(), 2U);
  EXPECT_FALSE(tail.covers(1));
}

TEST(AckCounter, CountsUpToTheFirstThatIsNotDone) {
  AckCounter acks;
  acks.done(2);
  acks.done(3);
  EXPECT_EQ(acks.upto(), 0U);
  acks.done(1);
  EXPECT_EQ(acks.upto(), 3U);
  acks.done(2);
  acks.done(0);
  EXPECT_EQ(acks.upto(), 3U);
  acks.done(4);
  EXPECT_EQ(acks.upto(), 4U);
}

}  // namespace
}  // namespace syncline::room
