// Conditions: the `when` of a rule, a tree of tests of time, weekday, date, schema and domain.
//
// Times are UTC. A condition is asked with the circumstances handed in: nothing here reads a clock.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "access/identity.hpp"
#include "base/result.hpp"
#include "syncline/value.hpp"

namespace syncline::access {

class Rules;

/// What a decision depends on beside the object's rules and the subject.
struct Circumstances {
  std::int64_t now_ms = 0;  ///< since 1970, UTC
  /// Names the object's schema; empty: it has none.
  std::string schema = {};
  /// The hub's own rules, asked first: what they deny stays denied. Outlives the question.
  const Rules* hub = nullptr;
};

/// When what a condition says may next be different: the start of the next minute.
std::int64_t next_minute(std::int64_t now_ms);

/// Value type.
class Condition {
 public:
  /// kMalformed names the field and what would do. `where` begins the message.
  static Result<Condition> parse(const Value& value, const std::string& where);
  /// What parse read.
  const Value& print() const { return source_; }

  bool holds(const Circumstances& now, const Subject& subject) const;
  bool depends_on_time() const { return timed_; }

  friend bool operator==(const Condition& a, const Condition& b) { return a.source_ == b.source_; }

 private:
  enum class Kind : std::uint8_t { kAll, kAny, kNot, kTest };
  enum class Attribute : std::uint8_t { kTime, kWeekday, kDate, kSchema, kDomain };
  enum class Operator : std::uint8_t { kEquals, kIn, kGreater, kLess, kBetween, kLike };

  /// A node of the tree. Texts compare as they are: times and dates are written so that they may,
  /// weekdays become digits.
  struct Node {
    Kind kind = Kind::kAll;
    std::vector<Node> children = {};
    Attribute attribute = Attribute::kTime;
    Operator op = Operator::kEquals;
    std::vector<std::string> operands = {};
  };
  struct Parser;

  static bool holds(const Node& node, const Circumstances& now, const Subject& subject);
  static bool test(const Node& node, const std::string& actual);

  Node root_;
  Value source_;
  bool timed_ = false;
};

}  // namespace syncline::access
