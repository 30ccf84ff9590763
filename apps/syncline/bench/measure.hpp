// What a benchmark job is told and what it answers: times and sizes of one job, done some times.
#pragma once

#include <cstddef>
#include <vector>

namespace syncline::bench {

struct Measured {
  /// What was done in one repeat: transactions, updates, objects.
  std::size_t edits = 0;
  /// CPU time of the process, one a repeat.
  std::vector<double> cpu_ms;
  /// What was encoded or applied, or the state that was left; 0 for jobs without.
  std::size_t bytes = 0;
  /// Of all updates that the edits made; 0 for jobs that do not count them.
  std::size_t update_bytes = 0;
  /// Allocated bytes of one loaded document; 0 for jobs that do not measure memory.
  std::size_t allocated = 0;
  /// Whether the result was what it had to be, every time.
  bool ok = true;
};

/// Bytes that the process has allocated and not freed; 0 where the C library does not tell.
std::size_t allocated();

/// One repeat: a job prepares, has its work timed, and checks what came of it.
class Run {
 public:
  explicit Run(Measured& into) : measured(into) {}

  template <typename Work>
  void timed(const Work& work) {
    time([](const void* it) { (*static_cast<const Work*>(it))(); }, &work);
  }
  void check(bool right) { measured.ok = measured.ok && right; }

  Measured& measured;

 private:
  void time(void (*call)(const void*), const void* work);
};

}  // namespace syncline::bench
