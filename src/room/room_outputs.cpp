// What leaves a room: in order, when the log is durable up to where it depends on, and never from
// inside the room's own loops.
#include <algorithm>
#include <utility>

#include "base/log.hpp"
#include "room/room.hpp"
#include "room/tuning.hpp"

namespace syncline::room {

// ---- turns --------------------------------------------------------------------------------------

Room::Turn::Turn(Room& room) : room_(room.shared_from_this()) { ++room_->turns_; }

Room::Turn::~Turn() {
  if (room_->turns_ == 1) room_->finish_turn();
  --room_->turns_;
}

void Room::finish_turn() {
  // Whoever gets a message may answer at once; that joins this turn and what it says comes behind.
  flush();
  while (!outbox_.empty()) {
    bus::Message message = std::move(outbox_.front());
    outbox_.pop_front();
    ports_.bus.send(std::move(message));
    flush();
  }
  if (idle()) events_.on_idle(*this);
}

void Room::send(const bus::Address& to, bus::Body body) {
  outbox_.push_back({.from = url(), .to = to, .body = std::move(body)});
}

// ---- output commit ------------------------------------------------------------------------------

void Room::say(const bus::Address& to, bus::Body body) {
  outputs_.push(bus::Message{.from = url(), .to = to, .body = std::move(body)});
}

void Room::refuse(const bus::Message& message, const Error& error) {
  if (const bus::Update* update = std::get_if<bus::Update>(&message.body)) {
    say(message.from, bus::UpdateRefused{.sequence = update->sequence,
                                         .code = error.code(),
                                         .reason = std::string(error.reason()),
                                         .message = error.message(),
                                         .epoch = state_.head.epoch});
  } else {
    say(message.from, bus::Refused{.request = bus::request_of(message.body),
                                   .code = error.code(),
                                   .reason = std::string(error.reason()),
                                   .message = error.message()});
  }
}

void Room::on_durable(const Result<storage::Ticket>& result) {
  if (life_ == Life::kFailed) return;
  if (!result.ok()) {
    const Turn turn(*this);
    flush();
    fail(result.error());
    return;
  }
  outputs_.durable();
  known_durably_ = true;
  // What became durable with one fsync is reported in a row: everything goes out together.
  if (std::exchange(flush_posted_, true)) return;
  ports_.executor.post([weak = weak_from_this()] {
    const auto self = weak.lock();
    if (!self) return;
    self->flush_posted_ = false;
    const Turn turn(*self);
  });
}

void Room::flush() {
  while (outputs_.ready()) {
    Output output = outputs_.pop();
    if (const ChangeOutput* change = std::get_if<ChangeOutput>(&output)) {
      acknowledge(*change);
      continue;
    }
    deliver();
    if (bus::Message* message = std::get_if<bus::Message>(&output)) {
      outbox_.push_back(std::move(*message));
    } else {
      std::get<ActionOutput>(output).run();
    }
  }
  deliver();
}

void Room::acknowledge(const ChangeOutput& change) {
  if (change.seq != 0) {
    released_ = change.seq;
    deliver_due_ = true;
  }
  const auto session = sessions_.find(change.author);
  if (session == sessions_.end() || change.sequence == 0) return;
  Member& author = members_.at(session->second);
  author.acks.done(change.sequence);
  author.ack_due = true;
  deliver_due_ = true;
}

void Room::deliver() {
  if (!std::exchange(deliver_due_, false)) return;
  for (auto& [session, member] : members_) {
    if (member.active && !member.congested) deliver(member);
    if (!std::exchange(member.ack_due, false) || member.acks.upto() == member.acknowledged)
      continue;
    member.acknowledged = member.acks.upto();
    send(session, bus::Ack{.upto = member.acknowledged,
                           .durable = state_.head.durable,
                           .seq = member.position,
                           .epoch = state_.head.epoch});
  }
}

void Room::deliver(Member& member) {
  if (member.position >= released_) return;
  const std::uint64_t first = member.position + 1;
  std::vector<bus::Part> parts = state_.tail.parts(member.position, released_, member.id);
  member.position = released_;
  if (parts.empty()) return;
  send(
      member.session,
      bus::Updated{
          .seq = released_, .first = first, .epoch = state_.head.epoch, .parts = std::move(parts)});
}

void Room::activate(const bus::Address& session, MemberId id, std::uint64_t position) {
  outputs_.push(ActionOutput{[this, session, id, position] {
    Member* member = find(session, id);
    if (member == nullptr) return;
    member->active = true;
    member->position = position;
    send_presence(*member);
  }});
}

void Room::send_presence(const Member& member) {
  const std::vector<PresenceState> states = presence_.states();
  if (!states.empty())
    send(member.session, bus::Presence{.awareness = share(encode_presence(states))});
}

// ---- slow members -------------------------------------------------------------------------------

void Room::catch_up(Member& member) {
  if (member.position >= released_ || state_.tail.covers(member.position)) {
    member.congested = false;
    deliver(member);
    send_presence(member);
    return;
  }
  // The tail no longer reaches back to it: it gets everything, as of now, once that is durable.
  member.catching_up = true;
  bus::Part everything{{}, share(state_.doc->encode_state_as_update_v1())};
  outputs_.push(ActionOutput{[this, session = member.session, id = member.id, seq = state_.seq,
                              part = std::move(everything)] {
    Member* slow = find(session, id);
    if (slow == nullptr || !std::exchange(slow->catching_up, false)) return;
    slow->congested = false;
    send(session,
         bus::Updated{
             .seq = seq, .first = slow->position + 1, .epoch = state_.head.epoch, .parts = {part}});
    slow->position = seq;
    send_presence(*slow);
  }});
}

// ---- the log failed -----------------------------------------------------------------------------

void Room::fail(const Error& error) {
  life_ = Life::kFailed;
  const std::string words = "the change could not be stored: " + error.message();
  while (!outputs_.empty()) {
    Output output = outputs_.pop();
    bus::UpdateRefused refusal{
        .code = Code::kInternal, .reason = "storage", .message = words, .epoch = state_.head.epoch};
    if (const ChangeOutput* change = std::get_if<ChangeOutput>(&output)) {
      const auto session = sessions_.find(change->author);
      if (session == sessions_.end() || change->sequence == 0) continue;
      refusal.sequence = change->sequence;
      send(session->second, std::move(refusal));
    } else if (const bus::Message* message = std::get_if<bus::Message>(&output)) {
      if (const auto* refused = std::get_if<bus::UpdateRefused>(&message->body)) {
        refusal.sequence = refused->sequence;
        send(message->to, std::move(refusal));
      } else if (const bus::RequestId request = bus::request_of(message->body); request != 0) {
        send(message->to, bus::Refused{.request = request,
                                       .code = Code::kInternal,
                                       .reason = "storage",
                                       .message = words});
      }
    }
  }
  end_members(bus::Unsubscribed{.code = Code::kUnavailable, .reason = "storage"});
  events_.on_failed(*this, error);
  for (auto& done : std::exchange(on_folded_, {})) done();
  if (auto closed = std::exchange(on_closed_, nullptr)) closed();
}

void Room::end_members(const bus::Body& farewell) {
  const std::map<bus::Address, Member> members = std::exchange(members_, {});
  sessions_.clear();
  parked_ = 0;
  for (const auto& [session, member] : members)
    if (member.active) send(session, farewell);
}

// ---- folding ------------------------------------------------------------------------------------

void Room::fold(std::function<void()> done) {
  if (!state_.head.durable || !state_.stored || state_.head.deleted_ms ||
      state_.seq == state_.folded_upto || life_ == Life::kFailed)
    return done();
  on_folded_.push_back(std::move(done));
  const Turn turn(*this);
  start_fold();
}

void Room::start_fold() {
  if (std::exchange(folding_, true)) return;
  // The snapshot is of now; it is handed over once the log is durable up to here.
  outputs_.push(ActionOutput{[this, upto = state_.seq, covered = state_.unfolded_bytes,
                              snapshot = share(encode_snapshot(state_))] {
    const std::uint64_t keep_from = upto > kTailUpdates ? upto - kTailUpdates : 0;
    ports_.storage.fold(url(), upto, *snapshot, keep_from, false,
                        [weak = weak_from_this(), upto, covered,
                         bytes = snapshot->size()](const Result<void>& result) {
                          if (const auto self = weak.lock())
                            self->folded(result, upto, covered, bytes);
                        });
  }});
}

void Room::folded(const Result<void>& result, std::uint64_t upto, std::size_t covered,
                  std::size_t snapshot_bytes) {
  const Turn turn(*this);
  folding_ = false;
  if (result.ok()) {
    state_.folded_upto = upto;
    state_.snapshot_bytes = snapshot_bytes;
    state_.unfolded_bytes -= covered;
  } else {
    // Nothing is lost by it, the log stays long.
    log::warning("room", url() + ": no snapshot was stored: " + result.error().message());
    fold_again_at_ = state_.seq + kFoldUpdates;
  }
  for (auto& done : std::exchange(on_folded_, {})) done();
}

}  // namespace syncline::room
