// One request of `syncline engine`: its fields, read with a clear complaint where one is missing or
// of the wrong type.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "crdt/update.hpp"
#include "syncline/value.hpp"

namespace syncline::json_lines {

/// Why a request is not done; `code` is one of docs/ENGINE.md's error codes. Thrown by whatever
/// meets the reason, turned into an answer by the session.
struct Refusal {
  const char* code;
  std::string message;
};

[[noreturn]] void refuse(const char* code, std::string message);
[[noreturn]] inline void bad_request(std::string message) {
  refuse("bad_request", std::move(message));
}

/// Kinds, in the words of a message: "a string".
std::string describe(const Value& value);

// Each reads the member `name` of a JSON object; a missing or ill-typed one is a bad_request.
const Value& field(const Value& object, std::string_view name);
const std::string& text_field(const Value& object, std::string_view name);
const Value::Array& list_field(const Value& object, std::string_view name);
bool flag_field(const Value& object, std::string_view name, bool fallback);
/// A whole number from 0 to 2^53 - 1.
std::uint64_t whole_field(const Value& object, std::string_view name);
/// Standard base64.
Bytes bytes_field(const Value& object, std::string_view name);
Bytes bytes_of(const Value& value, std::string_view name);
/// 1 where absent.
crdt::UpdateFormat format_field(const Value& object, std::string_view name = "format");
/// The value of a Result about bytes that somebody sent; an error is a malformed_update.
template <typename T>
T readable(Result<T> result) {
  if (!result) refuse("malformed_update", result.error().message());
  return std::move(result).value();
}

}  // namespace syncline::json_lines
