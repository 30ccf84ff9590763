// The operations inside doc.transact.
#pragma once

#include "json_lines/values.hpp"

namespace syncline::json_lines {

/// Carries out one operation (`text.insert`, `map.set` and so on); throws Refusal. REQUIRES: an
/// open transaction.
void carry_out(crdt::Doc& doc, const Value& operation);

}  // namespace syncline::json_lines
