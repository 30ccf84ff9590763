// Result: values, errors, and the macros that pass errors on.
#include "base/result.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace syncline {
namespace {

Result<int> half(int number) {
  if (number % 2 != 0) return Error(Code::kMalformed, std::to_string(number) + " is odd");
  return number / 2;
}

Result<int> quarter(int number) {
  SYNCLINE_TRY_ASSIGN(once, half(number));
  SYNCLINE_TRY_ASSIGN(twice, half(once));
  return twice;
}

Result<void> must_be_even(int number) {
  SYNCLINE_TRY(half(number));
  return {};
}

TEST(Result, HoldsAValue) {
  const Result<int> result = half(8);
  ASSERT_TRUE(result.ok());
  EXPECT_TRUE(result);
  EXPECT_EQ(*result, 4);
}

TEST(Result, HoldsAnError) {
  const Result<int> result = half(3);
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().message(), "3 is odd");
}

TEST(Result, TryLeavesWithTheFirstError) {
  EXPECT_EQ(quarter(12).value(), 3);
  EXPECT_EQ(quarter(6).error().message(), "3 is odd");
  EXPECT_TRUE(must_be_even(2).ok());
  EXPECT_EQ(must_be_even(5).error().code(), Code::kMalformed);
}

TEST(Result, CarriesWhatCanOnlyBeMoved) {
  Result<std::unique_ptr<int>> result = std::make_unique<int>(7);
  const std::unique_ptr<int> owned = std::move(result).value();
  EXPECT_EQ(*owned, 7);
}

TEST(Result, TheFacadeThrowsTheError) {
  EXPECT_EQ(half(4).take_or_throw(), 2);
  EXPECT_THROW(half(5).take_or_throw(), Error);
  EXPECT_THROW(must_be_even(5).or_throw(), Error);
  EXPECT_NO_THROW(must_be_even(4).or_throw());
}

TEST(ResultDeathTest, TheValueOfAnErrorIsABrokenInvariant) {
  EXPECT_DEATH(static_cast<void>(half(5).value()), "Result::value\\(\\) of an error");
  EXPECT_DEATH(static_cast<void>(half(4).error()), "Result::error\\(\\) of a value");
}

}  // namespace
}  // namespace syncline
