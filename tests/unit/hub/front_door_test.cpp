#include "hub/front_door.hpp"

#include <gtest/gtest.h>

namespace syncline::hub {
namespace {

bool let_in(const std::string& host, const std::string& origin = {},
            const std::vector<std::string>& origins = {}) {
  transport::Headers headers;
  if (!host.empty()) headers.add("Host", host);
  if (!origin.empty()) headers.add("Origin", origin);
  return !turned_away(headers, origins).has_value();
}

TEST(FrontDoor, KnowsTheNamesOfThisMachine) {
  for (const char* host : {"localhost", "LOCALHOST:4455", "127.0.0.1", "127.0.0.1:4455",
                           "127.255.0.9:1", "[::1]", "[::1]:4455"})
    EXPECT_TRUE(is_loopback_host(host)) << host;
  for (const char* host :
       {"", "example.org", "localhost.example.org", "127.0.0.1.example.org", "128.0.0.1", "127.0.0",
        "127.0.0.256", "127.0.0.1.1", "[::2]", "0.0.0.0", "[", "notlocalhost", "127.0.0.1@evil"})
    EXPECT_FALSE(is_loopback_host(host)) << host;
}

TEST(FrontDoor, TurnsForeignNamesAndPagesAway) {
  EXPECT_TRUE(let_in("127.0.0.1:4455"));
  EXPECT_FALSE(let_in("")) << "no Host";
  EXPECT_FALSE(let_in("rebound.example.org:4455"));
  EXPECT_TRUE(let_in("localhost", "http://localhost:5173"));
  EXPECT_TRUE(let_in("localhost", "http://[::1]:5173"));
  EXPECT_FALSE(let_in("localhost", "https://example.org"));
  EXPECT_FALSE(let_in("localhost", "null"));
  EXPECT_TRUE(let_in("localhost", "https://example.org", {"https://example.org"}));
  EXPECT_FALSE(let_in("localhost", "https://example.org.evil", {"https://example.org"}));
}

TEST(FrontDoor, ReadsRoomNamesAsTheContractSays) {
  EXPECT_EQ(parse_room("my%20room/%C3%A4")->url, "yjs://local/my%20room/%C3%A4");
  EXPECT_TRUE(parse_room("plain")->plain);
  EXPECT_NE(parse_room("A")->url, parse_room("a")->url);
  EXPECT_EQ(parse_room("comm://Example.org/board")->url, "comm://example.org/board");
  EXPECT_FALSE(parse_room("comm%3A%2F%2Fexample.org%2Fboard")->plain);
  EXPECT_FALSE(parse_room("yjs://local/x")->plain) << "a URL, even of such a room";
  EXPECT_TRUE(parse_room(std::string(1024, 'x')).ok());
  for (const std::string& room : {std::string(), std::string("%"), std::string("%zz"),
                                  std::string("%FF"), std::string(1025, 'x')})
    EXPECT_EQ(parse_room(room).error().code(), Code::kMalformed) << room;
}

}  // namespace
}  // namespace syncline::hub
