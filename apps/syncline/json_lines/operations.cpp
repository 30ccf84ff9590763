#include "json_lines/operations.hpp"

#include <array>
#include <optional>

#include "crdt/doc.hpp"

namespace syncline::json_lines {
namespace {

crdt::SharedType& target_of(crdt::Doc& doc, const Value& operation) {
  return resolve(doc, field(operation, "target"));
}

[[noreturn]] void wrong_type(const crdt::SharedType& type, const char* wanted) {
  refuse("type_mismatch", std::string("the target is of type ") + type_name(type.kind()) +
                              ", the operation is for " + wanted);
}

crdt::Text text_at(crdt::SharedType& type) {
  if (type.kind() != crdt::TypeKind::kText && type.kind() != crdt::TypeKind::kXmlText)
    wrong_type(type, "texts");
  return crdt::Text(type);
}

crdt::Array array_at(crdt::SharedType& type) {
  if (type.kind() != crdt::TypeKind::kArray) wrong_type(type, "arrays");
  return crdt::Array(type);
}

crdt::Map map_at(crdt::SharedType& type) {
  if (type.kind() != crdt::TypeKind::kMap && type.kind() != crdt::TypeKind::kXmlHook)
    wrong_type(type, "maps");
  return crdt::Map(type);
}

crdt::XmlFragment children_at(crdt::SharedType& type) {
  if (type.kind() != crdt::TypeKind::kXmlFragment && type.kind() != crdt::TypeKind::kXmlElement)
    wrong_type(type, "XML fragments and elements");
  return crdt::XmlFragment(type);
}

/// Attributes of an element, or of a text as a whole, are entries of one map.
crdt::Map attributes_at(crdt::SharedType& type) {
  if (type.kind() != crdt::TypeKind::kXmlElement && type.kind() != crdt::TypeKind::kXmlText)
    wrong_type(type, "XML elements and XML texts");
  return crdt::Map(type);
}

/// The member `attributes` of an operation on text, if it has one.
std::optional<Value> attributes_of(const Value& operation) {
  const Value* given = operation.find("attributes");
  if (given == nullptr) return std::nullopt;
  return read_attributes(*given);
}

std::vector<crdt::Input> inputs_of(const Value& operation) {
  std::vector<crdt::Input> inputs;
  for (const Value& value : list_field(operation, "values")) inputs.push_back(read_input(value));
  return inputs;
}

void pass_on(const Result<void>& result) {
  if (result) return;
  const Error& error = result.error();
  if (error.code() == Code::kTooLarge) refuse("out_of_range", error.message());
  if (error.code() == Code::kSchema) refuse("not_supported", error.message());
  bad_request(error.message());
}

bool is_undefined(const crdt::Input& input) {
  const auto* value = std::get_if<Value>(&input.content);
  return value != nullptr && value->is_undefined();
}

/// Whether Yjs puts an element into a pending run of plain values.
bool joins_a_run(const crdt::Input& input) {
  const auto* value = std::get_if<Value>(&input.content);
  return value != nullptr && value->kind() != Value::Kind::kBinary;
}

/// Of elements of which Yjs refuses one (undefined, a bigint), what it inserts before it throws:
/// all before a bigint, but of those before undefined not the run of plain values that ends there.
/// Nothing where it refuses none.
std::optional<std::size_t> kept_before_refused(const std::vector<crdt::Input>& inputs) {
  const auto refused = std::find_if(inputs.begin(), inputs.end(), [](const crdt::Input& input) {
    const auto* value = std::get_if<Value>(&input.content);
    return value != nullptr && (value->is_undefined() || value->kind() == Value::Kind::kBigInt);
  });
  if (refused == inputs.end()) return std::nullopt;
  auto end = refused;
  if (is_undefined(*refused))
    while (end != inputs.begin() && joins_a_run(*(end - 1))) --end;
  return static_cast<std::size_t>(end - inputs.begin());
}

/// Inserts by `insert(inputs)`; as much as Yjs does where it refuses an element.
template <typename Insert>
void insert_as_yjs(std::vector<crdt::Input> inputs, const Insert& insert) {
  const auto kept = kept_before_refused(inputs);
  if (kept) inputs.erase(inputs.begin() + static_cast<std::ptrdiff_t>(*kept), inputs.end());
  pass_on(insert(std::move(inputs)));
  if (kept)
    refuse("not_supported",
           "a list takes neither undefined nor bigint; the elements before it stand");
}

void insert_text(crdt::Doc& doc, const Value& operation) {
  const std::uint64_t at = whole_field(operation, "at");
  const std::string& text = text_field(operation, "text");
  const std::optional<Value> attributes = attributes_of(operation);
  crdt::Text target = text_at(target_of(doc, operation));
  if (attributes)
    target.insert(at, text, *attributes);
  else
    target.insert(at, text);
}

void embed(crdt::Doc& doc, const Value& operation) {
  const std::uint64_t at = whole_field(operation, "at");
  crdt::Input value = read_embed(field(operation, "value"));
  const Value attributes = attributes_of(operation).value_or(Value());
  pass_on(text_at(target_of(doc, operation)).insert_embed(at, std::move(value), attributes));
}

void format_text(crdt::Doc& doc, const Value& operation) {
  const std::uint64_t at = whole_field(operation, "at");
  const std::uint64_t length = whole_field(operation, "length");
  const Value attributes = read_attributes(field(operation, "attributes"));
  pass_on(text_at(target_of(doc, operation)).format(at, length, attributes));
}

void apply_delta(crdt::Doc& doc, const Value& operation) {
  crdt::Delta delta = read_delta(list_field(operation, "delta"));
  pass_on(text_at(target_of(doc, operation)).apply_delta(std::move(delta)));
}

void delete_text(crdt::Doc& doc, const Value& operation) {
  const std::uint64_t at = whole_field(operation, "at");
  const std::uint64_t length = whole_field(operation, "length");
  text_at(target_of(doc, operation)).remove(at, length);
}

void insert_elements(crdt::Doc& doc, const Value& operation) {
  const std::uint64_t at = whole_field(operation, "at");
  auto inputs = inputs_of(operation);
  crdt::Array array = array_at(target_of(doc, operation));
  insert_as_yjs(std::move(inputs), [&](std::vector<crdt::Input> values) {
    return array.insert(at, std::move(values));
  });
}

void push_elements(crdt::Doc& doc, const Value& operation) {
  auto inputs = inputs_of(operation);
  crdt::Array array = array_at(target_of(doc, operation));
  insert_as_yjs(std::move(inputs),
                [&](std::vector<crdt::Input> values) { return array.push(std::move(values)); });
}

void delete_elements(crdt::Doc& doc, const Value& operation) {
  const std::uint64_t at = whole_field(operation, "at");
  const std::uint64_t length = whole_field(operation, "length");
  pass_on(array_at(target_of(doc, operation)).remove(at, length));
}

void set_entry(crdt::Doc& doc, const Value& operation) {
  const std::string& key = text_field(operation, "key");
  crdt::Input value = read_input(field(operation, "value"));
  map_at(target_of(doc, operation)).set(key, std::move(value));
}

void delete_entry(crdt::Doc& doc, const Value& operation) {
  const std::string& key = text_field(operation, "key");
  map_at(target_of(doc, operation)).remove(key);
}

void clear_map(crdt::Doc& doc, const Value& operation) {
  crdt::Map map = map_at(target_of(doc, operation));
  for (const std::string& key : map.keys()) map.remove(key);
}

void insert_children(crdt::Doc& doc, const Value& operation) {
  const std::uint64_t at = whole_field(operation, "at");
  auto inputs = inputs_of(operation);
  pass_on(children_at(target_of(doc, operation)).insert(at, std::move(inputs)));
}

void push_children(crdt::Doc& doc, const Value& operation) {
  auto inputs = inputs_of(operation);
  pass_on(children_at(target_of(doc, operation)).push(std::move(inputs)));
}

void delete_children(crdt::Doc& doc, const Value& operation) {
  const std::uint64_t at = whole_field(operation, "at");
  const std::uint64_t length = whole_field(operation, "length");
  pass_on(children_at(target_of(doc, operation)).remove(at, length));
}

void set_attribute(crdt::Doc& doc, const Value& operation) {
  const std::string& name = text_field(operation, "name");
  crdt::Input value = read_input(field(operation, "value"));
  attributes_at(target_of(doc, operation)).set(name, std::move(value));
}

void remove_attribute(crdt::Doc& doc, const Value& operation) {
  const std::string& name = text_field(operation, "name");
  attributes_at(target_of(doc, operation)).remove(name);
}

struct Operation {
  const char* name;
  void (*carry_out)(crdt::Doc& doc, const Value& operation);
};
constexpr std::array kOperations{
    Operation{"text.insert", insert_text},
    Operation{"text.embed", embed},
    Operation{"text.format", format_text},
    Operation{"text.delete", delete_text},
    Operation{"text.apply_delta", apply_delta},
    Operation{"array.insert", insert_elements},
    Operation{"array.push", push_elements},
    Operation{"array.delete", delete_elements},
    Operation{"map.set", set_entry},
    Operation{"map.delete", delete_entry},
    Operation{"map.clear", clear_map},
    Operation{"xml.insert", insert_children},
    Operation{"xml.push", push_children},
    Operation{"xml.delete", delete_children},
    Operation{"xml.set_attribute", set_attribute},
    Operation{"xml.remove_attribute", remove_attribute},
};

}  // namespace

void carry_out(crdt::Doc& doc, const Value& operation) {
  if (!operation.is_object())
    bad_request("an operation must be an object, and is " + describe(operation));
  const std::string& name = text_field(operation, "op");
  for (const Operation& known : kOperations)
    if (name == known.name) return known.carry_out(doc, operation);
  bad_request("there is no operation \"" + name + "\"");
}

}  // namespace syncline::json_lines
