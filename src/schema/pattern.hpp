// Pattern: the regular expressions of the keyword "pattern", in ECMAScript's dialect, matched in
// time that grows with the text and the pattern, never exponentially.
//
// Patterns come from whoever creates an object and meet texts from whoever writes it, so no pair of
// them may cost a hub more than another. A pattern is compiled to the instructions of Thompson's
// automaton, and all its states walk the text together, one code point at a time. What that cannot
// do (backreferences, lookaround) is refused when the schema is compiled.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"

namespace syncline::schema {

/// A set of code points, as sorted disjoint ranges.
class CodePoints {
 public:
  using Range = std::pair<char32_t, char32_t>;

  void add(char32_t first, char32_t last) { ranges_.emplace_back(first, last); }
  void add(const CodePoints& others);
  /// Sorted and joined; before this, contains() means nothing.
  void finish();
  /// Everything else. REQUIRES: finished.
  CodePoints complement() const;
  bool contains(char32_t code_point) const {
    if (code_point < 128) return (ascii_[code_point / 64] >> (code_point % 64) & 1) != 0;
    return contains_beyond_ascii(code_point);
  }

 private:
  bool contains_beyond_ascii(char32_t code_point) const;

  std::vector<Range> ranges_;
  std::array<std::uint64_t, 2> ascii_{};
};

/// A compiled pattern. Value type.
class Pattern {
 public:
  /// Reads what ECMAScript's `new RegExp(text, "u")` reads, but for lookaround, backreferences and
  /// \p{…}; any ASCII punctuation may be escaped. kMalformed says what is wrong and where (in code
  /// points), kTooLarge past the limits of tuning.hpp.
  static Result<Pattern> compile(std::string_view text);

  /// Whether some part of the text matches. Adds what it took to `steps`, and gives up (false) once
  /// that is past `steps_max`.
  bool matches(std::string_view text, std::size_t& steps, std::size_t steps_max) const;

  struct Instruction {
    enum class Kind : std::uint8_t {
      kSet,          ///< takes one code point out of sets_[a]
      kSplit,        ///< goes on at a and at b
      kJump,         ///< goes on at a
      kStart,        ///< only at the start of the text
      kEnd,          ///< only at its end
      kBoundary,     ///< only between a word and something else
      kNotBoundary,  ///< only elsewhere
      kMatch,
    };
    Kind kind = Kind::kMatch;
    std::uint32_t a = 0;
    std::uint32_t b = 0;
  };

 private:
  friend class PatternCompiler;
  std::vector<Instruction> instructions_;
  std::vector<CodePoints> sets_;
  /// Every match begins at the start of the text.
  bool anchored_ = false;
};

}  // namespace syncline::schema
