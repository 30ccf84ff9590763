// RFC 6455 case by case, in the groups that the well-known conformance suites use: framing, pings,
// reserved bits, opcodes, fragmentation, UTF-8, closing, limits. Every case is decoded whole, split
// in two at every byte, and byte by byte, and must give the same events each time.
#include "transport/websocket.hpp"

#include <gtest/gtest.h>

#include <numeric>
#include <string>
#include <vector>

namespace syncline::transport {
namespace {

constexpr std::size_t kMax = 100'000;
constexpr std::array<std::uint8_t, 4> kMask{0x37, 0xFA, 0x21, 0x3D};

using Events = std::vector<std::string>;

std::string describe(const Decoded& decoded) {
  const std::string payload(text_of(decoded.payload));
  switch (decoded.kind) {
    case Decoded::Kind::kMore:
      return "more";
    case Decoded::Kind::kBinary:
      return "binary " + payload;
    case Decoded::Kind::kText:
      return "text " + payload;
    case Decoded::Kind::kPing:
      return "ping " + payload;
    case Decoded::Kind::kPong:
      return "pong " + payload;
    case Decoded::Kind::kClose:
      return "close " + std::to_string(decoded.close.code) + " " + decoded.close.reason;
    case Decoded::Kind::kFailed:
      return "failed " + std::to_string(decoded.close.code);
  }
  return "";
}

Events decode(Role role, const std::vector<ByteView>& pieces, std::size_t max = kMax) {
  FrameDecoder decoder(role, max);
  Events events;
  for (ByteView piece : pieces) {
    for (;;) {
      const Decoded decoded = decoder.next(piece);
      if (decoded.kind == Decoded::Kind::kMore) break;
      events.push_back(describe(decoded));
    }
    EXPECT_TRUE(piece.empty());
  }
  return events;
}

/// Decodes in all ways and expects the same of each.
Events decode_every_way(Role role, const Bytes& bytes, std::size_t max = kMax) {
  const ByteView view(bytes);
  const Events whole = decode(role, {view}, max);
  const std::size_t step = bytes.size() > 2000 ? bytes.size() / 500 : 1;
  for (std::size_t at = 1; at < bytes.size(); at += step)
    EXPECT_EQ(decode(role, {view.first(at), view.subspan(at)}, max), whole) << "split at " << at;
  std::vector<ByteView> single;
  for (std::size_t at = 0; at < bytes.size(); ++at) single.push_back(view.subspan(at, 1));
  EXPECT_EQ(decode(role, single, max), whole) << "byte by byte";
  return whole;
}

/// One frame with every field free to be wrong.
struct Frame {
  std::uint8_t opcode = 0x2;
  std::string payload;
  bool final = true;
  std::uint8_t reserved = 0;
  bool masked = true;
  int length_bytes = -1;  // 0, 2 or 8 to force a form
};

void append(Bytes& out, const Frame& frame) {
  out.push_back(
      static_cast<std::uint8_t>((frame.final ? 0x80 : 0) | frame.reserved << 4 | frame.opcode));
  const std::size_t size = frame.payload.size();
  const int form = frame.length_bytes >= 0 ? frame.length_bytes
                   : size < 126            ? 0
                   : size < 65536          ? 2
                                           : 8;
  const int mask_bit = frame.masked ? 0x80 : 0;
  out.push_back(static_cast<std::uint8_t>(mask_bit | (form == 0   ? static_cast<int>(size)
                                                      : form == 2 ? 126
                                                                  : 127)));
  for (int i = form - 1; i >= 0; --i) out.push_back(static_cast<std::uint8_t>(size >> (8 * i)));
  if (frame.masked) out.insert(out.end(), kMask.begin(), kMask.end());
  for (std::size_t i = 0; i < size; ++i) {
    const auto byte = static_cast<std::uint8_t>(frame.payload[i]);
    out.push_back(frame.masked ? static_cast<std::uint8_t>(byte ^ kMask[i % 4]) : byte);
  }
}

Bytes frames(const std::vector<Frame>& list) {
  Bytes bytes;
  for (const Frame& frame : list) append(bytes, frame);
  return bytes;
}

Events at_server(const std::vector<Frame>& list, std::size_t max = kMax) {
  return decode_every_way(Role::kServer, frames(list), max);
}

std::string close_bytes(int code, const std::string& reason = "") {
  return std::string{static_cast<char>(code >> 8), static_cast<char>(code & 0xFF)} + reason;
}

// 1: framing

TEST(WebSocketFraming, MessagesOfEveryLengthFormArriveWhole) {
  for (const std::size_t size : std::initializer_list<std::size_t>{
           0, 1, 2, 3, 4, 5, 7, 8, 9, 124, 125, 126, 127, 128, 1000, 65534, 65535, 65536, 70000}) {
    std::string payload(size, '\0');
    std::iota(payload.begin(), payload.end(), '\0');
    EXPECT_EQ(at_server({{.payload = payload}}), Events{"binary " + payload}) << size;
  }
}

TEST(WebSocketFraming, ClientsTakeUnmaskedFramesOfEveryLengthForm) {
  for (const std::size_t size : std::initializer_list<std::size_t>{0, 1, 125, 126, 65535, 65536}) {
    const std::string payload(size, 'x');
    EXPECT_EQ(
        decode_every_way(Role::kClient, encode_server_frame(Opcode::kBinary, view_of(payload))),
        Events{"binary " + payload});
  }
}

TEST(WebSocketFraming, WhatOneSideEncodesTheOtherDecodes) {
  for (const std::size_t size : std::initializer_list<std::size_t>{0, 1, 125, 126, 65535, 65536}) {
    const std::string payload(size, 'x');
    EXPECT_EQ(decode_every_way(Role::kServer,
                               encode_client_frame(Opcode::kBinary, view_of(payload), kMask)),
              Events{"binary " + payload});
  }
}

TEST(WebSocketFraming, ManyMessagesInOnePieceComeOutOneByOne) {
  EXPECT_EQ(at_server({{.payload = "a"}, {.payload = ""}, {.opcode = 1, .payload = "c"}}),
            (Events{"binary a", "binary ", "text c"}));
}

TEST(WebSocketFraming, AClientsFrameMustBeMaskedAndAServersMustNot) {
  EXPECT_EQ(at_server({{.payload = "a", .masked = false}}), Events{"failed 1002"});
  EXPECT_EQ(decode_every_way(Role::kClient, frames({{.payload = "a"}})), Events{"failed 1002"});
}

TEST(WebSocketFraming, ALengthInMoreBytesThanItNeedsIsRefused) {
  EXPECT_EQ(at_server({{.payload = "a", .length_bytes = 2}}), Events{"failed 1002"});
  EXPECT_EQ(at_server({{.payload = "a", .length_bytes = 8}}), Events{"failed 1002"});
  EXPECT_EQ(at_server({{.payload = std::string(65535, 'a'), .length_bytes = 8}}),
            Events{"failed 1002"});
}

TEST(WebSocketFraming, ALengthOf64BitsIsRefused) {
  const Bytes bytes{0x82, 0xFF, 0x80, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4};
  EXPECT_EQ(decode_every_way(Role::kServer, bytes), Events{"failed 1002"});
}

// 2: pings and pongs

TEST(WebSocketPing, PingsAndPongsCarryUpTo125Bytes) {
  const std::string longest(125, '\xFE');
  EXPECT_EQ(
      at_server({{.opcode = 9}, {.opcode = 9, .payload = longest}, {.opcode = 10, .payload = "p"}}),
      (Events{"ping ", "ping " + longest, "pong p"}));
}

TEST(WebSocketPing, APingOf126BytesIsRefused) {
  EXPECT_EQ(at_server({{.opcode = 9, .payload = std::string(126, 'x')}}), Events{"failed 1002"});
}

TEST(WebSocketPing, TenPingsInARowAllCount) {
  EXPECT_EQ(at_server(std::vector<Frame>(10, {.opcode = 9, .payload = "p"})), Events(10, "ping p"));
}

// 3: reserved bits

TEST(WebSocketReserved, EveryReservedBitIsRefusedOnEveryOpcode) {
  for (std::uint8_t reserved = 1; reserved < 8; ++reserved)
    for (const std::uint8_t opcode : std::initializer_list<std::uint8_t>{1, 2, 8, 9, 10})
      EXPECT_EQ(at_server({{.payload = "ok"}, {.opcode = opcode, .reserved = reserved}}),
                (Events{"binary ok", "failed 1002"}));
}

// 4: opcodes

TEST(WebSocketOpcode, UnknownOpcodesAreRefused) {
  for (const std::uint8_t opcode :
       std::initializer_list<std::uint8_t>{3, 4, 5, 6, 7, 11, 12, 13, 14, 15})
    EXPECT_EQ(
        at_server({{.payload = "ok"}, {.opcode = opcode, .payload = "x"}, {.payload = "lost"}}),
        (Events{"binary ok", "failed 1002"}));
}

// 5: fragmentation

TEST(WebSocketFragments, FragmentsBecomeOneMessage) {
  EXPECT_EQ(at_server({{.opcode = 1, .payload = "fragment1", .final = false},
                       {.opcode = 0, .payload = "", .final = false},
                       {.opcode = 0, .payload = "fragment2"}}),
            Events{"text fragment1fragment2"});
  EXPECT_EQ(at_server({{.payload = "", .final = false}, {.opcode = 0, .payload = ""}}),
            Events{"binary "});
}

TEST(WebSocketFragments, ControlFramesMayComeBetweenFragments) {
  EXPECT_EQ(at_server({{.payload = "a", .final = false},
                       {.opcode = 9, .payload = "p"},
                       {.opcode = 0, .payload = "b", .final = false},
                       {.opcode = 10},
                       {.opcode = 0, .payload = "c"}}),
            (Events{"ping p", "pong ", "binary abc"}));
}

TEST(WebSocketFragments, ServersFragmentsReachAClientToo) {
  EXPECT_EQ(
      decode_every_way(Role::kClient, frames({{.payload = "a", .final = false, .masked = false},
                                              {.opcode = 9, .payload = "p", .masked = false},
                                              {.opcode = 0, .payload = "b", .masked = false},
                                              {.payload = "c", .masked = false}})),
      (Events{"ping p", "binary ab", "binary c"}));
}

TEST(WebSocketFragments, AFragmentedControlFrameIsRefused) {
  for (const std::uint8_t opcode : std::initializer_list<std::uint8_t>{8, 9, 10})
    EXPECT_EQ(at_server({{.opcode = opcode, .final = false}}), Events{"failed 1002"});
}

TEST(WebSocketFragments, AContinuationOfNothingIsRefused) {
  EXPECT_EQ(at_server({{.opcode = 0, .payload = "a"}}), Events{"failed 1002"});
  EXPECT_EQ(at_server({{.payload = "a"}, {.opcode = 0, .payload = "b", .final = false}}),
            (Events{"binary a", "failed 1002"}));
}

TEST(WebSocketFragments, ANewMessageInsideAnUnfinishedOneIsRefused) {
  EXPECT_EQ(at_server({{.payload = "a", .final = false}, {.payload = "b"}}), Events{"failed 1002"});
}

TEST(WebSocketFragments, AMessageOfAThousandFragmentsArrives) {
  std::vector<Frame> list(1000, {.opcode = 0, .payload = "x", .final = false});
  list.front().opcode = 2;
  list.back().final = true;
  EXPECT_EQ(at_server(list), Events{"binary " + std::string(1000, 'x')});
}

// 6: UTF-8

Events text_of_frame(const std::string& payload) {
  return at_server({{.opcode = 1, .payload = payload}});
}

TEST(WebSocketUtf8, ValidTextsOfEveryLengthPass) {
  const std::vector<std::string> valid = {
      "",
      "Hello-\xC2\xB5@\xC3\x9F\xC3\xB6\xC3\xA4\xC3\xBC\xC3\xA0\xC3\xA1-UTF-8!!",
      "\xCE\xBA\xE1\xBD\xB9\xCF\x83\xCE\xBC\xCE\xB5",
      std::string(1, '\0'),
      "\x7F",
      "\xC2\x80",
      "\xDF\xBF",
      "\xE0\xA0\x80",
      "\xED\x9F\xBF",
      "\xEE\x80\x80",
      "\xEF\xBF\xBF",
      "\xF0\x90\x80\x80",
      "\xF4\x8F\xBF\xBF",
      "0123456789abcdef\xE2\x82\xAC"
      "0123456789abcdef\xF0\x9F\x98\x80",
  };
  for (const std::string& text : valid) EXPECT_EQ(text_of_frame(text), Events{"text " + text});
}

TEST(WebSocketUtf8, InvalidTextsAreRefused) {
  const std::vector<std::string> invalid = {
      "\x80",  // a lone continuation
      "\xBF",
      "\x80\xBF\x80",
      "\xC0\xAF",  // overlong
      "\xC1\xBF",
      "\xE0\x80\xAF",
      "\xE0\x9F\xBF",
      "\xF0\x80\x80\xAF",
      "\xF0\x8F\xBF\xBF",
      "\xED\xA0\x80",  // surrogates
      "\xED\xBF\xBF",
      "\xED\xA0\x80\xED\xB0\x80",
      "\xF4\x90\x80\x80",  // past U+10FFFF
      "\xF5\x80\x80\x80",
      "\xF8\x88\x80\x80\x80",
      "\xFE",
      "\xFF",
      "\xC2",  // unfinished
      "\xE2\x82",
      "\xF0\x9F\x98",
      "\xC2 ",  // broken off
      "\xE2\x82 ",
      "\xF0\x9F\x98 ",
      "0123456789abcdef\xFF"
      "0123456789abcdef",
      "0123456\x80",
      "01234567\x80",
      "012345678\x80",
  };
  for (const std::string& text : invalid)
    EXPECT_EQ(text_of_frame(text), Events{"failed 1007"}) << text;
}

TEST(WebSocketUtf8, ACharacterMaySpanFragments) {
  EXPECT_EQ(at_server({{.opcode = 1, .payload = "\xF0\x9F", .final = false},
                       {.opcode = 9},
                       {.opcode = 0, .payload = "\x98\x80"}}),
            (Events{"ping ", "text \xF0\x9F\x98\x80"}));
}

TEST(WebSocketUtf8, AnInvalidTextFailsAtItsFirstBadByte) {
  Bytes bytes = frames({{.opcode = 1, .payload = "ok\xFF and much more"}});
  bytes.resize(6 + 3);
  EXPECT_EQ(decode(Role::kServer, {bytes}), Events{"failed 1007"});
}

TEST(WebSocketUtf8, BinaryMessagesMayHoldAnything) {
  EXPECT_EQ(at_server({{.payload = "\xFF\xFE"}}), Events{"binary \xFF\xFE"});
}

// 7: closing

TEST(WebSocketClose, ACloseCarriesItsCodeAndReason) {
  EXPECT_EQ(at_server({{.opcode = 8}}), Events{"close 1005 "});
  EXPECT_EQ(at_server({{.opcode = 8, .payload = close_bytes(1000)}}), Events{"close 1000 "});
  EXPECT_EQ(at_server({{.opcode = 8, .payload = close_bytes(1000, "Hello World!")}}),
            Events{"close 1000 Hello World!"});
  EXPECT_EQ(at_server({{.opcode = 8, .payload = close_bytes(1000, std::string(123, '*'))}}),
            Events{"close 1000 " + std::string(123, '*')});
}

TEST(WebSocketClose, WhatFollowsACloseIsIgnored) {
  EXPECT_EQ(
      at_server({{.opcode = 8, .payload = close_bytes(1000)}, {.payload = "late"}, {.opcode = 9}}),
      Events{"close 1000 "});
}

TEST(WebSocketClose, ACloseMayComeInsideAMessage) {
  EXPECT_EQ(at_server({{.payload = "a", .final = false}, {.opcode = 8}}), Events{"close 1005 "});
}

TEST(WebSocketClose, HalfACodeAndTooMuchReasonAreRefused) {
  EXPECT_EQ(at_server({{.opcode = 8, .payload = "\x03"}}), Events{"failed 1002"});
  EXPECT_EQ(at_server({{.opcode = 8, .payload = close_bytes(1000, std::string(124, '*'))}}),
            Events{"failed 1002"});
}

TEST(WebSocketClose, AReasonThatIsNotUtf8IsRefused) {
  EXPECT_EQ(at_server({{.opcode = 8, .payload = close_bytes(1000, "\xCE\xBA\xED\xA0\x80")}}),
            Events{"failed 1007"});
  EXPECT_EQ(at_server({{.opcode = 8, .payload = close_bytes(1000, "\xCE")}}),
            Events{"failed 1007"});
}

TEST(WebSocketClose, ValidCodesPass) {
  for (const int code : {1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014,
                         3000, 3999, 4000, 4404, 4999})
    EXPECT_EQ(at_server({{.opcode = 8, .payload = close_bytes(code)}}),
              Events{"close " + std::to_string(code) + " "});
}

TEST(WebSocketClose, CodesThatMayNotBeSentAreRefused) {
  for (const int code : {0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535})
    EXPECT_EQ(at_server({{.opcode = 8, .payload = close_bytes(code)}}), Events{"failed 1002"})
        << code;
}

TEST(WebSocketClose, ALongReasonIsCutBetweenCharacters) {
  std::string reason;
  for (int i = 0; i < 62; ++i) reason += "\xC3\xA4";
  const Bytes payload = close_payload({.code = 4403, .reason = reason});
  EXPECT_EQ(payload.size(), 2u + 122u);
  Utf8Check check;
  EXPECT_TRUE(check.feed(ByteView(payload).subspan(2)) && check.complete());
}

TEST(WebSocketClose, NoCodeMeansAnEmptyPayload) {
  EXPECT_TRUE(close_payload({.code = kCloseNoCode, .reason = "lost"}).empty());
}

// 9: limits

TEST(WebSocketLimit, AMessageOfExactlyTheLimitPassesAndOneMoreByteDoesNot) {
  EXPECT_EQ(at_server({{.payload = "12345678"}}, 8), Events{"binary 12345678"});
  EXPECT_EQ(at_server({{.payload = "123456789"}}, 8), Events{"failed 1009"});
}

TEST(WebSocketLimit, ADeclaredLengthPastTheLimitFailsBeforeThePayload) {
  const Bytes bytes{0x82, 0xFF, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 1, 2, 3, 4};
  EXPECT_EQ(decode_every_way(Role::kServer, bytes), Events{"failed 1009"});
}

TEST(WebSocketLimit, FragmentsCountTogether) {
  EXPECT_EQ(at_server({{.payload = "12345", .final = false}, {.opcode = 0, .payload = "678"}}, 8),
            Events{"binary 12345678"});
  EXPECT_EQ(at_server({{.payload = "12345", .final = false}, {.opcode = 0, .payload = "6789"}}, 8),
            Events{"failed 1009"});
}

TEST(WebSocketLimit, ControlFramesDoNotCount) {
  EXPECT_EQ(at_server({{.opcode = 9, .payload = std::string(100, 'p')}}, 8),
            Events{"ping " + std::string(100, 'p')});
}

TEST(WebSocketMask, MasksFromAnyPositionAreTheirOwnInverse) {
  for (std::size_t at = 0; at < 9; ++at) {
    for (std::size_t size = 0; size < 40; ++size) {
      Bytes bytes(size);
      std::iota(bytes.begin(), bytes.end(), std::uint8_t{});
      Bytes masked = bytes;
      apply_mask(masked, kMask, at);
      for (std::size_t i = 0; i < size; ++i) EXPECT_EQ(masked[i], bytes[i] ^ kMask[(at + i) % 4]);
      apply_mask(masked, kMask, at);
      EXPECT_EQ(masked, bytes);
    }
  }
}

}  // namespace
}  // namespace syncline::transport
