// StructStore: every struct of a document, by client and clock, and the arenas their contents live
// in.
//
// Clients are interned to small numbers. Each client has its structs in clock order, without gaps
// from clock 0, in blocks, so that finding is a binary search (and usually the place of the last
// hit), and splitting an item moves one block's numbers only. Each client also has two arenas, one
// of text and one of values, to which content is appended as it is integrated. Clocks come in
// order, so what a client typed in a row lies in a row: joining two items that follow each other
// joins two adjacent slices and moves nothing, and so does splitting.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "crdt/item.hpp"
#include "crdt/tuning.hpp"

namespace syncline::crdt {

/// One client's structs in clock order.
class StructList {
 public:
  /// A place in the list; insertions and erasures invalidate all others.
  struct Position {
    std::uint32_t block = 0;
    std::uint32_t slot = 0;
  };

  explicit StructList(const Pool<Item>& items) : items_(&items) {}

  bool empty() const { return blocks_.empty(); }
  /// The struct that holds `clock`. REQUIRES: one does (below the client's end).
  Position find(Clock clock) const;
  Ref at(Position position) const { return blocks_[position.block].refs[position.slot]; }
  bool is_first(Position position) const { return position.block == 0 && position.slot == 0; }
  /// The next and previous place; next of the last is past the end (is_end).
  Position next(Position position) const;
  Position previous(Position position) const;
  bool is_end(Position position) const { return position.block == blocks_.size(); }
  Position first() const { return {0, 0}; }
  Position last() const;

  /// Adds a struct whose clock is set. REQUIRES: it comes after all others.
  void append(Ref ref) {
    if (blocks_.empty() || blocks_.back().refs.size() == tuning::kStructBlock) {
      blocks_.push_back({clock_of(ref), {}});
    }
    blocks_.back().refs.push_back(ref);
  }
  /// The struct that begins at `from` is about to begin at `to`, between its neighbours still.
  void moved(Clock from, Clock to) {
    Block& block = blocks_[block_of(from)];
    if (block.first == from) block.first = to;
  }
  /// Adds a struct whose clock is set. REQUIRES: not before the first.
  void insert(Ref ref);
  /// Removes an entry; returns the place of the one before it. REQUIRES: not the first.
  Position erase(Position position);
  /// Removes those that `stays(kept before it, it)` is false of, which must not be the first.
  template <typename Stays>
  void keep(const Stays& stays) {
    Ref left = kNone;
    for (Block& block : blocks_) {
      std::size_t kept = 0;
      for (const Ref ref : block.refs) {
        if (left != kNone && !stays(left, ref)) continue;
        if (kept == 0) block.first = clock_of(ref);
        block.refs[kept++] = left = ref;
      }
      block.refs.resize(kept);
    }
    std::erase_if(blocks_, [](const Block& block) { return block.refs.empty(); });
    hint_ = {};
  }

 private:
  struct Block {
    /// The clock of the first struct.
    Clock first = 0;
    std::vector<Ref> refs;
  };

  /// Which block holds `clock`: that of the last hit, or else a search.
  std::size_t block_of(Clock clock) const {
    const std::size_t block = hint_.block;
    if (block < blocks_.size() && blocks_[block].first <= clock &&
        (block + 1 == blocks_.size() || clock < blocks_[block + 1].first)) {
      return block;
    }
    return search_block(clock);
  }
  std::size_t search_block(Clock clock) const;
  Clock clock_of(Ref ref) const { return (*items_)[ref].clock(); }

  const Pool<Item>* items_;
  std::vector<Block> blocks_;
  mutable Position hint_;
};

/// All that one client made.
struct Client {
  Client(ClientId of, const Pool<Item>& items) : id(of), structs(items) {}

  ClientId id;
  Clock end = 0;
  StructList structs;
  std::string text;
  std::vector<Value> values;
  std::size_t text_wasted = 0;
  std::size_t values_wasted = 0;
};

class StructStore {
 public:
  Item& operator[](Ref ref) { return items_[ref]; }
  const Item& operator[](Ref ref) const { return items_[ref]; }
  Pool<Item>& items() { return items_; }
  const Pool<Item>& items() const { return items_; }
  /// As if nothing had ever been here. REQUIRES: nobody has numbers of what is.
  void clear();
  Ref take() { return items_.take(); }
  void release(Ref ref) { items_.release(ref); }

  /// The number of a client, given one if it is new.
  ClientIndex intern(ClientId id) {
    if (last_found_ < clients_.size() && clients_[last_found_].id == id) return last_found_;
    return intern_another(id);
  }
  /// kNone where nothing of the client was ever here.
  ClientIndex index_of(ClientId id) const;
  Client& client(ClientIndex index) { return clients_[index]; }
  const Client& client(ClientIndex index) const { return clients_[index]; }
  /// Every client, by descending id; those without structs included.
  const std::map<ClientId, ClientIndex, std::greater<>>& clients() const { return by_id_; }
  Clock state(ClientId id) const;
  StateVector state_vector() const;

  Ref find(ClientIndex client, Clock clock) const {
    const StructList& structs = clients_[client].structs;
    return structs.at(structs.find(clock));
  }
  Ref find(Unit unit) const { return find(unit.client, unit.clock); }
  ID id_of(Unit unit) const { return {clients_[unit.client].id, unit.clock}; }
  ID id_of(const Item& item) const { return {clients_[item.client()].id, item.clock()}; }
  IdRange range_of(const Item& item) const {
    return {clients_[item.client()].id, item.clock(), item.length()};
  }

  // Contents (content.cpp). An item's kind says which of them it has.
  std::string_view text(const Item& item) const {
    return std::string_view(clients_[item.client()].text).substr(item.content(), item.bytes);
  }
  /// The JSON texts of a kJson item are strings among the values.
  std::span<const Value> values(const Item& item) const {
    return std::span(clients_[item.client()].values).subspan(item.content(), item.length());
  }
  const Content& box(const Item& item) const { return boxes_[static_cast<Ref>(item.content())]; }

  /// Gives an item its content: kind, length, flags and slices. Types are left to the caller.
  /// Copies what it is not given as an rvalue. REQUIRES: `item.client` is set, its clock is the
  /// client's end.
  void set_string(Item& item, std::string_view text);
  void set_values(Item& item, std::span<const Value> values);
  void set_content(Item& item, StructKind kind, std::uint64_t length, Content&& content);
  /// A new embed, or a format of `key`, of a value that may be shared with others.
  void set_json(Item& item, StructKind kind, std::string key, std::shared_ptr<const Value> value);
  /// Cuts units off the end, or the front, of a string. REQUIRES: it is ASCII and longer.
  void cut_back(Item& item, std::uint64_t count);
  void cut_front(Item& item, std::uint64_t count);
  /// Moves the content from `offset` units on to `right`, a copy of `left`'s fields otherwise.
  void split_content(Item& left, Item& right, std::uint64_t offset);
  /// Joins `right`'s content to `left`'s. False: these contents stay apart.
  bool merge_content(Item& left, Item& right);
  /// Lets the content go: the item becomes kDeleted or a GC.
  void drop_content(Item& item, StructKind becomes);
  /// Rewrites the arenas of a client where half of them is unused.
  void compact(ClientIndex client);

 private:
  ClientIndex intern_another(ClientId id);
  void replace_text(Item& item, std::string_view text);
  /// Splits inside the surrogate pair at byte `cut` of `left`'s text.
  void split_pair(Item& left, Item& right, std::size_t cut);

  Pool<Item> items_;
  Pool<Content> boxes_;
  std::vector<Client> clients_;
  // Ordered, not hashed: ids come from the network, and a hash table could be flooded.
  std::map<ClientId, ClientIndex, std::greater<>> by_id_;
  mutable ClientIndex last_found_ = 0;
};

}  // namespace syncline::crdt
