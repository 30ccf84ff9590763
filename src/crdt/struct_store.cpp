// Clients, and finding structs by id.
#include "crdt/struct_store.hpp"

#include <algorithm>

#include "base/check.hpp"
#include "crdt/tuning.hpp"

namespace syncline::crdt {

namespace {
constexpr std::ptrdiff_t kNear = 4;
}

std::size_t StructList::search_block(Clock clock) const {
  const auto after =
      std::partition_point(blocks_.begin(), blocks_.end(),
                           [&](const Block& candidate) { return candidate.first <= clock; });
  return static_cast<std::size_t>(after - blocks_.begin()) - 1;
}

StructList::Position StructList::find(Clock clock) const {
  SYNCLINE_CHECK(!blocks_.empty(), "a client with structs");
  const std::size_t block = block_of(clock);
  const std::vector<Ref>& refs = blocks_[block].refs;
  std::size_t slot = hint_.slot;
  const bool hit = block == hint_.block && slot < refs.size() && clock_of(refs[slot]) <= clock &&
                   clock < (*items_)[refs[slot]].end();
  if (!hit && block + 1 == blocks_.size() && clock >= clock_of(refs.back())) {
    // What was made last is what is changed most.
    slot = refs.size() - 1;
  } else if (!hit) {
    auto from = refs.begin();
    auto to = refs.end();
    if (block == hint_.block && slot < refs.size() && clock_of(refs[slot]) <= clock) {
      // Who walks along the list asks for one of the next.
      from += static_cast<std::ptrdiff_t>(slot) + 1;
      if (to - from > kNear && clock_of(from[kNear]) > clock) to = from + kNear;
    }
    const auto after =
        std::partition_point(from, to, [&](Ref ref) { return clock_of(ref) <= clock; });
    slot = static_cast<std::size_t>(after - refs.begin()) - 1;
  }
  hint_ = {static_cast<std::uint32_t>(block), static_cast<std::uint32_t>(slot)};
  return hint_;
}

StructList::Position StructList::next(Position position) const {
  if (position.slot + 1 < blocks_[position.block].refs.size()) {
    return {position.block, position.slot + 1};
  }
  return {position.block + 1, 0};
}

StructList::Position StructList::previous(Position position) const {
  if (position.slot > 0) return {position.block, position.slot - 1};
  const std::uint32_t block = position.block - 1;
  return {block, static_cast<std::uint32_t>(blocks_[block].refs.size()) - 1};
}

StructList::Position StructList::last() const {
  return previous({static_cast<std::uint32_t>(blocks_.size()), 0});
}

void StructList::insert(Ref ref) {
  const Position left = find(clock_of(ref));
  std::vector<Ref>& refs = blocks_[left.block].refs;
  refs.insert(refs.begin() + left.slot + 1, ref);
  if (refs.size() <= tuning::kStructBlock) return;
  std::vector<Ref> upper(refs.begin() + tuning::kStructBlock / 2, refs.end());
  refs.resize(tuning::kStructBlock / 2);
  const Clock first = clock_of(upper[0]);
  blocks_.insert(blocks_.begin() + left.block + 1, {first, std::move(upper)});
}

StructList::Position StructList::erase(Position position) {
  const Position before = previous(position);
  std::vector<Ref>& refs = blocks_[position.block].refs;
  refs.erase(refs.begin() + position.slot);
  if (refs.empty()) {
    blocks_.erase(blocks_.begin() + position.block);
  } else {
    blocks_[position.block].first = clock_of(refs[0]);
  }
  return before;
}

void StructStore::clear() {
  items_ = {};
  boxes_ = {};
  clients_.clear();
  by_id_.clear();
  last_found_ = 0;
}

ClientIndex StructStore::intern_another(ClientId id) {
  const auto [entry, added] = by_id_.try_emplace(id, static_cast<ClientIndex>(clients_.size()));
  if (added) clients_.emplace_back(id, items_);
  last_found_ = entry->second;
  return last_found_;
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
