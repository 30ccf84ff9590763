// JSON text as ECMAScript reads and writes it: shortest round-trip numbers, escaped lone
// surrogates, member order kept.
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "syncline/value.hpp"

namespace syncline::encoding {

/// As JSON.parse: one value, nothing after it. kMalformed names line and column. Nesting past
/// kMaxDepth is malformed.
Result<Value> parse_json(std::string_view text);

/// As JSON.stringify. `undefined` at the top becomes "undefined" as ContentJSON wants it.
std::string write_json(const Value& value);

/// As JSON.stringify(value, null, indent): for people.
std::string write_json_pretty(const Value& value, int indent = 2);

/// A number as ECMAScript's Number::toString writes it.
std::string write_number(double number);

}  // namespace syncline::encoding
