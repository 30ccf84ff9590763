// Awareness: y-protocols' bytes and events, in virtual time.
#include "sync/awareness.hpp"

#include <gtest/gtest.h>

#include "base/check.hpp"
#include "support/test_executor.hpp"

namespace syncline::sync {
namespace {

using std::chrono::seconds;

Bytes hex(std::string_view digits) {
  Bytes bytes;
  for (std::size_t i = 0; i < digits.size(); i += 2) {
    bytes.push_back(
        static_cast<std::uint8_t>(std::stoi(std::string(digits.substr(i, 2)), nullptr, 16)));
  }
  return bytes;
}

class AwarenessOf300 : public testing::Test {
 protected:
  AwarenessOf300() {
    handles.push_back(mine.on_change([this](const AwarenessChange& change, const Value& origin) {
      log.push_back("change" + text(change) + " " + origin.string());
    }));
    handles.push_back(mine.on_update([this](const AwarenessChange& change, const Value& origin) {
      log.push_back("update" + text(change) + " " + origin.string());
    }));
  }

  static std::string text(const AwarenessChange& change) {
    std::string out;
    for (const auto id : change.added) out += " +" + std::to_string(id);
    for (const auto id : change.updated) out += " ~" + std::to_string(id);
    for (const auto id : change.removed) out += " -" + std::to_string(id);
    return out;
  }
  void apply(std::string_view digits) { ASSERT_TRUE(mine.apply_update(hex(digits), "net").ok()); }
  std::vector<std::string> take_log() { return std::exchange(log, {}); }
  using Log = std::vector<std::string>;

  /// {client 7, clock 1, {"x":1}}, and its end.
  static constexpr const char* kSeven = "010701077b2278223a317d";
  static constexpr const char* kSevenGone = "010701046e756c6c";

  test::TestExecutor executor;
  Awareness mine{300, executor, executor};
  Log log;
  std::vector<Handle> handles;
};

TEST_F(AwarenessOf300, WritesTheBytesOfYProtocols) {
  EXPECT_EQ(mine.encode_update(), hex("01ac0200027b7d"));
  mine.set_local_state(
      Value::object({{"user", Value::object({{"name", "ä"}})}, {"cursor", nullptr}}));
  EXPECT_EQ(mine.encode_update(),
            hex("01ac0201247b2275736572223a7b226e616d65223a22c3a4227d2c22637572"
                "736f72223a6e756c6c7d"));
}

TEST_F(AwarenessOf300, TellsOfItsOwnState) {
  mine.set_local_field("x", 1);
  mine.set_local_field("x", 1);
  mine.set_local_state(nullptr);
  mine.set_local_field("x", 2);
  mine.set_local_state(Value::object());
  EXPECT_EQ(take_log(),
            (Log{"change ~300 local", "update ~300 local", "update ~300 local", "change -300 local",
                 "update -300 local", "change +300 local", "update +300 local"}));
}

TEST_F(AwarenessOf300, HearsOfOthersOnce) {
  apply(kSeven);
  apply(kSeven);
  EXPECT_EQ(mine.states().at(7).to_json(), R"({"x":1})");
  apply(kSevenGone);
  apply(kSevenGone);
  EXPECT_EQ(take_log(), (Log{"change +7 net", "update +7 net", "change -7 net", "update -7 net"}));
  EXPECT_EQ(mine.encode_update(std::vector<crdt::ClientId>{7, 99}), hex(kSevenGone))
      << "those never heard of are left out";
}

TEST_F(AwarenessOf300, ThatCameBackIsAnUpdate) {
  apply(kSeven);
  apply(kSevenGone);
  take_log();
  apply("010702027b7d");
  EXPECT_EQ(take_log(), (Log{"change ~7 net", "update ~7 net"}));
}

TEST_F(AwarenessOf300, SaysNothingOfStrangersWhoLeave) {
  apply("010903046e756c6c");
  EXPECT_EQ(take_log(), Log{});
  apply("010903027b7d");
  EXPECT_FALSE(mine.states().contains(9)) << "that was before it left";
}

TEST_F(AwarenessOf300, IsNotTakenAwayByOthers) {
  apply("01ac0205046e756c6c");
  EXPECT_EQ(take_log(), (Log{"change -300 net", "update -300 net"}));
  EXPECT_EQ(mine.encode_update(), hex("01ac0206027b7d")) << "a larger clock says it is still here";
}

TEST_F(AwarenessOf300, GoesWhenItRemovesItself) {
  const std::vector<crdt::ClientId> both{300, 7};
  mine.remove_states(both, "me");
  EXPECT_EQ(take_log(), (Log{"change -300 me", "update -300 me"}));
  EXPECT_EQ(mine.local_state(), nullptr);
  apply("01ac0214046e756c6c");
  EXPECT_EQ(mine.encode_update(both), hex("01ac0214046e756c6c"));
}

TEST_F(AwarenessOf300, RenewsItselfAndForgetsTheSilent) {
  apply(kSeven);
  take_log();
  executor.advance(seconds(14));
  EXPECT_EQ(take_log(), Log{});
  executor.advance(seconds(1));
  EXPECT_EQ(take_log(), Log{"update ~300 local"});
  executor.advance(seconds(15));
  EXPECT_EQ(take_log(), (Log{"update ~300 local", "change -7 timeout", "update -7 timeout"}));
  executor.advance(seconds(60));
  EXPECT_EQ(mine.states().size(), 1u);
}

TEST_F(AwarenessOf300, IsKeptByNews) {
  for (int clock = 1; clock < 6; ++clock) {
    apply("01070" + std::to_string(clock) + "027b7d");
    executor.advance(seconds(20));
  }
  EXPECT_TRUE(mine.states().contains(7));
}

TEST_F(AwarenessOf300, ChangesNothingWhereAnUpdateIsMalformed) {
  for (const char* digits : {"", "02070102", "020701027b7d", "010701037b787d", "ffffff7f"}) {
    EXPECT_EQ(mine.apply_update(hex(digits), "net").error().code(), Code::kMalformed) << digits;
  }
  EXPECT_EQ(take_log(), Log{});
  EXPECT_EQ(mine.states().size(), 1u);
}

TEST_F(AwarenessOf300, CanBeModifiedOnTheWay) {
  const auto modified = modify_awareness_update(hex(kSeven), [](const Value& state) {
    Value named = state;
    named.set("by", "hub");
    return named;
  });
  ASSERT_TRUE(modified.ok());
  EXPECT_EQ(*modified, hex("010701127b2278223a312c226279223a22687562227d"));
}

}  // namespace
}  // namespace syncline::sync
