// The document as updates.
//
// A whole document, and what one transaction did, are written straight from the structs. What
// waits to be integrated is part of the document for others, so it is merged in, by the rules of
// updates without a document.
#include <algorithm>

#include "base/check.hpp"
#include "crdt/engine.hpp"
#include "encoding/utf16.hpp"

namespace syncline::crdt {

void Engine::write_content(encoding::Writer& writer, const Item& item, std::uint64_t offset) const {
  switch (item.kind) {
    case StructKind::kString: {
      const std::string_view text = store.text(item);
      if (offset == 0) {
        writer.var_string(text);
      } else if (item.ascii) {
        writer.var_string(text.substr(offset));
      } else {
        writer.var_string(encoding::utf16_split(text, offset).second);
      }
      return;
    }
    case StructKind::kAny:
      writer.var_uint(item.length - offset);
      for (const Value& value : store.values(item).subspan(offset)) writer.any(value);
      return;
    case StructKind::kJson:
      writer.var_uint(item.length - offset);
      for (const Value& json : store.values(item).subspan(offset)) writer.var_string(json.string());
      return;
    case StructKind::kType: {
      const TypeState& held = type(static_cast<TypeIndex>(item.content));
      writer.var_uint(static_cast<std::uint64_t>(held.type_kind));
      if (held.type_kind == TypeKind::kXmlElement || held.type_kind == TypeKind::kXmlHook) {
        writer.var_string(held.name);
      }
      return;
    }
    case StructKind::kDeleted:
      writer.var_uint(item.length - offset);
      return;
    case StructKind::kBinary:
    case StructKind::kEmbed:
    case StructKind::kFormat:
    case StructKind::kDoc:
      wire::write_content_v1(writer, item.kind, store.box(item), item.length, offset);
      return;
    case StructKind::kGC:
    case StructKind::kSkip:
      return;
  }
}

void Engine::write_item(encoding::Writer& writer, const Item& item, std::uint64_t offset) const {
  if (item.is_gc()) {
    writer.u8(0);
    writer.var_uint(item.length - offset);
    return;
  }
  const bool has_origin = offset > 0 || item.origin_client != kNone;
  const bool has_right_origin = item.right_origin_client != kNone;
  auto info = static_cast<std::uint8_t>(item.kind);
  if (has_origin) info |= wire::kHasOrigin;
  if (has_right_origin) info |= wire::kHasRightOrigin;
  if (item.key != kNone) info |= wire::kHasKey;
  writer.u8(info);
  if (has_origin) {
    writer.var_uint(store.client(offset > 0 ? item.client : item.origin_client).id);
    writer.var_uint(offset > 0 ? item.clock + offset - 1 : item.origin_clock);
  }
  if (has_right_origin) {
    writer.var_uint(store.client(item.right_origin_client).id);
    writer.var_uint(item.right_origin_clock);
  }
  if (!has_origin && !has_right_origin) {
    const TypeState& parent = type(item.parent);
    writer.var_uint(parent.is_root() ? 1 : 0);
    if (parent.is_root()) {
      writer.var_string(parent.name);
    } else {
      writer.var_uint(parent.holder_id.client);
      writer.var_uint(parent.holder_id.clock);
    }
    if (item.key != kNone) writer.var_string(key_text(item.key));
  }
  write_content(writer, item, offset);
}

void Engine::write_client(encoding::Writer& writer, ClientIndex index, Clock since) const {
  const Client& owner = store.client(index);
  const auto first = owner.structs.find(since);
  std::uint64_t count = 0;
  for (auto at = first; !owner.structs.is_end(at); at = owner.structs.next(at)) ++count;
  writer.var_uint(count);
  writer.var_uint(owner.id);
  writer.var_uint(since);
  std::uint64_t offset = since - store[owner.structs.at(first)].clock;
  for (auto at = first; !owner.structs.is_end(at); at = owner.structs.next(at)) {
    write_item(writer, store[owner.structs.at(at)], offset);
    offset = 0;
  }
}

DeleteSet Engine::delete_set() const {
  DeleteSet result;
  for (const auto& [id, index] : store.clients()) {
    const StructList& structs = store.client(index).structs;
    for (auto at = structs.first(); !structs.is_end(at); at = structs.next(at)) {
      const Item& item = store[structs.at(at)];
      if (item.deleted) result.add(id, item.clock, item.length);
    }
  }
  return result;
}

Bytes Engine::encode_state(const StateVector& since) const {
  encoding::Writer writer;
  std::vector<std::pair<ClientIndex, Clock>> wanted;
  for (const auto& [id, index] : store.clients()) {
    const Clock known = since.get(id);
    if (store.client(index).end > known) wanted.emplace_back(index, known);
  }
  writer.var_uint(wanted.size());
  for (const auto& [index, known] : wanted) write_client(writer, index, known);
  DeleteSet deletes = delete_set();
  if (!has_pending()) {
    deletes.write_v1(writer);
    return writer.take();
  }
  writer.var_uint(0);
  auto own = wire::read_update_v1(writer.bytes(), wire::Bounds::kOwn);
  SYNCLINE_CHECK(own.ok(), "what the engine writes can be read");
  std::vector<std::vector<Struct>> parts;
  parts.push_back(std::move(own->structs));
  if (!pending_.structs.empty()) {
    // Only what is not here: a struct that waits under an id that is taken may not displace it.
    StateVector known = store.state_vector();
    known.merge(since);
    parts.push_back(wire::diff_structs(pending_.structs, known));
    wire::forget_implied(parts.back());
  }
  encoding::Writer merged;
  wire::SectionWriter sections(wire::KeyBit::kLose);
  for (const Struct& item : wire::merge_structs(std::move(parts))) sections.write(item);
  sections.finish(merged);
  deletes.add(pending_deletes_);
  deletes.write_v1(merged);
  return merged.take();
}

Bytes Engine::encode_transaction(const RunningTransaction& transaction) const {
  encoding::Writer writer;
  // By descending client id; few are touched.
  std::vector<std::pair<ClientId, RunningTransaction::Touched>> touched;
  for (const auto& it : transaction.touched_clients()) {
    if (store.client(it.client).end > it.before) {
      touched.emplace_back(store.client(it.client).id, it);
    }
  }
  std::sort(touched.begin(), touched.end(),
            [](const auto& a, const auto& b) { return a.first > b.first; });
  writer.var_uint(touched.size());
  for (const auto& [id, it] : touched) write_client(writer, it.client, it.before);
  transaction.deletes().write_v1(writer);
  return writer.take();
}

}  // namespace syncline::crdt
