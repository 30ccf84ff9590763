#include "bench/hub_load.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <deque>
#include <thread>

#include "syncline/error.hpp"
#include "syncline/syncer.hpp"

namespace syncline::bench {
namespace {

using Time = std::chrono::steady_clock;

double microseconds(Time::duration passed) {
  return std::chrono::duration<double, std::micro>(passed).count();
}

constexpr std::chrono::seconds kPatience{30};

Syncer syncer(const LoadOptions& options, const char* name) {
  return Syncer({.identity = std::string("hyperty://bench/") + name, .hub = options.hub});
}

std::string object(const LoadOptions& options, std::size_t number) {
  return "comm://bench/" + options.prefix + "/" + std::to_string(number);
}

/// One writes, the other observes: how long until it hears, one change after the other.
Load relay(const LoadOptions& options, bool durable) {
  Syncer writer = syncer(options, "writer");
  Syncer reader = syncer(options, "reader");
  const std::string url = object(options, 0);
  const DataObject there =
      writer.create(url, {{"n", 0}}, {.access = "open", .durable = durable}).get();
  const DataObject here = reader.subscribe(url).get();
  std::atomic<std::size_t> heard = 0;
  const Handle observing = here.observe([&](const Changes&) {
    heard.fetch_add(1);
    heard.notify_one();
  });
  Load load{.operations = options.operations};
  const auto began = Time::now();
  for (std::size_t i = 1; i <= options.operations; ++i) {
    const auto sent = Time::now();
    there["n"] = Value(i);
    for (std::size_t now = heard; now < i; now = heard) heard.wait(now);
    load.latency_us.push_back(microseconds(Time::now() - sent));
  }
  load.seconds = microseconds(Time::now() - began) / 1e6;
  load.ok = here["n"].as<std::size_t>() == options.operations;
  std::sort(load.latency_us.begin(), load.latency_us.end());
  return load;
}

Load relay_in_memory(const LoadOptions& options) { return relay(options, false); }
Load relay_durable(const LoadOptions& options) { return relay(options, true); }

/// Durable updates over some objects, so many of them not yet acknowledged at any time.
Load updates(const LoadOptions& options) {
  constexpr std::size_t kObjects = 40;
  Syncer writer = syncer(options, "writer");
  std::vector<DataObject> objects;
  for (std::size_t i = 0; i < kObjects; ++i)
    objects.push_back(writer.create(object(options, i), {{"n", 0}}).get());
  // Each object has its share of what is in flight: asking one is cheaper than asking all.
  const auto share = [&](std::size_t object) {
    return options.in_flight / kObjects + (object < options.in_flight % kObjects ? 1 : 0);
  };
  const auto began = Time::now();
  for (std::size_t sent = 0, i = 0; sent < options.operations; i = (i + 1) % kObjects) {
    if (objects[i].unacknowledged() >= share(i)) {
      std::this_thread::yield();
      continue;
    }
    objects[i]["n"] = Value(++sent);
  }
  (void)writer.flush().get(kPatience);
  Load load{.operations = options.operations,
            .seconds = microseconds(Time::now() - began) / 1e6,
            .latency_us = {}};
  for (const DataObject& one : objects) load.ok = load.ok && one.unacknowledged() == 0;
  return load;
}

/// Requests of one kind, so many of them without an answer at any time.
template <typename Ask>
Load requests(const LoadOptions& options, const Ask& ask) {
  std::deque<Pending<DataObject>> open;
  std::vector<DataObject> answers;
  const auto take = [&] {
    answers.push_back(open.front().get(kPatience));
    open.pop_front();
  };
  const auto began = Time::now();
  for (std::size_t i = 0; i < options.operations; ++i) {
    if (open.size() >= options.in_flight) take();
    open.push_back(ask(i));
  }
  while (!open.empty()) take();
  return {.operations = options.operations,
          .seconds = microseconds(Time::now() - began) / 1e6,
          .latency_us = {},
          .ok = answers.back()["n"].as<std::size_t>() == options.operations - 1};
}

Load creates(const LoadOptions& options) {
  Syncer owner = syncer(options, "owner");
  return requests(options, [&](std::size_t i) {
    return owner.create(object(options, i), Value::object({{"n", i}}));
  });
}

Load subscribes(const LoadOptions& options) {
  Syncer owner = syncer(options, "owner");
  Syncer reader = syncer(options, "reader");
  const Load created = requests(options, [&](std::size_t i) {
    return owner.create(object(options, i), Value::object({{"n", i}}));
  });
  Load load =
      requests(options, [&](std::size_t i) { return reader.subscribe(object(options, i)); });
  load.ok = load.ok && created.ok;
  return load;
}

}  // namespace

double Load::percentile_us(double share) const {
  const auto last = static_cast<double>(latency_us.size() - 1);
  return latency_us[static_cast<std::size_t>(share * last)];
}

const std::vector<LoadJob>& load_jobs() {
  static const std::vector<LoadJob> jobs = {
      {"relay", "a change until somebody else observes it, the object in memory", relay_in_memory},
      {"relay_durable", "the same, the change stored first", relay_durable},
      {"updates", "durable updates of 40 objects", updates},
      {"creates", "objects created", creates},
      {"subscribes", "objects subscribed to", subscribes},
  };
  return jobs;
}

double fsync_us(const std::string& folder) {
  constexpr std::size_t kTimes = 51;
  const std::string path = folder + "/fsync-probe";
  const int file = ::open(path.c_str(), O_CREAT | O_WRONLY | O_TRUNC | O_CLOEXEC, 0600);
  if (file < 0) throw Error(Code::kInternal, path + ": cannot be written");
  const std::array<char, 512> block{};
  std::vector<double> times;
  for (std::size_t i = 0; i < kTimes; ++i) {
    const auto began = Time::now();
    const bool written =
        ::write(file, block.data(), block.size()) == std::ssize(block) && ::fdatasync(file) == 0;
    if (!written) break;
    times.push_back(microseconds(Time::now() - began));
  }
  ::close(file);
  ::unlink(path.c_str());
  if (times.size() < kTimes) throw Error(Code::kInternal, path + ": cannot be written");
  std::sort(times.begin(), times.end());
  return times[kTimes / 2];
}

}  // namespace syncline::bench
