// Presence: y-protocols' clock rules, and whose a state is.
#include "room/presence.hpp"

#include <gtest/gtest.h>

#include "room/tuning.hpp"

namespace syncline::room {
namespace {

using States = std::vector<PresenceState>;

class PresenceTest : public ::testing::Test {
 protected:
  States receive(const std::string& session, const std::string& identity, States states) {
    return presence_.receive(session, identity, states);
  }
  Presence presence_;
};

TEST_F(PresenceTest, TakesNewerClocksOnly) {
  EXPECT_EQ(receive("s1", "a", {{1, 1, "{}"}}), (States{{1, 1, "{}"}}));
  EXPECT_EQ(receive("s1", "a", {{1, 1, "{\"x\":1}"}}), States{});
  EXPECT_EQ(receive("s1", "a", {{1, 3, "{\"x\":1}"}}), (States{{1, 3, "{\"x\":1}"}}));
  EXPECT_EQ(receive("s1", "a", {{1, 2, "{}"}}), States{});
  EXPECT_EQ(presence_.states(), (States{{1, 3, "{\"x\":1}"}}));
}

TEST_F(PresenceTest, AnEchoOfTheSameClockChangesNothing) {
  receive("s1", "a", {{1, 1, "{}"}});
  EXPECT_EQ(receive("s2", "b", {{1, 1, "{}"}}), States{});
  EXPECT_EQ(receive("s2", "b", {{1, 1, "null"}}), States{});
  EXPECT_EQ(presence_.leave("s2"), States{});
  EXPECT_EQ(presence_.leave("s1"), (States{{1, 1, "null"}}));
}

TEST_F(PresenceTest, NullRemoves) {
  receive("s1", "a", {{1, 1, "{}"}, {2, 1, "{}"}});
  EXPECT_EQ(receive("s1", "a", {{1, 2, "null"}}), (States{{1, 2, "null"}}));
  EXPECT_EQ(receive("s1", "a", {{2, 1, "null"}}), (States{{2, 1, "null"}})) << "its own";
  EXPECT_TRUE(presence_.states().empty());
  EXPECT_EQ(receive("s1", "a", {{9, 1, "null"}}), States{}) << "never there";
}

TEST_F(PresenceTest, AnIdOfAnotherIdentityCannotBeRaised) {
  receive("s1", "a", {{1, 1, "{}"}});
  EXPECT_EQ(receive("s2", "b", {{1, 2, "{\"evil\":1}"}}), States{});
  EXPECT_EQ(receive("s2", "b", {{1, 2, "null"}}), States{});
  EXPECT_EQ(presence_.states(), (States{{1, 1, "{}"}}));
}

TEST_F(PresenceTest, AnIdOfTheSameIdentityChangesHands) {
  receive("s1", "a", {{1, 1, "{}"}});
  EXPECT_EQ(receive("s2", "a", {{1, 2, "{}"}}), (States{{1, 2, "{}"}}));
  EXPECT_EQ(presence_.leave("s1"), States{});
  EXPECT_EQ(presence_.leave("s2"), (States{{1, 2, "null"}}));
}

TEST_F(PresenceTest, AnEchoAfterTheEndDoesNotBringAStateBack) {
  receive("s1", "a", {{1, 4, "{}"}});
  presence_.leave("s1");
  EXPECT_EQ(receive("s2", "b", {{1, 4, "{}"}}), States{});
  EXPECT_EQ(receive("s3", "a", {{1, 5, "{}"}}), (States{{1, 5, "{}"}}));
}

TEST_F(PresenceTest, IsBounded) {
  States many;
  for (std::uint64_t client = 0; client < kPresenceEntries; ++client)
    many.push_back({client, 1, "{}"});
  EXPECT_EQ(receive("s1", "a", many).size(), kPresenceEntries);
  EXPECT_EQ(receive("s1", "a", {{kPresenceEntries, 1, "{}"}}), States{});
}

TEST(PresenceCodec, IsYProtocols) {
  const States states{{1, 2, "{}"}, {300, 1, "null"}};
  const Bytes bytes{2, 1, 2, 2, '{', '}', 0xac, 2, 1, 4, 'n', 'u', 'l', 'l'};
  EXPECT_EQ(encode_presence(states), bytes);
  EXPECT_EQ(decode_presence(bytes).value(), states);
  for (std::size_t length = 0; length < bytes.size(); ++length)
    EXPECT_FALSE(decode_presence(ByteView(bytes).first(length)).ok()) << length;
}

TEST(PresenceCodec, RefusesWhatWouldBreakOthers) {
  EXPECT_FALSE(decode_presence(Bytes{1, 1, 1, 1, '{'}).ok()) << "no JSON";
  EXPECT_FALSE(decode_presence(Bytes{0, 0}).ok()) << "bytes after the last state";
  const PresenceState huge{1, 1, '"' + std::string(kPresenceStateBytes, 'x') + '"'};
  EXPECT_FALSE(decode_presence(encode_presence({&huge, 1})).ok());
}

}  // namespace
}  // namespace syncline::room
