// Loader: a whole state into an empty document, without an update in between.
//
// Structs are read straight into the pool and the arenas where they stay, then linked in the order
// in which a Schedule would have integrated them. As nothing was in the pool before, the structs of
// a client lie there side by side, so an origin is found by a table over clocks instead of a
// search; everything else is what any update goes through. Updates that are not whole (holes,
// Skips, references to what they do not bring) are left to the general way.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "crdt/engine.hpp"

namespace syncline::crdt {

namespace wire {
template <typename Decoder, typename Taker>
class UpdateReader;
}  // namespace wire

class Engine::Loader {
 public:
  /// REQUIRES: nothing is or was in the engine's store.
  explicit Loader(Engine& engine) : engine_(engine), store_(engine.store) {}

  /// True: link() is next. False, or an error (that of decoding): the store is empty again.
  Result<bool> read(ByteView update, UpdateFormat format);
  void link(RunningTransaction& transaction);

 private:
  template <typename Decoder, typename Taker>
  friend class wire::UpdateReader;

  /// One client's structs: `first` is that of the lowest clock, the others follow.
  struct Section {
    ClientId id = 0;
    ClientIndex client = 0;
    Ref first = 0;
    std::uint32_t structs = 0;
    Clock end = 0;
    std::uint32_t rests_from = 0;
    std::uint32_t rests = 0;
    /// While the order is found: how many structs have been taken, and the clock they reach.
    std::uint32_t taken = 0;
    Clock known = 0;
    /// For each stretch of 2^shift clocks, and one more, the struct that holds its first.
    int shift = 0;
    std::vector<Ref> begins;
  };
  /// What an item says that has no field of its own before it is in its list. Until then such an
  /// item's `left` is the number of its Rest.
  struct Rest {
    Struct::Parent parent;
    std::optional<std::string> key;
    TypeKind type = TypeKind::kUntyped;
    std::string name;
  };

  // What UpdateReader calls.
  void section(ClientId of, Clock first, std::uint64_t expected);
  Struct& begin(ID id);
  std::uint64_t text(Struct& item, std::string_view text);
  void end(Struct& item);
  void deletes(ClientId of, std::vector<IdSet::Range> ranges);

  Unit refer(ID id);
  bool is_whole() const;
  bool find_order();
  /// The section of a unit that an item refers to and that is not known yet; nullptr: none.
  Section* needs(const Item& item);
  void make_table(Section& section);
  /// REQUIRES: the unit has been linked.
  Ref find(Unit unit) const;
  bool is_deleted(const Section& section, const IdSet::Range& range) const;
  void link(RunningTransaction& transaction, Ref ref);

  Engine& engine_;
  StructStore& store_;
  bool usual_ = true;
  Struct item_;
  Ref ref_ = kNone;
  /// Where each struct begins, as it was read.
  std::vector<Clock> clocks_;
  /// By descending client once all is read.
  std::vector<Section> sections_;
  std::vector<Rest> rests_;
  DeleteSet::ByClient deletes_;
  /// By client number: the clock that references to it go up to, and its section (kNone: no such).
  std::vector<Clock> referred_;
  std::vector<std::uint32_t> section_of_;
  /// The order of linking; empty: as they lie.
  std::vector<Ref> order_;
};

}  // namespace syncline::crdt
