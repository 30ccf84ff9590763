// Limits of rule sets. Past any of them the rule set is malformed.
#pragma once

#include <cstddef>

namespace syncline::access {

/// Rules in a set: every session's verdict asks all of them.
inline constexpr std::size_t kRulesMax = 1000;
/// Entries of one list in a rule (actions, who, path).
inline constexpr std::size_t kRuleListMax = 1000;
/// Bytes of one glob, name or method. Matching costs at most glob times text.
inline constexpr std::size_t kRuleTextBytesMax = 1024;

/// Steps of one path pattern: which of them are met fits the bits of one number.
inline constexpr std::size_t kPatternStepsMax = 63;
/// Levels of all, any and not in a condition.
inline constexpr int kConditionDepthMax = 16;

/// Largest priority of a rule, either sign.
inline constexpr double kPriorityMax = 1e6;

}  // namespace syncline::access
