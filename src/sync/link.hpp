// Link: a syncer's line to its host: connects, says hello, notices when the line is dead, and
// connects again, for as long as the syncer lives.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/executor.hpp"
#include "bus/message.hpp"
#include "transport/connection.hpp"

namespace syncline::sync {

struct LinkOptions {
  /// What the connector is given: `ws://host:port/sync`.
  std::string url;
  std::string identity;
  std::string token;
};

/// Hears of a link. A handler may send, but not destroy the link.
class LinkEvents {
 public:
  virtual ~LinkEvents() = default;
  /// The host said welcome: from here on messages are taken.
  virtual void on_up(const bus::Welcome& welcome) = 0;
  virtual void on_body(bus::Body body) = 0;
  /// What was queued has left.
  virtual void on_sent() = 0;
  /// The line is down, or the attempt failed; the next one is on its way, unless `final`: there
  /// is no such host, or it does not want this identity, and asking again would not change that.
  /// Not once it was up.
  virtual void on_down(const Error& why, bool final) = 0;
};

/// Identity. Thread: its executor.
class Link final : public transport::ConnectionEvents {
 public:
  /// All must outlive the link.
  Link(Executor& executor, Clock& clock, Random& random, transport::Connector& connector,
       LinkOptions options, LinkEvents& events);
  ~Link() override;

  /// Connects, and stays connected until stop().
  void start();
  /// Says goodbye. Nothing is reported afterwards.
  void stop();
  /// Gives the connection up and begins anew, as if it had broken.
  void restart(const std::string& why);

  bool up() const { return state_ == State::kUp; }
  /// Whether the first attempt to connect has come to an end, good or bad.
  bool tried() const { return tried_; }
  /// REQUIRES: up().
  void send(const bus::Body& body);
  std::size_t queued_bytes() const { return connection_ ? connection_->queued_bytes() : 0; }

 private:
  enum class State { kStopped, kWaiting, kConnecting, kGreeting, kUp };

  void on_message(ByteView message) override;
  void on_drained() override;
  void on_closed(const transport::Close& close) override;

  void connect();
  void connected(Result<std::unique_ptr<transport::Connection>> connection);
  void greeted(bus::Body body);
  void watch();
  void down(const Error& why, bool final = false);
  Duration next_delay();

  Executor& executor_;
  Clock& clock_;
  Random& random_;
  transport::Connector& connector_;
  const LinkOptions options_;
  LinkEvents& events_;

  State state_ = State::kStopped;
  std::unique_ptr<transport::Connection> connection_;
  std::string session_;
  Duration delay_{0};
  Duration heard_{0};
  bool asked_ = false;
  bool was_up_ = false;
  bool tried_ = false;
  Handle attempt_;
  Handle timer_;
};

}  // namespace syncline::sync
