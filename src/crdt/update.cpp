// Updates as values: decoded, checked, and sorted by client.
#include "crdt/update.hpp"

#include <iterator>

#include "base/check.hpp"
#include "crdt/update_codec.hpp"
#include "crdt/wire.hpp"
#include "encoding/json.hpp"

namespace syncline::crdt {

Update wire::by_client(FlatUpdate flat) {
  Update update;
  std::vector<Struct>& structs = flat.structs;
  const auto follows = [](const Struct& left, const Struct& right) {
    return left.id.client == right.id.client && left.id.clock + left.length == right.id.clock;
  };
  for (auto first = structs.begin(), end = first; first != structs.end(); first = end) {
    do ++end;
    while (end != structs.end() && follows(*std::prev(end), *end));
    std::vector<Struct>& section = update.structs[first->id.client];
    if (first == structs.begin() && end == structs.end()) {
      section = std::move(structs);
      break;
    }
    section.assign(std::move_iterator(first), std::move_iterator(end));
  }
  update.deletes = DeleteSet::of(std::move(flat.deletes));
  return update;
}

namespace {

Result<Update> decode(ByteView bytes, UpdateFormat format) {
  SYNCLINE_TRY_ASSIGN(flat, wire::read_update(bytes, format));
  return wire::by_client(std::move(flat));
}

template <typename Encoder>
Bytes encode(const Update& update) {
  wire::SectionWriter<Encoder> sections(wire::KeyBit::kKeep);
  for (const auto& [client, structs] : update.structs) {
    for (const Struct& item : structs) sections.write(item);
  }
  return sections.finish(update.deletes.ranges());
}

Result<UpdateMeta> parse_meta(ByteView bytes, UpdateFormat format) {
  SYNCLINE_TRY_ASSIGN(flat, wire::read_update(bytes, format));
  UpdateMeta meta;
  const Struct* last = nullptr;
  for (const Struct& item : flat.structs) {
    if (last == nullptr || last->id.client != item.id.client) {
      meta.from.set(item.id.client, item.id.clock);
    }
    meta.to.set(item.id.client, item.id.clock + item.length);
    last = &item;
  }
  return meta;
}

/// Yjs's convertUpdateFormat.
Result<Bytes> convert(ByteView bytes, UpdateFormat from, UpdateFormat to) {
  SYNCLINE_TRY_ASSIGN(flat, wire::read_update(bytes, from));
  return wire::write_update(to, flat.structs, flat.deletes);
}

}  // namespace

Result<Update> decode_update_v1(ByteView bytes) { return decode(bytes, UpdateFormat::kV1); }
Result<Update> decode_update_v2(ByteView bytes) { return decode(bytes, UpdateFormat::kV2); }
Bytes encode_update_v1(const Update& update) { return encode<wire::UpdateEncoderV1>(update); }
Bytes encode_update_v2(const Update& update) { return encode<wire::UpdateEncoderV2>(update); }

Result<UpdateMeta> parse_update_meta_v1(ByteView update) {
  return parse_meta(update, UpdateFormat::kV1);
}

Result<UpdateMeta> parse_update_meta_v2(ByteView update) {
  return parse_meta(update, UpdateFormat::kV2);
}

Result<Bytes> convert_update_v1_to_v2(ByteView update) {
  return convert(update, UpdateFormat::kV1, UpdateFormat::kV2);
}

Result<Bytes> convert_update_v2_to_v1(ByteView update) {
  return convert(update, UpdateFormat::kV2, UpdateFormat::kV1);
}

Value json_value(const Content& content) {
  if (content.value) return *content.value;
  SYNCLINE_CHECK(!content.json.empty(), "an embed or a format says something");
  auto value = encoding::parse_json(content.json[0]);
  return value.ok() ? std::move(value).value() : Value();
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
