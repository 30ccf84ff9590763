// After a transaction: what observers are told.
//
// A change is told to the type it happened to, and to whoever observes that type or one above it
// deeply. Events are made for observed types only, right before they are told; deleted content is
// still there then, so they can say what was removed.
#include <algorithm>

#include "crdt/engine.hpp"
#include "crdt/tuning.hpp"
#include "encoding/json.hpp"
#include "encoding/utf16.hpp"

namespace syncline::crdt {

namespace {

template <typename Call>
void guarded(std::exception_ptr& error, const Call& call) {
  try {
    call();
  } catch (...) {
    if (!error) error = std::current_exception();
  }
}

using Attributes = std::map<std::string, Value>;

Value as_value(const Attributes& attributes) {
  Value::Object members;
  for (const auto& [key, value] : attributes) members.emplace_back(key, value);
  return members;
}

const Value& get(const Attributes& attributes, const std::string& key) {
  static const Value kNull;
  const auto found = attributes.find(key);
  return found == attributes.end() ? kNull : found->second;
}

void set(Attributes& attributes, const std::string& key, const Value& value) {
  if (value.is_null()) {
    attributes.erase(key);
  } else {
    attributes[key] = value;
  }
}

/// Builds a list's or text's delta: operations of one kind in a row are one.
class DeltaBuilder {
 public:
  explicit DeltaBuilder(std::vector<DeltaOp>& ops) : ops_(ops) {}

  template <typename Op>
  Op& current() {
    if (closed_ || ops_.empty() || !std::holds_alternative<Op>(ops_.back())) {
      ops_.emplace_back(Op{});
      closed_ = false;
    }
    return std::get<Op>(ops_.back());
  }
  template <typename Op>
  bool in() const {
    return !closed_ && !ops_.empty() && std::holds_alternative<Op>(ops_.back());
  }
  /// The next operation starts anew.
  void close() { closed_ = true; }

 private:
  std::vector<DeltaOp>& ops_;
  bool closed_ = false;
};

/// A delta does not say what it keeps at its end.
void drop_last_retains(std::vector<DeltaOp>& delta) {
  while (!delta.empty()) {
    const auto* last = std::get_if<Retain>(&delta.back());
    if (last == nullptr || !last->attributes.is_null()) return;
    delta.pop_back();
  }
}

/// How formats change what is inserted and kept, as Yjs's YTextEvent accounts for it.
class FormatAccount {
 public:
  explicit FormatAccount(DeltaBuilder& delta) : delta_(delta) {}

  void insert(Insert& op) const {
    if (!now_.empty()) op.attributes = as_value(now_);
  }
  void retain(Retain& op) const {
    if (!changed_.empty()) op.attributes = as_value(changed_);
  }

  void added(const std::string& key, const Value& value) {
    if (!(get(now_, key) == value)) {
      end_retain();
      if (value == get(old_, key)) {
        changed_.erase(key);
      } else {
        changed_[key] = value;
      }
    } else if (!value.is_null()) {
      return;  // says what holds already
    }
    holds(key, value);
  }
  void removed(const std::string& key, const Value& value) {
    old_[key] = value;
    const Value& current = get(now_, key);
    if (current == value) return;
    end_retain();
    changed_[key] = current;
  }
  void kept(const std::string& key, const Value& value) {
    old_[key] = value;
    const auto change = changed_.find(key);
    if (change != changed_.end() && change->second == value) {
      if (!value.is_null()) return;  // says what holds already
    } else if (change != changed_.end()) {
      end_retain();
      if (value.is_null()) {
        changed_.erase(change);
      } else {
        change->second = value;
      }
    }
    holds(key, value);
  }

 private:
  void end_retain() {
    if (delta_.in<Retain>()) delta_.close();
  }
  void holds(const std::string& key, const Value& value) {
    if (delta_.in<Insert>()) delta_.close();
    set(now_, key, value);
  }

  DeltaBuilder& delta_;
  Attributes now_;
  Attributes old_;
  /// What a retain here changes; null removes.
  Attributes changed_;
};

}  // namespace

bool Engine::is_observed(const TypeState& of) const {
  if (!of.observers.empty()) return true;
  if (!deep_observed) return false;
  const TypeState* at = &of;
  for (int depth = 0; depth <= tuning::kJsonDepthMax; ++depth, at = &type(at->parent_type)) {
    if (!at->deep_observers.empty()) return true;
    if (at->is_root()) return false;
  }
  return false;
}

void Engine::call_observers(RunningTransaction& transaction) {
  // Events for each deep observer's type, in the order in which they came about.
  std::vector<std::pair<TypeIndex, std::vector<Event>>> deep;
  const auto events_of = [&](TypeIndex target) -> std::vector<Event>& {
    for (auto& [known, events] : deep) {
      if (known == target) return events;
    }
    return deep.emplace_back(target, std::vector<Event>()).second;
  };
  for (auto& changed : transaction.changes()) {
    if (changed.type == kNone) continue;
    TypeState& target = type(changed.type);
    if (is_deleted(target)) continue;
    if (undo_managers > 0 && target.type_kind != TypeKind::kUntyped) {
      transaction.told.push_back(target.index);
    }
    if (!is_observed(target)) continue;
    const Event event = make_event(transaction, target, changed);
    const TypeState* at = &target;
    for (int depth = 0; depth <= tuning::kJsonDepthMax; ++depth, at = &type(at->parent_type)) {
      if (!at->deep_observers.empty()) events_of(at->index).push_back(event);
      if (at->is_root()) break;
    }
    target.observers.each([&](const auto& observer) {
      guarded(observer_error_, [&] { observer(event, transaction); });
    });
  }
  for (auto& [index, events] : deep) {
    TypeState& observed = type(index);
    if (is_deleted(observed)) continue;
    std::erase_if(events, [&](const Event& it) { return is_deleted(state_of(*it.target)); });
    for (Event& event : events) event.path = path_of(state_of(*event.target), &observed);
    std::stable_sort(events.begin(), events.end(),
                     [](const Event& a, const Event& b) { return a.path.size() < b.path.size(); });
    observed.deep_observers.each([&](const auto& observer) {
      guarded(observer_error_, [&] { observer(events, transaction); });
    });
  }
}

Event Engine::make_event(const RunningTransaction& transaction, TypeState& target,
                         RunningTransaction::Changed& changed) {
  Event event;
  event.target = &target;
  std::sort(changed.keys.begin(), changed.keys.end());
  changed.keys.erase(std::unique(changed.keys.begin(), changed.keys.end()), changed.keys.end());
  add_keys(transaction, target, changed.keys, event);
  if (!changed.list) return event;
  if (target.is_text()) {
    add_text_delta(transaction, target, event);
  } else {
    add_list_delta(transaction, target, event);
  }
  drop_last_retains(event.delta);
  return event;
}

void Engine::add_keys(const RunningTransaction& transaction, TypeState& target,
                      std::vector<KeyIndex>& keys, Event& event) const {
  const Lens then{.before = &transaction};
  for (const KeyIndex key : keys) {
    const Item& item = store[target.map.get(key)];
    const bool added = transaction.adds(item);
    const bool deleted = transaction.deletes(item);
    // What held the key before: the last item of the chain that is not new.
    Ref before = target.map.get(key);
    while (before != kNone && transaction.adds(store[before])) before = store[before].left;
    const bool replaced = before != kNone && transaction.deletes(store[before]);
    KeyChange change;
    if (added && !deleted) {
      change.action = replaced ? KeyAction::kUpdate : KeyAction::kAdd;
    } else if (replaced && deleted) {
      change.action = KeyAction::kDelete;
    } else {
      continue;
    }
    if (replaced) {
      const Item& old = store[before];
      Element value = element(old, old.length - 1);
      if (std::holds_alternative<SharedType*>(value)) value = to_json(value, then);
      change.old_value = std::move(value);
    }
    event.keys.emplace(key_text(key), std::move(change));
    event.key_ids.emplace(key_text(key), store.id_of(item));
  }
}

void Engine::add_list_delta(const RunningTransaction& transaction, TypeState& target,
                            Event& event) const {
  DeltaBuilder delta(event.delta);
  const Lens then{.before = &transaction};
  for (Ref ref = target.first; ref != kNone; ref = store[ref].right) {
    const Item& item = store[ref];
    // A format has no place in a list; only hostile updates put it there.
    if (!item.countable) continue;
    if (item.deleted) {
      if (transaction.adds(item) || !transaction.deletes(item)) continue;
      Delete& op = delta.current<Delete>();
      op.length += item.length;
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
      delta.current<Retain>().length += item.length;
    }
  }
}

void Engine::add_text_delta(const RunningTransaction& transaction, TypeState& target,
                            Event& event) const {
  DeltaBuilder delta(event.delta);
  FormatAccount formats(delta);
  const Lens then{.before = &transaction};
  for (Ref ref = target.first; ref != kNone; ref = store[ref].right) {
    const Item& item = store[ref];
    const bool is_new = transaction.adds(item);
    const bool gone = item.deleted && transaction.deletes(item);
    if (item.kind == StructKind::kFormat) {
      const Content& format = store.box(item);
      const Value& value = *format.value;
      if (is_new && !gone) {
        formats.added(format.text, value);
      } else if (!is_new && gone) {
        formats.removed(format.text, value);
      } else if (!item.deleted) {
        formats.kept(format.text, value);
      }
      continue;
    }
    const bool text = item.kind == StructKind::kString;
    if (!text && item.kind != StructKind::kEmbed && item.kind != StructKind::kType) continue;
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
      op.length += item.length;
      op.ids.push_back(store.range_of(item));
      if (text) {
        op.removed_text += store.text(item);
      } else {
        Element it = element(item, 0);
        if (std::holds_alternative<SharedType*>(it)) it = to_json(it, then);
        op.removed.push_back(std::move(it));
      }
    } else if (!item.deleted) {
      Retain& op = delta.current<Retain>();
      op.length += item.length;
      formats.retain(op);
    }
  }
}

}  // namespace syncline::crdt
