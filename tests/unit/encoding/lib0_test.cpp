// lib0's primitives and `any`, against what lib0 itself wrote.
#include "encoding/lib0.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "vectors.hpp"

namespace syncline::encoding {
namespace {

using test::at;
using test::from_hex;
using test::to_hex;
using test::untagged;
using test::vectors;

std::string written(const std::function<void(Writer&)>& write) {
  Writer writer;
  write(writer);
  return to_hex(writer.bytes());
}

std::uint64_t natural(const Value& text) {
  return std::strtoull(text.string().c_str(), nullptr, 10);
}

/// Reads one thing, which must be all there is.
template <typename Read>
auto read_all(const Bytes& bytes, Read read) {
  Reader reader(bytes);
  auto value = read(reader);
  EXPECT_FALSE(reader.failed()) << (reader.failed() ? reader.error().message() : "");
  EXPECT_TRUE(reader.at_end());
  return value;
}

void expect_failure(std::string_view hex, const std::function<void(Reader&)>& read) {
  const Bytes bytes = from_hex(hex);
  Reader reader(bytes);
  read(reader);
  EXPECT_TRUE(reader.failed()) << hex;
  EXPECT_TRUE(reader.at_end()) << hex;
}

/// Every proper prefix must fail, without a crash and without reading past its end.
void expect_truncations_fail(const Bytes& bytes, const std::function<void(Reader&)>& read) {
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const Bytes prefix(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size));
    Reader reader(prefix);
    read(reader);
    EXPECT_TRUE(reader.failed()) << to_hex(bytes) << " cut to " << size;
  }
}

TEST(VarUint, IsWrittenAndReadAsLib0Does) {
  for (const Value& row : vectors("var_uint")) {
    const std::uint64_t number = natural(at(row, "number"));
    const std::string hex = at(row, "hex").string();
    EXPECT_EQ(written([&](Writer& w) { w.var_uint(number); }), hex);
    EXPECT_EQ(read_all(from_hex(hex), [](Reader& r) { return r.var_uint(); }), number);
    expect_truncations_fail(from_hex(hex), [](Reader& r) { r.var_uint(); });
  }
}

TEST(VarUint, PastTheSafeIntegersIsRefused) {
  const auto read = [](Reader& r) { EXPECT_EQ(r.var_uint(), 0u); };
  expect_failure("8080808080808010", read);    // 2^53
  expect_failure("ffffffffffffff7f", read);    // 2^56 - 1
  expect_failure("808080808080808000", read);  // zero in nine bytes
  expect_failure("ffffffffffffffffffffffffffff7f", read);
}

TEST(VarUint, PaddedFormsAreReadAsLib0Does) {
  EXPECT_EQ(read_all(from_hex("8100"), [](Reader& r) { return r.var_uint(); }), 1u);
}

TEST(VarInt, IsWrittenAndReadAsLib0Does) {
  for (const Value& row : vectors("var_int")) {
    const SignedVar number{at(row, "negative").boolean(), natural(at(row, "magnitude"))};
    const std::string hex = at(row, "hex").string();
    EXPECT_EQ(written([&](Writer& w) { w.var_int(number); }), hex);
    EXPECT_EQ(read_all(from_hex(hex), [](Reader& r) { return r.var_int(); }), number) << hex;
    expect_truncations_fail(from_hex(hex), [](Reader& r) { r.var_int(); });
    if (number.negative && number.magnitude == 0) continue;  // an int64 has no negative zero
    const auto magnitude = static_cast<std::int64_t>(number.magnitude);
    EXPECT_EQ(written([&](Writer& w) { w.var_int(number.negative ? -magnitude : magnitude); }),
              hex);
  }
}

TEST(VarInt, KeepsNegativeZeroApart) {
  EXPECT_EQ(read_all(from_hex("40"), [](Reader& r) { return r.var_int(); }), (SignedVar{true, 0}));
  EXPECT_EQ(read_all(from_hex("00"), [](Reader& r) { return r.var_int(); }), (SignedVar{false, 0}));
}

TEST(VarInt, TakesNoMoreThanEightBytes) {
  expect_failure("808080808080808001", [](Reader& r) { EXPECT_EQ(r.var_int(), SignedVar{}); });
  EXPECT_EQ(read_all(from_hex("bfffffffffffff7f"), [](Reader& r) { return r.var_int().magnitude; }),
            (std::uint64_t{1} << 55) - 1);
}

TEST(VarInt, WritesTheLeastInteger) {
  EXPECT_EQ(written([](Writer& w) { w.var_int(std::numeric_limits<std::int64_t>::min()); }),
            written([](Writer& w) { w.var_int(SignedVar{true, std::uint64_t{1} << 63}); }));
}

TEST(VarString, IsWrittenAndReadAsLib0Does) {
  for (const Value& row : vectors("var_string")) {
    const std::string hex = at(row, "hex").string();
    const Bytes bytes = from_hex(hex);
    EXPECT_EQ(written([&](Writer& w) { w.var_string(at(row, "text").string()); }), hex);
    EXPECT_EQ(read_all(bytes, [](Reader& r) { return std::string(r.var_string()); }),
              at(row, "read").string());
    expect_truncations_fail(bytes, [](Reader& r) { EXPECT_EQ(r.var_string(), ""); });
  }
}

TEST(VarString, RefusesWhatIsNotUtf8) {
  const auto read = [](Reader& r) { EXPECT_EQ(r.var_string(), ""); };
  expect_failure("01ff", read);
  expect_failure("0180", read);        // a continuation byte alone
  expect_failure("01c3", read);        // a lead alone
  expect_failure("02c080", read);      // overlong
  expect_failure("03e08080", read);    // overlong
  expect_failure("03eda080", read);    // a surrogate
  expect_failure("04f4908080", read);  // past U+10FFFF
  expect_failure("09616161616161616180", read);
}

TEST(VarString, WritesIllFormedBytesAsReplacementCharacters) {
  EXPECT_EQ(written([](Writer& w) { w.var_string("a\xff"); }), "0461efbfbd");
}

TEST(VarBytes, AreAViewIntoTheInput) {
  const Bytes input = from_hex("03010203ff");
  Reader reader(input);
  EXPECT_EQ(reader.var_bytes().data(), input.data() + 1);
  EXPECT_EQ(reader.left(), 1u);
  EXPECT_EQ(reader.u8(), 0xff);
  EXPECT_TRUE(reader.at_end());
  EXPECT_FALSE(reader.failed());
}

TEST(VarBytes, ALengthPastTheEndFails) {
  const auto read = [](Reader& r) { EXPECT_TRUE(r.var_bytes().empty()); };
  expect_failure("0401", read);
  expect_failure("ffffffffffffff0f", read);  // 2^53 - 1 bytes
}

TEST(Any, IsWrittenAndReadAsLib0Does) {
  for (const Value& row : vectors("any")) {
    const std::string hex = at(row, "hex").string();
    EXPECT_EQ(written([&](Writer& w) { w.any(untagged(at(row, "value"))); }), hex)
        << at(row, "value");
    const Value value = read_all(from_hex(hex), [](Reader& r) { return r.any(); });
    EXPECT_EQ(value, untagged(at(row, "read"))) << hex;
    expect_truncations_fail(from_hex(hex), [](Reader& r) { r.any(); });
  }
}

TEST(Any, RandomValuesComeBackAsTheyWere) {
  const std::uint64_t seed = test::seed();
  SCOPED_TRACE("SYNCLINE_SEED=" + std::to_string(seed));
  test::RandomValues random(seed, test::Kinds::kAll);
  for (int i = 0; i < 500; ++i) {
    const Value value = random.value();
    Writer writer;
    writer.any(value);
    const Bytes bytes = writer.take();
    EXPECT_EQ(read_all(bytes, [](Reader& r) { return r.any(); }), value) << value;
  }
}

TEST(Any, DamagedBytesAreReadOrRefusedButNeverHarm) {
  const std::uint64_t seed = test::seed();
  SCOPED_TRACE("SYNCLINE_SEED=" + std::to_string(seed));
  test::RandomValues random(seed, test::Kinds::kAll);
  for (int i = 0; i < 500; ++i) {
    Writer writer;
    writer.any(random.value());
    Bytes bytes = writer.take();
    bytes[random.below(bytes.size())] ^= static_cast<std::uint8_t>(1 + random.below(255));
    Reader reader(bytes);
    const Value value = reader.any();
    if (reader.failed()) continue;
    Writer again;
    again.any(value);
    Reader second(again.bytes());
    EXPECT_EQ(second.any(), value) << to_hex(bytes);
  }
}

TEST(Any, ANanIsWrittenAsJavaScriptsOnlyOne) {
  EXPECT_EQ(written([](Writer& w) { w.any(-std::nan("7")); }), "7b7ff8000000000000");
}

TEST(Any, OfMembersWithOneNameTheLastValueStandsAtTheFirstPlace) {
  // {a: 1, b: 2, a: 3}
  const Bytes bytes = from_hex("760301617d0101627d0201617d03");
  EXPECT_EQ(read_all(bytes, [](Reader& r) { return r.any(); }).to_json(), R"({"a":3,"b":2})");
}

TEST(Any, ManyMembersAreUnitedAsFewAre) {
  Writer writer;
  writer.u8(118);
  writer.var_uint(60);
  for (int i = 0; i < 60; ++i) {
    writer.var_string("name" + std::to_string((i * 7) % 20));
    writer.any(i);
  }
  const Value object = read_all(writer.take(), [](Reader& r) { return r.any(); });
  ASSERT_EQ(object.members().size(), 20u);
  for (int i = 0; i < 20; ++i) {
    const auto& [name, value] = object.members()[static_cast<std::size_t>(i)];
    EXPECT_EQ(name, "name" + std::to_string((i * 7) % 20));
    EXPECT_EQ(value, i + 40);
  }
}

TEST(Any, NestsAThousandDeepAndNoDeeper) {
  const auto nested = [](std::size_t depth, std::string_view open, std::string_view innermost) {
    std::string hex;
    for (std::size_t i = 0; i < depth; ++i) hex += open;
    return from_hex(hex + std::string(innermost));
  };
  for (const std::string_view open : {"7501", "76010161"}) {
    const Value value = read_all(nested(1000, open, "7e"), [](Reader& r) { return r.any(); });
    Writer writer;
    writer.any(value);
    EXPECT_EQ(writer.bytes(), nested(1000, open, "7e"));

    const Bytes deeper = nested(1001, open, "7e");
    Reader reader(deeper);
    reader.any();
    ASSERT_TRUE(reader.failed());
    EXPECT_NE(reader.error().message().find("nests too deeply"), std::string::npos);
  }
}

TEST(Any, RefusesUnknownTagsAndImpossibleCounts) {
  const auto read = [](Reader& r) { r.any(); };
  expect_failure("00", read);
  expect_failure("73", read);
  expect_failure("80", read);
  expect_failure("ff", read);
  expect_failure("75ffffffffffffff0f", read);  // an array of 2^53 - 1
  expect_failure("76ffffffffffffff0f", read);
  expect_failure("75037e7e", read);
  expect_failure("760201617e", read);
}

TEST(Reader, KeepsTheFirstReasonAndItsPlace) {
  const Bytes bytes = from_hex("0102");
  Reader reader(bytes);
  reader.u8();
  reader.fail("the version is unknown");
  reader.fail("something else");
  EXPECT_EQ(reader.u8(), 0);
  EXPECT_EQ(reader.var_uint(), 0u);
  EXPECT_EQ(reader.left(), 0u);
  const Error error = reader.error();
  EXPECT_EQ(error.code(), Code::kMalformed);
  EXPECT_EQ(error.message(), "the version is unknown (at byte 1 of 2)");
}

TEST(Reader, AnEmptyInputIsAtItsEndWithoutFailure) {
  Reader reader{ByteView()};
  EXPECT_TRUE(reader.at_end());
  EXPECT_TRUE(reader.raw(0).empty());
  EXPECT_FALSE(reader.failed());
  EXPECT_EQ(reader.u8(), 0);
  EXPECT_TRUE(reader.failed());
}

}  // namespace
}  // namespace syncline::encoding
