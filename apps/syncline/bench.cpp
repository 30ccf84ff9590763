// bench engine: one job of the document engine on one recording, and what it cost.
#include <algorithm>
#include <cstdio>

#include "bench/engine_jobs.hpp"
#include "bench/recording.hpp"
#include "commands.hpp"
#include "encoding/json.hpp"
#include "terminal.hpp"

namespace syncline::command {
namespace {

void check_job(const std::string& job) {
  for (const char* later : {"load_snapshot", "encode_snapshot"})
    if (job == later) throw Usage{"--job " + job + " is not in this version"};
  const auto& jobs = bench::jobs();
  if (std::find(jobs.begin(), jobs.end(), job) != jobs.end()) return;
  std::string all;
  for (const std::string& name : jobs) all += (all.empty() ? "" : ", ") + name;
  throw Usage{"--job " + job + ": there are " + all};
}

std::string in_words(const std::string& job, const bench::Recording& recording,
                     const bench::Measured& measured) {
  std::vector<double> times = measured.cpu_ms;
  std::sort(times.begin(), times.end());
  const double median = times[times.size() / 2];
  char line[256];
  std::snprintf(line, sizeof line,
                "%s of %s: %.3f ms CPU, median of %zu (%.3f to %.3f); %zu edits, %.0f ns each",
                job.c_str(), recording.name.c_str(), median, times.size(), times.front(),
                times.back(), measured.edits,
                median * 1e6 / static_cast<double>(std::max<std::size_t>(measured.edits, 1)));
  std::string words = line;
  if (measured.bytes > 0) words += "; " + std::to_string(measured.bytes) + " bytes";
  if (measured.allocated > 0)
    words += "; a loaded document takes " + std::to_string(measured.allocated) + " bytes";
  return words;
}

}  // namespace

int run(const BenchEngine& arguments) {
  check_job(arguments.job);
  const bench::Recording recording = bench::read_recording(arguments.trace);
  const bench::Measured measured = bench::measure(recording, arguments.job, arguments.repeat);
  if (arguments.json) {
    Value::Array times(measured.cpu_ms.begin(), measured.cpu_ms.end());
    Value result = Value::object({{"job", arguments.job},
                                  {"trace", recording.name},
                                  {"edits", measured.edits},
                                  {"cpu_ms", std::move(times)},
                                  {"bytes", measured.bytes},
                                  {"text_ok", measured.text_ok}});
    if (arguments.job == "memory") result.set("rss_bytes", measured.allocated);
    print(encoding::write_json(result) + "\n");
  } else {
    print(in_words(arguments.job, recording, measured) + "\n");
  }
  if (!measured.text_ok) complain("the text differs from what the recording ends with");
  return measured.text_ok ? kDone : kFailed;
}

}  // namespace syncline::command
