// Glob matching without backtracking: the set of places in the glob that a prefix of the text can
// have reached is carried along the text.
#include "base/glob.hpp"

#include <algorithm>
#include <vector>

namespace syncline {
namespace {

struct Token {
  enum Kind : char { kLiteral, kSegment, kEverything };
  Kind kind = kLiteral;
  char character = '\0';

  /// Whether a wildcard may swallow the character.
  bool swallows(char c) const { return kind == kEverything || (kind == kSegment && c != '/'); }
};

std::vector<Token> tokens_of(std::string_view glob) {
  std::vector<Token> tokens;
  for (std::size_t i = 0; i < glob.size();) {
    std::size_t stars = 0;
    while (i < glob.size() && glob[i] == '*') {
      ++stars;
      ++i;
    }
    if (stars > 0) {
      tokens.push_back({stars == 1 ? Token::kSegment : Token::kEverything, '\0'});
    } else {
      tokens.push_back({Token::kLiteral, glob[i++]});
    }
  }
  return tokens;
}

/// reached[i]: the tokens before i can stand for the text read so far. A wildcard can stand for
/// nothing, so reaching one reaches what follows it.
using Reached = std::vector<char>;

bool matches(const std::vector<Token>& tokens, std::string_view text) {
  Reached reached(tokens.size() + 1, false);
  reached[0] = true;
  const auto step_over_wildcards = [&tokens](Reached& places) {
    for (std::size_t i = 0; i < tokens.size(); ++i)
      if (places[i] && tokens[i].kind != Token::kLiteral) places[i + 1] = true;
  };
  step_over_wildcards(reached);
  Reached next(reached.size());
  for (const char c : text) {
    std::fill(next.begin(), next.end(), false);
    for (std::size_t i = 0; i < tokens.size(); ++i) {
      if (!reached[i]) continue;
      if (tokens[i].kind != Token::kLiteral) {
        if (tokens[i].swallows(c)) next[i] = true;
      } else if (tokens[i].character == c) {
        next[i + 1] = true;
      }
    }
    step_over_wildcards(next);
    reached.swap(next);
  }
  return reached.back();
}

}  // namespace

bool glob_match(std::string_view glob, std::string_view text) {
  if (glob.empty()) return true;
  // Most globs are plain, or plain but for one end: compare those parts as they stand.
  const std::size_t first = glob.find('*');
  if (first == std::string_view::npos) return glob == text;
  const std::size_t last = glob.rfind('*') + 1;
  const std::string_view prefix = glob.substr(0, first);
  const std::string_view suffix = glob.substr(last);
  if (text.size() < prefix.size() + suffix.size()) return false;
  if (!text.starts_with(prefix) || !text.ends_with(suffix)) return false;
  text.remove_prefix(prefix.size());
  text.remove_suffix(suffix.size());
  glob = glob.substr(first, last - first);
  if (glob == "**") return true;
  if (glob == "*") return text.find('/') == std::string_view::npos;
  return matches(tokens_of(glob), text);
}

}  // namespace syncline
