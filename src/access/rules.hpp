// Rules: what an object lets whom do. Parsed from and printed to the JSON form of docs/ACCESS.md;
// the presets are names for three of them.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "access/conditions.hpp"
#include "access/patterns.hpp"
#include "base/result.hpp"
#include "syncline/value.hpp"

namespace syncline::access {

enum class Action : std::uint8_t {
  kRead,
  kSubscribe,
  kAdd,
  kChange,
  kRemove,
  kInvite,
  kTransfer,
  kDelete,
  kExecute,
  kEvent,
  kPresence,
  kAdminister,
};
inline constexpr std::size_t kActions = 12;

/// "read", "subscribe", … as rules spell them.
std::string_view name(Action action);

/// A set of actions. `write` is add, change and remove.
class ActionSet {
 public:
  constexpr ActionSet() = default;
  constexpr ActionSet(std::initializer_list<Action> actions) {
    for (const Action action : actions) add(action);
  }
  constexpr void add(Action action) { bits_ = static_cast<std::uint16_t>(bits_ | bit(action)); }
  constexpr void add(ActionSet other) { bits_ = static_cast<std::uint16_t>(bits_ | other.bits_); }
  constexpr bool contains(Action action) const { return (bits_ & bit(action)) != 0; }
  constexpr bool empty() const { return bits_ == 0; }
  constexpr ActionSet operator&(ActionSet other) const {
    ActionSet both;
    both.bits_ = bits_ & other.bits_;
    return both;
  }
  friend constexpr bool operator==(ActionSet, ActionSet) = default;

 private:
  static constexpr unsigned bit(Action action) { return 1U << static_cast<unsigned>(action); }
  std::uint16_t bits_ = 0;
};

inline constexpr ActionSet kWrite{Action::kAdd, Action::kChange, Action::kRemove};

enum class Effect : std::uint8_t { kAllow, kDeny };
enum class Combine : std::uint8_t { kDenyOverrides, kAllowOverrides, kFirstApplicable };

/// Whom a rule is about.
struct Who {
  enum class Kind : std::uint8_t {
    kAnyone,      ///< "*"
    kOwner,       ///< "owner"
    kCreator,     ///< "creator": of the node that is written
    kSubscriber,  ///< "subscriber": whoever may subscribe now
    kInvited,     ///< "invited"
    kUnnamed,     ///< "anonymous"
    kIdentity,    ///< an identity, or a glob of identities
    kGroup,       ///< "group:NAME"
    kRole,        ///< "role:NAME"
  };
  Kind kind = Kind::kAnyone;
  std::string text;  ///< the glob or NAME

  friend bool operator==(const Who&, const Who&) = default;
};

struct Rule {
  std::size_t number = 0;  ///< its place in the set as written, from 1
  std::string name;        ///< as given; empty: known by its number
  Effect effect = Effect::kAllow;
  ActionSet actions;
  std::vector<std::string>
      methods;  ///< of "execute:METHOD"; without any, `execute` is every method
  std::vector<Who> who;
  std::vector<std::string> paths;  ///< JSON-pointer globs; none: every node
  std::vector<Pattern> patterns;   ///< the same, read
  /// A root's name or "*"; empty: not given, which is "data" with a path and every root without.
  std::string root;
  std::optional<Condition> when;
  std::int64_t priority = 0;  ///< for first-applicable: smaller comes first

  /// About every node of every root.
  bool everywhere() const { return paths.empty() && root.empty(); }
  bool covers_root(std::string_view of) const {
    if (root.empty()) return paths.empty() || of == "data";
    return root == "*" || root == of;
  }
  bool asks(Who::Kind kind) const;

  friend bool operator==(const Rule&, const Rule&) = default;
};

/// A rule set. Value type; copies share their rules.
class Rules {
 public:
  /// Those of the preset "owner".
  Rules() : Rules(owner()) {}

  static Rules owner();
  static Rules open();
  static Rules closed();  ///< the preset "private"

  /// A preset's name or the JSON form. kMalformed names the rule, the field and what would do:
  /// unknown fields, actions, subjects and conditions are refused. Bounded by tuning.hpp.
  static Result<Rules> parse(const Value& value);

  /// What parse reads: the preset's name where it is one.
  Value print() const;

  /// Whether deciding on writes takes more than "all or none": rules with paths or a root, rules
  /// about creators, and rules that tell add, change and remove apart.
  bool needs_paths() const;
  /// Whether a decision about writes may depend on who made a node.
  bool asks_creators() const;
  /// Whether decisions may change with time alone.
  bool depends_on_time() const;

  Combine combine() const { return combine_; }
  /// In the order in which first-applicable asks them.
  const std::vector<Rule>& rules() const { return *rules_; }
  /// "owner: rule 2", "rule 3", or the name the rule was given.
  std::string name_of(std::size_t index) const;

  friend bool operator==(const Rules& a, const Rules& b) {
    return a.preset_ == b.preset_ && a.combine_ == b.combine_ && *a.rules_ == *b.rules_;
  }

 private:
  Rules(std::string preset, Combine combine, std::vector<Rule> rules)
      : preset_(std::move(preset)),
        combine_(combine),
        rules_(std::make_shared<const std::vector<Rule>>(std::move(rules))) {}

  std::string preset_;
  Combine combine_ = Combine::kDenyOverrides;
  std::shared_ptr<const std::vector<Rule>> rules_;
};

}  // namespace syncline::access
