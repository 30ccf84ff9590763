#include "access/conditions.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include "access/tuning.hpp"
#include "base/glob.hpp"

namespace syncline::access {
namespace {

constexpr std::int64_t kMinuteMs = 60'000;
constexpr std::int64_t kDayMinutes = 24 * 60;

constexpr std::array<std::string_view, 5> kAttributes{"time", "weekday", "date", "schema",
                                                      "domain"};
constexpr std::array<std::string_view, 6> kOperators{"equals",    "in",      "greater_than",
                                                     "less_than", "between", "like"};
constexpr std::array<std::string_view, 7> kWeekdays{"monday", "tuesday",  "wednesday", "thursday",
                                                    "friday", "saturday", "sunday"};

std::int64_t floor_div(std::int64_t a, std::int64_t b) {
  return a / b - (a % b != 0 && (a < 0) != (b < 0) ? 1 : 0);
}

std::string digits(std::int64_t number, std::size_t width) {
  std::string text = std::to_string(number);
  if (text.size() < width) text.insert(0, width - text.size(), '0');
  return text;
}

/// The civil date of a day since 1970-01-01 (the proleptic Gregorian calendar, in eras of 400
/// years that begin on the first of March, so that leap days come last).
std::string date_of(std::int64_t days) {
  const std::int64_t from_march = days + 719'468;
  const std::int64_t era = floor_div(from_march, 146'097);
  const std::int64_t day_of_era = from_march - era * 146'097;
  const std::int64_t year_of_era =
      (day_of_era - day_of_era / 1460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
  const std::int64_t day_of_year =
      day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const std::int64_t month_from_march = (5 * day_of_year + 2) / 153;
  const std::int64_t day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
  const std::int64_t month = month_from_march < 10 ? month_from_march + 3 : month_from_march - 9;
  const std::int64_t year = year_of_era + era * 400 + (month <= 2 ? 1 : 0);
  return digits(year, 4) + "-" + digits(month, 2) + "-" + digits(day, 2);
}

std::string domain_of(std::string_view identity) {
  const std::size_t start = identity.find("://");
  if (start == std::string_view::npos) return {};
  const std::string_view rest = identity.substr(start + 3);
  return std::string(rest.substr(0, rest.find('/')));
}

bool is_pattern(std::string_view text, std::string_view pattern) {
  return text.size() == pattern.size() &&
         std::ranges::equal(text, pattern, [](char letter, char wanted) {
           return wanted == '0' ? letter >= '0' && letter <= '9' : letter == wanted;
         });
}

template <std::size_t N>
std::optional<std::size_t> index_in(const std::array<std::string_view, N>& names,
                                    std::string_view text) {
  const auto found = std::find(names.begin(), names.end(), text);
  if (found == names.end()) return std::nullopt;
  return static_cast<std::size_t>(found - names.begin());
}

/// "monday" or "mon", any case, or 1 (Monday) to 7: as a digit.
std::optional<std::string> weekday_digit(const Value& value) {
  if (value.is_number()) {
    for (int day = 1; day <= 7; ++day)
      if (value.number() == day) return std::to_string(day);
    return std::nullopt;
  }
  if (!value.is_string()) return std::nullopt;
  std::string text = value.string();
  std::ranges::transform(text, text.begin(), [](char letter) {
    return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
  });
  for (std::size_t day = 0; day < kWeekdays.size(); ++day)
    if (text == kWeekdays[day] || text == kWeekdays[day].substr(0, 3))
      return std::to_string(day + 1);
  return std::nullopt;
}

Error malformed(const std::string& where, const std::string& why) {
  return {Code::kMalformed, "access rules: " + where + ": " + why};
}

}  // namespace

std::int64_t next_minute(std::int64_t now_ms) {
  return (floor_div(now_ms, kMinuteMs) + 1) * kMinuteMs;
}

struct Condition::Parser {
  bool timed = false;
  std::size_t nodes = 0;

  Result<Node> all_of(const Value& value, const std::string& where, int depth) {
    if (!value.is_object() || value.members().empty())
      return malformed(where,
                       "must be an object with time, weekday, date, schema, domain, all, "
                       "any or not");
    if (depth > kConditionDepthMax) return malformed(where, "is nested too deep");
    Node node;
    for (const auto& [name, member] : value.members()) {
      SYNCLINE_TRY_ASSIGN(child, part(name, member, where, depth));
      node.children.push_back(std::move(child));
    }
    return node;
  }

 private:
  Result<Node> part(const std::string& name, const Value& value, const std::string& where,
                    int depth) {
    if (++nodes > kRuleListMax) return malformed(where, "has too many parts");
    const std::string here = where + "." + name;
    if (name == "not") {
      Node node{.kind = Kind::kNot};
      SYNCLINE_TRY_ASSIGN(child, all_of(value, here, depth + 1));
      node.children.push_back(std::move(child));
      return node;
    }
    if (name == "all" || name == "any") {
      if (!value.is_array() || value.items().empty())
        return malformed(here, "must be a list of conditions");
      Node node{.kind = name == "all" ? Kind::kAll : Kind::kAny};
      for (const Value& item : value.items()) {
        if (++nodes > kRuleListMax) return malformed(where, "has too many parts");
        SYNCLINE_TRY_ASSIGN(child, all_of(item, here, depth + 1));
        node.children.push_back(std::move(child));
      }
      return node;
    }
    const auto attribute = index_in(kAttributes, name);
    if (!attribute)
      return malformed(where, "unknown condition \"" + name.substr(0, 40) +
                                  "\"; there are time weekday date schema domain all any not");
    return tests(static_cast<Attribute>(*attribute), value, here);
  }

  /// A plain value stands for equals, a list for in.
  Result<Node> tests(Attribute attribute, const Value& value, const std::string& where) {
    timed = timed || attribute <= Attribute::kDate;
    if (value.is_array()) return test(attribute, Operator::kIn, value, where);
    if (!value.is_object()) return test(attribute, Operator::kEquals, value, where);
    if (value.members().empty()) return malformed(where, "has no operator");
    Node node;
    for (const auto& [name, operand] : value.members()) {
      const auto op = index_in(kOperators, name);
      if (!op)
        return malformed(where, "unknown operator \"" + name.substr(0, 40) +
                                    "\"; there are equals in greater_than less_than between like");
      SYNCLINE_TRY_ASSIGN(child,
                          test(attribute, static_cast<Operator>(*op), operand, where + "." + name));
      node.children.push_back(std::move(child));
    }
    return node;
  }

  Result<Node> test(Attribute attribute, Operator op, const Value& value,
                    const std::string& where) {
    Node node{.kind = Kind::kTest, .attribute = attribute, .op = op};
    const bool list = op == Operator::kIn || op == Operator::kBetween;
    if (list != value.is_array())
      return malformed(where, list ? "must be a list" : "must be one value");
    if (op == Operator::kBetween && value.items().size() != 2)
      return malformed(where, "must be two values, from and to");
    if (list) {
      if (value.items().empty() || value.items().size() > kRuleListMax)
        return malformed(where, "must have 1 to " + std::to_string(kRuleListMax) + " values");
      for (const Value& item : value.items()) {
        SYNCLINE_TRY_ASSIGN(text, operand(attribute, op, item, where));
        node.operands.push_back(std::move(text));
      }
    } else {
      SYNCLINE_TRY_ASSIGN(text, operand(attribute, op, value, where));
      node.operands.push_back(std::move(text));
    }
    if (op == Operator::kBetween && attribute == Attribute::kTime &&
        node.operands[0] == node.operands[1])
      return malformed(where, "begins when it ends");
    return node;
  }

  static Result<std::string> operand(Attribute attribute, Operator op, const Value& value,
                                     const std::string& where) {
    if (attribute == Attribute::kWeekday) {
      if (auto day = weekday_digit(value); day && op != Operator::kLike) return *day;
      return malformed(where, "must be a weekday: monday or mon, or 1 (Monday) to 7");
    }
    if (!value.is_string() || value.string().size() > kRuleTextBytesMax)
      return malformed(where, "must be a string");
    const std::string& text = value.string();
    if (op == Operator::kLike) return text;
    if (attribute == Attribute::kTime &&
        (!is_pattern(text, "00:00") || text > "23:59" || text.substr(3) > "59"))
      return malformed(where, "must be a time of day, UTC: \"22:00\"");
    if (attribute == Attribute::kDate &&
        (!is_pattern(text, "0000-00-00") || text.substr(5, 2) < "01" || text.substr(5, 2) > "12" ||
         text.substr(8) < "01" || text.substr(8) > "31"))
      return malformed(where, "must be a date: \"2026-12-24\"");
    return text;
  }
};

Result<Condition> Condition::parse(const Value& value, const std::string& where) {
  Parser parser;
  Condition out;
  SYNCLINE_TRY_ASSIGN(root, parser.all_of(value, where, 0));
  out.root_ = std::move(root);
  out.source_ = value;
  out.timed_ = parser.timed;
  return out;
}

bool Condition::holds(const Circumstances& now, const Subject& subject) const {
  return holds(root_, now, subject);
}

bool Condition::holds(const Node& node, const Circumstances& now, const Subject& subject) {
  const auto child_holds = [&](const Node& child) { return holds(child, now, subject); };
  switch (node.kind) {
    case Kind::kAll:
      return std::ranges::all_of(node.children, child_holds);
    case Kind::kAny:
      return std::ranges::any_of(node.children, child_holds);
    case Kind::kNot:
      return !child_holds(node.children.front());
    case Kind::kTest:
      break;
  }
  const std::int64_t minutes = floor_div(now.now_ms, kMinuteMs);
  const std::int64_t days = floor_div(minutes, kDayMinutes);
  switch (node.attribute) {
    case Attribute::kTime: {
      const std::int64_t minute = minutes - days * kDayMinutes;
      return test(node, digits(minute / 60, 2) + ":" + digits(minute % 60, 2));
    }
    case Attribute::kWeekday:
      // 1970-01-01 was a Thursday.
      return test(node, std::to_string((days + 3) - floor_div(days + 3, 7) * 7 + 1));
    case Attribute::kDate:
      return test(node, date_of(days));
    case Attribute::kSchema:
      return test(node, now.schema);
    case Attribute::kDomain:
      return test(node, domain_of(subject.identity));
  }
  return false;
}

bool Condition::test(const Node& node, const std::string& actual) {
  const std::vector<std::string>& operands = node.operands;
  switch (node.op) {
    case Operator::kEquals:
      return actual == operands[0];
    case Operator::kIn:
      return std::find(operands.begin(), operands.end(), actual) != operands.end();
    case Operator::kGreater:
      return actual > operands[0];
    case Operator::kLess:
      return actual < operands[0];
    case Operator::kBetween: {
      // The end of a span of time is outside it; days are whole. What begins later than it ends
      // goes through midnight, or the weekend.
      const bool before_end =
          node.attribute == Attribute::kTime ? actual < operands[1] : actual <= operands[1];
      const bool cyclic =
          node.attribute == Attribute::kTime || node.attribute == Attribute::kWeekday;
      if (cyclic && operands[0] > operands[1]) return actual >= operands[0] || before_end;
      return actual >= operands[0] && before_end;
    }
    case Operator::kLike:
      return glob_match(operands[0], actual);
  }
  return false;
}

}  // namespace syncline::access
