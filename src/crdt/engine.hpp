// Engine: one document from the inside. Doc, SharedType, Map, Array and Text are its doors.
//
// The class is one because the parts work on the same items; its functions are told apart by file:
//
//   integrate.cpp    items into lists: YATA, splitting, deleting
//   apply.cpp        updates in: causal order, what must wait, deletions
//   loader.cpp       whole states into empty documents
//   encode.cpp       the document as updates
//   transact.cpp     the life of a transaction
//   subdocs.cpp      subdocuments: which are here, which are wanted
//   collect.cpp      after a transaction: collecting deleted content, joining runs
//   events.cpp       after a transaction: what observers are told
//   event_deltas.cpp the deltas they are told
//   read.cpp         elements, JSON forms, paths and places
//   snapshot.cpp     reading at a snapshot, documents from snapshots
//   xml.cpp          the text forms of XML types
//   edit_*.cpp       local changes of maps, lists and texts
//   typing.cpp       changes of texts that make no struct
//   redo.cpp         deleted items brought back as copies, for undo_manager.cpp
//   formats.cpp      the formats of rich text: put, passed, cleaned up
//   delta.cpp        rich text as deltas
#pragma once

#include <deque>
#include <exception>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "crdt/doc.hpp"
#include "crdt/event.hpp"
#include "crdt/format_cursor.hpp"
#include "crdt/keystroke.hpp"
#include "crdt/running_transaction.hpp"
#include "crdt/snapshot.hpp"
#include "crdt/struct_store.hpp"
#include "crdt/type_state.hpp"
#include "crdt/wire.hpp"

namespace syncline::crdt {

/// A moment at which a type is read: now, just before a transaction that is being told, or at a
/// snapshot. At most one of them is set.
struct Lens {
  const RunningTransaction* before = nullptr;
  const Snapshot* at = nullptr;
};

class DeltaBuilder;

class Engine {
 public:
  Engine(Doc& doc, DocOptions options);
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  /// Where a new item goes.
  struct Spot {
    TypeIndex parent = kNone;
    KeyIndex key = kNone;
    Ref left = kNone;
    Ref right = kNone;
  };

  Doc& doc;
  DocOptions options;
  ClientId client;
  void set_client(ClientId id) {
    client = id;
    caret_ = {};
  }
  StructStore store;

  // Types and keys.
  TypeState& type(TypeIndex index) { return types_[index]; }
  const TypeState& type(TypeIndex index) const { return types_[index]; }
  /// The root of that name, made untyped if needed.
  TypeState& root(std::string_view name);
  TypeState* find_root(std::string_view name);
  const std::vector<TypeIndex>& roots() const { return roots_; }
  KeyIndex intern_key(std::string_view key);
  /// kNone where the document never met the key.
  KeyIndex find_key(std::string_view key) const;
  const std::string& key_text(KeyIndex key) const { return *key_texts_[key]; }
  TypeState& make_type(TypeKind kind, std::string name);

  // transact.cpp
  /// Runs `body` in the open transaction, or in a new one. Every callback runs, then the first
  /// exception is rethrown.
  template <typename Body>
  void transact(Origin&& origin, bool local, const Body& body) {
    if (open_ != nullptr) return body(*open_);
    std::exception_ptr error;
    RunningTransaction& transaction = begin(std::move(origin), local, error);
    try {
      body(transaction);
    } catch (...) {
      error = std::current_exception();
    }
    end(transaction, error);
    if (error) std::rethrow_exception(error);
  }
  template <typename Body>
  void change(const Body& body) {
    if (open_ != nullptr) return body(*open_);
    transact({}, true, body);
  }
  bool in_transaction() const { return open_ != nullptr; }
  /// Where Yjs opens a transaction that changes nothing: an undo manager of the whole document
  /// makes a step of it. Nobody else is told of it here.
  void pass_empty_transaction() {
    if (undo_managers > 0) change([](RunningTransaction&) {});
  }
  Listeners<const Bytes&, Transaction&> update_listeners;
  Listeners<const Bytes&, Transaction&> update_v2_listeners;
  /// Whether anybody ever asked to be called by one of those that follow.
  bool has_listeners = false;
  Listeners<Transaction&> after_transaction_listeners;
  Listeners<> before_all_listeners;
  Listeners<Transaction&> before_transaction_listeners;
  Listeners<Transaction&> before_observers_listeners;
  Listeners<Transaction&> after_cleanup_listeners;
  Listeners<const SubdocEvent&, Transaction&> subdoc_listeners;
  Listeners<> after_all_listeners;

  // integrate.cpp
  /// The item that begins with a unit; splits the one that holds it.
  Ref clean_start(RunningTransaction& transaction, ClientIndex owner, Clock clock) {
    return cut_before(transaction, store.find(owner, clock), clock);
  }
  /// The item that begins, or ends, with a unit. REQUIRES: `ref` holds the unit.
  Ref cut_before(RunningTransaction& transaction, Ref ref, Clock clock);
  Ref cut_behind(RunningTransaction& transaction, Ref ref, Clock clock);
  Ref split(RunningTransaction& transaction, Ref left, std::uint64_t offset);
  /// Puts an item into the store and its list. REQUIRES: parent, origins, left, right and content
  /// are set, and its clock is its client's end.
  void integrate(RunningTransaction& transaction, Ref item) {
    append_structs(transaction, store[item].client(), item, 1);
    place(transaction, item);
  }
  void integrate_gc(RunningTransaction& transaction, ClientIndex client, std::uint64_t length);
  void delete_item(RunningTransaction& transaction, Ref item);
  /// A new local item; its content is yet to be set.
  Ref new_item(const Spot& spot);
  void note_changed(RunningTransaction& transaction, TypeState& type, KeyIndex key);

  // apply.cpp
  Applied apply(Update update, Origin origin, Relay relay);
  Result<Applied> apply(ByteView update, UpdateFormat format, Origin origin, Relay relay);
  StateVector unmet(const Update& update) const;
  bool has_pending() const { return has_pending_structs() || has_pending_deletes(); }
  bool has_pending_structs() const { return !pending_.structs.empty(); }
  bool has_pending_deletes() const { return !pending_deletes_.empty(); }

  // encode.cpp
  Bytes encode_state(const StateVector& since, UpdateFormat format) const;
  Bytes encode_transaction(const RunningTransaction& transaction, UpdateFormat format) const;
  /// The same in format 1 of one that changed runs in place and nothing else.
  Bytes encode_in_place(const RunningTransaction& transaction) const;
  DeleteSet delete_set() const;
  /// What the document held at a snapshot, as an update. REQUIRES: the document reached it.
  Update extract(const Snapshot& snapshot);

  // events.cpp
  void call_observers(RunningTransaction& transaction);
  /// Whether a transaction changed anything that somebody wants to be told of.
  bool anyone_to_tell(const RunningTransaction& transaction) const;
  bool deep_observed = false;

  // read.cpp
  bool is_deleted(const TypeState& type) const {
    return !type.is_root() && (type.holder == kNone || store[type.holder].deleted);
  }
  /// The item now (or then) that is the value of a key; kNone where there is none.
  Ref value_of(const TypeState& type, KeyIndex key, Lens lens = {}) const;
  bool visible(const Item& item, Lens lens) const;
  Element element(const Item& item, std::uint64_t offset) const;
  /// Appends the elements of an item's units.
  void elements(const Item& item, std::vector<Element>& out) const;
  Element element_at(TypeState& type, std::size_t index);
  Value to_json(const TypeState& type, Lens lens, int depth = 0) const;
  Value to_json(const Element& element, Lens lens, int depth = 0) const;
  std::string text_of(const TypeState& type, Lens lens = {}) const;
  std::string text_slice(TypeState& of, std::uint64_t index, std::uint64_t length);
  Path path_of(const TypeState& type, const TypeState* from = nullptr);
  std::optional<Doc::Place> place_of(ID id);
  std::uint64_t position_of(Ref item);
  /// The visible unit at a position. REQUIRES: position < type.length.
  SequenceIndex::Place find_position(TypeState& type, std::uint64_t position);

  // xml.cpp
  std::string xml_string(const TypeState& type, Lens lens, int depth) const;

  // edit_map.cpp, edit_list.cpp, edit_text.cpp
  SharedType* map_set(TypeState& type, std::string_view key, Input value);
  void map_remove(TypeState& type, std::string_view key);
  Result<void> list_insert(TypeState& type, std::size_t index, std::vector<Input> values);
  Result<void> list_push(TypeState& type, std::vector<Input> values);
  Result<void> list_remove(TypeState& type, std::size_t index, std::size_t length);
  /// Without attributes: those that hold there.
  /// Without attributes: with those of the text before it.
  void text_insert(TypeState& type, std::size_t index, std::string_view text);
  void text_insert(TypeState& type, std::size_t index, std::string_view text,
                   const std::optional<Attributes>& attributes);
  Result<void> text_embed(TypeState& type, std::size_t index, Input embed,
                          const Attributes& attributes);
  Result<void> text_format(TypeState& type, std::size_t index, std::size_t length,
                           const Attributes& attributes);
  void text_remove(TypeState& type, std::size_t index, std::size_t length);
  Result<void> text_apply_delta(TypeState& type, Delta delta);

  // delta.cpp
  std::vector<TextPart> to_delta(const TypeState& type, Lens lens = {},
                                 const Snapshot* previous = nullptr) const;
  std::vector<TextPart> delta_between(const TypeState& type, const Snapshot* at,
                                      const Snapshot* previous);

  // subdocs.cpp
  std::vector<Subdoc> subdocs() const;
  void load_subdoc(ID id);
  void destroy_subdoc(ID id);
  Subdoc subdoc_of(const Item& item) const;

  // redo.cpp
  /// Where the copy of an item begins. REQUIRES: the item is redone.
  Unit redone_of(Ref item) const { return redone_.at(item); }
  /// The unit, or what stands for it after any number of undone deletions. REQUIRES: it is here.
  SequenceIndex::Place follow_redone(Unit unit) const;
  /// Keeps an item and all that holds it from being collected, or no longer does.
  void keep(Ref item, bool kept);
  /// What decides whether an item may come back.
  struct Redo {
    /// Items that come back in the same step.
    const std::unordered_set<Ref>& wanted;
    /// Whether a map entry goes away in the same step or was deleted by a step of the stacks, so
    /// that it does not stand in the way of an older one.
    std::function<bool(ID)> gives_way;
    bool ignore_remote_map_changes = false;
  };
  /// Puts a copy of a deleted item where it was, and copies of the types that held it first. False
  /// where something of others stands in the way, or its type is gone for good.
  bool redo_item(RunningTransaction& transaction, Ref item, const Redo& redo);
  /// Managers that want to know what transactions change.
  int undo_managers = 0;

 private:
  struct PendingStructs {
    /// Clocks that, once passed, make it worth trying again.
    std::map<ClientId, Clock> missing;
    /// As an update without document would hold them: merged, Skips between.
    std::vector<Struct> structs;
  };
  class Integration;
  class Loader;

  // transact.cpp
  RunningTransaction& begin(Origin&& origin, bool local, std::exception_ptr& error);
  void end(RunningTransaction& transaction, std::exception_ptr& error);
  /// Whether a transaction leaves nothing to do and nobody to call but for its update.
  bool ends_quietly(const RunningTransaction& transaction) const;
  static bool relays(const RunningTransaction& transaction) {
    return transaction.applied != nullptr && transaction.relay == Relay::kYes;
  }
  /// Whether anybody is to get the transaction's update.
  bool hears_updates(const RunningTransaction& transaction) const {
    return relays(transaction) || !update_listeners.empty() || !update_v2_listeners.empty();
  }
  /// Ends the only transaction there is. REQUIRES: it did nothing but change runs in place.
  void close_in_place(RunningTransaction& transaction) {
    transaction.reset_in_place();
    queued_ = 0;
  }
  void tell_begin(RunningTransaction& begun, std::exception_ptr& error);
  void clean_up(RunningTransaction& transaction, std::exception_ptr& error);
  void tell_update(RunningTransaction& transaction, std::exception_ptr& error);

  // subdocs.cpp
  struct SubdocState {
    bool should_load = false;
  };
  /// Notes a subdocument that came, or is about to go.
  void add_subdoc(RunningTransaction& transaction, const Item& item);
  void remove_subdoc(RunningTransaction& transaction, const Item& item);
  void tell_subdocs(RunningTransaction& transaction, std::exception_ptr& error);
  void tell_subdoc_listeners(RunningTransaction& transaction, std::exception_ptr& error);
  const Item* subdoc_item(ID id) const;
  void draw_client();

  // integrate.cpp
  void resolve_conflicts(Item& item);
  void link(RunningTransaction& transaction, Ref item);
  Ref leftmost_of(const TypeState& type, KeyIndex key) const;
  /// Puts structs that follow each other in the pool into the store.
  void append_structs(RunningTransaction& transaction, ClientIndex owner_index, Ref first,
                      std::uint32_t count);
  /// Puts an item into its list. REQUIRES: as integrate(), and it is in the store.
  void place(RunningTransaction& transaction, Ref item);
  void mark_deleted(RunningTransaction& transaction, Ref ref, std::vector<TypeIndex>& emptied);
  friend class Integration;

  // apply.cpp
  template <typename Body>
  Applied apply_remote(Origin&& origin, Relay relay, const Body& body);
  void read_update(RunningTransaction& transaction, Update update);
  PendingStructs integrate_structs(RunningTransaction& transaction, Update& update);
  void add_pending(PendingStructs waiting);
  void integrate_struct(RunningTransaction& transaction, Struct& item, std::uint64_t offset);
  struct Resolved {
    Ref left = kNone;
    Ref right = kNone;
    TypeIndex parent = kNone;
    KeyIndex key = kNone;
  };
  Resolved resolve(RunningTransaction& transaction, const Struct& item);
  /// Between the items that hold its origins, which are split there; kNone: it has none.
  Resolved place_between(RunningTransaction& transaction, Ref left, Clock origin, Ref right,
                         Clock right_origin);
  /// Alone in its list, or the first of its key.
  Resolved place_below(const Struct::Parent& parent, const std::optional<std::string>& key);
  /// Deletes what is here; returns the rest.
  DeleteSet apply_deletes(RunningTransaction& transaction, const DeleteSet& deletes);
  void delete_range(RunningTransaction& transaction, ClientIndex client, Clock clock, Clock end);

  // read.cpp
  /// Whether a list has a position index, which is made if it is long enough.
  bool indexed(TypeState& of);

  // encode.cpp
  template <typename Encoder>
  Bytes encode_state_in(const StateVector& since) const;
  template <typename Encoder>
  Bytes encode_transaction_in(const RunningTransaction& transaction) const;
  template <typename Encoder>
  void write_item(Encoder& out, const Item& item, std::uint64_t offset) const;
  template <typename Encoder>
  void write_content(Encoder& out, const Item& item, std::uint64_t offset) const;
  template <typename Encoder>
  void write_client(Encoder& out, ClientIndex client, Clock since, Clock until = ~Clock{0}) const;

  // collect.cpp
  void collect(RunningTransaction& transaction);
  void collect_item(Ref item);
  void merge(RunningTransaction& transaction);
  void merge_all(StructList& structs);
  std::size_t merge_lefts(StructList& structs, StructList::Position& position);
  bool one_run(Ref left, Ref right) const;
  /// Joins two of one run. False: their contents stay apart.
  bool merge_pair(Ref left, Ref right);

  // events.cpp
  Event make_event(const RunningTransaction& transaction, TypeState& type,
                   RunningTransaction::Changed& changed);
  void add_keys(const RunningTransaction& transaction, TypeState& type, std::vector<KeyIndex>& keys,
                Event& event) const;

  // event_deltas.cpp
  /// A longest run of a list's items that are not both visible and older than a transaction, and
  /// where it begins.
  struct Region {
    Ref first = kNone;
    std::uint64_t position = 0;
  };
  /// Those in which the transaction changed something, in order; nullopt: walk them all.
  std::optional<std::vector<Region>> changed_regions(const RunningTransaction& transaction,
                                                     TypeState& type);
  /// Takes the items that a delta is about; what lies between them is kept.
  template <typename Take>
  void walk_changes(const RunningTransaction& transaction, TypeState& type, DeltaBuilder& delta,
                    const Take& take);
  void add_list_delta(const RunningTransaction& transaction, TypeState& type, Event& event,
                      DeltaBuilder& delta);
  /// `cleaning`: the transaction that deletes formats without effect, as Yjs does; or nullptr.
  void add_text_delta(const RunningTransaction& transaction, TypeState& type, Event& event,
                      DeltaBuilder& delta, RunningTransaction* cleaning);

  // edit_*.cpp
  SharedType* insert_input(RunningTransaction& transaction, const Spot& spot, Input&& input,
                           Ref& made);
  TypeState* insert_type(RunningTransaction& transaction, const Spot& spot, NewType&& made,
                         Ref& item);
  void insert_values(RunningTransaction& transaction, Spot spot, std::vector<Input>&& values);
  /// The item that ends with a unit; splits the one that goes on behind it.
  Ref end_at(RunningTransaction& transaction, SequenceIndex::Place place);
  Ref left_of(RunningTransaction& transaction, TypeState& type, std::size_t index);
  void insert_plain(RunningTransaction& transaction, TypeState& type, std::uint64_t index,
                    std::string_view text);
  /// Right behind the unit before `index`, splitting there; at the end if there are fewer.
  FormatCursor cursor_at(RunningTransaction& transaction, TypeState& type, std::size_t index);
  Result<void> insert_formatted(RunningTransaction& transaction, TypeState& type,
                                FormatCursor& cursor, Input content, const Attributes& attributes);
  Result<void> format(RunningTransaction& transaction, TypeState& type, FormatCursor& cursor,
                      std::uint64_t length, const Attributes& attributes);
  void remove_formatted(RunningTransaction& transaction, FormatCursor& cursor,
                        std::uint64_t length);
  Result<void> apply_delta(RunningTransaction& transaction, TypeState& type, Delta&& delta);

  // typing.cpp
  /// Where the last edit in place ended: `item` ends `end` visible units into its list.
  struct Caret {
    TypeIndex type = kNone;
    Ref item = kNone;
    std::uint64_t end = 0;
    /// What this document's client types there next continues `item`: nothing came between.
    bool open = false;
  };
  /// Structs were made, split or deleted: the transaction has something to join when it ends.
  void restructured(RunningTransaction& transaction) {
    transaction.untidy = true;
    caret_ = {};
  }
  /// The unit at an index. REQUIRES: index < type.length.
  SequenceIndex::Place place_at(TypeState& type, std::uint64_t index);
  /// Whether nobody is told of a text's changes struct by struct: they may be made in place.
  bool unobserved(const TypeState& of) const {
    return undo_managers == 0 && !deep_observed && of.observers.empty() && !is_deleted(of);
  }
  /// Inserts text at an index by making the run before it longer; false: it takes a struct.
  bool type_on(RunningTransaction& transaction, TypeState& type, SequenceIndex::Place before,
               std::uint64_t index, std::string_view text);
  bool type_at_caret(RunningTransaction& transaction, TypeState& type, std::uint64_t index,
                     std::string_view text);
  /// Removes a range by moving the border between a run and the tombstone beside it; false: it
  /// takes a struct.
  bool erase_in_place(RunningTransaction& transaction, TypeState& type, SequenceIndex::Place first,
                      std::uint64_t index, std::uint64_t length);
  bool continues(const Item& run, Ref right) const;
  /// Integrates somebody else's keystroke by changing the run that it continues or shortens.
  /// False: nothing was done.
  bool apply_in_place(RunningTransaction& transaction, const Keystroke& keystroke);
  bool type_from(RunningTransaction& transaction, ClientIndex owner, const Keystroke& keystroke);
  bool erase_from(RunningTransaction& transaction, ClientIndex owner, const Keystroke& keystroke);
  void grow(RunningTransaction& transaction, TypeState& type, Ref run, std::string_view text,
            std::uint64_t units);
  bool shrink(RunningTransaction& transaction, TypeState& type, Ref run, std::uint64_t count);
  bool shrink_front(RunningTransaction& transaction, TypeState& type, Ref run, std::uint64_t count);
  bool one_tombstone(const Item& run, const Item& left, const Item& right) const;
  void note_in_place(RunningTransaction& transaction, TypeState& type, Ref run);
  /// Undoes what was done in place in this transaction, for observers that came after it.
  void split_in_place(RunningTransaction& transaction);
  Caret caret_;

  // delta.cpp
  /// Splits items so that each is wholly there at a snapshot or not.
  void split_at(RunningTransaction& transaction, const Snapshot& snapshot);

  // formats.cpp
  void put_format(RunningTransaction& transaction, TypeState& type, FormatCursor& cursor,
                  const std::string& key, const SharedValue& value);
  /// Puts what makes `wanted` hold; returns what will make hold again what held.
  Attributes open_formats(RunningTransaction& transaction, TypeState& type, FormatCursor& cursor,
                          const Attributes& wanted);
  void close_formats(RunningTransaction& transaction, TypeState& type, FormatCursor& cursor,
                     Attributes negated);
  /// Of the formats between two visible units, `start` being the first item of the gap, deletes
  /// those without effect there. `now` holds at the gap's `reached`.
  void clean_gap(RunningTransaction& transaction, Ref start, Ref reached, const Attributes& before,
                 Attributes& now);
  /// What somebody else's changes left over, in a transaction of its own.
  void clean_formats(RunningTransaction& transaction);
  void clean_formats_of(RunningTransaction& transaction, const TypeState& type);
  template <typename Visit>
  void each_struct(RunningTransaction& transaction, ClientIndex client, Clock clock,
                   std::uint64_t length, const Visit& visit);

  // redo.cpp
  Ref copy_redone(RunningTransaction& transaction, Ref item, const Redo& redo);
  Ref copied_in(RunningTransaction& transaction, Ref item, TypeIndex parent);
  std::optional<Spot> redo_spot(RunningTransaction& transaction, Ref item, TypeIndex parent,
                                const Redo& redo);
  void copy_content(Ref from, Ref to);
  void note_redone(Ref item, Unit copy);

  /// By the item that holds it. Those whose transaction is not told yet are not `here`.
  std::map<ID, SubdocState> subdocs_;
  std::deque<TypeState> types_;
  std::vector<TypeIndex> roots_;
  std::map<std::string, TypeIndex, std::less<>> root_by_name_;
  // Ordered, not hashed: keys come from the network, and a hash table could be flooded.
  std::map<std::string, KeyIndex, std::less<>> keys_;
  std::vector<const std::string*> key_texts_;

  PendingStructs pending_;
  DeleteSet pending_deletes_;

  RunningTransaction* open_ = nullptr;
  /// The first `queued_` are the outermost transaction and those that its callbacks opened, in
  /// order; the rest are there to be used again.
  std::vector<std::unique_ptr<RunningTransaction>> queue_;
  std::size_t queued_ = 0;
  std::size_t cleaned_ = 0;
  std::uint64_t serial_ = 0;
  std::exception_ptr observer_error_;

  /// Beside the items, since few are ever redone.
  std::unordered_map<Ref, Unit> redone_;
};

/// The inside of a document.
Engine& engine_of(Doc& doc);

}  // namespace syncline::crdt
