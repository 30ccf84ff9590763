// Host: a bus, the rooms behind it and the sessions in front of it. What a hub and a syncer without
// a hub have in common; the rest of a hub is a port to listen on.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>

#include "base/executor.hpp"
#include "bus/bus.hpp"
#include "room/table.hpp"
#include "storage/storage.hpp"
#include "sync/session.hpp"
#include "transport/connection.hpp"

namespace syncline::sync {

/// What a y-websocket connection asked for in its URL.
struct YRequest {
  /// The object, in canonical form.
  std::string url;
  /// Whether it is made, open for all, when it does not exist: room names are, URLs are not.
  bool create = false;
  Claim claim;
};

/// Identity. Thread: its executor.
class Host {
 public:
  /// All must outlive the host. Without a verifier every identity is taken at its word.
  Host(Executor& executor, Clock& clock, Random& random, storage::Storage& storage,
       const Verifier* verifier = nullptr);
  ~Host();
  Host(const Host&) = delete;
  Host& operator=(const Host&) = delete;

  /// Takes a connection that speaks the sync-api. `outside`: what its URL says of who it is.
  void accept(std::unique_ptr<transport::Connection> connection, Claim outside = {});
  /// Takes a y-websocket connection.
  void accept_y(std::unique_ptr<transport::Connection> connection, YRequest request);

  std::size_t sessions() const { return sessions_.size(); }
  room::RoomTable& rooms() { return rooms_; }

  /// Takes no more connections, lets the rooms finish what they began (what was taken is stored and
  /// acknowledged), closes every connection with 1012, and calls `done` in a later turn.
  void shutdown(std::function<void()> done);

 private:
  using SessionId = std::uint64_t;

  static bus::Address address_of(SessionId id) { return "session:" + std::to_string(id); }
  void destroy_later(SessionId id);
  void finish_if_down();
  void finish();
  /// Runs `task` in a turn of its own, if the host is still there then.
  void later(std::function<void()> task);

  Executor& executor_;
  Clock& clock_;
  LocalVerifier local_;
  bus::Bus bus_;
  SessionGate gate_;
  FrameCache frames_;
  room::RoomTable rooms_;
  const SessionPorts ports_;
  SessionId last_session_ = 0;
  std::unordered_map<SessionId, std::unique_ptr<Session>> sessions_;
  std::function<void()> on_shut_down_;
  bool shutting_down_ = false;
  bool rooms_closed_ = false;
  Handle timeout_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace syncline::sync
