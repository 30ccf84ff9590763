// What is stored of an object beside its document: head, authorship.
#include "room/head.hpp"

#include <gtest/gtest.h>

#include "room/authorship.hpp"

namespace syncline::room {
namespace {

Head full_head() {
  Head head;
  head.url = "comm://example.org/board";
  head.owner = "hyperty://example.org/alice";
  head.rules = access::Rules::parse(Value::parse(R"({"combine": "allow-overrides", "rules": [
      {"effect": "allow", "actions": ["write"], "who": ["hyperty://example.org/*"]}]})"))
                   .value();
  head.epoch = 3;
  head.incarnation = "00ff";
  head.created_ms = 1'700'000'000'123;
  head.schema = Value::object({{"type", "object"}});
  head.nonce = "n";
  head.invited = {{"hyperty://x/bob", "hyperty://x/alice", true},
                  {"hyperty://x/carol", "hyperty://x/alice", false}};
  head.durable = false;
  head.base_seq = 12;
  head.refused.add(7, 3, 2);
  head.holders = {{1, "hyperty://x/a"}, {9007199254740991, "hyperty://x/b"}, {5, "hyperty://x/a"}};
  head.deleted_ms = 1'700'000'000'999;
  return head;
}

TEST(Head, IsReadAsItIsWritten) {
  EXPECT_EQ(Head::decode(full_head().encode()).value(), full_head());
  EXPECT_EQ(Head::decode(Head().encode()).value(), Head());
}

TEST(Head, RefusesEveryTruncationAndBytesAfterIt) {
  Bytes bytes = full_head().encode();
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    const Result<Head> head = Head::decode(ByteView(bytes).first(length));
    ASSERT_FALSE(head.ok()) << length;
    EXPECT_EQ(head.error().code(), Code::kMalformed);
  }
  bytes.push_back(0);
  EXPECT_FALSE(Head::decode(bytes).ok());
}

TEST(Head, SaysWhichVersionToRunForANewerFormat) {
  Bytes bytes = full_head().encode();
  bytes[0] = 2;
  const Result<Head> head = Head::decode(bytes);
  ASSERT_FALSE(head.ok());
  EXPECT_EQ(head.error().code(), Code::kUnavailable);
  EXPECT_NE(head.error().message().find("newer version of Syncline"), std::string::npos);
}

TEST(Head, SeesSubjectsAsTheObjectDoes) {
  const Head head = full_head();
  EXPECT_TRUE(head.subject("hyperty://example.org/alice").owner);
  EXPECT_FALSE(head.subject("hyperty://x/bob").owner);
  EXPECT_TRUE(head.subject("hyperty://x/bob").invited);
  Head of_nobody;
  EXPECT_FALSE(of_nobody.subject(access::kAnonymous).owner);
  EXPECT_FALSE(of_nobody.subject("").owner);
  of_nobody.owner = access::kAnonymous;
  EXPECT_FALSE(of_nobody.subject(access::kAnonymous).owner);
}

TEST(Authorship, KeepsRangesPerClientAndUnitesNeighbours) {
  Authorship authorship;
  authorship.record(1, 0, 5, "a");
  authorship.record(1, 5, 8, "a");
  authorship.record(1, 8, 9, "b");
  authorship.record(2, 0, 1, "b");
  EXPECT_EQ(authorship.author_of({1, 0}), "a");
  EXPECT_EQ(authorship.author_of({1, 7}), "a");
  EXPECT_EQ(authorship.author_of({1, 8}), "b");
  EXPECT_EQ(authorship.author_of({1, 9}), std::nullopt);
  EXPECT_EQ(authorship.author_of({2, 0}), "b");
  EXPECT_EQ(authorship.author_of({3, 0}), std::nullopt);
}

TEST(Authorship, KeepsTheFirstAuthorOfAUnit) {
  Authorship authorship;
  authorship.record(1, 0, 5, "a");
  authorship.record(1, 3, 7, "b");
  EXPECT_EQ(authorship.author_of({1, 4}), "a");
  EXPECT_EQ(authorship.author_of({1, 5}), "b");
}

TEST(Authorship, IsReadAsItIsWritten) {
  Authorship authorship;
  authorship.record(1, 0, 5, "a");
  authorship.record(1, 9, 12, "b");
  authorship.record(900719925474099, 2, 3, "a");
  encoding::Writer writer;
  authorship.write(writer);
  encoding::Reader reader(writer.bytes());
  EXPECT_EQ(Authorship::read(reader), authorship);
  EXPECT_TRUE(reader.at_end());
  for (std::size_t length = 0; length < writer.size(); ++length) {
    encoding::Reader cut(ByteView(writer.bytes()).first(length));
    (void)Authorship::read(cut);
    EXPECT_TRUE(cut.failed()) << length;
  }
}

}  // namespace
}  // namespace syncline::room
