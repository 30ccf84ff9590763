// After a transaction: what observers are told.
//
// A change is told to the type it happened to, and to whoever observes that type or one above it
// deeply. Events are made for observed types only, right before they are told; deleted content is
// still there then, so they can say what was removed.
#include <algorithm>

#include "crdt/delta_builder.hpp"
#include "crdt/engine.hpp"
#include "crdt/tuning.hpp"

namespace syncline::crdt {

namespace {

/// A delta does not say what it keeps at its end.
void drop_last_retains(std::vector<DeltaOp>& delta) {
  while (!delta.empty()) {
    const auto* last = std::get_if<Retain>(&delta.back());
    if (last == nullptr || !last->attributes.is_null()) return;
    delta.pop_back();
  }
}

}  // namespace

bool Engine::anyone_to_tell(const RunningTransaction& transaction) const {
  if (deep_observed || undo_managers > 0) return true;
  // Formats are cleaned up where others changed them.
  const bool cleans = !transaction.local() && options.cleanup;
  const auto& changes = transaction.changes();
  return std::any_of(changes.begin(), changes.end(), [&](const auto& change) {
    if (change.type == kNone) return false;
    const TypeState& changed = type(change.type);
    return !changed.observers.empty() || (cleans && changed.formats_known);
  });
}

void Engine::call_observers(RunningTransaction& transaction) {
  if (!anyone_to_tell(transaction)) return;
  if (transaction.in_place != nullptr) split_in_place(transaction);
  const auto& changes = transaction.changes();
  // Made when first told, told to all: a deep observer hears what the type's own observers did.
  std::vector<std::optional<Event>> made(changes.size());
  const auto event = [&](std::size_t slot) -> const Event& {
    if (!made[slot]) {
      made[slot] = make_event(transaction, type(changes[slot].type), transaction.changes()[slot]);
    }
    return *made[slot];
  };
  // The changes each deep observer's type hears of, types and changes in the order in which they
  // came about.
  std::vector<std::pair<TypeIndex, std::vector<std::size_t>>> deep;
  const auto heard_by = [&](TypeIndex target) -> std::vector<std::size_t>& {
    for (auto& [known, slots] : deep) {
      if (known == target) return slots;
    }
    return deep.emplace_back(target, std::vector<std::size_t>()).second;
  };
  bool clean = false;
  for (std::size_t slot = 0; slot < changes.size(); ++slot) {
    if (changes[slot].type == kNone) continue;
    TypeState& target = type(changes[slot].type);
    if (is_deleted(target)) continue;
    if (undo_managers > 0 && target.type_kind != TypeKind::kUntyped) {
      transaction.told.push_back(target.index);
    }
    const TypeState* at = &target;
    for (int depth = 0; deep_observed && depth <= tuning::kJsonDepthMax;
         ++depth, at = &type(at->parent_type)) {
      if (!at->deep_observers.empty()) heard_by(at->index).push_back(slot);
      if (at->is_root()) break;
    }
    target.observers.each([&](const auto& observer) {
      guarded(observer_error_, [&] { observer(event(slot), transaction); });
    });
    clean = clean || (target.is_text() && target.formats_known);
  }
  transaction.wants_cleanup = clean && !transaction.local() && options.cleanup;
  std::erase_if(deep, [&](const auto& entry) { return is_deleted(type(entry.first)); });
  for (auto& [index, slots] : deep) {
    TypeState& observed = type(index);
    std::vector<Event> events;
    for (const std::size_t slot : slots) {
      TypeState& target = type(changes[slot].type);
      if (is_deleted(target)) continue;
      events.push_back(event(slot));
      events.back().path = path_of(target, &observed);
    }
    std::stable_sort(events.begin(), events.end(),
                     [](const Event& a, const Event& b) { return a.path.size() < b.path.size(); });
    observed.deep_observers.each([&](const auto& observer) {
      guarded(observer_error_, [&] { observer(events, transaction); });
    });
  }
}

Event Engine::make_event(const RunningTransaction& transaction, TypeState& target,
                         RunningTransaction::Changed& changed) {
  Event event;
  event.target = &target;
  event.list_changed = changed.list;
  std::sort(changed.keys.begin(), changed.keys.end());
  changed.keys.erase(std::unique(changed.keys.begin(), changed.keys.end()), changed.keys.end());
  add_keys(transaction, target, changed.keys, event);
  if (!changed.list) {
    if (target.is_text()) pass_empty_transaction();
    return event;
  }
  DeltaBuilder delta(event.delta);
  if (!target.is_text()) {
    add_list_delta(transaction, target, event, delta);
  } else if (target.has_formats && options.cleanup) {
    // Asking Yjs for a text's delta deletes formats that say again what holds.
    change(
        [&](RunningTransaction& own) { add_text_delta(transaction, target, event, delta, &own); });
  } else {
    pass_empty_transaction();
    add_text_delta(transaction, target, event, delta, nullptr);
  }
  drop_last_retains(event.delta);
  return event;
}

void Engine::add_keys(const RunningTransaction& transaction, TypeState& target,
                      std::vector<KeyIndex>& keys, Event& event) const {
  const Lens then{.before = &transaction};
  for (const KeyIndex key : keys) {
    const Item& item = store[target.map.get(key)];
    const bool added = transaction.adds(item);
    const bool deleted = transaction.deletes(item);
    // What held the key before: the last item of the chain that is not new.
    Ref before = target.map.get(key);
    while (before != kNone && transaction.adds(store[before])) before = store[before].left;
    const bool replaced = before != kNone && transaction.deletes(store[before]);
    KeyChange change;
    if (added && !deleted) {
      change.action = replaced ? KeyAction::kUpdate : KeyAction::kAdd;
    } else if (replaced && deleted) {
      change.action = KeyAction::kDelete;
    } else {
      continue;
    }
    if (replaced) {
      const Item& old = store[before];
      change.old_value = element(old, old.length() - 1);
      if (std::holds_alternative<SharedType*>(*change.old_value)) {
        change.old_content = to_json(*change.old_value, then);
      }
    }
    event.keys.emplace(key_text(key), std::move(change));
    event.key_ids.emplace(key_text(key), store.id_of(item));
  }
}

}  // namespace syncline::crdt
