// Replica: a syncer's copy of one object: what was written here and is not acknowledged yet, how
// far it has followed the room, and what to do when the two disagree.
//
// After a broken connection it resumes by its position, and sends again what was not acknowledged;
// the room skips what it knows. When the room refuses a write, the replica rebuilds: it takes the
// room's state and replays on it what is queued and was not refused (replica_rebuild.cpp).
//
// With a journal it is kept in the syncer's data file: it begins where it ended, with or without a
// room; nothing that was written here is dropped unless somebody says so (replica_kept.cpp).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "access/foresight.hpp"
#include "bus/message.hpp"
#include "object/live_object.hpp"
#include "room/authorship.hpp"
#include "sync/journal.hpp"
#include "sync/outbox.hpp"
#include "sync/requests.hpp"
#include "syncline/conflict.hpp"

namespace syncline::sync {

class Replica;

/// What a replica needs of its syncer.
class ReplicaContext {
 public:
  virtual ~ReplicaContext() = default;
  virtual Executor& executor() = 0;
  virtual Random& random() = 0;
  virtual const std::string& identity() const = 0;
  /// Whether the host can be talked to.
  virtual bool up() const = 0;
  /// Whether more updates may be queued on the connection. When not, Replica::on_sent follows.
  virtual bool may_send() const = 0;
  virtual void send(const bus::Body& body) = 0;
  virtual void request(bus::Body body, Repeat repeat, Requests::Done done) = 0;
  /// The connection is of no use: begin anew.
  virtual void give_up_connection(const std::string& why) = 0;
  /// The replica follows its room on this channel from here on, or does no more.
  virtual void on_open(Replica& replica, bus::Channel channel) = 0;
  virtual void on_close(bus::Channel channel) = 0;
  /// A local change was acknowledged, refused or dropped.
  virtual void on_settled(Replica& replica) = 0;
  /// Local changes were refused, and are gone from the object.
  virtual void on_refused(Replica& replica, const Error& error) = 0;
  /// What others wrote does not keep to the object's schema. It stands.
  virtual void on_violation(Replica& replica, const Error& error) = 0;
  /// The replica follows its room no more.
  virtual void on_ended(Replica& replica) = 0;

  // For replicas with a journal.
  virtual std::int64_t wall_ms() const = 0;
  /// Null: nobody wants to be asked.
  virtual const ConflictHook& conflict_hook() const = 0;
  /// Whether a copy of the object is followed here.
  virtual bool follows(const std::string& url) const = 0;
  virtual std::shared_ptr<Journal> journal(const std::string& url) = 0;
  /// A room confirmed the creation, or (with the error) refused it. In the second case: whether
  /// whoever asked for it waited for the answer, and takes the error.
  virtual void on_created(Replica& replica) = 0;
  virtual bool on_not_created(Replica& replica, const Error& error) = 0;
  /// An edit of the object was parked.
  virtual void on_parked(const std::string& url, ParkedEdit parked) = 0;
  /// The replica has another URL from here on.
  virtual void on_renamed(Replica& replica, const std::string& from) = 0;
};

/// A fresh client id: below 2^53, so that JavaScript can count it.
crdt::ClientId draw_client_id(Random& random);

/// "1 change", "2 changes".
std::string changes_text(std::uint64_t count);

/// Identity. Thread: its syncer's executor.
class Replica final : public object::LiveObjectEvents,
                      public std::enable_shared_from_this<Replica> {
 public:
  /// `context` must outlive the replica, or detach() comes first. `journal`: null keeps it in
  /// memory only.
  Replica(ReplicaContext& context, std::string url, std::unique_ptr<crdt::Doc> doc,
          std::shared_ptr<Journal> journal = nullptr);
  ~Replica() override;

  const std::string& url() const { return url_; }
  const std::shared_ptr<object::LiveObject>& live() const { return live_; }
  bus::Channel channel() const { return channel_; }
  /// Why it follows no room any more; nothing while it does.
  const std::optional<Error>& ended() const { return ended_; }

  /// Local changes made, and how many of them are settled (acknowledged, refused, dropped).
  std::uint64_t made() const { return made_; }
  std::uint64_t settled() const { return made_ - outbox_.changes(); }

  /// Whether it is the copy of an object that a room has, and not one that is to be created yet.
  bool confirmed() const { return !creation_; }

  /// Goes on where the data file left it. `doc` was made of the same. Before on_up().
  void restore(const Kept& kept);
  /// Begins as an object of its own, to be created at the host as soon as that can be reached.
  /// REQUIRES: a journal.
  void begin(Creation creation, SharedBytes state, const Value& schema);
  /// The object has to keep to this from here on (null: to nothing); what is here now counts as
  /// right.
  void use_schema(const Value& schema);
  /// Ends it, and what is kept of it. Local changes go with it.
  void forget(const Error& why);

  /// Why it stopped syncing until somebody decides; nothing where it did not.
  const std::optional<Error>& held() const { return held_; }
  /// Asks again what is to become of what is held.
  void resume();
  /// Gives up what is held: the local edits, or the whole object where it was never created.
  void drop(std::function<void(Result<void>)> done);
  /// Makes changes anew that were parked, as one transaction, and forgets that they were. Errors:
  /// what keeps one of them from being made; then none was.
  Result<void> remake(const ParkedEdit& parked);

  /// The answer to the request that this replica begins with. `repeated`: the request went out more
  /// than once, so others may have written since the object was made.
  void created(const bus::Created& created, bool repeated);
  Result<void> subscribed(const bus::Subscribed& subscribed);

  /// Its channel is no longer the room's: it asks for another.
  void refresh();

  void on_up();
  void on_down();
  void on_sent() { pump(); }
  void on_updated(const bus::Updated& updated);
  void on_current(const bus::Current& current);
  void on_ack(const bus::Ack& ack);
  void on_update_refused(const bus::UpdateRefused& refused);
  void on_changed(const bus::Changed& changed);
  void on_unsubscribed(const bus::Unsubscribed& unsubscribed);
  void on_deleted();

  /// Adds what came from elsewhere (an imported document), to be judged as this syncer's write.
  Result<void> import(Bytes update);
  /// Ends it: reads go on, writes are refused with `why`.
  void end(const Error& why);
  /// The syncer goes away: writes are refused with kUnavailable.
  void detach();

  // LiveObjectEvents
  Result<void> may_write() override;
  bool judges_places() const override { return foresight_.has_value(); }
  Result<void> may_edit(const crdt::TreeTouch& touch, crdt::ID since) override;
  void on_local_update(SharedBytes update) override;
  std::size_t unacknowledged() const override;
  std::string owner() const override { return owner_; }
  void on_violation(const Error& error) override;

 private:
  enum class Phase {
    kDown,         ///< no connection
    kSubscribing,  ///< waiting for the room's answer
    kLive,
    kWaiting,  ///< for the time to subscribe again
    kEnded,
  };
  /// What the next subscription asks for; a larger one includes the smaller.
  enum class Want {
    kResume,   ///< what the log has since the position
    kDiff,     ///< what the state vector lacks: the position cannot be trusted
    kRebuild,  ///< everything, into a new document
  };

  /// How local edits are met that cannot stay as they are.
  enum class Fate { kRemade, kParked, kDropped };

  /// Looks for the room: creates the object, or subscribes.
  void seek();
  void leave_channel();
  void follow(bus::Channel channel, std::string incarnation, std::uint64_t seq);
  void subscribe(Want want);
  void request_subscription();
  void subscribe_later(Want want);
  void answered(Want asked, Result<Answer> answer);
  Result<void> adopt(const bus::Subscribed& subscribed, Want asked);
  Result<bool> apply(const std::vector<bus::Part>& parts);
  /// Queues what the room lacks and the outbox does not bring.
  void send_what_lacks(const crdt::StateVector& room);
  void pump();
  void advance_by_ack(std::uint64_t seq, std::size_t acknowledged);
  void watch_acks();
  void settle();
  /// The rules in force, and the verdict on what is written here.
  void learn_rules(const Value& access, const std::string& may_write);
  void note_authors(const std::vector<bus::Part>& parts);

  // Rebuilding (replica_rebuild.cpp).
  Result<void> rebuild(const bus::Subscribed& subscribed);
  struct Rebuilt;
  struct Lost;
  void replay(Rebuilt& rebuilt, bool same_history);
  void requeue(const std::vector<Outbox::Entry>& entries);
  void put_in_place(Rebuilt rebuilt, const Error& why);
  Lost find_lost(const Rebuilt& rebuilt, const Error& why);
  Fate decide_lost(const Lost& lost, const Error& why, const Rebuilt& rebuilt,
                   std::optional<Value>& use);
  void put_in_place_kept(Rebuilt rebuilt, const Error& why);
  Changes remake_lost(Changes changes);
  void park(Changes changes, const Error& why);

  // With a journal (replica_kept.cpp).
  Facts facts() const;
  void keep(std::vector<JournalEntry> entries);
  void keep_came(const std::vector<bus::Part>& parts);
  void keep_everything();
  /// Reads what the room had before the local edits, then calls `then`, unless the attempt that it
  /// is for is over by then.
  void recall(std::function<void()> then);
  void send_create();
  void create_answered(Result<Answer> answer, bool repeated);
  void meet_existing(const Error& error);
  void decide_existing(const Error& error, std::unique_ptr<crdt::Doc> remote);
  void join_existing(std::optional<Value> wanted);
  void take_existing();
  Result<void> rename(const std::string& to);
  void hold(const Error& why);
  Resolution ask(const Conflict& conflict) const;
  /// Asks about every place that both sides changed. False: not decided, and held.
  bool weigh(const bus::Subscribed& subscribed, const crdt::StateVector& room);
  void put_wanted();
  std::vector<JournalEntry> queued() const;
  void end_kept(const Error& why);

  ReplicaContext* context_;
  std::string url_;
  std::shared_ptr<object::LiveObject> live_;
  std::shared_ptr<Journal> journal_;

  Phase phase_ = Phase::kDown;
  Want want_ = Want::kResume;
  bus::Channel channel_ = 0;
  std::uint64_t last_sequence_ = 0;
  std::optional<bus::Position> position_;
  std::string owner_;
  std::string may_write_ = "all";
  std::uint64_t epoch_ = 0;
  /// What the rules say about places, as far as that can be told here.
  std::optional<access::Foresight> foresight_;
  /// Who made what came since the object is followed here, where the rules ask for creators.
  room::Authorship authors_;
  std::shared_ptr<const Value> schema_;

  Outbox outbox_;
  std::uint64_t made_ = 0;
  /// The refusal that the coming rebuild is about.
  std::optional<Error> refused_;
  std::string rebuild_cause_;
  std::optional<Error> ended_;
  /// Attempts in a row that did not bring the two into step.
  int failures_ = 0;
  Handle retry_;
  Handle ack_timer_;

  /// Nothing of the object is here yet.
  bool empty_ = true;
  std::optional<Creation> creation_;
  SharedBytes first_;
  bool create_sent_ = false;
  std::optional<Error> held_;
  /// Counts attempts to come into step, so that what comes late is recognised.
  std::uint64_t attempt_ = 0;
  /// What was kept before the attempt that is under way.
  std::optional<Kept> before_;
  /// What has to be at which place once the attempt succeeds.
  std::vector<std::pair<Path, std::optional<Value>>> wanted_;
  /// The coming subscription was decided about already.
  bool decided_ = false;
  /// The queue was made anew after a refusal and is not acknowledged yet.
  bool remade_ = false;
};

}  // namespace syncline::sync
