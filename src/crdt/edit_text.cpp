// Local changes of texts: plain insertion and deletion.
//
// A text without formats needs its position index only; an insertion goes behind the tombstones
// that follow its place. With formats (that others put there) Yjs walks from the start and keeps
// account of the attributes that hold at a place: an insertion takes them on, which decides which
// formats it stands before, and a deletion removes formats that it made meaningless. Here the same,
// so that both sides agree to the byte.
#include <map>

#include "crdt/engine.hpp"
#include "encoding/json.hpp"
#include "encoding/utf16.hpp"

namespace syncline::crdt {

namespace {

/// An attribute's value, and the format that it came from: JavaScript tells objects apart.
struct Attribute {
  Value value;
  Ref source = kNone;
};
using Attributes = std::map<std::string, Attribute>;

const Attribute& get(const Attributes& attributes, const std::string& key) {
  static const Attribute kNull;
  const auto found = attributes.find(key);
  return found == attributes.end() ? kNull : found->second;
}

/// JavaScript's ===.
bool same(const Attribute& a, const Attribute& b) {
  if (a.value.is_object() || a.value.is_array()) return a.source != kNone && a.source == b.source;
  return a.value == b.value;
}

/// Yjs's equalAttrs: objects by their members, whose own members are told apart.
bool equal(const Attribute& a, const Attribute& b) {
  if (same(a, b)) return true;
  if (!a.value.is_object() || !b.value.is_object()) return false;
  return a.value == b.value;
}

void set(Attributes& attributes, const std::string& key, const Attribute& attribute) {
  if (attribute.value.is_null()) {
    attributes.erase(key);
  } else {
    attributes[key] = attribute;
  }
}

/// A place in a text with formats, and the attributes that hold there.
class FormatCursor {
 public:
  FormatCursor(StructStore& store, Ref first) : right(first), store_(store) {}

  Ref left = kNone;
  Ref right;
  Attributes attributes;

  const std::string& key(Ref format) const { return store_.box(store_[format]).text; }
  Attribute attribute(Ref format) const { return {*store_.box(store_[format]).value, format}; }
  void forward() {
    const Item& item = store_[right];
    if (item.kind == StructKind::kFormat && !item.deleted) {
      set(attributes, key(right), attribute(right));
    }
    left = right;
    right = item.right;
  }
  /// Passes tombstones, and formats that say what holds already.
  void pass_redundant() {
    const Attributes held = attributes;
    while (right != kNone) {
      const Item& item = store_[right];
      const bool redundant = item.deleted || (item.kind == StructKind::kFormat &&
                                              equal(get(held, key(right)), attribute(right)));
      if (!redundant) return;
      forward();
    }
  }

 private:
  StructStore& store_;
};

/// Right behind the unit before `index`, splitting there; at the end if there are fewer.
FormatCursor find_in_formats(Engine& engine, RunningTransaction& transaction, const TypeState& of,
                             std::size_t index) {
  FormatCursor cursor(engine.store, of.first);
  for (std::uint64_t count = index; count > 0 && cursor.right != kNone; cursor.forward()) {
    const Item& item = engine.store[cursor.right];
    if (item.kind == StructKind::kFormat || item.deleted) continue;
    if (count < item.length) engine.split(transaction, cursor.right, count);
    count -= item.length;
  }
  return cursor;
}

bool deletable(const Item& item) {
  return !item.deleted && (item.kind == StructKind::kString || item.kind == StructKind::kEmbed ||
                           item.kind == StructKind::kType);
}

/// Yjs's cleanupFormattingGap: of the formats between two visible units, `start` being the first
/// item of the gap, deletes those that have no effect there. `now` holds at the gap's `reached`.
template <typename Delete>
void clean_gap(const StructStore& store, const FormatCursor& cursor, Ref start, Ref reached,
               const Attributes& before, Attributes now, const Delete& remove) {
  std::map<std::string, Ref> last_of_key;
  Ref end = start;
  for (; end != kNone && !store[end].visible(); end = store[end].right) {
    if (!store[end].deleted && store[end].kind == StructKind::kFormat) {
      last_of_key[cursor.key(end)] = end;
    }
  }
  bool past = false;
  for (Ref ref = start; ref != end; ref = store[ref].right) {
    past = past || ref == reached;
    if (store[ref].deleted || store[ref].kind != StructKind::kFormat) continue;
    const std::string& key = cursor.key(ref);
    const Attribute value = cursor.attribute(ref);
    const Attribute held = get(before, key);
    if (last_of_key[key] != ref || same(held, value)) {
      remove(ref);
      if (!past && same(get(now, key), value) && !same(held, value)) set(now, key, held);
    } else if (!past) {
      set(now, key, value);
    }
  }
}

}  // namespace

void Engine::insert_text(RunningTransaction& transaction, TypeState& of, std::size_t index,
                         std::string_view text) {
  Spot spot{of.index, kNone, kNone, kNone};
  if (!of.has_formats) {
    spot.left = left_of(transaction, of, std::min<std::uint64_t>(index, of.length));
    spot.right = spot.left == kNone ? of.first : store[spot.left].right;
    while (spot.right != kNone && store[spot.right].deleted) {
      spot.left = spot.right;
      spot.right = store[spot.left].right;
    }
  } else {
    FormatCursor cursor = find_in_formats(*this, transaction, of, index);
    cursor.pass_redundant();
    spot.left = cursor.left;
    spot.right = cursor.right;
  }
  const Ref ref = new_item(spot);
  store.set_string(store[ref], encoding::is_utf8(text) ? text : encoding::to_wtf8(text));
  integrate(transaction, ref);
}

void Engine::remove_with_formats(RunningTransaction& transaction, TypeState& of, std::size_t index,
                                 std::size_t length) {
  FormatCursor cursor = find_in_formats(*this, transaction, of, index);
  const Attributes before = cursor.attributes;
  const Ref start = cursor.right;
  for (std::uint64_t left_over = length; left_over > 0 && cursor.right != kNone; cursor.forward()) {
    const Item& item = store[cursor.right];
    if (!deletable(item)) continue;
    if (left_over < item.length) split(transaction, cursor.right, left_over);
    left_over -= item.length;
    delete_item(transaction, cursor.right);
  }
  if (start == kNone) return;
  clean_gap(store, cursor, start, cursor.right, before, cursor.attributes,
            [&](Ref format) { delete_item(transaction, format); });
}

void Engine::text_insert(TypeState& of, std::size_t index, std::string_view text) {
  if (text.empty()) return;
  change([&](RunningTransaction& transaction) { insert_text(transaction, of, index, text); });
}

void Engine::text_remove(TypeState& of, std::size_t index, std::size_t length) {
  if (length == 0) return;
  change([&](RunningTransaction& transaction) {
    if (of.has_formats) return remove_with_formats(transaction, of, index, length);
    if (index >= of.length) return;
    const Ref left = left_of(transaction, of, index);
    std::uint64_t left_over = length;
    Ref ref = left == kNone ? of.first : store[left].right;
    for (; ref != kNone && left_over > 0; ref = store[ref].right) {
      if (!deletable(store[ref])) continue;
      if (left_over < store[ref].length) split(transaction, ref, left_over);
      left_over -= store[ref].length;
      delete_item(transaction, ref);
    }
  });
}

}  // namespace syncline::crdt
