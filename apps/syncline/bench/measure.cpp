#include "bench/measure.hpp"

#ifdef __GLIBC__
#include <malloc.h>
#endif

#include <ctime>

namespace syncline::bench {
namespace {

double cpu_ms() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
}

/// Gives back what preparing left free, now: else the allocator tidies it up in the first time that
/// is measured, which then is several times the others.
void settle_allocator() {
#ifdef __GLIBC__
  malloc_trim(0);
#endif
}

}  // namespace

/// All that is measured happens below this function: bench/instructions counts from here.
[[gnu::noinline]] void measured_work(void (*call)(const void*), const void* work) { call(work); }

std::size_t allocated() {
#ifdef __GLIBC__
  const struct mallinfo2 now = mallinfo2();
  return now.uordblks + now.hblkhd;
#else
  return 0;
#endif
}

void Run::time(void (*call)(const void*), const void* work) {
  if (measured.cpu_ms.empty()) settle_allocator();
  const double before = cpu_ms();
  measured_work(call, work);
  measured.cpu_ms.push_back(cpu_ms() - before);
}

}  // namespace syncline::bench
