// LiveObject: what all handles to one data object share: the document, its observers, and the hooks
// of the syncer that keeps it in step with the others. It knows nothing of networks.
//
// Local changes come in through handles (Node, LiveText), which know the value before and after, so
// each makes its own change record. Remote ones come as updates, whose net change is told by the
// document's deep events. Either way observers are called when the transaction is over.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/executor.hpp"
#include "crdt/doc.hpp"
#include "crdt/tree.hpp"
#include "object/authors.hpp"
#include "object/delivery.hpp"
#include "object/schema_guard.hpp"
#include "syncline/changes.hpp"

namespace syncline::object {

/// The root map that holds a data object's tree.
inline constexpr const char* kDataRoot = "data";

/// One author's update out of a remote batch. `by` is empty where nobody can tell.
struct RemotePart {
  std::string by = {};
  ByteView update = {};
};

/// What a LiveObject asks of and tells to its syncer. Thread: under the object's executor.
class LiveObjectEvents {
 public:
  virtual ~LiveObjectEvents() = default;
  /// Before the first change of a local transaction: an error is thrown at the line that tried it,
  /// and nothing changed.
  virtual Result<void> may_write() = 0;
  /// Whether may_edit has something to say: asked at every change, so it costs nothing where not.
  virtual bool judges_places() const { return false; }
  /// Before each change, where it is made: an error is thrown at the line that tried it, and
  /// nothing of that change was made. `since`: the first unit that the open transaction made.
  virtual Result<void> may_edit(const crdt::TreeTouch& touch, crdt::ID since) {
    (void)touch;
    (void)since;
    return {};
  }
  /// After a local transaction that changed something, before observers hear of it: its v1 update,
  /// to be queued and sent.
  virtual void on_local_update(SharedBytes update) = 0;
  /// Local updates handed out and not yet acknowledged.
  virtual std::size_t unacknowledged() const = 0;
  virtual std::string owner() const = 0;
  /// What others wrote does not keep to the schema. It stands: the room decides.
  virtual void on_violation(const Error& error) { (void)error; }
};

/// Identity; held by shared_ptr from handles and from its syncer. Thread: its executor; every
/// function but the constructor and set_events enters it.
class LiveObject : public std::enable_shared_from_this<LiveObject> {
 public:
  /// `url`: empty for an object of this process alone, which anybody here may write. `identity`:
  /// who writes here (`by` of local changes), empty for nobody in particular. `executor` and
  /// `events` may be null. Throws kSchema for a document that uses the root "data" as something
  /// else than a map.
  LiveObject(std::string url, std::string identity, std::unique_ptr<crdt::Doc> doc,
             Executor* executor, LiveObjectEvents* events);
  ~LiveObject();

  /// Stays readable while the object lives, also after rename().
  const std::string& url() const { return *url_.load(std::memory_order_acquire); }
  /// The object has another URL from here on.
  void rename(std::string url);
  /// For reading and encoding. Local changes go through the functions below: those made here
  /// directly are neither sent nor reported.
  crdt::Doc& doc() { return *doc_; }
  /// With nullptr the syncer lets go of the object for good: reads go on, without the executor,
  /// writes are refused with kUnavailable.
  void set_events(LiveObjectEvents* events);

  /// Applies a remote batch; observers hear of it once, as its net change, with the last author of
  /// each change. On error (kMalformed) what came before the bad part stands. True in the result:
  /// something is still pending (a gap). REQUIRES: !in_transaction().
  Result<bool> apply_remote(std::span<const RemotePart> parts);

  /// Puts another document in place (a rebuild, a new incarnation). Observers get the difference
  /// between the trees as records with `cause`. Handles go on working: they are paths. REQUIRES:
  /// !in_transaction().
  void replace(std::unique_ptr<crdt::Doc> doc, const std::string& cause);

  /// What the object has to look like from here on; what it looks like now counts as right. A local
  /// transaction that breaks it throws kSchema, and nothing of it stands; what others do is
  /// reported (on_violation). nullopt: anything is right. REQUIRES: !in_transaction().
  void set_schema(std::optional<schema::Schema> schema);
  /// As it was given; null where there is none.
  Value schema() const;
  /// Whether this would be right. Error kSchema.
  Result<void> check_schema(const Value& tree) const;

  /// Registers for change records (DataObject::observe).
  Handle observe(std::function<void(const Changes&)> observer);

  /// As observe, for what others change in another root of the document (`syncline watch --root`);
  /// called inside the transaction that brought it, so `observer` only reads. Throws kSchema where
  /// the root is of another kind.
  Handle observe_root(const std::string& root, crdt::TypeKind kind,
                      std::function<void(const Changes&)> observer);

  /// Enters the executor, if there is one.
  Executor::Guard enter() const;
  /// Whether a body given to transact is running.
  bool in_transaction() const { return phase_ == Phase::kLocal; }

  /// DataObject::transact.
  void transact(const std::function<void()>& body);
  /// One change, or one of those of the transaction that is open. Throws what may_write and `edit`
  /// return.
  void write(const std::function<Result<void>(crdt::Tree&)>& edit);
  /// Looks at the tree.
  template <typename Look>
  auto read(const Look& look) const {
    const Executor::Guard guard = enter();
    return look(std::as_const(*tree_));
  }

  bool may_write() const;
  std::string owner() const;
  std::size_t unacknowledged() const;

 private:
  enum class Phase { kIdle, kLocal, kRemote };

  /// A root that somebody observes beside the object's own tree.
  struct OtherRoot {
    std::string name;
    crdt::TypeKind kind;
    std::function<void(const Changes&)> observer;
    Handle watching = {};
  };

  std::unique_ptr<crdt::Doc> adopt(std::unique_ptr<crdt::Doc> doc);
  Result<void> ask_to_write() const;
  std::optional<Error> undo_violation();
  void report_violation(std::span<const RemotePart> parts);
  void listen();
  void watch_remote_changes();
  Changes remote_changes(std::span<const crdt::Event> events) const;
  void watch_root(OtherRoot& watched);
  void watch_other_roots_again(const std::vector<Value>& before, const std::string& cause);
  void record(crdt::TreeEdit edit);
  void remember(std::span<const RemotePart> waiting, bool unknown_yet);

  /// Every URL it had, oldest first: references to them were given out.
  std::list<std::string> urls_;
  std::atomic<const std::string*> url_;
  const std::string identity_;
  std::atomic<Executor*> executor_;
  LiveObjectEvents* events_;

  std::unique_ptr<crdt::Doc> doc_;
  crdt::SharedType* root_ = nullptr;
  std::unique_ptr<crdt::Tree> tree_;
  /// Of objects with a schema.
  std::unique_ptr<SchemaGuard> guard_;
  Delivery delivery_;
  Phase phase_ = Phase::kIdle;
  /// may_write() allowed the transaction that is open.
  bool allowed_ = false;
  /// The first unit that it makes.
  crdt::ID since_;
  SharedBytes made_;
  /// Of the batch that is applied, and of earlier ones that wait.
  Authors authors_;
  /// Set where one author made all of the batch.
  const std::string* only_author_ = nullptr;
  Handle updates_;
  Handle remote_changes_;
  std::list<OtherRoot> other_roots_;
};

}  // namespace syncline::object
