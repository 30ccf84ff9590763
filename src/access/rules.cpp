// Rule sets: the presets, and the JSON form read strictly, so that a misspelt rule is an error and
// never a hole.
#include "access/rules.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

#include "access/tuning.hpp"
#include "syncline/path.hpp"

namespace syncline::access {
namespace {

constexpr std::array<std::string_view, kActions> kNames{
    "read",     "subscribe", "add",     "change", "remove",   "invite",
    "transfer", "delete",    "execute", "event",  "presence", "administer"};

constexpr std::array<std::string_view, 3> kCombines{"deny-overrides", "allow-overrides",
                                                    "first-applicable"};

struct Word {
  std::string_view text;
  Who::Kind kind;
};
constexpr std::array<Word, 6> kWords{{{"*", Who::Kind::kAnyone},
                                      {"owner", Who::Kind::kOwner},
                                      {"creator", Who::Kind::kCreator},
                                      {"subscriber", Who::Kind::kSubscriber},
                                      {"invited", Who::Kind::kInvited},
                                      {"anonymous", Who::Kind::kUnnamed}}};

Error malformed(const std::string& where, const std::string& why) {
  return {Code::kMalformed, "access rules: " + where + ": " + why};
}

Result<std::string> text_of(const Value& value, const std::string& where) {
  if (!value.is_string()) return malformed(where, "must be a string");
  if (value.string().size() > kRuleTextBytesMax)
    return malformed(where, "is longer than " + std::to_string(kRuleTextBytesMax) + " bytes");
  return value.string();
}

/// A list of strings; a single string is a list of one.
Result<std::vector<std::string>> texts_of(const Value& value, const std::string& where) {
  std::vector<std::string> out;
  if (!value.is_array()) {
    SYNCLINE_TRY_ASSIGN(text, text_of(value, where));
    out.push_back(std::move(text));
    return out;
  }
  if (value.items().empty()) return malformed(where, "is an empty list");
  if (value.items().size() > kRuleListMax)
    return malformed(where, "has more than " + std::to_string(kRuleListMax) + " entries");
  for (const Value& item : value.items()) {
    SYNCLINE_TRY_ASSIGN(text, text_of(item, where));
    out.push_back(std::move(text));
  }
  return out;
}

Result<void> read_action(const std::string& text, Rule& rule, const std::string& where) {
  if (text == "write") {
    rule.actions.add(kWrite);
    return {};
  }
  constexpr std::string_view kMethod = "execute:";
  if (text.starts_with(kMethod) && text.size() > kMethod.size()) {
    rule.actions.add(Action::kExecute);
    rule.methods.push_back(text.substr(kMethod.size()));
    return {};
  }
  const auto found = std::find(kNames.begin(), kNames.end(), text);
  if (found == kNames.end())
    return malformed(where, "unknown action \"" + text +
                                "\"; there are read subscribe add change remove write invite "
                                "transfer delete execute[:METHOD] event presence administer");
  rule.actions.add(static_cast<Action>(found - kNames.begin()));
  return {};
}

Result<Who> read_who(const std::string& text, const std::string& where) {
  for (const Word& word : kWords)
    if (text == word.text) return Who{word.kind, {}};
  if (text.starts_with("group:") && text.size() > 6) return Who{Who::Kind::kGroup, text.substr(6)};
  if (text.starts_with("role:") && text.size() > 5) return Who{Who::Kind::kRole, text.substr(5)};
  if (text.find("://") != std::string::npos || text == "**") return Who{Who::Kind::kIdentity, text};
  return malformed(where,
                   "unknown subject \"" + text +
                       "\"; there are owner creator subscriber invited anonymous * "
                       "group:NAME role:NAME and identities (hyperty://…, may hold * and **)");
}

std::string print_who(const Who& who) {
  for (const Word& word : kWords)
    if (who.kind == word.kind) return std::string(word.text);
  if (who.kind == Who::Kind::kGroup) return "group:" + who.text;
  if (who.kind == Who::Kind::kRole) return "role:" + who.text;
  return who.text;
}

/// Reads one field of a rule. Every field is known or an error.
Result<void> read_field(const std::string& field, const Value& value, Rule& rule,
                        const std::string& rule_name) {
  const std::string where = rule_name + ", " + field;
  if (field == "effect") {
    SYNCLINE_TRY_ASSIGN(text, text_of(value, where));
    if (text != "allow" && text != "deny") return malformed(where, "is neither allow nor deny");
    rule.effect = text == "allow" ? Effect::kAllow : Effect::kDeny;
  } else if (field == "actions") {
    SYNCLINE_TRY_ASSIGN(texts, texts_of(value, where));
    for (const std::string& text : texts) SYNCLINE_TRY(read_action(text, rule, where));
    // Plain `execute` beside `execute:METHOD` means every method.
    if (std::find(texts.begin(), texts.end(), "execute") != texts.end()) rule.methods.clear();
  } else if (field == "who") {
    SYNCLINE_TRY_ASSIGN(texts, texts_of(value, where));
    for (const std::string& text : texts) {
      SYNCLINE_TRY_ASSIGN(who, read_who(text, where));
      rule.who.push_back(std::move(who));
    }
  } else if (field == "path") {
    SYNCLINE_TRY_ASSIGN(texts, texts_of(value, where));
    for (const std::string& text : texts) {
      Result<Pattern> pattern = Pattern::parse(text);
      if (!pattern.ok()) return malformed(where, pattern.error().message());
      rule.paths.push_back(text);
      rule.patterns.push_back(*std::move(pattern));
    }
  } else if (field == "root") {
    SYNCLINE_TRY_ASSIGN(text, text_of(value, where));
    if (text.empty()) return malformed(where, "is empty; a root's name or *");
    rule.root = text;
  } else if (field == "priority") {
    if (!value.is_number() || std::trunc(value.number()) != value.number() ||
        std::abs(value.number()) > kPriorityMax)
      return malformed(where, "must be an integer between -1000000 and 1000000");
    rule.priority = static_cast<std::int64_t>(value.number());
  } else if (field == "name") {
    SYNCLINE_TRY_ASSIGN(text, text_of(value, where));
    rule.name = text;
  } else if (field == "when") {
    SYNCLINE_TRY_ASSIGN(condition, Condition::parse(value, where));
    rule.when = std::move(condition);
  } else {
    return malformed(rule_name,
                     "unknown field \"" + field +
                         "\"; there are name effect actions who path root when priority");
  }
  return {};
}

Result<Rule> read_rule(const Value& value, std::size_t number) {
  const std::string rule_name = "rule " + std::to_string(number);
  if (!value.is_object()) return malformed(rule_name, "must be an object");
  for (const char* field : {"effect", "actions", "who"})
    if (!value.find(field)) return malformed(rule_name, std::string("has no ") + field);
  Rule rule;
  for (const auto& [field, member] : value.members())
    SYNCLINE_TRY(read_field(field, member, rule, rule_name));
  const bool narrow = !rule.paths.empty() || !rule.root.empty();
  if (narrow && (rule.actions & kWrite) != rule.actions)
    return malformed(rule_name, "path and root apply to add, change, remove and write only");
  // What names every node of every root says no more than a rule without path and root.
  if (rule.paths == std::vector<std::string>{"/**"} && rule.root == "*") {
    rule.paths.clear();
    rule.patterns.clear();
  }
  if (rule.root == "*" && rule.paths.empty()) rule.root.clear();
  return rule;
}

Value print_rule(const Rule& rule) {
  Value out = Value::object();
  if (!rule.name.empty()) out.set("name", rule.name);
  out.set("effect", rule.effect == Effect::kAllow ? "allow" : "deny");
  Value::Array actions;
  const bool write = (rule.actions & kWrite) == kWrite;
  for (std::size_t i = 0; i < kActions; ++i) {
    const Action action = static_cast<Action>(i);
    if (!rule.actions.contains(action)) continue;
    if (write && kWrite.contains(action)) {
      if (action == Action::kAdd) actions.emplace_back("write");
    } else if (action == Action::kExecute && !rule.methods.empty()) {
      for (const std::string& method : rule.methods) actions.emplace_back("execute:" + method);
    } else {
      actions.emplace_back(kNames[i]);
    }
  }
  out.set("actions", std::move(actions));
  Value::Array who;
  for (const Who& one : rule.who) who.emplace_back(print_who(one));
  out.set("who", std::move(who));
  if (!rule.paths.empty()) {
    Value::Array paths(rule.paths.begin(), rule.paths.end());
    out.set("path", std::move(paths));
  }
  if (!rule.root.empty()) out.set("root", rule.root);
  if (rule.when) out.set("when", rule.when->print());
  if (rule.priority != 0) out.set("priority", rule.priority);
  return out;
}

Rule allow(ActionSet actions, std::vector<Who> who) {
  Rule rule;
  rule.actions = actions;
  rule.who = std::move(who);
  return rule;
}

/// The rules of a preset, numbered.
std::vector<Rule> numbered(std::vector<Rule> rules) {
  for (std::size_t i = 0; i < rules.size(); ++i) rules[i].number = i + 1;
  return rules;
}

std::vector<Rule> owner_rules(std::vector<Who> readers) {
  return {allow({Action::kRead, Action::kSubscribe, Action::kPresence, Action::kEvent,
                 Action::kExecute},
                std::move(readers)),
          allow({Action::kAdd, Action::kChange, Action::kRemove, Action::kInvite, Action::kTransfer,
                 Action::kDelete, Action::kAdminister},
                {Who{Who::Kind::kOwner, {}}})};
}

}  // namespace

std::string_view name(Action action) { return kNames[static_cast<std::size_t>(action)]; }

Rules Rules::owner() { return {"owner", Combine::kDenyOverrides, numbered(owner_rules({Who{}}))}; }

Rules Rules::open() {
  std::vector<Rule> rules = owner_rules({Who{}});
  rules.push_back(allow(kWrite, {Who{}}));
  return {"open", Combine::kDenyOverrides, numbered(std::move(rules))};
}

Rules Rules::closed() {
  return {"private", Combine::kDenyOverrides,
          numbered(owner_rules({Who{Who::Kind::kOwner, {}}, Who{Who::Kind::kInvited, {}}}))};
}

Result<Rules> Rules::parse(const Value& value) {
  if (value.is_string()) {
    if (value.string() == "owner") return owner();
    if (value.string() == "open") return open();
    if (value.string() == "private") return closed();
    return Error(Code::kMalformed, "unknown access preset \"" + value.string().substr(0, 40) +
                                       "\"; there are owner, open, private, or a rule set");
  }
  if (!value.is_object())
    return Error(Code::kMalformed,
                 "access is neither a preset (owner, open, private) nor an object with rules");
  Combine combine = Combine::kDenyOverrides;
  std::vector<Rule> rules;
  for (const auto& [field, member] : value.members()) {
    if (field == "combine") {
      SYNCLINE_TRY_ASSIGN(text, text_of(member, "combine"));
      const auto found = std::find(kCombines.begin(), kCombines.end(), text);
      if (found == kCombines.end())
        return malformed("combine", "is none of deny-overrides, allow-overrides, first-applicable");
      combine = static_cast<Combine>(found - kCombines.begin());
    } else if (field == "rules") {
      if (!member.is_array()) return malformed("rules", "must be a list");
      if (member.items().size() > kRulesMax)
        return malformed("rules", "has more than " + std::to_string(kRulesMax) + " rules");
      for (const Value& item : member.items()) {
        SYNCLINE_TRY_ASSIGN(rule, read_rule(item, rules.size() + 1));
        rule.number = rules.size() + 1;
        rules.push_back(std::move(rule));
      }
    } else {
      return malformed("the rule set", "unknown field \"" + field + "\"; there are combine, rules");
    }
  }
  if (!value.find("rules")) return malformed("the rule set", "has no rules");
  std::ranges::stable_sort(rules, {}, &Rule::priority);
  return Rules("", combine, std::move(rules));
}

Value Rules::print() const {
  if (!preset_.empty()) return preset_;
  Value::Array rules(rules_->size());
  for (const Rule& rule : *rules_) rules[rule.number - 1] = print_rule(rule);
  return Value::object(
      {{"combine", kCombines[static_cast<std::size_t>(combine_)]}, {"rules", std::move(rules)}});
}

bool Rule::asks(Who::Kind kind) const {
  return std::ranges::any_of(who, [kind](const Who& one) { return one.kind == kind; });
}

bool Rules::needs_paths() const {
  return std::ranges::any_of(*rules_, [](const Rule& rule) {
    const ActionSet writes = rule.actions & kWrite;
    if (writes.empty()) return false;
    return writes != kWrite || rule.asks(Who::Kind::kCreator) || !rule.everywhere();
  });
}

bool Rules::asks_creators() const {
  return std::ranges::any_of(*rules_, [](const Rule& rule) {
    return !(rule.actions & kWrite).empty() && rule.asks(Who::Kind::kCreator);
  });
}

bool Rules::depends_on_time() const {
  return std::ranges::any_of(
      *rules_, [](const Rule& rule) { return rule.when && rule.when->depends_on_time(); });
}

std::string Rules::name_of(std::size_t index) const {
  const Rule& rule = (*rules_)[index];
  if (!rule.name.empty()) return rule.name;
  return (preset_.empty() ? "" : preset_ + ": ") + "rule " + std::to_string(rule.number);
}

}  // namespace syncline::access
