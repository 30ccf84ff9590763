// Reads and edits for callers without a replica (command line, REST): JSON values at JSON pointers
// of a root.
#pragma once

#include <span>
#include <string>

#include "bus/message.hpp"
#include "crdt/doc.hpp"

namespace syncline::room {

/// The JSON value at a pointer. Reading never decides what kind an unopened root has, but for the
/// object's own tree (root "data"). kNotFound, kSchema, kMalformed (pointer, kind).
Result<Value> read_value(crdt::Doc& doc, const bus::Read& read);

/// Carries out all operations in one transaction, or none. Returns the update, empty if nothing
/// changed. Errors name the operation.
Result<Bytes> apply_edit(crdt::Doc& doc, const bus::Edit& edit);

/// The update that apply_edit would return, without changing the document.
Result<Bytes> rehearse_edit(const crdt::Doc& doc, const bus::Edit& edit);

/// Names and kinds of the roots: "unknown" for those nobody opened, but for the object's own tree.
Value describe_roots(const crdt::Doc& doc);

}  // namespace syncline::room
