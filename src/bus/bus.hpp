// The bus: routes messages between addresses in one process. Every message passes the gate of the
// address it goes to; an address without a gate takes nothing (default deny). Transports end in
// sessions, which are addresses like others.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>

#include "bus/message.hpp"
#include "syncline/handle.hpp"

namespace syncline::bus {

/// Decides, before an address sees it, whether a message may pass.
class Gate {
 public:
  virtual ~Gate() = default;
  /// The error is what the sender is answered (its reason and message).
  virtual Result<void> pass(const Message& message) const = 0;
  /// Which rule refused `message`, where one did: goes into the answer.
  virtual std::string rule(const Message&) const { return {}; }
};

using Receiver = std::function<void(Message)>;

/// Identity. REQUIRES: outlives its handles. Thread: one executor. Delivery is run-to-completion:
/// messages sent while one is being delivered wait their turn, so order per sender and address is
/// kept and no receiver is entered twice.
class Bus {
 public:
  /// Takes messages for `address` through `gate` until the handle ends. REQUIRES: the address is
  /// free; the gate outlives the handle.
  Handle attach(Address address, const Gate& gate, Receiver receiver);

  bool attached(const Address& address) const;

  /// Who gets requests for addresses that nobody attached: the room table, which loads the object,
  /// attaches its room and sends the message again. Without one they are answered kNotFound. An
  /// update never reaches it (its sender is no longer subscribed): kUnavailable "unsubscribed".
  void set_resolver(Receiver resolver);

  /// Routes a message. What a gate refuses is answered to `from` (Refused, or UpdateRefused for
  /// updates), with the request id, 0 for presence and events; replies to addresses that are gone
  /// are dropped.
  void send(Message message);

 private:
  void deliver(Message message);
  void refuse(const Message& message, const Error& error, std::string rule);

  struct Attached {
    const Gate* gate;
    std::shared_ptr<Receiver> receiver;
  };
  std::unordered_map<Address, Attached> attached_;
  std::shared_ptr<Receiver> resolver_;
  std::deque<Message> queue_;
  bool delivering_ = false;
};

}  // namespace syncline::bus
