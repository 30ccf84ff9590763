// The bytes of every message: against the golden vectors, cut short, and with what must be refused.
#include "bus/codec.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "support.hpp"

namespace syncline::bus {
namespace {

using testing::from_hex;
using testing::to_hex;
using testing::to_value;

struct Vector {
  std::string name;
  Bytes frame;
  Value message;
};

std::vector<Vector> golden() {
  std::ifstream file(SYNCLINE_BUS_GOLDEN);
  std::stringstream text;
  text << file.rdbuf();
  std::vector<Vector> out;
  const Value rows = Value::parse(text.str());
  for (const Value& row : rows.items())
    out.push_back(
        {row.find("name")->string(), from_hex(row.find("hex")->string()), *row.find("message")});
  return out;
}

TEST(SyncApiCodec, ReadsEveryGoldenVector) {
  ASSERT_GE(golden().size(), 31U);
  for (const Vector& vector : golden()) {
    const Result<Body> body = decode(vector.frame);
    ASSERT_TRUE(body.ok()) << vector.name << ": " << body.error().message();
    EXPECT_EQ(to_value(*body), vector.message) << vector.name;
  }
}

TEST(SyncApiCodec, WritesEveryGoldenVectorByteForByte) {
  for (const Vector& vector : golden()) {
    const Result<Body> body = decode(vector.frame);
    ASSERT_TRUE(body.ok()) << vector.name;
    EXPECT_EQ(to_hex(encode(*body)), to_hex(vector.frame)) << vector.name;
  }
}

TEST(SyncApiCodec, HasAGoldenVectorForEveryMessageOfTheWire) {
  std::vector<bool> seen(64);
  for (const Vector& vector : golden()) seen[decode(vector.frame)->index()] = true;
  const std::size_t unknown = Body(Unknown{}).index();
  const std::size_t flow = Body(Flow{}).index();
  const std::size_t lacks = Body(Lacks{}).index();
  for (std::size_t i = 0; i < std::variant_size_v<Body>; ++i)
    EXPECT_TRUE(seen[i] || i == unknown || i == flow || i == lacks) << "alternative " << i;
}

TEST(SyncApiCodec, RefusesEveryVectorCutShort) {
  for (const Vector& vector : golden()) {
    for (std::size_t length = 0; length < vector.frame.size(); ++length) {
      const Result<Body> body = decode(ByteView(vector.frame).first(length));
      ASSERT_FALSE(body.ok()) << vector.name << " cut to " << length;
      EXPECT_EQ(body.error().code(), Code::kMalformed);
    }
  }
}

TEST(SyncApiCodec, RefusesBytesAfterTheLastField) {
  for (Vector vector : golden()) {
    vector.frame.push_back(0);
    const Result<Body> body = decode(vector.frame);
    ASSERT_FALSE(body.ok()) << vector.name;
    EXPECT_NE(body.error().message().find(vector.message.find("type")->string()), std::string::npos)
        << body.error().message();
  }
}

TEST(SyncApiCodec, KeepsTypeAndRequestOfAMessageItDoesNotKnow) {
  for (const Bytes& frame : {Bytes{99, 5, 1, 2, 3}, Bytes{0, 5}}) {
    const Result<Body> body = decode(frame);
    ASSERT_TRUE(body.ok());
    const Unknown* unknown = std::get_if<Unknown>(&*body);
    ASSERT_NE(unknown, nullptr);
    EXPECT_EQ(unknown->type, frame[0]);
    EXPECT_EQ(unknown->request, 5U);
  }
}

TEST(SyncApiCodec, RefusesFlagsCorrectionsAndCountsOutOfRange) {
  // subscribe: the flag of `since` is 2.
  EXPECT_FALSE(decode(from_hex("040103613a2f02000001")).ok());
  // entries: claims 2^40 elements in no bytes.
  EXPECT_FALSE(decode(from_hex("2c01808080808020")).ok());
  // Invalid UTF-8 in the URL of describe.
  EXPECT_FALSE(decode(from_hex("090101ff")).ok());
  // update_refused with correction 3.
  Bytes frame = encode(UpdateRefused{.reason = "r"});
  ASSERT_TRUE(decode(frame).ok());
  frame[frame.size() - 3] = 3;
  EXPECT_FALSE(decode(frame).ok());
}

TEST(SyncApiCodec, KeepsWhatIsBusOnlyOffTheWire) {
  const Subscribe made{.request = 1, .url = "yjs://local/x", .create_open = true};
  const Result<Body> body = decode(encode(made));
  ASSERT_TRUE(body.ok());
  EXPECT_FALSE(std::get<Subscribe>(*body).create_open);
  EXPECT_DEATH(encode(Flow{}), "bus-only");
}

}  // namespace
}  // namespace syncline::bus
