#include "room/gate.hpp"

#include <type_traits>

namespace syncline::room {

RoomGate::Question RoomGate::question(const bus::Message& message) {
  using access::Action;
  return std::visit(
      [](const auto& body) -> Question {
        using M = std::decay_t<decltype(body)>;
        // Leaving and saying how much one can take need no right; creating what exists is answered
        // by the room with a conflict.
        if constexpr (std::is_same_v<M, bus::Create> || std::is_same_v<M, bus::Unsubscribe> ||
                      std::is_same_v<M, bus::Flow>)
          return {.free = true};
        else if constexpr (std::is_same_v<M, bus::Invite>)
          return {.action = Action::kInvite};
        else if constexpr (std::is_same_v<M, bus::Subscribe> || std::is_same_v<M, bus::Update>)
          return {.action = Action::kSubscribe};
        else if constexpr (std::is_same_v<M, bus::Presence>)
          return {.action = Action::kPresence};
        else if constexpr (std::is_same_v<M, bus::Event>)
          return {.action = Action::kEvent};
        else if constexpr (std::is_same_v<M, bus::Read> || std::is_same_v<M, bus::Describe>)
          return {.action = Action::kRead};
        else if constexpr (std::is_same_v<M, bus::Edit>)
          return {.write = true, .action = Action::kChange};
        else if constexpr (std::is_same_v<M, bus::Delete>)
          return {.action = Action::kDelete};
        else if constexpr (std::is_same_v<M, bus::SetAccess>)
          return {.action = Action::kAdminister};
        else
          return {.known = false};
      },
      message.body);
}

access::Decision RoomGate::decide(const bus::Message& message, const Question& asked) const {
  const access::Subject subject = head_.subject(message.identity);
  const access::Circumstances now = head_.circumstances(clock_.wall_ms(), hub_);
  if (asked.write) {
    // By path: the room judges what exactly.
    const access::WriteVerdict verdict = access::decide_writes(head_.rules, subject, now);
    return {verdict.verdict != access::Verdict::kNone, verdict.rule};
  }
  return access::decide(head_.rules, subject, asked.action, {}, now);
}

Result<void> RoomGate::pass(const bus::Message& message) const {
  const Question asked = question(message);
  if (!asked.known)
    return Error(Code::kMalformed, "unknown_message",
                 "a room takes no message \"" + std::string(bus::name_of(message.body)) + "\"");
  // That an object was deleted is told by the room, once that is stored.
  if (asked.free || head_.deleted_ms) return {};
  const access::Decision decision = decide(message, asked);
  if (decision.allow) return {};
  const std::string_view action = asked.write ? "write" : access::name(asked.action);
  return Error(Code::kDenied, "denied",
               access::explain(decision, head_.subject(message.identity), action, head_.url));
}

std::string RoomGate::rule(const bus::Message& message) const {
  const Question asked = question(message);
  if (!asked.known || asked.free) return {};
  return decide(message, asked).rule;
}

}  // namespace syncline::room
