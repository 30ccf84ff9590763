#include "crdt/inspect.hpp"

#include "crdt/engine.hpp"

namespace syncline::crdt {
namespace {

/// The functions here change nothing; the engine's doors are for those who may.
Engine& inside(const Doc& doc) { return engine_of(const_cast<Doc&>(doc)); }

TypeView view_of(const TypeState& type) {
  TypeView view;
  view.kind = type.type_kind;
  if (type.is_root()) {
    view.root = type.name;
  } else {
    view.holder = type.holder_id;
  }
  return view;
}

UnitView view_of(Engine& engine, Ref ref) {
  const Item& item = engine.store[ref];
  UnitView view;
  view.id = engine.store.id_of(item);
  view.length = item.length();
  view.kind = item.kind;
  view.deleted = item.deleted;
  if (item.is_gc()) return view;
  if (item.key() != kNone) view.key = &engine.key_text(item.key());
  view.parent = view_of(engine.type(item.parent));
  if (item.kind == StructKind::kType)
    view.type = engine.type(static_cast<TypeIndex>(item.content())).type_kind;
  return view;
}

const TypeState* find_type(Engine& engine, const TypeView& type) {
  if (!type.holder) return engine.find_root(type.root);
  const ClientIndex owner = engine.store.index_of(type.holder->client);
  if (owner == kNone || type.holder->clock >= engine.store.client(owner).end) return nullptr;
  const Item& holder = engine.store[engine.store.find(owner, type.holder->clock)];
  if (holder.kind != StructKind::kType) return nullptr;
  return &engine.type(static_cast<TypeIndex>(holder.content()));
}

}  // namespace

std::optional<UnitView> unit_at(const Doc& doc, ID id) {
  Engine& engine = inside(doc);
  const ClientIndex owner = engine.store.index_of(id.client);
  if (owner == kNone || id.clock >= engine.store.client(owner).end) return std::nullopt;
  return view_of(engine, engine.store.find(owner, id.clock));
}

std::optional<UnitView> value_at(const Doc& doc, const TypeView& type, std::string_view key) {
  Engine& engine = inside(doc);
  const TypeState* found = find_type(engine, type);
  const KeyIndex index = engine.find_key(key);
  if (found == nullptr || index == kNone) return std::nullopt;
  const Ref ref = found->map.get(index);
  if (ref == kNone) return std::nullopt;
  return view_of(engine, ref);
}

TypeView root_at(const Doc& doc, std::string_view name) {
  const TypeState* found = inside(doc).find_root(name);
  if (found != nullptr) return view_of(*found);
  TypeView view;
  view.root = name;
  return view;
}

Clock clock_of(const Doc& doc, ClientId client) { return inside(doc).store.state(client); }

}  // namespace syncline::crdt
