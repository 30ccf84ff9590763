// Limits of rule sets, past any of which the rule set is malformed, and of what they judge.
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
/// Steps of a place under rules by path; what is written deeper is refused. As deep as shared types
/// are followed anywhere (crdt's kJsonDepthMax).
inline constexpr std::size_t kPlaceDepthMax = 1000;
/// Nodes above an edit whose authors are unknown where it is judged beforehand: every combination
/// of "mine" and "not mine" is tried. Past it: the room judges.
inline constexpr std::size_t kSuppositionsMax = 6;
/// Levels of all, any and not in a condition.
inline constexpr int kConditionDepthMax = 16;

/// Largest priority of a rule, either sign.
inline constexpr double kPriorityMax = 1e6;

}  // namespace syncline::access
