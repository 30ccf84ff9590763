// Patterns: ECMAScript's dialect, and no pattern that costs more than its length times the text's.
#include "schema/pattern.hpp"

#include <gtest/gtest.h>

#include <string>

#include "schema/tuning.hpp"

namespace syncline::schema {
namespace {

bool matches(const std::string& pattern, const std::string& text) {
  const Result<Pattern> compiled = Pattern::compile(pattern);
  EXPECT_TRUE(compiled.ok()) << pattern << ": " << compiled.error().message();
  std::size_t steps = 0;
  return compiled.ok() && compiled->matches(text, steps, kCheckSteps);
}

std::string refused(const std::string& pattern) {
  const Result<Pattern> compiled = Pattern::compile(pattern);
  return compiled.ok() ? "compiled" : compiled.error().message();
}

TEST(Pattern, MatchesAnyPartUnlessAnchored) {
  EXPECT_TRUE(matches("b", "abc"));
  EXPECT_FALSE(matches("^b", "abc"));
  EXPECT_FALSE(matches("b$", "abc"));
  EXPECT_TRUE(matches("^abc$", "abc"));
  EXPECT_TRUE(matches("", ""));
  EXPECT_TRUE(matches("^$", ""));
  EXPECT_FALSE(matches("^$", "\n"));
}

TEST(Pattern, ChoosesAndGroups) {
  EXPECT_TRUE(matches("^(a|bc|)d$", "d"));
  EXPECT_TRUE(matches("^(?:a|bc|)d$", "bcd"));
  EXPECT_TRUE(matches("^(?<year>[0-9]{4})$", "2026"));
  EXPECT_FALSE(matches("^(a|b|c)$", "d"));
  EXPECT_TRUE(matches("^(a|b|c|d)$", "d"));
  EXPECT_TRUE(matches("^a|b$", "xb"));
}

TEST(Pattern, RepeatsAsOftenAsItSays) {
  EXPECT_TRUE(matches("^a*$", ""));
  EXPECT_TRUE(matches("^a+b?$", "aaab"));
  EXPECT_FALSE(matches("^a+$", ""));
  for (const std::string text : {"", "a", "aa", "aaa", "aaaa", "aaaaa"}) {
    EXPECT_EQ(matches("^a{2,4}$", text), text.size() >= 2 && text.size() <= 4) << text;
    EXPECT_EQ(matches("^a{3}$", text), text.size() == 3) << text;
    EXPECT_EQ(matches("^a{2,}$", text), text.size() >= 2) << text;
    EXPECT_EQ(matches("^a{0,2}$", text), text.size() <= 2) << text;
    EXPECT_EQ(matches("^(?:a{0})$", text), text.empty()) << text;
  }
  EXPECT_TRUE(matches("^(ab|c){2,3}?d$", "abcabd"));
  EXPECT_TRUE(matches("^(){1000000}$", ""));
  EXPECT_TRUE(matches("^(a*)*$", "aaa"));
}

TEST(Pattern, KnowsEcmascriptsClassesAndEscapes) {
  EXPECT_TRUE(matches(R"(^\d\w\s\D\W\S$)", "1_ x-y"));
  EXPECT_TRUE(matches(R"(^[^a-c\]\-]$)", "d"));
  EXPECT_FALSE(matches(R"(^[^a-c\]\-]$)", "-"));
  EXPECT_TRUE(matches(R"(^[a-]$)", "-"));
  EXPECT_TRUE(matches(R"(^\x41\u0042\u{43}\cJ\t\0$)", std::string("ABC\n\t\0", 6)));
  EXPECT_TRUE(matches(R"(^\uD83D\uDE00$)", "\xf0\x9f\x98\x80"));
  EXPECT_TRUE(matches("^.$", "\xf0\x9f\x98\x80"));
  EXPECT_FALSE(matches("^.$", "\xe2\x80\xa8"));
  EXPECT_TRUE(matches(R"(^\s$)", "\xc2\xa0"));
  EXPECT_TRUE(matches("^[]$|^[^]$", "\n"));
  EXPECT_TRUE(matches(R"(\bcat\b)", "a cat!"));
  EXPECT_FALSE(matches(R"(\bcat\b)", "concat"));
  EXPECT_TRUE(matches(R"(\Bcat)", "concat"));
}

TEST(Pattern, RefusesWhatItCannotDo) {
  EXPECT_NE(refused("(?=a)").find("looking ahead"), std::string::npos);
  EXPECT_NE(refused("(?<!a)").find("looking ahead"), std::string::npos);
  EXPECT_NE(refused(R"((a)\1)").find("backreferences"), std::string::npos);
  EXPECT_NE(refused(R"(\p{L})").find("name the ranges"), std::string::npos);
  for (const char* bad :
       {"[\\d-x]", "(", ")",  "a)",    "[",           "[b-a]", "*",    "a**", "a{2,1}", "a{",
        "}",       "]", "\\", "\\u12", "\\u{110000}", "^*",    "(?x)", "\\y", "a{2",    "\\ca{,}"})
    EXPECT_NE(refused(bad), "compiled") << bad;
}

TEST(Pattern, HostileOnesAreRefusedOrTakeLinearTime) {
  EXPECT_NE(refused("((a{100}){100}){100}"), "compiled");
  EXPECT_NE(refused("(((a{1000}){0}b){1000}){0}c"), "compiled");
  EXPECT_NE(refused(std::string(100, '(') + std::string(100, ')')), "compiled");
  const std::string text(50'000, 'a');
  for (const char* pattern : {"^(a+)+$", "^(a|aa)+$", "(a*)*b", "(.*){10}b"}) {
    const Result<Pattern> compiled = Pattern::compile(pattern);
    ASSERT_TRUE(compiled.ok());
    std::size_t steps = 0;
    (void)compiled->matches(text + "!", steps, kCheckSteps);
    EXPECT_LT(steps, 100 * text.size()) << pattern;
  }
}

TEST(Pattern, GivesUpAtTheLimit) {
  const Result<Pattern> compiled = Pattern::compile("a*b");
  std::size_t steps = 0;
  EXPECT_FALSE(compiled->matches(std::string(1000, 'a') + "b", steps, 500));
  EXPECT_GT(steps, 500u);
}

}  // namespace
}  // namespace syncline::schema
