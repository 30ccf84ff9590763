// Fuzzes awareness: no update breaks a client, one that cannot be read changes nothing, and what a
// client knows is written and read by another as the same.
#include <cstddef>
#include <cstdint>

#include "base/check.hpp"
#include "support/test_executor.hpp"
#include "sync/awareness.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace syncline;
  const ByteView input(data, size);
  test::TestExecutor executor;
  sync::Awareness here(1, executor, executor);
  int told = 0;
  const Handle updates = here.on_update([&](const sync::AwarenessChange& change, const Value&) {
    SYNCLINE_CHECK(!change.empty(), "an update of nothing is told");
    ++told;
  });
  const bool readable = here.apply_update(input, "fuzz").ok();
  SYNCLINE_CHECK(readable || told == 0, "an unreadable update changes something");
  SYNCLINE_CHECK(here.local_state() != nullptr, "others take the own state away");
  const auto same = [](const Value& state) { return state; };
  SYNCLINE_CHECK(sync::modify_awareness_update(input, same).ok() == readable,
                 "what can be read can be modified");

  sync::Awareness there(2, executor, executor);
  there.set_local_state(nullptr);
  SYNCLINE_CHECK(there.apply_update(here.encode_update(), "here").ok(),
                 "what was written cannot be read");
  executor.advance(std::chrono::seconds(33));
  // What others say of oneself is not for a timeout to end.
  const auto silent = [](const sync::Awareness& of, crdt::ClientId self) {
    return of.states().size() - of.states().count(self);
  };
  SYNCLINE_CHECK(silent(here, 1) == 0 && silent(there, 2) == 0, "the silent stay");
  return 0;
}
