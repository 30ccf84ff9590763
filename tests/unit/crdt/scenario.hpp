// Repeats a scenario that oracle.mjs wrote down with our engine.
#pragma once

#include <string>
#include <vector>

#include "syncline/value.hpp"

namespace syncline::crdt {

/// What came out otherwise than written down, a line each; empty where all agrees.
std::vector<std::string> run_scenario(const Value& steps);

}  // namespace syncline::crdt
