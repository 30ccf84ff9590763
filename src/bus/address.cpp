#include "bus/address.hpp"

#include <algorithm>
#include <optional>

#include "bus/tuning.hpp"
#include "encoding/utf16.hpp"

namespace syncline::bus {
namespace {

constexpr bool is_alpha(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr bool is_unreserved(char c) {
  return is_alpha(c) || is_digit(c) || c == '-' || c == '.' || c == '_' || c == '~';
}
constexpr char to_lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

int hex_digit(char c) {
  if (is_digit(c)) return c - '0';
  const char lower = to_lower(c);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/// The scheme where `text` starts with `SCHEME://`.
std::optional<std::string_view> scheme_of(std::string_view text) {
  const std::size_t end = text.find("://");
  if (end == std::string_view::npos || end == 0 || !is_alpha(text[0])) return std::nullopt;
  const std::string_view scheme = text.substr(0, end);
  const bool valid = std::all_of(scheme.begin(), scheme.end(), [](char c) {
    return is_alpha(c) || is_digit(c) || c == '+' || c == '-' || c == '.';
  });
  if (!valid) return std::nullopt;
  return scheme;
}

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), to_lower);
  return out;
}

/// What is quoted in an error: a few bytes of what may be long or unprintable.
std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text.substr(0, 80)) out += c < ' ' || c == 127 ? '?' : c;
  if (!encoding::is_utf8(out)) return "the given bytes";
  return out + (text.size() > 80 ? "…\"" : "\"");
}

Result<std::string> canonical(std::string_view text, const char* what, const char* form) {
  const auto wrong = [&](const std::string& why) {
    return Error(Code::kMalformed,
                 quoted(text) + " is not " + what + ": " + why + "; write " + form);
  };
  const std::optional<std::string_view> scheme = scheme_of(text);
  if (!scheme) return wrong("it has no scheme");
  const std::string_view rest = text.substr(scheme->size() + 3);
  const std::size_t slash = rest.find('/');
  const std::string_view authority = rest.substr(0, slash);
  if (authority.empty()) return wrong("it has no domain");
  const bool valid = std::all_of(authority.begin(), authority.end(), [](char c) {
    return is_unreserved(c) || c == ':' || c == '[' || c == ']';
  });
  if (!valid) return wrong("its domain holds characters that no host name or port has");
  if (slash == std::string_view::npos || slash + 1 == rest.size())
    return wrong("it has no path after the domain");
  const std::string_view path = rest.substr(slash);
  if (path.find_first_of("?#") != std::string_view::npos)
    return wrong("it has a query or a fragment (\"?\" and \"#\" in a path are %3F and %23)");
  const Result<std::string> decoded = percent_decode(path);
  if (!decoded.ok()) return wrong(decoded.error().message());
  std::string out = lower(*scheme) + "://" + lower(authority) + percent_encode(*decoded);
  if (out.size() > kUrlBytesMax)
    return wrong("it is longer than " + std::to_string(kUrlBytesMax) + " bytes");
  return out;
}

}  // namespace

Result<std::string> object_url(std::string_view text) {
  return canonical(text, "an object's URL", "SCHEME://DOMAIN/PATH");
}

Result<std::string> identity_url(std::string_view text) {
  Result<std::string> out = canonical(text, "an identity", "hyperty://DOMAIN/NAME");
  if (out.ok() && !out->starts_with("hyperty://"))
    return Error(Code::kMalformed,
                 quoted(text) +
                     " is not an identity: its scheme is not hyperty; write hyperty://DOMAIN/NAME");
  return out;
}

Result<std::string> room_url(std::string_view name) {
  if (name.empty()) return Error(Code::kMalformed, "a room's name is empty");
  if (name.size() > kRoomNameBytesMax)
    return Error(Code::kMalformed,
                 "a room's name is longer than " + std::to_string(kRoomNameBytesMax) + " bytes");
  if (!encoding::is_utf8(name)) return Error(Code::kMalformed, "a room's name is not UTF-8");
  if (scheme_of(name)) return object_url(name);
  return "yjs://local/" + percent_encode(name);
}

Result<std::string> percent_decode(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    const int high = i + 1 < text.size() ? hex_digit(text[i + 1]) : -1;
    const int low = i + 2 < text.size() ? hex_digit(text[i + 2]) : -1;
    if (high < 0 || low < 0)
      return Error(Code::kMalformed, "a \"%\" is not followed by two hexadecimal digits");
    out += static_cast<char>(high * 16 + low);
    i += 2;
  }
  if (!encoding::is_utf8(out)) return Error(Code::kMalformed, "it is not UTF-8");
  return out;
}

std::string percent_encode(std::string_view text) {
  constexpr char kDigits[] = "0123456789ABCDEF";
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    if (is_unreserved(c) || c == '/') {
      out += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out += '%';
    out += kDigits[byte >> 4];
    out += kDigits[byte & 15];
  }
  return out;
}

}  // namespace syncline::bus
