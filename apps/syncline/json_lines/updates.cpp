#include "json_lines/updates.hpp"

#include "crdt/snapshot.hpp"
#include "crdt/update.hpp"
#include "encoding/base64.hpp"
#include "encoding/json.hpp"
#include "json_lines/values.hpp"

namespace syncline::json_lines {
namespace {

crdt::Update decode(const Bytes& update, crdt::UpdateFormat format) {
  return readable(format == crdt::UpdateFormat::kV2 ? crdt::decode_update_v2(update)
                                                    : crdt::decode_update_v1(update));
}

const char* kind_name(crdt::StructKind kind) {
  switch (kind) {
    case crdt::StructKind::kGC:
      return "gc";
    case crdt::StructKind::kDeleted:
      return "deleted";
    case crdt::StructKind::kJson:
      return "json";
    case crdt::StructKind::kBinary:
      return "binary";
    case crdt::StructKind::kString:
      return "string";
    case crdt::StructKind::kEmbed:
      return "embed";
    case crdt::StructKind::kFormat:
      return "format";
    case crdt::StructKind::kType:
      return "type";
    case crdt::StructKind::kAny:
      return "any";
    case crdt::StructKind::kDoc:
      return "doc";
    case crdt::StructKind::kSkip:
      return "skip";
  }
  return "unknown";
}

Value write_id(crdt::ID id) { return Value::object({{"client", id.client}, {"clock", id.clock}}); }

/// The JSON text of an old-style element; "undefined" is one too.
Value read_json_text(const std::string& json) {
  if (json == "undefined") return Value::Undefined{};
  auto value = encoding::parse_json(json);
  return value ? std::move(value).value() : Value(json);
}

/// Nothing where a struct holds none (gc, skip, deleted).
std::optional<Value> write_content(const crdt::Struct& item) {
  const crdt::Content& content = item.content;
  switch (item.kind) {
    case crdt::StructKind::kString:
      return Value(content.text);
    case crdt::StructKind::kAny: {
      Value::Array values;
      for (const Value& value : content.values) values.push_back(write_value(value));
      return Value(std::move(values));
    }
    case crdt::StructKind::kJson: {
      Value::Array values;
      for (const std::string& json : content.json)
        values.push_back(write_value(read_json_text(json)));
      return Value(std::move(values));
    }
    case crdt::StructKind::kBinary:
      return write_value(content.bytes);
    case crdt::StructKind::kEmbed:
      return write_value(crdt::json_value(content));
    case crdt::StructKind::kFormat:
      return Value::object(
          {{"key", content.text}, {"value", write_value(crdt::json_value(content))}});
    case crdt::StructKind::kType: {
      Value type = Value::object({{"$type", type_name(content.type)}});
      if (content.type == crdt::TypeKind::kXmlElement || content.type == crdt::TypeKind::kXmlHook)
        type.set("name", content.text);
      return type;
    }
    case crdt::StructKind::kDoc:
      return Value::object({{"$type", "doc"},
                            {"guid", content.text},
                            {"options", write_value(content.values.at(0))}});
    case crdt::StructKind::kGC:
    case crdt::StructKind::kDeleted:
    case crdt::StructKind::kSkip:
      break;
  }
  return std::nullopt;
}

Value write_struct(const crdt::Struct& item) {
  Value out = Value::object(
      {{"id", write_id(item.id)}, {"length", item.length}, {"kind", kind_name(item.kind)}});
  if (item.origin) out.set("origin", write_id(*item.origin));
  if (item.right_origin) out.set("right_origin", write_id(*item.right_origin));
  if (const auto* root = std::get_if<std::string>(&item.parent)) out.set("parent", *root);
  if (const auto* id = std::get_if<crdt::ID>(&item.parent)) out.set("parent", write_id(*id));
  if (item.key) out.set("key", *item.key);
  if (auto content = write_content(item)) out.set("content", std::move(*content));
  return out;
}

}  // namespace

Value::Object snapshot_contains(const Value& request) {
  const Bytes snapshot = bytes_field(request, "snapshot");
  const Bytes update = bytes_field(request, "update");
  const auto format = format_field(request);
  const auto moment = readable(crdt::decode_snapshot_v1(snapshot));
  return {{"contains", readable(format == crdt::UpdateFormat::kV2
                                    ? crdt::snapshot_contains_update_v2(moment, update)
                                    : crdt::snapshot_contains_update_v1(moment, update))}};
}

Value::Object merge_updates(const Value& request) {
  const Value::Array& list = list_field(request, "updates");
  const auto format = format_field(request);
  if (list.empty()) bad_request("\"updates\" is empty");
  std::vector<Bytes> updates;
  for (const Value& update : list) updates.push_back(bytes_of(update, "updates"));
  const Bytes merged =
      readable(format == crdt::UpdateFormat::kV2 ? crdt::merge_updates_v2(updates)
                                                 : crdt::merge_updates_v1(updates));
  return {{"update", encoding::to_base64(merged)}};
}

Value::Object diff_update(const Value& request) {
  const Bytes update = bytes_field(request, "update");
  const Bytes since = bytes_field(request, "since");
  const auto format = format_field(request);
  const auto from = readable(crdt::StateVector::decode(since));
  const Bytes rest =
      readable(format == crdt::UpdateFormat::kV2 ? crdt::diff_update_v2(update, from)
                                                 : crdt::diff_update_v1(update, from));
  return {{"update", encoding::to_base64(rest)}};
}

Value::Object state_vector_of_update(const Value& request) {
  const Bytes update = bytes_field(request, "update");
  const auto decoded = decode(update, format_field(request));
  return {{"state_vector", encoding::to_base64(crdt::state_vector_of(decoded).encode())}};
}

Value::Object convert_update(const Value& request) {
  const Bytes update = bytes_field(request, "update");
  field(request, "from");
  field(request, "to");
  const auto from = format_field(request, "from");
  const auto to = format_field(request, "to");
  if (from == to) {
    decode(update, from);
    return {{"update", encoding::to_base64(update)}};
  }
  const Bytes converted =
      readable(from == crdt::UpdateFormat::kV2 ? crdt::convert_update_v2_to_v1(update)
                                               : crdt::convert_update_v1_to_v2(update));
  return {{"update", encoding::to_base64(converted)}};
}

Value::Object inspect_update(const Value& request) {
  const Bytes update = bytes_field(request, "update");
  const auto decoded = decode(update, format_field(request));
  Value::Array structs;
  for (const auto& [client, items] : decoded.structs)
    for (const crdt::Struct& item : items) structs.push_back(write_struct(item));
  Value::Array deletes;
  for (const auto& [client, ranges] : decoded.deletes.ranges())
    for (const auto& range : ranges)
      deletes.push_back(
          Value::object({{"client", client}, {"clock", range.clock}, {"length", range.length}}));
  return {{"structs", std::move(structs)}, {"deletes", std::move(deletes)}};
}

}  // namespace syncline::json_lines
