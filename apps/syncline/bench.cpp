// bench engine: one job of the document engine, and what it cost.
#include <algorithm>
#include <cstdio>
#include <optional>

#include "bench/jobs.hpp"
#include "bench/recording.hpp"
#include "commands.hpp"
#include "encoding/json.hpp"
#include "terminal.hpp"

namespace syncline::command {
namespace {

const bench::Job& job_of(const std::string& name) {
  for (const char* later : {"load_snapshot", "encode_snapshot"})
    if (name == later) throw Usage{"--job " + name + " is not in this version"};
  const bench::Job* job = bench::find_job(name);
  if (job != nullptr) return *job;
  std::string all;
  for (const bench::Job& one : bench::jobs())
    all += (all.empty() ? "" : ", ") + std::string(one.name);
  throw Usage{"--job " + name + ": there are " + all};
}

std::string in_words(const std::string& what, const bench::Measured& measured) {
  std::vector<double> times = measured.cpu_ms;
  std::sort(times.begin(), times.end());
  const double median = times[times.size() / 2];
  char line[256];
  std::snprintf(line, sizeof line,
                "%s: %.3f ms CPU, median of %zu (%.3f to %.3f); %zu edits, %.0f ns each",
                what.c_str(), median, times.size(), times.front(), times.back(), measured.edits,
                median * 1e6 / static_cast<double>(std::max<std::size_t>(measured.edits, 1)));
  std::string words = line;
  if (measured.bytes > 0) words += "; " + std::to_string(measured.bytes) + " bytes";
  if (measured.allocated > 0)
    words += "; a loaded document takes " + std::to_string(measured.allocated) + " bytes";
  return words;
}

}  // namespace

int run(const BenchEngine& arguments) {
  const bench::Job& job = job_of(arguments.job);
  if (job.needs_recording() == arguments.trace.empty())
    throw Usage{"--job " + arguments.job +
                (job.needs_recording() ? " needs a recording: --trace FILE" : " takes no --trace")};
  std::optional<bench::Recording> recording;
  if (job.needs_recording()) recording = bench::read_recording(arguments.trace);
  const bench::Measured measured =
      bench::measure(job, recording ? &*recording : nullptr, arguments.repeat);
  if (arguments.json) {
    Value::Array times(measured.cpu_ms.begin(), measured.cpu_ms.end());
    Value result = Value::object({{"job", arguments.job},
                                  {"trace", recording ? Value(recording->name) : Value()},
                                  {"edits", measured.edits},
                                  {"cpu_ms", std::move(times)},
                                  {"bytes", measured.bytes},
                                  {"text_ok", measured.ok}});
    if (measured.update_bytes > 0) result.set("update_bytes", measured.update_bytes);
    if (measured.allocated > 0) result.set("rss_bytes", measured.allocated);
    print(encoding::write_json(result) + "\n");
  } else {
    print(in_words(recording ? arguments.job + " of " + recording->name : arguments.job, measured) +
          "\n");
  }
  if (!measured.ok)
    complain(recording ? "the text differs from what the recording ends with"
                       : "the result is not what it has to be");
  return measured.ok ? kDone : kFailed;
}

}  // namespace syncline::command
