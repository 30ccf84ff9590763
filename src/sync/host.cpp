#include "sync/host.hpp"

#include <utility>
#include <vector>

#include "bus/address.hpp"
#include "sync/sync_api_session.hpp"
#include "sync/tuning.hpp"
#include "sync/y_session.hpp"

namespace syncline::sync {

Host::Host(Executor& executor, Clock& clock, Random& random, storage::Storage& storage,
           const Verifier* verifier)
    : executor_(executor),
      clock_(clock),
      rooms_({.executor = executor,
              .clock = clock,
              .random = random,
              .storage = storage,
              .bus = bus_}),
      ports_{.executor = executor,
             .bus = bus_,
             .gate = gate_,
             .verifier = verifier ? *verifier : local_,
             .frames = frames_} {}

Host::~Host() = default;

void Host::accept(std::unique_ptr<transport::Connection> connection, Claim outside) {
  if (shutting_down_) return connection->close(transport::kCloseRestart, "shutting down");
  const SessionId id = ++last_session_;
  sessions_[id] =
      std::make_unique<SyncApiSession>(ports_, address_of(id), std::move(outside),
                                       std::move(connection), [this, id] { destroy_later(id); });
}

void Host::accept_y(std::unique_ptr<transport::Connection> connection, YRequest request) {
  if (shutting_down_) return connection->close(transport::kCloseRestart, "shutting down");
  const Result<std::string> identity = ports_.verifier.verify(request.claim);
  if (!identity.ok()) {
    return connection->close(identity.error().code() == Code::kMalformed ? 4400 : 4401,
                             identity.error().message().substr(0, 100));
  }
  const SessionId id = ++last_session_;
  sessions_[id] = std::make_unique<YSession>(ports_, clock_, address_of(id), std::move(request.url),
                                             request.create, *identity, std::move(connection),
                                             [this, id] { destroy_later(id); });
}

void Host::destroy_later(SessionId id) {
  later([this, id] {
    sessions_.erase(id);
    finish_if_down();
  });
}

void Host::shutdown(std::function<void()> done) {
  shutting_down_ = true;
  on_shut_down_ = std::move(done);
  timeout_ = executor_.after(tuning::kShutdownTimeout, [this] { finish(); });
  rooms_.close([this, alive = std::weak_ptr(alive_)] {
    if (alive.expired()) return;
    rooms_closed_ = true;
    for (const auto& [id, session] : sessions_)
      session->close(transport::kCloseRestart, "shutting down");
    later([this] { finish_if_down(); });
  });
}

void Host::finish_if_down() {
  if (rooms_closed_ && sessions_.empty()) finish();
}

void Host::finish() {
  timeout_.reset();
  if (const auto done = std::exchange(on_shut_down_, nullptr)) done();
}

void Host::later(std::function<void()> task) {
  executor_.post([alive = std::weak_ptr(alive_), task = std::move(task)] {
    if (!alive.expired()) task();
  });
}

}  // namespace syncline::sync
