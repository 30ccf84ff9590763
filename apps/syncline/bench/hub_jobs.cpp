// What a hub does all day: somebody's keystrokes taken into a loaded document, answers to those who
// come back, logs folded, and documents with a long past loaded.
#include <algorithm>
#include <span>
#include <string>
#include <vector>

#include "bench/jobs.hpp"
#include "bench/tombstones.hpp"
#include "crdt/update.hpp"
#include "room/authorship.hpp"
#include "room/judgement.hpp"

namespace syncline::bench {
namespace {

/// Somebody else opens the document and types in the middle of it; an update a keystroke, of about
/// 30 bytes.
std::vector<Bytes> keystrokes(const Bytes& state, std::size_t count, std::string& text) {
  Author author(kFirstClient - kClientStep);
  author.apply(state);
  std::vector<Bytes> updates;
  const std::size_t middle = author.text.size() / 2;
  for (std::size_t i = 0; i < count; ++i) {
    author.text.insert(middle + i, std::string(1, static_cast<char>('a' + i % 26)));
    updates.push_back(author.take());
  }
  text = author.text.string();
  return updates;
}

/// What a room does for an update of somebody who may write everything: decode, judge, integrate,
/// record whose it is, and encode it again for the log and the others (src/room/room_writes.cpp).
void hub_update(RecordedRun& run) {
  constexpr std::size_t kUpdates = 10'000;
  std::string text;
  const std::vector<Bytes> updates = keystrokes(run.material.state_v1(), kUpdates, text);
  crdt::Doc doc({.client = kFirstClient + 1, .cleanup = false});
  (void)doc.apply_update_v1(run.material.state_v1()).value();
  room::Head head;
  room::Authorship authorship;
  const std::string identity = "hyperty://example.org/ann";
  const room::Writer writer{.identity = identity, .verdict = {.verdict = access::Verdict::kAll}};
  std::size_t bytes = 0;
  run.timed([&] {
    for (const Bytes& update : updates) {
      const room::Judgement judgement =
          room::judge(crdt::decode_update_v1(update).value(), doc, head, authorship, writer);
      for (const crdt::ClientId client : judgement.held) head.holders.emplace(client, identity);
      const crdt::StateVector before = doc.state_vector();
      const crdt::Applied applied = doc.apply(judgement.update, {}, crdt::Relay::kYes);
      authorship.record(judgement.update, before, identity);
      bytes += applied.update.size();
    }
  });
  run.measured.edits = updates.size();
  run.measured.update_bytes = bytes;
  run.check(crdt::Text(*doc.root("text", crdt::TypeKind::kText).value()).string() == text);
}

/// Where somebody stands who missed the last thousand updates of a session.
crdt::StateVector state_before_the_last(Material& material, std::size_t missed) {
  const std::span<const Bytes> updates = material.updates();
  Replica replica(kFirstClient + 1);
  for (const Bytes& update : updates.first(updates.size() - std::min(missed, updates.size())))
    replica.apply(update);
  return replica.doc.state_vector();
}

void check_diff(RecordedRun& run, const crdt::StateVector& since, const Bytes& diff) {
  run.measured.edits = 1;
  run.measured.bytes = diff.size();
  const auto end_of = [](const Bytes& update) {
    return crdt::parse_update_meta_v1(update).value().to;
  };
  crdt::StateVector reached = since;
  reached.merge(end_of(diff));
  run.check(reached == end_of(run.material.state_v1()));
}

constexpr std::size_t kMissed = 1000;

/// From the stored bytes, without a document.
void diff(RecordedRun& run) {
  const crdt::StateVector since = state_before_the_last(run.material, kMissed);
  const Bytes& state = run.material.state_v1();
  Bytes made;
  run.timed([&] { made = crdt::diff_update_v1(state, since).value(); });
  check_diff(run, since, made);
}

/// From a loaded document.
void diff_loaded(RecordedRun& run) {
  const crdt::StateVector since = state_before_the_last(run.material, kMissed);
  Replica replica(kFirstClient + 1);
  replica.apply(run.material.state_v1());
  Bytes made;
  run.timed([&] { made = replica.doc.encode_state_as_update_v1(since); });
  check_diff(run, since, made);
}

void merge_small(RecordedRun& run) {
  constexpr std::size_t kUpdates = 1000;
  const std::span<const Bytes> all = run.material.updates();
  const std::size_t count = std::min(kUpdates, all.size());
  Bytes merged;
  run.timed([&] { merged = crdt::merge_updates_v1(all.last(count)).value(); });
  run.measured.edits = count;
  run.measured.bytes = merged.size();
  Replica replica(kFirstClient + 1);
  for (const Bytes& update : all.first(all.size() - count)) replica.apply(update);
  replica.apply(merged);
  run.check_text(replica.text.string());
}

/// Loads what `bytes` of tombstones are; the memory is what the document adds to the update.
void load_tombstones(Run& run, std::size_t bytes) {
  const Tombstones past = make_tombstones(bytes);
  const std::size_t before = allocated();
  Replica replica(kFirstClient + 1);
  run.timed([&] { replica.apply(past.update); });
  run.measured.allocated = allocated() - before;
  run.measured.edits = past.structs;
  run.measured.bytes = past.update.size();
  run.check(!replica.doc.has_pending() && replica.text.size() == 0 &&
            replica.doc.state_vector().get(past.client) == past.units);
}

void tombstones(Run& run) { load_tombstones(run, 200'000'000); }
void tombstones_20(Run& run) { load_tombstones(run, 20'000'000); }

constexpr Job kJobs[] = {
    {"hub_update", hub_update},   {"diff", diff},
    {"diff_loaded", diff_loaded}, {"merge_small", merge_small},
    {"tombstones", tombstones},   {"tombstones_20", tombstones_20},
};

}  // namespace

std::span<const Job> hub_jobs() { return kJobs; }

}  // namespace syncline::bench
