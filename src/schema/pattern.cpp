// Matching: all states of the automaton at once.
#include "schema/pattern.hpp"

#include <algorithm>

#include "encoding/utf16.hpp"

namespace syncline::schema {
namespace {

constexpr char32_t kLastCodePoint = 0x10ffff;
/// Beyond the text: in no set, and no part of a word.
constexpr char32_t kNone = kLastCodePoint + 1;

bool in_word(char32_t c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/// The states that are reached at one place of the text, in order, each once.
class States {
 public:
  explicit States(std::size_t all) : seen_(all, 0) {}

  bool add(std::uint32_t state) {
    if (seen_[state] == turn_) return false;
    seen_[state] = turn_;
    list_.push_back(state);
    return true;
  }
  void clear() {
    list_.clear();
    ++turn_;
  }
  const std::vector<std::uint32_t>& list() const { return list_; }

 private:
  std::vector<std::uint32_t> list_;
  std::vector<std::size_t> seen_;
  std::size_t turn_ = 1;
};

}  // namespace

// ---- sets --------------------------------------------------------------------------------------

void CodePoints::add(const CodePoints& others) {
  ranges_.insert(ranges_.end(), others.ranges_.begin(), others.ranges_.end());
}

void CodePoints::finish() {
  std::ranges::sort(ranges_);
  std::vector<Range> joined;
  for (const Range& range : ranges_) {
    if (!joined.empty() && range.first <= joined.back().second + 1) {
      joined.back().second = std::max(joined.back().second, range.second);
    } else {
      joined.push_back(range);
    }
  }
  ranges_ = std::move(joined);
  ascii_ = {};
  for (char32_t c = 0; c < 128; ++c)
    if (contains_beyond_ascii(c)) ascii_[c / 64] |= std::uint64_t{1} << (c % 64);
}

CodePoints CodePoints::complement() const {
  CodePoints out;
  char32_t next = 0;
  for (const auto& [first, last] : ranges_) {
    if (first > next) out.add(next, first - 1);
    next = last + 1;
  }
  if (next <= kLastCodePoint) out.add(next, kLastCodePoint);
  out.finish();
  return out;
}

bool CodePoints::contains_beyond_ascii(char32_t code_point) const {
  const auto after = std::ranges::upper_bound(ranges_, code_point, {}, &Range::first);
  return after != ranges_.begin() && std::prev(after)->second >= code_point;
}

// ---- matching ----------------------------------------------------------------------------------

bool Pattern::matches(std::string_view text, std::size_t& steps, std::size_t steps_max) const {
  using Kind = Instruction::Kind;
  States here(instructions_.size());
  States next(instructions_.size());
  std::vector<std::uint32_t> todo;
  bool matched = false;
  // Follows what takes no code point, between `before` and `after`.
  const auto reach = [&](States& states, std::uint32_t from, char32_t before, char32_t after) {
    todo.push_back(from);
    while (!todo.empty()) {
      const std::uint32_t state = todo.back();
      todo.pop_back();
      if (!states.add(state)) continue;
      ++steps;
      const Instruction& instruction = instructions_[state];
      bool holds = true;
      switch (instruction.kind) {
        case Kind::kSet:
          continue;
        case Kind::kMatch:
          matched = true;
          continue;
        case Kind::kSplit:
          todo.push_back(instruction.b);
          todo.push_back(instruction.a);
          continue;
        case Kind::kJump:
          todo.push_back(instruction.a);
          continue;
        case Kind::kStart:
          holds = before == kNone;
          break;
        case Kind::kEnd:
          holds = after == kNone;
          break;
        case Kind::kBoundary:
          holds = in_word(before) != in_word(after);
          break;
        case Kind::kNotBoundary:
          holds = in_word(before) == in_word(after);
          break;
      }
      if (holds) todo.push_back(state + 1);
    }
  };
  const auto code_point_at = [&](std::size_t at, std::size_t& bytes) {
    if (at >= text.size()) return kNone;
    const encoding::CodePoint decoded = encoding::decode_at(text, at);
    bytes = decoded.bytes;
    return decoded.value;
  };

  char32_t before = kNone;
  std::size_t bytes = 0;
  char32_t current = code_point_at(0, bytes);
  for (std::size_t at = 0;;) {
    if (at == 0 || !anchored_) reach(here, 0, before, current);
    if (matched) return true;
    if (current == kNone || here.list().empty() || steps > steps_max) return false;
    at += bytes;
    const char32_t after = code_point_at(at, bytes);
    for (const std::uint32_t state : here.list()) {
      ++steps;
      const Instruction& instruction = instructions_[state];
      if (instruction.kind == Kind::kSet && sets_[instruction.a].contains(current))
        reach(next, state + 1, current, after);
    }
    before = current;
    current = after;
    std::swap(here, next);
    next.clear();
    if (matched) return true;
  }
}

}  // namespace syncline::schema
