// `syncline hub`: a hub on a real port and a real directory, until it is told to stop.
#include <memory>

#include "base/log.hpp"
#include "commands.hpp"
#include "forms.hpp"
#include "page_table.hpp"
#include "syncline/hub_process.hpp"
#include "terminal.hpp"

namespace syncline::command {

int run(const Hub& arguments) {
  log_to_stderr();
  HubProcessOptions options;
  options.hub.listen = arguments.listen;
  options.hub.origins = arguments.origins;
  options.hub.pages = page_table();
  options.data = arguments.data;
  const auto hub = must_mean([&] { return std::make_unique<HubProcess>(std::move(options)); });
  hub->wait_for_signal();
  log::info("hub", "stopping");
  hub->stop();
  log::info("hub", "stopped: everything is stored");
  return kDone;
}

}  // namespace syncline::command
