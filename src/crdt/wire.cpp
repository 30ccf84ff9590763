// Updates as flat lists of structs, read from both formats.
#include "crdt/wire.hpp"

#include <algorithm>

#include "crdt/update_reader.hpp"
#include "encoding/utf16.hpp"

namespace syncline::crdt::wire {

std::uint64_t decoded_bytes(const Value& value) {
  std::uint64_t bytes = sizeof(Value);
  switch (value.kind()) {
    case Value::Kind::kString:
      return bytes + value.string().size();
    case Value::Kind::kBinary:
      return bytes + value.binary().size();
    case Value::Kind::kArray:
      for (const Value& item : value.items()) bytes += decoded_bytes(item);
      return bytes;
    case Value::Kind::kObject:
      for (const auto& [name, member] : value.members()) {
        bytes += sizeof(std::string) + name.size() + decoded_bytes(member);
      }
      return bytes;
    case Value::Kind::kNull:
    case Value::Kind::kUndefined:
    case Value::Kind::kBool:
    case Value::Kind::kNumber:
    case Value::Kind::kBigInt:
      break;
  }
  return bytes;
}

namespace {

/// Keeps everything.
class Collector {
 public:
  void section(ClientId /*client*/, Clock /*first*/, std::uint64_t expected) {
    std::vector<Struct>& all = update.structs;
    const std::size_t wanted = all.size() + expected;
    if (wanted > all.capacity()) all.reserve(std::max(wanted, 2 * all.capacity()));
  }
  Struct& begin(ID id) {
    Struct& item = update.structs.emplace_back();
    item.id = id;
    return item;
  }
  std::uint64_t text(Struct& item, std::string_view text) {
    item.content.text = text;
    return encoding::utf16_length(text);
  }
  void end(Struct& /*item*/) {}
  void deletes(ClientId client, std::vector<IdSet::Range> ranges) {
    // A client may come in several places.
    auto& all = update.deletes[client];
    all.insert(all.end(), ranges.begin(), ranges.end());
  }

  FlatUpdate update;
};

template <typename Decoder>
Result<FlatUpdate> collect(ByteView bytes, Bounds bounds) {
  Collector collector;
  UpdateReader<Decoder, Collector> reader(bytes, bounds, collector);
  SYNCLINE_TRY(reader.read());
  return std::move(collector.update);
}

}  // namespace

Result<FlatUpdate> read_update(ByteView bytes, UpdateFormat format, Bounds bounds) {
  if (format == UpdateFormat::kV2) return collect<UpdateDecoderV2>(bytes, bounds);
  return collect<UpdateDecoderV1>(bytes, bounds);
}

}  // namespace syncline::crdt::wire
