// Presence: the awareness states of a room's members, relayed and never stored.
//
// A pure state machine with y-protocols' semantics and owners: an entry belongs to the session
// whose frame raised its clock. y-websocket clients send every state they hear once more, so equal
// clocks change nothing.
#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "crdt/id.hpp"

namespace syncline::room {

/// One state of an awareness update. `json` is "null" where the client has none (any more).
struct PresenceState {
  crdt::ClientId client = 0;
  std::uint64_t clock = 0;
  std::string json;

  bool is_null() const { return json == "null"; }
  friend bool operator==(const PresenceState&, const PresenceState&) = default;
};

/// y-protocols' awareness update. kMalformed also for states that are no JSON, or longer than
/// kPresenceStateBytes.
Result<std::vector<PresenceState>> decode_presence(ByteView bytes);
Bytes encode_presence(std::span<const PresenceState> states);

/// The states of one room. Value type.
class Presence {
 public:
  /// Takes a frame of a session; returns what changed, for the others. A clock that is not larger
  /// changes nothing, but for the owner's null. A state that a session of another identity holds
  /// stays; one of the same identity changes hands.
  std::vector<PresenceState> receive(const std::string& session, const std::string& identity,
                                     std::span<const PresenceState> states);

  /// Removes what a session holds; returns the removals, for the others.
  std::vector<PresenceState> leave(const std::string& session);

  /// All states, for a new member.
  std::vector<PresenceState> states() const;

 private:
  struct Entry {
    std::uint64_t clock = 0;
    std::string json;
    std::string session;
    std::string identity;
  };
  std::map<crdt::ClientId, Entry> entries_;
  /// Clocks of those that left: what others echo of them later is old.
  std::map<crdt::ClientId, std::uint64_t> left_;

  void remember_left(crdt::ClientId client, std::uint64_t clock);
};

}  // namespace syncline::room
