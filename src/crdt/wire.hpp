// Updates struct by struct, in both formats: what decoding, merging, diffing and pending structs
// share. The fields of a struct are update_codec.hpp's business.
//
// A FlatUpdate is an update in the order of its bytes. `Update` (update.hpp) is the same sorted by
// client for those who judge and integrate; the functions that work without a document (merge,
// diff) need the written order, since Yjs's do.
#pragma once

#include <vector>

#include "crdt/update.hpp"

namespace syncline::crdt::wire {

/// The bits of a struct's first byte.
inline constexpr std::uint8_t kKindBits = 0x1f;
inline constexpr std::uint8_t kHasKey = 0x20;
inline constexpr std::uint8_t kHasRightOrigin = 0x40;
inline constexpr std::uint8_t kHasOrigin = 0x80;

struct FlatUpdate {
  std::vector<Struct> structs;
  /// As written: neither sorted nor merged.
  DeleteSet::ByClient deletes;
};

/// What of an update's structs a document at `since` lacks, in written order, Skips between them
/// included (the structs of Yjs's diffUpdate).
std::vector<Struct> diff_structs(std::vector<Struct> structs, const StateVector& since);

/// Several updates' structs as those of one (the structs of Yjs's mergeUpdates).
std::vector<Struct> merge_structs(std::vector<std::vector<Struct>> updates);

/// Bytes from the world are bounded (tuning.hpp); what the engine wrote itself is not.
enum class Bounds { kWorld, kOwn };

/// Decodes and bounds; see decode_update_v1.
Result<FlatUpdate> read_update(ByteView bytes, UpdateFormat format, Bounds bounds = Bounds::kWorld);

/// The update sorted by client. Of a client that was written twice the later section counts, as in
/// Yjs.
Update by_client(FlatUpdate flat);

/// Whether an item that inherits its key from its origin says so (info bit 0x20). A document's
/// encoder does; Yjs's doc-less functions lose the bit, since they never learn the key.
enum class KeyBit { kKeep, kLose };

/// Writes the content alone, from `offset` units on. REQUIRES: an item. `Encoder`: one of
/// update_codec.hpp's.
template <typename Encoder>
void write_content(Encoder& out, StructKind kind, const Content& content, std::uint64_t length,
                   std::uint64_t offset);

/// Removes the first `count` units of a struct, as if it had been made without them: what is left
/// has the unit before it as its origin. REQUIRES: 0 < count < length.
void drop_front(Struct& item, std::uint64_t count);

/// Forgets what bytes would not hold: the parent and key of items that got an origin by drop_front.
/// Where Yjs writes structs and reads them again, this is what happens to them.
void forget_implied(std::vector<Struct>& structs);

/// An update of structs that come client by client, as Yjs's LazyStructWriter makes it: how many
/// there are of each client, which stands before them, is known only at the end.
template <typename Encoder>
class SectionWriter {
 public:
  explicit SectionWriter(KeyBit key_bit) : key_bit_(key_bit) {}
  /// The part of a struct from `offset` units on.
  void write(const Struct& item, std::uint64_t offset = 0);
  Bytes finish(const DeleteSet::ByClient& deletes);

 private:
  struct Section {
    ClientId client = 0;
    std::uint64_t structs = 0;
    std::size_t begin = 0;  ///< in the encoder's rest
  };
  void finish_structs();

  KeyBit key_bit_;
  Encoder out_;
  std::vector<Section> sections_;
};

/// A whole update as Yjs's functions without document write it: with KeyBit::kLose.
Bytes write_update(UpdateFormat format, const std::vector<Struct>& structs,
                   const DeleteSet::ByClient& deletes);

}  // namespace syncline::crdt::wire
