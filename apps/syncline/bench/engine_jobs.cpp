#include "bench/engine_jobs.hpp"

#include <malloc.h>

#include <algorithm>
#include <ctime>
#include <deque>
#include <memory>
#include <span>

#include "crdt/doc.hpp"
#include "crdt/update.hpp"
#include "syncline/error.hpp"

namespace syncline::bench {
namespace {

/// Client ids of 32 bits: the size of a v1 update, and so its time, depends on them.
constexpr crdt::ClientId kFirstClient = 2'917'483'021;

double cpu_ms() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
}

/// Gives back what reading the recording left free, now: else the allocator tidies it up in the
/// first time that is measured, which then is several times the others.
void settle_allocator() {
#ifdef __GLIBC__
  malloc_trim(0);
#endif
}

/// One replica with the recording's text.
struct Replica {
  explicit Replica(crdt::ClientId client)
      : doc({.client = client}), text(*doc.root("text", crdt::TypeKind::kText).value()) {}

  void edit(const Edit& edit) {
    doc.transact([&](crdt::Transaction&) {
      for (const Patch& patch : edit.patches) {
        if (patch.removed > 0) text.remove(patch.position, patch.removed);
        if (!patch.inserted.empty()) text.insert(patch.position, patch.inserted);
      }
    });
  }
  void start(const Recording& recording) {
    if (!recording.start.empty()) text.insert(0, recording.start);
  }
  void apply(const Bytes& update) {
    if (!update.empty()) (void)doc.apply_update_v1(update).value();
  }

  crdt::Doc doc;
  crdt::Text text;
};

/// A replica that hands out its updates.
struct Author : Replica {
  explicit Author(crdt::ClientId client) : Replica(client) {
    listening = doc.on_update([this](const Bytes& update, crdt::Transaction& transaction) {
      if (transaction.local()) made = update;
    });
  }
  Bytes take() { return std::exchange(made, {}); }

  Bytes made;
  Handle listening;
};

/// The whole session with one replica an author, each receiving just what it had received then.
/// Returns the update of every edit.
std::vector<Bytes> play(const Recording& recording, std::deque<Author>& authors) {
  std::vector<Bytes> updates;
  updates.reserve(recording.edits.size() + 1);
  for (std::size_t agent = 0; agent < recording.agents; ++agent)
    authors.emplace_back(kFirstClient + agent * 7919);
  for (const Edit& edit : recording.edits) {
    Author& author = authors[edit.agent];
    for (const std::size_t received : edit.received) author.apply(updates[received]);
    author.edit(edit);
    updates.push_back(author.take());
  }
  return updates;
}

/// What a job works on, made before its time starts.
class Material {
 public:
  explicit Material(const Recording& recording) : recording_(recording) {}

  /// In an order in which a fresh document can apply them one by one.
  const std::vector<Bytes>& updates() {
    if (updates_.empty()) {
      std::deque<Author> authors;
      if (recording_.concurrent) {
        updates_ = play(recording_, authors);
      } else {
        Author author(kFirstClient);
        author.start(recording_);
        updates_.push_back(author.take());
        for (const Edit& edit : recording_.edits) {
          author.edit(edit);
          updates_.push_back(author.take());
        }
      }
      std::erase_if(updates_, [](const Bytes& update) { return update.empty(); });
    }
    return updates_;
  }
  std::size_t update_bytes() {
    std::size_t sum = 0;
    for (const Bytes& update : updates()) sum += update.size();
    return sum;
  }
  const Bytes& state_v1() {
    if (state_v1_.empty()) state_v1_ = all().doc.encode_state_as_update_v1();
    return state_v1_;
  }
  const Bytes& state_v2() {
    if (state_v2_.empty()) state_v2_ = all().doc.encode_state_as_update_v2();
    return state_v2_;
  }

 private:
  /// A replica that heard everything.
  const Replica& all() {
    if (!all_) {
      all_ = std::make_unique<Replica>(kFirstClient + 1);
      for (const Bytes& update : updates()) all_->apply(update);
    }
    return *all_;
  }

  const Recording& recording_;
  std::vector<Bytes> updates_;
  std::unique_ptr<Replica> all_;
  Bytes state_v1_;
  Bytes state_v2_;
};

/// One repeat: starts and stops the time itself.
class Run {
 public:
  Run(const Recording& of, Material& made, Measured& into)
      : recording(of), material(made), measured(into) {}

  template <typename Body>
  void timed(const Body& body) {
    if (measured.cpu_ms.empty()) settle_allocator();
    const double before = cpu_ms();
    body();
    measured.cpu_ms.push_back(cpu_ms() - before);
  }
  void check(const std::string& text) {
    measured.text_ok = measured.text_ok && text == recording.end;
  }

  const Recording& recording;
  Material& material;
  Measured& measured;
};

void local(Run& run) {
  Replica replica(kFirstClient);
  run.timed([&] {
    replica.start(run.recording);
    for (const Edit& edit : run.recording.edits) replica.edit(edit);
  });
  run.check(replica.text.string());
}

void local_update(Run& run) {
  Replica replica(kFirstClient);
  std::size_t bytes = 0;
  const Handle listening = replica.doc.on_update(
      [&](const Bytes& update, crdt::Transaction&) { bytes += update.size(); });
  run.timed([&] {
    replica.start(run.recording);
    for (const Edit& edit : run.recording.edits) replica.edit(edit);
  });
  run.measured.bytes = bytes;
  run.check(replica.text.string());
}

void remote(Run& run) {
  const std::vector<Bytes>& updates = run.material.updates();
  Replica replica(kFirstClient + 1);
  run.timed([&] {
    for (const Bytes& update : updates) replica.apply(update);
  });
  run.measured.bytes = run.material.update_bytes();
  run.check(replica.text.string());
}

void live(Run& run) {
  std::deque<Author> authors;
  std::vector<Bytes> updates;
  run.timed([&] { updates = play(run.recording, authors); });
  run.measured.bytes = run.material.update_bytes();
  for (Author& author : authors) {
    for (const Bytes& update : updates) author.apply(update);
    run.check(author.text.string());
  }
}

/// Without a document, as a server folds its log: a thousand updates at a time.
void merge(Run& run) {
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
  run.check(replica.text.string());
}

void load_v1(Run& run) {
  const Bytes& state = run.material.state_v1();
  std::string text;
  run.timed([&] {
    Replica replica(kFirstClient + 1);
    replica.apply(state);
    text = replica.text.string();
  });
  run.measured.bytes = state.size();
  run.check(text);
}

void load_v2(Run& run) {
  const Bytes& state = run.material.state_v2();
  std::string text;
  run.timed([&] {
    Replica replica(kFirstClient + 1);
    (void)replica.doc.apply_update_v2(state).value();
    text = replica.text.string();
  });
  run.measured.bytes = state.size();
  run.check(text);
}

void encode_v1(Run& run) {
  Replica replica(kFirstClient + 1);
  replica.apply(run.material.state_v1());
  run.timed([&] { run.measured.bytes = replica.doc.encode_state_as_update_v1().size(); });
  run.check(replica.text.string());
}

void encode_v2(Run& run) {
  Replica replica(kFirstClient + 1);
  replica.apply(run.material.state_v1());
  run.timed([&] { run.measured.bytes = replica.doc.encode_state_as_update_v2().size(); });
  run.check(replica.text.string());
}

std::size_t allocated() {
  const struct mallinfo2 info = mallinfo2();
  return info.uordblks + info.hblkhd;
}

void memory(Run& run) {
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
      run.check(replicas.back().text.string());
    }
  });
  run.measured.allocated = (allocated() - before) / (kDocuments - kFirst);
}

using Job = void (*)(Run&);

const std::vector<std::pair<std::string, Job>>& table() {
  static const std::vector<std::pair<std::string, Job>> jobs = {
      {"local", local},         {"local_update", local_update},
      {"remote", remote},       {"live", live},
      {"merge", merge},         {"load_v1", load_v1},
      {"load_v2", load_v2},     {"encode_v1", encode_v1},
      {"encode_v2", encode_v2}, {"memory", memory}};
  return jobs;
}

}  // namespace

const std::vector<std::string>& jobs() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all;
    for (const auto& [name, job] : table()) all.push_back(name);
    return all;
  }();
  return names;
}

Measured measure(const Recording& recording, const std::string& job, int repeat) {
  if (recording.concurrent && job.starts_with("local"))
    throw Error(Code::kMalformed, recording.name + " has several authors: the job for it is live");
  if (!recording.concurrent && job == "live")
    throw Error(Code::kMalformed, recording.name + " has one author: the job for it is local");
  Measured measured;
  measured.edits = recording.edits.size();
  Material material(recording);
  for (const auto& [name, body] : table()) {
    if (name != job) continue;
    for (int i = 0; i < repeat; ++i) {
      Run run(recording, material, measured);
      body(run);
    }
  }
  return measured;
}

}  // namespace syncline::bench
