#include "sync/awareness.hpp"

#include <algorithm>

#include "encoding/json.hpp"
#include "room/presence.hpp"
#include "room/tuning.hpp"
#include "sync/tuning.hpp"

namespace syncline::sync {

using crdt::ClientId;

Awareness::Awareness(ClientId client, Executor& executor, const Clock& clock)
    : client_(client), executor_(executor), clock_(clock) {
  set_local_state(Value::object());
  check_later();
}

const Value* Awareness::local_state() const {
  const auto found = states_.find(client_);
  return found == states_.end() ? nullptr : &found->second;
}

void Awareness::set_local_state(Value state) {
  const auto known = heard_.find(client_);
  heard_[client_] = {known == heard_.end() ? 0 : known->second.clock + 1, clock_.now()};
  AwarenessChange change;
  std::vector<ClientId> renewed;
  if (state.is_null()) {
    states_.erase(client_);
    change.removed.push_back(client_);
  } else if (const auto before = states_.find(client_); before == states_.end()) {
    states_.emplace(client_, std::move(state));
    change.added.push_back(client_);
  } else {
    change.updated.push_back(client_);
    if (before->second == state) renewed.push_back(client_);
    before->second = std::move(state);
  }
  tell(change, renewed, "local");
}

void Awareness::set_local_field(std::string_view field, Value value) {
  const Value* now = local_state();
  if (now == nullptr || !now->is_object()) return;
  Value state = *now;
  state.set(field, std::move(value));
  set_local_state(std::move(state));
}

Result<void> Awareness::apply_update(ByteView update, const Value& origin) {
  SYNCLINE_TRY_ASSIGN(entries, room::decode_presence(update));
  AwarenessChange change;
  std::vector<ClientId> renewed;
  for (const room::PresenceState& entry : entries) {
    const ClientId id = entry.client;
    const auto known = heard_.find(id);
    const bool first = known == heard_.end();
    const std::uint64_t last = first ? 0 : known->second.clock;
    // Parsed again rather than kept by the codec: a room passes states on as text.
    Value state = encoding::parse_json(entry.json).value();
    const bool null = state.is_null();
    const bool newer = last < entry.clock;
    if (!newer && !(last == entry.clock && null && states_.contains(id))) continue;

    std::uint64_t clock = entry.clock;
    const bool of_the_living = null && id == client_ && local_state() != nullptr;
    // Others cannot take the own state away: a larger clock tells them so.
    if (of_the_living) ++clock;
    heard_[id] = {clock, clock_.now()};
    if (null) {
      if (!of_the_living) states_.erase(id);
      if (!first) change.removed.push_back(id);
      continue;
    }
    const auto before = states_.find(id);
    if (!first && before != states_.end() && before->second == state) renewed.push_back(id);
    states_[id] = std::move(state);
    (first ? change.added : change.updated).push_back(id);
  }
  forget_some();
  tell(change, renewed, origin);
  return {};
}

Bytes Awareness::encode_update(std::span<const ClientId> clients) const {
  std::vector<room::PresenceState> entries;
  for (const ClientId id : clients) {
    const auto known = heard_.find(id);
    if (known == heard_.end()) continue;
    const auto state = states_.find(id);
    entries.push_back(
        {id, known->second.clock, state == states_.end() ? "null" : state->second.to_json()});
  }
  return room::encode_presence(entries);
}

Bytes Awareness::encode_update() const {
  std::vector<ClientId> everybody;
  for (const auto& [id, state] : states_) everybody.push_back(id);
  return encode_update(everybody);
}

void Awareness::remove_states(std::span<const ClientId> clients, const Value& origin) {
  AwarenessChange change;
  for (const ClientId id : clients) {
    if (states_.erase(id) == 0) continue;
    if (id == client_) heard_[id] = {heard_[id].clock + 1, clock_.now()};
    change.removed.push_back(id);
  }
  tell(change, {}, origin);
}

void Awareness::check_later() {
  checking_ = executor_.after(tuning::kAwarenessCheck, [this] {
    check();
    check_later();
  });
}

void Awareness::check() {
  const Duration now = clock_.now();
  if (local_state() != nullptr && now - heard_[client_].at >= tuning::kAwarenessTimeout / 2) {
    set_local_state(Value(*local_state()));
  }
  std::vector<ClientId> silent;
  for (const auto& [id, heard] : heard_) {
    const bool late = now - heard.at >= tuning::kAwarenessTimeout;
    if (id != client_ && late && states_.contains(id)) silent.push_back(id);
  }
  remove_states(silent, "timeout");
}

void Awareness::tell(const AwarenessChange& change, const std::vector<ClientId>& renewed,
                     const Value& origin) {
  if (change.empty()) return;
  AwarenessChange changed = change;
  std::erase_if(changed.updated, [&](ClientId id) {
    return std::find(renewed.begin(), renewed.end(), id) != renewed.end();
  });
  if (!changed.empty()) {
    changes_.each([&](const auto& listener) { listener(changed, origin); });
  }
  updates_.each([&](const auto& listener) { listener(change, origin); });
}

void Awareness::forget_some() {
  for (auto known = heard_.begin(); known != heard_.end();) {
    if (heard_.size() <= room::kPresenceEntries) return;
    const bool gone = known->first != client_ && !states_.contains(known->first);
    known = gone ? heard_.erase(known) : std::next(known);
  }
}

Result<Bytes> modify_awareness_update(ByteView update,
                                      const std::function<Value(const Value& state)>& modify) {
  SYNCLINE_TRY_ASSIGN(entries, room::decode_presence(update));
  for (room::PresenceState& entry : entries) {
    entry.json = modify(encoding::parse_json(entry.json).value()).to_json();
  }
  return room::encode_presence(entries);
}

}  // namespace syncline::sync
