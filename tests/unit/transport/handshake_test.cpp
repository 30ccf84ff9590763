// The opening handshake.
#include "transport/handshake.hpp"

#include <gtest/gtest.h>

#include "unit/transport/fakes.hpp"

namespace syncline::transport {
namespace {

Request upgrade_of_example() {
  Request request;
  request.method = "GET";
  request.path = "/sync";
  request.headers = {{"Host", "127.0.0.1"},
                     {"Upgrade", "WebSocket"},
                     {"Connection", "keep-alive, Upgrade"},
                     {"Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="},
                     {"Sec-WebSocket-Version", "13"}};
  return request;
}

int status_of(const Request& request) {
  const auto fault = check_upgrade(request);
  return fault ? fault->status : 101;
}

TEST(Handshake, TheKeyOfTheRfcGivesTheAcceptOfTheRfc) {
  EXPECT_EQ(accept_key("dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}

TEST(Handshake, KeysOfEveryLengthHash) {
  // Around the block of 64 bytes: SHA-1 pads differently on both sides. Values of sha1sum.
  EXPECT_EQ(accept_key(""), "Kfh9QIsMVZcl6xEPYxPHzW8SZ8w=");
  EXPECT_EQ(accept_key(std::string(19, 'a')), "yzaGyu0mcUukN7CdsSwa30tnCpc=");
  EXPECT_EQ(accept_key(std::string(20, 'a')), "dUYRM7bOMwDmbriNIPr11x+r3E0=");
  EXPECT_EQ(accept_key(std::string(200, 'a')), "W7nwfYCuwcatB7HT3divf5cVU2A=");
}

TEST(Handshake, AProperRequestIsAccepted) {
  EXPECT_TRUE(wants_websocket(upgrade_of_example()));
  EXPECT_EQ(status_of(upgrade_of_example()), 101);
  EXPECT_EQ(upgrade_response(upgrade_of_example(), "syncline.v1"),
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
            "Sec-WebSocket-Protocol: syncline.v1\r\n\r\n");
}

TEST(Handshake, ARequestWithoutUpgradeIsPlain) {
  Request request = upgrade_of_example();
  request.headers.set("Upgrade", "h2c");
  EXPECT_FALSE(wants_websocket(request));
}

TEST(Handshake, AnImproperRequestIsRefusedWithTheReason) {
  Request request = upgrade_of_example();
  request.method = "POST";
  EXPECT_EQ(status_of(request), 400);

  request = upgrade_of_example();
  request.minor_version = 0;
  EXPECT_EQ(status_of(request), 400);

  request = upgrade_of_example();
  request.headers.set("Connection", "keep-alive");
  EXPECT_EQ(status_of(request), 400);

  for (const char* key : {"", "short", "dGhlIHNhbXBsZSBub25jZQ", "dGhlIHNhbXBsZSBub25jZ!==",
                          "dGhlIHNhbXBsZSBub25jZQ=a", "dGhlIHNhbXBsZSBub25j===="}) {
    request = upgrade_of_example();
    request.headers.set("Sec-WebSocket-Key", key);
    EXPECT_EQ(status_of(request), 400) << key;
  }
  request = upgrade_of_example();
  request.headers.add("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==");
  EXPECT_EQ(status_of(request), 400);
}

TEST(Handshake, AnotherVersionIsToldWhichOneIsSpoken) {
  Request request = upgrade_of_example();
  request.headers.set("Sec-WebSocket-Version", "8");
  const auto fault = check_upgrade(request);
  ASSERT_TRUE(fault);
  EXPECT_EQ(fault->status, 426);
  EXPECT_EQ(fault->headers.find("Sec-WebSocket-Version"), "13");
}

TEST(Handshake, FreshKeysAreProperAndDiffer) {
  FakeRandom random;
  Request request = upgrade_of_example();
  const std::string one = make_key(random);
  const std::string two = make_key(random);
  EXPECT_NE(one, two);
  request.headers.set("Sec-WebSocket-Key", one);
  EXPECT_EQ(status_of(request), 101);
}

TEST(Handshake, AnAnswerMustFitTheKeyAndTheSubprotocol) {
  const std::string key = "dGhlIHNhbXBsZSBub25jZQ==";
  Headers answer{{"Upgrade", "websocket"},
                 {"Connection", "Upgrade"},
                 {"Sec-WebSocket-Accept", accept_key(key)}};
  EXPECT_FALSE(check_accepted(answer, key, ""));
  EXPECT_TRUE(check_accepted(answer, key, "syncline.v1"));
  EXPECT_TRUE(check_accepted(answer, "AAAAAAAAAAAAAAAAAAAAAA==", ""));
  answer.add("Sec-WebSocket-Protocol", "syncline.v1");
  EXPECT_FALSE(check_accepted(answer, key, "syncline.v1"));
  EXPECT_TRUE(check_accepted(answer, key, ""));
  answer.add("Sec-WebSocket-Extensions", "permessage-deflate");
  EXPECT_TRUE(check_accepted(answer, key, "syncline.v1"));
  EXPECT_TRUE(check_accepted({}, key, ""));
}

}  // namespace
}  // namespace syncline::transport
