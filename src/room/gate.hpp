// RoomGate: every message to a room, whatever its type, is asked about here before the room sees
// it. What is not known is denied.
#pragma once

#include "access/verdict.hpp"
#include "base/executor.hpp"
#include "bus/bus.hpp"
#include "room/head.hpp"

namespace syncline::room {

/// Asks the rules of the head in force. Whether a subscriber's update may be taken is judged by the
/// room, update by update; the gate asks whether they may (still) subscribe.
class RoomGate final : public bus::Gate {
 public:
  /// All outlive the gate; the head may change. `hub`: the hub's own rules, or nullptr.
  RoomGate(const Head& head, const Clock& clock, const access::Rules* hub)
      : head_(head), clock_(clock), hub_(hub) {}

  Result<void> pass(const bus::Message& message) const override;
  std::string rule(const bus::Message& message) const override;

 private:
  struct Question {
    bool known = true;  ///< a type that rooms take
    bool free = false;  ///< needs no permission
    bool write = false;
    access::Action action = access::Action::kRead;
  };
  static Question question(const bus::Message& message);
  access::Decision decide(const bus::Message& message, const Question& question) const;

  const Head& head_;
  const Clock& clock_;
  const access::Rules* const hub_;
};

}  // namespace syncline::room
