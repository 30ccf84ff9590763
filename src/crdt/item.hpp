// Item: one run of units, the engine's grain.
//
// Everything a document holds is a struct: an item, or a GC that only remembers that units existed.
// Both live in one pool and are addressed by a 32-bit Ref, so a struct costs one slot of fixed size
// and no allocation; what varies in size (text, values, rare contents) lives in the arenas of
// struct_store.hpp. docs/internals-crdt.md tells what the fields mean together.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "crdt/update.hpp"

namespace syncline::crdt {

/// Slot numbers. kNone says "none" for each of them.
using Ref = std::uint32_t;          ///< of an item in the pool
using ClientIndex = std::uint32_t;  ///< of a client in the struct store
using TypeIndex = std::uint32_t;    ///< of a shared type in the engine
using KeyIndex = std::uint32_t;     ///< of an interned map key
inline constexpr std::uint32_t kNone = ~std::uint32_t{0};

struct Item {
  Clock clock = 0;
  std::uint64_t length = 0;
  /// Where the unit to the left was when this was made; origin_client kNone: the list's start.
  Clock origin_clock = 0;
  /// The unit to the right then; right_origin_client kNone: the list's end.
  Clock right_origin_clock = 0;
  /// String, any, JSON: where the slice begins in the client's arena. Type: its TypeIndex. Others:
  /// a box.
  std::uint64_t content = 0;
  /// String: the bytes of the slice.
  std::uint32_t bytes = 0;
  ClientIndex client = 0;
  ClientIndex origin_client = kNone;
  ClientIndex right_origin_client = kNone;
  /// Neighbours in the list, or in the chain of values of one map key.
  Ref left = kNone;
  Ref right = kNone;
  /// kNone: a GC.
  TypeIndex parent = kNone;
  /// kNone: in the list.
  KeyIndex key = kNone;
  /// The leaf of the parent's SequenceIndex that holds this item.
  std::uint32_t leaf = kNone;
  StructKind kind = StructKind::kGC;
  bool deleted : 1 = false;
  /// Whether its units have a place in the list: not so for formats and what came deleted.
  bool countable : 1 = false;
  /// Not to be collected (an undo step may bring it back).
  bool keep : 1 = false;
  /// String: UTF-16 offsets are byte offsets.
  bool ascii : 1 = false;
  /// Undo brought it back as another item (Engine::redone_of); never joins its neighbours.
  bool redone : 1 = false;

  Clock end() const { return clock + length; }
  bool is_gc() const { return kind == StructKind::kGC; }
  bool visible() const { return countable && !deleted; }
  std::uint64_t visible_length() const { return visible() ? length : 0; }
};

/// Objects at stable addresses, named by 32-bit numbers; freed slots are used again.
template <typename T, Ref kChunk = 64>
class Pool {
 public:
  T& operator[](Ref ref) { return chunks_[ref / kChunk][ref % kChunk]; }
  const T& operator[](Ref ref) const { return chunks_[ref / kChunk][ref % kChunk]; }

  /// A slot that holds T{}.
  Ref take() {
    if (!free_.empty()) {
      const Ref ref = free_.back();
      free_.pop_back();
      return ref;
    }
    if (used_ % kChunk == 0) chunks_.push_back(std::make_unique<T[]>(kChunk));
    return used_++;
  }
  void release(Ref ref) {
    (*this)[ref] = T{};
    free_.push_back(ref);
  }

 private:
  std::vector<std::unique_ptr<T[]>> chunks_;
  std::vector<Ref> free_;
  Ref used_ = 0;
};

}  // namespace syncline::crdt
