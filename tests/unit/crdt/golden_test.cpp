// Scenarios that yjs 13.6.33 played, repeated here: the same bytes, values and events.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "unit/crdt/scenario.hpp"

namespace syncline::crdt {
namespace {

TEST(Golden, ScenariosOfYjsComeOutTheSame) {
  std::size_t played = 0;
  for (const auto& file : std::filesystem::directory_iterator(SYNCLINE_GOLDEN_DIR)) {
    std::ifstream in(file.path());
    std::stringstream text;
    text << in.rdbuf();
    for (const std::string& failure : run_scenario(Value::parse(text.str()))) {
      ADD_FAILURE() << file.path().filename() << ": " << failure;
    }
    ++played;
  }
  EXPECT_GE(played, 25u);
}

}  // namespace
}  // namespace syncline::crdt
