// Decisions, as truth tables.
#include "access/verdict.hpp"

#include <gtest/gtest.h>

namespace syncline::access {
namespace {

constexpr const char* kAlice = "hyperty://example.org/alice";
constexpr const char* kBob = "hyperty://example.org/bob";

Subject subject(std::string identity) {
  Subject out;
  out.identity = std::move(identity);
  return out;
}
Subject owner() {
  Subject out = subject(kAlice);
  out.owner = true;
  return out;
}
Subject invited() {
  Subject out = subject(kBob);
  out.invited = true;
  return out;
}
Subject stranger() { return subject("hyperty://elsewhere.net/mallory"); }
Subject anonymous() { return subject(std::string(kAnonymous)); }
Subject granted(Role role) {
  Subject out = stranger();
  out.grant = role;
  return out;
}

/// One letter an action in the order of Action: '+' allowed, '-' denied.
std::string table(const Rules& rules, const Subject& who) {
  std::string out;
  for (std::size_t i = 0; i < kActions; ++i)
    out += decide(rules, who, static_cast<Action>(i)).allow ? '+' : '-';
  return out;
}

Rules rules(const char* json) { return Rules::parse(Value::parse(json)).value(); }

// The columns: read subscribe | add change remove | invite transfer delete | execute event presence
// | administer.
TEST(Preset, OwnerLetsAllReadAndTheOwnerWrite) {
  EXPECT_EQ(table(Rules::owner(), owner()), "++++++++++++");
  EXPECT_EQ(table(Rules::owner(), invited()), "++------+++-");
  EXPECT_EQ(table(Rules::owner(), stranger()), "++------+++-");
  EXPECT_EQ(table(Rules::owner(), anonymous()), "++------+++-");
}

TEST(Preset, OpenLetsAllReadAndWrite) {
  EXPECT_EQ(table(Rules::open(), owner()), "++++++++++++");
  EXPECT_EQ(table(Rules::open(), stranger()), "+++++---+++-");
  EXPECT_EQ(table(Rules::open(), anonymous()), "+++++---+++-");
}

TEST(Preset, PrivateLetsOwnerAndInvitedReadAndTheOwnerWrite) {
  EXPECT_EQ(table(Rules::closed(), owner()), "++++++++++++");
  EXPECT_EQ(table(Rules::closed(), invited()), "++------+++-");
  EXPECT_EQ(table(Rules::closed(), stranger()), "------------");
  EXPECT_EQ(table(Rules::closed(), anonymous()), "------------");
}

TEST(Grant, NarrowsOrWidensWhatTheRulesSay) {
  EXPECT_EQ(table(Rules::open(), granted(Role::kNone)), "------------");
  EXPECT_EQ(table(Rules::open(), granted(Role::kReader)), "++--------+-");
  EXPECT_EQ(table(Rules::closed(), granted(Role::kReader)), "------------");
  EXPECT_EQ(table(Rules::owner(), granted(Role::kWriter)), "++------+++-");
  EXPECT_EQ(table(Rules::closed(), granted(Role::kOwner)), "++++++++++++");
  EXPECT_EQ(table(rules(R"({"rules": []})"), granted(Role::kAdmin)), "++++++++++++");
  EXPECT_EQ(table(rules(R"({"rules": []})"), owner()), "------------");
}

TEST(Grant, TheLargestThatCoversTheObjectCounts) {
  const std::vector<Grant> grants{{"comm://x/**", Role::kReader}, {"comm://x/a/*", Role::kWriter}};
  EXPECT_EQ(role_on(grants, "comm://x/a/b"), Role::kWriter);
  EXPECT_EQ(role_on(grants, "comm://x/a/b/c"), Role::kReader);
  EXPECT_EQ(role_on(grants, "comm://y/a"), Role::kNone);
  EXPECT_EQ(role_from("writer"), Role::kWriter);
  EXPECT_EQ(role_from("none"), std::nullopt);
}

struct Case {
  const char* who;
  std::string alice, bob, stranger, anonymous;  // '+' or '-'
};

TEST(Who, IsMatchedByKind) {
  const std::vector<Case> cases{
      {"*", "+", "+", "+", "+"},
      {"owner", "+", "-", "-", "-"},
      {"invited", "-", "+", "-", "-"},
      {"anonymous", "-", "-", "-", "+"},
      {"creator", "-", "-", "-", "-"},
      {"hyperty://example.org/bob", "-", "+", "-", "-"},
      {"hyperty://example.org/*", "+", "+", "-", "-"},
      {"hyperty://**", "+", "+", "+", "+"},
      {"group:staff", "-", "-", "-", "-"},
  };
  for (const Case& one : cases) {
    const Value set = Value::object(
        {{"rules", Value::array({Value::object(
                       {{"effect", "allow"}, {"actions", "read"}, {"who", one.who}})})}});
    const Rules parsed = Rules::parse(set).value();
    const auto may = [&](const Subject& who) {
      return decide(parsed, who, Action::kRead).allow ? "+" : "-";
    };
    EXPECT_EQ(may(owner()), one.alice) << one.who;
    EXPECT_EQ(may(invited()), one.bob) << one.who;
    EXPECT_EQ(may(stranger()), one.stranger) << one.who;
    EXPECT_EQ(may(anonymous()), one.anonymous) << one.who;
  }
}

TEST(Who, GroupsAndRolesComeWithTheSubject) {
  const Rules set = rules(R"({"rules": [
      {"effect": "allow", "actions": ["read"], "who": ["group:staff"]},
      {"effect": "allow", "actions": ["write"], "who": ["role:editor"]}]})");
  Subject who = stranger();
  who.groups = {"staff"};
  EXPECT_TRUE(decide(set, who, Action::kRead).allow);
  EXPECT_FALSE(decide(set, who, Action::kAdd).allow);
  who.roles = {"editor"};
  EXPECT_TRUE(decide(set, who, Action::kAdd).allow);
}

TEST(Who, SubscriberIsWhoeverMaySubscribeNow) {
  const Rules set = rules(R"({"rules": [
      {"effect": "allow", "actions": ["subscribe"], "who": ["invited", "subscriber"]},
      {"effect": "allow", "actions": ["write"], "who": ["subscriber"]}]})");
  EXPECT_TRUE(decide(set, invited(), Action::kAdd).allow);
  EXPECT_FALSE(decide(set, stranger(), Action::kAdd).allow);
  EXPECT_FALSE(decide(set, stranger(), Action::kSubscribe).allow);
}

TEST(Combine, DecidesBetweenAllowAndDeny) {
  const std::string both = R"("rules": [
      {"effect": "allow", "actions": ["read"], "who": ["*"]},
      {"effect": "deny", "actions": ["read", "event"], "who": ["anonymous"], "priority": -1,
       "name": "no strangers"}]})";
  const Rules deny = rules((R"({"combine": "deny-overrides", )" + both).c_str());
  const Rules allow = rules((R"({"combine": "allow-overrides", )" + both).c_str());
  const Rules first = rules((R"({"combine": "first-applicable", )" + both).c_str());
  EXPECT_FALSE(decide(deny, anonymous(), Action::kRead).allow);
  EXPECT_EQ(decide(deny, anonymous(), Action::kRead).rule, "no strangers");
  EXPECT_TRUE(decide(allow, anonymous(), Action::kRead).allow);
  EXPECT_EQ(decide(allow, anonymous(), Action::kRead).rule, "rule 1");
  EXPECT_FALSE(decide(first, anonymous(), Action::kRead).allow);
  EXPECT_TRUE(decide(first, owner(), Action::kRead).allow);
  for (const Rules& set : {deny, allow, first}) {
    EXPECT_FALSE(decide(set, anonymous(), Action::kEvent).allow);
    EXPECT_FALSE(decide(set, owner(), Action::kEvent).allow);
    EXPECT_EQ(decide(set, owner(), Action::kEvent).rule, "default");
  }
}

TEST(Execute, IsAllowedByMethod) {
  const Rules set = rules(R"({"rules": [
      {"effect": "allow", "actions": ["execute:ring", "execute:stop"], "who": ["*"]},
      {"effect": "allow", "actions": ["execute"], "who": ["owner"]}]})");
  EXPECT_TRUE(decide(set, stranger(), Action::kExecute, "ring").allow);
  EXPECT_FALSE(decide(set, stranger(), Action::kExecute, "explode").allow);
  EXPECT_TRUE(decide(set, owner(), Action::kExecute, "explode").allow);
}

TEST(WriteVerdict, IsAllOrNoneForWholeObjectRules) {
  EXPECT_EQ(decide_writes(Rules::owner(), owner()).verdict, Verdict::kAll);
  EXPECT_EQ(decide_writes(Rules::owner(), stranger()).verdict, Verdict::kNone);
  EXPECT_EQ(decide_writes(Rules::owner(), stranger()).rule, "default");
  EXPECT_EQ(decide_writes(Rules::open(), anonymous()).verdict, Verdict::kAll);
  EXPECT_EQ(decide_writes(Rules::open(), anonymous()).rule, "open: rule 3");
  EXPECT_EQ(decide_writes(Rules::open(), granted(Role::kReader)).verdict, Verdict::kNone);
}

TEST(WriteVerdict, IsByPathWhereRulesAskForIt) {
  for (const char* json :
       {R"({"rules": [{"effect": "allow", "actions": "add", "who": "*"}]})",
        R"({"rules": [{"effect": "allow", "actions": "write", "who": "creator"}]})",
        R"({"rules": [{"effect": "allow", "actions": "write", "who": "*", "path": "/a/*"}]})",
        R"({"rules": [{"effect": "allow", "actions": "write", "who": "*", "root": "t"}]})"}) {
    EXPECT_TRUE(rules(json).needs_paths()) << json;
    EXPECT_EQ(decide_writes(rules(json), owner()).verdict, Verdict::kByPath) << json;
    EXPECT_EQ(decide_writes(rules(json), granted(Role::kReader)).verdict, Verdict::kNone) << json;
    EXPECT_EQ(decide_writes(rules(json), granted(Role::kAdmin)).verdict, Verdict::kAll) << json;
  }
  EXPECT_FALSE(rules(R"({"rules": [{"effect": "allow", "actions": "write", "who": "*",
                                     "path": "/**", "root": "*"}]})")
                   .needs_paths());
}

TEST(Explain, SaysWhoWhatAndWhy) {
  const Decision decision = decide(Rules::owner(), stranger(), Action::kDelete);
  EXPECT_EQ(explain(decision, stranger(), "delete", "comm://x/y"),
            "hyperty://elsewhere.net/mallory may not delete comm://x/y: no rule of the object "
            "allows it");
}

}  // namespace
}  // namespace syncline::access
