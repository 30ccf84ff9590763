#include "json_lines/request.hpp"

#include <cmath>

#include "encoding/base64.hpp"
#include "encoding/lib0.hpp"

namespace syncline::json_lines {

void refuse(const char* code, std::string message) { throw Refusal{code, std::move(message)}; }

std::string describe(const Value& value) {
  switch (value.kind()) {
    case Value::Kind::kNull:
      return "null";
    case Value::Kind::kUndefined:
      return "undefined";
    case Value::Kind::kBool:
      return "a boolean";
    case Value::Kind::kNumber:
      return "a number";
    case Value::Kind::kBigInt:
      return "a bigint";
    case Value::Kind::kString:
      return "a string";
    case Value::Kind::kBinary:
      return "bytes";
    case Value::Kind::kArray:
      return "an array";
    case Value::Kind::kObject:
      return "an object";
  }
  return "a value";
}

namespace {

[[noreturn]] void ill_typed(std::string_view name, const char* wanted, const Value& value) {
  bad_request("\"" + std::string(name) + "\" must be " + wanted + ", and is " + describe(value));
}

}  // namespace

const Value& field(const Value& object, std::string_view name) {
  const Value* value = object.find(name);
  if (value == nullptr) bad_request("\"" + std::string(name) + "\" is missing");
  return *value;
}

const std::string& text_field(const Value& object, std::string_view name) {
  const Value& value = field(object, name);
  if (!value.is_string()) ill_typed(name, "a string", value);
  return value.string();
}

const Value::Array& list_field(const Value& object, std::string_view name) {
  const Value& value = field(object, name);
  if (!value.is_array()) ill_typed(name, "an array", value);
  return value.items();
}

bool flag_field(const Value& object, std::string_view name, bool fallback) {
  const Value* value = object.find(name);
  if (value == nullptr) return fallback;
  if (!value->is_bool()) ill_typed(name, "a boolean", *value);
  return value->boolean();
}

std::uint64_t whole_field(const Value& object, std::string_view name) {
  const Value& value = field(object, name);
  constexpr const char* kWanted = "a whole number from 0 to 2^53 - 1";
  if (!value.is_number()) ill_typed(name, kWanted, value);
  const double number = value.number();
  if (number < 0 || number > static_cast<double>(encoding::kMaxSafeInteger) ||
      number != std::floor(number)) {
    bad_request("\"" + std::string(name) + "\" must be " + kWanted + ", and is " + value.to_json());
  }
  return static_cast<std::uint64_t>(number);
}

Bytes bytes_of(const Value& value, std::string_view name) {
  if (!value.is_string()) ill_typed(name, "a string of base64", value);
  auto bytes = encoding::from_base64(value.string());
  if (!bytes) bad_request("\"" + std::string(name) + "\": " + bytes.error().message());
  return std::move(bytes).value();
}

Bytes bytes_field(const Value& object, std::string_view name) {
  return bytes_of(field(object, name), name);
}

crdt::UpdateFormat format_field(const Value& object, std::string_view name) {
  if (object.find(name) == nullptr) return crdt::UpdateFormat::kV1;
  const std::uint64_t format = whole_field(object, name);
  if (format != 1 && format != 2) bad_request("\"" + std::string(name) + "\" must be 1 or 2");
  return static_cast<crdt::UpdateFormat>(format);
}

}  // namespace syncline::json_lines
