// Routing, run to completion: what is sent while a message is being delivered waits in the queue,
// so a receiver sees one message at a time and order per sender and address is kept.
#include "bus/bus.hpp"

#include <type_traits>
#include <utility>

namespace syncline::bus {
namespace {

template <typename M, typename... Kinds>
constexpr bool is_one_of = (std::is_same_v<M, Kinds> || ...);

/// Asks an address to do something, with a reply to come.
bool is_request(const Body& body) {
  return std::visit(
      [](const auto& message) {
        using M = std::decay_t<decltype(message)>;
        if constexpr (is_one_of<M, Hello, Create, Invite, Subscribe, Read, Describe, List, Edit,
                                Delete, SetAccess>) {
          return true;
        } else if constexpr (is_one_of<M, Unsubscribe, Unknown>) {
          return message.request != 0;
        } else {
          return false;
        }
      },
      body);
}

/// Whether the sender hears when it is refused. Replies and fan-out are not: an answer to an answer
/// would go round in circles.
bool wants_answer(const Body& body) {
  return is_request(body) || std::holds_alternative<Update>(body) ||
         std::holds_alternative<Presence>(body) || std::holds_alternative<Event>(body);
}

Error nobody_at(const Message& message) {
  if (std::holds_alternative<Update>(message.body))
    return {Code::kUnavailable, "unsubscribed",
            "this session is not subscribed to " + message.to + " (any more): subscribe again"};
  return {Code::kNotFound, "nobody is at " + message.to};
}

}  // namespace

Handle Bus::attach(Address address, const Gate& gate, Receiver receiver) {
  const bool added =
      attached_.emplace(address, Attached{&gate, std::make_shared<Receiver>(std::move(receiver))})
          .second;
  SYNCLINE_CHECK(added, "an address is attached to the bus twice");
  return Handle([this, address = std::move(address)] { attached_.erase(address); });
}

bool Bus::attached(const Address& address) const { return attached_.contains(address); }

void Bus::set_resolver(Receiver resolver) {
  resolver_ = resolver ? std::make_shared<Receiver>(std::move(resolver)) : nullptr;
}

void Bus::send(Message message) {
  queue_.push_back(std::move(message));
  if (delivering_) return;
  delivering_ = true;
  while (!queue_.empty()) {
    Message next = std::move(queue_.front());
    queue_.pop_front();
    deliver(std::move(next));
  }
  delivering_ = false;
}

void Bus::deliver(Message message) {
  const auto found = attached_.find(message.to);
  if (found == attached_.end()) {
    // The copy keeps the resolver alive when it replaces itself.
    if (const auto resolver = resolver_; resolver && is_request(message.body)) {
      (*resolver)(std::move(message));
    } else {
      refuse(message, nobody_at(message), {});
    }
    return;
  }
  if (Result<void> passed = found->second.gate->pass(message); !passed.ok()) {
    refuse(message, passed.error(), found->second.gate->rule(message));
    return;
  }
  // The copy keeps the receiver alive when it detaches itself.
  const std::shared_ptr<Receiver> receiver = found->second.receiver;
  (*receiver)(std::move(message));
}

void Bus::refuse(const Message& message, const Error& error, std::string rule) {
  if (!wants_answer(message.body)) return;
  Message answer{
      .from = message.to, .to = message.from, .identity = {}, .plain = false, .body = {}};
  if (const Update* update = std::get_if<Update>(&message.body)) {
    answer.body = UpdateRefused{.channel = update->channel,
                                .sequence = update->sequence,
                                .code = error.code(),
                                .reason = std::string(error.reason()),
                                .message = error.message(),
                                .rule = std::move(rule)};
  } else {
    answer.body = Refused{.request = request_of(message.body),
                          .code = error.code(),
                          .reason = std::string(error.reason()),
                          .message = error.message(),
                          .rule = std::move(rule)};
  }
  send(std::move(answer));
}

}  // namespace syncline::bus
