// Snapshots as bytes, and shared types read at them.
#include "crdt/snapshot.hpp"

#include "base/check.hpp"

#include "crdt/engine.hpp"

namespace syncline::crdt {

namespace {

Result<Snapshot> decode(ByteView bytes, IdSet (*read_deletes)(encoding::Reader&)) {
  encoding::Reader reader(bytes);
  Snapshot result;
  result.deletes = read_deletes(reader);
  if (reader.failed()) return reader.error();
  SYNCLINE_TRY_ASSIGN(state, StateVector::decode(bytes.subspan(reader.position())));
  result.state = std::move(state);
  return result;
}

Result<bool> contains(const Snapshot& snapshot, ByteView bytes, UpdateFormat format) {
  SYNCLINE_TRY_ASSIGN(update, wire::read_update(bytes, format));
  for (const Struct& item : update.structs) {
    if (snapshot.state.get(item.id.client) < item.id.clock + item.length) return false;
  }
  DeleteSet both = snapshot.deletes;
  both.add(DeleteSet::of(std::move(update.deletes)));
  return both == snapshot.deletes;
}

}  // namespace

Bytes encode_snapshot_v1(const Snapshot& snapshot) {
  encoding::Writer writer;
  snapshot.deletes.write_v1(writer);
  writer.raw(snapshot.state.encode());
  return writer.take();
}

Bytes encode_snapshot_v2(const Snapshot& snapshot) {
  encoding::Writer writer;
  snapshot.deletes.write_v2(writer);
  writer.raw(snapshot.state.encode());
  return writer.take();
}

Result<Snapshot> decode_snapshot_v1(ByteView bytes) { return decode(bytes, IdSet::read_v1); }
Result<Snapshot> decode_snapshot_v2(ByteView bytes) { return decode(bytes, IdSet::read_v2); }

Result<bool> snapshot_contains_update_v1(const Snapshot& snapshot, ByteView update) {
  return contains(snapshot, update, UpdateFormat::kV1);
}

Result<bool> snapshot_contains_update_v2(const Snapshot& snapshot, ByteView update) {
  return contains(snapshot, update, UpdateFormat::kV2);
}

Result<void> create_doc_from_snapshot(Doc& from, const Snapshot& snapshot, Doc& into) {
  SYNCLINE_CHECK(!from.options().gc, "only a document that collects nothing shows what it held");
  for (const auto& [client, clock] : snapshot.state.clocks()) {
    if (clock > from.state_vector().get(client)) {
      return Error(Code::kMalformed,
                   "the snapshot is of another document, or of a later moment: it has clock " +
                       std::to_string(clock) + " of client " + std::to_string(client));
    }
  }
  Engine& engine = engine_of(into);
  const ClientId client = engine.client;
  engine.apply(engine_of(from).extract(snapshot), Value("snapshot"), Relay::kNo);
  engine.set_client(client);
  return {};
}

std::vector<Element> list_at(const SharedType& list, const Snapshot& snapshot) {
  const TypeState& state = state_of(list);
  const Engine& engine = state.engine;
  std::vector<Element> result;
  for (Ref ref = state.first; ref != kNone; ref = engine.store[ref].right) {
    const Item& item = engine.store[ref];
    if (item.countable && engine.visible(item, Lens{.at = &snapshot})) {
      engine.elements(item, result);
    }
  }
  return result;
}

std::optional<Element> map_value_at(const SharedType& map, std::string_view key,
                                    const Snapshot& snapshot) {
  const TypeState& state = state_of(map);
  const Engine& engine = state.engine;
  const Ref ref = engine.value_of(state, engine.find_key(key), Lens{.at = &snapshot});
  if (ref == kNone) return std::nullopt;
  const Item& item = engine.store[ref];
  return engine.element(item, item.length() - 1);
}

std::vector<std::pair<std::string, Element>> map_at(const SharedType& map,
                                                    const Snapshot& snapshot) {
  const TypeState& state = state_of(map);
  const Engine& engine = state.engine;
  std::vector<std::pair<std::string, Element>> result;
  for (const KeyMap::Entry& entry : state.map.entries()) {
    const Ref ref = engine.value_of(state, entry.key, Lens{.at = &snapshot});
    if (ref == kNone) continue;
    const Item& item = engine.store[ref];
    result.emplace_back(engine.key_text(entry.key), engine.element(item, item.length() - 1));
  }
  return result;
}

}  // namespace syncline::crdt
