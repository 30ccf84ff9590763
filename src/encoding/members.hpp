// What both readers of objects, `any` and JSON, do with members of one name.
#pragma once

#include "syncline/value.hpp"

namespace syncline::encoding {

/// Keeps each name once, at the place of its first member and with the value of its last, as
/// assigning to a JavaScript object does. O(n log n) whatever the names are: they come from the
/// network, and a hash table could be flooded.
void unite_members(Value::Object& members);

}  // namespace syncline::encoding
