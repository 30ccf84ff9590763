#include "access/patterns.hpp"

#include "access/tuning.hpp"
#include "syncline/path.hpp"

namespace syncline::access {

std::string Place::print() const {
  std::string out = root == "data" ? "" : root + ":";
  for (const Step& step : steps) out += step.element ? "/*" : to_pointer({step.key});
  return out;
}

Result<Pattern> Pattern::parse(std::string_view text) {
  const auto wrong = [&](const std::string& why) {
    return Error(Code::kMalformed, "\"" + std::string(text) + "\" " + why);
  };
  std::vector<std::string> keys;
  try {
    keys = parse_pointer(text);
  } catch (const Error&) {
    return wrong("is no JSON pointer (\"/messages/*\")");
  }
  if (keys.size() > kPatternStepsMax)
    return wrong("has more than " + std::to_string(kPatternStepsMax) + " steps");
  Pattern out;
  for (std::string& key : keys) {
    Token token;
    if (key == "*") {
      token.kind = Token::Kind::kAny;
    } else if (key == "**") {
      token.kind = Token::Kind::kMany;
      out.many_ = true;
    } else if (key.find('*') != std::string::npos) {
      return wrong("has a * within a step: * stands for a whole step, ** for any number of them");
    } else {
      token.key = std::move(key);
    }
    out.tokens_.push_back(std::move(token));
  }
  return out;
}

/// `**` may also stand for nothing.
std::uint64_t Pattern::closure(std::uint64_t reached) const {
  for (std::size_t i = 0; i < tokens_.size(); ++i)
    if ((reached >> i & 1) != 0 && tokens_[i].kind == Token::Kind::kMany)
      reached |= std::uint64_t{1} << (i + 1);
  return reached;
}

std::optional<std::size_t> Pattern::deepest(std::span<const Step> steps) const {
  if (!many_) {
    if (steps.size() < tokens_.size()) return std::nullopt;
    for (std::size_t i = 0; i < tokens_.size(); ++i)
      if (!tokens_[i].takes(steps[i])) return std::nullopt;
    return tokens_.size();
  }
  // Bit i: the first i tokens have been met.
  const std::uint64_t end = std::uint64_t{1} << tokens_.size();
  std::uint64_t reached = closure(1);
  std::optional<std::size_t> deepest;
  if ((reached & end) != 0) deepest = 0;
  for (std::size_t depth = 0; depth < steps.size() && reached != 0; ++depth) {
    std::uint64_t next = 0;
    for (std::size_t i = 0; i < tokens_.size(); ++i) {
      if ((reached >> i & 1) == 0 || !tokens_[i].takes(steps[depth])) continue;
      next |= std::uint64_t{1} << (tokens_[i].kind == Token::Kind::kMany ? i : i + 1);
    }
    reached = closure(next);
    if ((reached & end) != 0) deepest = depth + 1;
  }
  return deepest;
}

}  // namespace syncline::access
