// Update format v1, struct by struct: what decoding, merging, diffing and pending structs share.
//
// A FlatUpdate is an update in the order of its bytes. `Update` (update.hpp) is the same sorted by
// client for those who judge and integrate; the functions that work without a document (merge,
// diff) need the written order, since Yjs's do.
#pragma once

#include <utility>
#include <vector>

#include "crdt/update.hpp"

namespace syncline::crdt::wire {

/// The bits of a struct's first byte.
inline constexpr std::uint8_t kKindBits = 0x1f;
inline constexpr std::uint8_t kHasKey = 0x20;
inline constexpr std::uint8_t kHasRightOrigin = 0x40;
inline constexpr std::uint8_t kHasOrigin = 0x80;

/// A delete set as written: neither sorted nor merged.
using FlatDeletes = std::vector<std::pair<ClientId, std::vector<IdSet::Range>>>;

struct FlatUpdate {
  std::vector<Struct> structs;
  FlatDeletes deletes;
};

IdSet merged(const FlatDeletes& deletes);

/// Writes a delete set range by range as it was read, clients descending.
void write_deletes_v1(encoding::Writer& writer, const FlatDeletes& deletes);

/// What of an update's structs a document at `since` lacks, in written order, Skips between them
/// included (the structs of Yjs's diffUpdate).
std::vector<Struct> diff_structs(std::vector<Struct> structs, const StateVector& since);

/// Several updates' structs as those of one (the structs of Yjs's mergeUpdates).
std::vector<Struct> merge_structs(std::vector<std::vector<Struct>> updates);

/// Bytes from the world are bounded (tuning.hpp); what the engine wrote itself is not.
enum class Bounds { kWorld, kOwn };

/// Decodes and bounds; see decode_update_v1.
Result<FlatUpdate> read_update_v1(ByteView bytes, Bounds bounds = Bounds::kWorld);

/// Whether an item that inherits its key from its origin says so (info bit 0x20). A document's
/// encoder does; Yjs's doc-less functions lose the bit, since they never learn the key.
enum class KeyBit { kKeep, kLose };

/// Writes the part of a struct from `offset` units on.
void write_struct_v1(encoding::Writer& writer, const Struct& item, std::uint64_t offset,
                     KeyBit key_bit);

/// The content alone, from `offset` units on. REQUIRES: an item.
void write_content_v1(encoding::Writer& writer, StructKind kind, const Content& content,
                      std::uint64_t length, std::uint64_t offset);

/// Removes the first `count` units of a struct, as if it had been made without them: what is left
/// has the unit before it as its origin. REQUIRES: 0 < count < length.
void drop_front(Struct& item, std::uint64_t count);

/// Forgets what bytes would not hold: the parent and key of items that got an origin by drop_front.
/// Where Yjs writes structs and reads them again, this is what happens to them.
void forget_implied(std::vector<Struct>& structs);

/// Structs without deletions, written client by client as they come.
class SectionWriter {
 public:
  explicit SectionWriter(KeyBit key_bit) : key_bit_(key_bit) {}
  void write(const Struct& item, std::uint64_t offset = 0);
  /// The number of sections, then the sections.
  void finish(encoding::Writer& out);

 private:
  struct Section {
    std::uint64_t structs = 0;
    Bytes bytes;
  };
  void flush();

  KeyBit key_bit_;
  encoding::Writer current_;
  std::uint64_t written_ = 0;
  ClientId client_ = 0;
  std::vector<Section> sections_;
};

}  // namespace syncline::crdt::wire
