// HTTP/1.1: what is read, what is refused, and that pieces make no difference.
#include "transport/http.hpp"

#include <gtest/gtest.h>

#include "transport/http_parser.hpp"

namespace syncline::transport {
namespace {

/// What became of some bytes: a line per request, and the status of a failure.
std::vector<std::string> parse(const std::vector<std::string_view>& pieces,
                               std::size_t body_max = 100) {
  RequestParser parser(body_max);
  std::vector<std::string> results;
  for (const std::string_view piece : pieces) {
    ByteView input = view_of(piece);
    for (;;) {
      const auto state = parser.feed(input);
      if (state == RequestParser::State::kMore) break;
      if (state == RequestParser::State::kFailed) {
        results.push_back(std::to_string(parser.failure().status));
        return results;
      }
      const Request request = parser.take();
      results.push_back(request.method + " " + request.path + "|" + request.query + "|" +
                        std::to_string(request.headers.size()) + "|" +
                        std::string(text_of(request.body)));
    }
  }
  if (parser.started()) results.push_back("more");
  return results;
}

std::vector<std::string> parse_every_way(const std::string& text, std::size_t body_max = 100) {
  const std::string_view view = text;
  const auto whole = parse({view}, body_max);
  for (std::size_t at = 1; at < text.size() && text.size() < 3000; ++at)
    EXPECT_EQ(parse({view.substr(0, at), view.substr(at)}, body_max), whole) << "split at " << at;
  std::vector<std::string_view> single;
  for (std::size_t at = 0; at < text.size(); ++at) single.push_back(view.substr(at, 1));
  EXPECT_EQ(parse(single, body_max), whole) << "byte by byte";
  return whole;
}

using Results = std::vector<std::string>;

Results parse_lines(std::initializer_list<std::string> lines, const std::string& body = "") {
  std::string text;
  for (const std::string& line : lines) text += line + "\r\n";
  return parse_every_way(text + "\r\n" + body);
}

TEST(HttpRequest, AGetIsRead) {
  EXPECT_EQ(parse_lines({"GET /y/a%20b?token=x&y HTTP/1.1", "Host: here", "Accept:*/*"}),
            Results{"GET /y/a%20b|token=x&y|2|"});
}

TEST(HttpRequest, ABodyIsReadByItsLengthAndTheNextRequestFollows) {
  EXPECT_EQ(parse_lines({"POST /a HTTP/1.1", "Host: h", "Content-Length: 5"},
                        "helloGET /b HTTP/1.1\r\nHost: h\r\n\r\n"),
            (Results{"POST /a||2|hello", "GET /b||1|"}));
}

TEST(HttpRequest, AnEmptyLineBeforeARequestIsIgnored) {
  EXPECT_EQ(parse_every_way("\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n"), Results{"GET /||1|"});
}

TEST(HttpRequest, TheAbsoluteFormIsReadAsItsPath) {
  EXPECT_EQ(parse_lines({"GET http://here:80/a?b HTTP/1.1", "Host: here"}), Results{"GET /a|b|1|"});
  EXPECT_EQ(parse_lines({"GET http://here HTTP/1.1", "Host: here"}), Results{"GET /||1|"});
}

TEST(HttpRequest, Version10NeedsNoHost) {
  EXPECT_EQ(parse_lines({"GET / HTTP/1.0"}), Results{"GET /||0|"});
}

TEST(HttpRequest, WhatIsNotHttpIsRefusedByItsFirstBytes) {
  EXPECT_EQ(parse({std::string_view("\x16\x03\x01\x02", 4)}), Results{"400"});  // TLS
  EXPECT_EQ(parse({std::string_view("\x00\x00", 2)}), Results{"400"});
  EXPECT_EQ(parse({"\xFF\xFE"}), Results{"400"});
  EXPECT_EQ(parse({"SSH-2.0-OpenSSH_9.2\r\n\r\n"}), Results{"400"});
  EXPECT_EQ(parse({"GET / HTTP/1.1\nHost: h\n\n"}), Results{"400"});  // bare line feeds
  EXPECT_EQ(parse({"hello\r\n\r\n"}), Results{"400"});
}

TEST(HttpRequest, OtherVersionsAreRefused) {
  EXPECT_EQ(parse_every_way("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), Results{"505"});
  EXPECT_EQ(parse_lines({"GET / HTTP/0.9"}), Results{"505"});
  EXPECT_EQ(parse_lines({"GET / FTP/1.1"}), Results{"400"});
}

TEST(HttpRequest, BadStartLinesAreRefused) {
  for (const char* line :
       {"GET", "GET /", "GET  HTTP/1.1", " / HTTP/1.1", "G\"T / HTTP/1.1", "GET a HTTP/1.1",
        "GET /a b HTTP/1.1", "GET * HTTP/1.1", "GET /\tx HTTP/1.1", "GET /\xC3\xA4 HTTP/1.1"})
    EXPECT_EQ(parse_lines({line, "Host: h"}), Results{"400"}) << line;
}

TEST(HttpRequest, BadHeadersAreRefused) {
  for (const char* line : {"no colon", ": no name", "bad name: x", "Name : x", " folded: x",
                           "\tfolded", "x: \x01", "x: a\rb", "x: \x7F"})
    EXPECT_EQ(parse_lines({"GET / HTTP/1.1", "Host: h", line}), Results{"400"}) << line;
}

TEST(HttpRequest, HeaderValuesMayHoldTabsAndOldText) {
  EXPECT_EQ(parse_lines({"GET / HTTP/1.1", "Host: h", "X: a\tb\xE4"}), Results{"GET /||2|"});
}

TEST(HttpRequest, ExactlyOneHostIsNeeded) {
  EXPECT_EQ(parse_lines({"GET / HTTP/1.1"}), Results{"400"});
  EXPECT_EQ(parse_lines({"GET / HTTP/1.1", "Host: a", "host: b"}), Results{"400"});
}

TEST(HttpRequest, AmbiguousBodiesAreRefused) {
  const auto status = [](std::initializer_list<std::string> framing) {
    std::string text = "POST / HTTP/1.1\r\nHost: h\r\n";
    for (const std::string& line : framing) text += line + "\r\n";
    return parse_every_way(text + "\r\n").at(0);
  };
  EXPECT_EQ(status({"Transfer-Encoding: chunked"}), "411");
  EXPECT_EQ(status({"Transfer-Encoding: chunked", "Content-Length: 3"}), "400");
  EXPECT_EQ(status({"Content-Length: 3", "Content-Length: 3"}), "400");
  for (const char* length : {"", "-1", "+1", "1a", "0x1", "1,1", "99999999999999999999"})
    EXPECT_EQ(status({"Content-Length: " + std::string(length)}), "400") << length;
}

TEST(HttpRequest, LimitsHold) {
  const std::string host = "GET / HTTP/1.1\r\nHost: h\r\n";
  std::string many = host;
  for (int i = 0; i < 99; ++i) many += "x: y\r\n";
  EXPECT_EQ(parse_every_way(many + "\r\n"), Results{"GET /||100|"});
  EXPECT_EQ(parse_every_way(many + "x: y\r\n\r\n"), Results{"431"});
  EXPECT_EQ(parse_every_way(host + "x: " + std::string(tuning::kHeadBytesMax, 'y')),
            Results{"431"});
  EXPECT_EQ(parse({std::string(tuning::kHeadBytesMax + 1, 'G')}), Results{"431"});
  EXPECT_EQ(parse_every_way("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 101\r\n\r\n"),
            Results{"413"});
}

TEST(HttpRequest, ExpectContinueIsSeenOnce) {
  RequestParser parser;
  ByteView input =
      view_of("PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(parser.feed(input), RequestParser::State::kMore);
  EXPECT_TRUE(parser.take_expects_continue());
  EXPECT_FALSE(parser.take_expects_continue());
}

TEST(HttpHeaders, NamesAndTokensCompareWithoutCase) {
  Headers headers{{"Connection", "keep-alive, Upgrade"}, {"connection", "x ,, y"}};
  EXPECT_EQ(headers.find("CONNECTION"), "keep-alive, Upgrade");
  EXPECT_EQ(headers.find("none"), std::nullopt);
  EXPECT_TRUE(headers.has_token("connection", "upgrade"));
  EXPECT_TRUE(headers.has_token("connection", "Y"));
  EXPECT_FALSE(headers.has_token("connection", "keep"));
  EXPECT_EQ(headers.tokens("connection").size(), 4u);
  headers.set("CONNECTION", "z");
  EXPECT_EQ(headers.count("connection"), 1u);
}

TEST(HttpResponse, AHeadIsWritten) {
  EXPECT_EQ(
      response_head(Response::text(404, "nothing here"), 13, true),
      "HTTP/1.1 404 Not Found\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 13\r\n"
      "Connection: keep-alive\r\n\r\n");
  EXPECT_EQ(response_head({.status = 204, .headers = {}, .body = nullptr}, 0, false),
            "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n");
}

TEST(HttpUrl, PercentDecodingIsUndoneByEncoding) {
  EXPECT_EQ(*percent_decode("a%20b%2Fc%c3%A4+"), "a b/c\xC3\xA4+");
  EXPECT_EQ(percent_encode("a b/c\xC3\xA4~"), "a%20b/c%C3%A4~");
  EXPECT_EQ(percent_encode("a/b", ""), "a%2Fb");
  for (const char* bad : {"%", "%1", "a%", "%g0", "%0g", "%%20"}) {
    const auto decoded = percent_decode(bad);
    ASSERT_FALSE(decoded.ok()) << bad;
    EXPECT_EQ(decoded.error().code(), Code::kMalformed);
  }
}

TEST(HttpUrl, QueriesAreReadDecoded) {
  const auto pairs = parse_query("a=1&b&&c=x+y%3D&=d");
  ASSERT_TRUE(pairs.ok());
  using Pairs = std::vector<std::pair<std::string, std::string>>;
  EXPECT_EQ(*pairs, (Pairs{{"a", "1"}, {"b", ""}, {"c", "x y="}, {"", "d"}}));
  EXPECT_FALSE(parse_query("a=%").ok());

  Request request;
  request.query = "token=a%2Bb&token=second&bad=%&empty";
  EXPECT_EQ(request.query_value("token"), "a+b");
  EXPECT_EQ(request.query_value("empty"), "");
  EXPECT_EQ(request.query_value("bad"), std::nullopt);
  EXPECT_EQ(request.query_value("none"), std::nullopt);
}

struct Answer {
  ResponseParser::State state;
  int status;
  std::string body;
  std::string rest;
};

Answer read_response(const std::string& text, bool ends, std::size_t split) {
  ResponseParser parser;
  const std::string_view view = text;
  auto state = ResponseParser::State::kMore;
  std::string rest;
  for (const std::string_view piece : {view.substr(0, split), view.substr(split)}) {
    ByteView input = view_of(piece);
    if (state == ResponseParser::State::kMore) state = parser.feed(input);
    rest += text_of(input);
  }
  if (state == ResponseParser::State::kMore && ends) state = parser.feed_end();
  return {state, parser.status(), parser.body(), rest};
}

TEST(HttpClient, A101EndsAtItsHead) {
  const std::string text = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\nframes";
  for (std::size_t split = 0; split <= text.size(); ++split) {
    const Answer answer = read_response(text, false, split);
    EXPECT_EQ(answer.state, ResponseParser::State::kDone);
    EXPECT_EQ(answer.status, 101);
    EXPECT_EQ(answer.rest, "frames");
  }
}

TEST(HttpClient, ARefusalIsReadWithItsBody) {
  const std::string text = "HTTP/1.1 403 Forbidden\r\nContent-Length: 3\r\n\r\nno\n";
  for (std::size_t split = 0; split <= text.size(); ++split) {
    const Answer answer = read_response(text, false, split);
    EXPECT_EQ(answer.state, ResponseParser::State::kDone);
    EXPECT_EQ(answer.status, 403);
    EXPECT_EQ(answer.body, "no\n");
  }
  EXPECT_EQ(read_response("HTTP/1.1 500 X\r\n\r\noops", true, 3).body, "oops");
  EXPECT_EQ(
      read_response("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 404 X\r\nContent-Length: 0\r\n\r\n",
                    true, 40)
          .status,
      404);
}

TEST(HttpClient, WhatIsNotHttpFails) {
  for (const char* text : {"SSH-2.0\r\n\r\n", "HTTP/1.1\r\n\r\n", "HTTP/1.1 abc x\r\n\r\n",
                           "HTTP/2.0 200 x\r\n\r\n", "\x01", "", "HTTP/1.1 200 OK\r\n"})
    EXPECT_EQ(read_response(text, true, 0).state, ResponseParser::State::kFailed) << text;
}

TEST(HttpClient, AnEndlessRefusalIsCutOff) {
  const Answer answer =
      read_response("HTTP/1.1 403 F\r\n\r\n" + std::string(100'000, 'x'), false, 50);
  EXPECT_EQ(answer.state, ResponseParser::State::kDone);
  EXPECT_EQ(answer.body.size(), tuning::kRefusalBytesMax);
}

}  // namespace
}  // namespace syncline::transport
