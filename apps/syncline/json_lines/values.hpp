// Values on the lines of `syncline engine`: JSON, tagged forms for what JSON cannot say, and shared
// types.
#pragma once

#include "crdt/doc.hpp"
#include "crdt/types.hpp"
#include "json_lines/request.hpp"

namespace syncline::json_lines {

/// A plain value from its JSON form: `{"$undefined":true}`, `{"$bigint":"-5"}`, `{"$bytes":…}` and
/// `{"$float":…}` become what they stand for, at every depth.
Value read_value(const Value& json);

/// What may be put into a map or list: a plain value, or a new shared type (`{"$type":"map",…}`).
crdt::Input read_input(const Value& json);

/// What a text takes as one unit: no subdocument.
crdt::Input read_embed(const Value& json);

/// The attributes of text: an object of what can be on the wire. Refuses others.
Value read_attributes(const Value& json);
/// A delta's operations: `{"insert":…}`, `{"retain":…}`, `{"delete":…}`, each with `attributes`.
crdt::Delta read_delta(const Value::Array& json);

/// The other way round.
Value write_value(const Value& value);
Value write_element(const crdt::Element& element);
/// What doc.json answers: the tree of a map or list, the string form of texts and XML.
Value write_type(crdt::SharedType& type);

/// Keys and indexes.
Value write_path(const Path& path);

/// A text's runs, each `{"insert":…}` with `attributes` where some hold.
Value write_delta(const std::vector<crdt::TextPart>& parts);

/// "map" and so on; "unknown" for a root that nobody opened with a type yet.
const char* type_name(crdt::TypeKind kind);

/// The shared type that a target names; its root is defined with the target's type. Refuses with
/// type_mismatch or unknown_target.
crdt::SharedType& resolve(crdt::Doc& doc, const Value& target);

}  // namespace syncline::json_lines
