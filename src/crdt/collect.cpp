// After a transaction: deleted content is collected and runs are joined.
//
// What is deleted keeps its place in the list, since others may refer to it, but not its content;
// what was inside a deleted type keeps nothing but its ids (a GC). Then neighbours that are one run
// again become one struct. Which pairs are looked at, and when they may join, is part of the
// format: Yjs's bytes depend on it.
#include "crdt/engine.hpp"

namespace syncline::crdt {

namespace {

/// Whether two contents of a kind can become one.
bool joins(StructKind kind) {
  return kind == StructKind::kString || kind == StructKind::kAny || kind == StructKind::kDeleted ||
         kind == StructKind::kJson;
}

}  // namespace

void Engine::collect(RunningTransaction& transaction) {
  for (const auto& range : transaction.deleted_ranges()) {
    const StructList& structs = store.client(range.client).structs;
    for (auto at = structs.find(range.clock); !structs.is_end(at); at = structs.next(at)) {
      const Ref ref = structs.at(at);
      const Item& item = store[ref];
      if (item.clock() >= range.end()) break;
      if (!item.is_gc() && item.deleted && !item.keep) collect_item(ref);
    }
    store.compact(range.client);
  }
}

void Engine::collect_item(Ref top) {
  // Types nest as deep as an update says, hence a stack.
  std::vector<std::pair<Ref, bool>> waiting{{top, false}};
  while (!waiting.empty()) {
    const auto [ref, parent_collected] = waiting.back();
    waiting.pop_back();
    Item& item = store[ref];
    if (item.kind == StructKind::kType) {
      TypeState& gone = type(static_cast<TypeIndex>(item.content()));
      for (Ref child = gone.first; child != kNone; child = store[child].right) {
        waiting.emplace_back(child, true);
      }
      for (const KeyMap::Entry& entry : gone.map.entries()) {
        for (Ref child = entry.item; child != kNone; child = store[child].left) {
          waiting.emplace_back(child, true);
        }
      }
      gone.first = gone.last = gone.holder = kNone;
      gone.length = 0;
      gone.items = 0;
      gone.positions.reset();
      gone.map.clear();
      gone.collected = true;
    }
    if (!parent_collected) {
      if (item.kind != StructKind::kDeleted) store.drop_content(item, StructKind::kDeleted);
      continue;
    }
    store.drop_content(item, StructKind::kGC);
    item.parent = item.left = item.right = kNone;
    item.set_key(kNone);
    item.set_origin(kNowhere);
    item.set_right_origin(kNowhere);
    item.countable = item.keep = false;
    if (item.redone) redone_.erase(ref);
    item.redone = false;
  }
}

bool Engine::one_run(Ref left_ref, Ref right_ref) const {
  const Item& left = store[left_ref];
  const Item& right = store[right_ref];
  if (left.kind != right.kind || left.deleted != right.deleted) return false;
  if (left.is_gc()) return true;
  if (left.redone || right.redone) return false;
  return joins(left.kind) && left.right == right_ref && right.origin() == left.last() &&
         left.right_origin() == right.right_origin();
}

bool Engine::merge_pair(Ref left_ref, Ref right_ref) {
  Item& left = store[left_ref];
  Item& right = store[right_ref];
  if (left.is_gc()) {
    left.set_length(left.length() + right.length());
    store.release(right_ref);
    return true;
  }
  if (!store.merge_content(left, right)) return false;

  TypeState& parent = type(left.parent);
  left.keep = left.keep || right.keep;
  left.right = right.right;
  left.set_length(left.length() + right.length());
  if (left.right != kNone) {
    store[left.right].left = left_ref;
  } else if (left.key() == kNone) {
    parent.last = left_ref;
  }
  if (left.key() == kNone) {
    --parent.items;
    if (parent.positions) {
      parent.positions->remove(right_ref);
      parent.positions->update(left_ref);
    }
  } else if (parent.map.get(right.key()) == right_ref) {
    parent.map.set(right.key(), left_ref);
  }
  store.release(right_ref);
  return true;
}

std::size_t Engine::merge_lefts(StructList& structs, StructList::Position& position) {
  std::size_t pairs = 0;
  while (!structs.is_first(position)) {
    const auto left = structs.previous(position);
    if (!one_run(structs.at(left), structs.at(position))) break;
    position = left;
    ++pairs;
  }
  // Joined from left to right: where contents have to be copied, each is copied once.
  std::size_t merged = 0;
  for (; pairs > 0; --pairs) {
    const auto right = structs.next(position);
    if (merge_pair(structs.at(position), structs.at(right))) {
      position = structs.erase(right);
      ++merged;
    } else {
      position = right;
    }
  }
  return merged;
}

void Engine::merge_all(StructList& structs) {
  structs.keep(
      [&](Ref left, Ref right) { return !one_run(left, right) || !merge_pair(left, right); });
}

void Engine::merge(RunningTransaction& transaction) {
  // Where all of a client is new, one pass over it finds every pair.
  const auto is_new = [&](ClientIndex of) { return transaction.before(of) == 0; };
  // From right to left, so that one pass finds every pair.
  const auto merge_down_to = [&](StructList& structs, StructList::Position at, Clock least) {
    while (!structs.is_first(at)) {
      if (store[structs.at(at)].clock() < least) return;
      merge_lefts(structs, at);
      if (structs.is_first(at)) return;
      at = structs.previous(at);
    }
  };
  const auto& deleted = transaction.deleted_ranges();
  for (std::size_t i = deleted.size(); i > 0; --i) {
    const auto& range = deleted[i - 1];
    if (is_new(range.client)) continue;
    StructList& structs = store.client(range.client).structs;
    auto from = structs.next(structs.find(range.end() - 1));
    if (structs.is_end(from)) from = structs.last();
    merge_down_to(structs, from, range.clock);
  }
  for (const auto& touched : transaction.touched_clients()) {
    if (touched.after == touched.before) continue;
    StructList& structs = store.client(touched.client).structs;
    if (touched.before == 0) {
      merge_all(structs);
      continue;
    }
    const Clock first = store[structs.at(structs.find(touched.before))].clock();
    merge_down_to(structs, structs.last(), first);
  }
  const auto& splits = transaction.splits();
  for (std::size_t i = splits.size(); i > 0; --i) {
    if (is_new(splits[i - 1].client)) continue;
    StructList& structs = store.client(splits[i - 1].client).structs;
    auto at = structs.find(splits[i - 1].clock);
    if (auto next = structs.next(at); !structs.is_end(next)) {
      if (merge_lefts(structs, next) > 1) continue;
      at = structs.find(splits[i - 1].clock);
    }
    if (!structs.is_first(at)) merge_lefts(structs, at);
  }
  for (const auto& split : splits) store.compact(split.client);
}

}  // namespace syncline::crdt
