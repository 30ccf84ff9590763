// A command's connection to its hub.
#pragma once

#include <functional>
#include <memory>

#include "commands.hpp"
#include "syncline/client.hpp"

namespace syncline::command {

/// Asks the caller's hub: `ask` is given the client. Throws Usage for a URL or identity that is
/// none.
void ask_hub(const Caller& caller, const std::function<void(Client&)>& ask,
             sync::SyncerHooks hooks = {});

}  // namespace syncline::command
