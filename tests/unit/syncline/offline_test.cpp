// A syncer with a data file in the real world: files, threads, kill -9. What can be told on virtual
// time is tested in tests/sim.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <filesystem>
#include <map>
#include <thread>

#include "syncline/hub_process.hpp"
#include "syncline/syncline.hpp"

namespace syncline {
namespace {

using namespace std::chrono_literals;

constexpr const char* kBoard = "comm://example.org/board";
constexpr const char* kAlice = "hyperty://example.org/alice";
constexpr const char* kBob = "hyperty://example.org/bob";
/// Nobody listens there.
constexpr const char* kNoHub = "ws://127.0.0.1:1";

class OfflineFile : public ::testing::Test {
 protected:
  OfflineFile() {
    std::string name = (std::filesystem::temp_directory_path() / "syncline-XXXXXX").string();
    directory_ = ::mkdtemp(name.data());
    file_ = (directory_ / "alice.db").string();
  }
  ~OfflineFile() override { std::filesystem::remove_all(directory_); }

  SyncerOptions options(const std::string& hub = kNoHub) const {
    return {.identity = kAlice, .hub = hub, .data = file_};
  }
  /// The reason of the error that opening the file throws.
  static std::string refused(const SyncerOptions& options) {
    try {
      const Syncer syncer(options);
    } catch (const Error& error) {
      return std::string(error.reason());
    }
    return "nothing";
  }

  std::filesystem::path directory_;
  std::string file_;
};

TEST_F(OfflineFile, KeepsObjectsAndIdentityAcrossRestarts) {
  {
    Syncer alice(options());
    const DataObject board = alice.create(kBoard, Value::object({{"title", "Plan"}})).get();
    board["title"] = "Plan B";
    EXPECT_EQ(board.unacknowledged(), 1u);
  }
  Syncer again({.hub = kNoHub, .data = file_});
  EXPECT_EQ(again.identity(), kAlice);
  EXPECT_EQ(again.objects().get(), std::vector<std::string>{kBoard});
  const DataObject board = again.subscribe(kBoard).get();
  EXPECT_EQ(board["title"].as<std::string>(), "Plan B");
  EXPECT_EQ(board.owner(), kAlice);
}

TEST_F(OfflineFile, IsOneProcessesOneIdentitysAndOneUses) {
  {
    const Syncer alice(options());
    std::string message;
    try {
      const Syncer second(options());
    } catch (const Error& error) {
      EXPECT_EQ(error.reason(), "in_use");
      message = error.message();
    }
    EXPECT_NE(message.find("in use by PID " + std::to_string(::getpid())), std::string::npos)
        << message;
  }
  SyncerOptions other = options();
  other.identity = kBob;
  EXPECT_EQ(refused(other), "other_identity");
  EXPECT_EQ(refused({.identity = kAlice, .data = file_}), "other_use");
  const std::string hosted = (directory_ / "hosted.db").string();
  {
    Syncer host({.identity = kAlice, .data = hosted});
    host.create(kBoard).get();
  }
  EXPECT_EQ(refused({.identity = kAlice, .hub = kNoHub, .data = hosted}), "other_use");
}

TEST_F(OfflineFile, WhatWasWrittenOfflineGoesUpWhenAHubIsThere) {
  {
    Syncer alice(options());
    const DataObject board =
        alice.create(kBoard, Value::object({{"list", Value::array()}}), {.access = "open"}).get();
    board["list"].push_back(1);
  }
  HubProcess hub({.hub = {.listen = "127.0.0.1:0"}});
  const std::string url = "ws://" + hub.address();
  Syncer alice(options(url));
  const DataObject board = alice.subscribe(kBoard).get();
  board["list"].push_back(2);
  alice.flush().get();
  Syncer bob({.identity = kBob, .hub = url});
  const DataObject copy = bob.subscribe(kBoard).get();
  EXPECT_EQ(copy["list"].get(), Value::array({1, 2}));
}

TEST_F(OfflineFile, AThousandCallsAtOnceAllSucceed) {
  HubProcess hub({.hub = {.listen = "127.0.0.1:0"}});
  Syncer alice(options("ws://" + hub.address()));
  const DataObject board =
      alice.create(kBoard, Value::object({{"votes", Value::object()}, {"list", Value::array()}}))
          .get();
  std::vector<std::thread> threads;
  std::atomic<int> failed = 0;
  for (int thread = 0; thread < 10; ++thread) {
    threads.emplace_back([&, thread] {
      for (int i = 0; i < 100; ++i) {
        try {
          if (i % 3 == 0) {
            Counter(board["votes"]).add();
          } else if (i % 3 == 1) {
            board["list"].push_back(thread);
          } else {
            board["key " + std::to_string(thread)] = i;
          }
        } catch (const Error&) {
          ++failed;
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(failed, 0);
  alice.flush().get();
  EXPECT_EQ(Counter(board["votes"]).value(), 340);
  EXPECT_EQ(board["list"].size(), 330u);
}

/// Appends numbers to a list, offline, and tells on `report` which are saved. Never returns.
[[noreturn]] void write_until_killed(const SyncerOptions& options, int from, int report) {
  Syncer alice(options);
  const DataObject board =
      alice.objects().get().empty()
          ? alice.create(kBoard, Value::object({{"list", Value::array()}})).get()
          : alice.subscribe(kBoard).get();
  for (int number = from;; ++number) {
    board.transact([&] {
      board["list"].push_back(number);
      board["text"].text().insert(0, "x");
    });
    if (number % 3 != 0) continue;
    alice.save().get();
    if (::write(report, &number, sizeof number) != sizeof number) ::_exit(1);
  }
}

TEST_F(OfflineFile, SurvivesKill9InTheMiddleOfOfflineEdits) {
  int next = 1;
  for (int round = 0; round < 4; ++round) {
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      ::close(ends[0]);
      write_until_killed(options(), next, ends[1]);
    }
    ::close(ends[1]);
    const int enough = next + 60 + 7 * round;
    int saved = 0;
    int number = 0;
    while (saved < enough && ::read(ends[0], &number, sizeof number) == sizeof number)
      saved = number;
    EXPECT_GE(saved, enough) << "the writer ended by itself";
    ::kill(child, SIGKILL);
    int status = 0;
    ::waitpid(child, &status, 0);
    while (::read(ends[0], &number, sizeof number) == sizeof number) saved = number;
    ::close(ends[0]);

    Syncer alice(options());
    const DataObject board = alice.subscribe(kBoard).get();
    std::map<int, int> times;
    const Value list = board["list"].get();
    for (const Value& one : list.items()) ++times[one.as<int>()];
    for (const auto& [one, count] : times) EXPECT_EQ(count, 1) << one;
    for (int one = 1; one <= saved; ++one) EXPECT_TRUE(times.contains(one)) << one << " is lost";
    EXPECT_EQ(board["list"].size(), board["text"].size()) << "a transaction was torn apart";
    next = static_cast<int>(times.size()) + 1;
  }
  HubProcess hub({.hub = {.listen = "127.0.0.1:0"}});
  Syncer alice(options("ws://" + hub.address()));
  alice.subscribe(kBoard).get();
  alice.flush().get();
  Syncer bob({.identity = kBob, .hub = "ws://" + hub.address()});
  const DataObject copy = bob.subscribe(kBoard).get();
  EXPECT_EQ(copy.get(), alice.subscribe(kBoard).get().get());
  EXPECT_EQ(copy["list"].size(), static_cast<std::size_t>(next - 1));
}

}  // namespace
}  // namespace syncline
