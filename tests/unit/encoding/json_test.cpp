// JSON text, against what JSON.parse, JSON.stringify and Number::toString do.
#include "encoding/json.hpp"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>

#include "vectors.hpp"

namespace syncline::encoding {
namespace {

using test::at;
using test::untagged;
using test::vectors;

std::string mistake(std::string_view text) {
  const Result<Value> value = parse_json(text);
  if (value.ok()) return "none";
  EXPECT_EQ(value.error().code(), Code::kMalformed);
  return value.error().message();
}

TEST(Json, IsWrittenAsNodeWritesIt) {
  for (const Value& row : vectors("json")) {
    const Value value = untagged(at(row, "value"));
    EXPECT_EQ(write_json(value), at(row, "text").string());
    EXPECT_EQ(write_json_pretty(value), at(row, "pretty").string());
  }
}

TEST(Json, IsReadAsNodeReadsIt) {
  for (const Value& row : vectors("parse")) {
    const Result<Value> value = parse_json(at(row, "text").string());
    ASSERT_TRUE(value.ok()) << at(row, "text") << value.error().message();
    EXPECT_EQ(*value, untagged(at(row, "value"))) << at(row, "text");
  }
}

TEST(Json, WhatNodeRefusesIsRefused) {
  for (const Value& text : vectors("bad_json"))
    EXPECT_FALSE(parse_json(text.string()).ok()) << text;
}

TEST(Json, NumbersAreWrittenAsNodeWritesThem) {
  for (const Value& row : vectors("number")) {
    std::uint64_t bits = 0;
    for (const std::uint8_t byte : test::from_hex(at(row, "bits").string()))
      bits = bits << 8 | byte;
    const double number = std::bit_cast<double>(bits);
    EXPECT_EQ(write_number(number), at(row, "text").string());
    EXPECT_EQ(parse_json(at(row, "text").string()).value(), number);
  }
}

TEST(Json, SpecialNumbersHaveNamesAloneAndAreNullInText) {
  EXPECT_EQ(write_number(std::nan("")), "NaN");
  EXPECT_EQ(write_number(-HUGE_VAL), "-Infinity");
  EXPECT_EQ(write_number(-0.0), "0");
  EXPECT_EQ(write_json({std::nan(""), HUGE_VAL, -0.0}), "[null,null,0]");
}

TEST(Json, RandomValuesComeBackAsTheyWere) {
  const std::uint64_t seed = test::seed();
  SCOPED_TRACE("SYNCLINE_SEED=" + std::to_string(seed));
  test::RandomValues random(seed, test::Kinds::kJson);
  for (int i = 0; i < 500; ++i) {
    const Value value = random.value();
    EXPECT_EQ(parse_json(write_json(value)).value(), value) << value;
    EXPECT_EQ(parse_json(write_json_pretty(value)).value(), value) << value;
  }
}

TEST(Json, EveryTruncationOfATextIsRefused) {
  const std::string text = R"({"a":[1.5e3,true,"x\ud83d\n"],"b":{"c":null}})";
  ASSERT_EQ(mistake(text), "none");
  for (std::size_t size = 0; size < text.size(); ++size)
    EXPECT_NE(mistake(text.substr(0, size)), "none") << size;
}

TEST(Json, ANumberTooLargeForADoubleIsRefusedAndATooSmallOneIsZero) {
  for (const char* text : {"1e400", "-1e309", "1e99999999999999999999", "0.00001e400"})
    EXPECT_NE(mistake(text).find("too large"), std::string::npos) << text;
  for (const char* text :
       {"1e-400", "0e400", "0.0e99999999999999999999", "1e-99999999999999999999", "1000e-400"})
    EXPECT_EQ(parse_json(text).value(), 0) << text;
  EXPECT_EQ(parse_json("-1e-400").value(), -0.0);
  EXPECT_EQ(parse_json("-0").value(), -0.0);
}

TEST(Json, MembersKeepTheirOrderAndTheLastOfOneNameWins) {
  EXPECT_EQ(parse_json(R"({"b":1,"1":2,"a":3,"b":4})").value().to_json(), R"({"b":4,"1":2,"a":3})");
}

TEST(Json, UndefinedAloneIsWhatContentJsonWrites) {
  EXPECT_EQ(write_json(Value::Undefined{}), "undefined");
  EXPECT_EQ(write_json(Value::object({{"a", Value::Undefined{}}})), "{}");
  EXPECT_EQ(write_json_pretty(Value::object({{"a", Value::Undefined{}}})), "{}");
}

TEST(Json, ABigIntIsAnInteger) {
  EXPECT_EQ(write_json({Value::BigInt{std::numeric_limits<std::int64_t>::min()}}),
            "[-9223372036854775808]");
}

TEST(Json, IllFormedBytesAreWrittenAsReplacementCharactersAndNotRead) {
  EXPECT_EQ(write_json("a\xff\"b"), "\"a\xef\xbf\xbd\\\"b\"");
  EXPECT_NE(mistake("\"\xff\"").find("UTF-8"), std::string::npos);
  EXPECT_NE(mistake("\"\xed\xa0\x80\""), "none");
}

TEST(Json, NestsAThousandDeepAndNoDeeper) {
  const std::string deep = std::string(1000, '[') + std::string(1000, ']');
  EXPECT_EQ(parse_json(deep).value().to_json(), deep);
  EXPECT_NE(mistake("[" + deep + "]").find("nests too deeply"), std::string::npos);
  EXPECT_NE(mistake(std::string(1000000, '[')).find("nests too deeply"), std::string::npos);
  std::string objects;
  for (int i = 0; i < 1001; ++i) objects += R"({"a":)";
  EXPECT_NE(mistake(objects).find("nests too deeply"), std::string::npos);
}

TEST(Json, AMistakeIsNamedWithLineAndColumn) {
  EXPECT_EQ(mistake("{\n  \"ü\": tru\n}"), "expected a value (JSON line 2, column 8)");
  EXPECT_EQ(mistake("[1,\n2"), "expected ',' or ']' (JSON line 2, column 2)");
  EXPECT_EQ(mistake(""), "the text ends where a value should be (JSON line 1, column 1)");
  EXPECT_EQ(mistake("{} x"), "text after the value (JSON line 1, column 4)");
}

}  // namespace
}  // namespace syncline::encoding
