#include "access/decide.hpp"

#include <algorithm>

#include "base/glob.hpp"

namespace syncline::access {
namespace {

/// What a grant of `reader` leaves of an object's rules.
constexpr ActionSet kReaderActions{Action::kRead, Action::kSubscribe, Action::kPresence};

/// One question to a rule set. `subscriber` is the answer to "may it subscribe", asked only by
/// rules that need it; while that answer itself is sought nobody is a subscriber.
class Question {
 public:
  Question(const Rules& rules, const Subject& subject, Action action, std::string_view method)
      : rules_(rules), subject_(subject), action_(action), method_(method) {}

  Decision answer() const {
    constexpr std::size_t kNobody = static_cast<std::size_t>(-1);
    std::size_t allowed = kNobody;
    std::size_t denied = kNobody;
    for (std::size_t i = 0; i < rules_.rules().size(); ++i) {
      const Rule& rule = rules_.rules()[i];
      if (!applies(rule)) continue;
      std::size_t& slot = rule.effect == Effect::kAllow ? allowed : denied;
      if (slot == kNobody) slot = i;
      if (rules_.combine() == Combine::kFirstApplicable) break;
    }
    const bool both = allowed != kNobody && denied != kNobody;
    if (both && rules_.combine() == Combine::kDenyOverrides) allowed = kNobody;
    if (allowed != kNobody) return {true, rules_.name_of(allowed)};
    return {false, denied != kNobody ? rules_.name_of(denied) : "default"};
  }

 private:
  bool applies(const Rule& rule) const {
    if (!rule.actions.contains(action_)) return false;
    if (!rule.paths.empty() || !rule.root.empty()) return false;
    if (action_ == Action::kExecute && !rule.methods.empty() &&
        std::find(rule.methods.begin(), rule.methods.end(), method_) == rule.methods.end())
      return false;
    return std::any_of(rule.who.begin(), rule.who.end(),
                       [this](const Who& who) { return is(who); });
  }

  bool is(const Who& who) const {
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
      case Who::Kind::kSubscriber:
        return action_ != Action::kSubscribe &&
               Question(rules_, subject_, Action::kSubscribe, {}).answer().allow;
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

  const Rules& rules_;
  const Subject& subject_;
  const Action action_;
  const std::string_view method_;
};

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

Decision decide(const Rules& rules, const Subject& subject, Action action,
                std::string_view method) {
  switch (subject.grant) {
    case Role::kNone:
      return {false, "grant"};
    case Role::kAdmin:
      return {true, "grant"};
    case Role::kReader:
      if (!kReaderActions.contains(action)) return {false, "grant"};
      return Question(rules, subject, action, method).answer();
    case Role::kWriter:
      return Question(rules, subject, action, method).answer();
    case Role::kOwner: {
      Subject as_owner = subject;
      as_owner.owner = true;
      return Question(rules, as_owner, action, method).answer();
    }
  }
  return {false, "default"};
}

WriteVerdict decide_writes(const Rules& rules, const Subject& subject) {
  if (rules.needs_paths() && subject.grant >= Role::kWriter && subject.grant != Role::kAdmin)
    return {Verdict::kByPath, {}};
  WriteVerdict out{Verdict::kAll, {}};
  for (const Action action : {Action::kAdd, Action::kChange, Action::kRemove}) {
    Decision decision = decide(rules, subject, action);
    out.rule = std::move(decision.rule);
    if (decision.allow) continue;
    out.verdict = Verdict::kNone;
    break;
  }
  return out;
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
