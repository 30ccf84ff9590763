// lib0's run-length coders, against what lib0 itself writes and reads.
#include "encoding/columns.hpp"

#include <gtest/gtest.h>

#include "encoding/utf16.hpp"
#include "unit/encoding/vectors.hpp"

namespace syncline::encoding {
namespace {

std::uint64_t number(const Value& value) { return static_cast<std::uint64_t>(value.number()); }

/// Writes the values of each row, compares the bytes, and reads them back.
template <typename ColumnWriter, typename ColumnReader>
void check_numbers(const char* section) {
  for (const Value& row : test::vectors(section)) {
    SCOPED_TRACE(row.to_json());
    ColumnWriter writer;
    using Written = decltype(ColumnReader(ByteView()).read());
    for (const Value& value : test::at(row, "values").items()) {
      writer.write(static_cast<Written>(number(value)));
    }
    Writer out;
    writer.finish(out);
    EXPECT_EQ(test::to_hex(out.bytes()), test::at(row, "hex").string());
    Reader in(out.bytes());
    ColumnReader reader(in.var_bytes());
    for (const Value& value : test::at(row, "values").items()) {
      EXPECT_EQ(reader.read(), number(value));
    }
    EXPECT_FALSE(reader.failed());
  }
}

TEST(Columns, OfBytesAreLib0s) { check_numbers<RleWriter, RleReader>("rle"); }
TEST(Columns, OfNumbersAreLib0s) {
  check_numbers<UintOptRleWriter, UintOptRleReader>("uint_opt_rle");
}
TEST(Columns, OfDifferencesAreLib0s) {
  check_numbers<IntDiffOptRleWriter, IntDiffOptRleReader>("int_diff_opt_rle");
}

TEST(Columns, OfStringsAreLib0s) {
  for (const Value& row : test::vectors("strings")) {
    SCOPED_TRACE(row.to_json());
    StringsWriter writer;
    for (const Value& value : test::at(row, "values").items()) {
      writer.write(value.string(), utf16_length(value.string()));
    }
    Writer out;
    writer.finish(out);
    EXPECT_EQ(test::to_hex(out.bytes()), test::at(row, "hex").string());
    Reader in(out.bytes());
    StringsReader reader(in.var_bytes());
    for (const Value& value : test::at(row, "read").items()) {
      EXPECT_EQ(reader.read(), value.string());
    }
    EXPECT_FALSE(reader.failed());
  }
}

TEST(Columns, TheLastRunOfBytesGoesOnForEver) {
  const Bytes bytes{7, 2, 9};
  RleReader reader(bytes);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(reader.read(), 7);
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(reader.read(), 9);
  EXPECT_FALSE(reader.failed());
}

TEST(Columns, ARunMayClaimMoreThanAnybodyReads) {
  const Bytes bytes{0x45, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f};
  UintOptRleReader reader(bytes);
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(reader.read(), 5u);
  EXPECT_FALSE(reader.failed());
}

TEST(Columns, EndWhereTheirBytesEnd) {
  const Bytes one{1};
  UintOptRleReader numbers(one);
  EXPECT_EQ(numbers.read(), 1u);
  EXPECT_EQ(numbers.read(), 0u);
  EXPECT_TRUE(numbers.failed());
  RleReader bytes{ByteView()};
  EXPECT_EQ(bytes.read(), 0);
  EXPECT_TRUE(bytes.failed());
  IntDiffOptRleReader differences{ByteView()};
  EXPECT_EQ(differences.read(), 0u);
  EXPECT_TRUE(differences.failed());
  StringsReader strings{ByteView()};
  EXPECT_EQ(strings.read(), "");
  EXPECT_TRUE(strings.failed());
}

TEST(Columns, RefuseNegativeNumbersAndStringsPastTheEnd) {
  const Bytes minus_one{0x42};
  IntDiffOptRleReader differences(minus_one);
  EXPECT_EQ(differences.read(), 0u);
  EXPECT_TRUE(differences.failed());
  const Bytes plain{1, 'a', 2};
  StringsReader ascii(plain);
  EXPECT_EQ(ascii.read(), "");
  EXPECT_TRUE(ascii.failed());
  const Bytes accented{2, 0xc3, 0xa4, 2};
  StringsReader other(accented);
  EXPECT_EQ(other.read(), "");
  EXPECT_TRUE(other.failed());
}

}  // namespace
}  // namespace syncline::encoding
