// The state machines that read HTTP/1.1. See http_parser.hpp for what they refuse and why.
#include "transport/http_parser.hpp"

#include <algorithm>

namespace syncline::transport {
namespace {

bool is_token_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

bool is_token(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, is_token_char);
}

bool is_control(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return (byte < 0x20 && c != '\t') || byte == 0x7F;
}

bool is_visible(char c) { return c > 0x20 && c < 0x7F; }

std::optional<std::size_t> parse_length(std::string_view digits) {
  // 18 digits never overflow, and no limit of ours is near them.
  if (digits.empty() || digits.size() > 18) return std::nullopt;
  std::size_t value = 0;
  for (const char c : digits) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + static_cast<std::size_t>(c - '0');
  }
  return value;
}

}  // namespace

// The head.

HeadReader::State HeadReader::feed(ByteView& input) {
  if (failure_) return State::kFailed;
  while (!input.empty()) {
    const char c = static_cast<char>(input.front());
    input = input.subspan(1);
    if (++bytes_ > tuning::kHeadBytesMax) {
      return fail(431, "the request head is larger than " + std::to_string(tuning::kHeadBytesMax) +
                           " bytes");
    }
    if (carriage_return_) {
      if (c != '\n') return fail(400, "a carriage return without a line feed");
      carriage_return_ = false;
      if (const State state = end_of_line(); state != State::kMore) return state;
    } else if (c == '\r') {
      carriage_return_ = true;
    } else if (is_control(c) || (start_line_.empty() && static_cast<unsigned char>(c) >= 0x80)) {
      return fail(400, "this is not HTTP: byte " + std::to_string(bytes_ - 1) +
                           " is not allowed in a request");
    } else {
      line_ += c;
    }
  }
  return State::kMore;
}

HeadReader::State HeadReader::end_of_line() {
  const std::string line = std::exchange(line_, {});
  if (start_line_.empty()) {
    // RFC 9112 2.2 asks to ignore an empty line before a request: old clients end bodies with one.
    if (line.empty()) return State::kMore;
    start_line_ = line;
    return State::kMore;
  }
  if (line.empty()) return State::kDone;
  if (line.front() == ' ' || line.front() == '\t') return fail(400, "folded headers are refused");
  if (headers_.size() == tuning::kHeadersMax) {
    return fail(431, "more than " + std::to_string(tuning::kHeadersMax) + " headers");
  }
  const auto colon = line.find(':');
  if (colon == std::string::npos || !is_token(std::string_view(line).substr(0, colon))) {
    return fail(400, "a header without a proper name");
  }
  const auto first = line.find_first_not_of(" \t", colon + 1);
  const auto last = line.find_last_not_of(" \t");
  headers_.add(line.substr(0, colon),
               first == std::string::npos ? std::string() : line.substr(first, last - first + 1));
  return State::kMore;
}

HeadReader::State HeadReader::fail(int status, std::string_view why) {
  failure_ = Response::text(status, why);
  return State::kFailed;
}

// Requests.

RequestParser::State RequestParser::feed(ByteView& input) {
  if (failure_) return State::kFailed;
  if (!in_body_) {
    switch (head_.feed(input)) {
      case HeadReader::State::kMore:
        return State::kMore;
      case HeadReader::State::kFailed:
        failure_ = head_.failure();
        return State::kFailed;
      case HeadReader::State::kDone:
        if (const State state = begin(); state != State::kMore) return state;
    }
  }
  const auto taken = input.first(std::min(input.size(), body_left_));
  request_.body.insert(request_.body.end(), taken.begin(), taken.end());
  body_left_ -= taken.size();
  input = input.subspan(taken.size());
  return body_left_ == 0 ? State::kRequest : State::kMore;
}

Request RequestParser::take() {
  SYNCLINE_CHECK(in_body_ && body_left_ == 0, "take() of an unfinished request");
  in_body_ = false;
  expects_continue_ = false;
  head_.reset();
  return std::exchange(request_, {});
}

/// The head is complete: judges it. kMore: the body follows.
RequestParser::State RequestParser::begin() {
  if (const State state = parse_start_line(); state != State::kMore) return state;
  request_.headers = std::move(head_.headers());
  if (const State state = parse_framing(); state != State::kMore) return state;
  in_body_ = true;
  expects_continue_ = body_left_ > 0 && request_.minor_version > 0 &&
                      request_.headers.has_token("Expect", "100-continue");
  return State::kMore;
}

RequestParser::State RequestParser::parse_start_line() {
  const std::string_view line = head_.start_line();
  const auto first = line.find(' ');
  const auto last = line.rfind(' ');
  if (first == std::string_view::npos || first == last || !is_token(line.substr(0, first))) {
    return fail(400, "this is not an HTTP request");
  }
  const std::string_view version = line.substr(last + 1);
  if (version != "HTTP/1.1" && version != "HTTP/1.0") {
    return version.starts_with("HTTP/") ? fail(505, "only HTTP/1.1 is spoken here")
                                        : fail(400, "this is not an HTTP request");
  }
  request_.method = line.substr(0, first);
  request_.minor_version = version.back() - '0';

  std::string_view target = line.substr(first + 1, last - first - 1);
  // The absolute form, which proxies send: its authority repeats the Host header.
  for (const std::string_view scheme : {"http://", "ws://"}) {
    if (!target.starts_with(scheme)) continue;
    const auto slash = target.find('/', scheme.size());
    target = slash == std::string_view::npos ? "/" : target.substr(slash);
  }
  if (!target.starts_with('/') || !std::ranges::all_of(target, is_visible)) {
    return fail(400, "the request target must be a path");
  }
  const auto question = target.find('?');
  request_.path = target.substr(0, question);
  if (question != std::string_view::npos) request_.query = target.substr(question + 1);
  return State::kMore;
}

RequestParser::State RequestParser::parse_framing() {
  const Headers& headers = request_.headers;
  const std::size_t hosts = headers.count("Host");
  if (hosts > 1 || (hosts == 0 && request_.minor_version > 0)) {
    return fail(400, "a request needs exactly one Host header");
  }
  const std::size_t lengths = headers.count("Content-Length");
  if (headers.count("Transfer-Encoding") > 0) {
    return lengths > 0 ? fail(400, "both Content-Length and Transfer-Encoding")
                       : fail(411, "chunked bodies are not taken: send a Content-Length");
  }
  body_left_ = 0;
  if (lengths == 0) return State::kMore;
  const auto length = parse_length(*headers.find("Content-Length"));
  if (lengths > 1 || !length) return fail(400, "a bad Content-Length");
  if (*length > body_bytes_max_) {
    return fail(413, "the body is larger than " + std::to_string(body_bytes_max_) + " bytes");
  }
  body_left_ = *length;
  return State::kMore;
}

RequestParser::State RequestParser::fail(int status, std::string_view why) {
  failure_ = Response::text(status, why);
  return State::kFailed;
}

// Responses.

ResponseParser::State ResponseParser::feed(ByteView& input) {
  if (!failure_.empty()) return State::kFailed;
  while (!in_body_) {
    switch (head_.feed(input)) {
      case HeadReader::State::kMore:
        return State::kMore;
      case HeadReader::State::kFailed:
        return fail("it did not answer with HTTP");
      case HeadReader::State::kDone:
        if (const State state = begin(); state != State::kMore) return state;
    }
  }
  const auto taken = input.first(std::min(input.size(), body_left_));
  body_ += text_of(taken);
  body_left_ -= taken.size();
  input = input.subspan(taken.size());
  return body_left_ == 0 ? State::kDone : State::kMore;
}

ResponseParser::State ResponseParser::feed_end() {
  if (!failure_.empty()) return State::kFailed;
  return in_body_ ? State::kDone : fail("it ended the connection without an answer");
}

ResponseParser::State ResponseParser::begin() {
  const std::string& line = head_.start_line();
  const bool is_http = line.starts_with("HTTP/1.") && line.size() >= 12 && line[8] == ' ';
  const auto status = is_http ? parse_length(std::string_view(line).substr(9, 3)) : std::nullopt;
  if (!status || *status < 100) return fail("it did not answer with HTTP");
  status_ = static_cast<int>(*status);
  headers_ = std::move(head_.headers());
  if (status_ == 101) return State::kDone;
  head_.reset();
  // Interim responses (100, 103) precede the one that counts.
  if (status_ < 200) return State::kMore;

  const auto header = headers_.find("Content-Length");
  const auto length = header ? parse_length(*header) : std::nullopt;
  body_left_ = std::min(length.value_or(tuning::kRefusalBytesMax), tuning::kRefusalBytesMax);
  in_body_ = true;
  return State::kMore;
}

ResponseParser::State ResponseParser::fail(std::string why) {
  failure_ = std::move(why);
  return State::kFailed;
}

}  // namespace syncline::transport
