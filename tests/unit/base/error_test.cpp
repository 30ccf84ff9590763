// The one table of errors.
#include "syncline/error.hpp"

#include <gtest/gtest.h>

#include <set>

namespace syncline {
namespace {

TEST(Error, EveryNumberOfTheTableHasItsOwnName) {
  std::set<std::string_view> names;
  for (const int number : {400, 401, 403, 404, 408, 409, 410, 413, 422, 429, 500, 503}) {
    const Code code = code_from(number);
    EXPECT_EQ(static_cast<int>(code), number);
    EXPECT_TRUE(names.insert(name(code)).second) << number;
  }
  EXPECT_EQ(name(Code::kDenied), "denied");
  EXPECT_EQ(name(Code::kNotFound), "not_found");
}

TEST(Error, AnUnknownNumberIsInternal) {
  EXPECT_EQ(code_from(0), Code::kInternal);
  EXPECT_EQ(code_from(418), Code::kInternal);
  EXPECT_EQ(code_from(-1), Code::kInternal);
}

TEST(Error, TheReasonIsTheNameOfTheCodeUnlessItIsNarrower) {
  EXPECT_EQ(Error(Code::kConflict, "the object exists").reason(), "conflict");
  const Error gap(Code::kConflict, "gap", "update 7 is missing");
  EXPECT_EQ(gap.reason(), "gap");
  EXPECT_EQ(gap.message(), "update 7 is missing");
  EXPECT_STREQ(gap.what(), "update 7 is missing");
}

}  // namespace
}  // namespace syncline
