// What a replica with a journal does beyond one in memory: it writes down what happens, begins
// without a room, and asks the program's hook where two histories meet.
#include <algorithm>
#include <iterator>
#include <utility>

#include "base/check.hpp"
#include "base/log.hpp"
#include "bus/address.hpp"
#include "object/conflicts.hpp"
#include "sync/replica.hpp"
#include "sync/trees.hpp"
#include "sync/tuning.hpp"

namespace syncline::sync {
namespace {

/// Whether a room with these clocks has the whole update. Rooms take an update as a whole, so its
/// structs vouch for its deletions.
bool has_all(const crdt::Update& update, const crdt::StateVector& clocks) {
  for (const auto& [client, structs] : update.structs) {
    const crdt::Struct& last = structs.back();
    if (clocks.get(client) < last.id.clock + last.length) return false;
  }
  return !update.structs.empty();
}

/// What the room took before its acknowledgement was lost belongs to the base.
void take_accepted(Kept& kept, const crdt::StateVector& clocks) {
  std::deque<Made> rest;
  for (Made& made : kept.queue) {
    const Result<crdt::Update> update = crdt::decode_update_v1(*made.update);
    if (update.ok() && has_all(*update, clocks)) {
      kept.base.push_back(std::move(made.update));
    } else {
      rest.push_back(std::move(made));
    }
  }
  kept.queue = std::move(rest);
}

}  // namespace

// ---- writing down -------------------------------------------------------------------------------

Facts Replica::facts() const {
  return {.owner = owner_,
          .epoch = epoch_,
          .may_write = may_write_,
          .incarnation = position_ ? position_->incarnation : std::string(),
          .creation = creation_,
          .schema = schema_,
          .followed = phase_ != Phase::kEnded};
}

void Replica::keep(std::vector<JournalEntry> entries) {
  if (journal_) journal_->write(std::move(entries), facts());
}

void Replica::keep_came(const std::vector<bus::Part>& parts) {
  if (!journal_) return;
  std::vector<JournalEntry> entries;
  for (const bus::Part& part : parts)
    entries.emplace_back(
        Came{.position = position_ ? position_->seq : 0, .by = part.by, .update = part.update});
  keep(std::move(entries));
}

/// The first state of a copy takes the place of whatever was kept of an earlier one.
void Replica::keep_everything() {
  if (!journal_) return;
  keep({Reset{.position = position_->seq,
              .state = share(live_->doc().encode_state_as_update_v1())}});
}

/// The queue, as a journal has it.
std::vector<JournalEntry> Replica::queued() const {
  std::vector<JournalEntry> entries;
  std::uint64_t number = settled();
  for (const Outbox::Entry& entry : outbox_.entries())
    entries.emplace_back(
        Made{.number = number += entry.changes, .relayed = entry.relayed, .update = entry.update});
  return entries;
}

void Replica::restore(const Kept& kept) {
  empty_ = false;
  owner_ = kept.facts.owner;
  epoch_ = kept.facts.epoch;
  may_write_ = kept.facts.may_write;
  if (!kept.facts.incarnation.empty())
    position_ = bus::Position{.incarnation = kept.facts.incarnation, .seq = kept.position};
  creation_ = kept.facts.creation;
  if (creation_) learn_rules(creation_->access, "paths");
  use_schema(kept.facts.schema ? *kept.facts.schema : Value());
  first_ = kept.first;
  create_sent_ = true;  // Perhaps: the host tells a repetition from another's object.
  if (live_->doc().has_pending()) want_ = Want::kDiff;
  made_ = kept.made;
  // A number is the newest of the changes in its update: the queue counts as it did before.
  std::uint64_t before = kept.queue.empty() ? 0 : kept.queue.front().number - 1;
  for (const Made& made : kept.queue) {
    const std::uint64_t changes = made.number - std::exchange(before, made.number);
    if (made.relayed) {
      outbox_.push_relayed(made.update, changes);
    } else {
      outbox_.push(made.update, changes);
    }
  }
}

void Replica::recall(std::function<void()> then) {
  journal_->recall([weak = weak_from_this(), attempt = attempt_,
                    then = std::move(then)](Result<Kept> kept) {
    const auto self = weak.lock();
    if (!self || self->attempt_ != attempt || self->phase_ != Phase::kSubscribing) return;
    if (!kept.ok()) {
      log::warning("sync",
                   self->url_ + ": what is kept of it cannot be read: " + kept.error().message());
      self->phase_ = Phase::kDown;
      return self->subscribe_later(self->want_);
    }
    self->before_ = std::move(*kept);
    then();
  });
}

// ---- objects that begin here --------------------------------------------------------------------

void Replica::begin(Creation creation, SharedBytes state, const Value& schema) {
  SYNCLINE_CHECK(journal_, "an object that begins here is kept");
  empty_ = false;
  owner_ = context_->identity();
  creation_ = std::move(creation);
  learn_rules(creation_->access, "paths");
  first_ = std::move(state);
  use_schema(schema);
  // What was kept of an earlier object here goes.
  keep({Reset{.position = 0, .state = share({})}, Began{first_}});
  seek();
}

void Replica::send_create() {
  if (!context_->up() || held_ || phase_ == Phase::kSubscribing || phase_ == Phase::kEnded) return;
  phase_ = Phase::kSubscribing;
  retry_.reset();
  ++attempt_;
  bus::Create create{.url = url_,
                     .nonce = creation_->nonce,
                     .schema = schema_ ? *schema_ : Value(),
                     .access = creation_->access,
                     .state = *first_,
                     .invite = creation_->invite,
                     .durable = creation_->durable};
  context_->request(std::move(create), Repeat::kNo,
                    [weak = weak_from_this(), attempt = attempt_,
                     repeated = std::exchange(create_sent_, true)](Result<Answer> answer) {
                      const auto self = weak.lock();
                      if (!self || self->attempt_ != attempt) return;
                      self->create_answered(std::move(answer), repeated);
                    });
}

void Replica::create_answered(Result<Answer> answer, bool repeated) {
  if (phase_ != Phase::kSubscribing) return;  // The connection broke; on_up() asks again.
  phase_ = Phase::kDown;
  const bus::Created* confirmed = answer.ok() ? std::get_if<bus::Created>(&answer->body) : nullptr;
  if (confirmed != nullptr) {
    created(*confirmed, repeated);
    return context_->on_created(*this);
  }
  const Error why =
      answer.ok() ? Error(Code::kInternal, "no answer to \"create\"") : answer.error();
  switch (why.code()) {
    case Code::kUnavailable:
    case Code::kTooFast:
    case Code::kTimeout:
    case Code::kInternal:
    case Code::kUnauthenticated:
      return subscribe_later(want_);
    case Code::kMalformed:
    case Code::kDenied:
    case Code::kNotFound:
    case Code::kConflict:
    case Code::kGone:
    case Code::kTooLarge:
    case Code::kSchema:
      break;
  }
  if (context_->on_not_created(*this, why)) return forget(why);
  if (why.reason() == "exists") return meet_existing(why);
  hold(why);
  context_->on_refused(*this, why);
}

/// Looks at the object that has this URL already, so that whoever decides can see it.
void Replica::meet_existing(const Error& error) {
  if (!context_->conflict_hook()) {
    hold(error);
    return context_->on_refused(*this, error);
  }
  phase_ = Phase::kSubscribing;
  ++attempt_;
  context_->request(
      bus::Subscribe{.url = url_, .state_vector = crdt::StateVector().encode(), .live = false},
      Repeat::kNo, [weak = weak_from_this(), attempt = attempt_, error](Result<Answer> answer) {
        const auto self = weak.lock();
        if (!self || self->attempt_ != attempt || self->phase_ != Phase::kSubscribing) return;
        self->phase_ = Phase::kDown;
        std::unique_ptr<crdt::Doc> remote;
        if (answer.ok()) {
          if (const auto* subscribed = std::get_if<bus::Subscribed>(&answer->body)) {
            remote = std::make_unique<crdt::Doc>(crdt::DocOptions{});
            for (const bus::Part& part : subscribed->missing)
              if (!remote->apply_update_v1(*part.update).ok()) remote = nullptr;
          }
        }
        self->decide_existing(error, std::move(remote));
      });
}

void Replica::decide_existing(const Error& error, std::unique_ptr<crdt::Doc> remote) {
  Conflict conflict{.cause = Conflict::Cause::kExists, .url = url_, .error = error};
  conflict.local = value_of(live_->doc());
  if (remote) conflict.remote = value_of(*remote);
  const Resolution resolution = ask(conflict);
  std::visit(Cases{[&](const Resolution::Merge&) { join_existing(std::nullopt); },
                   [&](const Resolution::Keep&) { join_existing(conflict.local); },
                   [&](const Resolution::Drop&) { take_existing(); },
                   [&](const Resolution::Use& use) { join_existing(use.value); },
                   [&](const Resolution::Rename& to) {
                     if (const Result<void> renamed = rename(to.url); !renamed.ok()) {
                       log::warning("sync", url_ + " cannot become " + to.url + ": " +
                                                renamed.error().message());
                       hold(error);
                     } else {
                       seek();
                     }
                   },
                   [&](const Resolution::Undecided&) { hold(error); }},
             resolution.choice());
}

/// What was made here becomes an edit of the object that exists.
void Replica::join_existing(std::optional<Value> wanted) {
  std::vector<Bytes> updates{*first_};
  for (const Outbox::Entry& entry : outbox_.entries()) updates.push_back(*entry.update);
  Result<Bytes> merged = crdt::merge_updates_v1(updates);
  SYNCLINE_CHECK(merged.ok(), "an update of our own document cannot be read");
  const SharedBytes all = share(std::move(*merged));
  creation_.reset();
  first_.reset();
  ++made_;
  outbox_.push(all, outbox_.clear() + 1);
  keep({Reset{.position = 0, .state = share({})},
        Made{.number = made_, .relayed = false, .update = all}});
  decided_ = true;
  if (wanted) wanted_ = {{Path(), std::move(wanted)}};
  subscribe(Want::kDiff);
}

/// The object that exists takes the place of what was made here.
void Replica::take_existing() {
  creation_.reset();
  first_.reset();
  outbox_.clear();
  keep({Reset{.position = 0, .state = share({})}});
  rebuild_cause_ = "dropped";
  subscribe(Want::kRebuild);
  settle();
}

Result<void> Replica::rename(const std::string& to) {
  SYNCLINE_TRY_ASSIGN(url, bus::object_url(to));
  if (context_->follows(url))
    return Error(Code::kConflict, "exists", "there is a copy of " + url + " here already");
  std::vector<JournalEntry> entries{Reset{.position = 0, .state = share({})}, Began{first_}};
  std::ranges::move(queued(), std::back_inserter(entries));
  const std::shared_ptr<Journal> journal = context_->journal(url);
  Facts given_up = facts();
  given_up.followed = false;
  given_up.creation.reset();
  Journal::write_both({*journal_, {Reset{.position = 0, .state = share({})}}, std::move(given_up)},
                      {*journal, std::move(entries), facts()});
  journal_ = journal;
  const std::string from = std::exchange(url_, url);
  live_->rename(url);
  context_->on_renamed(*this, from);
  return {};
}

// ---- decisions ----------------------------------------------------------------------------------

Resolution Replica::ask(const Conflict& conflict) const {
  try {
    return context_->conflict_hook()(conflict);
  } catch (const std::exception& thrown) {
    log::error("sync", url_ + ": the conflict hook threw: " + thrown.what());
  } catch (...) {
    log::error("sync", url_ + ": the conflict hook threw something unknown");
  }
  return Resolution::undecided();
}

void Replica::hold(const Error& why) {
  held_ = why;
  phase_ = Phase::kDown;
  retry_.reset();
  leave_channel();
  before_.reset();
  wanted_.clear();
}

void Replica::resume() {
  held_.reset();
  if (phase_ == Phase::kDown) seek();
}

void Replica::drop(std::function<void(Result<void>)> done) {
  if (creation_) {
    forget({Code::kConflict, "dropped", url_ + " was never shared, and is dropped"});
    return done({});
  }
  journal_->recall([weak = weak_from_this(), done = std::move(done)](Result<Kept> kept) {
    const auto self = weak.lock();
    if (!self || !self->context_ || !self->held_)
      return done(Error(Code::kNotFound, "it does not wait for a decision any more"));
    if (!kept.ok()) return done(kept.error());
    const Journal::Batch batch(self->journal_);
    auto base = base_document(*kept, draw_client_id(self->context_->random()));
    self->outbox_.clear();
    self->keep(
        {Reset{.position = kept->position, .state = share(base->encode_state_as_update_v1())}});
    self->live_->replace(std::move(base), "dropped");
    self->settle();
    self->resume();
    done({});
  });
}

bool Replica::weigh(const bus::Subscribed& subscribed, const crdt::StateVector& room) {
  if (!before_ || decided_ || outbox_.empty() || !context_->conflict_hook()) return true;
  Kept kept = std::move(*before_);
  before_.reset();
  take_accepted(kept, room);
  const auto base = base_document(kept, 0);
  const auto remote = base_document(kept, 0);
  for (const bus::Part& part : subscribed.missing)
    if (!remote->apply_update_v1(*part.update).ok()) return true;  // apply() will say so.
  const std::vector<Path> places =
      object::common_places(difference(*base, live_->doc()), difference(*base, *remote));
  wanted_.clear();
  for (const Path& place : places) {
    Conflict conflict{.url = url_, .path = place};
    conflict.base = object::value_at(*tree_of(*base), place);
    conflict.local = object::value_at(*tree_of(live_->doc()), place);
    conflict.remote = object::value_at(*tree_of(*remote), place);
    if (conflict.local == conflict.remote) continue;
    const Resolution resolution = ask(conflict);
    const bool decided = std::visit(Cases{[](const Resolution::Merge&) { return true; },
                                          [&](const Resolution::Keep&) {
                                            wanted_.emplace_back(place, conflict.local);
                                            return true;
                                          },
                                          [&](const Resolution::Drop&) {
                                            wanted_.emplace_back(place, conflict.remote);
                                            return true;
                                          },
                                          [&](const Resolution::Use& use) {
                                            wanted_.emplace_back(place, use.value);
                                            return true;
                                          },
                                          [](const Resolution::Rename&) { return false; },
                                          [](const Resolution::Undecided&) { return false; }},
                                    resolution.choice());
    if (decided) continue;
    hold({Code::kConflict, "undecided",
          url_ + ": what was written here and what others wrote at " +
              (place.empty() ? "the top" : to_pointer(place)) + " waits for a decision"});
    context_->request(bus::Unsubscribe{.channel = subscribed.channel}, Repeat::kNo,
                      [](const Result<Answer>&) {});
    return false;
  }
  decided_ = true;
  return true;
}

/// Where the merge came out otherwise than decided, an edit says so; it leaves with the queue, as
/// one update.
void Replica::put_wanted() {
  decided_ = false;
  const auto wanted = std::exchange(wanted_, {});
  if (wanted.empty()) return;
  try {
    live_->transact([&] {
      for (const auto& [place, value] : wanted)
        live_->write(
            [&](crdt::Tree& tree) { return value ? tree.set(place, *value) : tree.remove(place); });
    });
  } catch (const Error& error) {
    log::warning("sync", url_ + ": a decision could not be carried out: " + error.message());
  }
  outbox_.merge();
}

// ---- the end ------------------------------------------------------------------------------------

void Replica::forget(const Error& why) {
  if (phase_ == Phase::kEnded) return;
  outbox_.clear();
  creation_.reset();
  first_.reset();
  end(why);
}

/// Nothing of the copy stays, but for what was written here and is in no room: that is parked.
void Replica::end_kept(const Error& why) {
  const auto self = shared_from_this();
  phase_ = Phase::kEnded;
  ended_ = why;
  retry_.reset();
  ++attempt_;
  leave_channel();
  const bool unsaved = !outbox_.empty() || creation_;
  creation_.reset();
  outbox_.clear();
  settle();
  if (!unsaved) {
    keep({Reset{.position = 0, .state = share({})}});
    if (context_) context_->on_ended(*this);
    return;
  }
  journal_->recall([self, why](Result<Kept> kept) {
    if (!self->context_) return;  // The next start comes to the same end.
    Changes changes;
    if (kept.ok()) changes = difference(*base_document(*kept, 0), *local_document(*kept, 0));
    const Journal::Batch batch(self->journal_);
    // Unless somebody has subscribed anew meanwhile.
    if (!self->context_->follows(self->url_))
      self->keep({Reset{.position = 0, .state = share({})}});
    if (!changes.empty()) self->park(std::move(changes), why);
  });
  if (context_) context_->on_ended(*this);
}

}  // namespace syncline::sync
