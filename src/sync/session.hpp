// What the host's side of every connection has in common, whatever it speaks: an address on the
// bus, and an outlet that notices when the other side does not read.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/executor.hpp"
#include "bus/bus.hpp"
#include "sync/verifier.hpp"
#include "transport/connection.hpp"

namespace syncline::sync {

/// Lets through to a session what rooms say, and nothing that asks it for something.
class SessionGate final : public bus::Gate {
 public:
  Result<void> pass(const bus::Message& message) const override;
};

/// The frames of the last fan-out: rooms tell all their subscribers one after the other, and those
/// who need the same bytes get the same buffer. Thread: the sessions' executor.
class FrameCache {
 public:
  /// The sync-api's frame.
  SharedBytes encode(const bus::Updated& updated);
  /// y-protocols' frames, one a part.
  const std::vector<SharedBytes>& encode_y(const bus::Updated& updated);

 private:
  void look_at(const bus::Updated& updated);

  bus::Updated last_;
  std::unordered_map<bus::Channel, SharedBytes> frames_;
  std::vector<SharedBytes> y_frames_;
};

/// What sessions share with their host. All outlive the sessions.
struct SessionPorts {
  Executor& executor;
  bus::Bus& bus;
  const SessionGate& gate;
  const Verifier& verifier;
  FrameCache& frames;
};

/// One connection's end in the host. Identity. Thread: its executor.
class Session {
 public:
  virtual ~Session() = default;
  /// Ends it: what is queued is sent, then a close.
  virtual void close(std::uint16_t code, const std::string& reason) = 0;
};

/// The way out of a session: bounded, and honest about whether the other side keeps up. Thread: the
/// session's executor.
class Outlet {
 public:
  struct Events {
    /// The other side does not keep up (true), or does again.
    std::function<void(bool congested)> on_congested;
    /// It does not even take the little that it gets: close with 1013.
    std::function<void()> on_stalled;
  };

  Outlet(Executor& executor, transport::Connection& connection, Events events)
      : executor_(executor), connection_(connection), events_(std::move(events)) {}

  void send(SharedBytes frame);
  /// The connection drained.
  void drained();
  bool congested() const { return congested_; }

 private:
  Executor& executor_;
  transport::Connection& connection_;
  const Events events_;
  bool congested_ = false;
  bool stalled_ = false;
  Handle stall_timer_;
};

}  // namespace syncline::sync
