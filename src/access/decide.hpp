// The judgement itself: may this subject do that? Pure functions; the room asks them with the head
// in force, everybody else may ask beforehand and never overrules the room.
#pragma once

#include "access/identity.hpp"
#include "access/rules.hpp"

namespace syncline::access {

/// What a room lets a session write.
enum class Verdict { kNone, kAll, kByPath };

/// "none", "all", "paths", as the sync-api spells it.
std::string_view name(Verdict verdict);

/// May it, and which rule says so: "default" where none applied, "grant" where the session's token
/// decided.
struct Decision {
  bool allow = false;
  std::string rule;
};

/// Decides about the object as a whole. Rules with paths, roots or creators do not apply here.
/// Nothing applicable: deny. `method` matters for kExecute only.
Decision decide(const Rules& rules, const Subject& subject, Action action,
                std::string_view method = {});

/// The verdict on every write of a session, and the rule behind it (of the first of add, change and
/// remove that is denied, for kNone).
struct WriteVerdict {
  Verdict verdict = Verdict::kNone;
  std::string rule;
};
WriteVerdict decide_writes(const Rules& rules, const Subject& subject);

/// "hyperty://x/bob may not delete comm://x/board (rule owner: rule 2 …)": the message of a
/// refusal.
std::string explain(const Decision& decision, const Subject& subject, std::string_view action,
                    std::string_view object);

}  // namespace syncline::access
