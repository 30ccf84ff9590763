#include "syncline/runtime.hpp"

#include "bus/address.hpp"
#include "transport/connector.hpp"

namespace syncline {

Runtime::Runtime(bool poll) {
  if (poll) {
    auto polled = std::make_unique<adapters::PollExecutor>();
    polled_ = polled.get();
    executor_ = std::move(polled);
  } else {
    loop_ = std::make_unique<adapters::AsioLoop>();
    executor_ = loop_->make_executor();
  }
  network_ = std::make_unique<adapters::AsioNetwork>(*executor_);
}

Runtime::~Runtime() { stop(); }

void Runtime::poll() {
  if (polled_) polled_->poll();
}

bool Runtime::wait(const std::function<bool()>& done, std::chrono::nanoseconds timeout) {
  return executor_ ? executor_->run_until(done, timeout) : done();
}

void Runtime::stop() {
  network_.reset();
  polled_ = nullptr;
  executor_.reset();
  loop_.reset();
}

std::string sync_url(const std::string& hub) {
  const transport::WebSocketUrl url = transport::parse_websocket_url(hub).take_or_throw();
  return "ws://" + url.address + (url.target == "/" ? "/sync" : url.target);
}

std::string checked_identity(const std::string& identity) {
  return bus::identity_url(identity).take_or_throw();
}

}  // namespace syncline
