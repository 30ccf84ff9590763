#include "crdt/format_cursor.hpp"

namespace syncline::crdt {

void FormatCursor::forward() {
  const Item& item = (*store)[right];
  if (is_live_format(item)) {
    attributes.pass(format_key(*store, item), format_value(*store, item));
  }
  left = right;
  right = item.right;
}

void FormatCursor::pass_redundant(const Attributes& wanted) {
  while (right != kNone) {
    const Item& item = (*store)[right];
    const bool redundant =
        item.deleted || (item.kind == StructKind::kFormat &&
                         equal(wanted.get(format_key(*store, item)), format_value(*store, item)));
    if (!redundant) return;
    forward();
  }
}

}  // namespace syncline::crdt
