// Whatever the network and the machines do: copies become equal, nothing acknowledged or seen is
// lost, and nobody sees what somebody was not allowed to write.
#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>

#include "sim/scenario.hpp"
#include "support/seeds.hpp"

namespace syncline::sim {
namespace {

/// Of real time, where the environment does not say.
constexpr double kSeconds = 10;

void play_many(bool disorderly) {
  const bool single = std::getenv("SYNCLINE_SIM_SEED") != nullptr;
  std::uint64_t messages = 0;
  std::uint64_t crashes = 0;
  std::uint64_t refusals = 0;
  std::uint64_t promises = 0;
  test::for_each_sim_seed(kSeconds, [&](std::uint64_t seed) {
    Scenario scenario(seed, {.disorderly = disorderly, .trace = single ? &std::cout : nullptr});
    scenario.run();
    messages += scenario.messages();
    crashes += scenario.crashes();
    refusals += scenario.refusals();
    promises += scenario.promises();
  });
  std::cout << messages << " messages, " << crashes << " crashes, " << refusals << " refusals, "
            << promises << " promises kept\n";
}

TEST(Simulation, CopiesConvergeAndPromisesAreKept) { play_many(false); }

TEST(Simulation, AlsoWhereLinksRepeatAndReorderMessages) { play_many(true); }

}  // namespace
}  // namespace syncline::sim
