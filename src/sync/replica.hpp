// Replica: a syncer's copy of one object: what was written here and is not acknowledged yet, how
// far it has followed the room, and what to do when the two disagree.
//
// After a broken connection it resumes by its position, and sends again what was not acknowledged;
// the room skips what it knows. When the room refuses a write, the replica rebuilds: it takes the
// room's state, under a new client id (the ids of what was refused stay unused for ever), and drops
// what was written on top of the refused change, since that cannot exist without it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bus/message.hpp"
#include "object/live_object.hpp"
#include "sync/outbox.hpp"
#include "sync/requests.hpp"

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
  /// The replica follows its room no more.
  virtual void on_ended(Replica& replica) = 0;
};

/// A fresh client id: below 2^53, so that JavaScript can count it.
crdt::ClientId draw_client_id(Random& random);

/// Identity. Thread: its syncer's executor.
class Replica final : public object::LiveObjectEvents,
                      public std::enable_shared_from_this<Replica> {
 public:
  /// `context` must outlive the replica, or detach() comes first.
  Replica(ReplicaContext& context, std::string url, std::unique_ptr<crdt::Doc> doc);
  ~Replica() override;

  const std::string& url() const { return url_; }
  const std::shared_ptr<object::LiveObject>& live() const { return live_; }
  bus::Channel channel() const { return channel_; }
  /// Why it follows no room any more; nothing while it does.
  const std::optional<Error>& ended() const { return ended_; }

  /// Local changes made, and how many of them are settled (acknowledged, refused, dropped).
  std::uint64_t made() const { return made_; }
  std::uint64_t settled() const { return made_ - outbox_.changes(); }

  /// The answer to the request that this replica begins with. `repeated`: the request went out more
  /// than once, so others may have written since the object was made.
  void created(const bus::Created& created, bool repeated);
  Result<void> subscribed(const bus::Subscribed& subscribed);

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
  void on_local_update(SharedBytes update) override;
  std::size_t unacknowledged() const override;
  std::string owner() const override { return owner_; }

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

  void leave_channel();
  void follow(bus::Channel channel, std::string incarnation, std::uint64_t seq);
  void subscribe(Want want);
  void subscribe_later(Want want);
  void answered(Want asked, Result<Answer> answer);
  Result<void> adopt(const bus::Subscribed& subscribed, Want asked);
  Result<void> rebuild(const bus::Subscribed& subscribed);
  Result<bool> apply(const std::vector<bus::Part>& parts);
  /// Queues what the room lacks and the outbox does not bring.
  void send_what_lacks(const crdt::StateVector& room);
  void pump();
  void advance_by_ack(std::uint64_t seq, std::size_t acknowledged);
  void watch_acks();
  void settle();

  ReplicaContext* context_;
  const std::string url_;
  std::shared_ptr<object::LiveObject> live_;

  Phase phase_ = Phase::kDown;
  Want want_ = Want::kResume;
  bus::Channel channel_ = 0;
  std::uint64_t last_sequence_ = 0;
  std::optional<bus::Position> position_;
  std::string owner_;
  std::string may_write_ = "all";
  std::uint64_t epoch_ = 0;

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
};

}  // namespace syncline::sync
