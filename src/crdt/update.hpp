// Updates without a document: what an update holds, decoded and bounded, before anybody lets it
// near a document.
//
// A room decodes, judges and only then applies (docs/ARCHITECTURE.md, "validate before apply");
// `Doc::apply` takes the decoded form, so nothing is parsed twice.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "crdt/id.hpp"

namespace syncline::crdt {

/// Kinds of shared types, numbered as Yjs's type refs.
enum class TypeKind : std::uint8_t {
  kArray = 0,
  kMap = 1,
  kText = 2,
  kXmlElement = 3,
  kXmlFragment = 4,
  kXmlHook = 5,
  kXmlText = 6,
  kUntyped = 255,  ///< a root that nobody has opened with a type yet
};

/// Kinds of structs, numbered as Yjs's content refs.
enum class StructKind : std::uint8_t {
  kGC = 0,
  kDeleted = 1,
  kJson = 2,
  kBinary = 3,
  kString = 4,
  kEmbed = 5,
  kFormat = 6,
  kType = 7,
  kAny = 8,
  kDoc = 9,
  kSkip = 10,
};

/// Yjs's two encodings of the same structs: 1 field after field, 2 in columns (smaller, and what
/// Yjs itself keeps; on Yjs's own wire only 1 is sent).
enum class UpdateFormat : std::uint8_t { kV1 = 1, kV2 = 2 };

/// The content of one struct. Which members are used depends on the kind:
/// string: `text` (WTF-8); any: `values`; json: `json` (one JSON text an element, or "undefined");
/// binary: `bytes`; embed: `json[0]`; format: `text` = key, `json[0]` = value; type: `type`, and
/// `text` = name of an XML element or hook; doc: `text` = guid, `values[0]` = options. Embed and
/// format keep the JSON text they came with, so that they are re-emitted byte for byte; `value` is
/// what it says (or what it was made from, where JSON cannot say it): set once the struct was
/// decoded or is in a document. What came in format 2 is a value and has no JSON text.
/// Formats share it where Yjs's share one object, since Yjs tells objects apart.
struct Content {
  std::string text;
  std::vector<Value> values;
  std::vector<std::string> json;
  std::shared_ptr<const Value> value;
  Bytes bytes;
  TypeKind type = TypeKind::kUntyped;
};

/// One struct of an update: an item, or a GC or Skip that only takes up clocks.
struct Struct {
  using Parent = std::variant<std::monostate, std::string,
                              ID>;  ///< unknown (has an origin), root name, item id

  ID id;
  std::uint64_t length = 0;
  StructKind kind = StructKind::kGC;
  std::optional<ID> origin;
  std::optional<ID> right_origin;
  Parent parent;
  std::optional<std::string> key;  ///< parentSub, where the wire carries it (only without origins)
  bool has_key = false;            ///< info bit 0x20: belongs to a map entry
  Content content;

  bool is_item() const { return kind != StructKind::kGC && kind != StructKind::kSkip; }
};

/// A decoded update. Structs of a client are ascending and without gaps (a hole is a Skip).
struct Update {
  std::map<ClientId, std::vector<Struct>, std::greater<>> structs;
  DeleteSet deletes;

  bool empty() const { return structs.empty() && deletes.empty(); }
};

/// Decodes a v1 update completely; kMalformed names the offset, kTooLarge a limit (tuning.hpp).
/// Memory grows with what is decoded, never with a declared count.
Result<Update> decode_update_v1(ByteView bytes);
/// A few bytes of v2 may hold many structs; they count against the limits as they are read.
Result<Update> decode_update_v2(ByteView bytes);
Bytes encode_update_v1(const Update& update);
Bytes encode_update_v2(const Update& update);

/// What an embed or a format says. REQUIRES: the content of one.
Value json_value(const Content& content);

/// One update that holds what all of them hold, without a document (Yjs's mergeUpdates: overlaps
/// are cut, holes become Skips, nothing is collected).
Result<Bytes> merge_updates_v1(std::span<const Bytes> updates);
Result<Bytes> merge_updates_v2(std::span<const Bytes> updates);
/// What of `update` a document at `since` lacks (Yjs's diffUpdate).
Result<Bytes> diff_update_v1(ByteView update, const StateVector& since);
Result<Bytes> diff_update_v2(ByteView update, const StateVector& since);
/// The same update in the other format (Yjs's convertUpdateFormat). What embeds and formats say
/// becomes a value, or JSON text, which cannot say all that a value can.
Result<Bytes> convert_update_v1_to_v2(ByteView update);
Result<Bytes> convert_update_v2_to_v1(ByteView update);
/// For each client of an update the clocks at which its structs begin and end (Yjs's
/// parseUpdateMeta).
struct UpdateMeta {
  StateVector from;
  StateVector to;
};
Result<UpdateMeta> parse_update_meta_v1(ByteView update);
Result<UpdateMeta> parse_update_meta_v2(ByteView update);
/// The update with its texts, values and names replaced by counted ones of the same shape, to show
/// a faulty document to others (Yjs's obfuscateUpdate). Root names stay.
struct Obfuscation {
  bool formatting = true;
  bool subdocs = true;
  bool yxml = true;  ///< names of XML elements and hooks
};
Result<Bytes> obfuscate_update_v1(ByteView update, Obfuscation what = {});
Result<Bytes> obfuscate_update_v2(ByteView update, Obfuscation what = {});
/// Yjs's encodeStateVectorFromUpdate.
StateVector state_vector_of(const Update& update);

}  // namespace syncline::crdt
