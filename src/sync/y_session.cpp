// y-websocket frames in, bus messages out, and back. Our step 2 goes out only when the object is
// loaded and what is in it is durable, since the room answers a subscription no sooner.
#include "sync/y_session.hpp"

#include <utility>

#include "crdt/update.hpp"
#include "sync/tuning.hpp"
#include "sync/y_protocol.hpp"

namespace syncline::sync {

YSession::YSession(const SessionPorts& ports, Clock& clock, bus::Address address, std::string url,
                   bool create, std::string identity,
                   std::unique_ptr<transport::Connection> connection,
                   std::function<void()> on_ended)
    : ports_(ports),
      clock_(clock),
      address_(std::move(address)),
      url_(std::move(url)),
      create_(create),
      identity_(std::move(identity)),
      on_ended_(std::move(on_ended)),
      connection_(std::move(connection)),
      outlet_(ports.executor, *connection_,
              {.on_congested =
                   [this](bool congested) {
                     if (state_ == State::kOpen) post(bus::Flow{.congested = congested});
                   },
               .on_stalled = [this] { close(transport::kCloseTryLater, "reads too slowly"); }}) {
  connection_->set_events(this);
  attached_ = ports_.bus.attach(address_, ports_.gate,
                                [this](bus::Message message) { deliver(std::move(message)); });
  first_step_ = ports_.executor.after(tuning::kYFirstStep, [this] { subscribe(Want::kOpen, {0}); });
  sent_at_ = clock_.now();
  keep_alive();
}

YSession::~YSession() = default;

void YSession::close(std::uint16_t code, const std::string& reason) {
  if (state_ != State::kClosed) connection_->close(code, reason);
}

void YSession::keep_alive() {
  const Duration quiet = clock_.now() - sent_at_;
  if (quiet >= tuning::kYKeepAlive) send(y::encode_alive());
  alive_timer_ = ports_.executor.after(tuning::kYKeepAlive - (clock_.now() - sent_at_),
                                       [this] { keep_alive(); });
}

// ---- from the connection ----

void YSession::on_message(ByteView message) {
  if (state_ == State::kClosed) return;
  const Result<y::Frame> frame = y::decode(message);
  if (!frame.ok()) return close(4400, frame.error().message().substr(0, 100));
  if (const auto* sync = std::get_if<y::SyncFrame>(&*frame)) {
    if (sync->step == y::Sync::kStep1) {
      take_step1(sync->payload);
    } else {
      take_update(sync->payload, sync->step == y::Sync::kStep2);
    }
  } else if (const auto* awareness = std::get_if<y::AwarenessFrame>(&*frame)) {
    take_awareness(awareness->payload);
  }
  // A query of awareness is not answered, as by the reference server: who subscribes is told.
}

void YSession::take_step1(ByteView state_vector) {
  if (state_ == State::kSilent) {
    subscribe(Want::kOpenAndStep2, {state_vector.begin(), state_vector.end()});
  } else if (wants_.size() < tuning::kRequestsMax) {
    subscribe(Want::kStep2, {state_vector.begin(), state_vector.end()});
  } else {
    close(transport::kCloseTryLater, "too many requests");
  }
}

void YSession::take_update(ByteView update, bool step2) {
  // What comes before our step 1 went out comes again in the answer to it.
  if (state_ != State::kOpen) return;
  const std::uint64_t sequence = ++last_sequence_;
  if (step2) relayed_.insert(sequence);
  post(bus::Update{.channel = 0,
                   .sequence = sequence,
                   .update = share({update.begin(), update.end()}),
                   .relayed = step2});
}

void YSession::take_awareness(ByteView awareness) {
  SharedBytes shared = share({awareness.begin(), awareness.end()});
  if (state_ == State::kOpen) {
    post(bus::Presence{.channel = 0, .awareness = std::move(shared)});
    return;
  }
  early_bytes_ += shared->size();
  if (early_bytes_ > tuning::kYEarlyBytesMax)
    return close(transport::kCloseTooLarge, "too much before the room is open");
  early_.push_back(std::move(shared));
}

void YSession::subscribe(Want want, Bytes state_vector) {
  first_step_.reset();
  if (state_ == State::kSilent) state_ = State::kSubscribing;
  const bus::RequestId request = ++last_request_;
  wants_.emplace(request, want);
  const bool live = want == Want::kOpen || want == Want::kOpenAndStep2;
  post(bus::Subscribe{.request = request,
                      .url = url_,
                      .since = {},
                      .state_vector = std::move(state_vector),
                      .live = live,
                      .create_open = live && create_});
}

void YSession::post(bus::Body body) {
  ports_.bus.send({.from = address_,
                   .to = url_,
                   .identity = identity_,
                   .plain = true,
                   .body = std::move(body)});
}

void YSession::send(Bytes frame) {
  if (state_ == State::kClosed) return;
  sent_at_ = clock_.now();
  outlet_.send(share(std::move(frame)));
}

// ---- from the room ----

void YSession::deliver(bus::Message message) {
  if (const auto request = bus::request_of(message.body); request != 0) {
    const auto found = wants_.find(request);
    if (found == wants_.end() || std::holds_alternative<bus::Provisional>(message.body)) return;
    const Want want = found->second;
    wants_.erase(found);
    const auto* subscribed = std::get_if<bus::Subscribed>(&message.body);
    if (state_ == State::kClosed) {
      // The room opened for nobody.
      if (subscribed && want != Want::kStep2) post(bus::Unsubscribe{});
      if (wants_.empty()) on_ended_();
    } else if (subscribed) {
      opened(*subscribed, want);
    } else if (const auto* refused = std::get_if<bus::Refused>(&message.body)) {
      end_with(refused->code, refused->message);
    }
    return;
  }
  if (state_ != State::kOpen) return;
  if (const auto* updated = std::get_if<bus::Updated>(&message.body)) {
    sent_at_ = clock_.now();
    for (const SharedBytes& frame : ports_.frames.encode_y(*updated)) outlet_.send(frame);
  } else if (const auto* presence = std::get_if<bus::Presence>(&message.body)) {
    send(y::encode_awareness(*presence->awareness));
  } else if (const auto* ack = std::get_if<bus::Ack>(&message.body)) {
    relayed_.erase(relayed_.begin(), relayed_.upper_bound(ack->upto));
  } else if (const auto* update_refused = std::get_if<bus::UpdateRefused>(&message.body)) {
    refused(*update_refused);
  } else if (const auto* lacks = std::get_if<bus::Lacks>(&message.body)) {
    send(y::encode_sync(y::Sync::kStep1, lacks->state_vector));
  } else if (const auto* unsubscribed = std::get_if<bus::Unsubscribed>(&message.body)) {
    if (unsubscribed->reason == "shutdown") {
      close(transport::kCloseRestart, unsubscribed->reason);
    } else {
      end_with(unsubscribed->code, unsubscribed->reason);
    }
  } else if (std::holds_alternative<bus::Deleted>(message.body)) {
    end_with(Code::kGone, "deleted");
  }
}

void YSession::opened(const bus::Subscribed& subscribed, Want want) {
  const bool opens = want == Want::kOpen || want == Want::kOpenAndStep2;
  if (opens) state_ = State::kOpen;
  if (opens) send(y::encode_sync(y::Sync::kStep1, subscribed.state_vector));
  if (want == Want::kOpenAndStep2 || want == Want::kStep2) {
    std::vector<Bytes> parts;
    for (const bus::Part& part : subscribed.missing) parts.push_back(*part.update);
    // Step 2 is always sent: it is what tells a client that it is in step.
    Result<Bytes> missing = parts.size() == 1 ? Result<Bytes>(std::move(parts.front()))
                            : parts.empty()   ? crdt::encode_update_v1({})
                                              : crdt::merge_updates_v1(parts);
    SYNCLINE_CHECK(missing.ok(), "a room's update cannot be read");
    send(y::encode_sync(y::Sync::kStep2, *missing));
  }
  for (SharedBytes& awareness : std::exchange(early_, {}))
    post(bus::Presence{.channel = 0, .awareness = std::move(awareness)});
}

void YSession::refused(const bus::UpdateRefused& refused) {
  const bool step2 = relayed_.erase(refused.sequence) > 0;
  if (refused.reason == "gap") {
    // It was asked for what the update depends on, and did not have it either.
  } else if (step2 && (refused.code == Code::kDenied || refused.reason == "depends_on_refused")) {
    // Left out quietly: a client that keeps its document would be closed again and again.
  } else if (refused.reason == "client_id_taken") {
    if (!step2) close(4409, "the client id belongs to someone else");
  } else {
    end_with(refused.code, refused.message);
  }
}

/// y-websocket clients stop for good at 4400 to 4499, and come back after every other code.
void YSession::end_with(Code code, const std::string& reason) {
  const auto close_code = [&]() -> std::uint16_t {
    switch (code) {
      case Code::kMalformed:
      case Code::kSchema:
        return 4400;
      case Code::kUnauthenticated:
        return 4401;
      case Code::kDenied:
        return 4403;
      case Code::kNotFound:
      case Code::kGone:
        return 4404;
      case Code::kConflict:
        return 4409;
      case Code::kTooLarge:
        return transport::kCloseTooLarge;
      case Code::kUnavailable:
      case Code::kTooFast:
      case Code::kTimeout:
      case Code::kInternal:
        return transport::kCloseTryLater;
    }
    return transport::kCloseTryLater;
  };
  close(close_code(), reason.substr(0, 100));
}

// ---- the end ----

void YSession::on_closed(const transport::Close&) {
  const bool follows = state_ == State::kOpen;
  state_ = State::kClosed;
  first_step_.reset();
  alive_timer_.reset();
  if (follows) post(bus::Unsubscribe{});
  std::erase_if(wants_, [](const auto& want) { return want.second == Want::kStep2; });
  if (wants_.empty()) on_ended_();
}

}  // namespace syncline::sync
