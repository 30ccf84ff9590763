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

/// A unit by its client's number; kNowhere is none.
struct Unit {
  ClientIndex client = kNone;
  Clock clock = 0;

  friend bool operator==(const Unit&, const Unit&) = default;
};
inline constexpr Unit kNowhere{};

/// What an item is made of. Numbers are packed: Item reads them.
class PackedItem {
 public:
  /// String: the bytes of the slice.
  std::uint32_t bytes = 0;
  /// Neighbours in the list, or in the chain of values of one map key.
  Ref left = kNone;
  Ref right = kNone;
  /// kNone: a GC.
  TypeIndex parent = kNone;
  StructKind kind : 4 = StructKind::kGC;
  bool deleted : 1 = false;
  /// Whether its units have a place in the list: not so for formats and what came deleted.
  bool countable : 1 = false;
  /// Not to be collected (an undo step may bring it back).
  bool keep : 1 = false;
  /// String: UTF-16 offsets are byte offsets.
  bool ascii : 1 = false;
  /// Undo brought it back as another item (Engine::redone_of); never joins its neighbours.
  bool redone : 1 = false;

 protected:
  struct Numbers {
    Clock clock = 0;
    std::uint64_t length = 0;
    Unit origin;
    Unit right_origin;
    std::uint64_t content = 0;
    ClientIndex client = 0;
  };
  static constexpr std::uint64_t kMax = 0xffffffff;
  static constexpr std::uint16_t kNoClient = 0xffff;

  bool in_map_ : 1 = false;
  bool boxed_ : 1 = false;
  std::uint16_t client_ = 0;
  std::uint16_t origin_client_ = kNoClient;
  std::uint16_t right_origin_client_ = kNoClient;
  std::uint32_t content_ = 0;
  /// A map's key, or a list's leaf.
  std::uint32_t slot_ = kNone;
  union {
    struct {
      std::uint32_t clock;
      std::uint32_t length;
      std::uint32_t origin;
      std::uint32_t right_origin;
    } narrow;
    Numbers* box;
  } numbers_{};
};

/// 48 bytes. Clocks, lengths and places in arenas are kept in 32 bits and clients in 16; the rare
/// item with a number that does not fit keeps all of them in a box of its own.
class Item : public PackedItem {
 public:
  Item() = default;
  Item(const Item& other) : PackedItem(other) { own_box(); }
  Item& operator=(const Item& other) {
    if (this == &other) return *this;
    if (boxed_) delete numbers_.box;
    PackedItem::operator=(other);
    own_box();
    return *this;
  }
  ~Item() {
    if (boxed_) delete numbers_.box;
  }

  // The units: client, first clock, how many.
  ClientIndex client() const { return boxed_ ? numbers_.box->client : client_; }
  Clock clock() const { return boxed_ ? numbers_.box->clock : numbers_.narrow.clock; }
  std::uint64_t length() const { return boxed_ ? numbers_.box->length : numbers_.narrow.length; }
  Clock end() const { return clock() + length(); }
  Unit first() const { return {client(), clock()}; }
  Unit last() const { return {client(), end() - 1}; }
  void set_id(Unit first) {
    if (boxed_ || !fits(first)) {
      box().client = first.client;
      box().clock = first.clock;
    } else {
      client_ = static_cast<std::uint16_t>(first.client);
      numbers_.narrow.clock = static_cast<std::uint32_t>(first.clock);
    }
  }
  void set_clock(Clock clock) { set_id({client(), clock}); }
  void set_length(std::uint64_t length) {
    if (boxed_ || length > kMax) {
      box().length = length;
    } else {
      numbers_.narrow.length = static_cast<std::uint32_t>(length);
    }
  }

  /// The unit to the left when this was made; kNowhere: the list's start.
  Unit origin() const {
    if (boxed_) return numbers_.box->origin;
    return {widened(origin_client_), numbers_.narrow.origin};
  }
  /// The unit to the right then; kNowhere: the list's end.
  Unit right_origin() const {
    if (boxed_) return numbers_.box->right_origin;
    return {widened(right_origin_client_), numbers_.narrow.right_origin};
  }
  void set_origin(Unit origin) {
    if (boxed_ || !fits(origin)) {
      box().origin = origin;
    } else {
      origin_client_ = static_cast<std::uint16_t>(origin.client);
      numbers_.narrow.origin = static_cast<std::uint32_t>(origin.clock);
    }
  }
  void set_right_origin(Unit origin) {
    if (boxed_ || !fits(origin)) {
      box().right_origin = origin;
    } else {
      right_origin_client_ = static_cast<std::uint16_t>(origin.client);
      numbers_.narrow.right_origin = static_cast<std::uint32_t>(origin.clock);
    }
  }

  /// String, any, JSON: where the slice begins in the client's arena. Type: its TypeIndex. Others:
  /// a box.
  std::uint64_t content() const { return boxed_ ? numbers_.box->content : content_; }
  void set_content(std::uint64_t content) {
    if (boxed_ || content > kMax) {
      box().content = content;
    } else {
      content_ = static_cast<std::uint32_t>(content);
    }
  }

  /// kNone: in the list. REQUIRES, to set: in no leaf.
  KeyIndex key() const { return in_map_ ? slot_ : kNone; }
  void set_key(KeyIndex key) {
    in_map_ = key != kNone;
    slot_ = key;
  }
  /// The leaf of the parent's SequenceIndex that holds this item. REQUIRES: in the list.
  std::uint32_t leaf() const { return slot_; }
  void set_leaf(std::uint32_t leaf) { slot_ = leaf; }

  bool is_gc() const { return kind == StructKind::kGC; }
  bool visible() const { return countable && !deleted; }
  std::uint64_t visible_length() const { return visible() ? length() : 0; }

 private:
  static ClientIndex widened(std::uint16_t client) { return client == kNoClient ? kNone : client; }
  static bool fits(Unit unit) {
    return (unit.client < kNoClient || unit.client == kNone) && unit.clock <= kMax;
  }
  void own_box() {
    if (boxed_) numbers_.box = new Numbers(*numbers_.box);
  }
  /// The box, made if there is none.
  Numbers& box() {
    if (!boxed_) {
      numbers_.box = new Numbers{clock(), length(), origin(), right_origin(), content(), client()};
      boxed_ = true;
    }
    return *numbers_.box;
  }
};
static_assert(sizeof(Item) == 48);

/// Objects at stable addresses, named by 32-bit numbers; freed slots are used again.
template <typename T, Ref kChunk = 64>
class Pool {
 public:
  T& operator[](Ref ref) { return chunks_[ref / kChunk][ref % kChunk]; }
  const T& operator[](Ref ref) const { return chunks_[ref / kChunk][ref % kChunk]; }
  /// Slots that were ever taken: their numbers are below.
  Ref size() const { return used_; }

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
