// JSON pointers: "/" before each step, "~1" for a slash and "~0" for a tilde inside one.
#include "syncline/path.hpp"

#include "syncline/error.hpp"

namespace syncline {
namespace {

void append_escaped(std::string& out, std::string_view key) {
  for (const char c : key) {
    if (c == '~') {
      out += "~0";
    } else if (c == '/') {
      out += "~1";
    } else {
      out.push_back(c);
    }
  }
}

[[noreturn]] void throw_malformed(std::string_view pointer, const std::string& why) {
  throw Error(Code::kMalformed, "the path \"" + std::string(pointer) + "\" " + why);
}

}  // namespace

std::string to_pointer(const Path& path) {
  std::string pointer;
  for (const Step& step : path) {
    pointer.push_back('/');
    if (const auto* key = std::get_if<std::string>(&step)) {
      append_escaped(pointer, *key);
    } else {
      pointer += std::to_string(std::get<std::size_t>(step));
    }
  }
  return pointer;
}

std::vector<std::string> parse_pointer(std::string_view pointer) {
  std::vector<std::string> tokens;
  if (pointer.empty()) return tokens;
  if (pointer.front() != '/')
    throw_malformed(pointer, "must start with \"/\", or be empty for the whole object");
  for (std::size_t i = 0; i < pointer.size(); ++i) {
    const char c = pointer[i];
    if (c == '/') {
      tokens.emplace_back();
    } else if (c != '~') {
      tokens.back().push_back(c);
    } else {
      const char escaped = i + 1 < pointer.size() ? pointer[++i] : '\0';
      if (escaped != '0' && escaped != '1')
        throw_malformed(pointer,
                        "has a \"~\" that is neither \"~0\" (a tilde) nor \"~1\" (a slash)");
      tokens.back().push_back(escaped == '0' ? '~' : '/');
    }
  }
  return tokens;
}

}  // namespace syncline
