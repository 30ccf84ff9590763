#include "sync/y_protocol.hpp"

#include <gtest/gtest.h>

namespace syncline::sync::y {
namespace {

TEST(YProtocol, ReadsTheFramesThatYWebsocketSends) {
  const Bytes step1{0, 0, 1, 0};
  const auto frame = decode(step1);
  ASSERT_TRUE(frame.ok());
  const auto& sync = std::get<SyncFrame>(*frame);
  EXPECT_EQ(sync.step, Sync::kStep1);
  EXPECT_EQ(Bytes(sync.payload.begin(), sync.payload.end()), Bytes{0});

  const Bytes awareness{1, 1, 0};
  EXPECT_EQ(std::get<AwarenessFrame>(*decode(awareness)).payload.size(), 1u);
  const Bytes query{3};
  EXPECT_TRUE(std::holds_alternative<QueryAwarenessFrame>(*decode(query)));
  const Bytes unknown{77, 1, 2};
  EXPECT_TRUE(std::holds_alternative<OtherFrame>(*decode(unknown)));
}

TEST(YProtocol, WritesTheFramesThatYWebsocketReads) {
  EXPECT_EQ(encode_sync(Sync::kStep2, Bytes{0, 0}), (Bytes{0, 1, 2, 0, 0}));
  EXPECT_EQ(encode_alive(), (Bytes{1, 1, 0}));
}

TEST(YProtocol, RefusesTruncatedFramesAndUnknownSteps) {
  for (const Bytes& frame : {Bytes{}, Bytes{0}, Bytes{0, 3, 0}, Bytes{0, 2, 5, 1}, Bytes{1, 9}})
    EXPECT_FALSE(decode(frame).ok());
}

}  // namespace
}  // namespace syncline::sync::y
