// UpdateReader: an update's bytes, struct by struct, checked.
//
// This is the engine's only gate for bytes from the world: whoever takes what it hands out relies
// on what it checked. Lengths are positive, clocks stay below 2^53, JSON texts parse, and an item
// refers to units of its own client only before itself (Yjs throws in the middle of integrating
// the rest).
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "crdt/tuning.hpp"
#include "crdt/update_codec.hpp"
#include "crdt/wire.hpp"
#include "encoding/json.hpp"

namespace syncline::crdt::wire {

/// A rough size of a decoded value. Depth is bounded by Reader::any.
std::uint64_t decoded_bytes(const Value& value);

/// `Taker` provides, called in written order:
///   void section(ClientId, Clock first, std::uint64_t expected);  // structs: about so many
///   Struct& begin(ID);                       // what is read into: empty but for the id
///   std::uint64_t text(Struct&, std::string_view);  // the text of a string; returns its units
///   void end(Struct&);                       // all of it is there but for such a text
///   void deletes(ClientId, std::vector<IdSet::Range>);  // as written
/// What it was given counts only if read() succeeds.
template <typename Decoder, typename Taker>
class UpdateReader {
 public:
  UpdateReader(ByteView bytes, Bounds bounds, Taker& taker)
      : in_(bytes), taker_(taker), bounded_(bounds == Bounds::kWorld) {}

  Result<void> read() {
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
    return {};
  }

 private:
  bool going() const { return !reader_.failed() && !too_large_; }

  void spend(std::uint64_t bytes) {
    spent_ += bytes;
    if (bounded_ && spent_ > tuning::kDecodedBytesMax) too_large_ = true;
  }

  void read_section() {
    std::uint64_t left = reader_.var_uint();
    // Refused at once: whoever claims more either cannot keep it or means to fill our memory.
    if (!in_.may_hold(left)) return reader_.fail("a section claims more structs than it has bytes");
    if (bounded_ && left > tuning::kStructsMax - structs_) {
      too_large_ = true;
      return;
    }
    const ClientId client = in_.client();
    Clock clock = reader_.var_uint();
    // As far as there are bytes for them: few take less than sixteen.
    if (left > 0) taker_.section(client, clock, std::min<std::uint64_t>(left, reader_.left() / 16));
    structs_ += left;
    for (; left > 0 && going(); --left) {
      Struct& item = taker_.begin({client, clock});
      read_struct(item);
      if (!going()) return;
      if (item.length == 0) return reader_.fail("a struct of length 0");
      if (item.length > encoding::kMaxSafeInteger - clock) {
        return reader_.fail("a struct ends past 2^53");
      }
      clock += item.length;
      spend(tuning::kStructBytes);
      taker_.end(item);
    }
  }

  void read_struct(Struct& item) {
    const std::uint8_t info = in_.info();
    const std::uint8_t kind = info & kKindBits;
    if (kind > static_cast<std::uint8_t>(StructKind::kSkip)) {
      return reader_.fail("an unknown kind of struct");
    }
    item.kind = static_cast<StructKind>(kind);
    if (!item.is_item()) {
      // A Skip's length is among the rest, also where lengths have a column.
      item.length = item.kind == StructKind::kSkip ? reader_.var_uint() : in_.length();
      return;
    }
    if ((info & kHasOrigin) != 0) item.origin = checked(in_.left_id(), item.id);
    if ((info & kHasRightOrigin) != 0) item.right_origin = checked(in_.right_id(), item.id);
    item.has_key = (info & kHasKey) != 0;
    if ((info & (kHasOrigin | kHasRightOrigin)) == 0) {
      if (in_.parent_is_root()) {
        item.parent = paid(in_.string());
      } else {
        item.parent = checked(in_.left_id(), item.id);
      }
      if (item.has_key) item.key = paid(in_.string());
    }
    read_content(item);
  }

  ID checked(ID id, ID self) {
    if (id.client == self.client && id.clock >= self.clock && !reader_.failed()) {
      reader_.fail("an item that refers to itself or to a later unit of its client");
    }
    return id;
  }

  std::string paid(std::string text) {
    spend(text.size());
    return text;
  }

  /// An element of the kind that older versions of Yjs made.
  std::string read_json() {
    std::string text = paid(in_.string());
    if (reader_.failed() || text == "undefined") return text;
    if (!encoding::parse_json(text).ok()) reader_.fail("a JSON text that does not parse");
    return text;
  }

  /// The decoder keeps keys, to look them up.
  std::string read_key() {
    spend(sizeof(std::string));
    return paid(in_.key());
  }

  /// What an embed or a format says.
  void read_json_value(Content& content) {
    in_.json(content);
    if (content.value) spend(decoded_bytes(*content.value));
    for (const std::string& text : content.json) spend(text.size());
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
        item.length = in_.length();
        return;
      case StructKind::kJson:
        item.length = in_.length();
        for (std::uint64_t left = item.length; left > 0 && going(); --left) {
          content.json.push_back(read_json());
          spend(sizeof(std::string));
        }
        return;
      case StructKind::kBinary: {
        const ByteView bytes = reader_.var_bytes();
        spend(bytes.size());
        content.bytes.assign(bytes.begin(), bytes.end());
        return;
      }
      case StructKind::kString: {
        const std::string_view text = in_.text();
        spend(text.size());
        item.length = taker_.text(item, text);
        return;
      }
      case StructKind::kEmbed:
        return read_json_value(content);
      case StructKind::kFormat:
        content.text = read_key();
        return read_json_value(content);
      case StructKind::kType:
        return read_type(content);
      case StructKind::kAny:
        item.length = in_.length();
        for (std::uint64_t left = item.length; left > 0 && going(); --left) {
          content.values.push_back(read_any());
        }
        return;
      case StructKind::kDoc:
        content.text = paid(in_.string());
        content.values.push_back(read_any());
        return;
      case StructKind::kGC:
      case StructKind::kSkip:
        break;
    }
  }

  void read_type(Content& content) {
    const std::uint64_t kind = in_.type_kind();
    if (kind > static_cast<std::uint64_t>(TypeKind::kXmlText)) {
      return reader_.fail("an unknown kind of shared type");
    }
    content.type = static_cast<TypeKind>(kind);
    if (content.type == TypeKind::kXmlElement || content.type == TypeKind::kXmlHook) {
      content.text = read_key();
    }
  }

  void read_deletes() {
    const ClientId client = reader_.var_uint();
    std::vector<IdSet::Range> ranges;
    Clock end = 0;
    for (std::uint64_t left = reader_.var_uint(); left > 0 && going(); --left) {
      const auto [clock, length] = in_.deleted(end);
      if (clock > encoding::kMaxSafeInteger || length > encoding::kMaxSafeInteger - clock) {
        return reader_.fail("a deleted range ends past 2^53");
      }
      spend(sizeof(IdSet::Range));
      if (length > 0) ranges.push_back({clock, length});
    }
    if (!ranges.empty()) taker_.deletes(client, std::move(ranges));
  }

  Decoder in_;
  /// The decoder's, which also says whether it failed.
  encoding::Reader& reader_ = in_.rest();
  Taker& taker_;
  std::uint64_t structs_ = 0;
  std::uint64_t spent_ = 0;
  bool bounded_ = true;
  bool too_large_ = false;
};

}  // namespace syncline::crdt::wire
