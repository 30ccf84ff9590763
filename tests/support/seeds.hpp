// The seeds of randomized tests, and the time they may take (docs/testing.md).
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <random>

namespace syncline::test {

/// The seed that `variable` names in the environment; else the one where all randomized tests of a
/// run begin (SYNCLINE_FIRST_SEED: CI takes the commit's, so that a commit passes or fails again);
/// else a new one.
inline std::uint64_t seed_from(const char* variable) {
  for (const char* name : {variable, "SYNCLINE_FIRST_SEED"}) {
    if (const char* given = std::getenv(name)) return std::strtoull(given, nullptr, 10);
  }
  return std::random_device{}();
}

/// The seed of a randomized unit test; tests print it with SCOPED_TRACE.
inline std::uint64_t unit_seed() { return seed_from("SYNCLINE_SEED"); }

namespace seeds_detail {

struct Limits {
  const char* seed;     ///< the variable that names one seed
  const char* seconds;  ///< the variable that names the time
  const char* count;    ///< how many; nullptr: as many as the time allows
};

inline void run(const Limits& limits, double seconds,
                const std::function<void(std::uint64_t seed)>& program) {
  if (const char* budget = std::getenv(limits.seconds)) seconds = std::strtod(budget, nullptr);
  const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds);
  const bool single = std::getenv(limits.seed) != nullptr;
  const std::uint64_t wanted =
      limits.count != nullptr ? std::strtoull(limits.count, nullptr, 10) : 0;
  const std::uint64_t first = seed_from(limits.seed);
  std::uint64_t done = 0;
  do {
    program(first + done++);
    if (::testing::Test::HasFailure()) {
      std::cout << "seed " << first + done - 1 << " failed; again: " << limits.seed << '='
                << first + done - 1 << '\n';
      return;
    }
  } while (!single && (wanted > 0 ? done < wanted : std::chrono::steady_clock::now() < end));
  std::cout << done << " seeds from " << first << '\n';
}

}  // namespace seeds_detail

/// Runs `program` with one seed after the other, until SYNCLINE_SEEDS of them are done (if that is
/// set), or `seconds` of real time have passed (SYNCLINE_PROPERTY_SECONDS instead, if set), or one
/// fails; prints how many it did. With SYNCLINE_SEED: that seed only.
inline void for_each_seed(double seconds, const std::function<void(std::uint64_t seed)>& program) {
  seeds_detail::run({"SYNCLINE_SEED", "SYNCLINE_PROPERTY_SECONDS", std::getenv("SYNCLINE_SEEDS")},
                    seconds, program);
}

/// The same for simulated scenarios; the time is SYNCLINE_SIM_SECONDS, the seed SYNCLINE_SIM_SEED.
inline void for_each_sim_seed(double seconds,
                              const std::function<void(std::uint64_t seed)>& scenario) {
  seeds_detail::run({"SYNCLINE_SIM_SEED", "SYNCLINE_SIM_SECONDS", nullptr}, seconds, scenario);
}

}  // namespace syncline::test
