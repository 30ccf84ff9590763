// Reading and writing the structs of update format v1.
//
// The reader is the engine's only gate for bytes from the world: after it, integration relies on
// what it checked. Lengths are positive, clocks stay below 2^53, JSON texts parse, and an item
// refers to units of its own client only before itself (Yjs throws in the middle of integrating
// the rest).
#include "crdt/wire.hpp"

#include "crdt/tuning.hpp"
#include "encoding/json.hpp"
#include "encoding/utf16.hpp"

namespace syncline::crdt::wire {

namespace {

using encoding::Reader;
using encoding::Writer;

/// A rough size of a decoded value. Depth is bounded by Reader::any.
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

class UpdateReader {
 public:
  UpdateReader(ByteView bytes, Bounds bounds)
      : reader_(bytes), bounded_(bounds == Bounds::kWorld) {}

  Result<FlatUpdate> read() {
    for (std::uint64_t left = reader_.var_uint(); left > 0 && going(); --left) read_section();
    for (std::uint64_t left = going() ? reader_.var_uint() : 0; left > 0 && going(); --left) {
      read_deletes();
    }
    if (too_large_) {
      return Error(Code::kTooLarge,
                   "the update is too large: more than 2^24 structs or 1 GiB "
                   "decoded, at byte " +
                       std::to_string(reader_.position()));
    }
    if (!reader_.failed() && !reader_.at_end()) reader_.fail("bytes after the end of the update");
    if (reader_.failed()) return reader_.error();
    return std::move(update_);
  }

 private:
  bool going() const { return !reader_.failed() && !too_large_; }

  void spend(std::uint64_t bytes) {
    spent_ += bytes;
    if (bounded_ && spent_ > tuning::kDecodedBytesMax) too_large_ = true;
  }

  void read_section() {
    std::uint64_t left = reader_.var_uint();
    const ClientId client = reader_.var_uint();
    Clock clock = reader_.var_uint();
    for (; left > 0 && going(); --left) {
      Struct item;
      item.id = {client, clock};
      read_struct(item);
      if (!going()) return;
      if (item.length == 0) return reader_.fail("a struct of length 0");
      if (item.length > encoding::kMaxSafeInteger - clock) {
        return reader_.fail("a struct ends past 2^53");
      }
      clock += item.length;
      if (bounded_ && update_.structs.size() == tuning::kStructsMax) too_large_ = true;
      spend(tuning::kStructBytes);
      update_.structs.push_back(std::move(item));
    }
  }

  void read_struct(Struct& item) {
    const std::uint8_t info = reader_.u8();
    const std::uint8_t kind = info & kKindBits;
    if (kind > static_cast<std::uint8_t>(StructKind::kSkip)) {
      return reader_.fail("an unknown kind of struct");
    }
    item.kind = static_cast<StructKind>(kind);
    if (!item.is_item()) {
      item.length = reader_.var_uint();
      return;
    }
    if ((info & kHasOrigin) != 0) item.origin = read_id(item.id);
    if ((info & kHasRightOrigin) != 0) item.right_origin = read_id(item.id);
    item.has_key = (info & kHasKey) != 0;
    if ((info & (kHasOrigin | kHasRightOrigin)) == 0) {
      if (reader_.var_uint() == 1) {
        item.parent = read_string();
      } else {
        item.parent = read_id(item.id);
      }
      if (item.has_key) item.key = read_string();
    }
    read_content(item);
  }

  ID read_id(ID self) {
    ID id;
    id.client = reader_.var_uint();
    id.clock = reader_.var_uint();
    if (id.client == self.client && id.clock >= self.clock && !reader_.failed()) {
      reader_.fail("an item that refers to itself or to a later unit of its client");
    }
    return id;
  }

  std::string read_string() {
    const std::string_view text = reader_.var_string();
    spend(text.size());
    return std::string(text);
  }

  std::string read_json(bool undefined_allowed) {
    std::string text = read_string();
    if (reader_.failed() || (undefined_allowed && text == "undefined")) return text;
    if (!encoding::parse_json(text).ok()) reader_.fail("a JSON text that does not parse");
    return text;
  }

  Value read_any() {
    Value value = reader_.any();
    spend(decoded_bytes(value));
    return value;
  }

  void read_content(Struct& item) {
    Content& content = item.content;
    item.length = 1;
    switch (item.kind) {
      case StructKind::kDeleted:
        item.length = reader_.var_uint();
        return;
      case StructKind::kJson:
        item.length = reader_.var_uint();
        for (std::uint64_t left = item.length; left > 0 && going(); --left) {
          content.json.push_back(read_json(true));
          spend(sizeof(std::string));
        }
        return;
      case StructKind::kBinary: {
        const ByteView bytes = reader_.var_bytes();
        spend(bytes.size());
        content.bytes.assign(bytes.begin(), bytes.end());
        return;
      }
      case StructKind::kString:
        content.text = read_string();
        item.length = encoding::utf16_length(content.text);
        return;
      case StructKind::kEmbed:
        content.json.push_back(read_json(false));
        return;
      case StructKind::kFormat:
        content.text = read_string();
        content.json.push_back(read_json(false));
        return;
      case StructKind::kType:
        return read_type(content);
      case StructKind::kAny:
        item.length = reader_.var_uint();
        for (std::uint64_t left = item.length; left > 0 && going(); --left) {
          content.values.push_back(read_any());
        }
        return;
      case StructKind::kDoc:
        content.text = read_string();
        content.values.push_back(read_any());
        return;
      case StructKind::kGC:
      case StructKind::kSkip:
        break;
    }
  }

  void read_type(Content& content) {
    const std::uint64_t kind = reader_.var_uint();
    if (kind > static_cast<std::uint64_t>(TypeKind::kXmlText)) {
      return reader_.fail("an unknown kind of shared type");
    }
    content.type = static_cast<TypeKind>(kind);
    if (content.type == TypeKind::kXmlElement || content.type == TypeKind::kXmlHook) {
      content.text = read_string();
    }
  }

  void read_deletes() {
    const ClientId client = reader_.var_uint();
    std::vector<IdSet::Range> ranges;
    for (std::uint64_t left = reader_.var_uint(); left > 0 && going(); --left) {
      const Clock clock = reader_.var_uint();
      const std::uint64_t length = reader_.var_uint();
      if (length > encoding::kMaxSafeInteger - clock) {
        return reader_.fail("a deleted range ends past 2^53");
      }
      spend(sizeof(IdSet::Range));
      if (length > 0) ranges.push_back({clock, length});
    }
    if (!ranges.empty()) update_.deletes.emplace_back(client, std::move(ranges));
  }

  Reader reader_;
  FlatUpdate update_;
  std::uint64_t spent_ = 0;
  bool bounded_ = true;
  bool too_large_ = false;
};

void write_id(Writer& writer, ID id) {
  writer.var_uint(id.client);
  writer.var_uint(id.clock);
}

void write_parent(Writer& writer, const Struct& item) {
  if (const auto* root = std::get_if<std::string>(&item.parent)) {
    writer.var_uint(1);
    writer.var_string(*root);
  } else {
    const auto* id = std::get_if<ID>(&item.parent);
    SYNCLINE_CHECK(id != nullptr, "an item without origins has a parent");
    writer.var_uint(0);
    write_id(writer, *id);
  }
}

}  // namespace

Result<FlatUpdate> read_update_v1(ByteView bytes, Bounds bounds) {
  return UpdateReader(bytes, bounds).read();
}

void write_content_v1(Writer& writer, StructKind kind, const Content& content, std::uint64_t length,
                      std::uint64_t offset) {
  switch (kind) {
    case StructKind::kDeleted:
      writer.var_uint(length - offset);
      return;
    case StructKind::kJson:
      writer.var_uint(length - offset);
      for (std::size_t i = offset; i < content.json.size(); ++i) writer.var_string(content.json[i]);
      return;
    case StructKind::kBinary:
      writer.var_bytes(content.bytes);
      return;
    case StructKind::kString:
      writer.var_string(offset == 0 ? content.text
                                    : encoding::utf16_split(content.text, offset).second);
      return;
    case StructKind::kEmbed:
      writer.var_string(content.json[0]);
      return;
    case StructKind::kFormat:
      writer.var_string(content.text);
      writer.var_string(content.json[0]);
      return;
    case StructKind::kType:
      writer.var_uint(static_cast<std::uint64_t>(content.type));
      if (content.type == TypeKind::kXmlElement || content.type == TypeKind::kXmlHook) {
        writer.var_string(content.text);
      }
      return;
    case StructKind::kAny:
      writer.var_uint(length - offset);
      for (std::size_t i = offset; i < content.values.size(); ++i) writer.any(content.values[i]);
      return;
    case StructKind::kDoc:
      writer.var_string(content.text);
      writer.any(content.values[0]);
      return;
    case StructKind::kGC:
    case StructKind::kSkip:
      break;
  }
}

void write_struct_v1(Writer& writer, const Struct& item, std::uint64_t offset, KeyBit key_bit) {
  if (!item.is_item()) {
    writer.u8(static_cast<std::uint8_t>(item.kind));
    writer.var_uint(item.length - offset);
    return;
  }
  std::optional<ID> origin = item.origin;
  if (offset > 0) origin = ID{item.id.client, item.id.clock + offset - 1};
  const bool has_key = key_bit == KeyBit::kKeep ? item.has_key : item.key.has_value();
  auto info = static_cast<std::uint8_t>(item.kind);
  if (origin) info |= kHasOrigin;
  if (item.right_origin) info |= kHasRightOrigin;
  if (has_key) info |= kHasKey;
  writer.u8(info);
  if (origin) write_id(writer, *origin);
  if (item.right_origin) write_id(writer, *item.right_origin);
  if (!origin && !item.right_origin) {
    write_parent(writer, item);
    if (item.key) writer.var_string(*item.key);
  }
  write_content_v1(writer, item.kind, item.content, item.length, offset);
}

void drop_front(Struct& item, std::uint64_t count) {
  if (item.is_item()) {
    item.origin = ID{item.id.client, item.id.clock + count - 1};
    Content& content = item.content;
    const auto units = static_cast<std::ptrdiff_t>(count);
    if (item.kind == StructKind::kString) {
      bool inside = false;
      encoding::utf16_offset(content.text, count, &inside);
      content.text = encoding::utf16_split(content.text, count).second;
      // As when a document splits an item: both halves of a pair become U+FFFD.
      if (inside) content.text = "\xEF\xBF\xBD" + encoding::utf16_split(content.text, 1).second;
    } else if (item.kind == StructKind::kAny) {
      content.values.erase(content.values.begin(), content.values.begin() + units);
    } else if (item.kind == StructKind::kJson) {
      content.json.erase(content.json.begin(), content.json.begin() + units);
    }
  }
  item.id.clock += count;
  item.length -= count;
}

void forget_implied(std::vector<Struct>& structs) {
  for (Struct& item : structs) {
    if (!item.origin && !item.right_origin) continue;
    item.parent = std::monostate{};
    item.key.reset();
  }
}

void SectionWriter::write(const Struct& item, std::uint64_t offset) {
  if (written_ > 0 && client_ != item.id.client) flush();
  if (written_ == 0) {
    client_ = item.id.client;
    current_.var_uint(item.id.client);
    current_.var_uint(item.id.clock + offset);
  }
  write_struct_v1(current_, item, offset, key_bit_);
  ++written_;
}

void SectionWriter::flush() {
  if (written_ == 0) return;
  sections_.push_back({written_, current_.take()});
  current_ = {};
  written_ = 0;
}

void SectionWriter::finish(Writer& out) {
  flush();
  out.var_uint(sections_.size());
  for (const Section& section : sections_) {
    out.var_uint(section.structs);
    out.raw(section.bytes);
  }
}

}  // namespace syncline::crdt::wire
