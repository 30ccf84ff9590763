// The relative positions of `syncline engine`: position.create and position.resolve.
#pragma once

#include "crdt/doc.hpp"
#include "json_lines/request.hpp"

namespace syncline::json_lines {

Value::Object create_position(crdt::Doc& doc, const Value& request);
Value::Object resolve_position(crdt::Doc& doc, const Value& request);

}  // namespace syncline::json_lines
