// Room: the authority of one object. It judges, orders, logs and fans out its updates, and is the
// only code that does.
//
// A message comes from the bus, through the gate. What it changes is integrated at once, in memory,
// and appended to the log; what it says goes to the outputs and leaves when the log is durable up
// to there (output commit). One change on its way: receive, update, judge, integrate, log_update;
// then on_durable, flush, deliver.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bus/bus.hpp"
#include "room/gate.hpp"
#include "room/judgement.hpp"
#include "room/member.hpp"
#include "room/object_state.hpp"
#include "room/outputs.hpp"
#include "room/presence.hpp"

namespace syncline::room {

class Room;

/// What rooms are built on. All outlive them.
struct Ports {
  Executor& executor;
  Clock& clock;
  Random& random;
  storage::Storage& storage;
  bus::Bus& bus;
  /// The hub's own rules, asked before an object's; nullptr for none.
  const access::Rules* hub_rules = nullptr;
};

/// Hears of a room's life. None of these may destroy the room before it returns.
class RoomEvents {
 public:
  virtual ~RoomEvents() = default;
  /// Nobody is subscribed and nothing is under way (any more).
  virtual void on_idle(Room& room) = 0;
  /// The log failed: what is in memory is ahead of it and must be forgotten. Everybody was told.
  virtual void on_failed(Room& room, const Error& error) = 0;
  /// The object was deleted, durably. Everybody was told.
  virtual void on_deleted(Room& room) = 0;
  /// Someone was invited, durably.
  virtual void on_invited(const std::string& identity, const bus::Invitation& invitation) = 0;
  /// Someone took an invitation up, durably.
  virtual void on_accepted(const std::string& identity, const std::string& url) = 0;
};

/// Identity; owned by shared_ptr, since storage and timers call back. Thread: the executor.
class Room : public std::enable_shared_from_this<Room> {
 public:
  Room(Ports ports, RoomEvents& events, ObjectState state);
  ~Room();
  Room(const Room&) = delete;
  Room& operator=(const Room&) = delete;

  const std::string& url() const { return state_.head.url; }
  const Head& head() const { return state_.head; }
  const bus::Gate& gate() const { return gate_; }

  /// A message that passed the gate.
  void receive(bus::Message message);

  /// The request that made this room: stores `state_`'s head, with the first state as update
  /// `initial` if there is one, and answers. REQUIRES: nothing was received yet.
  void create(const bus::Message& message, std::optional<crdt::Update> initial);

  /// Nobody subscribed, nothing under way.
  bool idle() const;
  /// May be forgotten when idle: the storage has it, or nothing was ever written.
  bool unloadable() const { return state_.head.durable; }
  /// The storage has its head, durably.
  bool known_durably() const { return known_durably_; }

  /// Stores a snapshot, if anything was logged since the last one, then calls `done`.
  void fold(std::function<void()> done);
  /// Takes nothing any more (503 "shutdown"); tells the members; calls `done` when everything
  /// decided is durable.
  void close(std::function<void()> done);

  std::size_t members() const { return members_.size(); }

 private:
  /// Whatever enters the room opens a turn. What it says leaves when the outermost one ends, so
  /// that an answer cannot come back into a loop. Keeps the room alive.
  class Turn {
   public:
    explicit Turn(Room& room);
    ~Turn();
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;

   private:
    std::shared_ptr<Room> room_;
  };

  // Requests and fan-in (room.cpp).
  void dispatch(const bus::Message& message);
  void subscribe(const bus::Message& message, const bus::Subscribe& subscribe);
  void unsubscribe(const bus::Message& message, const bus::Unsubscribe& unsubscribe);
  void presence(const bus::Message& message, const bus::Presence& frame);
  void event(const bus::Message& message, const bus::Event& event);
  void read(const bus::Message& message, const bus::Read& read);
  void describe(const bus::Message& message, const bus::Describe& describe);
  void invite(const bus::Message& message, const bus::Invite& invite);
  void remove(const bus::Message& message, const bus::Delete& request);
  void set_access(const bus::Message& message, const bus::SetAccess& request);
  void create_again(const bus::Message& message, const bus::Create& request);
  void flow(const bus::Message& message, const bus::Flow& flow);
  void answer_created(const bus::Message& message);
  void announce(const Invited& invited);
  void drop_content();
  Value description() const;

  // Who may write (room_rights.cpp).
  access::Circumstances circumstances() const;
  access::WriteVerdict write_verdict(const std::string& identity) const;
  /// Time alone may have changed it.
  void renew_verdict(Member& member);
  /// The head changed, or the hour: every member has the rights it has now, and hears of it.
  void renew_rights();
  void watch_the_clock();

  Member& join(const bus::Message& message);
  void leave(const bus::Address& session);
  Member* find(const bus::Address& session);
  /// `id` tells a member from an earlier or later one of the same session.
  Member* find(const bus::Address& session, MemberId id);
  void relay(const bus::Address& except, const bus::Body& body);
  bus::Position position() const { return {state_.head.incarnation, state_.seq}; }

  // Writes (room_writes.cpp).
  void update(const bus::Message& message, const bus::Update& update);
  void edit(const bus::Message& message, const bus::Edit& edit);
  void decide(Member& member, std::uint64_t sequence, bool relayed, crdt::Update update,
              std::size_t bytes);
  void take(Member& member, std::uint64_t sequence, bool relayed, Judgement judgement);
  /// Applies; `relay` is what others are sent. A violation of the schema: nothing was applied.
  std::optional<schema::Violation> apply(const crdt::Update& update, Bytes& relay);
  std::optional<schema::Violation> take_back_violation();
  void log_refused(const crdt::IdSet& refused, const std::string& author);
  void tell_refusal(const Member& member, std::uint64_t sequence, bus::UpdateRefused refusal);
  void refuse(const Member& member, std::uint64_t sequence, bus::UpdateRefused refusal);
  void park(Member& member, Parked parked);
  void give_up_parked(const bus::Address& session, MemberId id, std::uint64_t sequence);
  void retry_parked();
  void log_update(Bytes update, const std::string& author, MemberId from);
  void log_head(const std::string& author);
  void append(const std::vector<storage::Record>& records);
  storage::Record head_record(const std::string& author) const;

  // Outputs (room_outputs.cpp).
  /// Leaves once everything decided so far is durable.
  void say(const bus::Address& to, bus::Body body);
  /// Leaves at the end of the turn.
  void send(const bus::Address& to, bus::Body body);
  void refuse(const bus::Message& message, const Error& error);
  void finish_turn();
  void on_durable(const Result<storage::Ticket>& result);
  void flush();
  void acknowledge(const ChangeOutput& change);
  void deliver();
  void deliver(Member& member);
  void activate(const bus::Address& session, MemberId id, std::uint64_t position);
  void send_presence(const Member& member);
  void catch_up(Member& member);
  void fail(const Error& error);
  void end_members(const bus::Body& farewell);
  void start_fold();
  void folded(const Result<void>& result, std::uint64_t upto, std::size_t covered,
              std::size_t snapshot_bytes);

  const Ports ports_;
  RoomEvents& events_;
  ObjectState state_;
  RoomGate gate_;
  Presence presence_;
  std::map<bus::Address, Member> members_;
  std::map<MemberId, bus::Address> sessions_;
  MemberId last_member_ = 0;
  std::size_t parked_ = 0;  ///< of all members
  /// Runs while there are members and rules that depend on time.
  Handle clock_watch_;

  Outputs outputs_;
  std::deque<bus::Message> outbox_;
  int turns_ = 0;
  /// The newest number that everybody may see.
  std::uint64_t released_ = 0;
  bool deliver_due_ = false;
  bool flush_posted_ = false;

  enum class Life { kOpen, kClosing, kDeleted, kFailed };
  Life life_ = Life::kOpen;
  bool head_changed_ = false;
  bool known_durably_ = false;
  bool folding_ = false;
  std::uint64_t fold_again_at_ = 0;
  std::vector<std::function<void()>> on_folded_;
  std::function<void()> on_closed_;
};

}  // namespace syncline::room
