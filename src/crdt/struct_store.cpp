// Clients, and finding structs by id.
#include "crdt/struct_store.hpp"

#include <algorithm>

#include "base/check.hpp"
#include "crdt/tuning.hpp"

namespace syncline::crdt {

StructList::Position StructList::find(Clock clock) const {
  SYNCLINE_CHECK(!blocks_.empty(), "a client with structs");
  const auto holds = [&](std::size_t block) {
    return blocks_[block].front().clock <= clock &&
           (block + 1 == blocks_.size() || clock < blocks_[block + 1].front().clock);
  };
  std::size_t block = hint_.block;
  if (block >= blocks_.size() || !holds(block)) {
    const auto after = std::partition_point(
        blocks_.begin(), blocks_.end(),
        [&](const std::vector<Entry>& entries) { return entries.front().clock <= clock; });
    block = static_cast<std::size_t>(after - blocks_.begin()) - 1;
  }
  const std::vector<Entry>& entries = blocks_[block];
  std::size_t slot = block == hint_.block ? hint_.slot : entries.size();
  const bool hit = slot < entries.size() && entries[slot].clock <= clock &&
                   (slot + 1 == entries.size() || clock < entries[slot + 1].clock);
  if (!hit) {
    const auto after = std::partition_point(entries.begin(), entries.end(),
                                            [&](const Entry& e) { return e.clock <= clock; });
    slot = static_cast<std::size_t>(after - entries.begin()) - 1;
  }
  hint_ = {static_cast<std::uint32_t>(block), static_cast<std::uint32_t>(slot)};
  return hint_;
}

StructList::Position StructList::next(Position position) const {
  if (position.slot + 1 < blocks_[position.block].size()) {
    return {position.block, position.slot + 1};
  }
  return {position.block + 1, 0};
}

StructList::Position StructList::previous(Position position) const {
  if (position.slot > 0) return {position.block, position.slot - 1};
  const std::uint32_t block = position.block - 1;
  return {block, static_cast<std::uint32_t>(blocks_[block].size()) - 1};
}

StructList::Position StructList::last() const {
  return previous({static_cast<std::uint32_t>(blocks_.size()), 0});
}

void StructList::append(Clock clock, Ref ref) {
  if (blocks_.empty() || blocks_.back().size() == tuning::kStructBlock) blocks_.emplace_back();
  blocks_.back().push_back({clock, ref});
}

void StructList::insert(Clock clock, Ref ref) {
  const Position left = find(clock);
  std::vector<Entry>& entries = blocks_[left.block];
  entries.insert(entries.begin() + left.slot + 1, {clock, ref});
  if (entries.size() <= tuning::kStructBlock) return;
  std::vector<Entry> upper(entries.begin() + tuning::kStructBlock / 2, entries.end());
  entries.resize(tuning::kStructBlock / 2);
  blocks_.insert(blocks_.begin() + left.block + 1, std::move(upper));
}

StructList::Position StructList::erase(Position position) {
  const Position before = previous(position);
  std::vector<Entry>& entries = blocks_[position.block];
  entries.erase(entries.begin() + position.slot);
  if (entries.empty()) blocks_.erase(blocks_.begin() + position.block);
  return before;
}

ClientIndex StructStore::intern(ClientId id) {
  const auto [entry, added] = by_id_.try_emplace(id, static_cast<ClientIndex>(clients_.size()));
  if (added) clients_.emplace_back().id = id;
  return entry->second;
}

ClientIndex StructStore::index_of(ClientId id) const {
  if (last_found_ < clients_.size() && clients_[last_found_].id == id) return last_found_;
  const auto found = by_id_.find(id);
  if (found == by_id_.end()) return kNone;
  last_found_ = found->second;
  return last_found_;
}

Clock StructStore::state(ClientId id) const {
  const ClientIndex index = index_of(id);
  return index == kNone ? 0 : clients_[index].end;
}

StateVector StructStore::state_vector() const {
  StateVector result;
  for (const Client& client : clients_) {
    if (client.end > 0) result.set(client.id, client.end);
  }
  return result;
}

}  // namespace syncline::crdt
