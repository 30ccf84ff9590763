// Doc: one document, the unit of integration. Yjs 13's model and merge rules (YATA);
// docs/internals-crdt.md tells how.
//
// A Doc has no clock, socket or thread. It is touched by one thread at a time: its owner's.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "crdt/snapshot.hpp"
#include "crdt/types.hpp"
#include "crdt/update.hpp"
#include "syncline/handle.hpp"

namespace syncline::crdt {

struct DocOptions {
  /// The client id for structs made here. REQUIRES: below 2^53, drawn at random for every load of a
  /// document.
  ClientId client = 0;
  /// Replace the content of what is deleted, as Yjs does; off keeps it for snapshots.
  bool gc = true;
  /// Delete formats that others' changes left without effect, as Yjs does: in local transactions of
  /// their own. Off where nothing may be written that no user wrote: in rooms.
  bool cleanup = true;
  std::string guid{};
};

class Engine;
class UndoManager;

/// Whatever the caller says a change came from; compared by value. Null for plain local changes.
using Origin = Value;

/// One transaction: the changes of a `transact` body or of one applied update. Valid during its
/// callbacks only.
class Transaction {
 public:
  virtual Doc& doc() const = 0;
  virtual const Origin& origin() const = 0;
  /// The manager whose undo or redo this is; nullptr for everything else.
  virtual const UndoManager* undone_by() const = 0;
  /// False for applied updates.
  virtual bool local() const = 0;
  /// What the transaction deleted.
  virtual const DeleteSet& deletes() const = 0;
  /// Clocks before and after (after: only once the body is done).
  virtual const StateVector& before() const = 0;
  virtual const StateVector& after() const = 0;

 protected:
  ~Transaction() = default;
};

/// Whether Applied::update is wanted.
enum class Relay { kNo, kYes };

/// What applying an update did.
struct Applied {
  /// What became part of the document, re-encoded as v1: what a room relays and logs. Empty where
  /// nothing changed, inside an open transaction (whose end will tell), and without Relay::kYes.
  Bytes update;
  /// Structs or deletions, of this update or of earlier ones, wait for something the document
  /// lacks.
  bool pending = false;
  /// The update advanced this document's own client id, so a new one was taken (drawn from
  /// DocOptions::client by a fixed mixing, or set with set_client()).
  bool client_changed = false;
};

/// What one transaction did to subdocuments; one may be in several.
struct SubdocEvent {
  std::vector<Subdoc> loaded;
  std::vector<Subdoc> added;
  std::vector<Subdoc> removed;
};

/// One document. Identity: neither copied nor moved (shared types point to it).
class Doc {
 public:
  explicit Doc(DocOptions options);
  ~Doc();
  Doc(const Doc&) = delete;
  Doc& operator=(const Doc&) = delete;

  ClientId client() const;
  /// REQUIRES: no structs of `client` here, no open transaction.
  void set_client(ClientId client);
  /// Takes over the client id of a document whose place this one takes. REQUIRES: that id's clock
  /// is the same in both, so that no id is made twice; no open transaction.
  void continue_client(const Doc& earlier);
  const DocOptions& options() const;

  /// The root of that name, defined with this kind if it has none yet. Error kSchema where it has
  /// another.
  Result<SharedType*> root(std::string_view name, TypeKind kind);
  /// Every root that was ever named, here or in an update, in order of first mention.
  std::vector<std::pair<std::string, TypeKind>> roots() const;
  /// An existing root, whatever its kind; nullptr where there is none. Does not define it.
  SharedType* find_root(std::string_view name) const;

  /// Runs `body` as one transaction; inside another it joins that one (and its origin). An
  /// exception out of `body` lets what was done stand, runs the callbacks, and goes on to the
  /// caller.
  void transact(const std::function<void(Transaction&)>& body, Origin origin = {});

  /// Integrates an update that was decoded (and judged). Structs whose dependencies are missing
  /// wait in the document as pending and are part of encode_state_as_update, as in Yjs. Already
  /// known parts are skipped.
  /// Makes an open transaction a remote one, as in Yjs.
  Applied apply(Update update, Origin origin = {}, Relay relay = Relay::kNo);
  /// Decodes and applies. On error nothing changed.
  Result<Applied> apply_update_v1(ByteView update, Origin origin = {}, Relay relay = Relay::kNo);
  Result<Applied> apply_update_v2(ByteView update, Origin origin = {}, Relay relay = Relay::kNo);

  /// What of `update` could not be integrated now: for each client the clock that is missing before
  /// it. Empty: apply would leave nothing pending (deletions of unknown structs count too).
  StateVector unmet(const Update& update) const;

  /// Everything that a document at `since` lacks, and the whole delete set; pending parts included.
  Bytes encode_state_as_update_v1(const StateVector& since = {}) const;
  Bytes encode_state_as_update_v2(const StateVector& since = {}) const;
  StateVector state_vector() const;
  DeleteSet delete_set() const;
  Snapshot snapshot() const;
  bool has_pending() const;
  /// Whether structs wait (Yjs's pendingStructs), also such as are known already but refer to what
  /// is not.
  bool has_pending_structs() const;
  bool has_pending_deletes() const;

  /// Calls `listener` with the v1 update of each transaction that changed anything. No call, no
  /// encoding, without listeners.
  Handle on_update(std::function<void(const Bytes& update, Transaction&)> listener);
  /// The same in v2, after the listeners of on_update.
  Handle on_update_v2(std::function<void(const Bytes& update, Transaction&)> listener);
  /// Calls `listener` at the end of each transaction, after observers and before updates.
  Handle on_after_transaction(std::function<void(Transaction&)> listener);
  // The rest of Yjs's callbacks, in the order in which they are called around these two.
  /// Before the first of a row of transactions: those that callbacks open belong to it.
  Handle on_before_all_transactions(std::function<void()> listener);
  Handle on_before_transaction(std::function<void(Transaction&)> listener);
  Handle on_before_observers(std::function<void(Transaction&)> listener);
  /// Content is collected and runs are joined; before updates.
  Handle on_after_cleanup(std::function<void(Transaction&)> listener);
  /// After updates, where subdocuments came, went or are wanted.
  Handle on_subdocs(std::function<void(const SubdocEvent&, Transaction&)> listener);
  Handle on_after_all_transactions(std::function<void()> listener);

  // Subdocuments. Their content is no part of this document: whoever wants one makes a Doc of its
  // guid (make_subdoc) and syncs that.
  /// Those that are here, by id.
  std::vector<Subdoc> subdocs() const;
  /// Says that one is wanted; told as `loaded`, once. Unknown ids are ignored, here and below.
  void load_subdoc(ID id);
  /// Says that what was loaded is let go: told as `removed` and, not wanted any more, `added`.
  void destroy_subdoc(ID id);
  /// An empty document for a subdocument: its guid and gc option, this document's client id.
  std::unique_ptr<Doc> make_subdoc(const Subdoc& subdoc) const;

  /// The deepest visible place that holds unit `id` now, as root name and path; nullopt for
  /// unknown, collected or deleted units.
  struct Place {
    std::string root;
    Path path;
  };
  std::optional<Place> place_of(ID id) const;

 private:
  friend Engine& engine_of(Doc& doc);
  std::unique_ptr<Engine> engine_;
};

}  // namespace syncline::crdt
