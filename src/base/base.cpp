// The few lines of base that are not headers: the error table, the failed check, the log sink.
#include <array>
#include <cstdio>
#include <cstdlib>
#include <mutex>

#include "base/check.hpp"
#include "base/log.hpp"
#include "syncline/error.hpp"

namespace syncline {
namespace {

struct CodeName {
  Code code;
  std::string_view name;
};

constexpr std::array<CodeName, 12> kCodes{{
    {Code::kMalformed, "malformed"},
    {Code::kUnauthenticated, "unauthenticated"},
    {Code::kDenied, "denied"},
    {Code::kNotFound, "not_found"},
    {Code::kTimeout, "timeout"},
    {Code::kConflict, "conflict"},
    {Code::kGone, "gone"},
    {Code::kTooLarge, "too_large"},
    {Code::kSchema, "schema"},
    {Code::kTooFast, "too_fast"},
    {Code::kInternal, "internal"},
    {Code::kUnavailable, "unavailable"},
}};

}  // namespace

std::string_view name(Code code) {
  for (const CodeName& row : kCodes)
    if (row.code == code) return row.name;
  return "internal";
}

Code code_from(int number) {
  for (const CodeName& row : kCodes)
    if (static_cast<int>(row.code) == number) return row.code;
  return Code::kInternal;
}

void check_failed(const char* file, int line, const char* condition, const char* message) {
  std::fprintf(stderr, "syncline: %s:%d: broken invariant: %s (%s)\n", file, line, message,
               condition);
  std::abort();
}

namespace log {
namespace {

struct Installed {
  std::mutex mutex;
  Sink sink;
};

Installed& installed() {
  static Installed instance;
  return instance;
}

}  // namespace

void install(Sink sink) {
  std::lock_guard lock(installed().mutex);
  installed().sink = std::move(sink);
}

void write(Level level, std::string_view part, std::string_view line) {
  std::lock_guard lock(installed().mutex);
  if (installed().sink) installed().sink(level, part, line);
}

}  // namespace log
}  // namespace syncline
