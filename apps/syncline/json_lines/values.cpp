#include "json_lines/values.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <limits>

#include "encoding/base64.hpp"
#include "encoding/lib0.hpp"
#include "encoding/tuning.hpp"

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

/// Whether a list, or the wire, has no place for a value at this depth.
bool has_no_place(const Value& value) {
  return value.is_undefined() || value.kind() == Value::Kind::kBigInt;
}

std::vector<crdt::Input> read_elements(const Value& json, std::string_view name) {
  std::vector<crdt::Input> elements;
  if (json.find(name) == nullptr) return elements;
  for (const Value& value : list_field(json, name)) {
    elements.push_back(read_input(value));
    const auto* plain = std::get_if<Value>(&elements.back().content);
    if (plain != nullptr && has_no_place(*plain))
      refuse("not_supported", "a list takes neither undefined nor BigInt, as in Yjs");
  }
  return elements;
}

std::vector<std::pair<std::string, crdt::Input>> read_entries(const Value& json,
                                                              std::string_view name) {
  std::vector<std::pair<std::string, crdt::Input>> entries;
  const Value* given = json.find(name);
  if (given == nullptr) return entries;
  if (!given->is_object())
    bad_request("\"" + std::string(name) + "\" must be an object, and is " + describe(*given));
  for (const auto& [key, value] : given->members()) entries.emplace_back(key, read_input(value));
  return entries;
}

crdt::NewType read_new_type(const Value& json) {
  crdt::NewType type;
  type.kind = read_type_name(text_field(json, "$type"));
  switch (type.kind) {
    case crdt::TypeKind::kMap:
      type.entries = read_entries(json, "entries");
      break;
    case crdt::TypeKind::kArray:
      type.values = read_elements(json, "values");
      break;
    case crdt::TypeKind::kText:
    case crdt::TypeKind::kXmlText:
      if (json.find("text") != nullptr) type.text = text_field(json, "text");
      if (json.find("delta") != nullptr) type.delta = read_delta(list_field(json, "delta"));
      type.entries = read_entries(json, "attributes");
      break;
    case crdt::TypeKind::kXmlElement:
      // What Yjs calls an element that was given no name.
      type.name = json.find("name") != nullptr ? text_field(json, "name") : "UNDEFINED";
      type.values = read_elements(json, "children");
      type.entries = read_entries(json, "attributes");
      break;
    case crdt::TypeKind::kXmlFragment:
      type.values = read_elements(json, "children");
      break;
    case crdt::TypeKind::kXmlHook:
      type.name = text_field(json, "name");
      type.entries = read_entries(json, "entries");
      break;
    case crdt::TypeKind::kUntyped:
      break;
  }
  return type;
}

crdt::Subdoc read_subdocument(const Value& json) {
  crdt::Subdoc made;
  made.guid = text_field(json, "guid");
  if (const Value* options = json.find("options")) {
    if (!options->is_object())
      bad_request("\"options\" must be an object, and is " + describe(*options));
    made.options = read_value(*options);
  }
  return made;
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
    case crdt::TypeKind::kMap:
    case crdt::TypeKind::kXmlHook: {
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
    case crdt::TypeKind::kXmlText:
    case crdt::TypeKind::kUntyped:
      break;
  }
  return write_value(type.to_json());
}

}  // namespace

namespace {

/// `depth`: the place that an array or object would have.
Value read_value_at(const Value& json, int depth) {
  if (json.is_array()) {
    if (depth > encoding::kMaxDepth) bad_request("a value nests deeper than 1000");
    Value::Array items;
    items.reserve(json.items().size());
    for (const Value& item : json.items()) items.push_back(read_value_at(item, depth + 1));
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
  if (depth > encoding::kMaxDepth) bad_request("a value nests deeper than 1000");
  Value::Object members;
  members.reserve(json.members().size());
  for (const auto& [name, value] : json.members()) {
    members.emplace_back(name, read_value_at(value, depth + 1));
  }
  return members;
}

}  // namespace

Value read_value(const Value& json) { return read_value_at(json, 1); }

crdt::Input read_input(const Value& json) {
  const Value* type = json.find("$type");
  if (type == nullptr) return read_value(json);
  if (*type == Value("doc")) return read_subdocument(json);
  return read_new_type(json);
}

Value read_attributes(const Value& json) {
  if (!json.is_object()) bad_request("\"attributes\" must be an object, and is " + describe(json));
  Value attributes = read_value(json);
  if (!attributes.is_object()) bad_request("\"attributes\" must be a plain object");
  for (const auto& [key, value] : attributes.members()) {
    if (has_no_place(value))
      refuse("not_supported", "an attribute can be neither undefined nor a BigInt, as in Yjs");
  }
  return attributes;
}

crdt::Input read_embed(const Value& json) {
  crdt::Input embed = read_input(json);
  if (std::holds_alternative<crdt::Subdoc>(embed.content))
    refuse("not_supported",
           "a text takes no subdocument: Yjs would write an object that no other replica reads as "
           "one; put it into a map or a list");
  return embed;
}

crdt::Delta read_delta(const Value::Array& json) {
  crdt::Delta delta;
  for (const Value& op : json) {
    if (!op.is_object()) bad_request("the operations of a delta are objects, not " + describe(op));
    const Value* attributes = op.find("attributes");
    Value holding = attributes != nullptr ? read_attributes(*attributes) : Value();
    if (const Value* insert = op.find("insert")) {
      delta.push_back(crdt::TextOp::inserted(read_embed(*insert), std::move(holding)));
    } else if (op.find("retain") != nullptr) {
      delta.push_back(crdt::TextOp::retained(whole_field(op, "retain"), std::move(holding)));
    } else {
      delta.push_back(crdt::TextOp::deleted(whole_field(op, "delete")));
    }
  }
  return delta;
}

Value write_delta(const std::vector<crdt::TextPart>& parts) {
  Value::Array delta;
  for (const crdt::TextPart& part : parts) {
    Value op = Value::object({{"insert", write_element(part.content)}});
    if (part.attributes.is_object()) op.set("attributes", write_value(part.attributes));
    delta.push_back(std::move(op));
  }
  return delta;
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

/// One step of a target's path; nullptr where it leads to no shared type. Every type has both
/// elements and entries (an XML element's children and attributes); those it does not use are none.
crdt::SharedType* step_into(crdt::SharedType& type, const Value& step) {
  std::optional<crdt::Element> element;
  if (step.is_string()) {
    element = crdt::Map(type).get(step.string());
  } else {
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
