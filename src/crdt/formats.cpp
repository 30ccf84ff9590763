// Formats: the marks in a list that say which attributes hold from there on.
//
// A mark has a key and a value and no length. Local edits put one where an attribute begins and one
// where it ends; what edits of several people leave over is cleaned up, at once in the gap where
// something was deleted, and after remote changes in a transaction of its own. Which marks are made
// and which go is part of the bytes: the rules are Yjs's.
#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "crdt/engine.hpp"
#include "crdt/format_cursor.hpp"

namespace syncline::crdt {

void Engine::put_format(RunningTransaction& transaction, TypeState& of, FormatCursor& cursor,
                        const std::string& key, const SharedValue& value) {
  const Ref mark = new_item({of.index, kNone, cursor.left, cursor.right});
  store.set_json(store[mark], StructKind::kFormat, key, value);
  integrate(transaction, mark);
  cursor.right = mark;
  cursor.forward();
}

Attributes Engine::open_formats(RunningTransaction& transaction, TypeState& of,
                                FormatCursor& cursor, const Attributes& wanted) {
  Attributes negated;
  for (const auto& [key, value] : wanted.in_object_order()) {
    const SharedValue held = cursor.attributes.get(key);
    if (equal(held, value)) continue;
    negated.set(key, held);
    put_format(transaction, of, cursor, key, value);
  }
  return negated;
}

void Engine::close_formats(RunningTransaction& transaction, TypeState& of, FormatCursor& cursor,
                           Attributes negated) {
  for (; cursor.right != kNone; cursor.forward()) {
    const Item& item = store[cursor.right];
    if (item.deleted) continue;
    if (item.kind != StructKind::kFormat) break;
    const std::string& key = format_key(store, item);
    if (!negated.has(key) || !equal(negated.get(key), format_value(store, item))) break;
    negated.erase(key);
  }
  for (const auto& [key, value] : negated.in_order()) {
    put_format(transaction, of, cursor, key, value);
  }
}

void Engine::clean_gap(RunningTransaction& transaction, Ref start, Ref reached,
                       const Attributes& before, Attributes& now) {
  std::unordered_map<std::string, Ref> last_of_key;
  Ref end = start;
  for (; end != kNone && !store[end].visible(); end = store[end].right) {
    if (is_live_format(store[end])) last_of_key[format_key(store, store[end])] = end;
  }
  bool past = false;
  for (Ref ref = start; ref != end; ref = store[ref].right) {
    past = past || ref == reached;
    if (!is_live_format(store[ref])) continue;
    const std::string& key = format_key(store, store[ref]);
    const SharedValue value = format_value(store, store[ref]);
    const SharedValue held = before.get(key);
    if (last_of_key[key] != ref || same(held, value)) {
      delete_item(transaction, ref);
      if (!past && same(now.get(key), value) && !same(held, value)) now.pass(key, held);
    } else if (!past) {
      now.pass(key, value);
    }
  }
}

void Engine::clean_formats_of(RunningTransaction& transaction, const TypeState& of) {
  Ref start = of.first;
  Attributes before;
  Attributes now;
  for (Ref ref = start; ref != kNone; ref = store[ref].right) {
    const Item& item = store[ref];
    if (item.deleted) continue;
    if (item.kind == StructKind::kFormat) {
      now.pass(format_key(store, item), format_value(store, item));
    } else {
      clean_gap(transaction, start, ref, before, now);
      before = now;
      start = ref;
    }
  }
}

namespace {

/// Deletes, of a gap's formats of one key, all but the last. Gaps that were seen are not walked
/// again: a long deletion is one gap.
template <typename Delete>
void clean_duplicates(const StructStore& store, Ref inside, std::unordered_set<Ref>& seen,
                      const Delete& remove) {
  if (seen.contains(inside)) return;
  Ref ref = inside;
  while (store[ref].right != kNone && !store[store[ref].right].visible()) ref = store[ref].right;
  std::unordered_set<std::string> keys;
  for (; ref != kNone && !store[ref].visible(); ref = store[ref].left) {
    seen.insert(ref);
    if (!is_live_format(store[ref])) continue;
    if (!keys.insert(format_key(store, store[ref])).second) remove(ref);
  }
}

}  // namespace

template <typename Visit>
void Engine::each_struct(RunningTransaction& transaction, ClientIndex of, Clock clock,
                         std::uint64_t length, const Visit& visit) {
  const Clock end = std::min(clock + length, store.client(of).end);
  while (clock < end) {
    const Ref ref = clean_start(transaction, of, clock);
    if (end < store[ref].end()) clean_start(transaction, of, end);
    clock = store[ref].end();
    visit(ref);
  }
}

void Engine::clean_formats(RunningTransaction& transaction) {
  // Where a mark came or went, the whole text is looked at; elsewhere, what was deleted.
  std::vector<TypeIndex> whole;
  std::unordered_set<TypeIndex> in_whole;
  const auto add = [&](TypeIndex index) {
    if (in_whole.insert(index).second) whole.push_back(index);
  };
  // In the order in which the document met the clients: so come the events.
  auto touched = transaction.touched_clients();
  std::sort(touched.begin(), touched.end(),
            [](const auto& a, const auto& b) { return a.client < b.client; });
  for (const auto& one : touched) {
    if (one.after == one.before) continue;
    // The length is Yjs's: as many units as the client has, not as many as are new.
    each_struct(transaction, one.client, one.before, one.after, [&](Ref ref) {
      if (is_live_format(store[ref])) add(store[ref].parent);
    });
  }
  change([&](RunningTransaction& own) {
    std::unordered_set<Ref> seen;
    const auto visit = [&](Ref ref) {
      const Item& item = store[ref];
      if (item.is_gc() || !type(item.parent).formats_known) return;
      if (in_whole.contains(item.parent)) return;
      if (item.kind == StructKind::kFormat) return add(item.parent);
      clean_duplicates(store, ref, seen, [&](Ref mark) { delete_item(own, mark); });
    };
    // Before a deleted mark has its whole text looked at, gaps are: the order shows.
    for (const ClientIndex of : transaction.clients_of_deletions()) {
      for (const auto& range : transaction.deleted_ranges_of(of)) {
        each_struct(transaction, of, range.clock, range.length, visit);
      }
    }
    for (const TypeIndex index : whole) clean_formats_of(own, type(index));
  });
}

}  // namespace syncline::crdt
