// HTTP/1.1 messages as values: what the server's handlers see and answer. How they are read from
// bytes is in http_parser.hpp.
#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace syncline::transport {

struct Header {
  std::string name;
  std::string value;
};

/// Headers in their order. Names compare without case.
class Headers {
 public:
  Headers() = default;
  Headers(std::initializer_list<Header> headers) : headers_(headers) {}

  void add(std::string name, std::string value) {
    headers_.push_back({std::move(name), std::move(value)});
  }
  /// Replaces every header of that name.
  void set(std::string_view name, std::string value);
  /// The first value of that name; valid until the headers change.
  std::optional<std::string_view> find(std::string_view name) const;
  std::size_t count(std::string_view name) const;
  /// Whether one of the comma-separated values of `name` is `token`, without case.
  bool has_token(std::string_view name, std::string_view token) const;
  /// All comma-separated values of that name, in order.
  std::vector<std::string_view> tokens(std::string_view name) const;

  std::size_t size() const { return headers_.size(); }
  auto begin() const { return headers_.begin(); }
  auto end() const { return headers_.end(); }

 private:
  std::vector<Header> headers_;
};

struct Request {
  std::string method;
  /// The path as sent, still percent-encoded, from its first `/` to before the `?`.
  std::string path;
  /// What follows the first `?`, as sent. May hold a token: never log it.
  std::string query;
  /// The minor version: HTTP/1.0 or HTTP/1.1.
  int minor_version = 1;
  Headers headers;
  Bytes body;
  /// The other side, "127.0.0.1:51234", and whether it is this machine.
  std::string peer;
  bool peer_is_loopback = false;

  /// The decoded value of the first query parameter of that name; nullopt when absent or badly
  /// encoded.
  std::optional<std::string> query_value(std::string_view name) const;
};

struct Response {
  int status = 200;
  /// Content-Length and Connection are the server's to add.
  Headers headers;
  /// Null for none. Shared, so that an embedded page is never copied.
  SharedBytes body;

  /// A line of text; the newline is added.
  static Response text(int status, std::string_view line);
  static Response json(int status, std::string_view json);
  static Response of(int status, std::string content_type, SharedBytes body);
};

/// "Not Found" of 404; "Unknown" of a number that is not in the table.
std::string_view status_phrase(int status);

/// Status line and headers up to the empty line. `content_length` is the body's, sent or not
/// (HEAD); no length is written for statuses that have no body.
std::string response_head(const Response& response, std::size_t content_length, bool keep_alive);

/// Undoes %XX. Error: kMalformed (a `%` without two hexadecimal digits).
Result<std::string> percent_decode(std::string_view text);
/// Encodes every byte that is neither unreserved (RFC 3986: letters, digits, `-._~`) nor in `keep`.
std::string percent_encode(std::string_view text, std::string_view keep = "/");
/// The pairs of `a=1&b=2`, decoded, `+` as space. Error: kMalformed.
Result<std::vector<std::pair<std::string, std::string>>> parse_query(std::string_view query);

/// ASCII comparison without case.
bool equal_nocase(std::string_view a, std::string_view b);

}  // namespace syncline::transport
