#include "syncline/client.hpp"

#include <utility>

#include "transport/connector.hpp"

namespace syncline {
namespace {

constexpr std::uint64_t kListPage = 1000;

sync::CreateRequest request_of(const CreateOptions& options) {
  return {.access = options.access,
          .invite = options.invite,
          .durable = options.durable,
          .schema = options.schema};
}

/// Makes a DataObject of a live object.
std::function<void(Result<sync::Syncer::Object>)> handle(
    std::function<void(Result<DataObject>)> done) {
  return [done = std::move(done)](Result<sync::Syncer::Object> object) {
    done(object.ok() ? Result<DataObject>(DataObject(*object))
                     : Result<DataObject>(object.error()));
  };
}

}  // namespace

Client::Client(ClientOptions options)
    : runtime_(std::make_shared<Runtime>(false)),
      refused_(std::make_shared<std::unique_ptr<Error>>()) {
  sync::Syncer::Options syncer{.link = {.url = sync_url(options.hub),
                                        .identity = checked_identity(options.identity),
                                        .token = options.token},
                               .wait_for_host = false,
                               .hooks = std::move(options.hooks)};
  syncer.hooks.on_refused = [refused = refused_, also = std::move(syncer.hooks.on_refused)](
                                const std::string& url, const Error& error) {
    *refused = std::make_unique<Error>(error);
    if (also) also(url, error);
  };
  const Executor::Guard guard = runtime_->executor().enter();
  connector_ = std::make_unique<transport::WebSocketConnector>(
      runtime_->executor(), runtime_->network(), runtime_->random());
  syncer_ = std::make_unique<sync::Syncer>(runtime_->executor(), runtime_->executor(),
                                           runtime_->random(), *connector_, std::move(syncer));
}

Client::~Client() {
  {
    const Executor::Guard guard = runtime_->executor().enter();
    syncer_.reset();
    connector_.reset();
  }
  runtime_->stop();
}

DataObject Client::create(const std::string& url, const Value& initial,
                          const CreateOptions& options) {
  return ask<DataObject>(runtime_,
                         [&](auto done) {
                           syncer_->create(url, initial, request_of(options),
                                           handle(std::move(done)));
                         })
      .get();
}

DataObject Client::create_from(const std::string& url, Bytes state, const CreateOptions& options) {
  return ask<DataObject>(runtime_,
                         [&](auto done) {
                           syncer_->create_from(url, std::move(state), request_of(options),
                                                handle(std::move(done)));
                         })
      .get();
}

DataObject Client::subscribe(const std::string& url) {
  return ask<DataObject>(runtime_,
                         [&](auto done) { syncer_->subscribe(url, handle(std::move(done))); })
      .get();
}

void Client::remove(const std::string& url) {
  ask<Unit>(runtime_, [&](auto done) { syncer_->remove(url, unit(std::move(done))); }).get();
}

void Client::invite(const std::string& url, const std::string& identity) {
  ask<Unit>(runtime_, [&](auto done) {
    syncer_->invite(url, identity, unit(std::move(done)));
  }).get();
}

Value Client::read(const std::string& url, const sync::Place& place) {
  return ask<Value>(runtime_, [&](auto done) { syncer_->read(url, place, std::move(done)); }).get();
}

Value Client::describe(const std::string& url) {
  return ask<Value>(runtime_, [&](auto done) { syncer_->describe(url, std::move(done)); }).get();
}

std::vector<bus::Entry> Client::list(const std::string& glob) {
  std::vector<bus::Entry> all;
  for (;;) {
    const std::string after = all.empty() ? std::string() : all.back().url;
    auto page = ask<std::vector<bus::Entry>>(runtime_, [&](auto done) {
                  syncer_->list(glob, after, kListPage, std::move(done));
                }).get();
    if (page.empty()) return all;
    std::move(page.begin(), page.end(), std::back_inserter(all));
  }
}

void Client::edit(const std::string& url, const sync::Place& place, std::vector<bus::EditOp> ops) {
  ask<Unit>(runtime_, [&](auto done) {
    syncer_->edit(url, place, std::move(ops), unit(std::move(done)));
  }).get();
}

Bytes Client::fetch(const std::string& url) {
  return ask<Bytes>(runtime_, [&](auto done) { syncer_->fetch(url, std::move(done)); }).get();
}

void Client::import(const std::string& url, Bytes update) {
  const DataObject object = subscribe(url);
  refused_->reset();
  {
    const Executor::Guard guard = runtime_->executor().enter();
    syncer_->import(url, std::move(update)).or_throw();
  }
  flush();
  const Executor::Guard guard = runtime_->executor().enter();
  if (*refused_) throw Error(**refused_);
}

void Client::flush() {
  ask<Unit>(runtime_, [&](auto done) { syncer_->flush(unit(std::move(done))); }).get();
}

}  // namespace syncline
