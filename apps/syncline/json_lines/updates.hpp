// Updates without a document: merge, diff, convert, inspect; whether a snapshot holds one.
#pragma once

#include "json_lines/request.hpp"

namespace syncline::json_lines {

// Each answers one request with the members of its answer; throws Refusal.
Value::Object snapshot_contains(const Value& request);
Value::Object merge_updates(const Value& request);
Value::Object diff_update(const Value& request);
Value::Object state_vector_of_update(const Value& request);
Value::Object convert_update(const Value& request);
Value::Object inspect_update(const Value& request);

}  // namespace syncline::json_lines
