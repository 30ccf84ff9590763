// bench hub: how fast a hub is for programs that use it: one of its own in this process, or any.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <optional>

#include "bench/hub_load.hpp"
#include "commands.hpp"
#include "encoding/json.hpp"
#include "syncline/hub_process.hpp"
#include "terminal.hpp"

namespace syncline::command {
namespace {

const bench::LoadJob& job_of(const BenchHub& arguments) {
  const bool yjs = arguments.framing == "y-websocket";
  std::string all;
  for (const bench::LoadJob& job : yjs ? bench::yjs_load_jobs() : bench::load_jobs()) {
    if (job.name == arguments.job) return job;
    all += (all.empty() ? "" : ", ") + std::string(job.name);
  }
  throw Usage{"--job " + arguments.job + ": over " + arguments.framing + " there are " + all};
}

/// A directory that goes away with everything in it.
class Folder {
 public:
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "syncline-bench-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw Error(Code::kInternal, name + ": cannot be made");
    path_ = name;
  }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  std::string path() const { return path_.string(); }

 private:
  std::filesystem::path path_;
};

std::string in_words(const bench::LoadJob& job, const bench::Load& load, double fsync_us) {
  char line[256];
  if (load.latency_us.empty()) {
    std::snprintf(line, sizeof line, "%s: %zu %s: %.0f a second", job.name.data(), load.operations,
                  job.meaning.data(), load.per_second());
  } else {
    std::snprintf(line, sizeof line, "%s: %s: %.0f us (p50), %.0f us (p99), of %zu",
                  job.name.data(), job.meaning.data(), load.percentile_us(0.5),
                  load.percentile_us(0.99), load.operations);
  }
  std::string words = line;
  if (fsync_us > 0) {
    std::snprintf(line, sizeof line, "; the disk's fsync: %.0f us (p50)", fsync_us);
    words += line;
  }
  return words;
}

}  // namespace

int run(const BenchHub& arguments) {
  const bench::LoadJob& job = job_of(arguments);
  bench::LoadOptions options{
      .hub = arguments.hub,
      .prefix = std::to_string(std::chrono::system_clock::now().time_since_epoch().count()),
      .operations = arguments.operations,
      .in_flight = arguments.in_flight};
  // The hub goes before its directory.
  std::optional<Folder> folder;
  std::unique_ptr<HubProcess> hub;
  double fsync_us = 0;
  if (options.hub.empty()) {
    folder.emplace();
    fsync_us = bench::fsync_us(folder->path());
    HubProcessOptions own;
    own.hub.listen = "127.0.0.1:0";
    own.data = folder->path();
    hub = std::make_unique<HubProcess>(std::move(own));
    options.hub = "ws://" + hub->address();
  }
  const bench::Load load = job.body(options);
  if (arguments.json) {
    Value result = Value::object({{"job", arguments.job},
                                  {"framing", arguments.framing},
                                  {"operations", load.operations},
                                  {"in_flight", load.latency_us.empty() ? options.in_flight : 1},
                                  {"seconds", load.seconds},
                                  {"per_second", load.per_second()},
                                  {"ok", load.ok}});
    if (!load.latency_us.empty()) {
      result.set("p50_us", load.percentile_us(0.5));
      result.set("p99_us", load.percentile_us(0.99));
    }
    if (fsync_us > 0) result.set("fsync_p50_us", fsync_us);
    print(encoding::write_json(result) + "\n");
  } else {
    print(in_words(job, load, fsync_us) + "\n");
  }
  if (!load.ok) complain("what arrived is not what was sent");
  return load.ok ? kDone : kFailed;
}

}  // namespace syncline::command
