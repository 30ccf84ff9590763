// Routing: gates, order, resolvers, and who is answered what.
#include "bus/bus.hpp"

#include <gtest/gtest.h>

namespace syncline::bus {
namespace {

class OpenGate : public Gate {
 public:
  Result<void> pass(const Message&) const override { return {}; }
};

class ShutGate : public Gate {
 public:
  Result<void> pass(const Message&) const override {
    return Error(Code::kDenied, "only the owner may");
  }
  std::string rule(const Message&) const override { return "rule 2"; }
};

struct Inbox {
  std::vector<Message> messages;
  Receiver receiver() {
    return [this](Message message) { messages.push_back(std::move(message)); };
  }
};

Message message(Address from, Address to, Body body) {
  return {.from = std::move(from), .to = std::move(to), .body = std::move(body)};
}

class BusTest : public ::testing::Test {
 protected:
  OpenGate open_;
  ShutGate shut_;
  Bus bus_;
  Inbox session_;
  Handle session_handle_ = bus_.attach("session:1", open_, session_.receiver());
};

TEST_F(BusTest, DeliversThroughTheGate) {
  Inbox room;
  Handle handle = bus_.attach("comm://a/b", open_, room.receiver());
  bus_.send(message("session:1", "comm://a/b", Describe{.request = 1, .url = "comm://a/b"}));
  ASSERT_EQ(room.messages.size(), 1U);
  EXPECT_EQ(room.messages[0].from, "session:1");
  EXPECT_TRUE(session_.messages.empty());
}

TEST_F(BusTest, AnswersWhatAGateRefusesWithTheRequestAndTheRule) {
  Inbox room;
  Handle handle = bus_.attach("comm://a/b", shut_, room.receiver());
  bus_.send(message("session:1", "comm://a/b", Delete{.request = 7, .url = "comm://a/b"}));
  bus_.send(message("session:1", "comm://a/b", Update{.channel = 3, .sequence = 9}));
  EXPECT_TRUE(room.messages.empty());
  ASSERT_EQ(session_.messages.size(), 2U);
  EXPECT_EQ(session_.messages[0].from, "comm://a/b");
  const Refused& refused = std::get<Refused>(session_.messages[0].body);
  EXPECT_EQ(refused.request, 7U);
  EXPECT_EQ(refused.code, Code::kDenied);
  EXPECT_EQ(refused.rule, "rule 2");
  const UpdateRefused& update = std::get<UpdateRefused>(session_.messages[1].body);
  EXPECT_EQ(update.channel, 3U);
  EXPECT_EQ(update.sequence, 9U);
  EXPECT_EQ(update.message, "only the owner may");
}

TEST_F(BusTest, AnswersRequestsToNobody) {
  bus_.send(message("session:1", "comm://a/b", Read{.request = 2}));
  bus_.send(message("session:1", "comm://a/b", Update{.sequence = 1}));
  ASSERT_EQ(session_.messages.size(), 2U);
  EXPECT_EQ(std::get<Refused>(session_.messages[0].body).code, Code::kNotFound);
  const UpdateRefused& update = std::get<UpdateRefused>(session_.messages[1].body);
  EXPECT_EQ(update.code, Code::kUnavailable);
  EXPECT_EQ(update.reason, "unsubscribed");
}

TEST_F(BusTest, NeverAnswersAnswers) {
  Handle shut = bus_.attach("session:2", shut_, [](Message) { FAIL() << "passed a shut gate"; });
  bus_.send(message("session:1", "session:2", Refused{.request = 1}));
  bus_.send(message("session:1", "session:9", Done{.request = 1}));
  bus_.send(message("session:1", "session:9", Unsubscribe{}));
  EXPECT_TRUE(session_.messages.empty());
}

TEST_F(BusTest, AsksTheResolverForRequestsOnly) {
  Inbox table;
  bus_.set_resolver(table.receiver());
  bus_.send(message("session:1", "comm://a/b", Subscribe{.request = 1}));
  bus_.send(message("session:1", "comm://a/b", Update{.sequence = 1}));
  bus_.send(message("session:1", "comm://a/b", Presence{}));
  ASSERT_EQ(table.messages.size(), 1U);
  EXPECT_TRUE(std::holds_alternative<Subscribe>(table.messages[0].body));
}

TEST_F(BusTest, DeliversWhatIsSentDuringADeliveryAfterwards) {
  std::vector<std::string> story;
  Handle room = bus_.attach("comm://a/b", open_, [&](Message) {
    story.push_back("room in");
    bus_.send(message("comm://a/b", "session:2", Done{.request = 1}));
    bus_.send(message("comm://a/b", "session:2", Done{.request = 2}));
    story.push_back("room out");
  });
  Handle other = bus_.attach("session:2", open_, [&](Message received) {
    story.push_back("reply " + std::to_string(request_of(received.body)));
  });
  bus_.send(message("session:1", "comm://a/b", Read{.request = 1}));
  EXPECT_EQ(story, (std::vector<std::string>{"room in", "room out", "reply 1", "reply 2"}));
}

TEST_F(BusTest, LetsAReceiverDetachItself) {
  Handle room;
  int received = 0;
  room = bus_.attach("comm://a/b", open_, [&](Message) {
    room.reset();
    ++received;
  });
  bus_.send(message("session:1", "comm://a/b", Read{.request = 1}));
  bus_.send(message("session:1", "comm://a/b", Read{.request = 2}));
  EXPECT_EQ(received, 1);
  EXPECT_FALSE(bus_.attached("comm://a/b"));
  EXPECT_EQ(session_.messages.size(), 1U);
}

}  // namespace
}  // namespace syncline::bus
