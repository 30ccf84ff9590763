// Patterns: the path globs of rules, and the places in an object that they name.
//
// A place is a root and the steps below it. A step is a map key or "an element of this list",
// whichever: indexes move as others write, so no rule is about the third element.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "crdt/id.hpp"

namespace syncline::access {

/// One step of a place.
struct Step {
  std::string key;
  bool element = false;
  /// What holds the value there now; nullopt where nothing is yet.
  std::optional<crdt::ID> item = std::nullopt;
};

/// A node of a document: a root, or what its steps lead to.
struct Place {
  std::string root;
  std::vector<Step> steps;
  /// It stands deeper than kPlaceDepthMax, and `steps` are only the lowest of its steps: no rule
  /// allows anything there.
  bool too_deep = false;

  /// "/messages/m1", "*" for list elements; before it "root:" where that is not "data".
  std::string print() const;
};

/// One JSON-pointer glob: "/messages/*". `*` is any one step, `**` any number of them, also none;
/// the rest are map keys. Value type.
class Pattern {
 public:
  /// kMalformed says what is wrong with it.
  static Result<Pattern> parse(std::string_view text);

  /// The most steps of `steps` that lead to a node which the pattern names; nullopt where it names
  /// neither the node nor any node above it.
  std::optional<std::size_t> deepest(std::span<const Step> steps) const;

  friend bool operator==(const Pattern&, const Pattern&) = default;

 private:
  struct Token {
    enum class Kind : std::uint8_t { kKey, kAny, kMany };
    Kind kind = Kind::kKey;
    std::string key = {};

    bool takes(const Step& step) const {
      return kind != Kind::kKey || (!step.element && step.key == key);
    }
    friend bool operator==(const Token&, const Token&) = default;
  };

  std::uint64_t closure(std::uint64_t reached) const;

  std::vector<Token> tokens_;
  bool many_ = false;  ///< has a `**`
};

}  // namespace syncline::access
