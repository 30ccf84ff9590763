// Schedule: the order in which the structs of an update can be integrated.
//
// An item needs the units it refers to: what its client made before it, its origins, its parent.
// Clients are taken from the highest id down (then most conflicts resolve by looking at few items);
// where a struct needs one of another client that the same update brings, that client goes first,
// and the struct waits on a stack. Where the update does not bring it either, everything on the
// stack, and what follows it of the same clients, has to wait for another update.
//
// The order is found from clocks alone, so it serves both for integrating and for asking what an
// update lacks (Doc::unmet).
#pragma once

#include <algorithm>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "crdt/update.hpp"

namespace syncline::crdt {

/// `Document` provides: `Clock state(ClientId)`, the next expected clock, what was applied
/// included; and `void apply(Struct&, std::uint64_t offset)`, called for each struct that can be
/// integrated, in order, with the units that are known already (all of them: offset >= length).
///
/// `Structs`: the structs of an Update, const where `apply` takes them so.
template <typename Document, typename Structs>
class Schedule {
 public:
  Schedule(Document& document, Structs& structs) : document_(document) {
    for (auto& [client, list] : structs) {
      if (!list.empty())
        sources_.emplace(client, Source{list.data(), list.size(), 0, list.size(), list.size()});
    }
  }

  void run() {
    for (auto& [client, source] : sources_) {
      while (source.next < source.end) {
        stack_.push_back({&source, source.next++});
        drain();
      }
    }
  }

  /// For each client the clock before which something is missing.
  const std::map<ClientId, Clock>& missing() const { return missing_; }
  /// Calls `each` with the structs that must wait, by descending client and ascending clock.
  template <typename Each>
  void waiting(const Each& each) {
    for (auto& [client, source] : sources_) {
      for (std::size_t i = source.waits_from; i < source.size; ++i) each(source.structs[i]);
    }
  }

 private:
  using StructPointer = decltype(std::declval<Structs&>().begin()->second.data());
  struct Source {
    StructPointer structs;
    std::size_t size;
    std::size_t next;
    std::size_t end;         ///< `next` stops here: `size`, or where waiting began
    std::size_t waits_from;  ///< structs from here on wait
  };
  struct Place {
    Source* source;
    std::size_t index;
  };

  void drain() {
    while (!stack_.empty()) {
      const Place place = stack_.back();
      auto& item = place.source->structs[place.index];
      if (item.kind == StructKind::kSkip) {
        stack_.pop_back();
        continue;
      }
      const Clock known = document_.state(item.id.client);
      if (known < item.id.clock) {
        miss(item.id.client, item.id.clock - 1);
        return;
      }
      if (const auto needed = needs(item)) {
        const auto found = sources_.find(*needed);
        if (found == sources_.end() || found->second.next >= found->second.end) {
          miss(*needed, document_.state(*needed));
          return;
        }
        stack_.push_back({&found->second, found->second.next++});
        continue;
      }
      stack_.pop_back();
      document_.apply(item, known - item.id.clock);
    }
  }

  /// The client of a unit that an item refers to and the document lacks.
  std::optional<ClientId> needs(const Struct& item) const {
    const auto lacks = [&](const ID& id) {
      return id.client != item.id.client && id.clock >= document_.state(id.client);
    };
    if (item.origin && lacks(*item.origin)) return item.origin->client;
    if (item.right_origin && lacks(*item.right_origin)) return item.right_origin->client;
    if (const auto* parent = std::get_if<ID>(&item.parent); parent != nullptr && lacks(*parent)) {
      return parent->client;
    }
    return std::nullopt;
  }

  void miss(ClientId client, Clock clock) {
    const auto [entry, added] = missing_.try_emplace(client, clock);
    if (!added) entry->second = std::min(entry->second, clock);
    for (const Place& place : stack_) {
      Source& source = *place.source;
      source.waits_from = std::min(source.waits_from, place.index);
      source.end = source.next = source.size;
    }
    stack_.clear();
  }

  Document& document_;
  std::map<ClientId, Source, std::greater<>> sources_;
  std::vector<Place> stack_;
  std::map<ClientId, Clock> missing_;
};

}  // namespace syncline::crdt
