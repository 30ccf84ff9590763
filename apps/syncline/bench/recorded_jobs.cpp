// Jobs on a recorded editing session: replaying it, taking it over the wire, loading and encoding
// what it left.
#include <algorithm>
#include <deque>
#include <span>
#include <string>

#include "bench/jobs.hpp"
#include "crdt/update.hpp"

namespace syncline::bench {
namespace {

void local(RecordedRun& run) {
  Replica replica(kFirstClient);
  run.timed([&] {
    replica.start(run.recording);
    for (const Edit& edit : run.recording.edits) replica.edit(edit);
  });
  run.check_text(replica.text.string());
}

void local_update(RecordedRun& run) {
  Replica replica(kFirstClient);
  std::size_t bytes = 0;
  const Handle listening = replica.doc.on_update(
      [&](const Bytes& update, crdt::Transaction&) { bytes += update.size(); });
  run.timed([&] {
    replica.start(run.recording);
    for (const Edit& edit : run.recording.edits) replica.edit(edit);
  });
  run.measured.bytes = bytes;
  run.check_text(replica.text.string());
}

void remote(RecordedRun& run) {
  const std::vector<Bytes>& updates = run.material.updates();
  Replica replica(kFirstClient + 1);
  run.timed([&] {
    for (const Bytes& update : updates) replica.apply(update);
  });
  run.measured.bytes = run.material.update_bytes();
  run.check_text(replica.text.string());
}

void live(RecordedRun& run) {
  std::deque<Author> authors;
  std::vector<Bytes> updates;
  run.timed([&] { updates = play(run.recording, authors); });
  run.measured.bytes = run.material.update_bytes();
  for (Author& author : authors) {
    for (const Bytes& update : updates) author.apply(update);
    run.check_text(author.text.string());
  }
}

/// Without a document, as a server folds its log: a thousand updates at a time.
void merge(RecordedRun& run) {
  constexpr std::size_t kAtATime = 1000;
  const std::span<const Bytes> updates = run.material.updates();
  std::vector<Bytes> merged;
  run.timed([&] {
    for (std::size_t at = 0; at < updates.size(); at += kAtATime) {
      const std::size_t count = std::min(kAtATime, updates.size() - at);
      merged.push_back(crdt::merge_updates_v1(updates.subspan(at, count)).value());
    }
  });
  Replica replica(kFirstClient + 1);
  run.measured.bytes = 0;
  for (const Bytes& update : merged) {
    run.measured.bytes += update.size();
    replica.apply(update);
  }
  run.check_text(replica.text.string());
}

void load_v1(RecordedRun& run) {
  const Bytes& state = run.material.state_v1();
  std::string text;
  run.timed([&] {
    Replica replica(kFirstClient + 1);
    replica.apply(state);
    text = replica.text.string();
  });
  run.measured.bytes = state.size();
  run.check_text(text);
}

void load_v2(RecordedRun& run) {
  const Bytes& state = run.material.state_v2();
  std::string text;
  run.timed([&] {
    Replica replica(kFirstClient + 1);
    (void)replica.doc.apply_update_v2(state).value();
    text = replica.text.string();
  });
  run.measured.bytes = state.size();
  run.check_text(text);
}

void encode_v1(RecordedRun& run) {
  Replica replica(kFirstClient + 1);
  replica.apply(run.material.state_v1());
  run.timed([&] { run.measured.bytes = replica.doc.encode_state_as_update_v1().size(); });
  run.check_text(replica.text.string());
}

void encode_v2(RecordedRun& run) {
  Replica replica(kFirstClient + 1);
  replica.apply(run.material.state_v1());
  run.timed([&] { run.measured.bytes = replica.doc.encode_state_as_update_v2().size(); });
  run.check_text(replica.text.string());
}

void memory(RecordedRun& run) {
  // The first two pay for what all share.
  constexpr std::size_t kDocuments = 12;
  constexpr std::size_t kFirst = 2;
  const Bytes& state = run.material.state_v1();
  std::deque<Replica> replicas;
  std::size_t before = 0;
  run.timed([&] {
    for (std::size_t i = 0; i < kDocuments; ++i) {
      if (i == kFirst) before = allocated();
      replicas.emplace_back(kFirstClient + 1);
      replicas.back().apply(state);
      run.check_text(replicas.back().text.string());
    }
  });
  run.measured.allocated = (allocated() - before) / (kDocuments - kFirst);
}

/// A document a hundred times as long: the session is typed again and again, each time before what
/// is there.
void hundredfold(RecordedRun& run) {
  constexpr std::size_t kTimes = 100;
  const std::size_t before = allocated();
  Replica replica(kFirstClient);
  run.timed([&] {
    for (std::size_t i = 0; i < kTimes; ++i) {
      replica.start(run.recording);
      for (const Edit& edit : run.recording.edits) replica.edit(edit);
    }
  });
  run.measured.edits = kTimes * run.recording.edits.size();
  run.measured.allocated = allocated() - before;
  run.measured.bytes = replica.doc.encode_state_as_update_v1().size();
  std::string expected;
  for (std::size_t i = 0; i < kTimes; ++i) expected += run.recording.end;
  run.check(replica.text.string() == expected);
}

constexpr Job kJobs[] = {
    {"local", local},         {"local_update", local_update},
    {"remote", remote},       {"live", live},
    {"merge", merge},         {"load_v1", load_v1},
    {"load_v2", load_v2},     {"encode_v1", encode_v1},
    {"encode_v2", encode_v2}, {"memory", memory},
    {"b4x100", hundredfold},
};

}  // namespace

std::span<const Job> recorded_jobs() { return kJobs; }

}  // namespace syncline::bench
