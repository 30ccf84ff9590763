// The values of HTTP: header lookups, percent-encoding, response heads.
#include "transport/http.hpp"

#include <algorithm>
#include <array>

namespace syncline::transport {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

std::string_view trim(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool is_unreserved(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '.' || c == '_' || c == '~';
}

struct Phrase {
  int status;
  std::string_view phrase;
};

constexpr std::array<Phrase, 25> kPhrases{{
    {101, "Switching Protocols"},
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {204, "No Content"},
    {304, "Not Modified"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {410, "Gone"},
    {411, "Length Required"},
    {413, "Content Too Large"},
    {415, "Unsupported Media Type"},
    {422, "Unprocessable Content"},
    {426, "Upgrade Required"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {503, "Service Unavailable"},
    {505, "HTTP Version Not Supported"},
}};

bool has_no_body(int status) { return status < 200 || status == 204 || status == 304; }

/// The parts of `text` between separators.
template <typename F>
void for_each_part(std::string_view text, char separator, F&& part) {
  for (;;) {
    const auto end = text.find(separator);
    part(text.substr(0, end));
    if (end == std::string_view::npos) return;
    text.remove_prefix(end + 1);
  }
}

Result<std::string> decode_query_part(std::string_view part) {
  std::string spaced(part);
  std::replace(spaced.begin(), spaced.end(), '+', ' ');
  return percent_decode(spaced);
}

}  // namespace

bool equal_nocase(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return lower(x) == lower(y); });
}

void Headers::set(std::string_view name, std::string value) {
  std::erase_if(headers_, [&](const Header& header) { return equal_nocase(header.name, name); });
  headers_.push_back({std::string(name), std::move(value)});
}

std::optional<std::string_view> Headers::find(std::string_view name) const {
  for (const Header& header : headers_)
    if (equal_nocase(header.name, name)) return header.value;
  return std::nullopt;
}

std::size_t Headers::count(std::string_view name) const {
  return static_cast<std::size_t>(
      std::count_if(headers_.begin(), headers_.end(),
                    [&](const Header& header) { return equal_nocase(header.name, name); }));
}

std::vector<std::string_view> Headers::tokens(std::string_view name) const {
  std::vector<std::string_view> result;
  for (const Header& header : headers_) {
    if (!equal_nocase(header.name, name)) continue;
    for_each_part(header.value, ',', [&](std::string_view part) {
      if (const auto token = trim(part); !token.empty()) result.push_back(token);
    });
  }
  return result;
}

bool Headers::has_token(std::string_view name, std::string_view token) const {
  return std::ranges::any_of(tokens(name),
                             [&](std::string_view value) { return equal_nocase(value, token); });
}

std::optional<std::string> Request::query_value(std::string_view name) const {
  std::optional<std::string> value;
  bool found = false;
  for_each_part(query, '&', [&](std::string_view pair) {
    if (found) return;
    const auto equals = pair.find('=');
    auto key = decode_query_part(pair.substr(0, equals));
    if (!key.ok() || *key != name) return;
    found = true;
    auto decoded = decode_query_part(equals == std::string_view::npos ? std::string_view()
                                                                      : pair.substr(equals + 1));
    if (decoded.ok()) value = *std::move(decoded);
  });
  return value;
}

Response Response::text(int status, std::string_view line) {
  Bytes body(line.begin(), line.end());
  body.push_back('\n');
  return of(status, "text/plain; charset=utf-8", share(std::move(body)));
}

Response Response::json(int status, std::string_view json) {
  return of(status, "application/json", share(Bytes(json.begin(), json.end())));
}

Response Response::of(int status, std::string content_type, SharedBytes body) {
  Response response;
  response.status = status;
  response.headers.add("Content-Type", std::move(content_type));
  response.body = std::move(body);
  return response;
}

std::string_view status_phrase(int status) {
  for (const Phrase& row : kPhrases)
    if (row.status == status) return row.phrase;
  return "Unknown";
}

std::string response_head(const Response& response, std::size_t content_length, bool keep_alive) {
  std::string head = "HTTP/1.1 " + std::to_string(response.status) + ' ';
  head += status_phrase(response.status);
  head += "\r\n";
  for (const Header& header : response.headers) {
    // A line break in a value would let a handler's input forge headers.
    SYNCLINE_CHECK(header.name.find_first_of("\r\n") == std::string::npos &&
                       header.value.find_first_of("\r\n") == std::string::npos,
                   "a response header contains a line break");
    head += header.name;
    head += ": ";
    head += header.value;
    head += "\r\n";
  }
  if (!has_no_body(response.status))
    head += "Content-Length: " + std::to_string(content_length) + "\r\n";
  if (response.status != 101)
    head += keep_alive ? "Connection: keep-alive\r\n" : "Connection: close\r\n";
  head += "\r\n";
  return head;
}

Result<std::string> percent_decode(std::string_view text) {
  std::string decoded;
  decoded.reserve(text.size());
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '%') {
      decoded += text[at];
      continue;
    }
    const int high = at + 2 < text.size() ? hex_digit(text[at + 1]) : -1;
    const int low = at + 2 < text.size() ? hex_digit(text[at + 2]) : -1;
    if (high < 0 || low < 0) {
      return Error(Code::kMalformed, "bad percent-encoding at byte " + std::to_string(at) +
                                         ": a % must be followed by two hexadecimal digits");
    }
    decoded += static_cast<char>(high * 16 + low);
    at += 2;
  }
  return decoded;
}

std::string percent_encode(std::string_view text, std::string_view keep) {
  static constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string encoded;
  for (const char c : text) {
    if (is_unreserved(c) || keep.find(c) != std::string_view::npos) {
      encoded += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    encoded += '%';
    encoded += kDigits[byte >> 4];
    encoded += kDigits[byte & 15];
  }
  return encoded;
}

Result<std::vector<std::pair<std::string, std::string>>> parse_query(std::string_view query) {
  std::vector<std::pair<std::string, std::string>> pairs;
  while (!query.empty()) {
    const auto end = query.find('&');
    const std::string_view pair = query.substr(0, end);
    query.remove_prefix(end == std::string_view::npos ? query.size() : end + 1);
    if (pair.empty()) continue;
    const auto equals = pair.find('=');
    SYNCLINE_TRY_ASSIGN(key, decode_query_part(pair.substr(0, equals)));
    SYNCLINE_TRY_ASSIGN(
        value, decode_query_part(equals == std::string_view::npos ? std::string_view()
                                                                  : pair.substr(equals + 1)));
    pairs.emplace_back(std::move(key), std::move(value));
  }
  return pairs;
}

}  // namespace syncline::transport
