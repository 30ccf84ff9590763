// The document as updates.
//
// A whole document, and what one transaction did, are written straight from the structs. What
// waits to be integrated is part of the document for others, so it is merged in, by the rules of
// updates without a document. The functions that walk structs are templates over the encoder, so
// that neither format pays for the other.
#include <algorithm>

#include "base/check.hpp"
#include "crdt/engine.hpp"
#include "crdt/update_codec.hpp"
#include "encoding/utf16.hpp"

namespace syncline::crdt {

template <typename Encoder>
void Engine::write_content(Encoder& out, const Item& item, std::uint64_t offset) const {
  switch (item.kind) {
    case StructKind::kString: {
      const std::string_view text = store.text(item);
      if (offset == 0) {
        out.string(text, item.length());
      } else if (item.ascii) {
        out.string(text.substr(offset), item.length() - offset);
      } else {
        out.string(encoding::utf16_split(text, offset).second, item.length() - offset);
      }
      return;
    }
    case StructKind::kAny:
      out.length(item.length() - offset);
      for (const Value& value : store.values(item).subspan(offset)) out.any(value);
      return;
    case StructKind::kJson:
      out.length(item.length() - offset);
      for (const Value& json : store.values(item).subspan(offset)) out.string(json.string());
      return;
    case StructKind::kType: {
      const TypeState& held = type(static_cast<TypeIndex>(item.content()));
      out.type_kind(held.type_kind);
      if (held.type_kind == TypeKind::kXmlElement || held.type_kind == TypeKind::kXmlHook) {
        out.key(held.name);
      }
      return;
    }
    case StructKind::kDeleted:
      out.length(item.length() - offset);
      return;
    case StructKind::kBinary:
    case StructKind::kEmbed:
    case StructKind::kFormat:
    case StructKind::kDoc:
      wire::write_content(out, item.kind, store.box(item), item.length(), offset);
      return;
    case StructKind::kGC:
    case StructKind::kSkip:
      return;
  }
}

template <typename Encoder>
void Engine::write_item(Encoder& out, const Item& item, std::uint64_t offset) const {
  if (item.is_gc()) {
    out.info(0);
    out.length(item.length() - offset);
    return;
  }
  const Unit origin = offset > 0 ? Unit{item.client(), item.clock() + offset - 1} : item.origin();
  const Unit right_origin = item.right_origin();
  const bool has_origin = origin != kNowhere;
  const bool has_right_origin = right_origin != kNowhere;
  auto info = static_cast<std::uint8_t>(item.kind);
  if (has_origin) info |= wire::kHasOrigin;
  if (has_right_origin) info |= wire::kHasRightOrigin;
  if (item.key() != kNone) info |= wire::kHasKey;
  out.info(info);
  if (has_origin) out.left_id(store.id_of(origin));
  if (has_right_origin) out.right_id(store.id_of(right_origin));
  if (!has_origin && !has_right_origin) {
    const TypeState& parent = type(item.parent);
    out.parent_is_root(parent.is_root());
    if (parent.is_root()) {
      out.string(parent.name);
    } else {
      out.left_id(parent.holder_id);
    }
    if (item.key() != kNone) out.string(key_text(item.key()));
  }
  write_content(out, item, offset);
}

template <typename Encoder>
void Engine::write_client(Encoder& out, ClientIndex index, Clock since, Clock until) const {
  const Client& owner = store.client(index);
  const auto first = owner.structs.find(since);
  const auto ends = [&](StructList::Position at) {
    return owner.structs.is_end(at) || store[owner.structs.at(at)].clock() >= until;
  };
  std::uint64_t count = 0;
  for (auto at = first; !ends(at); at = owner.structs.next(at)) ++count;
  out.rest().var_uint(count);
  out.client(owner.id);
  out.rest().var_uint(since);
  std::uint64_t offset = since - store[owner.structs.at(first)].clock();
  for (auto at = first; count > 0; at = owner.structs.next(at), --count) {
    write_item(out, store[owner.structs.at(at)], offset);
    offset = 0;
  }
}

DeleteSet Engine::delete_set() const {
  DeleteSet result;
  for (const auto& [id, index] : store.clients()) {
    const StructList& structs = store.client(index).structs;
    for (auto at = structs.first(); !structs.is_end(at); at = structs.next(at)) {
      const Item& item = store[structs.at(at)];
      if (item.deleted) result.add(id, item.clock(), item.length());
    }
  }
  return result;
}

template <typename Encoder>
Bytes Engine::encode_state_in(const StateVector& since) const {
  Encoder out;
  std::vector<std::pair<ClientIndex, Clock>> wanted;
  for (const auto& [id, index] : store.clients()) {
    const Clock known = since.get(id);
    if (store.client(index).end > known) wanted.emplace_back(index, known);
  }
  out.rest().var_uint(wanted.size());
  for (const auto& [index, known] : wanted) write_client(out, index, known);
  DeleteSet deletes = delete_set();
  if (!has_pending()) {
    out.deletes(deletes.ranges());
    return out.finish();
  }
  out.deletes({});
  auto own = wire::read_update(out.finish(), Encoder::kFormat, wire::Bounds::kOwn);
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
  deletes.add(pending_deletes_);
  return wire::write_update(Encoder::kFormat, wire::merge_structs(std::move(parts)),
                            deletes.ranges());
}

Update Engine::extract(const Snapshot& snapshot) {
  // Format 2, which keeps what embeds and formats say.
  wire::UpdateEncoderV2 out;
  change([&](RunningTransaction& transaction) {
    std::vector<std::pair<ClientIndex, Clock>> wanted;
    for (const auto& [id, clock] : snapshot.state.clocks()) {
      if (clock > 0) wanted.emplace_back(store.index_of(id), clock);
    }
    out.rest().var_uint(wanted.size());
    for (const auto& [index, clock] : wanted) {
      // Joined again at the transaction's end.
      if (clock < store.client(index).end) clean_start(transaction, index, clock);
      write_client(out, index, 0, clock);
    }
  });
  out.deletes(snapshot.deletes.ranges());
  auto flat = wire::read_update(out.finish(), UpdateFormat::kV2, wire::Bounds::kOwn);
  SYNCLINE_CHECK(flat.ok(), "what the engine writes can be read");
  return wire::by_client(std::move(*flat));
}

Bytes Engine::encode_state(const StateVector& since, UpdateFormat format) const {
  if (format == UpdateFormat::kV2) return encode_state_in<wire::UpdateEncoderV2>(since);
  return encode_state_in<wire::UpdateEncoderV1>(since);
}

template <typename Encoder>
Bytes Engine::encode_transaction_in(const RunningTransaction& transaction) const {
  Encoder out;
  const auto& clients = transaction.touched_clients();
  const auto advanced = [&](const RunningTransaction::Touched& it) {
    return store.client(it.client).end > it.before;
  };
  if (clients.size() <= 1) {
    const bool any = !clients.empty() && advanced(clients[0]);
    out.rest().var_uint(any ? 1 : 0);
    if (any) write_client(out, clients[0].client, clients[0].before);
  } else {
    // By descending client id.
    std::vector<std::pair<ClientId, RunningTransaction::Touched>> touched;
    for (const auto& it : clients) {
      if (advanced(it)) touched.emplace_back(store.client(it.client).id, it);
    }
    std::sort(touched.begin(), touched.end(),
              [](const auto& a, const auto& b) { return a.first > b.first; });
    out.rest().var_uint(touched.size());
    for (const auto& [id, it] : touched) write_client(out, it.client, it.before);
  }
  if (transaction.deleted_ranges().empty()) {
    out.deletes({});
  } else {
    out.deletes(transaction.deletes().ranges());
  }
  return out.finish();
}

Bytes Engine::encode_in_place(const RunningTransaction& transaction) const {
  const auto& clients = transaction.touched_clients();
  const auto& deleted = transaction.deleted_ranges();
  const auto client_of = [](const auto& it) { return it.client; };
  const bool one_client =
      clients.size() <= 1 && std::all_of(deleted.begin(), deleted.end(), [&](const auto& range) {
        return range.client == client_of(deleted[0]);
      });
  if (!one_client) return encode_transaction(transaction, UpdateFormat::kV1);

  using encoding::put_var_uint;
  const Item* run = nullptr;
  std::string_view text;
  if (!clients.empty()) {
    run = &store[store.find(clients[0].client, clients[0].before)];
    const std::uint64_t offset = clients[0].before - run->clock();
    // What was typed in place has a run before it, and ends whole characters.
    if (offset == 0) return encode_transaction(transaction, UpdateFormat::kV1);
    text = store.text(*run);
    text.remove_prefix(run->ascii ? offset : encoding::utf16_offset(text, offset, nullptr));
  }
  // Ten numbers, and two of each deleted range.
  Bytes update((10 + 2 * deleted.size()) * encoding::kVarUintMax + text.size());
  std::uint8_t* at = update.data();
  *at++ = run != nullptr ? 1 : 0;
  if (run != nullptr) {
    const ClientId id = store.client(run->client()).id;
    *at++ = 1;
    at = put_var_uint(at, id);
    at = put_var_uint(at, clients[0].before);
    const Unit right_origin = run->right_origin();
    const bool has_right_origin = right_origin != kNowhere;
    *at++ = static_cast<std::uint8_t>(StructKind::kString) | wire::kHasOrigin |
            (has_right_origin ? wire::kHasRightOrigin : 0);
    at = put_var_uint(at, id);
    at = put_var_uint(at, clients[0].before - 1);
    if (has_right_origin) {
      at = put_var_uint(at, store.client(right_origin.client).id);
      at = put_var_uint(at, right_origin.clock);
    }
    at = put_var_uint(at, text.size());
    at = std::copy(text.begin(), text.end(), at);
  }
  *at++ = deleted.empty() ? 0 : 1;
  if (!deleted.empty()) {
    at = put_var_uint(at, store.client(deleted[0].client).id);
    at = put_var_uint(at, deleted.size());
    for (const auto& range : deleted) {
      at = put_var_uint(at, range.clock);
      at = put_var_uint(at, range.length);
    }
  }
  update.resize(static_cast<std::size_t>(at - update.data()));
  return update;
}

Bytes Engine::encode_transaction(const RunningTransaction& transaction, UpdateFormat format) const {
  if (format == UpdateFormat::kV2) return encode_transaction_in<wire::UpdateEncoderV2>(transaction);
  return encode_transaction_in<wire::UpdateEncoderV1>(transaction);
}

}  // namespace syncline::crdt
