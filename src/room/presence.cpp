#include "room/presence.hpp"

#include "encoding/json.hpp"
#include "encoding/lib0.hpp"
#include "room/tuning.hpp"

namespace syncline::room {

Result<std::vector<PresenceState>> decode_presence(ByteView bytes) {
  encoding::Reader reader(bytes);
  std::vector<PresenceState> out;
  const std::uint64_t count = reader.var_uint();
  if (count > kPresenceEntries) reader.fail("more states than a room may have");
  for (std::uint64_t i = 0; i < count && !reader.failed(); ++i) {
    PresenceState state;
    state.client = reader.var_uint();
    state.clock = reader.var_uint();
    state.json = reader.var_string();
    if (state.json.size() > kPresenceStateBytes) reader.fail("a state is longer than the limit");
    if (!reader.failed() && !encoding::parse_json(state.json).ok())
      reader.fail("a state is no JSON");
    out.push_back(std::move(state));
  }
  if (!reader.failed() && !reader.at_end()) reader.fail("bytes after the last state");
  if (reader.failed()) return Error(Code::kMalformed, "presence: " + reader.error().message());
  return out;
}

Bytes encode_presence(std::span<const PresenceState> states) {
  encoding::Writer writer;
  writer.var_uint(states.size());
  for (const PresenceState& state : states) {
    writer.var_uint(state.client);
    writer.var_uint(state.clock);
    writer.var_string(state.json);
  }
  return writer.take();
}

std::vector<PresenceState> Presence::receive(const std::string& session,
                                             const std::string& identity,
                                             std::span<const PresenceState> states) {
  std::vector<PresenceState> changed;
  for (const PresenceState& state : states) {
    const auto found = entries_.find(state.client);
    if (found == entries_.end()) {
      const auto old = left_.find(state.client);
      if (old != left_.end() && state.clock <= old->second) continue;
      if (state.is_null() || entries_.size() >= kPresenceEntries) continue;
      left_.erase(state.client);
      entries_[state.client] = {state.clock, state.json, session, identity};
      changed.push_back(state);
      continue;
    }
    Entry& entry = found->second;
    const bool own = entry.session == session;
    const bool newer = state.clock > entry.clock;
    const bool withdrawn = own && state.is_null() && state.clock == entry.clock;
    if (!newer && !withdrawn) continue;
    if (!own && entry.identity != identity) continue;
    changed.push_back(state);
    if (state.is_null()) {
      remember_left(state.client, state.clock);
      entries_.erase(found);
    } else {
      entry = {state.clock, state.json, session, identity};
    }
  }
  return changed;
}

std::vector<PresenceState> Presence::leave(const std::string& session) {
  std::vector<PresenceState> changed;
  for (auto entry = entries_.begin(); entry != entries_.end();) {
    if (entry->second.session != session) {
      ++entry;
      continue;
    }
    changed.push_back({entry->first, entry->second.clock, "null"});
    remember_left(entry->first, entry->second.clock);
    entry = entries_.erase(entry);
  }
  return changed;
}

std::vector<PresenceState> Presence::states() const {
  std::vector<PresenceState> out;
  for (const auto& [client, entry] : entries_) out.push_back({client, entry.clock, entry.json});
  return out;
}

void Presence::remember_left(crdt::ClientId client, std::uint64_t clock) {
  left_[client] = clock;
  if (left_.size() > kPresenceEntries) left_.erase(left_.begin());
}

}  // namespace syncline::room
