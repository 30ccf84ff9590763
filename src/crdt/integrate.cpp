// Items into lists: YATA, as Yjs integrates.
//
// An item says which unit was to its left (origin) and to its right (right origin) when it was
// made. If those two are still neighbours, it goes between them. If others were put there
// meanwhile, resolve_conflicts finds the one place that every replica finds, in whatever order the
// items come: items with the same origin stand by ascending client id, each followed by what was
// made to the right of it.
//
// A map entry is the same list, one per key, whose last item is the value; an item that becomes
// last deletes the one before it.
#include <unordered_map>

#include "base/check.hpp"
#include "crdt/engine.hpp"

namespace syncline::crdt {

namespace {

/// The items passed while looking for a place, by their order. Looking back is rare and mostly
/// short, so a table is only made where it is neither.
class Passed {
 public:
  static constexpr std::size_t kNever = ~std::size_t{0};

  void add(Ref item) { order_.push_back(item); }
  std::size_t size() const { return order_.size(); }
  std::size_t find(Ref item) {
    const std::size_t near = order_.size() - std::min<std::size_t>(order_.size(), 32);
    for (std::size_t i = order_.size(); i > near; --i) {
      if (order_[i - 1] == item) return i - 1;
    }
    for (; indexed_ < near; ++indexed_) index_.emplace(order_[indexed_], indexed_);
    const auto found = index_.find(item);
    return found == index_.end() ? kNever : found->second;
  }

 private:
  std::vector<Ref> order_;
  std::unordered_map<Ref, std::size_t> index_;
  std::size_t indexed_ = 0;
};

}  // namespace

Ref Engine::cut_before(RunningTransaction& transaction, Ref ref, Clock clock) {
  const Item& item = store[ref];
  if (item.clock() == clock || item.is_gc()) return ref;
  return split(transaction, ref, clock - item.clock());
}

Ref Engine::cut_behind(RunningTransaction& transaction, Ref ref, Clock clock) {
  const Item& item = store[ref];
  if (item.end() != clock + 1 && !item.is_gc()) {
    split(transaction, ref, clock + 1 - item.clock());
  }
  return ref;
}

Ref Engine::split(RunningTransaction& transaction, Ref left_ref, std::uint64_t offset) {
  restructured(transaction);
  const Ref right_ref = store.take();
  Item& left = store[left_ref];
  Item& right = store[right_ref];
  right = left;
  right.set_id({left.client(), left.clock() + offset});
  right.set_origin({left.client(), right.clock() - 1});
  right.left = left_ref;
  if (right.key() == kNone) right.set_leaf(kNone);
  store.split_content(left, right, offset);
  left.right = right_ref;
  TypeState& parent = type(left.parent);
  if (right.right != kNone) {
    store[right.right].left = right_ref;
  } else if (right.key() != kNone) {
    parent.map.set(right.key(), right_ref);
  } else {
    parent.last = right_ref;
  }
  store.client(left.client()).structs.insert(right_ref);
  if (left.redone) {
    const Unit copy = redone_of(left_ref);
    note_redone(right_ref, {copy.client, copy.clock + offset});
  }
  transaction.add_split(right.client(), right.clock());
  if (left.key() == kNone) {
    ++parent.items;
    if (parent.positions) {
      parent.positions->update(left_ref);
      parent.positions->insert_after(left_ref, right_ref);
    }
  } else {
    // Of a key's values only the last one lives; as elsewhere, where the halves come one by one.
    delete_item(transaction, left_ref);
  }
  return right_ref;
}

Ref Engine::leftmost_of(const TypeState& parent, KeyIndex key) const {
  Ref ref = parent.map.get(key);
  while (ref != kNone && store[ref].left != kNone) ref = store[ref].left;
  return ref;
}

void Engine::resolve_conflicts(Item& item) {
  const bool undisturbed = item.left == kNone
                               ? item.right != kNone && store[item.right].left == kNone
                               : store[item.left].right == item.right;
  if (undisturbed) return;
  const TypeState& parent = type(item.parent);
  Ref left = item.left;
  Ref other_ref = kNone;
  if (left != kNone) {
    other_ref = store[left].right;
  } else {
    other_ref = item.key() != kNone ? leftmost_of(parent, item.key()) : parent.first;
  }
  // Passed since `left` last moved: items that this one conflicts with.
  std::size_t conflicts_from = 0;
  Passed passed;
  const ClientId own = store.client(item.client()).id;
  while (other_ref != kNone && other_ref != item.right) {
    const Item& other = store[other_ref];
    passed.add(other_ref);
    if (other.origin() == item.origin()) {
      if (store.client(other.client()).id < own) {
        left = other_ref;
        conflicts_from = passed.size();
      } else if (other.right_origin() == item.right_origin()) {
        // Both want the very same place; the ids decide, and this one comes first.
        break;
      }
    } else {
      if (other.origin() == kNowhere) break;
      const std::size_t origin = passed.find(store.find(other.origin()));
      if (origin == Passed::kNever) break;
      // Made to the right of an item that was passed for good: it belongs to that item.
      if (origin < conflicts_from) {
        left = other_ref;
        conflicts_from = passed.size();
      }
    }
    other_ref = other.right;
  }
  item.left = left;
}

void Engine::link(RunningTransaction& transaction, Ref ref) {
  Item& item = store[ref];
  TypeState& parent = type(item.parent);
  if (item.left != kNone) {
    item.right = store[item.left].right;
    store[item.left].right = ref;
  } else if (item.key() != kNone) {
    item.right = leftmost_of(parent, item.key());
  } else {
    item.right = parent.first;
    parent.first = ref;
  }
  if (item.right != kNone) {
    store[item.right].left = ref;
  } else if (item.key() != kNone) {
    parent.map.set(item.key(), ref);
    if (item.left != kNone) delete_item(transaction, item.left);
  } else {
    parent.last = ref;
  }
  if (item.key() != kNone) return;
  ++parent.items;
  parent.length += item.visible_length();
  if (parent.positions) parent.positions->insert_after(item.left, ref);
}

void Engine::append_structs(RunningTransaction& transaction, ClientIndex owner_index, Ref first,
                            std::uint32_t count) {
  restructured(transaction);
  Client& owner = store.client(owner_index);
  for (std::size_t i = cleaned_; i < queued_; ++i) queue_[i]->touch(owner_index, owner.end);
  for (Ref ref = first; ref < first + count; ++ref) owner.structs.append(ref);
  owner.end = store[first + count - 1].end();
}

void Engine::place(RunningTransaction& transaction, Ref ref) {
  Item& item = store[ref];
  resolve_conflicts(item);
  link(transaction, ref);
  TypeState& parent = type(item.parent);
  if (item.kind == StructKind::kDeleted) {
    transaction.add_deleted(item.client(), item.clock(), item.length());
    item.deleted = true;
  } else if (item.kind == StructKind::kType) {
    TypeState& held = type(static_cast<TypeIndex>(item.content()));
    held.holder = ref;
    held.holder_id = store.id_of(item);
    held.parent_type = item.parent;
  } else if (item.kind == StructKind::kDoc) {
    add_subdoc(transaction, item);
  } else if (item.kind == StructKind::kFormat) {
    parent.has_formats = parent.formats_known = true;
  }
  note_changed(transaction, parent, item.key());
  if (is_deleted(parent) || (item.key() != kNone && item.right != kNone)) {
    delete_item(transaction, ref);
  }
}

void Engine::integrate_gc(RunningTransaction& transaction, ClientIndex client_index,
                          std::uint64_t length) {
  const Ref ref = store.take();
  Item& item = store[ref];
  item.set_id({client_index, store.client(client_index).end});
  item.set_length(length);
  item.deleted = true;
  append_structs(transaction, client_index, ref, 1);
}

Ref Engine::new_item(const Spot& spot) {
  const ClientIndex own = store.intern(client);
  const Ref ref = store.take();
  Item& item = store[ref];
  item.set_id({own, store.client(own).end});
  item.parent = spot.parent;
  item.set_key(spot.key);
  item.left = spot.left;
  item.right = spot.right;
  if (spot.left != kNone) item.set_origin(store[spot.left].last());
  if (spot.right != kNone) item.set_right_origin(store[spot.right].first());
  return ref;
}

void Engine::note_changed(RunningTransaction& transaction, TypeState& changed, KeyIndex key) {
  if (key == kNone &&
      transaction.list_changed(changed.index, changed.changed_slot, changed.changed_stamp)) {
    return;
  }
  // Types made or deleted in the same transaction have nothing to tell.
  if (!changed.is_root()) {
    if (changed.holder == kNone) return;
    const Item& holder = store[changed.holder];
    if (holder.deleted || transaction.adds(holder)) return;
  }
  auto& entry = transaction.changed(changed.index, changed.changed_slot, changed.changed_stamp);
  if (key == kNone) {
    entry.list = true;
  } else if (entry.keys.empty() || entry.keys.back() != key) {
    entry.keys.push_back(key);
  }
}

void Engine::mark_deleted(RunningTransaction& transaction, Ref ref,
                          std::vector<TypeIndex>& emptied) {
  Item& item = store[ref];
  if (item.deleted) return;
  restructured(transaction);
  TypeState& parent = type(item.parent);
  const bool in_list = item.countable && item.key() == kNone;
  if (in_list) parent.length -= item.length();
  item.deleted = transaction.emptied = true;
  if (in_list && parent.positions) parent.positions->update(ref);
  transaction.add_deleted(item.client(), item.clock(), item.length());
  note_changed(transaction, parent, item.key());
  if (item.kind == StructKind::kDoc) remove_subdoc(transaction, item);
  if (item.kind == StructKind::kType) emptied.push_back(static_cast<TypeIndex>(item.content()));
}

void Engine::delete_item(RunningTransaction& transaction, Ref ref) {
  // What a deleted type holds is deleted too: depth first, the list before the map, since the order
  // in which structs are noted below decides which of them join, and so Yjs's bytes. A stack of our
  // own, since types nest as deep as an update says.
  struct Place {
    TypeIndex type = kNone;
    Ref child = kNone;
    std::size_t entry = 0;
  };
  std::vector<Place> within;
  std::vector<TypeIndex> emptied;
  const auto mark = [&](Ref item) {
    mark_deleted(transaction, item, emptied);
    for (const TypeIndex nested : emptied) within.push_back({nested, type(nested).first});
    emptied.clear();
  };
  const auto visit = [&](Ref child) {
    const Item& item = store[child];
    if (!item.deleted) {
      mark(child);
    } else if (!transaction.adds(item)) {
      // Deleted before: it is not among this transaction's deletions, but will be collected with
      // its parent and may then join its neighbours.
      transaction.add_split(item.client(), item.clock());
    }
  };
  mark(ref);
  while (!within.empty()) {
    Place& place = within.back();
    TypeState& gone = type(place.type);
    if (const Ref child = place.child; child != kNone) {
      place.child = store[child].right;
      visit(child);
    } else if (place.entry < gone.map.entries().size()) {
      visit(gone.map.entries()[place.entry++].item);
    } else {
      transaction.forget_changed(gone.changed_slot, gone.changed_stamp);
      within.pop_back();
    }
  }
}

}  // namespace syncline::crdt
