// Two connections back to back in one process.
#include "transport/loopback.hpp"

#include <gtest/gtest.h>

#include "unit/transport/fakes.hpp"

namespace syncline::transport {
namespace {

class LoopbackTest : public testing::Test {
 protected:
  LoopbackTest() {
    auto [one, two] = make_loopback(executor_a_, executor_b_);
    a_.take(std::move(one));
    b_.take(std::move(two));
  }
  void run() {
    for (int i = 0; i < 4; ++i) {
      executor_a_.run();
      executor_b_.run();
    }
  }

  FakeExecutor executor_a_;
  FakeExecutor executor_b_;
  Recorder a_;
  Recorder b_;
};

TEST_F(LoopbackTest, MessagesArriveInOrderInALaterTurn) {
  a_.send("one");
  a_.send("");
  a_.send("three");
  EXPECT_TRUE(b_.messages.empty());
  run();
  EXPECT_EQ(b_.messages, (std::vector<std::string>{"one", "", "three"}));
}

TEST_F(LoopbackTest, TheBufferIsSharedNotCopied) {
  const SharedBytes message = share({1, 2, 3});
  const std::uint8_t* seen = nullptr;
  struct Pointer final : ConnectionEvents {
    explicit Pointer(const std::uint8_t*& out) : seen(out) {}
    void on_message(ByteView bytes) override { seen = bytes.data(); }
    void on_drained() override {}
    void on_closed(const Close&) override {}
    const std::uint8_t*& seen;
  } pointer(seen);
  b_.connection->set_events(&pointer);
  a_.connection->send(message);
  run();
  EXPECT_EQ(seen, message->data());
}

TEST_F(LoopbackTest, QueuedBytesFallToZeroAndThatIsReported) {
  a_.send("12345");
  a_.send("678");
  EXPECT_EQ(a_.connection->queued_bytes(), 8u);
  run();
  EXPECT_EQ(a_.connection->queued_bytes(), 0u);
  EXPECT_EQ(a_.drained, 1);
}

TEST_F(LoopbackTest, ACloseArrivesBehindTheMessagesAndIsAnswered) {
  a_.send("last");
  a_.connection->close(4403, "forbidden");
  a_.send("too late");
  EXPECT_TRUE(a_.closes.empty());
  run();
  EXPECT_EQ(b_.messages, std::vector<std::string>{"last"});
  EXPECT_EQ(b_.closes, (std::vector<Close>{{4403, "forbidden"}}));
  EXPECT_EQ(a_.closes, (std::vector<Close>{{4403, "forbidden"}}));
}

TEST_F(LoopbackTest, BothMayCloseAtOnce) {
  a_.connection->close(1000, "a");
  b_.connection->close(1001, "b");
  run();
  EXPECT_EQ(a_.closes.size(), 1u);
  EXPECT_EQ(b_.closes.size(), 1u);
}

TEST_F(LoopbackTest, DestroyingOneEndDropsTheOther) {
  a_.send("still arrives");
  a_.connection.reset();
  run();
  EXPECT_EQ(b_.messages, std::vector<std::string>{"still arrives"});
  ASSERT_EQ(b_.closes.size(), 1u);
  EXPECT_EQ(b_.closes[0].code, kCloseAbnormal);
}

TEST_F(LoopbackTest, AHandlerMayDestroyItsConnection) {
  b_.on_message_hook = [this] { b_.connection.reset(); };
  a_.send("one");
  a_.send("two");
  run();
  EXPECT_EQ(b_.messages, std::vector<std::string>{"one"});
  EXPECT_EQ(a_.closes.size(), 1u);
}

}  // namespace
}  // namespace syncline::transport
