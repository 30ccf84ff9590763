// The outlet of a session, and its frames.
#include "sync/session.hpp"

#include <gtest/gtest.h>

#include "bus/codec.hpp"
#include "support/test_executor.hpp"
#include "sync/tuning.hpp"

namespace syncline::sync {
namespace {

/// A connection that queues until the test says that it left.
class Queue final : public transport::Connection {
 public:
  void set_events(transport::ConnectionEvents*) override {}
  void send(SharedBytes message) override { queued += message->size(); }
  std::size_t queued_bytes() const override { return queued; }
  void close(std::uint16_t, std::string) override {}
  std::string peer() const override { return "test"; }

  std::size_t queued = 0;
};

class OutletTest : public ::testing::Test {
 protected:
  void drain() {
    queue_.queued = 0;
    outlet_.drained();
  }

  test::TestExecutor executor_;
  Queue queue_;
  std::vector<bool> congested_;
  int stalled_ = 0;
  Outlet outlet_{executor_,
                 queue_,
                 {.on_congested = [this](bool congested) { congested_.push_back(congested); },
                  .on_stalled = [this] { ++stalled_; }}};
  const SharedBytes half_ = share(Bytes(tuning::kCongestedBytes / 2));
};

TEST_F(OutletTest, SaysOnceThatItIsCongestedAndOnceThatItIsNot) {
  for (int i = 0; i < 2; ++i) outlet_.send(half_);
  EXPECT_TRUE(congested_.empty());
  for (int i = 0; i < 3; ++i) outlet_.send(half_);
  EXPECT_EQ(congested_, std::vector<bool>{true});
  drain();
  EXPECT_EQ(congested_, (std::vector<bool>{true, false}));
  drain();
  EXPECT_EQ(congested_.size(), 2u);
  executor_.advance(tuning::kStalledTimeout);
  EXPECT_EQ(stalled_, 0);
}

TEST_F(OutletTest, GivesUpOnAReaderThatStaysAway) {
  for (int i = 0; i < 3; ++i) outlet_.send(half_);
  executor_.advance(tuning::kStalledTimeout);
  EXPECT_EQ(stalled_, 1);
}

TEST_F(OutletTest, GivesUpOnAReaderThatAsksForMoreThanItTakes) {
  for (std::size_t sent = 0; sent <= tuning::kQueuedBytesMax; sent += half_->size())
    outlet_.send(half_);
  EXPECT_EQ(stalled_, 0) << "in a turn of its own";
  executor_.advance(Duration{0});
  EXPECT_EQ(stalled_, 1);
}

TEST(FrameCache, SharesTheBytesOfOneFanOut) {
  FrameCache cache;
  bus::Updated updated{.channel = 1, .seq = 2, .first = 2, .parts = {{"a", share({0, 0})}}};
  const SharedBytes first = cache.encode(updated);
  EXPECT_EQ(*first, bus::encode(updated));
  EXPECT_EQ(cache.encode(updated), first);
  updated.channel = 2;
  EXPECT_EQ(*cache.encode(updated), bus::encode(updated));
  updated.channel = 1;
  EXPECT_EQ(cache.encode(updated), first);
  EXPECT_EQ(cache.encode_y(updated).at(0), cache.encode_y(updated).at(0));
  updated.parts[0].update = share({0, 0});
  updated.seq = 3;
  EXPECT_EQ(*cache.encode(updated), bus::encode(updated));
}

TEST(SessionGate, LetsNothingThroughThatAsks) {
  const SessionGate gate;
  EXPECT_TRUE(gate.pass({.body = bus::Ack{}}).ok());
  EXPECT_TRUE(gate.pass({.body = bus::Presence{}}).ok());
  EXPECT_FALSE(gate.pass({.body = bus::Delete{.request = 1, .url = "comm://x/y"}}).ok());
  EXPECT_FALSE(gate.pass({.body = bus::Update{}}).ok());
}

}  // namespace
}  // namespace syncline::sync
