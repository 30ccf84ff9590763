#include "bench/jobs.hpp"

#include <algorithm>

#include "base/check.hpp"
#include "syncline/error.hpp"

namespace syncline::bench {
namespace {

/// Jobs of one author's keystrokes, and the one of several authors'.
void check_suits(std::string_view job, const Recording& recording) {
  const bool one_author = job.starts_with("local") || job == "b4x100";
  if (recording.concurrent && one_author)
    throw Error(Code::kMalformed, recording.name + " has several authors: the job for it is live");
  if (!recording.concurrent && job == "live")
    throw Error(Code::kMalformed, recording.name + " has one author: the job for it is local");
}

}  // namespace

const std::vector<Job>& jobs() {
  static const std::vector<Job> all = [] {
    std::vector<Job> of;
    for (const auto part :
         {recorded_jobs(), hub_jobs(), object_jobs(), access_jobs(), crdt_benchmarks()})
      of.insert(of.end(), part.begin(), part.end());
    return of;
  }();
  return all;
}

const Job* find_job(std::string_view name) {
  const auto found =
      std::find_if(jobs().begin(), jobs().end(), [&](const Job& job) { return job.name == name; });
  return found == jobs().end() ? nullptr : &*found;
}

Measured measure(const Job& job, const Recording* recording, int repeat) {
  Measured measured;
  if (!job.needs_recording()) {
    Run run(measured);
    for (int i = 0; i < repeat; ++i) std::get<0>(job.body)(run);
    return measured;
  }
  SYNCLINE_CHECK(recording != nullptr, "a job on a recording has one");
  check_suits(job.name, *recording);
  measured.edits = recording->edits.size();
  Material material(*recording);
  RecordedRun run(*recording, material, measured);
  for (int i = 0; i < repeat; ++i) std::get<1>(job.body)(run);
  return measured;
}

}  // namespace syncline::bench
