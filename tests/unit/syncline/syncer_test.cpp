// The public API, over real sockets on this machine. What can be told on virtual time is tested in
// unit/sync; here the threads, waiting and ending are.
#include "syncline/syncer.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <thread>

#include "syncline/hub_process.hpp"

namespace syncline {
namespace {

using namespace std::chrono_literals;

constexpr const char* kBoard = "comm://example.org/board";
constexpr const char* kAlice = "hyperty://example.org/alice";
constexpr const char* kBob = "hyperty://example.org/bob";

/// Waits for what another thread does, a turn of the syncer's executor at a time.
bool wait_for(Syncer& syncer, const std::function<bool()>& done) {
  const auto end = std::chrono::steady_clock::now() + 10s;
  while (!done()) {
    if (std::chrono::steady_clock::now() > end) return false;
    syncer.flush().get();
    std::this_thread::yield();
  }
  return true;
}

SyncerOptions through(const HubProcess& hub, const std::string& identity) {
  return {.identity = identity, .hub = "ws://" + hub.address()};
}

class Directory {
 public:
  Directory() {
    std::string name = (std::filesystem::temp_directory_path() / "syncline-XXXXXX").string();
    path_ = ::mkdtemp(name.data());
  }
  ~Directory() { std::filesystem::remove_all(path_); }
  std::string file(const std::string& name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

TEST(FacadeSyncer, TwoHypertiesShareAnObjectThroughAHub) {
  HubProcess hub({.hub = {.listen = "127.0.0.1:0"}});
  Syncer alice(through(hub, kAlice));
  Syncer bob(through(hub, kBob));
  const DataObject board =
      alice.create(kBoard, Value::object({{"title", "Plan"}}), {.access = "open"}).get();
  const DataObject copy = bob.subscribe(kBoard).get();
  EXPECT_EQ(copy.get(), board.get());
  std::atomic<int> heard = 0;
  const Handle watching =
      copy.observe([&](const Changes& changes) { heard += static_cast<int>(changes.size()); });
  board["title"] = "Plan B";
  EXPECT_TRUE(wait_for(alice, [&] { return copy["title"].as<std::string>() == "Plan B"; }));
  EXPECT_EQ(heard, 1);
  copy.transact([&] {
    copy["steps"].push_back("buy timber");
    copy["notes"].text().insert(0, "urgent: ");
  });
  EXPECT_TRUE(wait_for(bob, [&] { return board.get() == copy.get(); }));
  alice.flush().get();
  bob.flush().get();
  EXPECT_EQ(board.unacknowledged() + copy.unacknowledged(), 0u);
}

TEST(FacadeSyncer, TwoHypertiesShareAnObjectWithoutAHub) {
  Syncer alice({.identity = kAlice, .listen = "127.0.0.1:0"});
  Syncer bob({.identity = kBob, .hub = alice.address()});
  const DataObject board = alice.create(kBoard, Value::object({{"n", 1}})).get();
  const DataObject copy = bob.subscribe(kBoard).get();
  EXPECT_EQ(copy["n"].as<int>(), 1);
  EXPECT_EQ(copy.owner(), kAlice);
  board["n"] = 2;
  EXPECT_TRUE(wait_for(alice, [&] { return copy["n"].as<int>() == 2; }));
  EXPECT_FALSE(copy.may_write());
  try {
    copy["n"] = 3;
    FAIL() << "a reader wrote";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Code::kDenied);
  }
}

TEST(FacadeSyncer, ObjectsInAFileSurviveTheSyncer) {
  const Directory directory;
  const SyncerOptions options{.identity = kAlice, .data = directory.file("alice.db")};
  {
    Syncer alice(options);
    const DataObject board = alice.create(kBoard, Value::object({{"n", 1}})).get();
    board["n"] = 2;  // Destroying the syncer waits for its acknowledgement.
  }
  Syncer alice(options);
  EXPECT_EQ(alice.subscribe(kBoard).get()["n"].as<int>(), 2);
}

TEST(FacadeSyncer, OneProcessAtATimeHoldsADataFile) {
  const Directory directory;
  const SyncerOptions options{.identity = kAlice, .data = directory.file("alice.db")};
  const Syncer first(options);
  try {
    const Syncer second(options);
    FAIL() << "opened twice";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Code::kConflict);
  }
}

TEST(FacadeSyncer, RunsOnTheCallersThreadInPollMode) {
  HubProcess hub({.hub = {.listen = "127.0.0.1:0"}});
  Syncer alice(through(hub, kAlice));
  SyncerOptions options = through(hub, kBob);
  options.poll = true;
  Syncer bob(options);
  const DataObject board =
      alice.create(kBoard, Value::object({{"n", 1}}), {.access = "open"}).get();
  const DataObject copy = bob.subscribe(kBoard).get();  // Pumps.
  std::thread::id heard_on;
  const Handle watching =
      copy.observe([&](const Changes&) { heard_on = std::this_thread::get_id(); });
  board["n"] = 2;
  alice.flush().get();
  EXPECT_EQ(copy["n"].as<int>(), 1) << "nothing runs outside poll()";
  const auto end = std::chrono::steady_clock::now() + 10s;
  while (copy["n"].as<int>() != 2 && std::chrono::steady_clock::now() < end) bob.poll();
  EXPECT_EQ(copy["n"].as<int>(), 2);
  EXPECT_EQ(heard_on, std::this_thread::get_id());
}

TEST(FacadeSyncer, InvitesAndTells) {
  HubProcess hub({.hub = {.listen = "127.0.0.1:0"}});
  Syncer alice(through(hub, kAlice));
  Syncer bob(through(hub, kBob));
  std::atomic<bool> invited = false;
  const Handle listening = bob.on_invitation([&](const InvitationNotice& notice) {
    invited = notice.url == kBoard && notice.from == kAlice;
  });
  alice.create(kBoard, Value::object(), {.access = "private"}).get();
  EXPECT_THROW(bob.subscribe(kBoard).get(), Error);
  alice.invite(kBoard, kBob).get();
  EXPECT_TRUE(wait_for(bob, [&] { return invited.load(); }));
  EXPECT_NO_THROW(bob.subscribe(kBoard).get());
}

TEST(FacadeSyncer, HandlesOutliveTheirSyncerAndStayReadable) {
  std::optional<DataObject> board;
  {
    Syncer alice({.identity = kAlice});
    board.emplace(alice.create(kBoard, Value::object({{"n", 1}})).get());
  }
  EXPECT_EQ((*board)["n"].as<int>(), 1);
  try {
    (*board)["n"] = 2;
    FAIL() << "written without a syncer";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Code::kUnavailable);
  }
}

TEST(FacadeSyncer, GoesOnAfterTheHubStartedAnew) {
  const Directory directory;
  auto hub = std::make_unique<HubProcess>(
      HubProcessOptions{.hub = {.listen = "127.0.0.1:0"}, .data = directory.file("hub")});
  const std::string address = hub->address();
  Syncer alice(through(*hub, kAlice));
  const DataObject board = alice.create(kBoard, Value::object({{"n", 1}})).get();
  hub = nullptr;
  board["n"] = 2;  // Offline.
  EXPECT_EQ(board.unacknowledged(), 1u);
  hub = std::make_unique<HubProcess>(
      HubProcessOptions{.hub = {.listen = address}, .data = directory.file("hub")});
  alice.flush().get();
  EXPECT_EQ(board.unacknowledged(), 0u);
  Syncer bob(through(*hub, kBob));
  EXPECT_EQ(bob.subscribe(kBoard).get()["n"].as<int>(), 2);
}

TEST(FacadeSyncer, SaysWhatIsWrongWithItsOptions) {
  const auto code = [](SyncerOptions options) {
    try {
      const Syncer syncer(std::move(options));
      return Code{};
    } catch (const Error& error) {
      return error.code();
    }
  };
  EXPECT_EQ(code({.identity = "alice"}), Code::kMalformed);
  EXPECT_EQ(code({.identity = kAlice, .hub = "http://127.0.0.1:1"}), Code::kMalformed);
  EXPECT_EQ(code({.identity = kAlice,
                  .on_conflict = [](const Conflict&) { return Resolution::merge(); }}),
            Code::kMalformed);
  EXPECT_EQ(code({.identity = kAlice, .hub = "ws://127.0.0.1:1", .listen = "127.0.0.1:0"}),
            Code::kMalformed);
  EXPECT_EQ(code({.identity = kAlice, .listen = "0.0.0.0:0"}), Code::kDenied);
}

}  // namespace
}  // namespace syncline
