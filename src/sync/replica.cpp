// How a replica and its room come back into step: subscribing, adopting the answer, sending what
// the room lacks, and rebuilding.
#include "sync/replica.hpp"

#include <algorithm>
#include <utility>

#include "base/check.hpp"
#include "base/log.hpp"
#include "sync/tuning.hpp"

namespace syncline::sync {
namespace {

/// Attempts to close a gap before the replica is made anew.
constexpr int kGapAttempts = 8;

/// Whether the same update may be accepted at another time.
bool is_passing(const bus::UpdateRefused& refused) {
  switch (refused.code) {
    case Code::kUnavailable:
    case Code::kTooFast:
    case Code::kTimeout:
    case Code::kInternal:
      return true;
    case Code::kMalformed:
    case Code::kUnauthenticated:
    case Code::kDenied:
    case Code::kNotFound:
    case Code::kConflict:
    case Code::kGone:
    case Code::kTooLarge:
    case Code::kSchema:
      return false;
  }
  return false;
}

/// Whether subscribing may succeed at another time.
bool is_passing(const Error& error) {
  return error.code() == Code::kUnavailable || error.code() == Code::kTooFast ||
         error.code() == Code::kTimeout || error.code() == Code::kInternal;
}

/// The same for a copy that would be forgotten otherwise: an expired token, or a hub that does not
/// know the object (another one's address?), is no reason to.
bool may_pass(const Error& error, bool kept) {
  return is_passing(error) ||
         (kept && (error.code() == Code::kUnauthenticated || error.code() == Code::kNotFound));
}

}  // namespace

std::string changes_text(std::uint64_t changes) {
  return std::to_string(changes) + (changes == 1 ? " local change" : " local changes");
}

crdt::ClientId draw_client_id(Random& random) { return random.next() & encoding::kMaxSafeInteger; }

Replica::Replica(ReplicaContext& context, std::string url, std::unique_ptr<crdt::Doc> doc,
                 std::shared_ptr<Journal> journal)
    : context_(&context), url_(std::move(url)), journal_(std::move(journal)) {
  live_ = std::make_shared<object::LiveObject>(url_, context.identity(), std::move(doc),
                                               &context.executor(), this);
}

Replica::~Replica() { detach(); }

void Replica::detach() {
  if (!context_) return;
  context_ = nullptr;
  phase_ = Phase::kEnded;
  retry_.reset();
  ack_timer_.reset();
  live_->set_events(nullptr);
}

// ---- following the room ----

/// What was sent on the channel and is not acknowledged goes out again on the next.
void Replica::leave_channel() {
  if (channel_ != 0) context_->on_close(channel_);
  channel_ = 0;
  last_sequence_ = 0;
  ack_timer_.reset();
  outbox_.unsend();
}

void Replica::follow(bus::Channel channel, std::string incarnation, std::uint64_t seq) {
  leave_channel();
  channel_ = channel;
  position_ = bus::Position{.incarnation = std::move(incarnation), .seq = seq};
  phase_ = Phase::kLive;
  context_->on_open(*this, channel);
}

void Replica::created(const bus::Created& created, bool repeated) {
  owner_ = created.owner;
  epoch_ = created.epoch;
  learn_rules(created.access, "paths");  // Of its verdict the room says nothing here.
  empty_ = false;
  creation_.reset();
  first_.reset();
  follow(created.channel, created.position.incarnation, created.position.seq);
  keep({Confirmed{created.position.seq}});
  settle();
  if (repeated) {
    subscribe(Want::kDiff);
  } else {
    pump();
  }
}

void Replica::use_schema(const Value& schema) {
  const bool none = schema.is_null() || schema.is_undefined();
  if (none ? !schema_ : schema_ && *schema_ == schema) return;
  schema_ = none ? nullptr : std::make_shared<const Value>(schema);
  std::optional<schema::Schema> compiled;
  if (!none) {
    Result<schema::Schema> result = schema::Schema::compile(schema);
    if (result.ok()) {
      compiled = *std::move(result);
    } else {
      // A newer room may know more keywords: it judges anyway.
      log::warning("sync", url_ + ": what is written here is not checked before it is sent: " +
                               result.error().message());
    }
  }
  live_->set_schema(std::move(compiled));
}

void Replica::on_violation(const Error& error) {
  if (context_) context_->on_violation(*this, error);
}

Result<void> Replica::subscribed(const bus::Subscribed& subscribed) {
  return adopt(subscribed, Want::kRebuild);
}

void Replica::refresh() {
  if (!creation_) subscribe(Want::kResume);
}

void Replica::on_up() {
  held_.reset();  // Whoever did not decide is asked again.
  if (phase_ == Phase::kDown) seek();
}

void Replica::on_down() {
  if (phase_ == Phase::kEnded) return;
  phase_ = Phase::kDown;
  retry_.reset();
  leave_channel();
  before_.reset();
  if (!position_) return;  // What was decided about an object that exists still holds.
  wanted_.clear();
  decided_ = false;
}

void Replica::seek() {
  if (creation_) {
    send_create();
  } else {
    subscribe(want_);
  }
}

void Replica::subscribe(Want want) {
  if (phase_ == Phase::kEnded) return;
  want_ = std::max(want_, want);
  if (!context_->up() || held_ || phase_ == Phase::kSubscribing) return;
  phase_ = Phase::kSubscribing;
  retry_.reset();
  // What is in flight is judged before the room answers: a rebuild wants to know what became of it.
  if (want_ != Want::kRebuild) leave_channel();
  ++attempt_;
  before_.reset();
  const bool asks = want_ == Want::kRebuild || context_->conflict_hook();
  if (journal_ && asks && !outbox_.empty()) {
    recall([this] { request_subscription(); });
  } else {
    request_subscription();
  }
}

void Replica::request_subscription() {
  bus::Subscribe request{.url = url_};
  if (want_ == Want::kResume) request.since = position_;
  request.state_vector =
      (want_ == Want::kRebuild ? crdt::StateVector() : live_->doc().state_vector()).encode();
  context_->request(std::move(request), Repeat::kNo,
                    [weak = weak_from_this(), asked = want_](Result<Answer> answer) {
                      if (const auto self = weak.lock()) self->answered(asked, std::move(answer));
                    });
}

void Replica::subscribe_later(Want want) {
  want_ = std::max(want_, want);
  if (phase_ == Phase::kEnded || phase_ == Phase::kWaiting || !context_->up()) return;
  phase_ = Phase::kWaiting;
  const Duration delay =
      std::min<Duration>(tuning::kRetryFirst * (1 << std::min(failures_, 16)), tuning::kRetryMost);
  ++failures_;
  retry_ = context_->executor().after(delay, [this] {
    phase_ = Phase::kDown;
    seek();
  });
}

void Replica::answered(Want asked, Result<Answer> answer) {
  if (phase_ != Phase::kSubscribing) return;  // The connection broke; on_up() asks again.
  phase_ = Phase::kDown;
  if (!answer.ok()) {
    if (may_pass(answer.error(), journal_ != nullptr)) {
      subscribe_later(want_);
    } else {
      end(answer.error());
    }
    return;
  }
  const auto* subscribed = std::get_if<bus::Subscribed>(&answer->body);
  Result<void> adopted = subscribed ? adopt(*subscribed, asked)
                                    : Error(Code::kMalformed, "no answer to \"subscribe\"");
  if (!adopted.ok()) {
    log::warning("sync", url_ + ": " + adopted.error().message() + "; starting over");
    subscribe_later(Want::kRebuild);
  }
}

Result<void> Replica::adopt(const bus::Subscribed& subscribed, Want asked) {
  owner_ = subscribed.owner;
  epoch_ = subscribed.epoch;
  learn_rules(subscribed.access, subscribed.may_write);
  SYNCLINE_TRY_ASSIGN(room, crdt::StateVector::decode(subscribed.state_vector));
  if (position_ && asked != Want::kRebuild &&
      position_->incarnation != subscribed.position.incarnation) {
    // The state of an older incarnation is never merged into a newer one. The position stays that
    // of the state that is here until the other one has taken its place.
    refused_ = Error(Code::kGone, "recreated", url_ + " was deleted and made anew");
    rebuild_cause_ = "recreated";
    subscribe(Want::kRebuild);
    return {};
  }
  if (!empty_ && asked == Want::kRebuild) {
    SYNCLINE_TRY(rebuild(subscribed));
    if (phase_ == Phase::kEnded) return {};  // An observer ended it.
    follow(subscribed.channel, subscribed.position.incarnation, subscribed.position.seq);
    use_schema(subscribed.schema);
    keep({});
  } else {
    if (!weigh(subscribed, room)) return {};
    const Journal::Batch batch(journal_);
    SYNCLINE_TRY(apply(subscribed.missing));
    if (phase_ == Phase::kEnded) return {};
    follow(subscribed.channel, subscribed.position.incarnation, subscribed.position.seq);
    use_schema(subscribed.schema);
    if (std::exchange(empty_, false)) {
      keep_everything();
    } else {
      keep_came(subscribed.missing);
    }
  }
  if (want_ > asked) {
    subscribe(want_);
    return {};
  }
  want_ = Want::kResume;
  if (!live_->doc().state_vector().covers(room) || live_->doc().has_pending()) {
    // The position promised more than has arrived.
    log::warning("sync", url_ + ": the room is ahead of what it sent; asking again");
    subscribe_later(Want::kDiff);
    return {};
  }
  put_wanted();
  send_what_lacks(room);
  if (outbox_.empty()) failures_ = 0;
  pump();
  return {};
}

Result<bool> Replica::apply(const std::vector<bus::Part>& parts) {
  note_authors(parts);
  std::vector<object::RemotePart> remote;
  remote.reserve(parts.size());
  for (const bus::Part& part : parts) remote.push_back({.by = part.by, .update = *part.update});
  return live_->apply_remote(remote);
}

void Replica::send_what_lacks(const crdt::StateVector& room) {
  const crdt::StateVector mine = live_->doc().state_vector();
  if (room.covers(mine)) return;
  // What the outbox brings by itself: from which clock on, for each client.
  crdt::StateVector brought;
  for (const Outbox::Entry& entry : outbox_.entries()) {
    Result<crdt::Update> update = crdt::decode_update_v1(*entry.update);
    SYNCLINE_CHECK(update.ok(), "an update of our own document cannot be read");
    for (const auto& [client, structs] : update->structs) {
      const crdt::Clock from = structs.front().id.clock;
      // 0 stands for "nothing", so clocks are kept one higher.
      if (const crdt::Clock known = brought.get(client); known == 0 || from + 1 < known)
        brought.set(client, from + 1);
    }
  }
  const bool lacks = std::ranges::any_of(mine.clocks(), [&](const auto& entry) {
    const auto& [client, clock] = entry;
    const crdt::Clock from = brought.get(client);
    return clock > room.get(client) && (from == 0 || from - 1 > room.get(client));
  });
  if (lacks) outbox_.push_missing(share(live_->doc().encode_state_as_update_v1(room)));
}

// ---- what the room says ----

void Replica::on_updated(const bus::Updated& updated) {
  if (!position_ || phase_ == Phase::kEnded) return;
  const bool gap = updated.first > position_->seq + 1;
  epoch_ = std::max(epoch_, updated.epoch);
  const Journal::Batch batch(journal_);
  Result<bool> pending = apply(updated.parts);
  if (phase_ == Phase::kEnded) return;
  if (!pending.ok()) {
    log::warning("sync", url_ + ": an update cannot be read: " + pending.error().message());
    subscribe_later(Want::kRebuild);
    return;
  }
  if (gap || *pending) {
    // The position stays where everything is known to be here; while a subscription is under way,
    // its answer covers this.
    if (phase_ == Phase::kLive) subscribe(gap ? Want::kResume : Want::kDiff);
  } else if (phase_ == Phase::kLive) {
    // What came before (twice, or late) changed nothing.
    position_->seq = std::max(position_->seq, updated.seq);
  }
  keep_came(updated.parts);
}

void Replica::on_current(const bus::Current& current) {
  if (phase_ == Phase::kLive) position_->seq = std::max(position_->seq, current.seq);
}

void Replica::on_ack(const bus::Ack& ack) {
  // An acknowledgement covers what was refused, too: once something was, all that is still queued
  // waits for the next subscription, and the room skips what it took.
  if (phase_ != Phase::kLive) return;
  const std::uint64_t before = settled();
  const std::size_t in_flight = outbox_.in_flight();
  outbox_.acknowledge(ack.upto);
  epoch_ = std::max(epoch_, ack.epoch);
  ack_timer_.reset();
  watch_acks();
  advance_by_ack(ack.seq, in_flight - outbox_.in_flight());
  if (settled() == before) return;
  if (position_) keep({Settled{settled(), position_->seq}});
  failures_ = 0;
  if (outbox_.empty()) remade_ = false;
  settle();
}

/// The numbers between the position and the acknowledgement's are those of our own updates, one
/// each: the room sends others' first. If there are more, some of others' did not arrive.
void Replica::advance_by_ack(std::uint64_t seq, std::size_t acknowledged) {
  if (seq <= position_->seq) return;
  if (seq - position_->seq > acknowledged) return subscribe(Want::kResume);
  position_->seq = seq;
}

void Replica::on_update_refused(const bus::UpdateRefused& refused) {
  if (!outbox_.holds(refused.sequence)) return;  // Of before the last subscription or rebuild.
  const Error why(refused.code, refused.reason, refused.message);
  if (phase_ == Phase::kSubscribing && refused_ && !is_passing(why) && why.reason() != "gap")
    return outbox_.refuse(refused.sequence, refused.paths);  // One more for the coming rebuild.
  if (phase_ != Phase::kLive) return;                        // The next subscription settles it.
  if (why.reason() == "unsubscribed") {
    subscribe(Want::kResume);
  } else if (is_passing(refused)) {
    subscribe_later(Want::kResume);
  } else if (why.reason() == "gap" && failures_ < kGapAttempts) {
    subscribe_later(Want::kDiff);
  } else if (refused.code == Code::kGone) {
    end(why);
  } else {
    outbox_.refuse(refused.sequence, refused.paths);
    refused_ = why;
    rebuild_cause_ = "refused";
    subscribe(Want::kRebuild);
  }
}

void Replica::on_changed(const bus::Changed& changed) {
  if (changed.epoch < epoch_) return;
  epoch_ = changed.epoch;
  owner_ = changed.owner;
  learn_rules(changed.access, changed.may_write);
  keep({});
}

void Replica::on_unsubscribed(const bus::Unsubscribed& unsubscribed) {
  if (phase_ == Phase::kEnded) return;
  const Error why(unsubscribed.code, unsubscribed.reason,
                  url_ + ": the room ended the subscription (" + unsubscribed.reason + ")");
  if (!is_passing(why)) {
    end(why);
  } else {
    leave_channel();
    subscribe_later(Want::kResume);
  }
}

void Replica::on_deleted() { end({Code::kGone, url_ + " was deleted"}); }

void Replica::end(const Error& why) {
  if (phase_ == Phase::kEnded) return;
  if (journal_) return end_kept(why);
  phase_ = Phase::kEnded;
  ended_ = why;
  retry_.reset();
  leave_channel();
  const auto self = shared_from_this();
  if (const std::uint64_t dropped = outbox_.clear(); dropped > 0) {
    context_->on_refused(*this, Error(why.code(), std::string(why.reason()),
                                      why.message() + " (" + changes_text(dropped) + " lost)"));
  }
  settle();
  if (context_) context_->on_ended(*this);
}

// ---- what is written here ----

Result<void> Replica::may_write() {
  if (ended_) return *ended_;
  if (may_write_ == "none") {
    return Error(Code::kDenied, "the rules of " + url_ + " let " + context_->identity() +
                                    " read only (it belongs to " + owner_ + ")");
  }
  if (want_ == Want::kRebuild) {
    // A change made now would be made on top of one that is about to disappear.
    return Error(Code::kUnavailable, "rebuilding",
                 url_ + " is being brought back into step with its room: try again in a moment");
  }
  if (outbox_.bytes() >= tuning::kOutboxBytesMax) {
    return Error(Code::kTooLarge, "outbox_full",
                 url_ + ": " + changes_text(outbox_.changes()) +
                     " wait to be acknowledged; no more until the host takes them");
  }
  return {};
}

namespace {

/// Who made what: recorded where it came from others, and one's own.
class KnownAuthors final : public access::Authors {
 public:
  KnownAuthors(const room::Authorship& recorded, crdt::ClientId own, std::string_view identity)
      : recorded_(recorded), own_(own), identity_(identity) {}
  std::optional<std::string_view> author_of(crdt::ID unit) const override {
    if (unit.client == own_) return identity_;
    return recorded_.author_of(unit);
  }

 private:
  const room::Authorship& recorded_;
  const crdt::ClientId own_;
  const std::string_view identity_;
};

}  // namespace

Result<void> Replica::may_edit(const crdt::TreeTouch& touch, crdt::ID since) {
  const KnownAuthors known(authors_, live_->doc().client(), context_->identity());
  return foresight_->judge(touch, since, known, url_);
}

void Replica::learn_rules(const Value& access, const std::string& may_write) {
  may_write_ = may_write;
  foresight_.reset();
  if (may_write == "paths")
    foresight_ =
        access::Foresight::of(access, context_->identity(), context_->identity() == owner_);
}

/// The state of the document is what it was before the parts.
void Replica::note_authors(const std::vector<bus::Part>& parts) {
  if (!foresight_) return;
  crdt::StateVector before = live_->doc().state_vector();
  for (const bus::Part& part : parts) {
    if (part.by.empty()) continue;
    if (const auto update = crdt::decode_update_v1(*part.update); update.ok())
      authors_.record(*update, before, part.by);
  }
}

void Replica::on_local_update(SharedBytes update) {
  ++made_;
  if (journal_) keep({Made{.number = made_, .relayed = false, .update = update}});
  outbox_.push(std::move(update));
  pump();
}

Result<void> Replica::import(Bytes update) {
  SYNCLINE_TRY(may_write());
  SYNCLINE_TRY_ASSIGN(decoded, crdt::decode_update_v1(update));
  if (!live_->doc().unmet(decoded).empty()) {
    return Error(Code::kConflict, "gap",
                 "the document depends on changes that are neither in it nor in " + url_);
  }
  const object::RemotePart part{.by = context_->identity(), .update = update};
  const Journal::Batch batch(journal_);
  SYNCLINE_TRY(live_->apply_remote({&part, 1}));
  ++made_;
  const SharedBytes shared = share(std::move(update));
  if (journal_) keep({Made{.number = made_, .relayed = true, .update = shared}});
  outbox_.push_relayed(shared);
  pump();
  return {};
}

std::size_t Replica::unacknowledged() const { return outbox_.changes(); }

void Replica::pump() {
  if (phase_ != Phase::kLive || !context_->up()) return;
  while (context_->may_send()) {
    const Outbox::Entry* entry = outbox_.send_next(last_sequence_ + 1);
    if (!entry) break;
    ++last_sequence_;
    context_->send(bus::Update{.channel = channel_,
                               .sequence = entry->sequence,
                               .update = entry->update,
                               .relayed = entry->relayed});
  }
  watch_acks();
}

void Replica::watch_acks() {
  if (ack_timer_ || outbox_.in_flight() == 0) return;
  ack_timer_ = context_->executor().after(
      tuning::kAckTimeout, [this] { context_->give_up_connection(url_ + ": no acknowledgement"); });
}

void Replica::settle() {
  if (context_) context_->on_settled(*this);
}

}  // namespace syncline::sync
