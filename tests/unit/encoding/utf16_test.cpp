// UTF-16 arithmetic, against the same text converted to UTF-16 and cut there.
#include "encoding/utf16.hpp"

#include <gtest/gtest.h>

#include "vectors.hpp"

namespace syncline::encoding {
namespace {

const std::string kEmoji = "\xf0\x9f\x98\x80";  // U+1F600
const std::string kHigh = "\xed\xa0\xbd";       // its halves, as WTF-8
const std::string kLow = "\xed\xb8\x80";
const std::string kReplacement = "\xef\xbf\xbd";

TEST(Utf16, LengthIsWhatJavaScriptCounts) {
  for (const Value& row : test::vectors("var_string"))
    EXPECT_EQ(utf16_length(test::at(row, "text").string()), test::at(row, "units").number());
}

TEST(Utf16, LengthAndOffsetsAgreeWithTheTextInUtf16) {
  const std::uint64_t seed = test::seed();
  SCOPED_TRACE("SYNCLINE_SEED=" + std::to_string(seed));
  test::RandomValues random(seed, test::Kinds::kAll);
  for (int i = 0; i < 100; ++i) {
    const std::string text = random.text() + random.text() + random.text();
    const std::u16string units = to_utf16(text);
    ASSERT_EQ(utf16_length(text), units.size());
    ASSERT_EQ(from_utf16(units), text);
    for (std::size_t at = 0; at <= units.size(); ++at) {
      const bool cuts_a_pair = at > 0 && at < units.size() && is_high_surrogate(units[at - 1]) &&
                               is_low_surrogate(units[at]);
      bool inside = !cuts_a_pair;
      const std::size_t offset = utf16_offset(text, at, &inside);
      EXPECT_EQ(inside, cuts_a_pair);
      EXPECT_EQ(text.substr(0, offset), from_utf16(units.substr(0, cuts_a_pair ? at - 1 : at)));

      const auto [left, right] = utf16_split(text, at);
      EXPECT_EQ(left, from_utf16(units.substr(0, at)));
      EXPECT_EQ(right, from_utf16(units.substr(at)));
      EXPECT_EQ(to_wtf8(left + right), text);
    }
  }
}

TEST(Utf16, AnOffsetPastTheEndIsTheEnd) {
  EXPECT_EQ(utf16_offset("abc", 10), 3u);
  EXPECT_EQ(utf16_offset("", 1), 0u);
  EXPECT_EQ(utf16_split("ab", 7), (std::pair<std::string, std::string>("ab", "")));
}

TEST(Utf16, ASplitPairLeavesTwoLoneHalves) {
  EXPECT_EQ(utf16_split("a" + kEmoji + "b", 2),
            (std::pair<std::string, std::string>("a" + kHigh, kLow + "b")));
}

TEST(Utf16, OnTheWireLoneHalvesAreReplacedAndMeetingOnesJoined) {
  EXPECT_EQ(to_wire_utf8("a" + kHigh + "b"), "a" + kReplacement + "b");
  EXPECT_EQ(to_wire_utf8(kHigh + kLow), kEmoji);
  EXPECT_EQ(to_wire_utf8(kLow + kHigh), kReplacement + kReplacement);
  EXPECT_EQ(to_wire_utf8(kHigh + kHigh + kLow), kReplacement + kEmoji);
  EXPECT_EQ(to_wire_utf8("plain ü"), "plain ü");
}

TEST(Utf16, Wtf8KeepsLoneHalves) {
  EXPECT_EQ(to_wtf8("a" + kHigh), "a" + kHigh);
  EXPECT_EQ(to_wtf8(kHigh + kLow), kEmoji);
  EXPECT_EQ(to_wtf8("a\xff\xc3"), "a" + kReplacement + kReplacement);
}

TEST(Utf16, IllFormedBytesAreNeverReadPast) {
  for (const std::string text : {"\xf0", "\xf0\x9f\x98", "\x80\x80", "a\xe2\x82", "\xff\xfe"}) {
    EXPECT_FALSE(is_utf8(text));
    EXPECT_TRUE(is_utf8(to_wire_utf8(text)));
    for (std::size_t units = 0; units < 4; ++units) {
      EXPECT_LE(utf16_offset(text, units), text.size());
      const auto [left, right] = utf16_split(text, units);
      EXPECT_EQ(left + right, text);
    }
    EXPECT_FALSE(to_utf16(text).empty());
  }
}

}  // namespace
}  // namespace syncline::encoding
