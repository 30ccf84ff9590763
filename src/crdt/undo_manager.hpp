// UndoManager: takes back what was changed locally, step by step, among the changes of others.
// Yjs's UndoManager, to the byte of the updates it makes.
//
// A step is two sets of units: what its transactions inserted and what they deleted. Undoing
// deletes the former and brings the latter back as copies (redo.cpp); what that did is a step of
// the other stack. Changes of others in between stay. What a step deleted is kept from being
// collected as long as the step may come back.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "crdt/doc.hpp"
#include "crdt/listeners.hpp"

namespace syncline::crdt {

class RunningTransaction;

/// Units, and the order in which their clients came: Yjs walks its sets in that order, and what
/// undo makes gets its clocks on the walk.
class UnitSet {
 public:
  const IdSet& ids() const { return ids_; }
  const std::vector<ClientId>& clients() const { return clients_; }
  void add(ClientId client, Clock clock, std::uint64_t length);
  void add(const UnitSet& other);

 private:
  IdSet ids_;
  std::vector<ClientId> clients_;
};

/// One step of a stack.
struct StackItem {
  UnitSet insertions;
  UnitSet deletions;
  /// The application's own: kept with the step, for such things as where the cursor was.
  std::map<std::string, Value> meta;
};

/// A run of units that undo or redo is about to delete.
struct UndoneRun {
  IdRange ids;
  StructKind kind = StructKind::kAny;
  SharedType& parent;
  /// The key whose value it is; absent in a list.
  std::optional<std::string> key;
  /// The type that it is; nullptr for other content.
  SharedType* type = nullptr;
};

struct UndoOptions {
  /// Milliseconds of wall time (JavaScript's Date.now()). REQUIRED: the engine reads no clock. A
  /// change at 0 is never joined by the next.
  std::function<std::int64_t()> now_ms;
  /// Changes less than this apart are one step. 0: each transaction is one.
  std::int64_t capture_timeout_ms = 500;
  /// Transactions of other origins are not captured. The default: those of none.
  std::vector<Origin> tracked_origins = {Origin()};
  /// Absent: captures each tracked transaction.
  std::function<bool(Transaction&)> capture_transaction = nullptr;
  /// What this refuses is not deleted. Absent: everything may be.
  std::function<bool(const UndoneRun&)> delete_filter = nullptr;
  /// An older value of a map key comes back even where somebody else has set a newer one.
  bool ignore_remote_map_changes = false;
};

enum class UndoStack { kUndo, kRedo };

/// What happened to a step. Valid during the listener's call only.
struct StackEvent {
  StackItem& item;
  /// The stack that it is on, or was popped from.
  UndoStack stack;
  const Origin& origin;
  /// Types that the transaction changed, and all that hold them.
  const std::vector<SharedType*>& changed_types;
};

/// Which stacks were emptied.
struct ClearedEvent {
  bool undo = false;
  bool redo = false;
};

/// Identity. Its transactions are local ones of no origin, with Transaction::undone_by() set.
/// Thread: the document's owner. REQUIRES: the document outlives it.
class UndoManager {
 public:
  /// Captures changes of these types and all that they hold. REQUIRES: at least one; all of one
  /// document.
  UndoManager(std::vector<SharedType*> scope, UndoOptions options);
  /// Captures every change of a document, also such as change nothing: those of no content are
  /// steps, as in Yjs.
  UndoManager(Doc& doc, UndoOptions options);
  ~UndoManager();
  UndoManager(const UndoManager&) = delete;
  UndoManager& operator=(const UndoManager&) = delete;

  /// Takes the last step back; steps that would change nothing (any more) are skipped. Returns the
  /// step; nullopt where nothing changed.
  std::optional<StackItem> undo();
  /// Does again what was last undone.
  std::optional<StackItem> redo();
  bool can_undo() const { return !undo_.empty(); }
  bool can_redo() const { return !redo_.empty(); }
  const std::deque<StackItem>& undo_stack() const { return undo_; }
  const std::deque<StackItem>& redo_stack() const { return redo_; }

  /// The next change begins a new step, however soon it comes.
  void stop_capturing() { last_change_ms_ = 0; }
  void clear(ClearedEvent which = {.undo = true, .redo = true});

  /// REQUIRES: of the same document.
  void add_to_scope(SharedType& type);
  void add_doc_to_scope() { whole_doc_ = true; }
  void add_tracked_origin(Origin origin);
  void remove_tracked_origin(const Origin& origin);

  /// A step was added, grew by a change that came soon, was popped and undone.
  Handle on_item_added(std::function<void(StackEvent&)> listener);
  Handle on_item_updated(std::function<void(StackEvent&)> listener);
  Handle on_item_popped(std::function<void(StackEvent&)> listener);
  Handle on_cleared(std::function<void(const ClearedEvent&)> listener);

 private:
  UndoManager(Engine& engine, UndoOptions options);
  std::optional<StackItem> pop(UndoStack from);
  /// Takes one step back. False: nothing changed.
  bool take_back(RunningTransaction& transaction, const StackItem& item);
  void capture(RunningTransaction& transaction);
  void keep(RunningTransaction& transaction, const UnitSet& deletions, bool kept);
  bool wants(RunningTransaction& transaction) const;
  bool in_scope(const SharedType* type) const;
  bool deletion_allowed(std::uint32_t item) const;
  /// Whether a step of either stack deleted the unit.
  bool deleted_by_a_step(ID id) const;
  std::vector<SharedType*> changed_types(const RunningTransaction& transaction) const;

  Engine& engine_;
  UndoOptions options_;
  std::vector<SharedType*> scope_;
  bool whole_doc_ = false;
  std::deque<StackItem> undo_;
  std::deque<StackItem> redo_;
  bool undoing_ = false;
  bool redoing_ = false;
  /// The step that was just taken back, until its transaction is through.
  std::optional<StackItem> current_;
  std::vector<SharedType*> current_changes_;
  std::int64_t last_change_ms_ = 0;
  Listeners<StackEvent&> added_;
  Listeners<StackEvent&> updated_;
  Listeners<StackEvent&> popped_;
  Listeners<const ClearedEvent&> cleared_;
  Handle capturing_;
};

}  // namespace syncline::crdt
