// Looking units up in the parts of a batch.
#include "object/authors.hpp"

#include "object/tuning.hpp"

namespace syncline::object {

void Authors::add(const std::string& by, const crdt::Update& update) {
  Part part{by, {}, update.deletes};
  for (const auto& [client, structs] : update.structs)
    for (const crdt::Struct& made : structs)
      if (made.kind != crdt::StructKind::kSkip) part.made.add(client, made.id.clock, made.length);
  parts_.push_back(std::move(part));
}

void Authors::trim() {
  if (parts_.size() > kWaitingPartsMax)
    parts_.erase(parts_.begin(), parts_.end() - static_cast<std::ptrdiff_t>(kWaitingPartsMax));
}

Authors::Rank Authors::maker(const crdt::IdRange& range) const {
  for (std::size_t i = parts_.size(); i-- > 0;)
    if (parts_[i].made.intersects(range)) return i;
  return std::nullopt;
}

Authors::Rank Authors::deleter(const crdt::IdRange& range) const {
  for (std::size_t i = parts_.size(); i-- > 0;)
    if (parts_[i].deleted.intersects(range)) return i;
  return std::nullopt;
}

std::optional<std::string> Authors::by(Rank rank) const {
  if (!rank || parts_[*rank].by.empty()) return std::nullopt;
  return parts_[*rank].by;
}

}  // namespace syncline::object
