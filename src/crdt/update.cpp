// Updates as values: decoded, checked, and sorted by client.
#include "crdt/update.hpp"

#include "crdt/wire.hpp"

namespace syncline::crdt {

Result<Update> decode_update_v1(ByteView bytes) {
  SYNCLINE_TRY_ASSIGN(flat, wire::read_update_v1(bytes));
  Update update;
  ClientId client = 0;
  std::vector<Struct>* section = nullptr;
  for (Struct& item : flat.structs) {
    const bool next = section == nullptr || item.id.client != client ||
                      section->back().id.clock + section->back().length != item.id.clock;
    if (next) {
      client = item.id.client;
      section = &update.structs[client];
      // A client written twice: the later section counts, as in Yjs.
      section->clear();
    }
    section->push_back(std::move(item));
  }
  update.deletes = wire::merged(flat.deletes);
  return update;
}

Bytes encode_update_v1(const Update& update) {
  encoding::Writer writer;
  wire::SectionWriter sections(wire::KeyBit::kKeep);
  for (const auto& [client, structs] : update.structs) {
    for (const Struct& item : structs) sections.write(item);
  }
  sections.finish(writer);
  update.deletes.write_v1(writer);
  return writer.take();
}

StateVector state_vector_of(const Update& update) {
  StateVector result;
  for (const auto& [client, structs] : update.structs) {
    Clock clock = 0;
    for (const Struct& item : structs) {
      if (item.kind == StructKind::kSkip || item.id.clock != clock) break;
      clock += item.length;
    }
    if (clock > 0) result.set(client, clock);
  }
  return result;
}

}  // namespace syncline::crdt
