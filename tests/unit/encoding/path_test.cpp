// JSON pointers.
#include "syncline/path.hpp"

#include <gtest/gtest.h>

#include "syncline/error.hpp"

namespace syncline {
namespace {

using Tokens = std::vector<std::string>;

TEST(Path, IsWrittenAsAJsonPointer) {
  EXPECT_EQ(to_pointer({}), "");
  EXPECT_EQ(to_pointer({"steps", std::size_t{0}, "title"}), "/steps/0/title");
  EXPECT_EQ(to_pointer({"", "a/b", "m~n", "~1"}), "//a~1b/m~0n/~01");
}

TEST(Path, TokensComeBackUnescaped) {
  EXPECT_EQ(parse_pointer(""), Tokens{});
  EXPECT_EQ(parse_pointer("/"), Tokens{""});
  EXPECT_EQ(parse_pointer("/steps/0/title"), (Tokens{"steps", "0", "title"}));
  EXPECT_EQ(parse_pointer("//a~1b/m~0n/~01"), (Tokens{"", "a/b", "m~n", "~1"}));
  EXPECT_EQ(parse_pointer("/a/"), (Tokens{"a", ""}));
}

TEST(Path, WhatIsNoPointerIsMalformed) {
  for (const char* pointer : {"a", "a/b", "/~", "/a~", "/~2", "/a~/b", " /a"}) {
    try {
      parse_pointer(pointer);
      ADD_FAILURE() << pointer;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), Code::kMalformed);
      EXPECT_NE(error.message().find(pointer), std::string::npos);
    }
  }
}

}  // namespace
}  // namespace syncline
