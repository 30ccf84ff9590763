// HubProcess: a hub on real sockets and a real store, as `syncline hub` and `syncline demo` run it.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "hub/hub.hpp"
#include "syncline/runtime.hpp"

namespace syncline {

struct HubProcessOptions {
  hub::HubOptions hub = {};
  /// The directory of the store; nullopt: in memory only.
  std::optional<std::string> data = std::nullopt;
};

/// Identity. While it lives, SIGINT and SIGTERM end wait_for_signal() and not the program. Thread:
/// any; one call at a time.
class HubProcess {
 public:
  /// Opens the store and listens. Throws Error: kConflict (port or directory in use), kDenied
  /// (address that others can reach), kInternal (store not usable), kMalformed.
  explicit HubProcess(HubProcessOptions options);
  /// As stop().
  ~HubProcess();
  HubProcess(const HubProcess&) = delete;
  HubProcess& operator=(const HubProcess&) = delete;

  /// HOST:PORT, with the port that was picked.
  const std::string& address() const { return address_; }

  /// Waits for SIGINT or SIGTERM, also one that came before.
  void wait_for_signal();
  /// Stops accepting, stores what was taken, closes connections with 1012. Idempotent.
  void stop();

 private:
  void open(HubProcessOptions options);
  void tear_down();

  std::shared_ptr<Runtime> runtime_;
  bool signalled_ = false;
  std::unique_ptr<adapters::SignalWatch> signals_;
  std::unique_ptr<storage::Storage> storage_;
  std::unique_ptr<sync::Host> host_;
  std::unique_ptr<hub::Hub> hub_;
  std::string address_;
};

}  // namespace syncline
