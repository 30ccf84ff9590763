// SYNCLINE_CHECK: what our own code must guarantee. It stays in release builds.
#pragma once

namespace syncline {

/// Prints the broken invariant and aborts.
[[noreturn]] void check_failed(const char* file, int line, const char* condition,
                               const char* message);

}  // namespace syncline

#define SYNCLINE_CHECK(condition, message)                               \
  do {                                                                   \
    if (!(condition)) [[unlikely]]                                       \
      ::syncline::check_failed(__FILE__, __LINE__, #condition, message); \
  } while (false)
