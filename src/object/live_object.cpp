// Transactions of a data object: who may write, what is sent, what observers hear.
#include "object/live_object.hpp"

#include <algorithm>
#include <exception>
#include <optional>
#include <utility>
#include <vector>

#include "base/check.hpp"
#include "base/log.hpp"
#include "crdt/inspect.hpp"
#include "object/net_changes.hpp"

namespace syncline::object {
namespace {

Change::Type type_of(crdt::TreeEdit::Kind kind) {
  switch (kind) {
    case crdt::TreeEdit::Kind::kAdd:
      return Change::Type::kAdd;
    case crdt::TreeEdit::Kind::kUpdate:
      return Change::Type::kUpdate;
    case crdt::TreeEdit::Kind::kDelete:
      return Change::Type::kDelete;
    case crdt::TreeEdit::Kind::kSplice:
      return Change::Type::kSplice;
  }
  return Change::Type::kUpdate;
}

}  // namespace

LiveObject::LiveObject(std::string url, std::string identity, std::unique_ptr<crdt::Doc> doc,
                       Executor* executor, LiveObjectEvents* events)
    : urls_{std::move(url)},
      url_(&urls_.back()),
      identity_(std::move(identity)),
      executor_(executor),
      events_(events),
      delivery_(this->url().empty() ? "a local object" : this->url()) {
  adopt(std::move(doc));
}

LiveObject::~LiveObject() = default;

Executor::Guard LiveObject::enter() const {
  Executor* const executor = executor_.load(std::memory_order_acquire);
  return executor != nullptr ? executor->enter() : nullptr;
}

void LiveObject::rename(std::string url) {
  const Executor::Guard guard = enter();
  urls_.push_back(std::move(url));
  url_.store(&urls_.back(), std::memory_order_release);
}

void LiveObject::set_events(LiveObjectEvents* events) {
  events_ = events;
  if (events == nullptr) executor_.store(nullptr, std::memory_order_release);
  listen();
}

/// Puts a document in place, with the listeners that belong to it. Returns the one before.
std::unique_ptr<crdt::Doc> LiveObject::adopt(std::unique_ptr<crdt::Doc> doc) {
  crdt::SharedType* const root = doc->root(kDataRoot, crdt::TypeKind::kMap).take_or_throw();
  updates_.reset();
  remote_changes_.reset();
  doc_.swap(doc);
  root_ = root;
  tree_ = std::make_unique<crdt::Tree>(*root_);
  authors_.clear();
  listen();
  watch_remote_changes();
  if (guard_) guard_->watch(*doc_);
  return doc;
}

/// Encoding an update costs, so it is asked for only where somebody sends it.
void LiveObject::listen() {
  updates_.reset();
  if (events_ == nullptr && !guard_) return;
  updates_ = doc_->on_update([this](const Bytes& update, crdt::Transaction&) {
    if (phase_ == Phase::kLocal) made_ = share(update);
  });
}

/// As with updates: events are made only for those who hear of them.
void LiveObject::watch_remote_changes() {
  if (!delivery_.wanted()) {
    remote_changes_.reset();
    return;
  }
  if (remote_changes_) return;
  remote_changes_ =
      root_->observe_deep([this](std::span<const crdt::Event> events, crdt::Transaction&) {
        if (phase_ != Phase::kRemote) return;
        for (Change& change : remote_changes(events)) delivery_.record(std::move(change));
      });
}

Changes LiveObject::remote_changes(std::span<const crdt::Event> events) const {
  Changes changes = net_changes(events, authors_);
  if (only_author_ != nullptr && !only_author_->empty())
    for (Change& change : changes) change.by = *only_author_;
  return changes;
}

void LiveObject::watch_root(OtherRoot& watched) {
  crdt::SharedType* const root = doc_->root(watched.name, watched.kind).take_or_throw();
  watched.watching =
      root->observe_deep([this, &watched](std::span<const crdt::Event> events, crdt::Transaction&) {
        if (phase_ == Phase::kRemote) watched.observer(remote_changes(events));
      });
}

// ---- local changes -----------------------------------------------------------------------------

Result<void> LiveObject::ask_to_write() const {
  if (events_ != nullptr) return events_->may_write();
  if (url().empty()) return {};
  return Error(Code::kUnavailable, url() +
                                       " can be read but not written: its syncer is gone, or has "
                                       "unsubscribed; subscribe again");
}

void LiveObject::transact(const std::function<void()>& body) {
  const Executor::Guard guard = enter();
  const auto self = shared_from_this();
  if (in_transaction()) {
    body();
    return;
  }
  SYNCLINE_CHECK(phase_ == Phase::kIdle, "a local change while a remote one is applied");
  phase_ = Phase::kLocal;
  allowed_ = false;
  std::exception_ptr thrown;
  try {
    doc_->transact([&](crdt::Transaction&) { body(); });
  } catch (...) {
    thrown = std::current_exception();
  }
  phase_ = Phase::kIdle;
  if (const std::optional<Error> violation = undo_violation(); violation && !thrown)
    thrown = std::make_exception_ptr(*violation);
  delivery_.close();
  if (SharedBytes made = std::exchange(made_, nullptr); made != nullptr && events_ != nullptr)
    events_->on_local_update(std::move(made));
  delivery_.deliver();
  if (thrown) std::rethrow_exception(thrown);
}

void LiveObject::write(const std::function<Result<void>(crdt::Tree&)>& edit) {
  transact([&] {
    if (!allowed_) {
      ask_to_write().or_throw();
      since_ = {doc_->client(), crdt::clock_of(*doc_, doc_->client())};
    }
    allowed_ = true;
    crdt::Tree::Gate gate;
    if (events_ != nullptr && events_->judges_places())
      gate = [this](const crdt::TreeTouch& touch) { return events_->may_edit(touch, since_); };
    // Records cost a copy of what was and what is: nobody makes them for nobody.
    crdt::Tree tree(*root_,
                    delivery_.wanted() ? [this](crdt::TreeEdit made) { record(std::move(made)); }
                                       : crdt::Tree::Sink(),
                    std::move(gate));
    edit(tree).or_throw();
  });
}

void LiveObject::record(crdt::TreeEdit edit) {
  Change change;
  change.type = type_of(edit.kind);
  change.path = std::move(edit.path);
  change.old_value = std::move(edit.old_value);
  change.new_value = std::move(edit.new_value);
  change.index = edit.index;
  change.removed = std::move(edit.removed);
  change.inserted = std::move(edit.inserted);
  if (!identity_.empty()) change.by = identity_;
  change.local = true;
  delivery_.record(std::move(change));
}

// ---- remote changes ----------------------------------------------------------------------------

Result<bool> LiveObject::apply_remote(std::span<const RemotePart> parts) {
  const Executor::Guard guard = enter();
  const auto self = shared_from_this();
  SYNCLINE_CHECK(phase_ == Phase::kIdle, "a remote change inside a local transaction");
  std::vector<crdt::Update> updates;
  std::optional<Error> bad;
  for (const RemotePart& part : parts) {
    Result<crdt::Update> update = crdt::decode_update_v1(part.update);
    if (!update.ok()) {
      bad = update.error();
      break;
    }
    updates.push_back(*std::move(update));
  }
  const std::span<const RemotePart> good = parts.first(updates.size());
  // Mostly one author wrote it all, and nothing has to be looked up.
  const bool one_author =
      !doc_->has_pending() &&
      std::ranges::all_of(good, [&](const RemotePart& part) { return part.by == good.front().by; });
  if (one_author && !good.empty()) {
    only_author_ = &good.front().by;
  } else {
    for (std::size_t i = 0; i < good.size(); ++i) authors_.add(good[i].by, updates[i]);
  }
  phase_ = Phase::kRemote;
  doc_->transact([&](crdt::Transaction&) {
    for (crdt::Update& update : updates) doc_->apply(std::move(update));
  });
  phase_ = Phase::kIdle;
  only_author_ = nullptr;
  report_violation(good);
  const bool pending = doc_->has_pending();
  remember(pending ? good : std::span<const RemotePart>(), one_author);
  delivery_.close();
  delivery_.deliver();
  if (bad) return *bad;
  return pending;
}

/// Keeps the authors of what waits for a missing update, until it is here.
void LiveObject::remember(std::span<const RemotePart> waiting, bool unknown_yet) {
  if (waiting.empty()) authors_.clear();
  if (unknown_yet)
    for (const RemotePart& part : waiting)
      if (const auto update = crdt::decode_update_v1(part.update); update.ok())
        authors_.add(part.by, *update);
  authors_.trim();
}

void LiveObject::replace(std::unique_ptr<crdt::Doc> doc, const std::string& cause) {
  const Executor::Guard guard = enter();
  const auto self = shared_from_this();
  SYNCLINE_CHECK(phase_ == Phase::kIdle, "another document inside a local transaction");
  crdt::SharedType& before = *root_;
  std::vector<Value> before_elsewhere;
  for (OtherRoot& watched : other_roots_) {
    watched.watching.reset();
    before_elsewhere.push_back(doc_->find_root(watched.name)->to_json());
  }
  const std::unique_ptr<crdt::Doc> old = adopt(std::move(doc));
  watch_other_roots_again(before_elsewhere, cause);
  if (delivery_.wanted()) {
    for (Change& change : difference(before, *root_)) {
      change.cause = cause;
      delivery_.record(std::move(change));
    }
  }
  delivery_.close();
  delivery_.deliver();
}

/// Another document is in place: its other roots are watched from here on. What changed in one is
/// told as a whole.
void LiveObject::watch_other_roots_again(const std::vector<Value>& before,
                                         const std::string& cause) {
  std::size_t i = 0;
  for (OtherRoot& watched : other_roots_) {
    watch_root(watched);
    Change change{.old_value = before[i++], .cause = cause};
    change.new_value = doc_->find_root(watched.name)->to_json();
    if (*change.old_value != *change.new_value) watched.observer({std::move(change)});
  }
}

// ---- the schema --------------------------------------------------------------------------------

void LiveObject::set_schema(std::optional<schema::Schema> schema) {
  const Executor::Guard guard = enter();
  SYNCLINE_CHECK(!in_transaction(), "another schema inside a transaction");
  guard_ = schema ? std::make_unique<SchemaGuard>(*std::move(schema)) : nullptr;
  if (guard_) guard_->watch(*doc_);
  listen();
}

Value LiveObject::schema() const {
  const Executor::Guard guard = enter();
  return guard_ ? guard_->schema().source() : Value();
}

Result<void> LiveObject::check_schema(const Value& tree) const {
  return guard_ ? check(guard_->schema(), tree, url()) : Result<void>();
}

/// A local transaction that breaks the schema leaves no trace: nobody has heard of it yet.
std::optional<Error> LiveObject::undo_violation() {
  if (!guard_) return std::nullopt;
  const std::optional<schema::Violation> violation = guard_->violation();
  if (!violation) {
    if (made_ != nullptr) guard_->keep(made_);
    return std::nullopt;
  }
  made_ = nullptr;
  delivery_.discard();
  for (OtherRoot& watched : other_roots_) watched.watching.reset();
  adopt(guard_->restored(doc_->client()));
  for (OtherRoot& watched : other_roots_) watch_root(watched);
  return violation->error(url());
}

/// Others' changes were judged by the room; what is wrong with them here is told, not refused.
void LiveObject::report_violation(std::span<const RemotePart> parts) {
  if (!guard_) return;
  for (const RemotePart& part : parts)
    guard_->keep(share(Bytes(part.update.begin(), part.update.end())));
  const std::optional<schema::Violation> violation = guard_->violation();
  if (!violation) return;
  const Error error = violation->error(url());
  log::warning("object", "what others wrote breaks the schema: " + error.message());
  if (events_ != nullptr) events_->on_violation(error);
}

// ---- observers and facts -----------------------------------------------------------------------

Handle LiveObject::observe(std::function<void(const Changes&)> observer) {
  const Executor::Guard guard = enter();
  auto added = delivery_.add(std::move(observer));
  watch_remote_changes();
  return Handle([weak = weak_from_this(), added = std::move(added)] {
    const auto self = weak.lock();
    if (self == nullptr) return;
    const Executor::Guard inside = self->enter();
    self->delivery_.end(added);
    self->watch_remote_changes();
  });
}

Handle LiveObject::observe_root(const std::string& root, crdt::TypeKind kind,
                                std::function<void(const Changes&)> observer) {
  const Executor::Guard guard = enter();
  doc_->root(root, kind).take_or_throw();
  const auto watched = other_roots_.insert(other_roots_.end(), {root, kind, std::move(observer)});
  watch_root(*watched);
  return Handle([weak = weak_from_this(), watched] {
    const auto self = weak.lock();
    if (self == nullptr) return;
    const Executor::Guard inside = self->enter();
    self->other_roots_.erase(watched);
  });
}

bool LiveObject::may_write() const {
  const Executor::Guard guard = enter();
  return ask_to_write().ok();
}

std::string LiveObject::owner() const {
  const Executor::Guard guard = enter();
  return events_ != nullptr ? events_->owner() : std::string();
}

std::size_t LiveObject::unacknowledged() const {
  const Executor::Guard guard = enter();
  return events_ != nullptr ? events_->unacknowledged() : 0;
}

}  // namespace syncline::object
