// What of an update a room takes.
#include "room/judgement.hpp"
#include "room/authorship.hpp"
#include "room/tuning.hpp"

#include <gtest/gtest.h>

namespace syncline::room {
namespace {

using Outcome = Judgement::Outcome;

constexpr const char* kAlice = "hyperty://example.org/alice";
constexpr const char* kBob = "hyperty://example.org/bob";

/// A replica that makes updates.
struct Author {
  explicit Author(crdt::ClientId client) : doc({.client = client}) {}
  crdt::Update set(const std::string& key, Value value) {
    Bytes update;
    const Handle listening =
        doc.on_update([&](const Bytes& bytes, crdt::Transaction&) { update = bytes; });
    crdt::Map(*doc.root("data", crdt::TypeKind::kMap).value()).set(key, std::move(value));
    return crdt::decode_update_v1(update).value();
  }
  crdt::Doc doc;
};

class JudgementTest : public ::testing::Test {
 protected:
  Judgement judged(crdt::Update update, std::string_view who, bool relayed = false,
                   bool plain = false) {
    return judge(std::move(update), doc_, head_, authorship_,
                 {.identity = who,
                  .verdict = access::decide_writes(head_.rules, head_.subject(who)),
                  .relayed = relayed,
                  .plain = plain});
  }
  void take(const Judgement& judgement, std::string_view who) {
    ASSERT_EQ(judgement.outcome, Outcome::kTaken);
    doc_.apply(judgement.update);
    for (const crdt::ClientId client : judgement.held) head_.holders.emplace(client, who);
  }

  crdt::Doc doc_{{.client = 99}};
  Head head_ = [] {
    Head head;
    head.url = "comm://example.org/board";
    head.owner = kAlice;
    head.rules = access::Rules::open();
    return head;
  }();
  Authorship authorship_;
  Author one_{1};
  Author two_{2};
};

TEST_F(JudgementTest, TakesWhatIsAllowedAndSaysWhoHoldsItsIds) {
  const Judgement judgement = judged(one_.set("a", 1), kBob);
  EXPECT_EQ(judgement.outcome, Outcome::kTaken);
  EXPECT_EQ(judgement.held, std::vector<crdt::ClientId>{1});
}

TEST_F(JudgementTest, RefusesTheWholeOfWhatIsDenied) {
  head_.rules = access::Rules::owner();
  const Judgement judgement = judged(one_.set("a", 1), kBob);
  ASSERT_EQ(judgement.outcome, Outcome::kRefused);
  EXPECT_EQ(judgement.refusal->code, Code::kDenied);
  EXPECT_EQ(judgement.refusal->rule, "default");
  EXPECT_EQ(judgement.refusal->correction, bus::Correction::kRebuild);
  EXPECT_NE(judgement.refusal->message.find("bob may not write comm://example.org/board"),
            std::string::npos)
      << judgement.refusal->message;
  EXPECT_TRUE(doc_.state_vector().empty());
}

TEST_F(JudgementTest, WhatIsKnownIsNothingNewWhateverTheRights) {
  const crdt::Update update = one_.set("a", 1);
  take(judged(update, kAlice), kAlice);
  head_.rules = access::Rules::owner();
  EXPECT_EQ(judged(update, kBob).outcome, Outcome::kNothingNew);
  // A reader's step 2 carries every deletion it knows.
  take(judged(one_.set("a", 2), kAlice), kAlice);
  const Bytes full = doc_.encode_state_as_update_v1();
  EXPECT_EQ(judged(crdt::decode_update_v1(full).value(), kBob, true).outcome, Outcome::kNothingNew);
}

TEST_F(JudgementTest, ADeletionIsAWrite) {
  take(judged(one_.set("a", 1), kAlice), kAlice);
  head_.rules = access::Rules::owner();
  crdt::Update deletion;
  deletion.deletes.add(1, 0, 1);
  EXPECT_EQ(judged(deletion, kBob).outcome, Outcome::kRefused);
  EXPECT_EQ(judged(deletion, kAlice).outcome, Outcome::kTaken);
}

TEST_F(JudgementTest, AnIdBelongsToWhoeverBroughtItLive) {
  take(judged(one_.set("a", 1), kAlice), kAlice);
  const crdt::Update next = one_.set("b", 2);
  for (const std::string_view thief : {std::string_view(kBob), access::kAnonymous}) {
    const Judgement judgement = judged(next, thief);
    ASSERT_EQ(judgement.outcome, Outcome::kRefused);
    EXPECT_EQ(judgement.refusal->code, Code::kConflict);
    EXPECT_EQ(judgement.refusal->reason, "client_id_taken");
    EXPECT_EQ(judged(next, thief, true).outcome, Outcome::kRefused) << "relayed too";
  }
  EXPECT_EQ(judged(next, kAlice).outcome, Outcome::kTaken);
}

TEST_F(JudgementTest, RefusesTheWholeWhereNoMoreRefusedIdsCanBeRemembered) {
  const auto by_path = Value::parse(R"({"rules": [
      {"effect": "allow", "actions": "write", "who": "*"},
      {"effect": "deny", "actions": "write", "who": "*", "path": "/locked"}]})");
  head_.rules = access::Rules::parse(by_path).value();
  take(judged(one_.set("a", 1), kBob), kBob);
  for (crdt::Clock clock = 0; clock < 2 * kRefusedRanges; clock += 2)
    head_.refused.add(7, clock, 1);
  Judgement judgement = judged(one_.set("locked", 2), kBob);
  ASSERT_EQ(judgement.outcome, Outcome::kRefused);
  EXPECT_EQ(judgement.refusal->paths, std::vector<std::string>{"/locked"});
  EXPECT_EQ(judgement.refusal->correction, bus::Correction::kRebuild);
  EXPECT_TRUE(judgement.refused.empty());
  take(judged(two_.set("b", 1), kAlice), kAlice);  // Nothing is refused of it.

  // What continues a range takes no more room.
  head_.refused.remove(7, 0, 1);
  head_.refused.add(2, 0, 1);
  judgement = judged(two_.set("locked", 2), kAlice);
  ASSERT_EQ(judgement.outcome, Outcome::kTaken);
  EXPECT_TRUE(judgement.refused.contains({2, 1}));
}

TEST_F(JudgementTest, AnonymousSessionsHoldNothing) {
  const Judgement judgement = judged(one_.set("a", 1), access::kAnonymous);
  EXPECT_TRUE(judgement.held.empty());
  take(judgement, access::kAnonymous);
  EXPECT_EQ(judged(one_.set("b", 1), kBob).held, std::vector<crdt::ClientId>{1});
}

TEST_F(JudgementTest, RelayedStructsAreTakenAndNotHeld) {
  const Judgement judgement = judged(one_.set("a", 1), kBob, true);
  EXPECT_EQ(judgement.outcome, Outcome::kTaken);
  EXPECT_TRUE(judgement.held.empty());
}

TEST_F(JudgementTest, APlainClientsStepTwoIsCutQuietly) {
  take(judged(one_.set("a", 1), kAlice), kAlice);
  // Somebody's replica holds a newer change of alice's, and one of its own.
  two_.doc.apply(one_.set("b", 2));
  two_.doc.apply_update_v1(doc_.encode_state_as_update_v1()).value();
  two_.set("c", 3);
  const Bytes full = two_.doc.encode_state_as_update_v1();
  const Judgement judgement = judged(crdt::decode_update_v1(full).value(), kBob, true, true);
  ASSERT_EQ(judgement.outcome, Outcome::kTaken);
  EXPECT_FALSE(judgement.update.structs.contains(1));
  EXPECT_TRUE(judgement.update.structs.contains(2));
  head_.rules = access::Rules::owner();
  EXPECT_EQ(judged(crdt::decode_update_v1(full).value(), kBob, true, true).outcome,
            Outcome::kNothingNew);
  EXPECT_EQ(judged(crdt::decode_update_v1(full).value(), kBob, false, true).outcome,
            Outcome::kRefused);
}

TEST_F(JudgementTest, WhatDependsOnTheUnknownWaits) {
  const crdt::Update first = one_.set("a", 1);
  const crdt::Update second = one_.set("a", 2);
  EXPECT_EQ(judged(second, kBob).outcome, Outcome::kWaits);
  crdt::Update deletion;
  deletion.deletes.add(1, 0, 1);
  EXPECT_EQ(judged(deletion, kBob).outcome, Outcome::kWaits);
  take(judged(first, kBob), kBob);
  EXPECT_EQ(judged(second, kBob).outcome, Outcome::kTaken);
}

TEST_F(JudgementTest, RefusedIdsAreRefusedAgain) {
  head_.refused.add(1, 0, 1);
  const Judgement judgement = judged(one_.set("a", 1), kAlice);
  ASSERT_TRUE(judgement.refusal);
  EXPECT_EQ(judgement.refusal->reason, "depends_on_refused");
  EXPECT_EQ(judgement.update.structs.at(1).front().kind, crdt::StructKind::kGC);
  EXPECT_EQ(judged(two_.set("a", 1), kAlice).outcome, Outcome::kTaken);
}

TEST_F(JudgementTest, AnEmptyUpdateIsNothingNew) {
  EXPECT_EQ(judged({}, kBob).outcome, Outcome::kNothingNew);
  head_.rules = access::Rules::owner();
  EXPECT_EQ(judged({}, kBob).outcome, Outcome::kNothingNew);
}

}  // namespace
}  // namespace syncline::room
