// Standing: how one subject stands to one rule set now. What `who` and `when` of a rule say is
// settled here, before any node is known, but for who created the node.
#pragma once

#include "access/decide.hpp"

namespace syncline::access {

/// Refers to what it is made of; lives shorter.
class Standing {
 public:
  Standing(const Rules& rules, const Subject& subject, const Circumstances& now)
      : rules_(rules), subject_(subject), now_(now) {}

  enum class Match : std::uint8_t {
    kNo,
    kCreator,  ///< of the nodes this subject created
    kYes,
  };
  /// Whether a rule is about this subject, now. `action`: what is being asked; while it is asked
  /// who may subscribe, nobody is a subscriber.
  Match match(const Rule& rule, Action action) const;

  /// The rule that decides among those for which `applies(index)` holds.
  template <typename Applies>
  static std::optional<std::size_t> deciding(const Rules& rules, const Applies& applies) {
    std::optional<std::size_t> allowed;
    std::optional<std::size_t> denied;
    for (std::size_t i = 0; i < rules.rules().size(); ++i) {
      const bool allows = rules.rules()[i].effect == Effect::kAllow;
      std::optional<std::size_t>& slot = allows ? allowed : denied;
      if (slot || !applies(i)) continue;
      slot = i;
      const bool settled = rules.combine() == Combine::kFirstApplicable ||
                           (rules.combine() == Combine::kAllowOverrides) == allows;
      if (settled) return slot;
    }
    // Nothing that overrides applied; at most one of the two is set.
    return allowed ? allowed : denied;
  }

  /// The rule that decides about the object as a whole.
  std::optional<std::size_t> decide(Action action, std::string_view method = {}) const;

 private:
  bool is(const Who& who, Action action) const;

  const Rules& rules_;
  const Subject& subject_;
  const Circumstances& now_;
};

}  // namespace syncline::access
