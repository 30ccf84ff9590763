// The part of a syncer that deals with its data file: opening it, objects that begin there, parked
// edits.
#include <utility>

#include "base/log.hpp"
#include "bus/address.hpp"
#include "sync/syncer.hpp"
#include "sync/tuning.hpp"

namespace syncline::sync {

void Syncer::open_store() {
  store_ = std::make_unique<ReplicaStore>(
      JournalPorts{.executor = executor_, .clock = clock_, .storage = *options_.storage});
  store_->open(identity_, [this, alive = std::weak_ptr(alive_)](auto objects) {
    if (!alive.expired()) opened(std::move(objects));
  });
}

void Syncer::opened(Result<ReplicaStore::Objects> objects) {
  if (objects.ok()) {
    ready_ = Result<void>();
    for (auto& [url, kept] : *objects) {
      if (!kept.parked.empty()) parked_[url] = kept.parked;
      if (!kept.facts.followed) continue;
      // Whatever was made before keeps its client ids; what is made from here on has a new one.
      const auto replica = std::make_shared<Replica>(
          context(), url, local_document(kept, draw_client_id(random_)), store_->journal(url));
      replica->restore(kept);
      replicas_[url] = replica;
    }
    link_.start();
  } else {
    ready_ = Result<void>(objects.error());
    final_ = objects.error();
  }
  for (const Done<void>& waiting : std::exchange(waiting_, {})) waiting(*ready_);
}

void Syncer::when_ready(Done<void> done) {
  if (!ready_) {
    waiting_.push_back(std::move(done));
  } else {
    later([done = std::move(done), ready = *ready_] { done(ready); });
  }
}

// ---- objects that begin here --------------------------------------------------------------------

void Syncer::create_kept(const std::string& url, std::unique_ptr<crdt::Doc> doc, bus::Create create,
                         Done<Object> done) {
  // Done is copyable, so what it holds is shared.
  const auto held = std::make_shared<std::unique_ptr<crdt::Doc>>(std::move(doc));
  when_ready([this, url, held, create = std::move(create),
              done = std::move(done)](const Result<void>& ready) {
    if (!ready.ok()) return done(ready.error());
    if (const auto known = replica(url))
      return done(Error(Code::kConflict, "exists", "there is a copy of " + url + " here already"));
    const auto made =
        std::make_shared<Replica>(context(), url, std::move(*held), store_->journal(url));
    replicas_[url] = made;
    Creating& creating = creating_[url];
    creating.done = done;
    creating.timeout = executor_.after(tuning::kCreateOnline, [this, url] { create_offline(url); });
    made->begin({.nonce = create.nonce,
                 .access = create.access,
                 .invite = create.invite,
                 .durable = create.durable},
                share(create.state), create.schema);
    if (!link_.up() && link_.tried()) create_offline(url);
  });
}

void Syncer::create_offline(const std::string& url) {
  auto found = creating_.extract(url);
  if (found.empty()) return;
  const auto known = replica(url);
  store_->saved([creating = std::move(found.mapped().done),
                 subscribing = std::move(found.mapped().subscribing),
                 live = known ? known->live() : nullptr](const Result<void>& saved) {
    Result<Object> object = live;
    if (!live) object = Error(Code::kUnavailable, "the object ended before it began");
    if (!saved.ok()) object = saved.error();
    creating(object);
    for (const Done<Object>& done : subscribing) done(object);
  });
}

void Syncer::on_created(Replica& replica) {
  auto found = creating_.extract(replica.url());
  if (found.empty()) return;
  later([creating = std::move(found.mapped().done),
         subscribing = std::move(found.mapped().subscribing), live = replica.live()] {
    creating(live);
    for (const Done<Object>& done : subscribing) done(live);
  });
}

bool Syncer::on_not_created(Replica& replica, const Error& error) {
  auto found = creating_.extract(replica.url());
  if (found.empty()) return false;
  later([this, url = replica.url(), creating = std::move(found.mapped().done),
         subscribing = std::move(found.mapped().subscribing), error] {
    creating(error);
    for (const Done<Object>& done : subscribing) subscribe(url, done);
  });
  return true;
}

void Syncer::on_renamed(Replica& replica, const std::string& from) {
  replicas_[replica.url()] = replica.shared_from_this();
  replicas_.erase(from);
  log::info("sync", from + " is " + replica.url() + " from here on");
}

std::shared_ptr<Journal> Syncer::journal(const std::string& url) { return store_->journal(url); }

// ---- what waits for a decision ------------------------------------------------------------------

void Syncer::on_parked(const std::string& url, ParkedEdit parked) {
  const std::uint64_t id = parked.id;
  parked_[url].insert_or_assign(id, std::move(parked));
}

std::vector<Parked> Syncer::parked() const {
  std::vector<Parked> all;
  for (const auto& [url, replica] : replicas_)
    if (replica->held()) all.push_back({.url = url, .id = 0, .why = *replica->held()});
  for (const auto& [url, edits] : parked_)
    for (const auto& [id, edit] : edits)
      all.push_back({.url = url,
                     .id = id,
                     .why = edit.why,
                     .time_ms = edit.time_ms,
                     .changes = edit.changes});
  return all;
}

void Syncer::resume(const std::string& url, std::uint64_t id, Done<void> done) {
  later([this, url, id, done = std::move(done)] {
    const Result<std::string> canonical = bus::object_url(url);
    if (!canonical.ok()) return done(canonical.error());
    const auto known = replica(*canonical);
    if (!known) return done(Error(Code::kNotFound, url + " is not subscribed here"));
    if (id == 0) {
      known->resume();
      return done({});
    }
    const auto edits = parked_.find(*canonical);
    if (edits == parked_.end() || !edits->second.contains(id))
      return done(Error(Code::kNotFound, url + " has no parked edit " + std::to_string(id)));
    const ParkedEdit edit = edits->second.at(id);
    const Result<void> remade = known->remake(edit);
    if (remade.ok()) edits->second.erase(id);
    done(remade);
  });
}

void Syncer::drop(const std::string& url, std::uint64_t id, Done<void> done) {
  later([this, url, id, done = std::move(done)] {
    const Result<std::string> canonical = bus::object_url(url);
    if (!canonical.ok()) return done(canonical.error());
    if (id == 0) {
      const auto known = replica(*canonical);
      if (!known || !known->held())
        return done(Error(Code::kNotFound, url + " does not wait for a decision"));
      return known->drop(done);
    }
    const auto edits = parked_.find(*canonical);
    if (edits == parked_.end() || edits->second.erase(id) == 0)
      return done(Error(Code::kNotFound, url + " has no parked edit " + std::to_string(id)));
    store_->journal(*canonical)->write({Released{id}});
    done({});
  });
}

void Syncer::save(Done<void> done) {
  when_ready([this, done = std::move(done)](const Result<void>& ready) {
    if (!ready.ok()) return done(ready.error());
    if (!store_) return done({});
    store_->saved(done);
  });
}

}  // namespace syncline::sync
