// The B+tree of list positions. Nodes that run empty are freed; nodes are not otherwise joined,
// since lists shrink only when neighbours merge.
#include "crdt/sequence_index.hpp"

#include <algorithm>

#include "base/check.hpp"

namespace syncline::crdt {

SequenceIndex::SequenceIndex(Pool<Item>& items, Ref start) : items_(items) {
  root_ = leaves_.take();
  // Appending to the last leaf; split_leaf leaves the left half full enough for a list that is
  // only read, and room for edits elsewhere.
  Ref left = kNone;
  for (Ref item = start; item != kNone; item = items_[item].right) {
    insert_after(left, item);
    left = item;
  }
}

std::uint32_t& SequenceIndex::parent_of(std::uint32_t node, bool leaf) {
  return leaf ? leaves_[node].parent : inners_[node].parent;
}

std::uint64_t SequenceIndex::sum_of(std::uint32_t node, bool leaf) const {
  std::uint64_t sum = 0;
  if (leaf) {
    const Leaf& it = leaves_[node];
    for (std::uint32_t i = 0; i < it.count; ++i) sum += it.visible[i];
  } else {
    const Inner& it = inners_[node];
    for (std::uint32_t i = 0; i < it.count; ++i) sum += it.sums[i];
  }
  return sum;
}

std::uint32_t SequenceIndex::slot_in_leaf(const Leaf& leaf, Ref item) const {
  const auto end = leaf.items.begin() + leaf.count;
  const auto found = std::find(leaf.items.begin(), end, item);
  SYNCLINE_CHECK(found != end, "an item is in the leaf it names");
  return static_cast<std::uint32_t>(found - leaf.items.begin());
}

std::uint32_t SequenceIndex::slot_in_inner(const Inner& inner, std::uint32_t child) const {
  const auto end = inner.children.begin() + inner.count;
  const auto found = std::find(inner.children.begin(), end, child);
  SYNCLINE_CHECK(found != end, "a node is among its parent's children");
  return static_cast<std::uint32_t>(found - inner.children.begin());
}

std::uint32_t SequenceIndex::leftmost_leaf() const {
  std::uint32_t node = root_;
  for (bool leaf = root_is_leaf_; !leaf;) {
    leaf = inners_[node].above_leaves;
    node = inners_[node].children[0];
  }
  return node;
}

void SequenceIndex::add_above(std::uint32_t leaf, std::uint64_t change) {
  std::uint32_t child = leaf;
  for (std::uint32_t node = leaves_[leaf].parent; node != kNone; node = inners_[node].parent) {
    inners_[node].sums[slot_in_inner(inners_[node], child)] += change;
    child = node;
  }
}

void SequenceIndex::insert_after(Ref left, Ref item) {
  settle();
  std::uint32_t leaf = left == kNone ? leftmost_leaf() : items_[left].leaf();
  std::uint32_t slot = left == kNone ? 0 : slot_in_leaf(leaves_[leaf], left) + 1;
  if (leaves_[leaf].count == kLeafItems) {
    const std::uint32_t right = split_leaf(leaf);
    if (slot > leaves_[leaf].count) {
      slot -= leaves_[leaf].count;
      leaf = right;
    }
  }
  Leaf& into = leaves_[leaf];
  std::copy_backward(into.items.begin() + slot, into.items.begin() + into.count,
                     into.items.begin() + into.count + 1);
  std::copy_backward(into.visible.begin() + slot, into.visible.begin() + into.count,
                     into.visible.begin() + into.count + 1);
  const std::uint64_t visible = items_[item].visible_length();
  into.items[slot] = item;
  into.visible[slot] = visible;
  ++into.count;
  items_[item].set_leaf(leaf);
  if (visible != 0) add_above(leaf, visible);
}

std::uint32_t SequenceIndex::split_leaf(std::uint32_t left) {
  const std::uint32_t right = leaves_.take();
  Leaf& from = leaves_[left];
  Leaf& to = leaves_[right];
  const std::uint32_t kept = kLeafItems / 2;
  to.count = from.count - kept;
  std::copy_n(from.items.begin() + kept, to.count, to.items.begin());
  std::copy_n(from.visible.begin() + kept, to.count, to.visible.begin());
  from.count = kept;
  for (std::uint32_t i = 0; i < to.count; ++i) items_[to.items[i]].set_leaf(right);
  insert_node(left, right, true);
  return right;
}

void SequenceIndex::insert_node(std::uint32_t left, std::uint32_t right, bool leaves) {
  std::uint32_t parent = parent_of(left, leaves);
  if (parent == kNone) {
    parent = inners_.take();
    Inner& top = inners_[parent];
    top.above_leaves = leaves;
    top.count = 1;
    top.children[0] = left;
    parent_of(left, leaves) = parent;
    root_ = parent;
    root_is_leaf_ = false;
  } else if (inners_[parent].count == kInnerChildren) {
    split_inner(parent);
    parent = parent_of(left, leaves);
  }
  Inner& into = inners_[parent];
  const std::uint32_t slot = slot_in_inner(into, left) + 1;
  std::copy_backward(into.children.begin() + slot, into.children.begin() + into.count,
                     into.children.begin() + into.count + 1);
  std::copy_backward(into.sums.begin() + slot, into.sums.begin() + into.count,
                     into.sums.begin() + into.count + 1);
  ++into.count;
  into.children[slot] = right;
  into.sums[slot] = sum_of(right, leaves);
  into.sums[slot - 1] = sum_of(left, leaves);
  parent_of(right, leaves) = parent;
}

std::uint32_t SequenceIndex::split_inner(std::uint32_t left) {
  const std::uint32_t right = inners_.take();
  Inner& from = inners_[left];
  Inner& to = inners_[right];
  const std::uint32_t kept = kInnerChildren / 2;
  to.above_leaves = from.above_leaves;
  to.count = from.count - kept;
  std::copy_n(from.children.begin() + kept, to.count, to.children.begin());
  std::copy_n(from.sums.begin() + kept, to.count, to.sums.begin());
  from.count = kept;
  for (std::uint32_t i = 0; i < to.count; ++i) {
    parent_of(to.children[i], to.above_leaves) = right;
  }
  insert_node(left, right, false);
  return right;
}

void SequenceIndex::remove(Ref item) {
  settle();
  const std::uint32_t leaf = items_[item].leaf();
  Leaf& from = leaves_[leaf];
  const std::uint32_t slot = slot_in_leaf(from, item);
  const std::uint64_t visible = from.visible[slot];
  std::copy(from.items.begin() + slot + 1, from.items.begin() + from.count,
            from.items.begin() + slot);
  std::copy(from.visible.begin() + slot + 1, from.visible.begin() + from.count,
            from.visible.begin() + slot);
  --from.count;
  items_[item].set_leaf(kNone);
  if (visible != 0) add_above(leaf, 0 - visible);
  if (from.count == 0) remove_node(leaf, true);
}

void SequenceIndex::remove_node(std::uint32_t node, bool leaf) {
  while (true) {
    const std::uint32_t parent = parent_of(node, leaf);
    if (parent == kNone) {
      // The last node stays as an empty leaf.
      if (!leaf) {
        inners_.release(node);
        root_ = leaves_.take();
        root_is_leaf_ = true;
      }
      return;
    }
    if (leaf) {
      leaves_.release(node);
    } else {
      inners_.release(node);
    }
    Inner& from = inners_[parent];
    const std::uint32_t slot = slot_in_inner(from, node);
    std::copy(from.children.begin() + slot + 1, from.children.begin() + from.count,
              from.children.begin() + slot);
    std::copy(from.sums.begin() + slot + 1, from.sums.begin() + from.count,
              from.sums.begin() + slot);
    --from.count;
    if (from.count > 0) return;
    node = parent;
    leaf = false;
  }
}

void SequenceIndex::update(Ref item) {
  if (item != stale_) settle();
  stale_ = kNone;
  const std::uint32_t leaf = items_[item].leaf();
  Leaf& in = leaves_[leaf];
  std::uint64_t& visible = in.visible[slot_in_leaf(in, item)];
  const std::uint64_t now = items_[item].visible_length();
  const std::uint64_t change = now - visible;
  visible = now;
  if (change != 0) add_above(leaf, change);
}

SequenceIndex::Place SequenceIndex::find(std::uint64_t position) {
  settle();
  std::uint32_t node = root_;
  for (bool leaf = root_is_leaf_; !leaf;) {
    const Inner& inner = inners_[node];
    std::uint32_t child = 0;
    while (child + 1 < inner.count && position >= inner.sums[child]) {
      position -= inner.sums[child++];
    }
    leaf = inner.above_leaves;
    node = inner.children[child];
  }
  const Leaf& leaf = leaves_[node];
  for (std::uint32_t i = 0; i < leaf.count; ++i) {
    if (position < leaf.visible[i]) return {leaf.items[i], position};
    position -= leaf.visible[i];
  }
  SYNCLINE_CHECK(false, "the position is inside the list");
  return {};
}

std::uint64_t SequenceIndex::position_of(Ref item) {
  settle();
  std::uint32_t node = items_[item].leaf();
  const Leaf& leaf = leaves_[node];
  std::uint64_t position = 0;
  for (std::uint32_t i = 0; leaf.items[i] != item; ++i) position += leaf.visible[i];
  for (std::uint32_t parent = leaf.parent; parent != kNone; parent = inners_[parent].parent) {
    const Inner& inner = inners_[parent];
    for (std::uint32_t i = 0; inner.children[i] != node; ++i) position += inner.sums[i];
    node = parent;
  }
  return position;
}

}  // namespace syncline::crdt
