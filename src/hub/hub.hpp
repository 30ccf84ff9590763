// Hub: a host behind a port. `/sync` and `/y/ROOM` become its connections; everything else is a
// handful of plain requests.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/executor.hpp"
#include "hub/tuning.hpp"
#include "sync/host.hpp"
#include "transport/server.hpp"

namespace syncline::hub {

/// A file of the embedded pages.
struct Page {
  std::string content_type;
  SharedBytes body;
  /// Of the content, with its quotes; empty: browsers ask for the whole each time.
  std::string etag = {};
};

struct HubOptions {
  /// HOST:PORT; port 0 picks a free one. Only loopback addresses: this version has no
  /// authentication.
  std::string listen = "127.0.0.1:4455";
  /// By path, "/assets/page.js"; "/" is the page itself.
  std::map<std::string, Page> pages = {};
  /// Origins whose pages may connect besides those of this machine.
  std::vector<std::string> origins = {};
  std::size_t connections_max = tuning::kConnectionsMax;
  transport::ServerOptions server = {};
};

/// Identity. Thread: its executor.
class Hub final : private transport::RequestHandler {
 public:
  /// All must outlive the hub.
  Hub(Executor& executor, transport::Network& network, sync::Host& host, HubOptions options);
  ~Hub() override;

  /// Begins to listen, and says so in the log. Errors: kMalformed (bad address), kDenied (an
  /// address that others can reach), kConflict (port in use).
  Result<void> start();
  /// ADDRESS:PORT, with the port that was picked. REQUIRES: started.
  std::string address() const;

  /// Stops accepting, shuts the host down, and calls `done` in a later turn when all is stored and
  /// every connection has ended.
  void shutdown(std::function<void()> done);

 private:
  void handle(transport::Request request, Respond respond) override;
  transport::Upgrade upgrade(const transport::Request& request) override;
  transport::Response answer(const transport::Request& request) const;
  transport::Upgrade open_sync(const transport::Request& request);
  transport::Upgrade open_room(const transport::Request& request, std::string_view room);

  sync::Host& host_;
  transport::Network& network_;
  const HubOptions options_;
  bool ready_ = false;
  transport::Server server_;
};

}  // namespace syncline::hub
