// The JSON form of rule sets: read strictly, printed back.
#include "access/rules.hpp"

#include <gtest/gtest.h>

namespace syncline::access {
namespace {

std::string error_of(const char* json) {
  const Result<Rules> result = Rules::parse(Value::parse(json));
  if (result.ok()) return "no error";
  EXPECT_EQ(result.error().code(), Code::kMalformed);
  return result.error().message();
}

TEST(Rules, PresetsAreNames) {
  for (const char* preset : {"owner", "open", "private"}) {
    const Rules rules = Rules::parse(Value(preset)).value();
    EXPECT_EQ(rules.print(), Value(preset));
    EXPECT_FALSE(rules.needs_paths());
  }
  EXPECT_EQ(Rules(), Rules::owner());
  EXPECT_NE(Rules::parse(Value("public")).error().message().find("owner, open, private"),
            std::string::npos);
}

TEST(Rules, ReadTheExampleOfTheSpecification) {
  const Value json = Value::parse(R"({"combine": "deny-overrides", "rules": [
      {"effect": "allow", "actions": ["read", "subscribe"], "who": ["*"]},
      {"effect": "allow", "actions": ["write"], "who": ["owner"]},
      {"effect": "allow", "actions": ["add"], "who": ["subscriber"], "path": ["/messages/*"]},
      {"effect": "allow", "actions": ["change", "remove"], "who": ["creator"],
       "path": ["/messages/*"]},
      {"effect": "deny", "actions": ["write"], "who": ["group:interns"],
       "when": {"time": {"between": ["22:00", "06:00"]}}}]})");
  const Rules rules = Rules::parse(json).value();
  ASSERT_EQ(rules.rules().size(), 5U);
  EXPECT_EQ(rules.rules()[1].actions, kWrite);
  EXPECT_EQ(rules.rules()[2].paths, std::vector<std::string>{"/messages/*"});
  EXPECT_EQ(rules.rules()[3].who[0].kind, Who::Kind::kCreator);
  EXPECT_EQ(rules.rules()[4].effect, Effect::kDeny);
  EXPECT_TRUE(rules.needs_paths());
  EXPECT_EQ(rules.print(), json);
}

TEST(Rules, AreReadAsTheyArePrinted) {
  const Rules rules = Rules::parse(Value::parse(R"({"combine": "first-applicable", "rules": [
      {"effect": "allow", "actions": "write", "who": "hyperty://x/*", "root": "notes"},
      {"effect": "deny", "actions": ["execute:ring", "administer"], "who": ["role:guest", "**"],
       "priority": -3, "name": "guests"}]})"))
                          .value();
  EXPECT_EQ(rules.rules()[0].name, "guests") << "first-applicable asks by priority";
  EXPECT_EQ(rules.name_of(0), "guests");
  EXPECT_EQ(rules.name_of(1), "rule 1") << "a rule keeps the number it was written with";
  EXPECT_EQ(Rules::parse(rules.print()).value(), rules);
}

TEST(Rules, RefuseWhatTheyDoNotKnow) {
  EXPECT_EQ(
      error_of(R"({"rules": [{"effect": "allow", "actions": "reed", "who": "*"}]})").substr(0, 44),
      "access rules: rule 1, actions: unknown actio");
  EXPECT_NE(error_of(R"({"rules": [{"effect": "allow", "actions": "read", "who": "bob"}]})")
                .find("rule 1, who: unknown subject \"bob\""),
            std::string::npos);
  EXPECT_NE(error_of(R"({"rules": [{"effect": "allow", "actions": "read", "who": "*",
                                    "wen": {}}]})")
                .find("unknown field \"wen\""),
            std::string::npos);
  EXPECT_NE(error_of(R"({"rules": [{"effect": "allow", "actions": "write", "who": "*",
                                    "path": "/user-*"}]})")
                .find("a * within a step"),
            std::string::npos);
  EXPECT_NE(error_of(R"({"rules": [{"effect": "allow", "actions": "read"}]})").find("has no who"),
            std::string::npos);
  EXPECT_NE(error_of(R"({"rules": [{"effect": "maybe", "actions": "read", "who": "*"}]})")
                .find("neither allow nor deny"),
            std::string::npos);
  EXPECT_NE(error_of(R"({"rules": [{"effect": "allow", "actions": "read", "who": "*",
                                    "path": "/secret"}]})")
                .find("apply to add, change, remove"),
            std::string::npos);
  EXPECT_NE(error_of(R"({"rules": [{"effect": "allow", "actions": "write", "who": "*",
                                    "path": "secret"}]})")
                .find("no JSON pointer"),
            std::string::npos);
  EXPECT_NE(
      error_of(R"({"rules": [{"effect": "allow", "actions": [], "who": "*"}]})").find("empty list"),
      std::string::npos);
  EXPECT_NE(error_of(R"({"rules": [{"effect": "allow", "actions": "read", "who": "*",
                                    "priority": 1e300}]})")
                .find("integer"),
            std::string::npos);
  EXPECT_NE(error_of(R"({"combine": "or", "rules": []})").find("combine"), std::string::npos);
  EXPECT_NE(error_of(R"({"rules": [], "owner": "me"})").find("unknown field"), std::string::npos);
  EXPECT_NE(error_of("{}").find("no rules"), std::string::npos);
  EXPECT_NE(error_of("[]").find("preset"), std::string::npos);
  EXPECT_NE(error_of(R"({"rules": [7]})").find("rule 1: must be an object"), std::string::npos);
}

TEST(Rules, AreBounded) {
  Value::Array many(1001, Value::object({{"effect", "allow"}, {"actions", "read"}, {"who", "*"}}));
  EXPECT_FALSE(Rules::parse(Value::object({{"rules", many}})).ok());
  many.pop_back();
  EXPECT_TRUE(Rules::parse(Value::object({{"rules", many}})).ok());
  const Value long_who = Value::object(
      {{"effect", "allow"}, {"actions", "read"}, {"who", "hyperty://" + std::string(2000, 'x')}});
  EXPECT_FALSE(Rules::parse(Value::object({{"rules", Value::array({long_who})}})).ok());
}

}  // namespace
}  // namespace syncline::access
