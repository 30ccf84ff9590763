#include "access/verdict.hpp"

#include <algorithm>
#include <array>

#include "access/standing.hpp"

namespace syncline::access {
namespace {

constexpr std::array kWrites{Action::kAdd, Action::kChange, Action::kRemove};

}  // namespace

std::string_view name(Verdict verdict) {
  switch (verdict) {
    case Verdict::kNone:
      return "none";
    case Verdict::kAll:
      return "all";
    case Verdict::kByPath:
      return "paths";
  }
  return "none";
}

PathVerdict::PathVerdict(const Rules& rules, const Subject& subject, const Circumstances& now)
    : identity_(subject.identity) {
  if (now.hub != nullptr) add_layer(*now.hub, true, subject, now);
  add_layer(rules, false, subject, now);
  bool all = true;
  bool none = true;
  for (const Action action : kWrites) {
    bool allowed = true;
    bool denied = false;
    for (const Layer& layer : layers_) {
      const Status here = status(layer, action);
      allowed = allowed && here == Status::kAllow;
      denied = denied || here == Status::kDeny;
    }
    all = all && allowed;
    none = none && denied;
  }
  if (all) verdict_ = Verdict::kAll;
  if (!all && !none) verdict_ = Verdict::kByPath;
}

void PathVerdict::add_layer(const Rules& rules, bool hub, const Subject& subject,
                            const Circumstances& now) {
  const Standing standing(rules, subject, now);
  Layer layer{.rules = rules, .hub = hub, .relevant = {}};
  for (std::size_t i = 0; i < rules.rules().size(); ++i) {
    const Rule& rule = rules.rules()[i];
    if ((rule.actions & kWrite).empty()) continue;
    const Standing::Match match = standing.match(rule, Action::kChange);
    if (match == Standing::Match::kNo) continue;
    layer.relevant.push_back({static_cast<std::uint32_t>(i), match == Standing::Match::kCreator});
  }
  layers_.push_back(std::move(layer));
}

/// What a layer says about an action wherever it happens.
PathVerdict::Status PathVerdict::status(const Layer& layer, Action action) {
  const Combine combine = layer.rules.combine();
  const Status otherwise = layer.hub ? Status::kAllow : Status::kDeny;
  bool may_allow = false;
  bool may_deny = false;
  bool allows = false;
  bool denies = false;
  for (const Relevant& relevant : layer.relevant) {
    const Rule& rule = layer.rules.rules()[relevant.rule];
    const bool allow = rule.effect == Effect::kAllow;
    // Whatever happens below a node that a path names is a change of it.
    const bool possible = rule.actions.contains(action) ||
                          (!rule.everywhere() && rule.actions.contains(Action::kChange));
    if (!possible) continue;
    const bool certain =
        rule.everywhere() && !relevant.creator_only && rule.actions.contains(action);
    (allow ? may_allow : may_deny) = true;
    if (!certain) continue;
    (allow ? allows : denies) = true;
    if (combine == Combine::kFirstApplicable) break;
  }
  if (!may_allow && !may_deny) return otherwise;
  const bool only_allow = !may_deny && (allows || otherwise == Status::kAllow);
  const bool only_deny = !may_allow && (denies || otherwise == Status::kDeny);
  if (only_allow || (allows && combine == Combine::kAllowOverrides)) return Status::kAllow;
  if (only_deny || (denies && combine == Combine::kDenyOverrides)) return Status::kDeny;
  return Status::kDepends;
}

bool PathVerdict::applies(const Rule& rule, const Relevant& relevant, const Place& place,
                          Action action, const Authors& authors) const {
  std::size_t depth = place.steps.size();
  if (!rule.everywhere()) {
    if (!rule.covers_root(place.root)) return false;
    // A root without paths: every node in it.
    std::optional<std::size_t> named;
    if (rule.patterns.empty()) named = depth;
    for (const Pattern& pattern : rule.patterns) {
      const auto here = pattern.deepest(place.steps);
      if (here && (!named || *here > *named)) named = here;
    }
    if (!named) return false;
    depth = *named;
  }
  const bool itself = depth == place.steps.size();
  if (!rule.actions.contains(itself ? action : Action::kChange)) return false;
  if (!relevant.creator_only) return true;
  if (itself && action == Action::kAdd) return true;
  if (depth == 0 || !place.steps[depth - 1].item) return false;
  const auto author = authors.author_of(*place.steps[depth - 1].item);
  return author && *author == identity_;
}

std::int32_t PathVerdict::deciding(const Layer& layer, const Place& place, Action action,
                                   const Authors& authors) const {
  const Combine combine = layer.rules.combine();
  std::int32_t other = -1;
  for (const Relevant& relevant : layer.relevant) {
    const Rule& rule = layer.rules.rules()[relevant.rule];
    const bool allow = rule.effect == Effect::kAllow;
    const bool settles =
        combine == Combine::kFirstApplicable || (combine == Combine::kAllowOverrides) == allow;
    if ((!settles && other >= 0) || !applies(rule, relevant, place, action, authors)) continue;
    if (settles) return static_cast<std::int32_t>(relevant.rule);
    other = static_cast<std::int32_t>(relevant.rule);
  }
  return other;
}

PathVerdict::Ruling PathVerdict::decide(const Place& place, Action action,
                                        const Authors& authors) const {
  Ruling ruling;
  if (place.too_deep) return ruling;
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    const Layer& layer = layers_[i];
    ruling.layer = static_cast<std::int32_t>(i);
    ruling.rule = deciding(layer, place, action, authors);
    ruling.allow =
        ruling.rule < 0
            ? layer.hub
            : layer.rules.rules()[static_cast<std::size_t>(ruling.rule)].effect == Effect::kAllow;
    if (!ruling.allow) break;
  }
  return ruling;
}

std::string PathVerdict::name_of(const Ruling& ruling) const {
  if (ruling.rule < 0) return "default";
  const Layer& layer = layers_[static_cast<std::size_t>(ruling.layer)];
  return (layer.hub ? "hub: " : "") + layer.rules.name_of(static_cast<std::size_t>(ruling.rule));
}

WriteVerdict decide_writes(const Rules& rules, const Subject& subject, const Circumstances& now) {
  WriteVerdict out;
  if (rules.depends_on_time() || (now.hub != nullptr && now.hub->depends_on_time()))
    out.valid_until_ms = next_minute(now.now_ms);
  if (subject.grant == Role::kOwner || subject.grant == Role::kWriter) {
    Subject as_is = subject;
    as_is.owner = as_is.owner || subject.grant == Role::kOwner;
    PathVerdict verdict(rules, as_is, now);
    out.verdict = verdict.verdict();
    if (out.verdict == Verdict::kByPath) {
      out.by_path = std::make_shared<const PathVerdict>(std::move(verdict));
      return out;
    }
  } else {
    out.verdict = subject.grant == Role::kAdmin ? Verdict::kAll : Verdict::kNone;
  }
  for (const Action action : kWrites) {
    Decision decision = decide(rules, subject, action, {}, now);
    out.rule = std::move(decision.rule);
    if (!decision.allow) break;
  }
  return out;
}

}  // namespace syncline::access
