// Deleted items brought back, for undo.
//
// Nothing is ever undeleted: deletion wins over everything, in every replica. What undo brings back
// is a copy with new ids at the old place, and the old item remembers where its copy is. The old
// item's neighbours may be gone with their type, which came back as a copy too; then the copy goes
// between the copies of the neighbours. The order and the origins decide the bytes, and are those
// of Yjs.
//
// Where Yjs throws, since a copy was collected meanwhile, the item stays deleted here.
#include "crdt/engine.hpp"

namespace syncline::crdt {

SequenceIndex::Place Engine::follow_redone(Unit unit) const {
  for (;;) {
    const Ref ref = store.find(unit.client, unit.clock);
    const Item& item = store[ref];
    const std::uint64_t offset = unit.clock - item.clock();
    if (!item.redone) return {ref, offset};
    const Unit copy = redone_of(ref);
    unit = {copy.client, copy.clock + offset};
  }
}

void Engine::note_redone(Ref item, Unit copy) {
  store[item].redone = true;
  redone_.insert_or_assign(item, copy);
}

void Engine::keep(Ref ref, bool kept) {
  while (ref != kNone && store[ref].keep != kept) {
    store[ref].keep = kept;
    ref = type(store[ref].parent).holder;
  }
}

bool Engine::redo_item(RunningTransaction& transaction, Ref item, const Redo& redo) {
  if (store[item].redone) {
    // It is back already. Yjs cuts where its copy begins, and what is cut shows in the bytes.
    const Unit copy = redone_of(item);
    clean_start(transaction, copy.client, copy.clock);
    return true;
  }
  // The types that must come back first, the outermost last.
  std::vector<Ref> missing{item};
  for (;;) {
    const Ref holder = type(store[missing.back()].parent).holder;
    if (holder == kNone || !store[holder].deleted || store[holder].redone) break;
    if (!redo.wanted.contains(holder)) return false;
    missing.push_back(holder);
  }
  for (; !missing.empty(); missing.pop_back()) {
    if (copy_redone(transaction, missing.back(), redo) == kNone) return false;
  }
  return true;
}

Ref Engine::copy_redone(RunningTransaction& transaction, Ref ref, const Redo& redo) {
  TypeIndex parent = store[ref].parent;
  Ref holder = type(parent).holder;
  if (holder != kNone && store[holder].deleted) {
    while (store[holder].redone) {
      const Unit copy = redone_of(holder);
      holder = clean_start(transaction, copy.client, copy.clock);
    }
    if (store[holder].kind != StructKind::kType) return kNone;
    parent = static_cast<TypeIndex>(store[holder].content());
  }
  const std::optional<Spot> spot = redo_spot(transaction, ref, parent, redo);
  if (!spot) return kNone;
  const Ref copy = new_item(*spot);
  copy_content(ref, copy);
  note_redone(ref, {store[copy].client(), store[copy].clock()});
  keep(copy, true);
  integrate(transaction, copy);
  return copy;
}

std::optional<Engine::Spot> Engine::redo_spot(RunningTransaction& transaction, Ref ref,
                                              TypeIndex parent, const Redo& redo) {
  const KeyIndex key = store[ref].key();
  Spot spot{parent, key, kNone, kNone};
  if (key == kNone) {
    for (Ref left = store[ref].left; left != kNone && spot.left == kNone; left = store[left].left) {
      spot.left = copied_in(transaction, left, parent);
    }
    for (Ref right = ref; right != kNone && spot.right == kNone; right = store[right].right) {
      spot.right = copied_in(transaction, right, parent);
    }
    return spot;
  }
  if (store[ref].right == kNone || redo.ignore_remote_map_changes) {
    spot.left = type(parent).map.get(key);
    return spot;
  }
  // After later values only if those go, or came from steps of the same stacks.
  spot.left = ref;
  for (;;) {
    const Ref next = store[spot.left].right;
    if (next == kNone) break;
    if (!store[next].redone && !redo.gives_way(store.id_of(store[next]))) return std::nullopt;
    spot.left = next;
    while (store[spot.left].redone) {
      const Unit copy = redone_of(spot.left);
      spot.left = clean_start(transaction, copy.client, copy.clock);
    }
    if (store[spot.left].is_gc()) return std::nullopt;
  }
  // An origin in another type would mislead the others (yjs#757).
  if (store[spot.left].parent != parent) spot.left = type(parent).map.get(key);
  return spot;
}

Ref Engine::copied_in(RunningTransaction& transaction, Ref ref, TypeIndex parent) {
  while (store[ref].parent != parent) {
    if (!store[ref].redone) return kNone;
    const Unit copy = redone_of(ref);
    ref = clean_start(transaction, copy.client, copy.clock);
  }
  return ref;
}

void Engine::copy_content(Ref from_ref, Ref to_ref) {
  const Item& from = store[from_ref];
  Item& to = store[to_ref];
  // The arena that a content is read from may be the one that grows: copies first.
  switch (from.kind) {
    case StructKind::kString:
      return store.set_string(to, std::string(store.text(from)));
    case StructKind::kAny: {
      const auto values = store.values(from);
      return store.set_values(to, std::vector<Value>(values.begin(), values.end()));
    }
    case StructKind::kJson: {
      Content content;
      for (const Value& json : store.values(from)) content.json.push_back(json.string());
      return store.set_content(to, from.kind, from.length(), std::move(content));
    }
    case StructKind::kType: {
      const TypeState& held = type(static_cast<TypeIndex>(from.content()));
      to.set_content(make_type(held.type_kind, held.name).index);
      return store.set_content(to, from.kind, 1, {});
    }
    case StructKind::kBinary:
    case StructKind::kEmbed:
    case StructKind::kFormat:
    case StructKind::kDoc:
      return store.set_content(to, from.kind, from.length(), Content(store.box(from)));
    case StructKind::kDeleted:
    case StructKind::kGC:
    case StructKind::kSkip:
      return store.set_content(to, StructKind::kDeleted, from.length(), {});
  }
}

}  // namespace syncline::crdt
