// The public Syncer: the core's, on a real thread or the caller's, with a hub far away or a host of
// its own.
#include "syncline/syncer.hpp"

#include <list>
#include <optional>
#include <utility>

#include "adapters/sqlite/sqlite_storage.hpp"
#include "hub/hub.hpp"
#include "storage/memory.hpp"
#include "sync/loopback_connector.hpp"
#include "sync/syncer.hpp"
#include "syncline/message_trace.hpp"
#include "syncline/runtime.hpp"
#include "transport/connector.hpp"

namespace syncline {
namespace {

/// How long a syncer that ends waits for its last changes to be acknowledged, and its host for
/// everyone to leave.
constexpr Duration kFlushTimeout = std::chrono::seconds(2);
constexpr Duration kStopTimeout = std::chrono::seconds(20);

/// Callbacks with handles, called in order of registration. Thread: the syncer's executor.
template <typename... Arguments>
class Callbacks {
 public:
  using Function = std::function<void(Arguments...)>;

  Handle add(const std::shared_ptr<Runtime>& runtime, Function function) {
    const auto entry = std::make_shared<Function>(std::move(function));
    functions_->push_back(entry);
    return Handle([runtime, weak = std::weak_ptr(functions_), entry] {
      const Executor::Guard guard = runtime->enter();
      *entry = nullptr;
      if (const auto functions = weak.lock()) functions->remove(entry);
    });
  }
  void call(Arguments... arguments) const {
    const auto copy = *functions_;
    for (const auto& function : copy)
      if (*function) (*function)(arguments...);
  }

 private:
  using List = std::list<std::shared_ptr<Function>>;
  std::shared_ptr<List> functions_ = std::make_shared<List>();
};

std::function<void(Result<sync::Syncer::Object>)> handle(
    std::function<void(Result<DataObject>)> done) {
  return [done = std::move(done)](Result<sync::Syncer::Object> object) {
    done(object.ok() ? Result<DataObject>(DataObject(*object))
                     : Result<DataObject>(object.error()));
  };
}

void check(const SyncerOptions& options) {
  if (options.hub.empty()) {
    if (options.on_conflict)
      throw Error(Code::kMalformed,
                  "a syncer that hosts its objects meets no conflicts: give a hub, or no "
                  "on_conflict");
    return;
  }
  if (!options.listen.empty()) {
    throw Error(Code::kMalformed,
                "a syncer either uses a hub or hosts its objects: give hub or listen, not both");
  }
}

/// Waits for an answer that the storage posts, outside of tasks.
template <typename T, typename Start>
T wait_for(Runtime& runtime, Start start) {
  const auto answer = std::make_shared<std::optional<Result<T>>>();
  {
    const Executor::Guard guard = runtime.executor().enter();
    start([answer](Result<T> result) { answer->emplace(std::move(result)); });
  }
  runtime.wait([answer] { return answer->has_value(); }, Duration::max());
  return std::move(**answer).take_or_throw();
}

}  // namespace

class Syncer::Impl {
 public:
  explicit Impl(SyncerOptions options)
      : identity(options.identity.empty() && !options.data.empty()
                     ? std::string()
                     : checked_identity(options.identity)),
        runtime(std::make_shared<Runtime>(options.poll)) {
    try {
      if (!options.data.empty()) open_data(options);
      open(options);
      if (storage && !host)
        wait_for<Unit>(*runtime, [&](auto done) { syncer->when_ready(unit(std::move(done))); });
    } catch (...) {
      tear_down();
      throw;
    }
  }

  ~Impl() { stop(); }

  std::string identity;
  const std::shared_ptr<Runtime> runtime;
  Callbacks<const InvitationNotice&> invitations;
  Callbacks<const std::string&, const Error&> refusals;
  Callbacks<const std::string&, const Error&> violations;
  MessageTrace trace;
  std::unique_ptr<storage::Storage> storage;
  std::unique_ptr<sync::Host> host;
  std::unique_ptr<hub::Hub> hub;
  std::unique_ptr<transport::Connector> connector;
  std::unique_ptr<sync::Syncer> syncer;

 private:
  void open_data(const SyncerOptions& options);
  void open(const SyncerOptions& options);
  void host_objects(const SyncerOptions& options);
  void stop();
  void tear_down();
};

void Syncer::Impl::open_data(const SyncerOptions& options) {
  {
    const Executor::Guard guard = runtime->executor().enter();
    storage =
        adapters::SqliteStorage::open_file(options.data, runtime->executor(), {}).take_or_throw();
  }
  const bool hosts = options.hub.empty();
  std::optional<std::string> known;
  try {
    known = wait_for<std::optional<std::string>>(
        *runtime, [&](auto done) { sync::read_identity(*storage, std::move(done)); });
  } catch (const Error& error) {
    if (!hosts || error.reason() != "other_use") throw;
  }
  if (hosts && known)
    throw Error(Code::kConflict, "other_use",
                options.data + " holds what " + *known +
                    " shares through a hub: give that hub, or choose another file");
  if (identity.empty()) identity = checked_identity(known.value_or(std::string()));
}

void Syncer::Impl::open(const SyncerOptions& options) {
  const Executor::Guard guard = runtime->executor().enter();
  std::string url = "loopback:";
  if (options.hub.empty()) {
    host_objects(options);
    connector = std::make_unique<sync::LoopbackConnector>(runtime->executor(), *host);
  } else {
    url = sync_url(options.hub);
    connector = std::make_unique<transport::WebSocketConnector>(
        runtime->executor(), runtime->network(), runtime->random());
    // Deciding about conflicts takes knowing what was there before.
    if (!storage && options.on_conflict)
      storage = std::make_unique<storage::MemoryStorage>(runtime->executor());
  }
  sync::SyncerHooks hooks;
  hooks.on_invitation = [this](const bus::Invitation& invitation) {
    invitations.call({.url = invitation.url, .from = invitation.from});
  };
  hooks.on_refused = [this](const std::string& object, const Error& error) {
    refusals.call(object, error);
  };
  hooks.on_violation = [this](const std::string& object, const Error& error) {
    violations.call(object, error);
  };
  hooks.on_message = [this](bool sent, std::string_view message, const std::string& object) {
    if (trace) trace(sent, message, object);
  };
  syncer = std::make_unique<sync::Syncer>(
      runtime->executor(), runtime->executor(), runtime->random(), *connector,
      sync::Syncer::Options{.link = {.url = url, .identity = identity, .token = options.token},
                            .wait_for_host = true,
                            .hooks = std::move(hooks),
                            .storage = host ? nullptr : storage.get(),
                            .on_conflict = options.on_conflict});
}

void Syncer::Impl::host_objects(const SyncerOptions& options) {
  adapters::AsioExecutor& executor = runtime->executor();
  if (!storage) storage = std::make_unique<storage::MemoryStorage>(executor);
  host = std::make_unique<sync::Host>(executor, executor, runtime->random(), *storage);
  if (options.listen.empty()) return;
  hub = std::make_unique<hub::Hub>(executor, runtime->network(), *host,
                                   hub::HubOptions{.listen = options.listen});
  hub->start().or_throw();
}

void Syncer::Impl::stop() {
  const auto flushed = std::make_shared<bool>(false);
  {
    const Executor::Guard guard = runtime->executor().enter();
    // What is kept need not wait for a host that is not there.
    if (storage && !host && !syncer->connected()) *flushed = true;
    syncer->flush([flushed](Result<void>) { *flushed = true; });
  }
  runtime->wait([flushed] { return *flushed; }, kFlushTimeout);
  const auto stopped = std::make_shared<bool>(host == nullptr);
  {
    const Executor::Guard guard = runtime->executor().enter();
    syncer.reset();
    const auto done = [stopped] { *stopped = true; };
    if (hub) {
      hub->shutdown(done);
    } else if (host) {
      host->shutdown(done);
    }
  }
  runtime->wait([stopped] { return *stopped; }, kStopTimeout);
  tear_down();
}

void Syncer::Impl::tear_down() {
  {
    const Executor::Guard guard = runtime->executor().enter();
    syncer.reset();
    connector.reset();
    hub.reset();
    host.reset();
    storage.reset();
  }
  runtime->stop();
}

Syncer::Syncer(SyncerOptions options) {
  check(options);
  impl_ = std::make_shared<Impl>(std::move(options));
}

Syncer::~Syncer() = default;

const std::string& Syncer::identity() const { return impl_->identity; }

std::string Syncer::address() const {
  const Executor::Guard guard = impl_->runtime->enter();
  return impl_->hub ? "ws://" + impl_->hub->address() : std::string();
}

bool Syncer::connected() const {
  const Executor::Guard guard = impl_->runtime->enter();
  return impl_->syncer->connected();
}

Pending<DataObject> Syncer::create(const std::string& url, const Value& initial,
                                   CreateOptions options) {
  return ask<DataObject>(impl_->runtime, [&](auto done) {
    impl_->syncer->create(url, initial,
                          {.access = std::move(options.access),
                           .invite = std::move(options.invite),
                           .durable = options.durable,
                           .schema = std::move(options.schema)},
                          handle(std::move(done)));
  });
}

Pending<DataObject> Syncer::subscribe(const std::string& url) {
  return ask<DataObject>(
      impl_->runtime, [&](auto done) { impl_->syncer->subscribe(url, handle(std::move(done))); });
}

Pending<Unit> Syncer::unsubscribe(const std::string& url) {
  return ask<Unit>(impl_->runtime,
                   [&](auto done) { impl_->syncer->unsubscribe(url, unit(std::move(done))); });
}

Pending<Unit> Syncer::remove(const std::string& url) {
  return ask<Unit>(impl_->runtime,
                   [&](auto done) { impl_->syncer->remove(url, unit(std::move(done))); });
}

Pending<Unit> Syncer::invite(const std::string& url, const std::string& identity) {
  return ask<Unit>(impl_->runtime,
                   [&](auto done) { impl_->syncer->invite(url, identity, unit(std::move(done))); });
}

Pending<Unit> Syncer::set_access(const std::string& url, Value access, std::uint64_t if_epoch) {
  return ask<Unit>(impl_->runtime, [&](auto done) {
    impl_->syncer->set_access(url, std::move(access), if_epoch, unit(std::move(done)));
  });
}

Pending<Unit> Syncer::flush() {
  return ask<Unit>(impl_->runtime, [&](auto done) { impl_->syncer->flush(unit(std::move(done))); });
}

Pending<Unit> Syncer::save() {
  return ask<Unit>(impl_->runtime, [&](auto done) { impl_->syncer->save(unit(std::move(done))); });
}

Pending<std::vector<std::string>> Syncer::objects() {
  return ask<std::vector<std::string>>(impl_->runtime, [&](auto done) {
    impl_->syncer->when_ready([syncer = impl_->syncer.get(), done](const Result<void>& ready) {
      done(ready.ok() ? Result<std::vector<std::string>>(syncer->urls())
                      : Result<std::vector<std::string>>(ready.error()));
    });
  });
}

std::vector<Parked> Syncer::parked() const {
  const Executor::Guard guard = impl_->runtime->enter();
  return impl_->syncer->parked();
}

Pending<Unit> Syncer::resume(const Parked& parked) {
  return ask<Unit>(impl_->runtime, [&](auto done) {
    impl_->syncer->resume(parked.url, parked.id, unit(std::move(done)));
  });
}

Pending<Unit> Syncer::drop(const Parked& parked) {
  return ask<Unit>(impl_->runtime, [&](auto done) {
    impl_->syncer->drop(parked.url, parked.id, unit(std::move(done)));
  });
}

Handle Syncer::on_invitation(std::function<void(const InvitationNotice&)> callback) {
  const Executor::Guard guard = impl_->runtime->enter();
  return impl_->invitations.add(impl_->runtime, std::move(callback));
}

Handle Syncer::on_refused(std::function<void(const std::string& url, const Error&)> callback) {
  const Executor::Guard guard = impl_->runtime->enter();
  return impl_->refusals.add(impl_->runtime, std::move(callback));
}

Handle Syncer::on_violation(std::function<void(const std::string& url, const Error&)> callback) {
  const Executor::Guard guard = impl_->runtime->enter();
  return impl_->violations.add(impl_->runtime, std::move(callback));
}

void Syncer::poll() { impl_->runtime->poll(); }

void trace_messages(Syncer& syncer, MessageTrace trace) {
  Syncer::Impl& impl = *syncer.impl_;
  const Executor::Guard guard = impl.runtime->enter();
  impl.trace = std::move(trace);
}

}  // namespace syncline
