// Tracing: where each struct of an update would stand, in the order in which the engine would
// integrate them, and which nodes that touches.
#include <algorithm>
#include <ranges>
#include <set>
#include <utility>

#include "access/touches.hpp"
#include "access/tuning.hpp"
#include "base/check.hpp"
#include "crdt/inspect.hpp"
#include "crdt/schedule.hpp"

namespace syncline::access {
namespace {

using crdt::ID;
using crdt::StructKind;
using crdt::TypeKind;
using crdt::TypeView;
using crdt::UnitView;

/// Names a type: roots by their name, others by what holds them.
struct TypeKey {
  std::string root;
  std::optional<ID> holder;
  auto operator<=>(const TypeKey&) const = default;
};

TypeKey key_of(const TypeView& type) {
  return {type.holder ? std::string() : std::string(type.root), type.holder};
}

/// Where a struct stands.
struct Where {
  bool gc = true;  ///< nowhere
  TypeView type;
  /// The new struct that holds the type.
  std::size_t fresh_holder = kNoTouch;
  const std::string* key = nullptr;
};

bool is_text(TypeKind kind) { return kind == TypeKind::kText || kind == TypeKind::kXmlText; }

/// Whether a unit of a list is part of a text: a change of the text, and no element. Of a root that
/// nobody opened yet the content tells.
bool in_text(TypeKind type, StructKind content) {
  if (content == StructKind::kFormat) return true;
  if (type != TypeKind::kUntyped) return is_text(type);
  return content == StructKind::kString || content == StructKind::kEmbed;
}

class Tracer {
 public:
  Tracer(const crdt::Update& update, const crdt::Doc& doc, const Authors& authors)
      : update_(update), doc_(doc), authors_(authors) {}

  Touches run() {
    crdt::Schedule schedule(*this, update_.structs);
    schedule.run();
    for (std::size_t i = 0; i < out_.structs.size(); ++i) touch_struct(i);
    touch_deletes();
    for (const auto& [touch, entry] : entries_) settle(out_.touches[touch], entry);
    return std::move(out_);
  }

  // What a Schedule asks of a document.
  crdt::Clock state(crdt::ClientId client) const {
    const auto found = fresh_.find(client);
    return found == fresh_.end() || found->second.empty()
               ? crdt::clock_of(doc_, client)
               : out_.structs[found->second.back()].end();
  }
  void apply(const crdt::Struct& from, std::uint64_t offset) {
    if (offset >= from.length) return;
    NewStruct added;
    added.from = &from;
    added.begin = from.id.clock + offset;
    const Where where = where_of(from, offset, added);
    added.gc = where.gc;
    added.in_map = where.key != nullptr;
    if (!where.gc) added.holder = where.type.holder;
    fresh_[from.id.client].push_back(out_.structs.size());
    out_.structs.push_back(std::move(added));
    wheres_.push_back(where);
  }

 private:
  /// All that happens to one map key.
  struct Entry {
    TypeView type;
    std::string key;
    std::vector<std::size_t> structs;
    bool deletes_value = false;
  };

  // ---- places of structs

  std::optional<std::size_t> find_fresh(ID id) const {
    const auto found = fresh_.find(id.client);
    if (found == fresh_.end()) return std::nullopt;
    const auto after = std::ranges::upper_bound(
        found->second, id.clock, {}, [this](std::size_t i) { return out_.structs[i].begin; });
    if (after == found->second.begin()) return std::nullopt;
    return *std::prev(after);
  }

  Where where_of(ID unit) const {
    if (const auto fresh = find_fresh(unit)) return wheres_[*fresh];
    const auto known = crdt::unit_at(doc_, unit);
    if (!known || known->is_gc()) return {};
    return {.gc = false, .type = known->parent, .key = known->key};
  }

  /// As the engine resolves it: the neighbours decide, the left one first; then the stated parent.
  Where where_of(const crdt::Struct& from, std::uint64_t offset, NewStruct& added) const {
    if (!from.is_item()) return {};
    const auto neighbour = [&](ID unit) {
      added.needs.push_back(unit);
      return where_of(unit);
    };
    Where where;
    if (from.origin) where = neighbour(*from.origin);
    if (from.origin && where.gc) return {};
    if (from.right_origin) {
      const Where right = neighbour(*from.right_origin);
      if (right.gc) return {};
      if (!from.origin) where = right;
    }
    if (!from.origin && !from.right_origin) where = stated(from, added);
    // What is known of it decides where the rest goes, whatever the update says.
    if (offset > 0 && !where.gc) where = neighbour({from.id.client, from.id.clock + offset - 1});
    return where;
  }

  Where stated(const crdt::Struct& from, NewStruct& added) const {
    Where where;
    if (const auto* root = std::get_if<std::string>(&from.parent)) {
      where.type = crdt::root_at(doc_, *root);
    } else if (const auto* holder = std::get_if<ID>(&from.parent)) {
      added.needs.push_back(*holder);
      where.type.holder = *holder;
      if (const auto fresh = find_fresh(*holder)) {
        const NewStruct& held = out_.structs[*fresh];
        if (held.gc || held.from->kind != StructKind::kType) return {};
        where.type.kind = held.from->content.type;
        where.fresh_holder = *fresh;
      } else {
        const auto known = crdt::unit_at(doc_, *holder);
        if (!known || known->kind != StructKind::kType) return {};
        where.type.kind = known->type;
      }
    } else {
      return {};
    }
    where.gc = false;
    if (from.key) where.key = &*from.key;
    return where;
  }

  // ---- touches

  void touch_struct(std::size_t index) {
    const Where& where = wheres_[index];
    if (where.gc) return;
    NewStruct& added = out_.structs[index];
    if (where.fresh_holder != kNoTouch) {
      added.touch = out_.structs[where.fresh_holder].touch;
    } else if (where.key != nullptr) {
      added.touch = entry_touch(where.type, *where.key);
      entries_.at(added.touch).structs.push_back(index);
    } else if (in_text(where.type.kind, added.from->kind)) {
      // What came deleted shows nowhere.
      if (added.from->kind != StructKind::kDeleted) added.touch = change_touch(where.type);
    } else if (added.from->kind != StructKind::kDeleted) {
      added.touch = element_touch(where.type, Action::kAdd, std::nullopt);
    }
    if (added.touch != kNoTouch) out_.touches[added.touch].structs.push_back(index);
  }

  std::size_t new_touch(Place place, ActionSet needs) {
    Touch touch;
    touch.place = std::move(place);
    touch.needs = needs;
    out_.touches.push_back(std::move(touch));
    return out_.touches.size() - 1;
  }

  std::size_t entry_touch(const TypeView& type, const std::string& key) {
    const auto [found, added] = entry_touches_.try_emplace({key_of(type), key}, kNoTouch);
    if (!added) return found->second;
    Place place = place_of(type);
    place.steps.push_back({.key = key});
    found->second = new_touch(std::move(place), {});
    out_.touches.back().entry = true;
    entries_[found->second] = {.type = type, .key = key};
    return found->second;
  }

  std::size_t change_touch(const TypeView& type) {
    const auto [found, added] = change_touches_.try_emplace(key_of(type), kNoTouch);
    if (added) found->second = new_touch(place_of(type), {Action::kChange});
    return found->second;
  }

  /// Elements have no names: those of one list that are added, or of one author removed, are one
  /// touch.
  std::size_t element_touch(const TypeView& type, Action action, std::optional<ID> item) {
    std::string author;
    if (item)
      if (const auto known = authors_.author_of(*item)) author = *known;
    const auto [found, added] =
        element_touches_.try_emplace({key_of(type), action, author}, kNoTouch);
    if (!added) return found->second;
    Place place = place_of(type);
    place.steps.push_back({.key = "*", .element = true, .item = item});
    found->second = new_touch(std::move(place), {action});
    return found->second;
  }

  const Place& place_of(const TypeView& type) {
    const auto [found, added] = places_.try_emplace(key_of(type));
    if (!added) return found->second;
    // No recursion here and below: types nest as deep as updates say.
    Place& place = found->second;
    TypeView at = type;
    while (at.holder && place.steps.size() < kPlaceDepthMax) {
      const auto held = crdt::unit_at(doc_, *at.holder);
      SYNCLINE_CHECK(held && !held->is_gc(), "a type of the document stands somewhere");
      place.steps.push_back({.key = held->key != nullptr ? *held->key : "*",
                             .element = held->key == nullptr,
                             .item = at.holder});
      at = held->parent;
    }
    place.too_deep = at.holder.has_value();
    if (!place.too_deep) place.root = at.root;
    std::ranges::reverse(place.steps);
    return place;
  }

  // ---- deletions

  void touch_deletes() {
    for (const auto& [client, ranges] : update_.deletes.ranges()) {
      const crdt::Clock known = crdt::clock_of(doc_, client);
      for (const crdt::IdSet::Range& range : ranges) {
        const crdt::Clock end = std::min(range.end(), known);
        for (crdt::Clock clock = range.clock; clock < end;) {
          const auto unit = crdt::unit_at(doc_, {client, clock});
          SYNCLINE_CHECK(unit.has_value(), "clocks below the end are known");
          const crdt::Clock upto = std::min(end, unit->end());
          if (!unit->deleted) touch_delete(*unit, {client, clock, upto - clock});
          clock = upto;
        }
      }
    }
  }

  void touch_delete(const UnitView& unit, crdt::IdRange range) {
    if (const auto top = removed_above(unit.parent)) {
      const auto removed = crdt::unit_at(doc_, *top);
      out_.touches[removal_touch(*removed, *top)].deletes.push_back(range);
      return;
    }
    if (unit.key != nullptr || in_text(unit.parent.kind, unit.kind)) {
      out_.touches[removal_touch(unit, {range.client, range.clock})].deletes.push_back(range);
      return;
    }
    const crdt::Clock end = range.clock + range.length;
    for (crdt::Clock clock = range.clock; clock < end;) {
      const ID first{range.client, clock};
      const crdt::Clock upto = authors_.same_author_until(first, end);
      out_.touches[removal_touch(unit, first)].deletes.push_back(
          {range.client, clock, upto - clock});
      clock = upto;
    }
  }

  std::size_t removal_touch(const UnitView& unit, ID first) {
    if (unit.key != nullptr) {
      const std::size_t touch = entry_touch(unit.parent, *unit.key);
      entries_.at(touch).deletes_value = true;
      return touch;
    }
    if (in_text(unit.parent.kind, unit.kind)) return change_touch(unit.parent);
    return element_touch(unit.parent, Action::kRemove, first);
  }

  /// The topmost item above a type, the one that holds it included, which the update removes.
  std::optional<ID> removed_above(const TypeView& type) {
    std::vector<std::pair<ID, bool>> below;  // holders, and whether the update removes them
    std::optional<ID> top;
    for (TypeView at = type; at.holder;) {
      if (const auto known = removed_above_.find(*at.holder); known != removed_above_.end()) {
        top = known->second;
        break;
      }
      const auto held = crdt::unit_at(doc_, *at.holder);
      below.emplace_back(*at.holder, !held->deleted && update_.deletes.contains(*at.holder));
      at = held->parent;
    }
    for (const auto& [holder, removed] : below | std::views::reverse) {
      if (!top && removed) top = holder;
      removed_above_.emplace(holder, top);
    }
    return top;
  }

  // ---- map entries

  /// What the update does to a key, judged by what may become of it: of a key's values the last one
  /// counts, and a new value stands after its origin. So what is deleted is only replaced, and not
  /// removed, where something that lives was made after it.
  void settle(Touch& touch, const Entry& entry) {
    const auto value = crdt::value_at(doc_, entry.type, entry.key);
    const bool lived = value && !value->is_gc() && !value->deleted;
    if (lived) touch.place.steps.back().item = ID{value->id.client, value->end() - 1};
    std::set<std::size_t> replaced;
    bool value_replaced = false;
    bool lives = false;
    for (const std::size_t index : entry.structs) {
      if (is_deleted(out_.structs[index])) continue;
      lives = true;
      for (auto origin = origin_of(index); origin;) {
        if (value && value->id.client == origin->client && value->id.clock <= origin->clock &&
            origin->clock < value->end())
          value_replaced = true;
        const auto fresh = find_fresh(*origin);
        if (!fresh || !replaced.insert(*fresh).second) break;
        origin = origin_of(*fresh);
      }
    }
    if (lives) touch.needs.add(lived ? Action::kChange : Action::kAdd);
    if (!lived) return;
    const bool removes = (entry.deletes_value && !value_replaced) ||
                         std::ranges::any_of(entry.structs, [&](std::size_t index) {
                           return is_deleted(out_.structs[index]) && !replaced.contains(index);
                         });
    if (removes) touch.needs.add(Action::kRemove);
  }

  bool is_deleted(const NewStruct& added) const {
    return added.from->kind == StructKind::kDeleted ||
           update_.deletes.contains({added.from->id.client, added.end() - 1});
  }

  std::optional<ID> origin_of(std::size_t index) const {
    const NewStruct& added = out_.structs[index];
    if (added.begin > added.from->id.clock) return ID{added.from->id.client, added.begin - 1};
    return added.from->origin;
  }

  const crdt::Update& update_;
  const crdt::Doc& doc_;
  const Authors& authors_;
  Touches out_;
  /// Of out_.structs, by index.
  std::vector<Where> wheres_;
  /// Indexes by client, ascending by clock.
  std::map<crdt::ClientId, std::vector<std::size_t>> fresh_;

  std::map<TypeKey, Place> places_;
  std::map<std::pair<TypeKey, std::string>, std::size_t> entry_touches_;
  std::map<std::size_t, Entry> entries_;
  std::map<TypeKey, std::size_t> change_touches_;
  std::map<std::tuple<TypeKey, Action, std::string>, std::size_t> element_touches_;
  std::map<ID, std::optional<ID>> removed_above_;
};

}  // namespace

Touches trace(const crdt::Update& update, const crdt::Doc& doc, const Authors& authors) {
  return Tracer(update, doc, authors).run();
}

}  // namespace syncline::access
