// Syncer: the participant's side of the sync-api, without threads, sockets or clocks of its own:
// the façade, the simulator and the command hand them in.
//
// It always talks to a host through a connection: to a hub's over a WebSocket, to its own over a
// loopback.
#pragma once

#include <functional>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "sync/link.hpp"
#include "sync/replica.hpp"
#include "sync/replica_store.hpp"
#include "sync/requests.hpp"

namespace syncline::sync {

template <typename T>
using Done = std::function<void(Result<T>)>;

struct CreateRequest {
  /// A preset's name or a rule set.
  Value access = "owner";
  std::vector<std::string> invite;
  bool durable = true;
  /// A JSON Schema (docs/SCHEMA.md) that the object has to keep to; null: none.
  Value schema = {};
};

/// Where in an object `read` and `edit` look (docs/PROTOCOL.md).
struct Place {
  std::string root = "data";
  /// "map", "array", "text" or "xml"; empty: as it is.
  std::string kind;
  /// A JSON pointer, for read.
  std::string pointer;
};

struct SyncerHooks {
  std::function<void(const bus::Invitation&)> on_invitation;
  /// A local write was refused; the object was rebuilt without it.
  std::function<void(const std::string& url, const Error& error)> on_refused;
  /// What others wrote does not keep to the object's schema. It stands: the room decides.
  std::function<void(const std::string& url, const Error& error)> on_violation;
  /// An object is followed no more: deleted, or access was taken away.
  std::function<void(const std::string& url, const Error& why)> on_ended;
  /// The host can be reached, or (with the reason) cannot.
  std::function<void(bool up, const std::string& why)> on_connection;
  /// Every message, for message sequence charts: its name as docs/PROTOCOL.md has it, and the
  /// object it is about, where it is about one.
  std::function<void(bool sent, std::string_view message, const std::string& url)> on_message;
};

/// Identity. Thread: its executor; every callback comes from a task of it, never from inside the
/// call that asked.
class Syncer final : private LinkEvents, private ReplicaContext {
 public:
  using Object = std::shared_ptr<object::LiveObject>;

  struct Options {
    LinkOptions link;
    /// False: requests fail with the first attempt to connect that fails (commands); true: they
    /// wait for a connection as long as for an answer.
    bool wait_for_host = true;
    SyncerHooks hooks;
    /// Where objects, queues and parked edits are kept; null: in memory only. Must outlive the
    /// syncer.
    storage::Storage* storage = nullptr;
    /// Asked before edits are merged, parked or renamed; null: never. REQUIRES: storage.
    ConflictHook on_conflict;
  };

  /// All must outlive the syncer.
  Syncer(Executor& executor, Clock& clock, Random& random, transport::Connector& connector,
         Options options);
  /// Ends all objects; open requests get kUnavailable, from inside.
  ~Syncer() override;
  Syncer(const Syncer&) = delete;
  Syncer& operator=(const Syncer&) = delete;

  const std::string& identity() const override { return identity_; }
  bool connected() const { return link_.up(); }

  /// Calls `done` once what is kept was read: the objects are there, and requests go out. What is
  /// asked before waits for it. The error is why nothing can be kept here, and every request's.
  void when_ready(Done<void> done);

  /// Creates an object owned by this identity. Errors: kConflict (exists), kMalformed, kDenied,
  /// kSchema (it would not begin as its schema says).
  ///
  /// With a storage: once the host answered, or, where that cannot be reached, once the object is
  /// stored here; it is then created at the host when that comes into reach.
  void create(const std::string& url, const Value& initial, CreateRequest request,
              Done<Object> done);
  /// As create, from a document (update v1): import.
  void create_from(const std::string& url, Bytes state, CreateRequest request, Done<Object> done);
  /// Gets a live copy; the same one for everybody who asks. Errors: kNotFound, kDenied, kGone.
  void subscribe(const std::string& url, Done<Object> done);
  /// Waits for what was written, then ends the copy here.
  void unsubscribe(const std::string& url, Done<void> done);
  /// Deletes the object everywhere.
  void remove(const std::string& url, Done<void> done);
  void invite(const std::string& url, const std::string& identity, Done<void> done);
  /// Gives an object another rule set: a preset's name or rules. `if_epoch`: only if the object
  /// has that epoch still (409 "epoch"); 0: whatever it has.
  void set_access(const std::string& url, Value access, std::uint64_t if_epoch, Done<void> done);

  /// Without a copy: the room answers.
  void read(const std::string& url, Place place, Done<Value> done);
  void describe(const std::string& url, Done<Value> done);
  void list(const std::string& glob, const std::string& after, std::uint64_t limit,
            Done<std::vector<bus::Entry>> done);
  void edit(const std::string& url, Place place, std::vector<bus::EditOp> ops, Done<void> done);
  /// The whole object as update v1.
  void fetch(const std::string& url, Done<Bytes> done);

  /// Merges a document (update v1) into an object subscribed here. Errors: kNotFound (not
  /// subscribed), kMalformed, kDenied.
  Result<void> import(const std::string& url, Bytes update);

  /// Waits until every local change made so far is settled: acknowledged (durable, where the object
  /// is), or refused, which on_refused told.
  void flush(Done<void> done);

  /// Waits until every local change made so far is stored here, and survives a crash. Without a
  /// storage there is nothing to wait for.
  void save(Done<void> done);

  /// The objects followed here.
  std::vector<std::string> urls() const;

  /// Local edits that wait for a decision. Parked ones can be made anew on the object as it is now
  /// (REQUIRES for success: it is followed here) or dropped; what stopped syncing (id 0) goes on,
  /// asking again, or gives its local edits up. Errors: kNotFound, and what keeps an edit from
  /// being made.
  std::vector<Parked> parked() const;
  void resume(const std::string& url, std::uint64_t id, Done<void> done);
  void drop(const std::string& url, std::uint64_t id, Done<void> done);

 private:
  /// Waits until replicas have settled as many changes as they had made when it began.
  struct Flush {
    std::vector<std::pair<std::weak_ptr<Replica>, std::uint64_t>> targets;
    Done<void> done;
    Handle timeout = {};
    bool settled() const;
  };

  // LinkEvents
  void on_up(const bus::Welcome& welcome) override;
  void on_body(bus::Body body) override;
  void on_sent() override;
  void on_down(const Error& why, bool final) override;

  // ReplicaContext
  Executor& executor() override { return executor_; }
  Random& random() override { return random_; }
  bool up() const override { return link_.up(); }
  bool may_send() const override;
  void send(const bus::Body& body) override;
  void request(bus::Body body, Repeat repeat, Requests::Done done) override;
  void give_up_connection(const std::string& why) override;
  void on_open(Replica& replica, bus::Channel channel) override;
  void on_close(bus::Channel channel) override { channels_.erase(channel); }
  void on_settled(Replica& replica) override;
  void on_refused(Replica& replica, const Error& error) override;
  void on_violation(Replica& replica, const Error& error) override;
  void on_ended(Replica& replica) override;
  std::int64_t wall_ms() const override { return clock_.wall_ms(); }
  const ConflictHook& conflict_hook() const override { return options_.on_conflict; }
  bool follows(const std::string& url) const override { return replicas_.contains(url); }
  std::shared_ptr<Journal> journal(const std::string& url) override;
  void on_created(Replica& replica) override;
  bool on_not_created(Replica& replica, const Error& error) override;
  void on_parked(const std::string& url, ParkedEdit parked) override;
  void on_renamed(Replica& replica, const std::string& from) override;

  // What is kept (syncer_kept.cpp).
  struct Creating {
    Done<Object> done;
    /// Who asked for a copy meanwhile.
    std::vector<Done<Object>> subscribing = {};
    Handle timeout = {};
  };
  void open_store();
  void opened(Result<ReplicaStore::Objects> objects);
  void create_kept(const std::string& url, std::unique_ptr<crdt::Doc> doc, bus::Create create,
                   Done<Object> done);
  /// Nobody answers now: the objects begin as local ones.
  void create_offline(const std::string& url);

  ReplicaContext& context() { return *this; }
  void create_with(const std::string& url, std::unique_ptr<crdt::Doc> doc, Bytes state,
                   CreateRequest request, Done<Object> done);
  void unsubscribe_now(const std::shared_ptr<Replica>& replica, Done<void> done);
  void finish_flushes();
  void subscribed(const std::string& url, Result<Answer> answer);
  /// A request whose answer says no more than that it was done.
  void request_done(bus::Body body, Repeat repeat, Done<void> done);
  void request_value(bus::Body body, Done<Value> done);
  /// Runs `task` in a turn of its own, if the syncer is still there then.
  void later(std::function<void()> task);
  void to_replica(const bus::Body& body);
  std::shared_ptr<Replica> replica(const std::string& url) const;
  void trace(bool sent, const bus::Body& body) const;
  std::string url_of(const bus::Body& body) const;

  Executor& executor_;
  Clock& clock_;
  Random& random_;
  const std::string identity_;
  const Options options_;
  std::unique_ptr<ReplicaStore> store_;
  /// Nothing before the store was read; then whether it could be.
  std::optional<Result<void>> ready_;
  std::vector<Done<void>> waiting_;
  std::map<std::string, Creating> creating_;
  std::map<std::string, std::map<std::uint64_t, ParkedEdit>> parked_;
  Requests requests_;
  Link link_;
  /// Why there will be no connection any more.
  std::optional<Error> final_;

  std::map<std::string, std::shared_ptr<Replica>> replicas_;
  std::unordered_map<bus::Channel, std::weak_ptr<Replica>> channels_;
  /// Those whose handles still live, so that writes go on telling why they fail.
  std::vector<std::shared_ptr<Replica>> ended_;
  std::map<std::string, std::vector<Done<Object>>> subscribing_;
  std::list<Flush> flushes_;
  /// Expires with the syncer, so that posted tasks know.
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace syncline::sync
