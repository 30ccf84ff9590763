// The text forms of XML types, as Yjs's toString writes them: attributes sorted, element names in
// lower case, nothing escaped.
#include <algorithm>

#include "crdt/engine.hpp"
#include "crdt/tuning.hpp"
#include "encoding/json.hpp"
#include "encoding/utf16.hpp"

namespace syncline::crdt {

namespace {

/// ECMAScript's String(value).
std::string to_js_string(const Value& value) {
  switch (value.kind()) {
    case Value::Kind::kString:
      return value.string();
    case Value::Kind::kUndefined:
      return "undefined";
    case Value::Kind::kNull:
      return "null";
    case Value::Kind::kBool:
      return value.boolean() ? "true" : "false";
    case Value::Kind::kNumber:
      return encoding::write_number(value.number());
    case Value::Kind::kBigInt:
      return std::to_string(value.bigint().value);
    case Value::Kind::kBinary: {
      std::string result;
      for (const std::uint8_t byte : value.binary()) {
        if (!result.empty()) result += ',';
        result += std::to_string(byte);
      }
      return result;
    }
    case Value::Kind::kArray: {
      std::string result;
      bool first = true;
      for (const Value& item : value.items()) {
        if (!std::exchange(first, false)) result += ',';
        if (!item.is_null() && !item.is_undefined()) result += to_js_string(item);
      }
      return result;
    }
    case Value::Kind::kObject:
      break;
  }
  return "[object Object]";
}

/// The members that JavaScript's `for (key in value)` walks.
std::vector<std::pair<std::string, std::string>> enumerable(const Value& value) {
  std::vector<std::pair<std::string, std::string>> result;
  if (value.is_object()) {
    for (const auto& [name, member] : value.members()) {
      result.emplace_back(name, to_js_string(member));
    }
  } else if (value.is_array()) {
    for (const Value& item : value.items()) {
      result.emplace_back(std::to_string(result.size()), to_js_string(item));
    }
  } else if (value.is_string()) {
    for (const char16_t unit : encoding::to_utf16(value.string())) {
      result.emplace_back(std::to_string(result.size()),
                          encoding::from_utf16(std::u16string_view(&unit, 1)));
    }
  }
  std::sort(result.begin(), result.end());
  return result;
}

std::string lower_case(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

/// Attributes of text as marks around it, sorted by name.
std::string marked(const std::string& content, const Value& attributes) {
  if (!attributes.is_object()) return content;
  std::map<std::string_view, const Value*> marks;
  for (const auto& [name, value] : attributes.members()) marks.emplace(name, &value);
  std::string opening;
  std::string closing;
  for (const auto& [name, value] : marks) {
    opening += '<' + std::string(name);
    for (const auto& [key, text] : enumerable(*value)) opening += ' ' + key + "=\"" + text + '"';
    opening += '>';
    closing = "</" + std::string(name) + '>' + closing;
  }
  return opening + content + closing;
}

}  // namespace

std::string Engine::xml_string(const TypeState& of, Lens lens, int depth) const {
  if (depth > tuning::kJsonDepthMax) return {};
  const auto as_text = [&](const Element& it) -> std::string {
    if (const auto* value = std::get_if<Value>(&it)) return to_js_string(*value);
    if (std::holds_alternative<Subdoc>(it)) return "[object Object]";
    const TypeState& held = state_of(*std::get<SharedType*>(it));
    if (held.type_kind == TypeKind::kText) return text_of(held, lens);
    if (held.is_map() || held.type_kind == TypeKind::kArray) return "[object Object]";
    return xml_string(held, lens, depth + 1);
  };

  std::string result;
  if (of.type_kind == TypeKind::kXmlText) {
    for (const TextPart& part : to_delta(of, lens)) {
      result += marked(as_text(part.content), part.attributes);
    }
    return result;
  }

  std::string children;
  std::vector<Element> found;
  for (Ref ref = of.first; ref != kNone; ref = store[ref].right) {
    const Item& item = store[ref];
    if (!item.countable || !visible(item, lens)) continue;
    found.clear();
    elements(item, found);
    for (const Element& it : found) children += as_text(it);
  }
  if (of.type_kind != TypeKind::kXmlElement) return children;
  // What Yjs calls an element that was given no name, as roots are.
  const std::string name = of.is_root() ? "undefined" : lower_case(of.name);
  std::map<std::string, std::string> attributes;
  for (const KeyMap::Entry& entry : of.map.entries()) {
    const Ref ref = value_of(of, entry.key, lens);
    if (ref == kNone) continue;
    attributes[key_text(entry.key)] = as_text(element(store[ref], store[ref].length() - 1));
  }
  result = '<' + name;
  for (const auto& [key, value] : attributes) result += ' ' + key + "=\"" + value + '"';
  return result + '>' + children + "</" + name + '>';
}

}  // namespace syncline::crdt
