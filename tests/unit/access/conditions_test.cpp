// Conditions: every attribute and operator, as truth tables.
#include "access/conditions.hpp"

#include <gtest/gtest.h>

namespace syncline::access {
namespace {

constexpr std::int64_t kMinute = 60'000;
constexpr std::int64_t kDay = 24 * 60 * kMinute;
/// 2026-12-24, a Thursday.
constexpr std::int64_t kChristmasEve = 20'811 * kDay;

bool holds(const char* json, std::int64_t now_ms, std::string identity = "hyperty://a.org/x",
           std::string schema = "") {
  Subject subject;
  subject.identity = std::move(identity);
  return Condition::parse(Value::parse(json), "when")
      .value()
      .holds({.now_ms = now_ms, .schema = std::move(schema)}, subject);
}

bool at_minute(const char* json, int minute) {
  return holds(json, kChristmasEve + minute * kMinute);
}

std::string error_of(const char* json) {
  const auto result = Condition::parse(Value::parse(json), "rule 1, when");
  return result.ok() ? "no error" : result.error().message();
}

TEST(Condition, ATimeBetweenMayWrapMidnight) {
  const char* night = R"({"time": {"between": ["22:00", "06:00"]}})";
  EXPECT_TRUE(at_minute(night, 22 * 60));
  EXPECT_TRUE(at_minute(night, 23 * 60 + 59));
  EXPECT_TRUE(at_minute(night, 0));
  EXPECT_TRUE(at_minute(night, 5 * 60 + 59));
  EXPECT_FALSE(at_minute(night, 6 * 60)) << "the end is outside";
  EXPECT_FALSE(at_minute(night, 12 * 60));
  EXPECT_FALSE(at_minute(night, 21 * 60 + 59));
  const char* day = R"({"time": {"between": ["09:00", "17:00"]}})";
  EXPECT_TRUE(at_minute(day, 9 * 60));
  EXPECT_FALSE(at_minute(day, 17 * 60));
  EXPECT_FALSE(at_minute(day, 8 * 60 + 59));
}

TEST(Condition, WeekdaysHaveNamesAndNumbers) {
  EXPECT_TRUE(holds(R"({"weekday": "thursday"})", kChristmasEve));
  EXPECT_TRUE(holds(R"({"weekday": ["Thu", "fri"]})", kChristmasEve));
  EXPECT_TRUE(holds(R"({"weekday": 4})", kChristmasEve));
  EXPECT_FALSE(holds(R"({"weekday": ["mon", 5]})", kChristmasEve));
  EXPECT_TRUE(holds(R"({"weekday": {"between": ["mon", "thu"]}})", kChristmasEve));
  EXPECT_TRUE(holds(R"({"weekday": {"between": ["thu", "mon"]}})", kChristmasEve));
  EXPECT_FALSE(holds(R"({"weekday": {"between": ["fri", "wed"]}})", kChristmasEve));
  EXPECT_TRUE(holds(R"({"weekday": "wed"})", -kDay)) << "before 1970, which began on a Thursday";
}

TEST(Condition, DatesCompare) {
  EXPECT_TRUE(holds(R"({"date": "2026-12-24"})", kChristmasEve + kDay - 1));
  EXPECT_FALSE(holds(R"({"date": "2026-12-24"})", kChristmasEve + kDay));
  EXPECT_TRUE(holds(R"({"date": {"greater_than": "2026-12-23"}})", kChristmasEve));
  EXPECT_FALSE(holds(R"({"date": {"greater_than": "2026-12-24"}})", kChristmasEve));
  EXPECT_TRUE(holds(R"({"date": {"less_than": "2027-01-01"}})", kChristmasEve));
  EXPECT_TRUE(holds(R"({"date": {"between": ["2026-12-24", "2026-12-26"]}})", kChristmasEve));
  EXPECT_TRUE(holds(R"({"date": {"like": "2026-*"}})", kChristmasEve));
  EXPECT_TRUE(holds(R"({"date": "2024-02-29"})", 19'782 * kDay));
  EXPECT_TRUE(holds(R"({"date": "1969-12-31"})", -1));
}

TEST(Condition, DomainIsTheSubjectsAndSchemaTheObjects) {
  EXPECT_TRUE(holds(R"({"domain": "a.org"})", 0));
  EXPECT_FALSE(holds(R"({"domain": "a.org"})", 0, "hyperty://b.org/a.org"));
  EXPECT_TRUE(holds(R"({"domain": {"like": "*.org"}})", 0));
  EXPECT_TRUE(holds(R"({"schema": {"in": ["x", "y"]}})", 0, "hyperty://a/b", "y"));
  EXPECT_FALSE(holds(R"({"schema": "x"})", 0));
}

TEST(Condition, AllAnyAndNotMakeTrees) {
  const char* tree = R"({"any": [{"domain": "a.org", "weekday": "thu"},
                                 {"all": [{"not": {"domain": "a.org"}}, {"weekday": "fri"}]}]})";
  EXPECT_TRUE(holds(tree, kChristmasEve));
  EXPECT_FALSE(holds(tree, kChristmasEve + kDay));
  EXPECT_TRUE(holds(tree, kChristmasEve + kDay, "hyperty://b.org/y"));
  EXPECT_FALSE(holds(tree, kChristmasEve, "hyperty://b.org/y"));
}

TEST(Condition, KnowsWhetherTimeMatters) {
  const auto timed = [](const char* json) {
    return Condition::parse(Value::parse(json), "when").value().depends_on_time();
  };
  EXPECT_TRUE(timed(R"({"any": [{"domain": "x"}, {"not": {"weekday": 1}}]})"));
  EXPECT_FALSE(timed(R"({"any": [{"domain": "x"}, {"schema": "y"}]})"));
  EXPECT_EQ(next_minute(0), kMinute);
  EXPECT_EQ(next_minute(kMinute - 1), kMinute);
  EXPECT_EQ(next_minute(-1), 0);
}

TEST(Condition, WhatIsMisspeltIsAnError) {
  EXPECT_EQ(error_of(R"({"tme": "22:00"})"),
            "access rules: rule 1, when: unknown condition \"tme\"; there are time weekday date "
            "schema domain all any not");
  EXPECT_NE(error_of(R"({"time": {"betwen": ["22:00", "06:00"]}})").find("unknown operator"),
            std::string::npos);
  EXPECT_NE(error_of(R"({"time": {"between": "22:00"}})").find("a list"), std::string::npos);
  EXPECT_NE(error_of(R"({"time": {"between": ["22:00"]}})").find("two values"), std::string::npos);
  EXPECT_NE(error_of(R"({"time": {"between": ["6", "7"]}})").find("time of day"),
            std::string::npos);
  EXPECT_NE(error_of(R"({"time": "24:00"})").find("time of day"), std::string::npos);
  EXPECT_NE(error_of(R"({"weekday": "sumday"})").find("weekday"), std::string::npos);
  EXPECT_NE(error_of(R"({"date": "24.12."})").find("must be a date"), std::string::npos);
  EXPECT_NE(error_of(R"({"domain": 7})").find("string"), std::string::npos);
  EXPECT_NE(error_of("{}").find("must be an object with"), std::string::npos);
  EXPECT_NE(error_of(R"({"any": {}})").find("list of conditions"), std::string::npos);
  std::string deep = R"({"weekday": 1})";
  for (int i = 0; i < 40; ++i) deep = R"({"not": )" + deep + "}";
  EXPECT_NE(error_of(deep.c_str()).find("too deep"), std::string::npos);
}

}  // namespace
}  // namespace syncline::access
