// Writing structs that are not in a document: updates that were decoded, cut, merged.
#include "base/check.hpp"
#include "crdt/update_codec.hpp"
#include "crdt/wire.hpp"
#include "encoding/utf16.hpp"

namespace syncline::crdt::wire {

template <typename Encoder>
void write_content(Encoder& out, StructKind kind, const Content& content, std::uint64_t length,
                   std::uint64_t offset) {
  switch (kind) {
    case StructKind::kDeleted:
      out.length(length - offset);
      return;
    case StructKind::kJson:
      out.length(length - offset);
      for (std::size_t i = offset; i < content.json.size(); ++i) out.string(content.json[i]);
      return;
    case StructKind::kBinary:
      out.bytes(content.bytes);
      return;
    case StructKind::kString:
      if (offset == 0) {
        out.string(content.text, length);
      } else {
        out.string(encoding::utf16_split(content.text, offset).second, length - offset);
      }
      return;
    case StructKind::kEmbed:
      out.json(content);
      return;
    case StructKind::kFormat:
      out.key(content.text);
      out.json(content);
      return;
    case StructKind::kType:
      out.type_kind(content.type);
      if (content.type == TypeKind::kXmlElement || content.type == TypeKind::kXmlHook) {
        out.key(content.text);
      }
      return;
    case StructKind::kAny:
      out.length(length - offset);
      for (std::size_t i = offset; i < content.values.size(); ++i) out.any(content.values[i]);
      return;
    case StructKind::kDoc:
      out.string(content.text);
      out.any(content.values[0]);
      return;
    case StructKind::kGC:
    case StructKind::kSkip:
      break;
  }
}

namespace {

template <typename Encoder>
void write_parent(Encoder& out, const Struct& item) {
  const auto* root = std::get_if<std::string>(&item.parent);
  out.parent_is_root(root != nullptr);
  if (root != nullptr) {
    out.string(*root);
    return;
  }
  const auto* id = std::get_if<ID>(&item.parent);
  SYNCLINE_CHECK(id != nullptr, "an item without origins has a parent");
  out.left_id(*id);
}

template <typename Encoder>
void write_struct(Encoder& out, const Struct& item, std::uint64_t offset, KeyBit key_bit) {
  if (!item.is_item()) {
    out.info(static_cast<std::uint8_t>(item.kind));
    if (item.kind == StructKind::kSkip) {
      out.rest().var_uint(item.length - offset);
    } else {
      out.length(item.length - offset);
    }
    return;
  }
  std::optional<ID> origin = item.origin;
  if (offset > 0) origin = ID{item.id.client, item.id.clock + offset - 1};
  const bool has_key = key_bit == KeyBit::kKeep ? item.has_key : item.key.has_value();
  auto info = static_cast<std::uint8_t>(item.kind);
  if (origin) info |= kHasOrigin;
  if (item.right_origin) info |= kHasRightOrigin;
  if (has_key) info |= kHasKey;
  out.info(info);
  if (origin) out.left_id(*origin);
  if (item.right_origin) out.right_id(*item.right_origin);
  if (!origin && !item.right_origin) {
    write_parent(out, item);
    if (item.key) out.string(*item.key);
  }
  write_content(out, item.kind, item.content, item.length, offset);
}

}  // namespace

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

template <typename Encoder>
void SectionWriter<Encoder>::write(const Struct& item, std::uint64_t offset) {
  if (sections_.empty() || sections_.back().client != item.id.client) {
    sections_.push_back({item.id.client, 0, out_.rest().size()});
    out_.client(item.id.client);
    out_.rest().var_uint(item.id.clock + offset);
  }
  write_struct(out_, item, offset, key_bit_);
  ++sections_.back().structs;
}

template <typename Encoder>
void SectionWriter<Encoder>::finish_structs() {
  const Bytes written = std::exchange(out_.rest(), {}).take();
  const ByteView bytes(written);
  encoding::Writer& rest = out_.rest();
  rest.var_uint(sections_.size());
  for (std::size_t i = 0; i < sections_.size(); ++i) {
    const std::size_t end = i + 1 < sections_.size() ? sections_[i + 1].begin : written.size();
    rest.var_uint(sections_[i].structs);
    rest.raw(bytes.subspan(sections_[i].begin, end - sections_[i].begin));
  }
}

template <typename Encoder>
Bytes SectionWriter<Encoder>::finish(const DeleteSet::ByClient& deletes) {
  finish_structs();
  out_.deletes(deletes);
  return out_.finish();
}

template void write_content(UpdateEncoderV1&, StructKind, const Content&, std::uint64_t,
                            std::uint64_t);
template void write_content(UpdateEncoderV2&, StructKind, const Content&, std::uint64_t,
                            std::uint64_t);
template class SectionWriter<UpdateEncoderV1>;
template class SectionWriter<UpdateEncoderV2>;

Bytes write_update(UpdateFormat format, const std::vector<Struct>& structs,
                   const DeleteSet::ByClient& deletes) {
  const auto write = [&](auto sections) {
    for (const Struct& item : structs) sections.write(item);
    return sections.finish(deletes);
  };
  if (format == UpdateFormat::kV2) return write(SectionWriter<UpdateEncoderV2>(KeyBit::kLose));
  return write(SectionWriter<UpdateEncoderV1>(KeyBit::kLose));
}

}  // namespace syncline::crdt::wire
