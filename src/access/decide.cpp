#include "access/decide.hpp"

#include <algorithm>

#include "access/standing.hpp"
#include "base/glob.hpp"

namespace syncline::access {
namespace {

/// What a grant of `reader` leaves of an object's rules.
constexpr ActionSet kReaderActions{Action::kRead, Action::kSubscribe, Action::kPresence};

Decision answer(const Rules& rules, const Subject& subject, Action action, std::string_view method,
                const Circumstances& now) {
  if (now.hub != nullptr) {
    const auto narrowed = Standing(*now.hub, subject, now).decide(action, method);
    if (narrowed && now.hub->rules()[*narrowed].effect == Effect::kDeny)
      return {false, "hub: " + now.hub->name_of(*narrowed)};
  }
  const auto rule = Standing(rules, subject, now).decide(action, method);
  if (!rule) return {false, "default"};
  return {rules.rules()[*rule].effect == Effect::kAllow, rules.name_of(*rule)};
}

}  // namespace

Standing::Match Standing::match(const Rule& rule, Action action) const {
  if (rule.when && !rule.when->holds(now_, subject_)) return Match::kNo;
  bool creator = false;
  for (const Who& who : rule.who) {
    if (who.kind == Who::Kind::kCreator) {
      creator = !is_anonymous(subject_.identity);
    } else if (is(who, action)) {
      return Match::kYes;
    }
  }
  return creator ? Match::kCreator : Match::kNo;
}

bool Standing::is(const Who& who, Action action) const {
  const auto among = [&who](const std::vector<std::string>& names) {
    return std::find(names.begin(), names.end(), who.text) != names.end();
  };
  switch (who.kind) {
    case Who::Kind::kAnyone:
      return true;
    case Who::Kind::kOwner:
      return subject_.owner;
    case Who::Kind::kCreator:
      return false;
    case Who::Kind::kSubscriber: {
      if (action == Action::kSubscribe) return false;
      const auto rule = decide(Action::kSubscribe);
      return rule && rules_.rules()[*rule].effect == Effect::kAllow;
    }
    case Who::Kind::kInvited:
      return subject_.invited;
    case Who::Kind::kUnnamed:
      return is_anonymous(subject_.identity);
    case Who::Kind::kIdentity:
      return glob_match(who.text, subject_.identity);
    case Who::Kind::kGroup:
      return among(subject_.groups);
    case Who::Kind::kRole:
      return among(subject_.roles);
  }
  return false;
}

std::optional<std::size_t> Standing::decide(Action action, std::string_view method) const {
  return deciding(rules_, [&](std::size_t i) {
    const Rule& rule = rules_.rules()[i];
    if (!rule.actions.contains(action) || !rule.everywhere()) return false;
    if (action == Action::kExecute && !rule.methods.empty() &&
        std::find(rule.methods.begin(), rule.methods.end(), method) == rule.methods.end())
      return false;
    return match(rule, action) == Match::kYes;
  });
}

Decision decide(const Rules& rules, const Subject& subject, Action action, std::string_view method,
                const Circumstances& now) {
  switch (subject.grant) {
    case Role::kNone:
      return {false, "grant"};
    case Role::kAdmin:
      return {true, "grant"};
    case Role::kReader:
      if (!kReaderActions.contains(action)) return {false, "grant"};
      return answer(rules, subject, action, method, now);
    case Role::kWriter:
      return answer(rules, subject, action, method, now);
    case Role::kOwner: {
      Subject as_owner = subject;
      as_owner.owner = true;
      return answer(rules, as_owner, action, method, now);
    }
  }
  return {false, "default"};
}

std::string explain(const Decision& decision, const Subject& subject, std::string_view action,
                    std::string_view object) {
  std::string out = is_anonymous(subject.identity) ? "an anonymous session" : subject.identity;
  out += decision.allow ? " may " : " may not ";
  out += action;
  out += " ";
  out += object;
  if (decision.rule == "default") return out + ": no rule of the object allows it";
  if (decision.rule == "grant")
    return out + ": its token grants " + std::string(name(subject.grant)) + " there";
  return out + ": " + decision.rule + " says so";
}

}  // namespace syncline::access
