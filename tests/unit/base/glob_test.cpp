// Globs over addresses.
#include "base/glob.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

namespace syncline {
namespace {

TEST(Glob, TheEmptyGlobMatchesEverything) {
  EXPECT_TRUE(glob_match("", ""));
  EXPECT_TRUE(glob_match("", "comm://example.org/board"));
}

TEST(Glob, PlainTextMatchesItself) {
  EXPECT_TRUE(glob_match("comm://example.org/board", "comm://example.org/board"));
  EXPECT_FALSE(glob_match("comm://example.org/board", "comm://example.org/board2"));
  EXPECT_FALSE(glob_match("comm://example.org/board", "comm://example.org/boar"));
  EXPECT_FALSE(glob_match("a?c", "abc"));
  EXPECT_FALSE(glob_match("a", ""));
}

TEST(Glob, OneStarStaysWithinASegment) {
  EXPECT_TRUE(glob_match("comm://*/board", "comm://example.org/board"));
  EXPECT_TRUE(glob_match("comm://example.org/*", "comm://example.org/board"));
  EXPECT_TRUE(glob_match("comm://example.org/*", "comm://example.org/"));
  EXPECT_FALSE(glob_match("comm://example.org/*", "comm://example.org/a/b"));
  EXPECT_FALSE(glob_match("comm://*/board", "comm://example.org/a/board"));
  EXPECT_TRUE(glob_match("a*c*e", "abcde"));
  EXPECT_TRUE(glob_match("*", "board"));
  EXPECT_FALSE(glob_match("*", "a/b"));
}

TEST(Glob, TwoStarsCrossSegments) {
  EXPECT_TRUE(glob_match("**", "comm://example.org/a/b"));
  EXPECT_TRUE(glob_match("comm://example.org/**", "comm://example.org/a/b/c"));
  EXPECT_FALSE(glob_match("comm://example.org/**", "comm://example.com/a"));
  EXPECT_TRUE(glob_match("**/log", "comm://example.org/a/log"));
  EXPECT_TRUE(glob_match("a/**/z", "a/b/c/z"));
  EXPECT_FALSE(glob_match("a/**/z", "a/z"));
  EXPECT_TRUE(glob_match("***", "a/b"));
}

TEST(Glob, TheEndsMayNotOverlap) {
  EXPECT_FALSE(glob_match("ab*ba", "aba"));
  EXPECT_TRUE(glob_match("ab*ba", "abba"));
  EXPECT_FALSE(glob_match("aa**aa", "aaa"));
}

TEST(Glob, AStarThatStopsAtASlashLetsTheTwoStarsBeforeItGoOn) {
  EXPECT_TRUE(glob_match("**a*b/**c", "xa/xab/xc"));
  EXPECT_FALSE(glob_match("**a*b/c", "a/b/c"));
  EXPECT_TRUE(glob_match("*/x/*/y", "a/x/b/y"));
}

TEST(Glob, AgreesWithTheDefinitionOnAllShortTexts) {
  const std::function<bool(std::string_view, std::string_view)> by_definition =
      [&](std::string_view glob, std::string_view text) -> bool {
    if (glob.empty()) return text.empty();
    if (glob[0] != '*')
      return !text.empty() && glob[0] == text[0] && by_definition(glob.substr(1), text.substr(1));
    const bool everything = glob.starts_with("**");
    const std::string_view rest = glob.substr(everything ? 2 : 1);
    for (std::size_t taken = 0; taken <= text.size(); ++taken) {
      if (!everything && text.substr(0, taken).find('/') != std::string_view::npos) break;
      if (by_definition(rest, text.substr(taken))) return true;
    }
    return false;
  };
  const auto words = [](std::string_view alphabet, std::size_t length) {
    std::vector<std::string> all{""};
    for (std::size_t first = 0, round = 0; round < length; ++round) {
      const std::size_t end = all.size();
      for (; first < end; ++first)
        for (const char c : alphabet) all.push_back(all[first] + c);
    }
    return all;
  };
  const auto texts = words("a/", 4);
  for (const std::string& glob : words("a/*", 5)) {
    if (glob.empty() || glob.find("***") != std::string::npos) continue;
    for (const std::string& text : texts)
      ASSERT_EQ(glob_match(glob, text), by_definition(glob, text)) << glob << " on " << text;
  }
}

TEST(Glob, ManyStarsTakeNoExponentialTime) {
  std::string glob;
  for (int i = 0; i < 50; ++i) glob += "a*a**";
  EXPECT_FALSE(glob_match(glob + "b*", std::string(5000, 'a')));
}

}  // namespace
}  // namespace syncline
