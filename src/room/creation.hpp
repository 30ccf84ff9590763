// Creation: what a `create` asks for, judged before anything of it exists.
#pragma once

#include <optional>

#include "bus/message.hpp"
#include "crdt/update.hpp"
#include "room/head.hpp"

namespace syncline::room {

struct Creation {
  /// Without url, incarnation, time and base_seq.
  Head head;
  std::optional<crdt::Update> initial;
};

/// The rules that a request gives an object of `owner`. kMalformed; kUnauthenticated where nobody
/// could ever write it.
Result<access::Rules> rules_for(const Value& access, std::string_view owner);

/// kMalformed (rules, identities, nonce, state), kSchema (the first state does not keep to
/// the schema; a schema that is none is kMalformed), kUnauthenticated (nobody would own it),
/// kTooLarge.
Result<Creation> judge_creation(const bus::Create& request, std::string_view identity);

}  // namespace syncline::room
