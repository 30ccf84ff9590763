// LoopbackConnector: a syncer's way to the host in its own process.
#pragma once

#include "sync/host.hpp"
#include "transport/connection.hpp"
#include "transport/loopback.hpp"

namespace syncline::sync {

/// Thread: the executor of both ends.
class LoopbackConnector final : public transport::Connector {
 public:
  /// Both must outlive the connector and its connections.
  LoopbackConnector(Executor& executor, Host& host) : executor_(executor), host_(host) {}

  Handle connect(const std::string& url, const std::string& subprotocol,
                 std::function<void(Result<std::unique_ptr<transport::Connection>>)> done) override;

 private:
  Executor& executor_;
  Host& host_;
};

}  // namespace syncline::sync
