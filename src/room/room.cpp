// Requests to a room: subscriptions, presence, reads, invitations, the end.
#include "room/room.hpp"

#include <algorithm>

#include "base/log.hpp"
#include "bus/address.hpp"
#include "room/edits.hpp"
#include "room/tuning.hpp"

namespace syncline::room {

static_assert(access::kAnonymous == bus::kAnonymous);

Room::Room(Ports ports, RoomEvents& events, ObjectState state)
    : ports_(ports),
      events_(events),
      state_(std::move(state)),
      gate_(state_.head, ports.clock, ports.hub_rules),
      released_(state_.seq),
      known_durably_(state_.stored) {}

Room::~Room() = default;

void Room::receive(bus::Message message) {
  const Turn turn(*this);
  if (life_ == Life::kOpen || std::holds_alternative<bus::Unsubscribe>(message.body))
    return dispatch(message);
  if (life_ == Life::kDeleted) return refuse(message, Error(Code::kGone, url() + " was deleted"));
  const bool failed = life_ == Life::kFailed;
  refuse(message,
         failed ? Error(Code::kUnavailable, "storage", url() + " could not be stored; try again")
                : Error(Code::kUnavailable, "shutdown", "the hub is shutting down"));
}

void Room::dispatch(const bus::Message& message) {
  std::visit(
      [&](const auto& body) {
        using M = std::decay_t<decltype(body)>;
        if constexpr (std::is_same_v<M, bus::Subscribe>)
          subscribe(message, body);
        else if constexpr (std::is_same_v<M, bus::Unsubscribe>)
          unsubscribe(message, body);
        else if constexpr (std::is_same_v<M, bus::Update>)
          update(message, body);
        else if constexpr (std::is_same_v<M, bus::Presence>)
          presence(message, body);
        else if constexpr (std::is_same_v<M, bus::Event>)
          event(message, body);
        else if constexpr (std::is_same_v<M, bus::Read>)
          read(message, body);
        else if constexpr (std::is_same_v<M, bus::Describe>)
          describe(message, body);
        else if constexpr (std::is_same_v<M, bus::Edit>)
          edit(message, body);
        else if constexpr (std::is_same_v<M, bus::Invite>)
          invite(message, body);
        else if constexpr (std::is_same_v<M, bus::Delete>)
          remove(message, body);
        else if constexpr (std::is_same_v<M, bus::SetAccess>)
          set_access(message, body);
        else if constexpr (std::is_same_v<M, bus::Create>)
          create_again(message, body);
        else if constexpr (std::is_same_v<M, bus::Flow>)
          flow(message, body);
        else
          SYNCLINE_CHECK(false, "the gate lets only messages to rooms pass");
      },
      message.body);
}

// ---- coming and going --------------------------------------------------------------------------

void Room::create(const bus::Message& message, std::optional<crdt::Update> initial) {
  const Turn turn(*this);
  const std::string& author = message.identity;
  // A first state is the creator's own writing: the client ids in it are theirs.
  if (initial && !access::is_anonymous(author))
    for (const auto& [client, structs] : initial->structs)
      state_.head.holders.emplace(client, author);
  Bytes first;
  if (initial) {
    const auto violation = apply(*initial, first);
    SYNCLINE_CHECK(!violation, "a first state was judged before");
  }
  if (!first.empty()) {
    state_.authorship.record(*initial, {}, author);
    log_update(std::move(first), author, 0);
    outputs_.push(ChangeOutput{.seq = state_.seq});
  } else {
    log_head(author);
  }
  answer_created(message);
  for (const Invited& invited : state_.head.invited) announce(invited);
}

void Room::create_again(const bus::Message& message, const bus::Create& request) {
  const Head& head = state_.head;
  const bool repeated =
      !head.nonce.empty() && request.nonce == head.nonce && head.subject(message.identity).owner;
  if (repeated) return answer_created(message);
  refuse(message, Error(Code::kConflict, "exists", "there is an object at " + url() + " already"));
}

void Room::answer_created(const bus::Message& message) {
  const MemberId id = join(message).id;
  say(message.from, bus::Created{.request = bus::request_of(message.body),
                                 .epoch = state_.head.epoch,
                                 .access = state_.head.rules.print(),
                                 .owner = state_.head.owner,
                                 .position = position()});
  activate(message.from, id, state_.seq);
}

void Room::announce(const Invited& invited) {
  outputs_.push(ActionOutput{[this, identity = invited.identity, from = invited.from] {
    events_.on_invited(identity, {.url = url(), .from = from});
  }});
}

void Room::subscribe(const bus::Message& message, const bus::Subscribe& request) {
  const Head& head = state_.head;
  crdt::StateVector theirs;
  if (!request.state_vector.empty()) {
    Result<crdt::StateVector> decoded = crdt::StateVector::decode(request.state_vector);
    if (!decoded.ok()) return refuse(message, decoded.error());
    theirs = std::move(*decoded);
  }
  bus::Subscribed answer{.request = request.request,
                         .access = head.rules.print(),
                         .owner = head.owner,
                         .epoch = head.epoch,
                         .position = position(),
                         .state_vector = state_.doc->state_vector().encode(),
                         .durable = head.durable,
                         .schema = head.schema};
  answer.may_write = access::name(write_verdict(message.identity).verdict);

  const auto& since = request.since;
  const bool current = since && since->incarnation == head.incarnation && since->seq == state_.seq;
  const bool resumes = since && since->incarnation == head.incarnation &&
                       since->seq <= state_.seq && state_.tail.covers(since->seq);
  answer.complete = current || resumes;
  if (resumes) {
    answer.missing = state_.tail.parts(since->seq, state_.seq);
  } else if (!current) {
    answer.missing.push_back({{}, share(state_.doc->encode_state_as_update_v1(theirs))});
  }

  if (Invited* invited = state_.head.find_invited(message.identity);
      invited != nullptr && invited->pending && request.live) {
    invited->pending = false;
    log_head(message.identity);
    outputs_.push(ActionOutput{
        [this, identity = message.identity] { events_.on_accepted(identity, url()); }});
  }
  if (!request.live) return say(message.from, std::move(answer));
  const MemberId id = join(message).id;
  say(message.from, std::move(answer));
  activate(message.from, id, state_.seq);
}

void Room::unsubscribe(const bus::Message& message, const bus::Unsubscribe& request) {
  leave(message.from);
  if (request.request != 0) say(message.from, bus::Done{.request = request.request});
}

Member& Room::join(const bus::Message& message) {
  leave(message.from);
  Member& member = members_[message.from];
  member.id = ++last_member_;
  member.session = message.from;
  member.identity = message.identity;
  member.plain = message.plain;
  member.verdict = write_verdict(message.identity);
  member.epoch = state_.head.epoch;
  sessions_.emplace(member.id, member.session);
  watch_the_clock();
  return member;
}

void Room::leave(const bus::Address& session) {
  const auto found = members_.find(session);
  if (found == members_.end()) return;
  parked_ -= found->second.parked.size();
  sessions_.erase(found->second.id);
  members_.erase(found);
  const std::vector<PresenceState> gone = presence_.leave(session);
  if (gone.empty()) return;
  relay(session, bus::Presence{.awareness = share(encode_presence(gone))});
}

void Room::relay(const bus::Address& except, const bus::Body& body) {
  for (const auto& [session, member] : members_)
    if (session != except && member.active && !member.congested) send(session, body);
}

Member* Room::find(const bus::Address& session) {
  const auto found = members_.find(session);
  return found == members_.end() ? nullptr : &found->second;
}

Member* Room::find(const bus::Address& session, MemberId id) {
  Member* member = find(session);
  return member != nullptr && member->id == id ? member : nullptr;
}

void Room::flow(const bus::Message& message, const bus::Flow& request) {
  Member* member = find(message.from);
  if (member == nullptr) return;
  if (request.congested) {
    member->congested = true;
    member->catching_up = false;
  } else if (member->congested) {
    catch_up(*member);
  }
}

// ---- what is relayed and never stored -----------------------------------------------------------

void Room::presence(const bus::Message& message, const bus::Presence& frame) {
  if (find(message.from) == nullptr || !frame.awareness) return;
  const Result<std::vector<PresenceState>> states = decode_presence(*frame.awareness);
  if (!states.ok()) return refuse(message, states.error());
  const std::vector<PresenceState> changed =
      presence_.receive(message.from, message.identity, *states);
  if (!changed.empty())
    relay(message.from, bus::Presence{.awareness = share(encode_presence(changed))});
}

void Room::event(const bus::Message& message, const bus::Event& event) {
  if (find(message.from) == nullptr) return;
  relay(message.from, bus::Event{.name = event.name, .value = event.value, .by = message.identity});
}

// ---- questions ----------------------------------------------------------------------------------

void Room::read(const bus::Message& message, const bus::Read& request) {
  Result<Value> value = read_value(*state_.doc, request);
  if (!value.ok()) return refuse(message, value.error());
  say(message.from, bus::ValueReply{.request = request.request, .value = std::move(*value)});
}

void Room::describe(const bus::Message& message, const bus::Describe& request) {
  say(message.from, bus::ValueReply{.request = request.request, .value = description()});
}

Value Room::description() const {
  const Head& head = state_.head;
  Value clocks = Value::object();
  const crdt::StateVector state_vector = state_.doc->state_vector();
  for (const auto& [client, clock] : state_vector.clocks())
    clocks.set(std::to_string(client), clock);
  Value::Array invited;
  for (const Invited& one : head.invited) invited.emplace_back(one.identity);
  return Value::object({{"url", head.url},
                        {"owner", head.owner},
                        {"access", head.rules.print()},
                        {"epoch", head.epoch},
                        {"incarnation", head.incarnation},
                        {"seq", state_.seq},
                        {"durable", head.durable},
                        {"schema", head.schema},
                        {"created_ms", head.created_ms},
                        {"invited", std::move(invited)},
                        {"subscribers", members_.size()},
                        {"bytes", state_.doc->encode_state_as_update_v1().size()},
                        {"state_vector", std::move(clocks)},
                        {"roots", describe_roots(*state_.doc)}});
}

// ---- invitations and the end --------------------------------------------------------------------

void Room::invite(const bus::Message& message, const bus::Invite& request) {
  const Result<std::string> identity = bus::identity_url(request.identity);
  if (!identity.ok()) return refuse(message, identity.error());
  if (access::is_anonymous(*identity))
    return refuse(message, Error(Code::kMalformed, "anonymous sessions cannot be invited"));
  Head& head = state_.head;
  Invited* invited = head.find_invited(*identity);
  if (invited == nullptr) {
    if (head.invited.size() >= kInvited)
      return refuse(message, Error(Code::kTooLarge, "an object has at most " +
                                                        std::to_string(kInvited) + " invited"));
    invited = &head.invited.emplace_back();
  }
  *invited = {*identity, message.identity, true};
  log_head(message.identity);
  announce(*invited);
  // Rules may name the invited: what sessions may write can have become more.
  renew_rights();
  say(message.from, bus::Done{.request = request.request});
}

void Room::remove(const bus::Message& message, const bus::Delete& request) {
  life_ = Life::kDeleted;
  state_.head.deleted_ms = ports_.clock.wall_ms();
  log_head(message.identity);
  say(message.from, bus::Done{.request = request.request});
  outputs_.push(ActionOutput{[this] {
    end_members(bus::Deleted{.url = url()});
    if (state_.head.durable) drop_content();
    events_.on_deleted(*this);
  }});
}

void Room::drop_content() {
  // The head stays, so that the URL stays gone. Should this fail, nothing of it comes back: the
  // next incarnation ignores what is older (Head::base_seq).
  ports_.storage.fold(
      url(), state_.seq, {}, state_.seq, false, [url = url()](const Result<void>& done) {
        if (!done.ok())
          log::warning(
              "room", url + ": the content of the deleted object stays: " + done.error().message());
      });
}

// ---- unloading ----------------------------------------------------------------------------------

bool Room::idle() const {
  return members_.empty() && outputs_.settled() && !folding_ && life_ == Life::kOpen;
}

void Room::close(std::function<void()> done) {
  SYNCLINE_CHECK(!on_closed_, "a room is closed once");
  const Turn turn(*this);
  if (life_ == Life::kOpen) life_ = Life::kClosing;
  on_closed_ = std::move(done);
  outputs_.push(ActionOutput{[this] {
    end_members(bus::Unsubscribed{.code = Code::kUnavailable, .reason = "shutdown"});
    if (auto closed = std::exchange(on_closed_, nullptr)) closed();
  }});
}

}  // namespace syncline::room
