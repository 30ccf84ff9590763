#include "json_lines/values.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <limits>

#include "encoding/base64.hpp"
#include "encoding/lib0.hpp"

namespace syncline::json_lines {
namespace {

/// How deep shared types are followed, as the engine's own JSON form is bounded.
constexpr int kDepthMax = 1000;

struct TypeName {
  crdt::TypeKind kind;
  const char* name;
};
constexpr std::array kTypeNames{
    TypeName{crdt::TypeKind::kMap, "map"},
    TypeName{crdt::TypeKind::kArray, "array"},
    TypeName{crdt::TypeKind::kText, "text"},
    TypeName{crdt::TypeKind::kXmlElement, "xml-element"},
    TypeName{crdt::TypeKind::kXmlFragment, "xml-fragment"},
    TypeName{crdt::TypeKind::kXmlHook, "xml-hook"},
    TypeName{crdt::TypeKind::kXmlText, "xml-text"},
};

crdt::TypeKind read_type_name(const std::string& name) {
  for (const TypeName& entry : kTypeNames)
    if (name == entry.name) return entry.kind;
  bad_request("there is no shared type \"" + name + "\"");
}

/// The tag of an object with one member; nullptr for plain objects.
const Value::Member* tag_of(const Value& json) {
  if (!json.is_object() || json.members().size() != 1) return nullptr;
  const Value::Member& member = json.members().front();
  return member.first.starts_with('$') ? &member : nullptr;
}

Value read_bigint(const Value& json) {
  const std::string& digits = text_field(json, "$bigint");
  std::int64_t number = 0;
  const char* end = digits.data() + digits.size();
  const auto [stopped, error] = std::from_chars(digits.data(), end, number);
  if (error != std::errc{} || stopped != end)
    bad_request("\"$bigint\" must hold the decimal digits of a 64-bit integer: \"" + digits + "\"");
  return Value::BigInt{number};
}

Value read_float(const Value& json) {
  const std::string& name = text_field(json, "$float");
  if (name == "NaN") return std::numeric_limits<double>::quiet_NaN();
  if (name == "Infinity") return std::numeric_limits<double>::infinity();
  if (name == "-Infinity") return -std::numeric_limits<double>::infinity();
  if (name == "-0") return -0.0;
  bad_request("\"$float\" must be \"NaN\", \"Infinity\", \"-Infinity\" or \"-0\"");
}

crdt::NewType read_new_type(const Value& json) {
  const std::string& name = text_field(json, "$type");
  if (name == "doc") refuse("not_supported", "making subdocuments is not in this version");
  crdt::NewType type;
  type.kind = read_type_name(name);
  switch (type.kind) {
    case crdt::TypeKind::kMap:
      if (const Value* entries = json.find("entries")) {
        if (!entries->is_object()) bad_request("\"entries\" must be an object");
        for (const auto& [key, value] : entries->members())
          type.entries.emplace_back(key, read_input(value));
      }
      break;
    case crdt::TypeKind::kArray:
      if (json.find("values") != nullptr)
        for (const Value& value : list_field(json, "values"))
          type.values.push_back(read_input(value));
      break;
    case crdt::TypeKind::kText:
      if (json.find("delta") != nullptr)
        refuse("not_supported", "rich text is not in this version");
      if (json.find("text") != nullptr) type.text = text_field(json, "text");
      break;
    case crdt::TypeKind::kXmlElement:
    case crdt::TypeKind::kXmlFragment:
    case crdt::TypeKind::kXmlHook:
    case crdt::TypeKind::kXmlText:
    case crdt::TypeKind::kUntyped:
      refuse("not_supported", "making XML types is not in this version");
  }
  return type;
}

Value write_subdocument(const crdt::Subdoc& subdocument) {
  return Value::object({{"$type", "doc"}, {"guid", subdocument.guid}});
}

Value write_type_at(crdt::SharedType& type, int depth);

Value write_element_at(const crdt::Element& element, int depth) {
  if (const auto* value = std::get_if<Value>(&element)) return write_value(*value);
  if (const auto* subdocument = std::get_if<crdt::Subdoc>(&element))
    return write_subdocument(*subdocument);
  return write_type_at(*std::get<crdt::SharedType*>(element), depth);
}

// The engine's own to_json writes subdocuments as {}; here they keep their tag.
Value write_type_at(crdt::SharedType& type, int depth) {
  if (depth > kDepthMax) return nullptr;
  switch (type.kind()) {
    case crdt::TypeKind::kMap: {
      const crdt::Map map(type);
      Value::Object members;
      for (std::string& key : map.keys()) {
        Value value = write_element_at(*map.get(key), depth + 1);
        members.emplace_back(std::move(key), std::move(value));
      }
      return members;
    }
    case crdt::TypeKind::kArray: {
      Value::Array items;
      for (const crdt::Element& element : crdt::Array(type).elements())
        items.push_back(write_element_at(element, depth + 1));
      return items;
    }
    case crdt::TypeKind::kText:
    case crdt::TypeKind::kXmlElement:
    case crdt::TypeKind::kXmlFragment:
    case crdt::TypeKind::kXmlHook:
    case crdt::TypeKind::kXmlText:
    case crdt::TypeKind::kUntyped:
      break;
  }
  return write_value(type.to_json());
}

}  // namespace

Value read_value(const Value& json) {
  if (json.is_array()) {
    Value::Array items;
    items.reserve(json.items().size());
    for (const Value& item : json.items()) items.push_back(read_value(item));
    return items;
  }
  if (!json.is_object()) return json;
  if (const Value::Member* tag = tag_of(json)) {
    if (tag->first == "$bigint") return read_bigint(json);
    if (tag->first == "$float") return read_float(json);
    if (tag->first == "$bytes") return bytes_field(json, "$bytes");
    if (tag->first == "$undefined") {
      if (tag->second != Value(true)) bad_request("\"$undefined\" must be true");
      return Value::Undefined{};
    }
  }
  Value::Object members;
  members.reserve(json.members().size());
  for (const auto& [name, value] : json.members()) members.emplace_back(name, read_value(value));
  return members;
}

crdt::Input read_input(const Value& json) {
  if (json.find("$type") != nullptr) return read_new_type(json);
  return read_value(json);
}

Value write_value(const Value& value) {
  switch (value.kind()) {
    case Value::Kind::kUndefined:
      return Value::object({{"$undefined", true}});
    case Value::Kind::kBigInt:
      return Value::object({{"$bigint", std::to_string(value.bigint().value)}});
    case Value::Kind::kBinary:
      return Value::object({{"$bytes", encoding::to_base64(value.binary())}});
    case Value::Kind::kNumber: {
      const double number = value.number();
      if (std::isnan(number)) return Value::object({{"$float", "NaN"}});
      if (std::isinf(number))
        return Value::object({{"$float", number > 0 ? "Infinity" : "-Infinity"}});
      if (number == 0 && std::signbit(number)) return Value::object({{"$float", "-0"}});
      return value;
    }
    case Value::Kind::kArray: {
      Value::Array items;
      items.reserve(value.items().size());
      for (const Value& item : value.items()) items.push_back(write_value(item));
      return items;
    }
    case Value::Kind::kObject: {
      Value::Object members;
      members.reserve(value.members().size());
      for (const auto& [name, member] : value.members())
        members.emplace_back(name, write_value(member));
      return members;
    }
    case Value::Kind::kNull:
    case Value::Kind::kBool:
    case Value::Kind::kString:
      break;
  }
  return value;
}

Value write_element(const crdt::Element& element) { return write_element_at(element, 0); }

Value write_type(crdt::SharedType& type) { return write_type_at(type, 0); }

const char* type_name(crdt::TypeKind kind) {
  for (const TypeName& entry : kTypeNames)
    if (kind == entry.kind) return entry.name;
  return "unknown";
}

Value write_path(const Path& path) {
  Value::Array steps;
  for (const Step& step : path) {
    if (const auto* key = std::get_if<std::string>(&step))
      steps.emplace_back(*key);
    else
      steps.emplace_back(std::get<std::size_t>(step));
  }
  return steps;
}

namespace {

/// One step of a target's path; nullptr where it leads to no shared type.
crdt::SharedType* step_into(crdt::SharedType& type, const Value& step) {
  std::optional<crdt::Element> element;
  if (step.is_string()) {
    if (type.kind() != crdt::TypeKind::kMap) return nullptr;
    element = crdt::Map(type).get(step.string());
  } else {
    if (type.kind() != crdt::TypeKind::kArray) return nullptr;
    const crdt::Array array(type);
    const auto index = step.number() >= 0 ? static_cast<std::size_t>(step.number()) : array.size();
    if (index < array.size()) element = array.get(index);
  }
  if (!element) return nullptr;
  auto* const* nested = std::get_if<crdt::SharedType*>(&*element);
  return nested == nullptr ? nullptr : *nested;
}

}  // namespace

crdt::SharedType& resolve(crdt::Doc& doc, const Value& target) {
  if (!target.is_object()) bad_request("a target must be an object, and is " + describe(target));
  const std::string& name = text_field(target, "root");
  const crdt::TypeKind kind = read_type_name(text_field(target, "type"));
  const Value* path = target.find("path");
  if (path != nullptr) {
    for (const Value& step : list_field(target, "path")) {
      const bool index = step.is_number() && step.number() == std::floor(step.number()) &&
                         std::abs(step.number()) <= static_cast<double>(encoding::kMaxSafeInteger);
      if (!step.is_string() && !index)
        bad_request("the steps of a path are keys and whole numbers, not " + step.to_json());
    }
  }
  auto root = doc.root(name, kind);
  if (!root) refuse("type_mismatch", root.error().message());
  crdt::SharedType* type = *root;
  if (path == nullptr) return *type;
  std::string walked;
  for (const Value& step : path->items()) {
    walked += "/" + (step.is_string() ? step.string() : step.to_json());
    type = step_into(*type, step);
    if (type == nullptr)
      refuse("unknown_target", "there is no shared type at " + walked + " below root " + name);
  }
  return *type;
}

}  // namespace syncline::json_lines
