#include "terminal.hpp"

#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>

#include "syncline/error.hpp"

namespace syncline::command {
namespace {

bool coloured(int stream) {
  const char* no_color = std::getenv("NO_COLOR");
  if (no_color != nullptr && *no_color != '\0') return false;
  const char* term = std::getenv("TERM");
  return isatty(stream) == 1 && term != nullptr && std::string_view(term) != "dumb";
}

const char* code_of(Style style) {
  switch (style) {
    case Style::kBold:
      return "1";
    case Style::kDim:
      return "2";
    case Style::kGreen:
      return "32";
    case Style::kYellow:
      return "33";
    case Style::kRed:
      return "31";
    case Style::kBlue:
      return "34";
  }
  return "0";
}

void write_line(std::string line) {
  line += '\n';
  // One write a line: lines of several threads and processes do not mix.
  std::fwrite(line.data(), 1, line.size(), stderr);
}

/// 2026-01-31T12:00:00.123Z
std::string time_stamp() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
  const std::time_t seconds = static_cast<std::time_t>(ms / 1000);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  std::array<char, 32> day{};
  std::array<char, 48> out{};
  std::strftime(day.data(), day.size(), "%Y-%m-%dT%H:%M:%S", &parts);
  std::snprintf(out.data(), out.size(), "%s.%03dZ", day.data(), static_cast<int>(ms % 1000));
  return out.data();
}

std::string label(log::Level level) {
  switch (level) {
    case log::Level::kDebug:
      return "debug";
    case log::Level::kInfo:
      return "info";
    case log::Level::kWarning:
      return styled(Style::kYellow, "warning", STDERR_FILENO);
    case log::Level::kError:
      return styled(Style::kRed, "error", STDERR_FILENO);
  }
  return "";
}

}  // namespace

bool output_is_terminal() { return isatty(STDOUT_FILENO) == 1; }

std::string styled(Style style, std::string_view text, int stream) {
  if (!coloured(stream)) return std::string(text);
  return std::string("\x1b[") + code_of(style) + "m" + std::string(text) + "\x1b[0m";
}

void print(std::string_view text) {
  if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size() || std::fflush(stdout) != 0)
    throw Error(Code::kUnavailable, "cannot write to standard output");
}

void tell(std::string_view line) { write_line(std::string(line)); }

void complain(std::string_view why) {
  write_line(styled(Style::kRed, "syncline:", STDERR_FILENO) + " " + std::string(why));
}

void log_to_stderr(log::Level least) {
  log::install([least](log::Level level, std::string_view part, std::string_view line) {
    if (level < least) return;
    write_line(time_stamp() + " " + label(level) + " " + std::string(part) + ": " +
               std::string(line));
  });
}

}  // namespace syncline::command
