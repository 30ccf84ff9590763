// Canonical forms of URLs and identities.
#include "bus/address.hpp"

#include <gtest/gtest.h>

namespace syncline::bus {
namespace {

std::string url(std::string_view text) {
  const Result<std::string> result = object_url(text);
  return result.ok() ? *result : "error: " + result.error().message();
}

TEST(ObjectUrl, KeepsACanonicalOne) {
  for (const char* text : {"comm://example.org/board", "yjs://local/a/b%20c",
                           "x+y-z.1://h:80/~_-.A", "a://[::1]/x", "a://b//", "a://b/../c/."})
    EXPECT_EQ(url(text), text);
}

TEST(ObjectUrl, LowersSchemeAndDomainOnly) {
  EXPECT_EQ(url("COMM://Example.ORG/Board"), "comm://example.org/Board");
}

TEST(ObjectUrl, EncodesAsLittleAsPossibleInUpperCase) {
  EXPECT_EQ(url("a://b/%41%2f%7e %c3%a9é:@!"), "a://b/A/~%20%C3%A9%C3%A9%3A%40%21");
}

TEST(ObjectUrl, IsAFixedPoint) {
  for (const char* text : {"a://b/%25", "a://b/%2541", "A://B/ü/%00"})
    EXPECT_EQ(url(url(text)), url(text));
}

TEST(ObjectUrl, SaysWhatIsWrong) {
  EXPECT_NE(url("board").find("no scheme"), std::string::npos);
  EXPECT_NE(url("://x/y").find("no scheme"), std::string::npos);
  EXPECT_NE(url("1a://x/y").find("no scheme"), std::string::npos);
  EXPECT_NE(url("a:///y").find("no domain"), std::string::npos);
  EXPECT_NE(url("a://x").find("no path"), std::string::npos);
  EXPECT_NE(url("a://x/").find("no path"), std::string::npos);
  EXPECT_NE(url("a://u@x/y").find("its domain"), std::string::npos);
  EXPECT_NE(url("a://x/y?z").find("query"), std::string::npos);
  EXPECT_NE(url("a://x/y#z").find("fragment"), std::string::npos);
  EXPECT_NE(url("a://x/%4").find("hexadecimal"), std::string::npos);
  EXPECT_NE(url("a://x/%ff").find("UTF-8"), std::string::npos);
  EXPECT_NE(url("a://x/\xff").find("UTF-8"), std::string::npos);
  EXPECT_NE(url("a://x/" + std::string(5000, 'y')).find("longer"), std::string::npos);
  EXPECT_EQ(object_url("a://x").error().code(), Code::kMalformed);
}

TEST(RoomUrl, NamesALocalObjectOrTheUrlItself) {
  EXPECT_EQ(*room_url("my room/1"), "yjs://local/my%20room/1");
  EXPECT_EQ(*room_url("a/../b"), "yjs://local/a/../b");
  EXPECT_EQ(*room_url("50%"), "yjs://local/50%25");
  EXPECT_EQ(*room_url("Comm://Example.org/b c"), "comm://example.org/b%20c");
  EXPECT_EQ(*room_url("://x"), "yjs://local/%3A//x");
  // The same object by its URL.
  EXPECT_EQ(*object_url(*room_url("Größe?#")), *room_url("Größe?#"));
}

TEST(RoomUrl, RefusesWhatIsNoName) {
  EXPECT_FALSE(room_url("").ok());
  EXPECT_FALSE(room_url("\xc3").ok());
  EXPECT_TRUE(room_url(std::string(1024, 'a')).ok());
  EXPECT_FALSE(room_url(std::string(1025, 'a')).ok());
  EXPECT_FALSE(room_url("comm://x/y?z").ok());
}

TEST(IdentityUrl, IsAHypertyUrl) {
  EXPECT_EQ(*identity_url("Hyperty://Example.org/alice b"), "hyperty://example.org/alice%20b");
  EXPECT_EQ(*identity_url(kAnonymous), kAnonymous);
  EXPECT_FALSE(identity_url("comm://example.org/alice").ok());
  EXPECT_FALSE(identity_url("alice").ok());
}

}  // namespace
}  // namespace syncline::bus
