#include "sync/loopback_connector.hpp"

#include <utility>

namespace syncline::sync {

Handle LoopbackConnector::connect(
    const std::string&, const std::string&,
    std::function<void(Result<std::unique_ptr<transport::Connection>>)> done) {
  // A timer rather than a task, so that the handle can end it.
  return executor_.after(Duration{0}, [this, done = std::move(done)] {
    auto [here, there] = transport::make_loopback(executor_, executor_);
    host_.accept(std::move(there));
    done(std::move(here));
  });
}

}  // namespace syncline::sync
