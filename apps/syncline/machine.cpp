#include "machine.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <thread>

namespace syncline::command {
namespace {

std::string host_name() {
  std::array<char, 256> name{};
  gethostname(name.data(), name.size() - 1);
  return name.data();
}

std::string time_now() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  gmtime_r(&now, &parts);
  std::array<char, 32> out{};
  std::strftime(out.data(), out.size(), "%Y-%m-%dT%H:%M:%SZ", &parts);
  return out.data();
}

double rounded(double value, double step) { return std::round(value / step) * step; }

double tenths(double value) { return std::round(value * 10) / 10; }

Value memory() {
  std::ifstream file("/proc/meminfo");
  double total = 0;
  double available = 0;
  std::string name;
  double kilobytes = 0;
  std::string rest;
  while (file >> name >> kilobytes && std::getline(file, rest)) {
    if (name == "MemTotal:") total = kilobytes * 1024;
    if (name == "MemAvailable:") available = kilobytes * 1024;
  }
  if (total == 0) return Value::object();
  const double used = total - available;
  return Value::object(
      {{"total_bytes", total}, {"used_bytes", used}, {"used_percent", tenths(100 * used / total)}});
}

Value load() {
  std::ifstream file("/proc/loadavg");
  Value::Array averages;
  for (double average = 0; averages.size() < 3 && file >> average;) averages.emplace_back(average);
  return averages;
}

double uptime() {
  double seconds = 0;
  std::ifstream("/proc/uptime") >> seconds;
  return std::floor(seconds);
}

std::size_t processes() {
  std::size_t count = 0;
  std::error_code error;
  for (std::filesystem::directory_iterator entry("/proc", error), end; !error && entry != end;
       entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (std::all_of(name.begin(), name.end(), [](char c) { return c >= '0' && c <= '9'; })) ++count;
  }
  return count;
}

}  // namespace

Machine::Counters Machine::count() {
  Counters now;
  now.at = std::chrono::steady_clock::now();
  // cpu user nice system idle iowait irq softirq steal
  std::ifstream stat("/proc/stat");
  std::string label;
  stat >> label;
  std::uint64_t ticks = 0;
  for (int column = 0; column < 8 && stat >> ticks; ++column) {
    const bool idle = column == 3 || column == 4;
    now.cpu_total += ticks;
    if (!idle) now.cpu_busy += ticks;
  }
  // "  eth0: received-bytes and seven more columns, sent-bytes …", after two lines of headings.
  std::ifstream devices("/proc/net/dev");
  std::string line;
  while (std::getline(devices, line)) {
    const std::size_t colon = line.find(':');
    if (colon == std::string::npos || line.substr(0, colon).ends_with(" lo")) continue;
    std::istringstream columns(line.substr(colon + 1));
    std::uint64_t received = 0;
    std::uint64_t skipped = 0;
    std::uint64_t sent = 0;
    columns >> received;
    for (int i = 0; i < 7; ++i) columns >> skipped;
    columns >> sent;
    now.received += received;
    now.sent += sent;
  }
  return now;
}

Value Machine::cpu(const Counters& now) const {
  const auto busy = static_cast<double>(now.cpu_busy - before_.cpu_busy);
  const auto total = static_cast<double>(now.cpu_total - before_.cpu_total);
  return Value::object({{"percent", total > 0 ? tenths(100 * busy / total) : 0.0},
                        {"cores", std::thread::hardware_concurrency()}});
}

Value Machine::network(const Counters& now) const {
  const double seconds = std::chrono::duration<double>(now.at - before_.at).count();
  const auto rate = [seconds](std::uint64_t from, std::uint64_t to) {
    return seconds > 0 && to > from ? rounded(static_cast<double>(to - from) / seconds, 1) : 0.0;
  };
  return Value::object({{"received_bytes_per_second", rate(before_.received, now.received)},
                        {"sent_bytes_per_second", rate(before_.sent, now.sent)}});
}

Value Machine::read() {
  const Counters now = count();
  Value figures = Value::object({{"hostname", host_name()},
                                 {"time", time_now()},
                                 {"uptime_seconds", uptime()},
                                 {"cpu", cpu(now)},
                                 {"memory", memory()},
                                 {"load", load()},
                                 {"processes", processes()},
                                 {"network", network(now)}});
  before_ = now;
  return figures;
}

}  // namespace syncline::command
