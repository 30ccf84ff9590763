// Verdicts by path: what each rule says about a place, and the compiled form against an evaluator
// that reads the JSON anew for every question.
#include "access/verdict.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "support/seeds.hpp"

namespace syncline::access {
namespace {

constexpr const char* kAlice = "hyperty://example.org/alice";
constexpr const char* kBob = "hyperty://example.org/bob";

/// Unit (client, clock): made by whoever the client stands for.
class ByClient final : public Authors {
 public:
  std::optional<std::string_view> author_of(crdt::ID unit) const override {
    if (unit.client == 1) return kAlice;
    if (unit.client == 2) return kBob;
    return std::nullopt;
  }
};

/// "/messages/m1@1/text@2": keys, "*" for elements; "@N" what client N made holds it.
Place place(std::string_view text, std::string root = "data") {
  Place out{std::move(root), {}};
  while (!text.empty()) {
    text.remove_prefix(1);
    const std::string_view step = text.substr(0, text.find('/'));
    text.remove_prefix(step.size());
    Step one;
    one.key = step.substr(0, step.find('@'));
    one.element = one.key == "*";
    if (const auto at = step.find('@'); at != std::string_view::npos)
      one.item = crdt::ID{static_cast<crdt::ClientId>(step[at + 1] - '0'), 0};
    out.steps.push_back(std::move(one));
  }
  return out;
}

Subject subject(std::string identity, bool owner = false) {
  Subject out;
  out.identity = std::move(identity);
  out.owner = owner;
  return out;
}

Rules rules(const char* json) { return Rules::parse(Value::parse(json)).value(); }

/// '+' or '-' for add, change, remove.
std::string may(const Rules& set, const Subject& who, const Place& where) {
  const PathVerdict verdict(set, who, {});
  std::string out;
  for (const Action action : {Action::kAdd, Action::kChange, Action::kRemove})
    out += verdict.decide(where, action, ByClient()).allow ? '+' : '-';
  return out;
}

/// The seed's successors' "child object".
const char* const kMessages = R"({"rules": [
    {"effect": "allow", "actions": ["read", "subscribe"], "who": ["*"]},
    {"effect": "allow", "actions": ["write"], "who": ["owner"]},
    {"effect": "allow", "actions": ["add"], "who": ["subscriber"], "path": "/messages/*"},
    {"effect": "allow", "actions": ["change", "remove"], "who": ["creator"],
     "path": "/messages/*"}]})";

TEST(PathVerdict, EntriesBelongToWhoeverAddedThem) {
  const Rules set = rules(kMessages);
  const Subject alice = subject(kAlice, true);
  const Subject bob = subject(kBob);
  EXPECT_EQ(may(set, bob, place("/messages/new")), "+--");
  EXPECT_EQ(may(set, bob, place("/messages/m@2")), "+++") << "his own";
  EXPECT_EQ(may(set, bob, place("/messages/m@1")), "+--") << "alice's";
  EXPECT_EQ(may(set, bob, place("/messages/m@2/text")), "+++") << "a change of his";
  EXPECT_EQ(may(set, bob, place("/messages/m@1/text")), "---") << "a change of hers";
  EXPECT_EQ(may(set, bob, place("/messages/m@2/deep@1/deeper@1")), "+++") << "at any depth";
  EXPECT_EQ(may(set, bob, place("/messages/*@2")), "+++") << "lists too";
  EXPECT_EQ(may(set, bob, place("/messages")), "---");
  EXPECT_EQ(may(set, bob, place("/title")), "---");
  EXPECT_EQ(may(set, bob, place("/messages/new", "other")), "---") << "another root";
  EXPECT_EQ(may(set, alice, place("/messages/m@2/text")), "+++") << "the owner may all";
  EXPECT_EQ(decide_writes(set, alice).verdict, Verdict::kAll);
  EXPECT_EQ(decide_writes(set, bob).verdict, Verdict::kByPath);
}

TEST(PathVerdict, NamesTheRule) {
  const Rules set = rules(kMessages);
  const PathVerdict verdict(set, subject(kBob), {});
  const auto rule = [&](std::string_view where, Action action) {
    return verdict.name_of(verdict.decide(place(where), action, ByClient()));
  };
  EXPECT_EQ(rule("/messages/new", Action::kAdd), "rule 3");
  EXPECT_EQ(rule("/messages/m@2", Action::kRemove), "rule 4");
  EXPECT_EQ(rule("/messages/m@1", Action::kRemove), "default");
}

TEST(PathVerdict, AnonymousSessionsCreateNothing) {
  const Rules set = rules(
      R"({"rules": [{"effect": "allow", "actions": "write", "who": "creator", "path": "/m/*"}]})");
  EXPECT_EQ(decide_writes(set, subject(std::string(kAnonymous))).verdict, Verdict::kNone);
  EXPECT_EQ(may(set, subject(kBob), place("/m/new")), "+--");
  EXPECT_EQ(may(set, subject(kBob), place("/m/old@2")), "+++");
}

TEST(PathVerdict, ThePatternSaysHowDeep) {
  const auto one = [](const char* path, const char* actions, std::string_view where) {
    const Value rule =
        Value::object({{"effect", "allow"}, {"actions", actions}, {"who", "*"}, {"path", path}});
    return may(Rules::parse(Value::object({{"rules", Value::array({rule})}})).value(),
               subject(kBob), place(where));
  };
  EXPECT_EQ(one("/a", "write", "/a"), "+++");
  EXPECT_EQ(one("/a", "write", "/a/b/c"), "+++");
  EXPECT_EQ(one("/a", "add", "/a/b"), "---") << "below it everything is a change";
  EXPECT_EQ(one("/a", "change", "/a/b"), "+++");
  EXPECT_EQ(one("/a", "change", "/a"), "-+-");
  EXPECT_EQ(one("/a", "write", "/b"), "---");
  EXPECT_EQ(one("/a/b", "write", "/a"), "---");
  EXPECT_EQ(one("", "change", "/a"), "+++") << "the root itself";
  EXPECT_EQ(one("", "add", "/a"), "---");
  EXPECT_EQ(one("/**", "add", "/a/b/c"), "+--") << "every node";
  EXPECT_EQ(one("/a/**/x", "remove", "/a/x"), "--+");
  EXPECT_EQ(one("/a/**/x", "remove", "/a/b/c/x"), "--+");
  EXPECT_EQ(one("/a/**/x", "remove", "/a/b/c"), "---");
  EXPECT_EQ(one("/**/x/*", "add", "/x/x/y"), "+--");
  EXPECT_EQ(one("/*/0", "write", "/a/*"), "---") << "no rule is about the first element";
  EXPECT_EQ(one("/*/*", "write", "/a/*"), "+++");
  EXPECT_EQ(one("/a~1b", "write", "/a~1b"), "---") << "escapes are of pointers, not of places";
}

TEST(PathVerdict, DenialsNarrow) {
  const Rules set = rules(R"({"rules": [
      {"effect": "allow", "actions": "write", "who": "*"},
      {"name": "locked", "effect": "deny", "actions": "write", "who": "*", "path": "/locked"},
      {"name": "archive", "effect": "deny", "actions": ["change", "remove"], "who": "*",
       "path": "/archive/*"}]})");
  const Subject bob = subject(kBob);
  EXPECT_EQ(may(set, bob, place("/x/y")), "+++");
  EXPECT_EQ(may(set, bob, place("/locked/y")), "---");
  EXPECT_EQ(may(set, bob, place("/archive/y")), "+--");
  EXPECT_EQ(may(set, bob, place("/archive/y@2/z")), "---");
  const PathVerdict verdict(set, bob, {});
  EXPECT_EQ(verdict.name_of(verdict.decide(place("/archive/y@2"), Action::kChange, ByClient())),
            "archive");
}

TEST(PathVerdict, AHubsRulesOnlyNarrow) {
  const Rules hub = rules(R"({"rules": [
      {"effect": "deny", "actions": ["write", "delete"], "who": "hyperty://example.org/bob",
       "path": "/sealed", "actions": "write"},
      {"effect": "deny", "actions": ["delete"], "who": "hyperty://example.org/bob"},
      {"effect": "allow", "actions": ["administer"], "who": "*"}]})");
  const Circumstances now{.hub = &hub};
  const Decision refused = decide(Rules::open(), subject(kBob, true), Action::kDelete, {}, now);
  EXPECT_FALSE(refused.allow);
  EXPECT_EQ(refused.rule, "hub: rule 2");
  EXPECT_FALSE(decide(Rules::open(), subject(kBob), Action::kAdminister, {}, now).allow)
      << "what the hub allows is still the object's to allow";
  EXPECT_TRUE(decide(Rules::open(), subject(kAlice, true), Action::kDelete, {}, now).allow);
  const WriteVerdict bob = decide_writes(Rules::open(), subject(kBob), now);
  ASSERT_EQ(bob.verdict, Verdict::kByPath);
  EXPECT_TRUE(bob.by_path->decide(place("/x"), Action::kAdd, ByClient()).allow);
  const auto ruling = bob.by_path->decide(place("/sealed/x"), Action::kAdd, ByClient());
  EXPECT_FALSE(ruling.allow);
  EXPECT_EQ(bob.by_path->name_of(ruling), "hub: rule 1");
  EXPECT_EQ(decide_writes(Rules::open(), subject(kAlice), now).verdict, Verdict::kAll);
}

TEST(WriteVerdict, HoldsForAMinuteWhereTimeMatters) {
  const Rules set = rules(R"({"rules": [
      {"effect": "allow", "actions": "write", "who": "*"},
      {"effect": "deny", "actions": "write", "who": "group:interns",
       "when": {"time": {"between": ["22:00", "06:00"]}}}]})");
  Subject intern = subject(kBob);
  intern.groups = {"interns"};
  const std::int64_t noon = std::int64_t{12} * 3'600'000;
  const WriteVerdict day = decide_writes(set, intern, {.now_ms = noon + 1});
  EXPECT_EQ(day.verdict, Verdict::kAll);
  EXPECT_EQ(day.valid_until_ms, noon + 60'000);
  const WriteVerdict night = decide_writes(set, intern, {.now_ms = 2 * noon - 3'600'000});
  EXPECT_EQ(night.verdict, Verdict::kNone);
  EXPECT_EQ(night.rule, "rule 2");
  EXPECT_GT(decide_writes(Rules::open(), intern).valid_until_ms, noon * 1'000'000);
}

// ---- against a naive evaluator -----------------------------------------------------------------

/// Reads the JSON form anew for every question, rule by rule, the way the specification is worded.
class Naive {
 public:
  Naive(Value rules, Subject subject, std::int64_t minute)
      : rules_(std::move(rules)), subject_(std::move(subject)), minute_(minute) {}

  bool allows(const Place& where, const std::string& action) const {
    std::vector<const Value*> ordered;
    for (const Value& rule : rules_.find("rules")->items()) ordered.push_back(&rule);
    std::ranges::stable_sort(ordered, {}, [](const Value* rule) {
      const Value* priority = rule->find("priority");
      return priority == nullptr ? 0.0 : priority->number();
    });
    std::vector<bool> verdicts;
    for (const Value* rule : ordered)
      if (applies(*rule, where, action))
        verdicts.push_back(rule->find("effect")->string() == "allow");
    if (verdicts.empty()) return false;
    const std::string combine = rules_.find("combine")->string();
    const bool any_allow = std::ranges::find(verdicts, true) != verdicts.end();
    const bool any_deny = std::ranges::find(verdicts, false) != verdicts.end();
    if (combine == "first-applicable") return verdicts.front();
    return combine == "deny-overrides" ? !any_deny : any_allow;
  }

 private:
  static bool names(const std::vector<std::string>& tokens, std::size_t t,
                    const std::vector<Step>& steps, std::size_t s, std::size_t upto) {
    if (t == tokens.size()) return s == upto;
    if (tokens[t] == "**") {
      for (std::size_t skip = s; skip <= upto; ++skip)
        if (names(tokens, t + 1, steps, skip, upto)) return true;
      return false;
    }
    if (s == upto) return false;
    const bool met = tokens[t] == "*" || (!steps[s].element && steps[s].key == tokens[t]);
    return met && names(tokens, t + 1, steps, s + 1, upto);
  }

  bool applies(const Value& rule, const Place& where, std::string action) const {
    const Value* root = rule.find("root");
    const Value* path = rule.find("path");
    const std::string wanted = root != nullptr ? root->string() : path != nullptr ? "data" : "*";
    if (wanted != "*" && wanted != where.root) return false;
    const std::string pattern = path != nullptr ? path->string() : "/**";
    std::optional<std::size_t> node;
    std::vector<std::string> tokens;
    for (std::size_t at = 0; at < pattern.size();) {
      const std::size_t end = std::min(pattern.find('/', at + 1), pattern.size());
      tokens.push_back(pattern.substr(at + 1, end - at - 1));
      at = end;
    }
    for (std::size_t depth = 0; depth <= where.steps.size(); ++depth)
      if (names(tokens, 0, where.steps, 0, depth)) node = depth;
    if (!node) return false;
    if (*node < where.steps.size()) action = "change";
    bool asked = false;
    for (const Value& one : rule.find("actions")->items())
      asked = asked || one.string() == action || one.string() == "write";
    if (!asked) return false;
    if (const Value* when = rule.find("when")) {
      const bool night = minute_ >= 22 * 60 || minute_ < 6 * 60;
      if (when->find("not") != nullptr ? night : !night) return false;
    }
    for (const Value& one : rule.find("who")->items()) {
      const std::string& who = one.string();
      if (who == "*" || (who == "owner" && subject_.owner) ||
          (who == "invited" && subject_.invited) || who == subject_.identity)
        return true;
      if (who == "group:staff" &&
          std::ranges::find(subject_.groups, "staff") != subject_.groups.end())
        return true;
      if (who != "creator") continue;
      if (action == "add") return true;
      if (*node == 0 || !where.steps[*node - 1].item) continue;
      if (ByClient().author_of(*where.steps[*node - 1].item) == subject_.identity) return true;
    }
    return false;
  }

  Value rules_;
  Subject subject_;
  std::int64_t minute_;
};

class Dice {
 public:
  explicit Dice(std::uint64_t seed) : engine_(seed) {}
  std::size_t below(std::size_t n) { return engine_() % n; }
  bool chance(std::size_t one_in) { return below(one_in) == 0; }
  template <typename T, std::size_t N>
  const T& of(const T (&choices)[N]) {
    return choices[below(N)];
  }

 private:
  std::mt19937_64 engine_;
};

Value random_rules(Dice& dice) {
  const char* const actions[] = {"add", "change", "remove", "write"};
  const char* const who[] = {"*", "owner", "creator", "invited", "group:staff", kBob, "creator"};
  const char* const paths[] = {"/a",   "/a/*", "/*",      "/**",  "/a/**", "",
                               "/b/a", "/*/b", "/**/b/*", "/a/b", "/**/*"};
  const char* const roots[] = {"data", "text", "*"};
  const char* const combines[] = {"deny-overrides", "allow-overrides", "first-applicable"};
  Value::Array rules;
  for (std::size_t n = dice.below(6); n > 0; --n) {
    Value rule = Value::object({{"effect", dice.chance(3) ? "deny" : "allow"},
                                {"actions", Value::array({dice.of(actions)})},
                                {"who", Value::array({dice.of(who)})}});
    if (!dice.chance(3)) rule.set("path", dice.of(paths));
    if (dice.chance(4)) rule.set("root", dice.of(roots));
    if (dice.chance(5)) rule.set("priority", static_cast<double>(dice.below(3)));
    if (dice.chance(5)) {
      Value night =
          Value::object({{"time", Value::object({{"between", Value::array({"22:00", "06:00"})}})}});
      rule.set("when", dice.chance(2) ? Value::object({{"not", night}}) : night);
    }
    rules.push_back(std::move(rule));
  }
  return Value::object({{"combine", dice.of(combines)}, {"rules", std::move(rules)}});
}

Place random_place(Dice& dice) {
  const char* const steps[] = {"/a", "/b", "/*", "/a@1", "/b@2", "/*@2", "/a@2", "/b@9"};
  std::string text;
  for (std::size_t n = dice.below(4); n > 0; --n) text += dice.of(steps);
  return place(text, dice.chance(4) ? "text" : "data");
}

TEST(PathVerdict, AgreesWithANaiveEvaluator) {
  const std::uint64_t seed = test::unit_seed();
  SCOPED_TRACE("SYNCLINE_SEED=" + std::to_string(seed));
  Dice dice(seed);
  std::map<Verdict, int> met;
  for (int round = 0; round < 4000; ++round) {
    const Value json = random_rules(dice);
    const Rules set = Rules::parse(json).value();
    Subject who = subject(dice.chance(2) ? kBob : kAlice, dice.chance(4));
    who.invited = dice.chance(3);
    if (dice.chance(3)) who.groups = {"staff"};
    const auto minute = static_cast<std::int64_t>(dice.below(24 * 60));
    const PathVerdict verdict(set, who, {.now_ms = minute * 60'000});
    const Naive naive(json, who, minute);
    ++met[verdict.verdict()];
    for (int question = 0; question < 12; ++question) {
      const Place where = random_place(dice);
      for (const Action action : {Action::kAdd, Action::kChange, Action::kRemove}) {
        const bool expected = naive.allows(where, std::string(name(action)));
        ASSERT_EQ(verdict.decide(where, action, ByClient()).allow, expected)
            << json.to_json() << " " << name(action) << " " << where.print() << " by "
            << who.identity << " at minute " << minute;
        if (verdict.verdict() != Verdict::kByPath) {
          ASSERT_EQ(verdict.verdict() == Verdict::kAll, expected) << json.to_json();
        }
      }
    }
  }
  for (const Verdict one : {Verdict::kAll, Verdict::kNone, Verdict::kByPath})
    EXPECT_GT(met[one], 50) << name(one);
}

TEST(Place, PrintsAsAPointer) {
  EXPECT_EQ(place("/messages/m1").print(), "/messages/m1");
  EXPECT_EQ(place("/list/*").print(), "/list/*");
  EXPECT_EQ(place("", "text").print(), "text:");
}

}  // namespace
}  // namespace syncline::access
