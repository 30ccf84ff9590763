// The limits of schema.
#pragma once

#include <cstddef>

namespace syncline::schema {

/// Bytes of a schema as JSON text: it is stored with the object, sent with every subscription, and
/// compiled wherever the object is loaded. Past it: 413.
inline constexpr std::size_t kSchemaBytes = std::size_t{256} << 10;
/// Subschemas of one schema. Past it: 413.
inline constexpr std::size_t kNodes = 10'000;
/// How deep subschemas stand in one another as they are written. Past it: 413.
inline constexpr std::size_t kNesting = 100;

/// Code points of one pattern. Past it: 413.
inline constexpr std::size_t kPatternCharacters = 2'000;
/// Instructions of one compiled pattern (a counted repetition has its body as often as it may
/// repeat): what is remembered of a match is as large. Past it: 413.
inline constexpr std::size_t kPatternInstructions = 2'000;
/// Groups of a pattern in one another. Past it: 413.
inline constexpr std::size_t kPatternNesting = 50;

/// Steps of one check: a subschema met with a value, a hundred code points of a string, an
/// instruction of a pattern met with a code point. 10 million are some tenths of a second;
/// people's schemas take a handful of steps a value. Past it the check ends with 413: what was to
/// be checked does not count as valid.
inline constexpr std::size_t kCheckSteps = 10'000'000;
/// Subschemas that are at work at the same time, nested or by reference: what bounds the stack.
/// Past it the check ends with 413.
inline constexpr std::size_t kCheckDepth = 2'500;

}  // namespace syncline::schema
