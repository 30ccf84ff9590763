// Updates in: what can be integrated is, the rest waits.
//
// What waits is kept as one update without document, merged with what waited before, exactly as
// Yjs keeps it, because encode_state_as_update hands it on. It is tried again once a clock that was
// missing has passed.
#include <algorithm>

#include "crdt/engine.hpp"
#include "crdt/loader.hpp"
#include "crdt/schedule.hpp"

namespace syncline::crdt {

namespace {

using StructsByClient = std::map<ClientId, std::vector<Struct>, std::greater<>>;

StructsByClient by_client(std::vector<Struct> structs) {
  StructsByClient result;
  for (Struct& item : structs) result[item.id.client].push_back(std::move(item));
  return result;
}

/// Clocks as they would be, for asking what an update lacks.
class Rehearsal {
 public:
  explicit Rehearsal(const StructStore& store) : store_(store) {}
  Clock state(ClientId client) const {
    const auto found = clocks_.find(client);
    return found != clocks_.end() ? found->second : store_.state(client);
  }
  void apply(const Struct& item, std::uint64_t offset) {
    if (offset < item.length) clocks_[item.id.client] = item.id.clock + item.length;
  }

 private:
  const StructStore& store_;
  std::map<ClientId, Clock> clocks_;
};

}  // namespace

template <typename Body>
Applied Engine::apply_remote(Origin&& origin, Relay relay, const Body& body) {
  Applied result;
  const bool nested = in_transaction();
  transact(std::move(origin), false, [&](RunningTransaction& transaction) {
    transaction.make_remote();
    if (!nested) {
      transaction.applied = &result;
      transaction.relay = relay;
    }
    body(transaction);
  });
  result.pending = has_pending();
  return result;
}

Applied Engine::apply(Update update, Origin origin, Relay relay) {
  return apply_remote(std::move(origin), relay, [&](RunningTransaction& transaction) {
    const auto keystroke = keystroke_of(update);
    if (keystroke && apply_in_place(transaction, *keystroke)) return;
    read_update(transaction, std::move(update));
  });
}

Result<Applied> Engine::apply(ByteView bytes, UpdateFormat format, Origin origin, Relay relay) {
  const auto decode = [&] {
    return format == UpdateFormat::kV1 ? decode_update_v1(bytes) : decode_update_v2(bytes);
  };
  const auto keystroke =
      format == UpdateFormat::kV1 ? read_keystroke(bytes) : std::optional<Keystroke>();
  if (!keystroke) {
    if (store.items().size() == 0 && !has_pending()) {
      Loader loader(*this);
      SYNCLINE_TRY_ASSIGN(whole, loader.read(bytes, format));
      if (whole) {
        return apply_remote(std::move(origin), relay,
                            [&](RunningTransaction& transaction) { loader.link(transaction); });
      }
    }
    SYNCLINE_TRY_ASSIGN(update, decode());
    return apply(std::move(update), std::move(origin), relay);
  }
  Result<void> done;
  Applied applied = apply_remote(std::move(origin), relay, [&](RunningTransaction& transaction) {
    if (apply_in_place(transaction, *keystroke)) return;
    // Its shape has been read; what can still be wrong is its size.
    Result<Update> update = decode();
    if (!update.ok()) {
      done = update.error();
    } else {
      read_update(transaction, std::move(update).value());
    }
  });
  if (!done.ok()) return done.error();
  return applied;
}

void Engine::read_update(RunningTransaction& transaction, Update update) {
  // Naming a root makes it, even if the struct that names it must wait.
  for (const auto& [client_id, structs] : update.structs) {
    for (const Struct& item : structs) {
      if (const auto* name = std::get_if<std::string>(&item.parent)) root(*name);
    }
  }
  PendingStructs waiting = integrate_structs(transaction, update);
  const bool again =
      std::any_of(pending_.missing.begin(), pending_.missing.end(),
                  [&](const auto& entry) { return entry.second < store.state(entry.first); });
  add_pending(std::move(waiting));

  DeleteSet rest = apply_deletes(transaction, update.deletes);
  if (!pending_deletes_.empty()) rest.add(apply_deletes(transaction, pending_deletes_));
  pending_deletes_ = std::move(rest);

  if (!again) return;
  Update retry;
  retry.structs = by_client(std::move(pending_.structs));
  pending_ = {};
  read_update(transaction, std::move(retry));
}

/// The document that a Schedule integrates into.
class Engine::Integration {
 public:
  Integration(Engine& engine, RunningTransaction& transaction)
      : engine_(engine), transaction_(transaction) {}
  Clock state(ClientId id) const { return engine_.store.state(id); }
  void apply(Struct& item, std::uint64_t offset) {
    engine_.integrate_struct(transaction_, item, offset);
  }

 private:
  Engine& engine_;
  RunningTransaction& transaction_;
};

Engine::PendingStructs Engine::integrate_structs(RunningTransaction& transaction, Update& update) {
  Integration document(*this, transaction);
  Schedule schedule(document, update.structs);
  schedule.run();
  PendingStructs waiting;
  schedule.waiting([&](Struct& item) { waiting.structs.push_back(std::move(item)); });
  if (!waiting.structs.empty()) waiting.missing = schedule.missing();
  return waiting;
}

void Engine::add_pending(PendingStructs waiting) {
  if (waiting.structs.empty()) return;
  for (const auto& [client_id, clock] : waiting.missing) {
    const auto [entry, added] = pending_.missing.try_emplace(client_id, clock);
    if (!added) entry->second = std::min(entry->second, clock);
  }
  if (pending_.structs.empty()) {
    pending_.structs = std::move(waiting.structs);
    return;
  }
  std::vector<std::vector<Struct>> both;
  both.push_back(std::move(pending_.structs));
  both.push_back(std::move(waiting.structs));
  pending_.structs = wire::merge_structs(std::move(both));
  wire::forget_implied(pending_.structs);
}

Engine::Resolved Engine::resolve(RunningTransaction& transaction, const Struct& item) {
  if (!item.origin && !item.right_origin) return place_below(item.parent, item.key);
  const auto holder_of = [&](const std::optional<ID>& id) {
    return id ? store.find(store.intern(id->client), id->clock) : kNone;
  };
  return place_between(transaction, holder_of(item.origin), item.origin ? item.origin->clock : 0,
                       holder_of(item.right_origin),
                       item.right_origin ? item.right_origin->clock : 0);
}

Engine::Resolved Engine::place_between(RunningTransaction& transaction, Ref left, Clock origin,
                                       Ref right, Clock right_origin) {
  Resolved result;
  if (left != kNone) result.left = cut_behind(transaction, left, origin);
  // Both may have been in one item.
  if (right != kNone && store[right].end() <= right_origin) {
    right = store.find(store[right].client(), right_origin);
  }
  if (right != kNone) result.right = cut_before(transaction, right, right_origin);
  const auto collected = [&](Ref ref) { return ref != kNone && store[ref].is_gc(); };
  if (collected(result.left) || collected(result.right)) return result;
  // A right origin inside the item that ends with the origin: it was split once more.
  if (left != kNone && store[left].end() != origin + 1) {
    result.left = store.find(store[left].client(), origin);
  }
  const Item& neighbour = store[left != kNone ? result.left : result.right];
  result.parent = neighbour.parent;
  result.key = neighbour.key();
  return result;
}

Engine::Resolved Engine::place_below(const Struct::Parent& parent,
                                     const std::optional<std::string>& key) {
  Resolved result;
  if (const auto* name = std::get_if<std::string>(&parent)) {
    result.parent = root(*name).index;
  } else if (const auto* id = std::get_if<ID>(&parent)) {
    // A parent that was collected, or never was a type, has no place for the item.
    const Item& holder = store[store.find(store.intern(id->client), id->clock)];
    if (holder.kind == StructKind::kType) result.parent = static_cast<TypeIndex>(holder.content());
  }
  if (result.parent != kNone && key) result.key = intern_key(*key);
  return result;
}

void Engine::integrate_struct(RunningTransaction& transaction, Struct& from, std::uint64_t offset) {
  Resolved place;
  // Also for units that are known: Yjs splits at the origins all the same, and what was split is
  // looked at again for merging.
  if (from.is_item()) place = resolve(transaction, from);
  if (offset >= from.length) return;
  const ClientIndex owner = store.intern(from.id.client);
  if (offset > 0) {
    if (from.is_item()) {
      // The part that is known decides where the rest goes, whatever the update says.
      const Clock known_end = from.id.clock + offset;
      place.left = cut_behind(transaction, store.find(owner, known_end - 1), known_end - 1);
      const Item& known = store[place.left];
      if (place.parent != kNone) place.parent = known.parent;
      place.key = known.key();
      wire::drop_front(from, offset);
    } else {
      from.id.clock += offset;
      from.length -= offset;
    }
  }
  if (place.parent == kNone) return integrate_gc(transaction, owner, from.length);

  const Ref ref = store.take();
  Item& item = store[ref];
  item.set_id({owner, from.id.clock});
  item.parent = place.parent;
  item.set_key(place.key);
  item.left = place.left;
  item.right = place.right;
  if (from.origin) {
    item.set_origin({store.intern(from.origin->client), from.origin->clock});
  }
  if (from.right_origin) {
    item.set_right_origin({store.intern(from.right_origin->client), from.right_origin->clock});
  }
  if (from.kind == StructKind::kType) {
    item.set_content(make_type(from.content.type, std::move(from.content.text)).index);
  }
  store.set_content(item, from.kind, from.length, std::move(from.content));
  integrate(transaction, ref);
}

DeleteSet Engine::apply_deletes(RunningTransaction& transaction, const DeleteSet& deletes) {
  DeleteSet rest;
  for (const auto& [client_id, ranges] : deletes.ranges()) {
    const ClientIndex owner = store.index_of(client_id);
    const Clock known = owner == kNone ? 0 : store.client(owner).end;
    for (const IdSet::Range& range : ranges) {
      if (range.clock >= known) {
        rest.add(client_id, range.clock, range.length);
        continue;
      }
      if (known < range.end()) rest.add(client_id, known, range.end() - known);
      delete_range(transaction, owner, range.clock, std::min(range.end(), known));
    }
  }
  return rest;
}

void Engine::delete_range(RunningTransaction& transaction, ClientIndex owner, Clock clock,
                          Clock end) {
  // Deleting may split structs of this client, so places in its list are found anew by clock.
  while (clock < end) {
    Ref ref = store.find(owner, clock);
    if (!store[ref].deleted) {
      if (store[ref].clock() < clock) ref = split(transaction, ref, clock - store[ref].clock());
      if (end < store[ref].end()) split(transaction, ref, end - store[ref].clock());
      delete_item(transaction, ref);
    }
    clock = store[ref].end();
  }
}

StateVector Engine::unmet(const Update& update) const {
  Rehearsal rehearsal(store);
  Schedule schedule(rehearsal, update.structs);
  schedule.run();
  StateVector result;
  for (const auto& [client_id, clock] : schedule.missing()) {
    result.set(client_id, rehearsal.state(client_id));
  }
  for (const auto& [client_id, ranges] : update.deletes.ranges()) {
    const Clock known = rehearsal.state(client_id);
    if (!ranges.empty() && ranges.back().end() > known) result.set(client_id, known);
  }
  return result;
}

}  // namespace syncline::crdt
