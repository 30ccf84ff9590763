// The public Value: how literals read, what equals what, what as<T> accepts.
#include "syncline/value.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <sstream>

namespace syncline {
namespace {

template <typename Body>
std::string schema_error(Body body) {
  try {
    body();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Code::kSchema);
    return error.message();
  }
  return "none";
}

TEST(Value, ListsOfPairsThatStartWithAStringAreObjects) {
  const Value plan = {{"title", "Plan"}, {"steps", {"buy", "cut"}}, {"done", 3}};
  EXPECT_EQ(plan.to_json(), R"({"title":"Plan","steps":["buy","cut"],"done":3})");
  const Value one = {{"title", "Plan"}};
  EXPECT_EQ(one.to_json(), R"({"title":"Plan"})");
  const Value nested = {{"a", {{"b", {{"c", nullptr}}}}}};
  EXPECT_EQ(nested.to_json(), R"({"a":{"b":{"c":null}}})");
}

TEST(Value, OtherListsAreArrays) {
  EXPECT_EQ(Value({1, 2, 3}).to_json(), "[1,2,3]");
  const Value mixed = {{"a", 1}, 2};
  EXPECT_EQ(mixed.to_json(), R"([["a",1],2])");
  const Value rows = {{1, "a"}, {2, "b"}};
  EXPECT_EQ(rows.to_json(), R"([[1,"a"],[2,"b"]])");
  const Value triple = {{"a", 1, 2}};
  EXPECT_EQ(triple.to_json(), R"([["a",1,2]])");
  EXPECT_EQ(Value::array({{"a", 1}}).to_json(), R"([["a",1]])");
}

TEST(Value, AnEmptyListIsAnObjectAndBareBracesAreNull) {
  EXPECT_EQ(Value(std::initializer_list<Value>{}), Value::object());
  const Value bare = {};
  EXPECT_TRUE(bare.is_null());
  EXPECT_EQ(Value::array().to_json(), "[]");
}

TEST(Value, ALiteralMayRepeatANameAndTheLastValueStands) {
  const Value value = {{"a", 1}, {"b", 2}, {"a", 3}};
  EXPECT_EQ(value.to_json(), R"({"a":3,"b":2})");
}

TEST(Value, KnowsItsKind) {
  EXPECT_EQ(Value().kind(), Value::Kind::kNull);
  EXPECT_EQ(Value(Value::Undefined{}).kind(), Value::Kind::kUndefined);
  EXPECT_EQ(Value(true).kind(), Value::Kind::kBool);
  EXPECT_EQ(Value(1u).kind(), Value::Kind::kNumber);
  EXPECT_EQ(Value(1.5f).kind(), Value::Kind::kNumber);
  EXPECT_EQ(Value(Value::BigInt{1}).kind(), Value::Kind::kBigInt);
  EXPECT_EQ(Value("x").kind(), Value::Kind::kString);
  EXPECT_EQ(Value(Value::Binary{1, 2}).kind(), Value::Kind::kBinary);
}

TEST(Value, ComparesAsSameValueAndWithoutMemberOrder) {
  EXPECT_EQ(Value(std::nan("")), Value(std::nan("")));
  EXPECT_NE(Value(0.0), Value(-0.0));
  EXPECT_NE(Value(1), Value(Value::BigInt{1}));
  EXPECT_NE(Value(), Value(Value::Undefined{}));
  const Value a = {{"x", 1}, {"y", {{"p", 1}, {"q", 2}}}};
  const Value b = {{"y", {{"q", 2}, {"p", 1}}}, {"x", 1}};
  EXPECT_EQ(a, b);
  const Value c = {{"y", {{"q", 2}, {"p", 1}}}, {"x", 2}};
  EXPECT_NE(a, c);
  EXPECT_NE(Value({{"x", 1}, {"y", 1}}), Value({{"x", 1}, {"z", 1}}));
  EXPECT_NE(Value({1, 2}), Value({2, 1}));
}

TEST(Value, FindsAndSetsMembers) {
  Value value = {{"a", 1}};
  value.set("b", 2);
  value.set("a", "one");
  EXPECT_EQ(value.to_json(), R"({"a":"one","b":2})");
  ASSERT_NE(value.find("b"), nullptr);
  EXPECT_EQ(*value.find("b"), 2);
  EXPECT_EQ(value.find("c"), nullptr);
  EXPECT_EQ(Value(3).find("a"), nullptr);
}

TEST(Value, IntegersMustFitExactly) {
  EXPECT_EQ(Value(7).as<int>(), 7);
  EXPECT_EQ(Value(-0.0).as<int>(), 0);
  EXPECT_EQ(Value(255).as<std::uint8_t>(), 255);
  EXPECT_EQ(Value(-0x1p63).as<std::int64_t>(), std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(Value(Value::BigInt{1LL << 60}).as<std::int64_t>(), 1LL << 60);
  EXPECT_EQ(Value(Value::BigInt{5}).as<unsigned>(), 5u);
  EXPECT_EQ(schema_error([] { return Value(1.5).as<int>(); }),
            "expected an integer from -2147483648 to 2147483647, found the number 1.5");
  EXPECT_EQ(schema_error([] { return Value(256).as<std::uint8_t>(); }),
            "expected an integer from 0 to 255, found the number 256");
  EXPECT_NE(schema_error([] { return Value(-1).as<std::uint64_t>(); }), "none");
  EXPECT_NE(schema_error([] { return Value(Value::BigInt{-1}).as<std::uint64_t>(); }), "none");
  EXPECT_NE(schema_error([] { return Value(0x1p63).as<std::int64_t>(); }), "none");
  EXPECT_NE(schema_error([] { return Value(0x1p64).as<std::uint64_t>(); }), "none");
  EXPECT_NE(schema_error([] { return Value(std::nan("")).as<int>(); }), "none");
}

TEST(Value, OtherKindsAreNamedInTheError) {
  EXPECT_EQ(Value("x").as<std::string>(), "x");
  EXPECT_EQ(Value(true).as<bool>(), true);
  EXPECT_EQ(Value(2).as<double>(), 2.0);
  EXPECT_EQ(schema_error([] { return Value("Plan").as<double>(); }),
            "expected a number, found the string \"Plan\"");
  EXPECT_EQ(schema_error([] { return Value().as<std::string>(); }),
            "expected a string, found null");
  const std::string message =
      schema_error([] { return Value(std::string(10000, 'x')).as<bool>(); });
  EXPECT_LT(message.size(), 120u);
}

TEST(Value, ReadsAndPrintsJson) {
  EXPECT_EQ(Value::parse(R"({"a":[1,"x"]})"), Value({{"a", {1, "x"}}}));
  std::ostringstream out;
  out << Value({{"a", Value::Binary{7}}});
  EXPECT_EQ(out.str(), R"({"a":{"0":7}})");
  EXPECT_THROW(Value::parse("{"), Error);
}

}  // namespace
}  // namespace syncline
