// What a user's first program does: one syncer hosts an object, another changes it.
#include <future>
#include <iostream>
#include <syncline/syncline.hpp>

int main() {
  syncline::Syncer alice{
      {.identity = "hyperty://example.org/alice", .hub = "", .data = "", .listen = "127.0.0.1:0"}};
  syncline::DataObject board =
      alice.create("comm://example.org/board", {{"title", "Plan"}}, {.access = "open"}).get();

  std::promise<void> heard;
  const auto watching = board.observe([&](const syncline::Changes&) { heard.set_value(); });

  syncline::Syncer bob{{.identity = "hyperty://example.org/bob", .hub = alice.address()}};
  syncline::DataObject copy = bob.subscribe("comm://example.org/board").get();
  copy["title"] = "Plan B";
  (void)bob.flush().get();  // the room has it; Alice's copy hears of it in its own time
  heard.get_future().wait();

  const auto title = board["title"].as<std::string>();
  std::cout << title << '\n';
  return title == "Plan B" ? 0 : 1;
}
