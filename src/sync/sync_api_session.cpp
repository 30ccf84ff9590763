// One connection: frames in, messages on the bus out, and back.
#include "sync/sync_api_session.hpp"

#include <type_traits>
#include <utility>
#include <vector>

#include "bus/address.hpp"
#include "bus/codec.hpp"
#include "sync/tuning.hpp"
#include "transport/tuning.hpp"

namespace syncline::sync {

SyncApiSession::SyncApiSession(const SessionPorts& ports, bus::Address address, Claim outside,
                               std::unique_ptr<transport::Connection> connection,
                               std::function<void()> on_ended)
    : ports_(ports),
      address_(std::move(address)),
      outside_(std::move(outside)),
      on_ended_(std::move(on_ended)),
      connection_(std::move(connection)),
      outlet_(ports.executor, *connection_,
              {.on_congested =
                   [this](bool congested) {
                     for (const auto& [channel, following] : channels_)
                       post(following.url, bus::Flow{.congested = congested});
                   },
               .on_stalled = [this] { close(transport::kCloseTryLater, "reads too slowly"); }}) {
  connection_->set_events(this);
  attached_ = ports_.bus.attach(address_, ports_.gate,
                                [this](bus::Message message) { deliver(std::move(message)); });
  hello_timer_ =
      ports_.executor.after(tuning::kHelloTimeout, [this] { close(4408, "no hello within 10 s"); });
}

SyncApiSession::~SyncApiSession() = default;

void SyncApiSession::close(std::uint16_t code, const std::string& reason) {
  if (!closed_) connection_->close(code, reason);
}

// ---- from the connection ----

void SyncApiSession::on_message(ByteView message) {
  if (closed_) return;
  Result<bus::Body> body = bus::decode(message);
  if (!body.ok()) return fail(body.error().message());
  if (greeted_) {
    take(std::move(*body));
  } else {
    greet(std::move(*body));
  }
}

void SyncApiSession::greet(bus::Body body) {
  const auto* hello = std::get_if<bus::Hello>(&body);
  if (!hello) {
    refuse(bus::request_of(body), {Code::kUnauthenticated, "hello_first", "say hello first"});
    return;
  }
  if (hello->version != bus::kProtocolVersion) {
    refuse(hello->request, {Code::kMalformed, "version",
                            "this host speaks version " + std::to_string(bus::kProtocolVersion) +
                                " of the sync-api, not " + std::to_string(hello->version)});
    return;
  }
  Result<std::string> identity = ports_.verifier.verify(
      {.identity = hello->identity.empty() ? outside_.identity : hello->identity,
       .token = hello->token.empty() ? outside_.token : hello->token});
  if (!identity.ok()) {
    refuse(hello->request, identity.error());
    if (identity.error().code() == Code::kUnauthenticated) close(4401, "no valid token");
    return;
  }
  hello_timer_.reset();
  greeted_ = true;
  identity_ = std::move(*identity);
  welcome(hello->request);
  // Whoever keeps the invitations hears who is there now.
  post(std::string(bus::kRooms), bus::Hello{.identity = identity_});
}

void SyncApiSession::welcome(bus::RequestId request) {
  send(bus::Welcome{
      .request = request,
      .identity = identity_,
      .session = address_,
      .limits = Value::object({{"message_bytes", transport::tuning::kMessageBytesMax}}),
      .features = {}});
}

void SyncApiSession::take(bus::Body body) {
  std::visit(
      [&](auto& message) {
        using M = std::decay_t<decltype(message)>;
        if constexpr (std::is_same_v<M, bus::Subscribe>) {
          const auto kind = message.live ? Asked::Kind::kFollow : Asked::Kind::kOther;
          ask_object(std::move(body), kind);
        } else if constexpr (std::is_same_v<M, bus::Create>) {
          ask_object(std::move(body), Asked::Kind::kFollow);
        } else if constexpr (std::is_same_v<M, bus::Invite> || std::is_same_v<M, bus::Read> ||
                             std::is_same_v<M, bus::Describe> || std::is_same_v<M, bus::Edit> ||
                             std::is_same_v<M, bus::Delete> || std::is_same_v<M, bus::SetAccess>) {
          ask_object(std::move(body), Asked::Kind::kOther);
        } else if constexpr (std::is_same_v<M, bus::List>) {
          ask(std::string(bus::kRooms), Asked::Kind::kOther, std::move(body));
        } else if constexpr (std::is_same_v<M, bus::Update>) {
          take_update(std::move(message));
        } else if constexpr (std::is_same_v<M, bus::Unsubscribe>) {
          take_unsubscribe(message);
        } else if constexpr (std::is_same_v<M, bus::Presence> || std::is_same_v<M, bus::Event>) {
          const auto found = channels_.find(message.channel);
          if (found != channels_.end()) post(found->second.url, std::move(body));
        } else if constexpr (std::is_same_v<M, bus::Hello>) {
          welcome(message.request);  // Again; the identity stays.
        } else if constexpr (std::is_same_v<M, bus::Ping>) {
          send(bus::Pong{.nonce = message.nonce});
        } else if constexpr (!std::is_same_v<M, bus::Pong>) {
          const bus::RequestId request = bus::request_of(body);
          if (request != 0)
            refuse(request, {Code::kMalformed, "unknown_message",
                             "this host does not take \"" + std::string(bus::name_of(body)) +
                                 "\" messages"});
        }
      },
      body);
}

void SyncApiSession::take_update(bus::Update update) {
  if (update.sequence == 0) return fail("updates are counted from 1");
  const auto found = channels_.find(update.channel);
  const auto refuse_update = [&](Code code, std::string reason, std::string message) {
    send(bus::UpdateRefused{.channel = update.channel,
                            .sequence = update.sequence,
                            .code = code,
                            .reason = std::move(reason),
                            .message = std::move(message)});
  };
  if (found == channels_.end()) {
    return refuse_update(Code::kUnavailable, "unsubscribed",
                         "nothing is subscribed on this channel (any more): subscribe again");
  }
  Following& following = found->second;
  if (update.sequence < following.next_sequence) return;  // Again.
  if (update.sequence > following.next_sequence)
    return refuse_update(Code::kConflict, "gap", "the update before this one did not arrive");
  ++following.next_sequence;
  const std::string url = following.url;
  post(url, std::move(update));
}

void SyncApiSession::take_unsubscribe(const bus::Unsubscribe& unsubscribe) {
  const auto found = channels_.find(unsubscribe.channel);
  if (found != channels_.end()) {
    const std::string url = found->second.url;
    if (unsubscribe.request == 0) {
      end_channel(url);
      post(url, unsubscribe);
    } else {
      ask(url, Asked::Kind::kUnsubscribe, unsubscribe);
    }
  } else if (unsubscribe.request != 0) {
    send(bus::Done{.request = unsubscribe.request});
  }
}

void SyncApiSession::ask_object(bus::Body body, Asked::Kind kind) {
  Result<std::string> canonical = Error(Code::kMalformed, "no URL");
  std::visit(
      [&](auto& message) {
        if constexpr (requires { message.url; }) {
          canonical = bus::object_url(message.url);
          if (canonical.ok()) message.url = *canonical;
        }
      },
      body);
  if (!canonical.ok()) return refuse(bus::request_of(body), canonical.error());
  ask(std::move(*canonical), kind, std::move(body));
}

void SyncApiSession::ask(std::string to, Asked::Kind kind, bus::Body body) {
  const bus::RequestId request = bus::request_of(body);
  if (request == 0) return fail("a request without an id");
  if (request <= last_request_)
    return refuse(request, {Code::kUnavailable, "repeated",
                            "a request's id must be larger than the last: ask again"});
  last_request_ = request;
  if (asked_.size() >= tuning::kRequestsMax || channels_.size() >= tuning::kChannelsMax)
    return refuse(request, {Code::kTooFast, "too many requests or subscriptions are open"});
  // The room counts a new subscription's updates anew, on a new channel; the old one ends here.
  if (kind == Asked::Kind::kFollow) end_channel(to);
  asked_.emplace(request, Asked{.kind = kind, .url = to});
  post(to, std::move(body));
}

void SyncApiSession::post(const std::string& to, bus::Body body) {
  ports_.bus.send(
      {.from = address_, .to = to, .identity = identity_, .plain = false, .body = std::move(body)});
}

void SyncApiSession::send(const bus::Body& body) {
  if (!closed_) outlet_.send(share(bus::encode(body)));
}

void SyncApiSession::refuse(bus::RequestId request, const Error& error) {
  if (request == 0) return fail(error.message());
  send(bus::Refused{.request = request,
                    .code = error.code(),
                    .reason = std::string(error.reason()),
                    .message = error.message(),
                    .rule = {}});
}

void SyncApiSession::fail(const std::string& why) {
  send(bus::Refused{
      .request = 0, .code = Code::kMalformed, .reason = "malformed", .message = why, .rule = {}});
  close(4400, why.substr(0, 100));
}

// ---- from the bus ----

void SyncApiSession::deliver(bus::Message message) {
  if (closed_) return deliver_to_nobody(message);
  if (bus::request_of(message.body) != 0) {
    deliver_answer(std::move(message));
  } else {
    deliver_news(std::move(message));
  }
}

void SyncApiSession::deliver_answer(bus::Message message) {
  if (std::holds_alternative<bus::Provisional>(message.body)) return send(message.body);
  const auto found = asked_.find(bus::request_of(message.body));
  if (found == asked_.end()) return;
  const Asked asked = std::move(found->second);
  asked_.erase(found);
  if (auto* created = std::get_if<bus::Created>(&message.body)) {
    created->channel = open_channel(asked.url);
  } else if (auto* subscribed = std::get_if<bus::Subscribed>(&message.body)) {
    subscribed->channel = asked.kind == Asked::Kind::kFollow ? open_channel(asked.url) : 0;
  } else if (asked.kind == Asked::Kind::kUnsubscribe) {
    end_channel(asked.url);
  } else if (asked.kind == Asked::Kind::kFollow && !channel_of_.contains(asked.url)) {
    // Refused; a subscription from before would go on without a channel.
    post(asked.url, bus::Unsubscribe{});
  }
  send(message.body);
}

void SyncApiSession::deliver_news(bus::Message message) {
  if (std::holds_alternative<bus::Invitation>(message.body)) return send(message.body);
  const auto found = channel_of_.find(message.from);
  if (found == channel_of_.end()) return;
  const bus::Channel channel = found->second;
  std::visit(
      [&](auto& body) {
        if constexpr (requires { body.channel; }) body.channel = channel;
      },
      message.body);
  if (const auto* updated = std::get_if<bus::Updated>(&message.body)) {
    outlet_.send(ports_.frames.encode(*updated));
    return;
  }
  const bool ends = std::holds_alternative<bus::Unsubscribed>(message.body) ||
                    std::holds_alternative<bus::Deleted>(message.body);
  if (ends) end_channel(message.from);
  send(message.body);
}

void SyncApiSession::deliver_to_nobody(const bus::Message& message) {
  const auto found = asked_.find(bus::request_of(message.body));
  if (found == asked_.end() || std::holds_alternative<bus::Provisional>(message.body)) return;
  const std::string url = found->second.url;
  asked_.erase(found);
  if (!std::holds_alternative<bus::Refused>(message.body)) post(url, bus::Unsubscribe{});
  end();
}

bus::Channel SyncApiSession::open_channel(const std::string& url) {
  end_channel(url);
  channel_of_[url] = ++last_channel_;
  channels_[last_channel_] = Following{.url = url};
  return last_channel_;
}

void SyncApiSession::end_channel(const std::string& url) {
  const auto found = channel_of_.find(url);
  if (found == channel_of_.end()) return;
  channels_.erase(found->second);
  channel_of_.erase(found);
}

// ---- the end ----

void SyncApiSession::on_closed(const transport::Close&) {
  closed_ = true;
  hello_timer_.reset();
  // Rooms that are still opening for us would go on to tell us everything: wait for their answers.
  std::erase_if(asked_,
                [](const auto& asked) { return asked.second.kind != Asked::Kind::kFollow; });
  std::vector<std::string> urls;
  for (const auto& [url, channel] : channel_of_) urls.push_back(url);
  channel_of_.clear();
  channels_.clear();
  for (const std::string& url : urls) post(url, bus::Unsubscribe{});
  if (greeted_) post(std::string(bus::kRooms), bus::Unsubscribe{});
  end();
}

void SyncApiSession::end() {
  if (asked_.empty()) on_ended_();
}

}  // namespace syncline::sync
