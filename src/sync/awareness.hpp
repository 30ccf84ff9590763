// Awareness: who else is here and what they are doing (name, cursor, selection), the client's side
// of y-protocols' awareness (source: awareness.js 1.0).
//
// Each client has one state, a JSON object, and a clock that grows with it; states are sent whole,
// never stored, and forgotten when nothing was heard of them for half a minute. Bytes in, bytes
// out: whoever owns one sends what on_update names and hands it what arrives. The hub's side, with
// owners, is room/presence.hpp; the bytes are the same.
#pragma once

#include <functional>
#include <map>
#include <span>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/executor.hpp"
#include "base/result.hpp"
#include "crdt/id.hpp"
#include "crdt/listeners.hpp"
#include "syncline/value.hpp"

namespace syncline::sync {

/// Whose states changed.
struct AwarenessChange {
  std::vector<crdt::ClientId> added;
  std::vector<crdt::ClientId> updated;
  std::vector<crdt::ClientId> removed;

  bool empty() const { return added.empty() && updated.empty() && removed.empty(); }
  friend bool operator==(const AwarenessChange&, const AwarenessChange&) = default;
};

/// Thread: its executor. Not copyable.
class Awareness {
 public:
  /// Hears of a change and where it came from: "local" for this client's own, "timeout" for states
  /// that went silent, else what apply_update or remove_states were given.
  using Listener = std::function<void(const AwarenessChange& change, const Value& origin)>;

  /// Begins with the empty object as its own state. REQUIRES: executor and clock outlive it.
  Awareness(crdt::ClientId client, Executor& executor, const Clock& clock);
  Awareness(const Awareness&) = delete;
  Awareness& operator=(const Awareness&) = delete;

  crdt::ClientId client() const { return client_; }
  /// This client's state; nullptr where it has none.
  const Value* local_state() const;
  /// Null takes the state away: send that before leaving.
  void set_local_state(Value state);
  /// Sets one member of the state; nothing where there is no state.
  void set_local_field(std::string_view field, Value value);

  /// Everybody's states, this client's included.
  const std::map<crdt::ClientId, Value>& states() const { return states_; }

  /// Takes what another client or the server sent. On error (kMalformed) nothing changed.
  Result<void> apply_update(ByteView update, const Value& origin);
  /// The states of these clients, null for those that left; those never heard of are left out.
  Bytes encode_update(std::span<const crdt::ClientId> clients) const;
  /// Everybody's states.
  Bytes encode_update() const;
  /// Takes these for gone, for instance when the connection they came through closed.
  void remove_states(std::span<const crdt::ClientId> clients, const Value& origin);

  /// Calls `listener` when a state became another.
  Handle on_change(Listener listener) { return changes_.add(std::move(listener)); }
  /// Calls `listener` also when a state was only renewed: what is to be sent on. After on_change.
  Handle on_update(Listener listener) { return updates_.add(std::move(listener)); }

 private:
  struct Heard {
    std::uint64_t clock = 0;
    Duration at{};
  };

  void check_later();
  /// Renews the own state, takes silent ones away.
  void check();
  /// `renewed`: those of `change.updated` whose state is the same.
  void tell(const AwarenessChange& change, const std::vector<crdt::ClientId>& renewed,
            const Value& origin);
  void forget_some();

  crdt::ClientId client_;
  Executor& executor_;
  const Clock& clock_;
  std::map<crdt::ClientId, Value> states_;
  /// Also of those that left: what arrives late is old.
  std::map<crdt::ClientId, Heard> heard_;
  crdt::Listeners<const AwarenessChange&, const Value&> changes_;
  crdt::Listeners<const AwarenessChange&, const Value&> updates_;
  Handle checking_;
};

/// An awareness update with each state replaced by what `modify` makes of it (null: gone): for a
/// server that puts names to states.
Result<Bytes> modify_awareness_update(ByteView update,
                                      const std::function<Value(const Value& state)>& modify);

}  // namespace syncline::sync
