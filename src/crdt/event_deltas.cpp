// What a transaction did to a list or text, as a delta.
//
// Yjs walks the whole list for it. So do we where formats are in the way or much has changed;
// elsewhere only the runs around what changed are visited, and the position index says how far
// apart they are: one keystroke in a long text costs the same as in a short one.
#include <algorithm>
#include <unordered_set>

#include "crdt/delta_builder.hpp"
#include "crdt/engine.hpp"
#include "crdt/tuning.hpp"

namespace syncline::crdt {

std::optional<std::vector<Engine::Region>> Engine::changed_regions(
    const RunningTransaction& transaction, TypeState& target) {
  if (target.has_formats || !indexed(target)) return std::nullopt;
  std::unordered_set<Ref> changed;
  std::size_t seen = 0;
  const auto collect = [&](ClientIndex of, Clock clock, Clock end) {
    while (clock < end && seen <= tuning::kRegionsFrom) {
      const Ref ref = store.find(of, clock);
      const Item& item = store[ref];
      if (item.parent == target.index && item.key() == kNone) changed.insert(ref);
      clock = item.end();
      ++seen;
    }
  };
  for (const auto& it : transaction.touched_clients()) collect(it.client, it.before, it.after);
  for (const auto& it : transaction.deleted_ranges()) collect(it.client, it.clock, it.end());
  if (seen > tuning::kRegionsFrom) return std::nullopt;

  const auto kept = [&](Ref ref) { return store[ref].visible() && !transaction.adds(store[ref]); };
  std::vector<Region> regions;
  while (!changed.empty()) {
    Region region;
    region.first = *changed.begin();
    while (store[region.first].left != kNone && !kept(store[region.first].left)) {
      region.first = store[region.first].left;
    }
    for (Ref ref = region.first; ref != kNone && !kept(ref); ref = store[ref].right) {
      changed.erase(ref);
    }
    // A unit that is new but not among the changes above was added by a later transaction.
    region.position = position_of(region.first);
    regions.push_back(region);
  }
  std::sort(regions.begin(), regions.end(),
            [](const Region& a, const Region& b) { return a.position < b.position; });
  return regions;
}

template <typename Take>
void Engine::walk_changes(const RunningTransaction& transaction, TypeState& target,
                          DeltaBuilder& delta, const Take& take) {
  const auto regions = changed_regions(transaction, target);
  if (!regions) {
    for (Ref ref = target.first; ref != kNone; ref = store[ref].right) take(ref);
    return;
  }
  std::uint64_t at = 0;
  for (const Region& region : *regions) {
    if (region.position > at) delta.current<Retain>().length += region.position - at;
    at = region.position;
    for (Ref ref = region.first; ref != kNone; ref = store[ref].right) {
      const Item& item = store[ref];
      if (item.visible() && !transaction.adds(item)) break;
      take(ref);
      at += item.visible_length();
    }
  }
}

void Engine::add_list_delta(const RunningTransaction& transaction, TypeState& target, Event& event,
                            DeltaBuilder& delta) {
  const Lens then{.before = &transaction};
  walk_changes(transaction, target, delta, [&](Ref ref) {
    const Item& item = store[ref];
    // A format has no place in a list; only hostile updates put it there.
    if (!item.countable) return;
    if (item.deleted) {
      if (transaction.adds(item) || !transaction.deletes(item)) return;
      Delete& op = delta.current<Delete>();
      op.length += item.length();
      op.ids.push_back(store.range_of(item));
      std::vector<Element> gone;
      elements(item, gone);
      for (Element& it : gone) {
        if (std::holds_alternative<SharedType*>(it)) it = to_json(it, then);
        op.removed.push_back(std::move(it));
      }
    } else if (transaction.adds(item)) {
      Insert& op = delta.current<Insert>();
      elements(item, op.elements);
      op.ids.push_back(store.range_of(item));
      event.inserted.push_back(op.ids.back());
    } else {
      delta.current<Retain>().length += item.length();
    }
  });
}

namespace {

/// How formats change what is inserted and kept, as Yjs's YTextEvent accounts for it.
class FormatAccount {
 public:
  explicit FormatAccount(DeltaBuilder& delta) : delta_(delta) {}

  void insert(Insert& op) const {
    if (!now_.empty()) op.attributes = now_.to_object();
  }
  void retain(Retain& op) const {
    if (!changed_.empty()) op.attributes = changed_.to_object();
  }

  /// A new format. False: it says what holds already.
  bool added(const std::string& key, const SharedValue& value) {
    if (equal(now_.get(key), value)) return value == nullptr;
    end_retain();
    if (equal(value, old_.get(key))) {
      changed_.erase(key);
    } else {
      changed_.set(key, value);
    }
    return true;
  }
  void removed(const std::string& key, const SharedValue& value) {
    old_.set(key, value);
    const SharedValue current = now_.get(key);
    if (equal(current, value)) return;
    end_retain();
    changed_.set(key, current);
  }
  /// One that was there and still is. False: it now says what holds already.
  bool kept(const std::string& key, const SharedValue& value) {
    old_.set(key, value);
    if (!changed_.has(key)) return true;
    if (equal(changed_.get(key), value)) return value == nullptr;
    end_retain();
    changed_.pass(key, value);
    return true;
  }
  void holds(const std::string& key, const SharedValue& value) {
    if (delta_.in<Insert>()) delta_.close();
    now_.pass(key, value);
  }

 private:
  void end_retain() {
    if (delta_.in<Retain>()) delta_.close();
  }

  DeltaBuilder& delta_;
  Attributes now_;
  Attributes old_;
  /// What a retain here changes; null removes.
  Attributes changed_;
};

}  // namespace

void Engine::add_text_delta(const RunningTransaction& transaction, TypeState& target, Event& event,
                            DeltaBuilder& delta, RunningTransaction* cleaning) {
  FormatAccount formats(delta);
  const auto take_format = [&](Ref ref, bool is_new, bool gone) {
    const Item& item = store[ref];
    const std::string& key = format_key(store, item);
    const SharedValue value = format_value(store, item);
    bool says_something = true;
    if (is_new && !gone) {
      says_something = formats.added(key, value);
    } else if (!is_new && gone) {
      formats.removed(key, value);
    } else if (!item.deleted) {
      says_something = formats.kept(key, value);
    }
    if (!says_something && cleaning != nullptr) delete_item(*cleaning, ref);
    if (says_something && !item.deleted) formats.holds(key, value);
  };
  walk_changes(transaction, target, delta, [&](Ref ref) {
    const Item& item = store[ref];
    const bool is_new = transaction.adds(item);
    const bool gone = item.deleted && transaction.deletes(item);
    if (item.kind == StructKind::kFormat) return take_format(ref, is_new, gone);
    const bool text = item.kind == StructKind::kString;
    // What was removed in place has no content any more.
    const bool removed = gone && item.kind == StructKind::kDeleted;
    if (!text && !removed && item.kind != StructKind::kEmbed && item.kind != StructKind::kType) {
      return;
    }
    if (is_new && !gone) {
      if (!text) delta.close();
      Insert& op = delta.current<Insert>();
      op.ids.push_back(store.range_of(item));
      event.inserted.push_back(op.ids.back());
      if (text) {
        op.text += store.text(item);
      } else {
        op.elements.push_back(element(item, 0));
      }
      formats.insert(op);
      if (!text) delta.close();
    } else if (!is_new && gone) {
      Delete& op = delta.current<Delete>();
      op.length += item.length();
      op.ids.push_back(store.range_of(item));
      if (text) {
        op.removed_text += store.text(item);
      } else {
        Element it = element(item, 0);
        if (std::holds_alternative<SharedType*>(it)) it = to_json(it, Lens{.before = &transaction});
        op.removed.push_back(std::move(it));
      }
    } else if (!item.deleted) {
      Retain& op = delta.current<Retain>();
      op.length += item.length();
      formats.retain(op);
    }
  });
}

}  // namespace syncline::crdt
