// How a replica starts anew from its room's state, after a refusal or where the two are out of
// step: what is queued and was not refused is replayed on it, under the ids it was made with.
//
// A refusal is of two kinds. The room took what an update may do and left the places of the rest
// empty: then nothing is missing below what was made later, and the client id goes on. Or it took
// nothing of an update: those ids stay unused for ever, what was made later cannot be replayed, and
// what comes next has a new client id. With a journal, what cannot be replayed is not lost: it is
// decided about, made anew by value, or parked.
#include <algorithm>
#include <iterator>
#include <utility>

#include "base/check.hpp"
#include "base/log.hpp"
#include "object/conflicts.hpp"
#include "room/tuning.hpp"
#include "sync/replica.hpp"
#include "sync/trees.hpp"

namespace syncline::sync {
namespace {

/// Refusals that are not about what was written: under another client id it may be fine.
bool is_mechanical(const Error& why) {
  return why.reason() == "client_id_taken" || why.reason() == "gap" || why.reason() == "rebuilt";
}

/// Whether a place as refusals name it (a JSON pointer; "*" is any element) is on the way to
/// `path`, or below it.
bool concerns(const std::string& place, const Path& path) {
  if (!place.empty() && place.front() != '/') return false;  // In another root.
  const std::vector<std::string> steps = parse_pointer(place);
  for (std::size_t i = 0; i < std::min(steps.size(), path.size()); ++i) {
    const auto* key = std::get_if<std::string>(&path[i]);
    if (steps[i] != "*" && (key == nullptr || *key != steps[i])) return false;
  }
  return true;
}

/// Whether the change, one of an update that the room refused at `places`, is not in its state.
bool is_missing(const Change& change, const std::vector<std::string>& places,
                crdt::SharedType& room) {
  const bool all_named = !places.empty() && places.size() < room::kRefusedPaths;
  const auto here = [&](const std::string& place) { return concerns(place, change.path); };
  if (all_named && std::ranges::none_of(places, here)) return false;
  if (change.type == Change::Type::kSplice || change.type == Change::Type::kFormat) return true;
  return object::value_at(room, change.path) != change.new_value;
}

void take(crdt::Doc& doc, const Outbox::Entry& entry) {
  SYNCLINE_CHECK(doc.apply_update_v1(*entry.update).ok(),
                 "an update of our own document cannot be read");
}

/// What the room had before the queue came. By now it may have told us to delete refused parts of
/// it, and what was never seen cannot be missed: such deletions are left out.
std::unique_ptr<crdt::Doc> base_before(const Kept& kept, const std::deque<Outbox::Entry>& queue) {
  crdt::IdSet queued;
  for (const Outbox::Entry& entry : queue) {
    const Result<crdt::Update> update = crdt::decode_update_v1(*entry.update);
    SYNCLINE_CHECK(update.ok(), "an update of our own document cannot be read");
    for (const auto& [client, structs] : update->structs)
      for (const crdt::Struct& one : structs)
        if (one.is_item()) queued.add(client, one.id.clock, one.length);
  }
  auto doc = std::make_unique<crdt::Doc>(crdt::DocOptions{.client = 0});
  for (const SharedBytes& bytes : kept.base) {
    Result<crdt::Update> update = crdt::decode_update_v1(*bytes);
    SYNCLINE_CHECK(update.ok(), "an update that was kept cannot be read");
    for (const auto& [client, ranges] : queued.ranges())
      for (const crdt::IdSet::Range& range : ranges)
        update->deletes.remove(client, range.clock, range.length);
    doc->apply(*std::move(update));
  }
  return doc;
}

}  // namespace

/// What is to take the place of what is here.
struct Replica::Rebuilt {
  std::unique_ptr<crdt::Doc> doc;
  /// What the room has; only for a journal.
  SharedBytes room;
  std::vector<Outbox::Entry> replayed;
  /// The queue as it was, and which of its entries could not be replayed.
  std::deque<Outbox::Entry> queue;
  std::vector<bool> lost;
  std::uint64_t lost_changes = 0;
};

Result<void> Replica::rebuild(const bus::Subscribed& subscribed) {
  Rebuilt rebuilt{.doc = std::make_unique<crdt::Doc>(crdt::DocOptions{
                      .client = draw_client_id(context_->random()), .cleanup = false})};
  for (const bus::Part& part : subscribed.missing) {
    SYNCLINE_TRY_ASSIGN(applied, rebuilt.doc->apply_update_v1(*part.update));
    if (applied.pending) return Error(Code::kMalformed, "the room's state is incomplete");
  }
  if (journal_) rebuilt.room = share(rebuilt.doc->encode_state_as_update_v1());
  const Error why = std::exchange(refused_, std::nullopt)
                        .value_or(Error(Code::kConflict, "rebuilt",
                                        "this copy of " + url_ + " had to be made anew"));
  rebuilt.queue = outbox_.take();
  // The state of an older incarnation is never merged into a newer one.
  replay(rebuilt, position_ && position_->incarnation == subscribed.position.incarnation);
  const crdt::Doc& here = live_->doc();
  const bool used_up =
      rebuilt.doc->state_vector().get(here.client()) == here.state_vector().get(here.client());
  if (foresight_)
    authors_.record(here.client(), 0, here.state_vector().get(here.client()), context_->identity());
  if (used_up && why.reason() != "client_id_taken") rebuilt.doc->continue_client(here);
  want_ = Want::kResume;
  position_ = subscribed.position;
  if (journal_) {
    put_in_place_kept(std::move(rebuilt), why);
  } else {
    put_in_place(std::move(rebuilt), why);
  }
  return {};
}

/// An update is replayed as it is, where the state has what it depends on.
void Replica::replay(Rebuilt& rebuilt, bool same_history) {
  for (Outbox::Entry& entry : rebuilt.queue) {
    const Result<crdt::Update> update = crdt::decode_update_v1(*entry.update);
    SYNCLINE_CHECK(update.ok(), "an update of our own document cannot be read");
    if (!same_history) entry.refused = true;
    const bool lost = entry.refused || !rebuilt.doc->unmet(*update).empty();
    rebuilt.lost.push_back(lost);
    if (lost) {
      rebuilt.lost_changes += entry.changes;
      continue;
    }
    take(*rebuilt.doc, entry);
    rebuilt.replayed.push_back(entry);
  }
}

void Replica::requeue(const std::vector<Outbox::Entry>& entries) {
  for (const Outbox::Entry& entry : entries) {
    if (entry.relayed) {
      outbox_.push_relayed(entry.update, entry.changes);
    } else {
      outbox_.push(entry.update, entry.changes);
    }
  }
}

void Replica::put_in_place(Rebuilt rebuilt, const Error& why) {
  requeue(rebuilt.replayed);
  live_->replace(std::move(rebuilt.doc), std::exchange(rebuild_cause_, {}));
  if (rebuilt.lost_changes > 0)
    context_->on_refused(
        *this, Error(why.code(), std::string(why.reason()),
                     why.message() + " (" + changes_text(rebuilt.lost_changes) + " undone)"));
  settle();
}

// ---- with a journal -----------------------------------------------------------------------------

/// What was written here and cannot be replayed.
struct Replica::Lost {
  Changes refused;
  /// Made after it and refused by nobody, but on ids that the room has not seen.
  Changes later;
  /// The tree before the first of them, and with all of them.
  std::optional<Value> before;
  std::optional<Value> after;
};

Replica::Lost Replica::find_lost(const Rebuilt& rebuilt, const Error& why) {
  Lost lost;
  if (!before_) return lost;
  const Kept kept = *std::exchange(before_, std::nullopt);
  const auto before = base_before(kept, rebuilt.queue);
  const auto after = base_before(kept, rebuilt.queue);
  crdt::SharedType* const room = tree_of(*rebuilt.doc);
  std::size_t behind = 0;  // `before` has what comes before this one
  for (std::size_t i = 0; i < rebuilt.queue.size(); ++i) {
    const Outbox::Entry& entry = rebuilt.queue[i];
    take(*after, entry);
    const bool later = rebuilt.lost[i] && !entry.refused;
    const bool run_goes_on = i + 1 < rebuilt.queue.size() && later && rebuilt.lost[i + 1] &&
                             !rebuilt.queue[i + 1].refused;
    if (run_goes_on) continue;
    if (rebuilt.lost[i]) {
      if (!lost.before) lost.before = value_of(*before);
      // Who may not write at all may write nothing of what came later either.
      Changes& to = later && why.code() != Code::kDenied ? lost.later : lost.refused;
      for (Change& change : difference(*before, *after))
        if (later || room == nullptr || is_missing(change, entry.refused_paths, *room))
          to.push_back(std::move(change));
    }
    for (; behind <= i; ++behind) take(*before, rebuilt.queue[behind]);
  }
  lost.after = value_of(*after);
  return lost;
}

Replica::Fate Replica::decide_lost(const Lost& lost, const Error& why, const Rebuilt& rebuilt,
                                   std::optional<Value>& use) {
  // What was made anew once and is refused again is not tried a third time.
  if (remade_) return Fate::kParked;
  if (is_mechanical(why)) return Fate::kRemade;
  if (!context_->conflict_hook()) return Fate::kParked;
  Conflict conflict{.cause = Conflict::Cause::kRefused, .url = url_, .error = why};
  conflict.base = lost.before;
  conflict.local = lost.after;
  conflict.remote = value_of(*rebuilt.doc);
  const Resolution resolution = ask(conflict);
  return std::visit(Cases{[](const Resolution::Merge&) { return Fate::kRemade; },
                          [](const Resolution::Keep&) { return Fate::kParked; },
                          [](const Resolution::Drop&) { return Fate::kDropped; },
                          [&](const Resolution::Use& chosen) {
                            use = chosen.value;
                            return Fate::kRemade;
                          },
                          [](const Resolution::Rename&) { return Fate::kParked; },
                          [](const Resolution::Undecided&) { return Fate::kParked; }},
                    resolution.choice());
}

/// What was written here and cannot be replayed is decided about. On disk all of it is one step.
void Replica::put_in_place_kept(Rebuilt rebuilt, const Error& why) {
  Lost lost = find_lost(rebuilt, why);
  std::optional<Value> use;
  const Fate fate = lost.refused.empty() ? Fate::kDropped : decide_lost(lost, why, rebuilt, use);
  const auto self = shared_from_this();
  const Journal::Batch batch(journal_);
  requeue(rebuilt.replayed);
  std::vector<JournalEntry> entries{Reset{.position = position_->seq, .state = rebuilt.room}};
  std::ranges::move(queued(), std::back_inserter(entries));
  keep(std::move(entries));
  live_->replace(std::move(rebuilt.doc), std::exchange(rebuild_cause_, {}));
  if (phase_ == Phase::kEnded) return;  // An observer ended it.
  if (use) {
    Change change{.type = Change::Type::kUpdate};
    change.new_value = std::move(use);
    lost.refused = {std::move(change)};
  }
  Changes parked;
  Changes again;
  if (fate == Fate::kParked) parked = std::move(lost.refused);
  if (fate == Fate::kRemade) again = std::move(lost.refused);
  std::ranges::move(lost.later, std::back_inserter(again));
  if (!again.empty()) {
    std::ranges::move(remake_lost(std::move(again)), std::back_inserter(parked));
    remade_ = fate == Fate::kRemade && !outbox_.empty();
  }
  if (!parked.empty()) park(std::move(parked), why);
  settle();
}

/// Makes the changes on the document that is in place now; returns those that cannot be made.
Changes Replica::remake_lost(Changes changes) {
  Changes failed;
  try {
    live_->transact([&] {
      for (const Change& change : changes) {
        try {
          live_->write([&](crdt::Tree& tree) { return object::remake(change, tree); });
        } catch (const Error&) {
          failed.push_back(change);
        }
      }
    });
  } catch (const Error&) {
    return changes;  // Together they break the schema, so none was made.
  }
  return failed;
}

void Replica::park(Changes changes, const Error& why) {
  const std::size_t count = changes.size();
  ParkedEdit parked{.id = journal_->next_parked(),
                    .why = why,
                    .time_ms = context_->wall_ms(),
                    .changes = std::move(changes)};
  // The facts are those of whoever follows the object now, which need not be this one.
  journal_->write({parked});
  context_->on_parked(url_, std::move(parked));
  context_->on_refused(*this, Error(why.code(), std::string(why.reason()),
                                    why.message() + " (" + changes_text(count) + " parked)"));
}

Result<void> Replica::remake(const ParkedEdit& parked) {
  SYNCLINE_TRY(may_write());
  // Tried on a copy first: a transaction cannot be taken back.
  crdt::Doc copy({.client = draw_client_id(context_->random())});
  SYNCLINE_TRY(copy.apply_update_v1(live_->doc().encode_state_as_update_v1()));
  crdt::Tree::Gate gate;
  if (judges_places())
    gate = [&](const crdt::TreeTouch& touch) { return may_edit(touch, {copy.client(), 0}); };
  crdt::Tree tree(*tree_of(copy), {}, std::move(gate));
  for (const Change& change : parked.changes) SYNCLINE_TRY(object::remake(change, tree));
  SYNCLINE_TRY(live_->check_schema(*value_of(copy)));
  const Journal::Batch batch(journal_);
  remake_lost(parked.changes);
  keep({Released{parked.id}});
  return {};
}

}  // namespace syncline::sync
