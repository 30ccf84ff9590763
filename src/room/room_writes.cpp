// Writes to a room: judging, integrating, logging.
#include <algorithm>

#include "base/log.hpp"
#include "room/edits.hpp"
#include "room/room.hpp"
#include "room/tuning.hpp"

namespace syncline::room {
namespace {

bus::UpdateRefused refusal_for(const schema::Violation& violation, const std::string& url) {
  const Error error = violation.error(url);
  bus::UpdateRefused out;
  out.code = error.code();
  out.reason = error.reason();
  out.message = error.message();
  out.paths = {to_pointer(violation.path)};
  out.correction = bus::Correction::kRebuild;
  return out;
}

}  // namespace

void Room::update(const bus::Message& message, const bus::Update& update) {
  Member* member = find(message.from);
  if (member == nullptr)
    return refuse(message, Error(Code::kUnavailable, "unsubscribed",
                                 "this session is not subscribed to " + url()));
  const ByteView bytes = update.update ? ByteView(*update.update) : ByteView();
  Result<crdt::Update> decoded = crdt::decode_update_v1(bytes);
  if (!decoded.ok()) {
    bus::UpdateRefused refusal;
    refusal.code = decoded.error().code();
    refusal.reason = decoded.error().reason();
    refusal.message = "the update cannot be read: " + decoded.error().message();
    refusal.correction = bus::Correction::kRebuild;
    return refuse(*member, update.sequence, std::move(refusal));
  }
  decide(*member, update.sequence, update.relayed, std::move(*decoded), bytes.size());
}

void Room::decide(Member& member, std::uint64_t sequence, bool relayed, crdt::Update update,
                  std::size_t bytes) {
  renew_verdict(member);
  Judgement judgement = judge(std::move(update), *state_.doc, state_.head, state_.authorship,
                              {.identity = member.identity,
                               .verdict = member.verdict,
                               .relayed = relayed,
                               .plain = member.plain});
  if (judgement.outcome == Judgement::Outcome::kWaits) {
    park(member, {sequence, relayed, std::move(judgement.update), bytes, {}});
    return;
  }
  const bool taken = judgement.outcome == Judgement::Outcome::kTaken;
  take(member, sequence, relayed, std::move(judgement));
  if (taken && parked_ > 0) retry_parked();
}

void Room::take(Member& member, std::uint64_t sequence, bool relayed, Judgement judgement) {
  switch (judgement.outcome) {
    case Judgement::Outcome::kRefused:
      return refuse(member, sequence, std::move(*judgement.refusal));
    case Judgement::Outcome::kNothingNew:
      outputs_.push(ChangeOutput{.author = member.id, .sequence = sequence});
      return;
    case Judgement::Outcome::kTaken:
      break;
    case Judgement::Outcome::kWaits:
      SYNCLINE_CHECK(false, "what waits is parked");
  }
  const crdt::StateVector before = state_.doc->state_vector();
  Bytes relay;
  if (const auto violation = apply(judgement.update, relay)) {
    // All of it is refused, whatever the rules said of its parts, and leaves no trace.
    if (member.plain && relayed) {
      outputs_.push(ChangeOutput{.author = member.id, .sequence = sequence});
      return;
    }
    return refuse(member, sequence, refusal_for(*violation, url()));
  }
  for (const crdt::ClientId client : judgement.held)
    state_.head.holders.emplace(client, member.identity);
  state_.head.refused.add(judgement.refused);
  head_changed_ = head_changed_ || !judgement.held.empty() || !judgement.refused.empty();
  const bool changed = !relay.empty();
  if (changed) {
    state_.authorship.record(judgement.update, before, member.identity);
    log_update(std::move(relay), member.identity, member.id);
  }
  SYNCLINE_CHECK(changed || !head_changed_, "what is new about the head came with something new");
  if (!judgement.refused.empty()) log_refused(judgement.refused, member.identity);
  if (judgement.refusal) tell_refusal(member, sequence, std::move(*judgement.refusal));
  outputs_.push(ChangeOutput{changed ? state_.seq : 0, member.id, sequence});
}

/// Whoever has refused content by another way drops it; its author too.
void Room::log_refused(const crdt::IdSet& refused, const std::string& author) {
  crdt::Update deletion;
  deletion.deletes = refused;
  log_update(crdt::encode_update_v1(deletion), author, 0);
}

std::optional<schema::Violation> Room::apply(const crdt::Update& update, Bytes& relay) {
  crdt::Applied applied = state_.doc->apply(update, {}, crdt::Relay::kYes);
  SYNCLINE_CHECK(!applied.pending, "a room never holds pending structs");
  relay = std::move(applied.update);
  return take_back_violation();
}

/// Nobody has heard yet of what was just done to the document.
std::optional<schema::Violation> Room::take_back_violation() {
  if (!state_.guard) return std::nullopt;
  std::optional<schema::Violation> violation = state_.guard->violation();
  if (violation) state_.take_back(ports_.random);
  return violation;
}

void Room::edit(const bus::Message& message, const bus::Edit& request) {
  const access::WriteVerdict verdict = write_verdict(message.identity);
  if (verdict.verdict == access::Verdict::kByPath) {
    // What it would do is judged before it is done.
    Result<Bytes> rehearsed = rehearse_edit(*state_.doc, request);
    if (!rehearsed.ok()) return refuse(message, rehearsed.error());
    Result<crdt::Update> made =
        rehearsed->empty() ? crdt::Update() : crdt::decode_update_v1(*rehearsed);
    SYNCLINE_CHECK(made.ok(), "an update of our own document cannot be read");
    const Result<void> allowed = judge_edit(*made, *state_.doc, state_.head, state_.authorship,
                                            {.identity = message.identity, .verdict = verdict});
    if (!allowed.ok()) return refuse(message, allowed.error());
  }
  const crdt::ClientId client = state_.doc->client();
  const crdt::Clock before = state_.doc->state_vector().get(client);
  Result<Bytes> update = apply_edit(*state_.doc, request);
  if (!update.ok()) return refuse(message, update.error());
  if (const auto violation = take_back_violation()) return refuse(message, violation->error(url()));
  if (!update->empty()) {
    // Made here, under the room's own client id, and recorded under the caller.
    state_.authorship.record(client, before, state_.doc->state_vector().get(client),
                             message.identity);
    log_update(std::move(*update), message.identity, 0);
    outputs_.push(ChangeOutput{.seq = state_.seq});
  }
  say(message.from, bus::Done{.request = request.request});
  if (parked_ > 0) retry_parked();
}

void Room::tell_refusal(const Member& member, std::uint64_t sequence, bus::UpdateRefused refusal) {
  refusal.sequence = sequence;
  refusal.epoch = state_.head.epoch;
  say(member.session, std::move(refusal));
}

void Room::refuse(const Member& member, std::uint64_t sequence, bus::UpdateRefused refusal) {
  tell_refusal(member, sequence, std::move(refusal));
  // A refusal is an answer too: later updates may have waited for it to be acknowledged.
  outputs_.push(ActionOutput{[this, session = member.session, id = member.id, sequence] {
    Member* author = find(session, id);
    if (author == nullptr) return;
    author->acks.done(sequence);
    if (author->acks.upto() > sequence) author->ack_due = deliver_due_ = true;
  }});
}

// ---- updates that came too early ----------------------------------------------------------------

void Room::park(Member& member, Parked parked) {
  const std::uint64_t sequence = parked.sequence;
  if (member.parked_bytes + parked.bytes > kParkedBytes) {
    bus::UpdateRefused refusal;
    refusal.code = Code::kConflict;
    refusal.reason = "gap";
    refusal.message =
        "it depends on changes that did not come, and too much waits for them already";
    return refuse(member, sequence, std::move(refusal));
  }
  parked.timeout = ports_.executor.after(
      kParkedFor, [weak = weak_from_this(), session = member.session, id = member.id, sequence] {
        const auto self = weak.lock();
        if (!self) return;
        const Turn turn(*self);
        self->give_up_parked(session, id, sequence);
      });
  member.parked_bytes += parked.bytes;
  ++parked_;
  member.parked.push_back(std::move(parked));
  // A plain client answers sync step 1 with what is missing, if it has it.
  if (member.plain)
    say(member.session, bus::Lacks{.state_vector = state_.doc->state_vector().encode()});
}

void Room::give_up_parked(const bus::Address& session, MemberId id, std::uint64_t sequence) {
  Member* member = find(session, id);
  if (member == nullptr) return;
  const auto found = std::find_if(member->parked.begin(), member->parked.end(),
                                  [&](const Parked& one) { return one.sequence == sequence; });
  if (found == member->parked.end()) return;
  member->parked_bytes -= found->bytes;
  member->parked.erase(found);
  --parked_;
  bus::UpdateRefused refusal;
  refusal.code = Code::kConflict;
  refusal.reason = "gap";
  refusal.message = "it depends on changes that did not come";
  refuse(*member, sequence, std::move(refusal));
}

void Room::retry_parked() {
  // Each that is taken may be what another waits for.
  for (bool progress = true; progress && parked_ > 0;) {
    progress = false;
    for (auto& [session, member] : members_) {
      for (std::size_t i = 0; i < member.parked.size();) {
        Parked& parked = member.parked[i];
        renew_verdict(member);
        Judgement judgement = judge(parked.update, *state_.doc, state_.head, state_.authorship,
                                    {.identity = member.identity,
                                     .verdict = member.verdict,
                                     .relayed = parked.relayed,
                                     .plain = member.plain});
        if (judgement.outcome == Judgement::Outcome::kWaits) {
          ++i;
          continue;
        }
        const std::uint64_t sequence = parked.sequence;
        const bool relayed = parked.relayed;
        member.parked_bytes -= parked.bytes;
        member.parked.erase(member.parked.begin() + static_cast<std::ptrdiff_t>(i));
        --parked_;
        take(member, sequence, relayed, std::move(judgement));
        progress = true;
      }
    }
  }
}

// ---- the log ------------------------------------------------------------------------------------

void Room::log_update(Bytes update, const std::string& author, MemberId from) {
  ++state_.seq;
  std::vector<storage::Record> records;
  if (state_.head.durable) {
    records.push_back({.object = url(),
                       .seq = state_.seq,
                       .kind = storage::RecordKind::kUpdate,
                       .author = author,
                       .time_ms = ports_.clock.wall_ms(),
                       .bytes = update});
    state_.unfolded_bytes += update.size();
  }
  const SharedBytes shared = share(std::move(update));
  if (state_.guard) state_.guard->keep(shared);
  state_.tail.push({state_.seq, author, shared, from});
  state_.tail.trim(released_);
  if (head_changed_ || !state_.stored) records.push_back(head_record(author));
  head_changed_ = false;
  append(records);
}

void Room::log_head(const std::string& author) {
  head_changed_ = false;
  append({head_record(author)});
}

storage::Record Room::head_record(const std::string& author) const {
  return {.object = url(),
          .seq = state_.seq,
          .kind = storage::RecordKind::kHead,
          .author = author,
          .time_ms = ports_.clock.wall_ms(),
          .bytes = state_.head.encode()};
}

void Room::append(const std::vector<storage::Record>& records) {
  if (!state_.head.durable) return;
  state_.stored = true;
  outputs_.decided();
  ports_.storage.append(records, [weak = weak_from_this()](const Result<storage::Ticket>& result) {
    if (const auto self = weak.lock()) self->on_durable(result);
  });
  if (state_.seq >= fold_again_at_ && state_.fold_due()) start_fold();
}

}  // namespace syncline::room
