// JSON text as ECMAScript reads and writes it: shortest round-trip numbers, escaped lone
// surrogates, member order kept.
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "encoding/tuning.hpp"
#include "syncline/value.hpp"

namespace syncline::encoding {

/// What becomes of a number that no double holds: JSON.parse reads Infinity.
enum class LargeNumbers { kMalformed, kInfinite };

/// As JSON.parse: one value, nothing after it; of members with one name the last value wins, at the
/// first one's place. Numbers become doubles. Escaped lone surrogates are kept (WTF-8). Nesting
/// past `depth_max` is malformed, and so is text that is not UTF-8. kMalformed names line and
/// column.
Result<Value> parse_json(std::string_view text, LargeNumbers large = LargeNumbers::kMalformed,
                         int depth_max = kMaxDepth);

/// As JSON.stringify: undefined members are left out, undefined elements and numbers that are not
/// finite become null, bytes become {"0":1,…}. Beyond it: `undefined` at the top becomes
/// "undefined", as ContentJSON wants it, and a BigInt is written as an integer, where JavaScript
/// throws.
std::string write_json(const Value& value);

/// As JSON.stringify(value, null, indent): for people.
std::string write_json_pretty(const Value& value, int indent = 2);

/// A number as ECMAScript's Number::toString writes it.
std::string write_number(double number);

}  // namespace syncline::encoding
