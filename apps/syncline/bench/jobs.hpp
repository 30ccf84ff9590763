// The jobs of `syncline bench engine`, by name.
//
//   recorded_jobs.cpp    replaying, exchanging, loading and encoding a recorded session
//   crdt_benchmarks.cpp  the rows of the crdt-benchmarks suite (b1.1 to b3.4)
//   hub_jobs.cpp         what a hub does all day
//   object_jobs.cpp      many small documents, observed changes
//   access_jobs.cpp      verdicts
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "bench/measure.hpp"
#include "bench/recording.hpp"
#include "bench/replica.hpp"

namespace syncline::bench {

/// One repeat of a job on a recording.
class RecordedRun : public Run {
 public:
  RecordedRun(const Recording& of, Material& made, Measured& into)
      : Run(into), recording(of), material(made) {}

  using Run::check;
  void check_text(std::string_view text) { check(text == recording.end); }

  const Recording& recording;
  Material& material;
};

struct Job {
  std::string_view name;
  std::variant<void (*)(Run&), void (*)(RecordedRun&)> body;

  bool needs_recording() const { return body.index() == 1; }
};

std::span<const Job> recorded_jobs();
std::span<const Job> hub_jobs();
std::span<const Job> object_jobs();
std::span<const Job> access_jobs();
std::span<const Job> crdt_benchmarks();

/// All of them, in the order of docs/CLI.md.
const std::vector<Job>& jobs();
/// nullptr where there is none of that name.
const Job* find_job(std::string_view name);

/// Does a job `repeat` times. Throws Error where the recording does not suit the job. REQUIRES: a
/// recording for jobs that need one.
Measured measure(const Job& job, const Recording* recording, int repeat);

}  // namespace syncline::bench
