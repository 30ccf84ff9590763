// The judgement itself: may this subject do that? Pure functions; the room asks them with the head
// in force, everybody else may ask beforehand and never overrules the room.
#pragma once

#include "access/conditions.hpp"
#include "access/identity.hpp"
#include "access/rules.hpp"

namespace syncline::access {

/// May it, and which rule says so: "default" where none applied, "grant" where the session's token
/// decided, "hub: …" for a rule of the hub's own.
struct Decision {
  bool allow = false;
  std::string rule;
};

/// Decides about the object as a whole: rules with a path or a root, and rules about creators, do
/// not apply here. Nothing applicable: deny. `method` matters for kExecute only.
Decision decide(const Rules& rules, const Subject& subject, Action action,
                std::string_view method = {}, const Circumstances& now = {});

/// "hyperty://x/bob may not delete comm://x/board (rule owner: rule 2 …)": the message of a
/// refusal.
std::string explain(const Decision& decision, const Subject& subject, std::string_view action,
                    std::string_view object);

}  // namespace syncline::access
