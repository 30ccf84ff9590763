// Base64: the vectors of RFC 4648, section 10, and what strict means.
#include "encoding/base64.hpp"

#include <gtest/gtest.h>

namespace syncline::encoding {
namespace {

TEST(Base64, HasTheVectorsOfItsRfc) {
  const std::pair<std::string, std::string> vectors[] = {{"", ""},
                                                         {"f", "Zg=="},
                                                         {"fo", "Zm8="},
                                                         {"foo", "Zm9v"},
                                                         {"foob", "Zm9vYg=="},
                                                         {"fooba", "Zm9vYmE="},
                                                         {"foobar", "Zm9vYmFy"},
                                                         {"\xfb\xff\xfe", "+//+"}};
  for (const auto& [text, coded] : vectors) {
    EXPECT_EQ(to_base64(view_of(text)), coded);
    EXPECT_EQ(text_of(from_base64(coded).value()), text);
  }
}

TEST(Base64, EveryByteComesBack) {
  Bytes bytes;
  for (int i = 0; i < 256; ++i) {
    bytes.push_back(static_cast<std::uint8_t>(i));
    EXPECT_EQ(from_base64(to_base64(bytes)).value(), bytes);
  }
}

TEST(Base64, OnlyTheOneStandardFormIsRead) {
  for (const char* text : {"Zg", "Zg=", "Z", "Zg===", "====", "=", "Z===", "Zh==", "Zm9=",
                           "Zm8=Zg==", "Zm 9v", "Zm9v\n", "-__-", "Zm9v=", "Z=g=", "Zg==Zg=="}) {
    const auto bytes = from_base64(text);
    ASSERT_FALSE(bytes.ok()) << text;
    EXPECT_EQ(bytes.error().code(), Code::kMalformed);
  }
}

}  // namespace
}  // namespace syncline::encoding
