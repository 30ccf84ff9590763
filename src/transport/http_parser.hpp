// Reads HTTP/1.1 messages from bytes, strictly and within limits: request smuggling lives on
// leniency. Lines end in CRLF, folded headers and chunked requests are refused, and what is not
// HTTP at all is told apart by its first bytes.
//
// Pure: bytes in, messages out. The server and the client's handshake use it, and the fuzzer.
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "transport/http.hpp"
#include "transport/tuning.hpp"

namespace syncline::transport {

/// The lines of a message head, gathered from pieces and bounded.
class HeadReader {
 public:
  enum class State { kMore, kDone, kFailed };

  /// Takes from the front of `input` up to the end of the head.
  State feed(ByteView& input);
  /// REQUIRES: the start line was read (state kDone, or start_line() not empty).
  const std::string& start_line() const { return start_line_; }
  Headers& headers() { return headers_; }
  /// kFailed: the status to answer and why.
  const Response& failure() const { return *failure_; }
  void reset() { *this = HeadReader(); }
  /// Whether a byte of a head has arrived.
  bool started() const { return bytes_ > 0; }

 private:
  State end_of_line();
  State fail(int status, std::string_view why);

  std::string line_;
  std::string start_line_;
  Headers headers_;
  std::size_t bytes_ = 0;
  bool carriage_return_ = false;
  std::optional<Response> failure_;
};

/// Reads requests, one after another.
class RequestParser {
 public:
  enum class State { kMore, kRequest, kFailed };

  explicit RequestParser(std::size_t body_bytes_max = tuning::kBodyBytesMax)
      : body_bytes_max_(body_bytes_max) {}

  /// Takes from the front of `input`, at most one request. After kFailed: the same again.
  State feed(ByteView& input);
  /// REQUIRES: the last feed() said kRequest. The parser is then ready for the next request.
  Request take();
  /// REQUIRES: the last feed() said kFailed. What to answer before closing.
  const Response& failure() const { return *failure_; }
  /// True once, when the client waits for "100 Continue" before it sends the body.
  bool take_expects_continue() { return std::exchange(expects_continue_, false); }
  /// Whether a head is complete and its body is not.
  bool in_body() const { return in_body_; }
  /// Whether a request has begun to arrive.
  bool started() const { return in_body_ || head_.started(); }

 private:
  State begin();
  State parse_start_line();
  State parse_framing();
  State fail(int status, std::string_view why);

  std::size_t body_bytes_max_;
  HeadReader head_;
  Request request_;
  std::size_t body_left_ = 0;
  bool in_body_ = false;
  bool expects_continue_ = false;
  std::optional<Response> failure_;
};

/// Reads the head of one response, and of a refusal the beginning of its body.
class ResponseParser {
 public:
  enum class State { kMore, kDone, kFailed };

  /// Takes from the front of `input`. kDone: at the end of the head of a 101, else at the end of
  /// the body (or of what is wanted of it); feed_end() when the stream ends first.
  State feed(ByteView& input);
  /// The stream ended.
  State feed_end();
  int status() const { return status_; }
  const Headers& headers() const { return headers_; }
  const std::string& body() const { return body_; }
  /// kFailed: why.
  const std::string& failure() const { return failure_; }

 private:
  State begin();
  State fail(std::string why);

  HeadReader head_;
  int status_ = 0;
  Headers headers_;
  std::string body_;
  std::size_t body_left_ = 0;
  bool in_body_ = false;
  std::string failure_;
};

}  // namespace syncline::transport
