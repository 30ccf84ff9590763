#include "connection.hpp"

#include <utility>

#include "forms.hpp"

namespace syncline::command {

void ask_hub(const Caller& caller, const std::function<void(Client&)>& ask,
             sync::SyncerHooks hooks) {
  const auto client = must_mean([&] {
    return std::make_unique<Client>(ClientOptions{.identity = caller.identity,
                                                  .hub = caller.hub,
                                                  .token = caller.token,
                                                  .hooks = std::move(hooks)});
  });
  ask(*client);
}

}  // namespace syncline::command
