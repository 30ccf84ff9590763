// Verdicts: what it costs to know whether a write is allowed.
#include <string>
#include <vector>

#include "access/verdict.hpp"
#include "base/check.hpp"
#include "bench/jobs.hpp"

namespace syncline::bench {
namespace {

/// Rules about the areas of an object, of which only the last is about "/board".
access::Rules rules_about(std::size_t areas) {
  Value::Array rules;
  for (std::size_t i = 1; i < areas; ++i) {
    rules.push_back(Value::object({{"effect", "allow"},
                                   {"actions", Value::Array{"write"}},
                                   {"who", Value::Array{"*"}},
                                   {"path", "/area" + std::to_string(i)}}));
  }
  rules.push_back(Value::object({{"effect", "allow"},
                                 {"actions", Value::Array{"write"}},
                                 {"who", Value::Array{"*"}},
                                 {"path", "/board"}}));
  auto read =
      access::Rules::parse(Value::object({{"combine", "deny-overrides"}, {"rules", rules}}));
  SYNCLINE_CHECK(read.ok(), "rules of the documented form");
  return *read;
}

const access::Subject& somebody() {
  static const access::Subject ann{.identity = "hyperty://example.org/ann"};
  return ann;
}

/// A session that may write everything: each write asks the verdict it was given.
void verdict_all(Run& run) {
  constexpr std::size_t kSessions = 1000;
  constexpr std::size_t kRounds = 1000;
  const std::vector<access::WriteVerdict> sessions(
      kSessions, access::decide_writes(access::Rules::open(), somebody()));
  std::size_t allowed = 0;
  run.timed([&] {
    for (std::size_t round = 0; round < kRounds; ++round) {
      for (const access::WriteVerdict& session : sessions) {
        const bool in_force = session.valid_until_ms > static_cast<std::int64_t>(round);
        if (in_force && session.verdict == access::Verdict::kAll) ++allowed;
      }
    }
  });
  run.measured.edits = kSessions * kRounds;
  run.check(allowed == kSessions * kRounds);
}

/// Nobody needs to know who made what here.
class NoAuthors final : public access::Authors {
 public:
  std::optional<std::string_view> author_of(crdt::ID /*unit*/) const override { return {}; }
};

/// By path: one node after the other is asked about.
void by_path(Run& run, std::size_t rules, std::size_t nodes) {
  const access::WriteVerdict verdict = access::decide_writes(rules_about(rules), somebody());
  run.check(verdict.verdict == access::Verdict::kByPath);
  access::Place place{.root = "data", .steps = {{.key = "board"}, {.key = "steps"}, {.key = "n"}}};
  const NoAuthors authors;
  std::size_t allowed = 0;
  run.timed([&] {
    for (std::size_t i = 0; i < nodes; ++i) {
      place.steps.front().key = i % 2 == 0 ? "board" : "other";
      if (verdict.by_path->decide(place, access::Action::kChange, authors).allow) ++allowed;
    }
  });
  run.measured.edits = nodes;
  run.check(allowed == nodes / 2);
}

void verdict_path(Run& run) { by_path(run, 1, 1'000'000); }
void verdict_path_1000(Run& run) { by_path(run, 1000, 2000); }

constexpr Job kJobs[] = {
    {"verdict_all", verdict_all},
    {"verdict_path", verdict_path},
    {"verdict_path_1000", verdict_path_1000},
};

}  // namespace

std::span<const Job> access_jobs() { return kJobs; }

}  // namespace syncline::bench
