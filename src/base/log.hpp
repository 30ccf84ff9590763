// Log lines for the person who runs the program. One sink per process, installed by the app;
// without one, nothing is printed. Lines never carry tokens or document content.
#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace syncline::log {

enum class Level { kDebug, kInfo, kWarning, kError };

using Sink = std::function<void(Level, std::string_view part, std::string_view line)>;

/// Installs the sink; an empty one silences. Thread: any.
void install(Sink sink);

/// Writes one line for `part` ("hub", "storage"). Thread: any.
void write(Level level, std::string_view part, std::string_view line);

inline void info(std::string_view part, std::string_view line) { write(Level::kInfo, part, line); }
inline void warning(std::string_view part, std::string_view line) {
  write(Level::kWarning, part, line);
}
inline void error(std::string_view part, std::string_view line) {
  write(Level::kError, part, line);
}

}  // namespace syncline::log
