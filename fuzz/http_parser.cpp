// Fuzzes the HTTP parsers: no input may break them, and how the input is cut into pieces may make
// no difference. The first byte chooses request or response, and the cuts. What was parsed also
// goes through the helpers for paths, queries and upgrades.
#include "transport/http_parser.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/check.hpp"
#include "transport/handshake.hpp"

namespace {

using namespace syncline;
using namespace syncline::transport;

constexpr std::size_t kBodyBytesMax = 1024;

void use(const Request& request) {
  (void)request.query_value("token");
  (void)parse_query(request.query);
  if (const auto path = percent_decode(request.path); path.ok()) {
    const auto again = percent_decode(percent_encode(*path));
    SYNCLINE_CHECK(again.ok() && *again == *path, "a path that does not survive its encoding");
  }
  if (wants_websocket(request) && !check_upgrade(request)) (void)upgrade_response(request, "");
}

std::string parse_requests(ByteView input, std::size_t piece_bytes) {
  RequestParser parser(kBodyBytesMax);
  std::string said;
  while (!input.empty()) {
    ByteView piece = input.first(std::min(piece_bytes, input.size()));
    input = input.subspan(piece.size());
    for (;;) {
      const auto state = parser.feed(piece);
      if (state == RequestParser::State::kMore) break;
      if (state == RequestParser::State::kFailed)
        return said + "failed " + std::to_string(parser.failure().status);
      const Request request = parser.take();
      SYNCLINE_CHECK(request.body.size() <= kBodyBytesMax, "a body past the limit");
      SYNCLINE_CHECK(request.headers.size() <= tuning::kHeadersMax, "headers past the limit");
      use(request);
      said += request.method + ' ' + request.path + '?' + request.query + '\n';
      for (const Header& header : request.headers) said += header.name + ':' + header.value + '\n';
      said += text_of(request.body);
    }
  }
  return said;
}

std::string parse_response(ByteView input, std::size_t piece_bytes) {
  ResponseParser parser;
  auto state = ResponseParser::State::kMore;
  while (!input.empty() && state == ResponseParser::State::kMore) {
    ByteView piece = input.first(std::min(piece_bytes, input.size()));
    input = input.subspan(piece.size());
    state = parser.feed(piece);
  }
  if (state == ResponseParser::State::kMore) state = parser.feed_end();
  if (state == ResponseParser::State::kFailed) return "failed " + parser.failure();
  SYNCLINE_CHECK(parser.body().size() <= tuning::kRefusalBytesMax, "a body past the limit");
  return std::to_string(parser.status()) + parser.body();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::size_t piece_bytes = 1u + (data[0] >> 1);
  const ByteView input(data + 1, size - 1);
  const auto parse = (data[0] & 1) != 0 ? parse_response : parse_requests;
  const std::string whole = parse(input, size);
  SYNCLINE_CHECK(parse(input, piece_bytes) == whole, "pieces parse differently");
  return 0;
}
