// The blocking client that the command is made of.
#include "syncline/client.hpp"

#include <gtest/gtest.h>

#include "syncline/hub_process.hpp"

namespace syncline {
namespace {

constexpr const char* kBoard = "comm://example.org/board";
constexpr const char* kAlice = "hyperty://example.org/alice";
constexpr const char* kBob = "hyperty://example.org/bob";

TEST(Client, AsksAHubAndWaitsForItsAnswers) {
  HubProcess hub({.hub = {.listen = "127.0.0.1:0"}});
  Client alice({.identity = kAlice, .hub = "ws://" + hub.address()});
  alice.create(kBoard, Value::object({{"title", "Plan"}}));
  EXPECT_EQ(alice.read(kBoard, {.pointer = "/title"}), Value("Plan"));
  alice.edit(kBoard, {}, {{.op = "set", .pointer = "/title", .value = "Plan B"}});
  EXPECT_EQ(alice.read(kBoard), Value::object({{"title", "Plan B"}}));
  EXPECT_EQ(*alice.describe(kBoard).find("owner"), Value(kAlice));
  ASSERT_EQ(alice.list("comm://**").size(), 1u);
  const Bytes document = alice.fetch(kBoard);
  alice.create_from("comm://example.org/copy", document);
  EXPECT_EQ(alice.read("comm://example.org/copy"), alice.read(kBoard));
  alice.remove(kBoard);
  try {
    alice.read(kBoard);
    FAIL() << "read what was deleted";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Code::kGone);
  }
}

TEST(Client, ImportsOnlyWhereItMayWrite) {
  HubProcess hub({.hub = {.listen = "127.0.0.1:0"}});
  Client alice({.identity = kAlice, .hub = "ws://" + hub.address()});
  Client bob({.identity = kBob, .hub = "ws://" + hub.address()});
  alice.create(kBoard, Value::object({{"a", 1}}));
  alice.create("comm://example.org/other", Value::object({{"b", 2}}));
  const Bytes other = alice.fetch("comm://example.org/other");
  alice.import(kBoard, other);
  EXPECT_EQ(alice.read(kBoard), Value::object({{"a", 1}, {"b", 2}}));
  EXPECT_THROW(bob.import(kBoard, other), Error);
}

TEST(Client, FailsAtOnceWithoutAHub) {
  Client alice({.identity = kAlice, .hub = "ws://127.0.0.1:1"});
  const auto begun = std::chrono::steady_clock::now();
  try {
    alice.describe(kBoard);
    FAIL() << "an answer from nobody";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Code::kUnavailable);
    EXPECT_NE(error.message().find("127.0.0.1:1"), std::string::npos) << error.message();
  }
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(5));
}

TEST(HubProcess, TellsWhyItCannotStart) {
  HubProcess hub({.hub = {.listen = "127.0.0.1:0"}});
  const auto reason = [](const std::string& listen) {
    try {
      HubProcess second({.hub = {.listen = listen}});
      return Code{};
    } catch (const Error& error) {
      return error.code();
    }
  };
  EXPECT_EQ(reason(hub.address()), Code::kConflict);
  EXPECT_EQ(reason("0.0.0.0:0"), Code::kDenied);
  EXPECT_EQ(reason("nonsense"), Code::kMalformed);
}

}  // namespace
}  // namespace syncline
