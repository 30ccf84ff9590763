#include "room/authorship.hpp"

#include <algorithm>

namespace syncline::room {

void Authorship::record(const crdt::Update& update, const crdt::StateVector& before,
                        std::string_view identity) {
  for (const auto& [client, structs] : update.structs) {
    if (structs.empty()) continue;
    const crdt::Struct& last = structs.back();
    record(client, std::max(before.get(client), structs.front().id.clock),
           last.id.clock + last.length, identity);
  }
}

void Authorship::record(crdt::ClientId client, crdt::Clock from, crdt::Clock to,
                        std::string_view identity) {
  std::map<crdt::Clock, Range>& ranges = ranges_[client];
  // Updates arrive in order of clocks, so what is new comes after the last range.
  if (!ranges.empty()) from = std::max(from, ranges.rbegin()->second.to);
  if (from >= to) return;
  const IdentityTable::Number author = identities_.number_of(identity);
  if (!ranges.empty()) {
    Range& last = ranges.rbegin()->second;
    if (last.to == from && last.author == author) {
      last.to = to;
      return;
    }
  }
  ranges.emplace_hint(ranges.end(), from, Range{to, author});
}

std::optional<std::string_view> Authorship::author_of(crdt::ID id) const {
  const auto client = ranges_.find(id.client);
  if (client == ranges_.end()) return std::nullopt;
  auto after = client->second.upper_bound(id.clock);
  if (after == client->second.begin()) return std::nullopt;
  const Range& range = std::prev(after)->second;
  if (id.clock >= range.to) return std::nullopt;
  return identities_.name(range.author);
}

crdt::Clock Authorship::same_author_until(crdt::ID unit, crdt::Clock end) const {
  const auto client = ranges_.find(unit.client);
  if (client == ranges_.end()) return end;
  const auto after = client->second.upper_bound(unit.clock);
  if (after != client->second.begin()) {
    // Neighbours of one author are one range.
    const Range& range = std::prev(after)->second;
    if (unit.clock < range.to) return std::min(end, range.to);
  }
  return after == client->second.end() ? end : std::min(end, after->first);
}

void Authorship::write(encoding::Writer& writer) const {
  identities_.write(writer);
  writer.var_uint(ranges_.size());
  for (const auto& [client, ranges] : ranges_) {
    writer.var_uint(client);
    writer.var_uint(ranges.size());
    crdt::Clock at = 0;
    for (const auto& [from, range] : ranges) {
      writer.var_uint(from - at);
      writer.var_uint(range.to - from);
      writer.var_uint(range.author);
      at = range.to;
    }
  }
}

Authorship Authorship::read(encoding::Reader& reader) {
  Authorship out;
  out.identities_ = IdentityTable::read(reader);
  const std::uint64_t clients = reader.var_uint();
  for (std::uint64_t i = 0; i < clients && !reader.failed(); ++i) {
    const crdt::ClientId client = reader.var_uint();
    std::map<crdt::Clock, Range>& ranges = out.ranges_[client];
    const std::uint64_t count = reader.var_uint();
    crdt::Clock at = 0;
    for (std::uint64_t j = 0; j < count && !reader.failed(); ++j) {
      const crdt::Clock from = at + reader.var_uint();
      const std::uint64_t length = reader.var_uint();
      const IdentityTable::Number author = out.identities_.read_number(reader);
      if (length == 0 || from > encoding::kMaxSafeInteger || length > encoding::kMaxSafeInteger)
        reader.fail("a range of authorship is out of bounds");
      if (reader.failed()) break;
      at = from + length;
      ranges.emplace_hint(ranges.end(), from, Range{at, author});
    }
  }
  return out;
}

bool operator==(const Authorship& a, const Authorship& b) {
  const auto same_range = [&](const auto& one, const auto& other) {
    return one.first == other.first && one.second.to == other.second.to &&
           a.identities_.name(one.second.author) == b.identities_.name(other.second.author);
  };
  return std::ranges::equal(a.ranges_, b.ranges_, [&](const auto& one, const auto& other) {
    return one.first == other.first && std::ranges::equal(one.second, other.second, same_range);
  });
}

}  // namespace syncline::room
