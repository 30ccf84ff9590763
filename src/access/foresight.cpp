#include "access/foresight.hpp"

#include <algorithm>
#include <vector>

#include "access/tuning.hpp"
#include "crdt/inspect.hpp"
#include "crdt/relative_position.hpp"

namespace syncline::access {
namespace {

using crdt::ID;
using crdt::SharedType;

/// Whether the rule turns on what only the room knows.
bool turns_on_the_room(const Rule& rule) {
  return rule.when || rule.asks(Who::Kind::kInvited) || rule.asks(Who::Kind::kGroup) ||
         rule.asks(Who::Kind::kRole);
}

Place place_of(SharedType& type) {
  Place place;
  SharedType* at = &type;
  for (; at->parent() != nullptr && place.steps.size() < kPlaceDepthMax; at = at->parent()) {
    const auto held = crdt::unit_at(at->doc(), at->id());
    const bool in_map = held && held->key != nullptr;
    place.steps.push_back({.key = in_map ? *held->key : "*", .element = !in_map, .item = at->id()});
  }
  place.too_deep = at->parent() != nullptr;
  if (!place.too_deep) place.root = at->root_name();
  std::ranges::reverse(place.steps);
  return place;
}

std::optional<ID> value_of(const SharedType& map, const std::string& key) {
  crdt::TypeView view{.kind = map.kind()};
  if (map.parent() != nullptr) {
    view.holder = map.id();
  } else {
    view.root = map.root_name();
  }
  const auto value = crdt::value_at(map.doc(), view, key);
  if (!value || value->is_gc() || value->deleted) return std::nullopt;
  return ID{value->id.client, value->end() - 1};
}

Action action_of(crdt::TreeTouch::Kind kind) {
  switch (kind) {
    case crdt::TreeTouch::Kind::kAdd:
      return Action::kAdd;
    case crdt::TreeTouch::Kind::kChange:
      return Action::kChange;
    case crdt::TreeTouch::Kind::kRemove:
      return Action::kRemove;
  }
  return Action::kChange;
}

/// Who made what, with one supposition about those units of a place whose author nobody knows.
class Supposed final : public Authors {
 public:
  Supposed(const Authors& known, const Place& place, std::string_view identity)
      : known_(known), identity_(identity) {
    for (const Step& step : place.steps)
      if (step.item && !known.author_of(*step.item)) unknown_.push_back(*step.item);
  }

  std::size_t unknown() const { return unknown_.size(); }
  /// Bit by bit: whether the unit is the author's own, or somebody else's.
  void suppose(std::uint32_t own) { own_ = own; }

  std::optional<std::string_view> author_of(ID unit) const override {
    const auto found = std::ranges::find(unknown_, unit);
    if (found == unknown_.end()) return known_.author_of(unit);
    const bool own = ((own_ >> (found - unknown_.begin())) & 1U) != 0;
    return own ? identity_ : std::string_view();
  }

 private:
  const Authors& known_;
  std::string_view identity_;
  std::vector<ID> unknown_;
  std::uint32_t own_ = 0;
};

}  // namespace

std::optional<Foresight> Foresight::of(const Value& rules, const std::string& identity,
                                       bool owner) {
  const Result<Rules> parsed = Rules::parse(rules);
  if (!parsed.ok() || !parsed->needs_paths()) return std::nullopt;
  bool asks_subscribers = false;
  bool by_the_room = false;
  for (const Rule& rule : parsed->rules()) {
    if ((rule.actions & kWrite).empty()) continue;
    by_the_room = by_the_room || turns_on_the_room(rule);
    asks_subscribers = asks_subscribers || rule.asks(Who::Kind::kSubscriber);
  }
  for (const Rule& rule : parsed->rules())
    if (asks_subscribers && rule.actions.contains(Action::kSubscribe))
      by_the_room = by_the_room || turns_on_the_room(rule);
  if (by_the_room) return std::nullopt;
  Subject subject;
  subject.identity = identity;
  subject.owner = owner && !is_anonymous(identity);
  PathVerdict verdict(*parsed, subject, {});
  if (verdict.verdict() != Verdict::kByPath) return std::nullopt;
  return Foresight(std::move(verdict), identity);
}

Result<void> Foresight::judge(const crdt::TreeTouch& touch, ID since, const Authors& known,
                              const std::string& url) const {
  Place place = place_of(*touch.type);
  const Action action = action_of(touch.kind);
  if (touch.key)
    place.steps.push_back({.key = *touch.key, .item = value_of(*touch.type, *touch.key)});
  const auto is_new = [&](const Step& step) {
    return step.item && step.item->client == since.client && step.item->clock >= since.clock;
  };
  if (std::ranges::any_of(place.steps, is_new)) return {};
  if (touch.type->kind() != crdt::TypeKind::kArray) return judge(place, action, known, url);
  place.steps.push_back({.key = "*", .element = true});
  if (action != Action::kRemove) return judge(place, action, known, url);
  for (std::size_t i = 0; i < touch.count; ++i) {
    place.steps.back().item = crdt::RelativePosition::at(*touch.type, touch.index + i).item;
    if (!is_new(place.steps.back())) SYNCLINE_TRY(judge(place, action, known, url));
  }
  return {};
}

Result<void> Foresight::judge(const Place& place, Action action, const Authors& known,
                              const std::string& url) const {
  Supposed authors(known, place, identity_);
  if (authors.unknown() > kSuppositionsMax) return {};
  PathVerdict::Ruling ruling;
  for (std::uint32_t own = 0; own < (1U << authors.unknown()); ++own) {
    authors.suppose(own);
    ruling = verdict_.decide(place, action, authors);
    if (ruling.allow) return {};
  }
  Subject subject;
  subject.identity = identity_;
  const std::string path = place.print();
  return Error(Code::kDenied, explain({false, verdict_.name_of(ruling)}, subject, name(action),
                                      (path.empty() ? "the root" : path) + " of " + url));
}

}  // namespace syncline::access
