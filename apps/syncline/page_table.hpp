// The embedded page as the hub serves it.
#pragma once

#include <map>
#include <string>

#include "hub/hub.hpp"

namespace syncline::command {

/// Every embedded file by its path; "/" is the page itself.
std::map<std::string, hub::Page> page_table();

}  // namespace syncline::command
