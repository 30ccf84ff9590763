// What an undo step captures, and how it is taken back.
//
// The order in which units are visited decides clocks and origins of what comes back, so it follows
// Yjs: clients as they came, clocks ascending, insertions before deletions.
#include "crdt/undo_manager.hpp"

#include <algorithm>
#include <utility>

#include "base/check.hpp"
#include "crdt/engine.hpp"

namespace syncline::crdt {

namespace {

/// Visits every struct of a set that is here, cut at the set's ends; `visit` may cut more.
template <typename Visit>
void each_struct(Engine& engine, RunningTransaction& transaction, const UnitSet& units,
                 const Visit& visit) {
  StructStore& store = engine.store;
  for (const ClientId id : units.clients()) {
    const ClientIndex client = store.index_of(id);
    if (client == kNone) continue;
    const Clock known = store.client(client).end;
    for (const IdSet::Range& range : units.ids().ranges().at(id)) {
      if (range.clock >= known) break;
      Ref ref = engine.clean_start(transaction, client, range.clock);
      for (;;) {
        if (range.end() < store[ref].end()) engine.clean_start(transaction, client, range.end());
        visit(ref);
        const Clock next = store[ref].end();
        if (next >= known || next >= range.end()) break;
        ref = store.find(client, next);
      }
    }
  }
}

/// Raises a flag for a scope.
class Raised {
 public:
  explicit Raised(bool& flag) : flag_(flag) { flag_ = true; }
  ~Raised() { flag_ = false; }
  Raised(const Raised&) = delete;
  Raised& operator=(const Raised&) = delete;

 private:
  bool& flag_;
};

RunningTransaction& running(Transaction& transaction) {
  return static_cast<RunningTransaction&>(transaction);
}

/// The type that holds a type; nullptr for roots.
SharedType* holder_of(Engine& engine, const SharedType& type) {
  const TypeState& state = state_of(type);
  return state.is_root() ? nullptr : &engine.type(state.parent_type);
}

}  // namespace

void UnitSet::add(ClientId client, Clock clock, std::uint64_t length) {
  if (!ids_.ranges().contains(client)) clients_.push_back(client);
  ids_.add(client, clock, length);
}

void UnitSet::add(const UnitSet& other) {
  for (const ClientId client : other.clients_) {
    if (!ids_.ranges().contains(client)) clients_.push_back(client);
  }
  ids_.add(other.ids_);
}

UndoManager::UndoManager(Engine& engine, UndoOptions options)
    : engine_(engine), options_(std::move(options)) {
  SYNCLINE_CHECK(options_.now_ms != nullptr, "UndoOptions::now_ms is given");
  ++engine_.undo_managers;
  engine_.has_listeners = true;
  capturing_ = engine_.after_transaction_listeners.add(
      [this](Transaction& transaction) { capture(running(transaction)); });
}

UndoManager::UndoManager(std::vector<SharedType*> scope, UndoOptions options)
    : UndoManager(state_of(*scope.at(0)).engine, std::move(options)) {
  for (SharedType* type : scope) add_to_scope(*type);
}

UndoManager::UndoManager(Doc& doc, UndoOptions options)
    : UndoManager(engine_of(doc), std::move(options)) {
  whole_doc_ = true;
}

UndoManager::~UndoManager() { --engine_.undo_managers; }

void UndoManager::add_to_scope(SharedType& type) {
  SYNCLINE_CHECK(&state_of(type).engine == &engine_, "an undo manager is of one document");
  if (std::find(scope_.begin(), scope_.end(), &type) == scope_.end()) scope_.push_back(&type);
}

void UndoManager::add_tracked_origin(Origin origin) {
  options_.tracked_origins.push_back(std::move(origin));
}

void UndoManager::remove_tracked_origin(const Origin& origin) {
  std::erase(options_.tracked_origins, origin);
}

Handle UndoManager::on_item_added(std::function<void(StackEvent&)> listener) {
  return added_.add(std::move(listener));
}
Handle UndoManager::on_item_updated(std::function<void(StackEvent&)> listener) {
  return updated_.add(std::move(listener));
}
Handle UndoManager::on_item_popped(std::function<void(StackEvent&)> listener) {
  return popped_.add(std::move(listener));
}
Handle UndoManager::on_cleared(std::function<void(const ClearedEvent&)> listener) {
  return cleared_.add(std::move(listener));
}

// What is captured.

bool UndoManager::in_scope(const SharedType* type) const {
  if (whole_doc_) return true;
  for (; type != nullptr; type = holder_of(engine_, *type)) {
    if (std::find(scope_.begin(), scope_.end(), type) != scope_.end()) return true;
  }
  return false;
}

bool UndoManager::wants(RunningTransaction& transaction) const {
  if (options_.capture_transaction && !options_.capture_transaction(transaction)) return false;
  const auto changes_scope = [&](TypeIndex told) { return in_scope(&engine_.type(told)); };
  if (!whole_doc_ &&
      std::none_of(transaction.told.begin(), transaction.told.end(), changes_scope)) {
    return false;
  }
  if (transaction.undone_by() != nullptr) return transaction.undone_by() == this;
  const auto& tracked = options_.tracked_origins;
  return std::find(tracked.begin(), tracked.end(), transaction.origin()) != tracked.end();
}

std::vector<SharedType*> UndoManager::changed_types(const RunningTransaction& transaction) const {
  std::vector<SharedType*> result;
  std::unordered_set<SharedType*> seen;
  for (const TypeIndex told : transaction.told) {
    SharedType* type = &engine_.type(told);
    for (; type != nullptr && seen.insert(type).second; type = holder_of(engine_, *type)) {
      result.push_back(type);
    }
  }
  return result;
}

void UndoManager::capture(RunningTransaction& transaction) {
  if (transaction.undone_by() == this && !popped_.empty()) {
    current_changes_ = changed_types(transaction);
  }
  if (!wants(transaction)) return;
  if (undoing_) {
    stop_capturing();
  } else if (!redoing_) {
    clear({.undo = false, .redo = true});
  }

  StackItem step;
  const StructStore& store = engine_.store;
  auto touched = transaction.touched_clients();
  std::sort(touched.begin(), touched.end(),
            [](const auto& a, const auto& b) { return a.client < b.client; });
  for (const auto& it : touched) {
    if (it.after > it.before) {
      step.insertions.add(store.client(it.client).id, it.before, it.after - it.before);
    }
  }
  for (const ClientIndex client : transaction.clients_of_deletions()) {
    const ClientId id = store.client(client).id;
    for (const IdSet::Range& range : transaction.deletes().ranges().at(id)) {
      step.deletions.add(id, range.clock, range.length);
    }
  }
  keep(transaction, step.deletions, true);

  const std::int64_t now = options_.now_ms();
  std::deque<StackItem>& stack = undoing_ ? redo_ : undo_;
  const bool own = undoing_ || redoing_;
  const bool grows = last_change_ms_ > 0 && now - last_change_ms_ < options_.capture_timeout_ms &&
                     !stack.empty() && !own;
  if (grows) {
    stack.back().deletions.add(step.deletions);
    stack.back().insertions.add(step.insertions);
  } else {
    stack.push_back(std::move(step));
  }
  if (!own) last_change_ms_ = now;

  auto& listeners = grows ? updated_ : added_;
  if (listeners.empty()) return;
  const auto changed = changed_types(transaction);
  StackEvent event{stack.back(), undoing_ ? UndoStack::kRedo : UndoStack::kUndo,
                   transaction.origin(), changed};
  listeners.each([&](const auto& listener) { listener(event); });
}

void UndoManager::keep(RunningTransaction& transaction, const UnitSet& deletions, bool kept) {
  each_struct(engine_, transaction, deletions, [&](Ref ref) {
    const Item& item = engine_.store[ref];
    if (!item.is_gc() && in_scope(&engine_.type(item.parent))) engine_.keep(ref, kept);
  });
}

void UndoManager::clear(ClearedEvent which) {
  if (!(which.undo && can_undo()) && !(which.redo && can_redo())) return;
  engine_.transact({}, true, [&](RunningTransaction& transaction) {
    const auto empty = [&](std::deque<StackItem>& stack) {
      for (const StackItem& item : stack) keep(transaction, item.deletions, false);
      stack.clear();
    };
    if (which.undo) empty(undo_);
    if (which.redo) empty(redo_);
    cleared_.each([&](const auto& listener) { listener(which); });
  });
}

// How it is taken back.

std::optional<StackItem> UndoManager::undo() {
  const Raised raised(undoing_);
  return pop(UndoStack::kUndo);
}

std::optional<StackItem> UndoManager::redo() {
  const Raised raised(redoing_);
  return pop(UndoStack::kRedo);
}

std::optional<StackItem> UndoManager::pop(UndoStack from) {
  std::deque<StackItem>& stack = from == UndoStack::kUndo ? undo_ : redo_;
  const bool joins = engine_.in_transaction();
  current_changes_.clear();
  engine_.transact({}, true, [&](RunningTransaction& transaction) {
    if (!joins) transaction.undo_manager = this;
    while (!stack.empty() && !current_) {
      StackItem item = std::move(stack.back());
      stack.pop_back();
      if (take_back(transaction, item)) current_ = std::move(item);
    }
  });
  std::optional<StackItem> done = std::exchange(current_, std::nullopt);
  if (done) {
    StackEvent event{*done, from, Origin(), current_changes_};
    popped_.each([&](const auto& listener) { listener(event); });
  }
  return done;
}

bool UndoManager::take_back(RunningTransaction& transaction, const StackItem& step) {
  StructStore& store = engine_.store;
  const auto within = [&](Ref ref) {
    const Item& item = store[ref];
    return !item.is_gc() && in_scope(&engine_.type(item.parent));
  };

  std::vector<Ref> inserted;
  each_struct(engine_, transaction, step.insertions, [&](Ref ref) {
    if (store[ref].redone) {
      // Deleted once and brought back: its copy is what goes.
      const auto copy = engine_.follow_redone({store[ref].client(), store[ref].clock()});
      ref = copy.item;
      if (copy.offset > 0) {
        ref =
            engine_.clean_start(transaction, store[ref].client(), store[ref].clock() + copy.offset);
      }
    }
    if (!store[ref].deleted && within(ref)) inserted.push_back(ref);
  });
  std::vector<Ref> deleted;
  each_struct(engine_, transaction, step.deletions, [&](Ref ref) {
    // What came and went in the same step stays away.
    if (within(ref) && !step.insertions.ids().contains(store.id_of(store[ref]))) {
      deleted.push_back(ref);
    }
  });

  bool changed = false;
  const std::unordered_set<Ref> wanted(deleted.begin(), deleted.end());
  const Engine::Redo redo{
      wanted, [&](ID id) { return step.insertions.ids().contains(id) || deleted_by_a_step(id); },
      options_.ignore_remote_map_changes};
  for (const Ref ref : deleted) {
    if (engine_.redo_item(transaction, ref, redo)) changed = true;
  }
  // Children before their parents: filters see more.
  for (auto ref = inserted.rbegin(); ref != inserted.rend(); ++ref) {
    if (!deletion_allowed(*ref)) continue;
    engine_.delete_item(transaction, *ref);
    changed = true;
  }
  return changed;
}

bool UndoManager::deletion_allowed(Ref ref) const {
  if (!options_.delete_filter) return true;
  const Item& item = engine_.store[ref];
  UndoneRun run{engine_.store.range_of(item), item.kind, engine_.type(item.parent)};
  if (item.key() != kNone) run.key = engine_.key_text(item.key());
  if (item.kind == StructKind::kType)
    run.type = &engine_.type(static_cast<TypeIndex>(item.content()));
  return options_.delete_filter(run);
}

bool UndoManager::deleted_by_a_step(ID id) const {
  const auto deletes = [&](const StackItem& item) { return item.deletions.ids().contains(id); };
  return std::any_of(undo_.begin(), undo_.end(), deletes) ||
         std::any_of(redo_.begin(), redo_.end(), deletes);
}

}  // namespace syncline::crdt
