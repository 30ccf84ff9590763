// What is left of an update when part of it is refused. Refused units keep their clocks: their
// author's next structs come right after them.
//
// A refused list or text item stays where it is, deleted, so that what was made beside it finds its
// place. A refused map value becomes a GC, since a deleted one would be the key's last value and
// remove the one before it; and then everything that depends on it would be a GC too, and is
// refused with it.
#include <algorithm>

#include "access/touches.hpp"
#include "crdt/inspect.hpp"

namespace syncline::access {
namespace {

using crdt::ID;
using crdt::StructKind;

class Sieve {
 public:
  Sieve(const crdt::Update& update, const Touches& touches, std::vector<bool> refuse,
        const crdt::IdSet& refused_before)
      : update_(update),
        touches_(touches),
        refuse_(std::move(refuse)),
        refused_before_(refused_before),
        fates_(touches.structs.size()) {
    for (std::size_t i = 0; i < touches.structs.size(); ++i)
      by_client_[touches.structs[i].from->id.client].push_back(i);
  }

  Remainder run() {
    // A key that is refused in part is refused whole, which others may depend on in turn.
    while (!sift()) {
    }
    Remainder out;
    out.update = update_;
    for (std::size_t i = 0; i < fates_.size(); ++i)
      if (fates_[i] != Fate::kKept) replace(i, out);
    for (std::size_t i = 0; i < refuse_.size(); ++i) {
      if (!refuse_[i]) continue;
      for (const crdt::IdRange& range : touches_.touches[i].deletes) {
        out.update.deletes.remove(range.client, range.clock, range.length);
        out.cut.add(range.client, range.clock, range.length);
        out.correctable = false;
      }
    }
    out.dependents = dependents_;
    return out;
  }

 private:
  enum class Fate : std::uint8_t { kKept, kDeleted, kCollected };

  std::optional<std::size_t> find(ID unit) const {
    const auto found = by_client_.find(unit.client);
    if (found == by_client_.end()) return std::nullopt;
    const auto after = std::ranges::upper_bound(
        found->second, unit.clock, {}, [this](std::size_t i) { return touches_.structs[i].begin; });
    if (after == found->second.begin()) return std::nullopt;
    return *std::prev(after);
  }

  /// Whether it would be a GC because of something that is refused, now or before.
  bool depends_on_refused(const NewStruct& added) const {
    // A room has something in the place of all that it refused; should it lack that, it still is
    // refused.
    if (!added.gc && added.from->kind != StructKind::kDeleted &&
        !refused_before_
             .intersection({added.from->id.client, added.begin, added.end() - added.begin})
             .empty())
      return true;
    if (added.gc)
      return added.from->is_item() && std::ranges::any_of(added.needs, [this](ID unit) {
               const auto fresh = find(unit);
               return fresh ? fates_[*fresh] != Fate::kKept : refused_before_.contains(unit);
             });
    if (added.holder)
      if (const auto fresh = find(*added.holder); fresh && fates_[*fresh] != Fate::kKept)
        return true;
    return std::ranges::any_of(added.needs, [this](ID unit) {
      const auto fresh = find(unit);
      return fresh && fates_[*fresh] == Fate::kCollected;
    });
  }

  /// Decides about each struct. False: more is refused than before, so decide again.
  bool sift() {
    bool settled = true;
    for (std::size_t i = 0; i < fates_.size(); ++i) {
      const NewStruct& added = touches_.structs[i];
      const bool depends = depends_on_refused(added);
      const bool touched = added.touch != kNoTouch && refuse_[added.touch];
      fates_[i] = depends || (touched && added.in_map) ? Fate::kCollected
                  : touched                            ? Fate::kDeleted
                                                       : Fate::kKept;
      if (!depends || touched) continue;
      dependents_ = true;
      if (added.touch == kNoTouch || !touches_.touches[added.touch].entry) continue;
      refuse_[added.touch] = true;
      settled = false;
    }
    return settled;
  }

  void replace(std::size_t index, Remainder& out) const {
    const NewStruct& added = touches_.structs[index];
    const crdt::ClientId client = added.from->id.client;
    out.refused.add(client, added.begin, added.end() - added.begin);
    const auto place = added.from - update_.structs.at(client).data();
    crdt::Struct& item = out.update.structs.at(client)[static_cast<std::size_t>(place)];
    item.content = {};
    if (fates_[index] == Fate::kDeleted) {
      item.kind = StructKind::kDeleted;
      return;
    }
    item.kind = StructKind::kGC;
    item.origin = item.right_origin = std::nullopt;
    item.parent = {};
    item.key = std::nullopt;
    item.has_key = false;
    // Deleting it there does not undo what it replaced, and what comes next to it is lost, unless
    // all that it stands in goes.
    const auto holder = added.holder ? find(*added.holder) : std::nullopt;
    if (!holder || fates_[*holder] == Fate::kKept) out.correctable = false;
  }

  const crdt::Update& update_;
  const Touches& touches_;
  std::vector<bool> refuse_;
  const crdt::IdSet& refused_before_;
  std::vector<Fate> fates_;
  std::map<crdt::ClientId, std::vector<std::size_t>> by_client_;
  bool dependents_ = false;
};

}  // namespace

Remainder without(const crdt::Update& update, const Touches& touches, std::vector<bool> refuse,
                  const crdt::IdSet& refused_before) {
  return Sieve(update, touches, std::move(refuse), refused_before).run();
}

}  // namespace syncline::access
