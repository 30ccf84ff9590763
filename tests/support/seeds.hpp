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

/// Runs a simulated scenario with one seed after the other until SYNCLINE_SIM_SECONDS (or else
/// `seconds`) of real time have passed or a seed fails, and prints how many it did. With
/// SYNCLINE_SIM_SEED: that seed only.
inline void for_each_sim_seed(double seconds,
                              const std::function<void(std::uint64_t seed)>& scenario) {
  if (const char* budget = std::getenv("SYNCLINE_SIM_SECONDS"))
    seconds = std::strtod(budget, nullptr);
  const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds);
  const bool single = std::getenv("SYNCLINE_SIM_SEED") != nullptr;
  const std::uint64_t first = seed_from("SYNCLINE_SIM_SEED");
  std::uint64_t done = 0;
  do {
    scenario(first + done++);
    if (::testing::Test::HasFailure()) {
      std::cout << "seed " << first + done - 1
                << " failed; again: SYNCLINE_SIM_SEED=" << first + done - 1 << '\n';
      return;
    }
  } while (!single && std::chrono::steady_clock::now() < end);
  std::cout << done << " seeds from " << first << '\n';
}

}  // namespace syncline::test
