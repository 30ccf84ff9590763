// SequenceIndex: from a position in a long list to the item there, and back, in O(log n).
//
// A B+tree over the items of one list in list order. Leaves hold up to 64 items with their visible
// lengths, inner nodes the sums of their children; an item knows its leaf. Only lists of some
// length have one, and only once somebody asks for a position (tuning.hpp), so loading a document
// builds none.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "crdt/item.hpp"

namespace syncline::crdt {

class SequenceIndex {
 public:
  /// A visible unit: its item and its offset there.
  struct Place {
    Ref item = kNone;
    std::uint64_t offset = 0;
  };

  /// Indexes the list that begins with `start`. REQUIRES: the pool outlives the index.
  SequenceIndex(Pool<Item>& items, Ref start);

  /// Adds an item right of `left` (kNone: at the front).
  void insert_after(Ref left, Ref item);
  void remove(Ref item);
  /// The visible length of an item has changed to what the item says now.
  void update(Ref item);
  /// The same, taken note of when the index is needed next: what is typed at one place in a row
  /// costs one update. REQUIRES: the item stays in the list until then.
  void update_later(Ref item) {
    if (stale_ != item) settle();
    stale_ = item;
  }

  /// REQUIRES: `position` is less than the sum of visible lengths.
  Place find(std::uint64_t position);
  /// How many visible units are left of an item.
  std::uint64_t position_of(Ref item);

 private:
  static constexpr std::size_t kLeafItems = 64;
  static constexpr std::size_t kInnerChildren = 32;
  struct Leaf {
    std::uint32_t parent = kNone;
    std::uint32_t count = 0;
    std::array<Ref, kLeafItems> items;
    std::array<std::uint64_t, kLeafItems> visible;
  };
  struct Inner {
    std::uint32_t parent = kNone;
    std::uint32_t count = 0;
    bool above_leaves = false;
    std::array<std::uint32_t, kInnerChildren> children;
    std::array<std::uint64_t, kInnerChildren> sums;
  };

  void settle() {
    if (stale_ != kNone) update(stale_);
  }
  std::uint32_t slot_in_leaf(const Leaf& leaf, Ref item) const;
  std::uint32_t slot_in_inner(const Inner& inner, std::uint32_t child) const;
  /// Adds to the sums above a leaf; wraps for negative changes.
  void add_above(std::uint32_t leaf, std::uint64_t change);
  std::uint32_t split_leaf(std::uint32_t leaf);
  /// Puts a new node right of its sibling, splitting inner nodes upward as needed.
  void insert_node(std::uint32_t left, std::uint32_t right, bool leaves);
  std::uint32_t split_inner(std::uint32_t inner);
  void remove_node(std::uint32_t node, bool leaf);
  std::uint32_t& parent_of(std::uint32_t node, bool leaf);
  std::uint64_t sum_of(std::uint32_t node, bool leaf) const;
  std::uint32_t leftmost_leaf() const;

  Pool<Item>& items_;
  Pool<Leaf, 4> leaves_;
  Pool<Inner, 1> inners_;
  std::uint32_t root_ = kNone;
  bool root_is_leaf_ = true;
  /// The item whose visible length is not taken note of yet.
  Ref stale_ = kNone;
};

}  // namespace syncline::crdt
