// Whole states into empty documents.
#include "crdt/loader.hpp"

#include <algorithm>
#include <bit>

#include "crdt/update_reader.hpp"

namespace syncline::crdt {

Result<bool> Engine::Loader::read(ByteView update, UpdateFormat format) {
  const auto read_as = [&]<typename Decoder>() {
    return wire::UpdateReader<Decoder, Loader>(update, wire::Bounds::kWorld, *this).read();
  };
  Result<void> done = format == UpdateFormat::kV1
                          ? read_as.template operator()<wire::UpdateDecoderV1>()
                          : read_as.template operator()<wire::UpdateDecoderV2>();
  std::sort(sections_.begin(), sections_.end(),
            [](const Section& a, const Section& b) { return a.id > b.id; });
  if (done.ok() && usual_ && is_whole() && find_order()) return true;
  store_.clear();
  if (!done.ok()) return done.error();
  return false;
}

// ---- reading ------------------------------------------------------------------------------------

void Engine::Loader::section(ClientId of, Clock first, std::uint64_t expected) {
  clocks_.reserve(clocks_.size() + expected);
  const ClientIndex index = store_.intern(of);
  usual_ = usual_ && first == 0;
  sections_.push_back({.id = of,
                       .client = index,
                       .first = store_.items().size(),
                       .rests_from = static_cast<std::uint32_t>(rests_.size())});
}

Struct& Engine::Loader::begin(ID id) {
  item_.id = id;
  ref_ = store_.take();
  clocks_.push_back(id.clock);
  store_[ref_].set_id({sections_.back().client, id.clock});
  return item_;
}

std::uint64_t Engine::Loader::text(Struct& /*item*/, std::string_view text) {
  store_.set_string(store_[ref_], text);
  return store_[ref_].length();
}

void Engine::Loader::end(Struct& from) {
  Item& item = store_[ref_];
  Section& section = sections_.back();
  ++section.structs;
  section.end = from.id.clock + from.length;
  bool plain = true;
  if (from.kind == StructKind::kDeleted || from.kind == StructKind::kGC) {
    item.kind = from.kind;
    item.set_length(from.length);
    item.deleted = item.is_gc();
  } else if (from.kind != StructKind::kString) {
    store_.set_content(item, from.kind, from.length, std::move(from.content));
    plain = false;
    if (from.kind == StructKind::kSkip) usual_ = false;
  }
  if (from.origin) item.set_origin(refer(*std::exchange(from.origin, std::nullopt)));
  if (from.right_origin) {
    item.set_right_origin(refer(*std::exchange(from.right_origin, std::nullopt)));
  }
  const bool alone = from.is_item() && item.origin() == kNowhere && item.right_origin() == kNowhere;
  if (alone || from.kind == StructKind::kType) {
    if (const auto* id = std::get_if<ID>(&from.parent)) refer(*id);
    item.left = static_cast<Ref>(rests_.size());
    rests_.push_back({std::move(from.parent), std::move(from.key), from.content.type,
                      std::move(from.content.text)});
    ++section.rests;
    plain = false;
  }
  if (!plain) from = {};
}

void Engine::Loader::deletes(ClientId of, std::vector<IdSet::Range> ranges) {
  auto& all = deletes_[of];
  all.insert(all.end(), ranges.begin(), ranges.end());
}

Unit Engine::Loader::refer(ID id) {
  // To its own client: the reader saw that it is to an earlier unit.
  if (id.client == sections_.back().id) return {sections_.back().client, id.clock};
  const ClientIndex of = store_.intern(id.client);
  if (of >= referred_.size()) referred_.resize(of + std::size_t{1});
  referred_[of] = std::max(referred_[of], id.clock + 1);
  return {of, id.clock};
}

/// Whether every client is there once, with all that is referred to.
bool Engine::Loader::is_whole() const {
  std::vector<Clock> ends(referred_.size());
  for (std::size_t i = 0; i < sections_.size(); ++i) {
    const Section& section = sections_[i];
    if (i > 0 && sections_[i - 1].id == section.id) return false;
    if (section.client < ends.size()) ends[section.client] = section.end;
  }
  for (std::size_t i = 0; i < ends.size(); ++i) {
    if (referred_[i] > ends[i]) return false;
  }
  return true;
}

// ---- the order ----------------------------------------------------------------------------------

/// False: some wait for each other (only made so by hand).
bool Engine::Loader::find_order() {
  for (std::size_t i = 0; i < sections_.size(); ++i) {
    const ClientIndex of = sections_[i].client;
    if (of >= section_of_.size()) section_of_.resize(of + std::size_t{1}, kNone);
    section_of_[of] = static_cast<std::uint32_t>(i);
  }
  if (sections_.size() == 1) return true;
  order_.reserve(store_.items().size());
  // As in Schedule: what a struct needs is taken first, and the struct waits on the stack.
  std::vector<std::pair<Section*, Ref>> waiting;
  const auto take = [&](Section& from) { waiting.emplace_back(&from, from.first + from.taken++); };
  for (Section& section : sections_) {
    while (section.taken < section.structs) {
      take(section);
      while (!waiting.empty()) {
        const auto [from, ref] = waiting.back();
        if (from->known < store_[ref].clock()) return false;
        if (Section* const needed = needs(store_[ref])) {
          if (needed->taken == needed->structs) return false;
          take(*needed);
          continue;
        }
        waiting.pop_back();
        from->known = store_[ref].end();
        order_.push_back(ref);
      }
    }
  }
  return true;
}

Engine::Loader::Section* Engine::Loader::needs(const Item& item) {
  const auto unknown = [&](Unit unit) -> Section* {
    if (unit.client == item.client() || unit == kNowhere) return nullptr;
    Section& section = sections_[section_of_[unit.client]];
    return unit.clock >= section.known ? &section : nullptr;
  };
  if (Section* const section = unknown(item.origin())) return section;
  if (Section* const section = unknown(item.right_origin())) return section;
  if (item.left == kNone) return nullptr;
  const auto* id = std::get_if<ID>(&rests_[item.left].parent);
  return id == nullptr ? nullptr : unknown({store_.index_of(id->client), id->clock});
}

// ---- linking ------------------------------------------------------------------------------------

void Engine::Loader::make_table(Section& section) {
  // About two stretches a struct.
  section.shift = std::max(0, static_cast<int>(std::bit_width(section.end)) -
                                  static_cast<int>(std::bit_width(section.structs)) - 1);
  section.begins.resize((section.end >> section.shift) + 2, section.first + section.structs - 1);
  Ref at = section.first;
  for (std::size_t i = 0; i + 1 < section.begins.size(); ++i) {
    const Clock clock = Clock{i} << section.shift;
    while (at + 1 < section.first + section.structs && clocks_[at + 1] <= clock) ++at;
    section.begins[i] = at;
  }
}

Ref Engine::Loader::find(Unit unit) const {
  const Section& section = sections_[section_of_[unit.client]];
  const std::size_t stretch = unit.clock >> section.shift;
  Ref low = section.begins[stretch];
  Ref high = section.begins[stretch + 1];
  while (low < high) {
    const Ref middle = high - (high - low) / 2;
    if (clocks_[middle] <= unit.clock) {
      low = middle;
    } else {
      high = middle - 1;
    }
  }
  // Unless it was split.
  return unit.clock < store_[low].end() ? low : store_.find(unit);
}

/// Whether it came so (as nearly everything that is in a state's delete set).
bool Engine::Loader::is_deleted(const Section& section, const IdSet::Range& range) const {
  if (range.end() > section.end) return false;
  for (Ref ref = find({section.client, range.clock});; ++ref) {
    const Item& item = store_[ref];
    if (!item.deleted) return false;
    if (item.end() >= range.end()) return true;
    // Where it was split, what follows lies elsewhere.
    if (ref + 1 == section.first + section.structs || item.end() != clocks_[ref + 1]) return false;
  }
}

void Engine::Loader::link(RunningTransaction& transaction) {
  // Naming a root makes it, by descending client.
  for (Section& section : sections_) {
    make_table(section);
    engine_.append_structs(transaction, section.client, section.first, section.structs);
    for (std::uint32_t i = section.rests_from; i < section.rests_from + section.rests; ++i) {
      if (const auto* name = std::get_if<std::string>(&rests_[i].parent)) engine_.root(*name);
    }
  }
  const Ref structs = store_.items().size();
  if (order_.empty()) {
    for (Ref ref = 0; ref < structs; ++ref) link(transaction, ref);
  } else {
    for (const Ref ref : order_) link(transaction, ref);
  }
  for (const Section& section : sections_) {
    const auto found = deletes_.find(section.id);
    if (found == deletes_.end()) continue;
    std::erase_if(found->second,
                  [&](const IdSet::Range& range) { return is_deleted(section, range); });
  }
  engine_.pending_deletes_ = engine_.apply_deletes(transaction, DeleteSet::of(std::move(deletes_)));
  // Most documents are read more than they grow.
  for (const Section& section : sections_) store_.client(section.client).text.shrink_to_fit();
}

void Engine::Loader::link(RunningTransaction& transaction, Ref ref) {
  Item& item = store_[ref];
  if (item.is_gc()) return;
  Rest* const rest = item.left == kNone ? nullptr : &rests_[item.left];
  item.left = kNone;
  const Unit origin = item.origin();
  const Unit right_origin = item.right_origin();
  Resolved place;
  if (origin == kNowhere && right_origin == kNowhere) {
    place = engine_.place_below(rest->parent, rest->key);
  } else {
    place = engine_.place_between(
        transaction, origin == kNowhere ? kNone : find(origin), origin.clock,
        right_origin == kNowhere ? kNone : find(right_origin), right_origin.clock);
  }
  if (place.parent == kNone) {
    store_.drop_content(item, StructKind::kGC);
    item.set_origin(kNowhere);
    item.set_right_origin(kNowhere);
    item.countable = false;
    item.deleted = true;
    return;
  }
  item.left = place.left;
  item.right = place.right;
  item.parent = place.parent;
  item.set_key(place.key);
  if (item.kind == StructKind::kType) {
    item.set_content(engine_.make_type(rest->type, std::move(rest->name)).index);
  }
  engine_.place(transaction, ref);
}

}  // namespace syncline::crdt
