// One state machine: waiting, connecting, greeting, up, and back to waiting whenever anything
// fails.
#include "sync/link.hpp"

#include <algorithm>
#include <utility>
#include <variant>

#include "base/check.hpp"
#include "bus/codec.hpp"
#include "sync/tuning.hpp"

namespace syncline::sync {
namespace {

/// What a close means for whoever waits for an answer.
Error error_of(const transport::Close& close) {
  const std::string why =
      close.reason.empty() ? "code " + std::to_string(close.code) : close.reason;
  if (close.code == 4401) return {Code::kUnauthenticated, "the host closed the connection: " + why};
  return {Code::kUnavailable, "the connection to the host broke: " + why};
}

}  // namespace

Link::Link(Executor& executor, Clock& clock, Random& random, transport::Connector& connector,
           LinkOptions options, LinkEvents& events)
    : executor_(executor),
      clock_(clock),
      random_(random),
      connector_(connector),
      options_(std::move(options)),
      events_(events) {}

Link::~Link() = default;

void Link::start() {
  SYNCLINE_CHECK(state_ == State::kStopped, "a link is started twice");
  connect();
}

void Link::stop() {
  state_ = State::kStopped;
  attempt_.reset();
  timer_.reset();
  if (!connection_) return;
  connection_->set_events(nullptr);
  connection_->close(transport::kCloseNormal, "");
  connection_.reset();
}

void Link::restart(const std::string& why) {
  if (state_ == State::kGreeting || state_ == State::kUp) down({Code::kUnavailable, why});
}

void Link::send(const bus::Body& body) {
  SYNCLINE_CHECK(up(), "a message is sent on a link that is not up");
  connection_->send(share(bus::encode(body)));
}

void Link::connect() {
  state_ = State::kConnecting;
  attempt_ = connector_.connect(options_.url, bus::kSubprotocol,
                                [this](Result<std::unique_ptr<transport::Connection>> connection) {
                                  connected(std::move(connection));
                                });
}

void Link::connected(Result<std::unique_ptr<transport::Connection>> connection) {
  attempt_.release();
  if (!connection.ok()) {
    const Code code = connection.error().code();
    down(connection.error(),
         code == Code::kMalformed || code == Code::kUnauthenticated || code == Code::kDenied);
    return;
  }
  state_ = State::kGreeting;
  connection_ = std::move(*connection);
  connection_->set_events(this);
  connection_->send(share(bus::encode(bus::Hello{.request = 1,
                                                 .version = bus::kProtocolVersion,
                                                 .token = options_.token,
                                                 .identity = options_.identity,
                                                 .session = session_,
                                                 .features = {}})));
  timer_ = executor_.after(tuning::kWelcomeTimeout, [this] {
    down({Code::kTimeout, "the host did not answer the greeting"});
  });
}

void Link::on_message(ByteView message) {
  heard_ = clock_.now();
  asked_ = false;
  Result<bus::Body> body = bus::decode(message);
  if (!body.ok()) {
    down({Code::kUnavailable, "the host sent what cannot be read: " + body.error().message()});
    return;
  }
  if (state_ == State::kGreeting) {
    greeted(std::move(*body));
  } else if (const auto* ping = std::get_if<bus::Ping>(&*body)) {
    send(bus::Pong{.nonce = ping->nonce});
  } else if (!std::holds_alternative<bus::Pong>(*body)) {
    events_.on_body(std::move(*body));
  }
}

void Link::greeted(bus::Body body) {
  if (const auto* refused = std::get_if<bus::Refused>(&body)) {
    down({refused->code, refused->reason, "the host refused this syncer: " + refused->message},
         refused->code != Code::kUnavailable && refused->code != Code::kTooFast);
    return;
  }
  const auto* welcome = std::get_if<bus::Welcome>(&body);
  if (!welcome) return;  // Left over from before; the host's answer is still to come.
  state_ = State::kUp;
  was_up_ = tried_ = true;
  session_ = welcome->session;
  delay_ = Duration{0};
  watch();
  events_.on_up(*welcome);
}

void Link::watch() {
  timer_ = executor_.after(tuning::kQuiet, [this] {
    const Duration silent = clock_.now() - heard_;
    if (silent >= tuning::kSilent) {
      down({Code::kUnavailable, "the host fell silent"});
      return;
    }
    if (silent >= tuning::kQuiet && !std::exchange(asked_, true)) send(bus::Ping{.nonce = 1});
    watch();
  });
}

void Link::on_drained() {
  if (up()) events_.on_sent();
}

void Link::on_closed(const transport::Close& close) {
  const Error why = error_of(close);
  down(why, why.code() == Code::kUnauthenticated);
}

void Link::down(const Error& why, bool final) {
  final = final && !was_up_;
  tried_ = true;
  state_ = final ? State::kStopped : State::kWaiting;
  connection_.reset();
  timer_.reset();
  if (!final) timer_ = executor_.after(next_delay(), [this] { connect(); });
  events_.on_down(why, final);
}

Duration Link::next_delay() {
  delay_ =
      std::clamp(delay_ * 2, Duration{tuning::kReconnectFirst}, Duration{tuning::kReconnectMost});
  // Between half of it and all of it.
  return delay_ / 2 + Duration{static_cast<std::int64_t>(
                          random_.next() % static_cast<std::uint64_t>(delay_.count() / 2 + 1))};
}

}  // namespace syncline::sync
