// A syncer with a disk: what it promises holds at whatever moment its process ends, and whatever
// backup of its disk is put back.
#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "simulation/disk.hpp"
#include "simulation/network.hpp"
#include "simulation/world.hpp"
#include "sync/host.hpp"
#include "sync/syncer.hpp"
#include "syncline/data_object.hpp"

namespace syncline::sim {
namespace {

using simulation::Node;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr const char* kHub = "hub:4455";
constexpr const char* kBoard = "comm://sim/board";
constexpr const char* kOther = "comm://sim/other";
constexpr const char* kAlice = "hyperty://sim/alice";
constexpr const char* kBob = "hyperty://sim/bob";

struct HubProcess {
  HubProcess(Node& node, simulation::Disk& disk, simulation::Network& network)
      : storage(disk.open()), host(node, node, node.random(), *storage) {
    listening = network.listen(node, kHub, [this](simulation::Arrival arrival) -> Result<void> {
      host.accept(std::move(arrival.connection));
      return {};
    });
  }
  std::unique_ptr<storage::Storage> storage;
  sync::Host host;
  Handle listening;
};

/// What was promised about the marks that a client makes, over all its lives.
struct Promises {
  int made = 0;
  std::set<int> saved;
  std::set<int> acknowledged;
};

/// One process of a client with a disk.
struct ClientProcess {
  ClientProcess(Node& on, simulation::Network& network, const std::string& identity,
                std::unique_ptr<storage::Storage> disk, ConflictHook hook = nullptr)
      : node(on), storage(std::move(disk)), connector(network.connector(on)) {
    sync::Syncer::Options options{
        .link = {.url = std::string("ws://") + kHub + "/sync", .identity = identity, .token = {}}};
    options.storage = storage.get();
    options.on_conflict = std::move(hook);
    options.hooks.on_refused = [this](const std::string&, const Error& error) {
      refused.push_back(std::string(error.reason()));
    };
    syncer = std::make_unique<sync::Syncer>(on, on, on.random(), *connector, std::move(options));
  }

  void create(const Value& initial, const Value& access = "open") {
    syncer->create(kBoard, initial, {.access = access}, [this](auto result) { take(result); });
  }
  void subscribe(const std::string& url = kBoard) {
    syncer->subscribe(url, [this](auto result) { take(result); });
  }
  void take(const Result<sync::Syncer::Object>& result) {
    if (result.ok()) {
      board.emplace(*result);
    } else {
      failed.emplace(result.error());
    }
  }

  Node& node;
  std::unique_ptr<storage::Storage> storage;
  std::unique_ptr<transport::Connector> connector;
  std::vector<std::string> refused;
  std::optional<DataObject> board;
  std::optional<Error> failed;
  Handle tick;
  std::unique_ptr<sync::Syncer> syncer;
};

class OfflineTest : public ::testing::Test {
 protected:
  explicit OfflineTest(std::uint64_t seed = 1)
      : world_(seed),
        network_(world_.add<simulation::Network>(world_)),
        hub_(world_.add_node("hub")),
        hub_disk_(world_.add<simulation::Disk>(hub_)) {}
  ~OfflineTest() override {
    for (const auto& node : world_.nodes()) node->crash();
  }

  struct Machine {
    Node* node;
    simulation::Disk* disk;
    std::string identity;
    std::weak_ptr<ClientProcess> process;
    /// The process that runs now.
    ClientProcess* operator->() const { return process.lock().get(); }
  };

  Machine& machine(const std::string& identity, ConflictHook hook = nullptr) {
    Node& node = world_.add_node(identity.substr(identity.rfind('/') + 1));
    Machine& made =
        machines_.emplace_back(Machine{&node, &world_.add<simulation::Disk>(node), identity, {}});
    start(made, std::move(hook));
    return made;
  }
  void start(Machine& machine, ConflictHook hook = nullptr) {
    machine.node->start([this, &machine, hook](Node& node) {
      const auto process = std::make_shared<ClientProcess>(node, network_, machine.identity,
                                                           machine.disk->open(), hook);
      machine.process = process;
      return process;
    });
  }
  /// Ends the process as kill -9 does, and starts it again.
  void crash(Machine& machine) {
    machine.node->crash();
    machine.node->restart();
  }
  void start_hub() {
    hub_.start(
        [this](Node& node) { return std::make_shared<HubProcess>(node, hub_disk_, network_); });
  }
  bool until(const std::function<bool()>& done, Duration timeout = std::chrono::minutes(2)) {
    return world_.run_until(done, timeout);
  }
  /// A copy that has been opened, and the hub has everything of it.
  bool settled(const Machine& machine) {
    return machine->board && machine->syncer->connected() && machine->board->unacknowledged() == 0;
  }
  void save(Machine& machine) {
    bool saved = false;
    machine->syncer->save([&](const Result<void>& result) { saved = result.ok(); });
    ASSERT_TRUE(until([&] { return saved; }));
  }
  std::optional<Value> at_hub(const std::string& url = kBoard) {
    const auto stored = hub_disk_.durable().load(url);
    if (!stored) return std::nullopt;
    simulation::SeededRandom random(1);
    Result<room::ObjectState> state = room::load_state(*stored, random);
    if (!state.ok() || state->head.deleted_ms) return std::nullopt;
    return (*state->doc->root("data", crdt::TypeKind::kMap))->to_json();
  }

  simulation::World world_;
  simulation::Network& network_;
  Node& hub_;
  simulation::Disk& hub_disk_;
  std::deque<Machine> machines_;
};

// ---- beginning without a hub --------------------------------------------------------------------

TEST_F(OfflineTest, AnObjectBeginsAndLivesWithoutAHubAndGoesUpOnce) {
  Machine& alice = machine(kAlice);
  alice->create({{"title", "Plan"}, {"list", Value::array()}});
  ASSERT_TRUE(until([&] { return alice->board.has_value(); }));
  EXPECT_EQ(alice->board->owner(), kAlice);
  (*alice->board)["title"] = "Plan B";
  (*alice->board)["list"].push_back(1);
  save(alice);
  crash(alice);
  alice->subscribe();
  ASSERT_TRUE(until([&] { return alice->board.has_value(); }));
  EXPECT_FALSE(alice->syncer->connected());
  (*alice->board)["list"].push_back(2);
  save(alice);
  crash(alice);
  start_hub();
  alice->subscribe();
  ASSERT_TRUE(until([&] { return settled(alice) && at_hub().has_value(); }));
  const Value all = {{"title", "Plan B"}, {"list", Value::array({1, 2})}};
  EXPECT_EQ(alice->board->get(), all);
  world_.run_for(seconds(1));
  EXPECT_EQ(at_hub(), all);
  // Everything that was kept has gone up: another start sends nothing.
  crash(alice);
  alice->subscribe();
  ASSERT_TRUE(until([&] { return settled(alice); }));
  EXPECT_EQ(at_hub(), all);
}

TEST_F(OfflineTest, AHubInReachAnswersForItself) {
  start_hub();
  Machine& bob = machine(kBob);
  bob->create({{"title", "theirs"}});
  ASSERT_TRUE(until([&] { return bob->board.has_value(); }));
  Machine& alice = machine(kAlice);
  alice->create({{"title", "mine"}});
  ASSERT_TRUE(until([&] { return alice->failed.has_value(); }));
  EXPECT_EQ(alice->failed->reason(), "exists");
  EXPECT_TRUE(alice->syncer->parked().empty());
}

TEST_F(OfflineTest, WhatWasSeenIsReadableWithoutAHub) {
  start_hub();
  Machine& bob = machine(kBob);
  bob->create({{"title", "theirs"}});
  ASSERT_TRUE(until([&] { return settled(bob); }));
  Machine& alice = machine(kAlice);
  alice->subscribe();
  ASSERT_TRUE(until([&] { return settled(alice); }));
  (*bob->board)["more"] = 1;
  ASSERT_TRUE(until([&] { return (*alice->board)["more"].exists(); }));
  save(alice);
  hub_.crash();
  crash(alice);
  alice->subscribe();
  ASSERT_TRUE(until([&] { return alice->board.has_value(); }));
  EXPECT_EQ(alice->board->get(), bob->board->get());
  EXPECT_EQ(alice->board->owner(), kBob);
}

// ---- every moment to end at ---------------------------------------------------------------------

/// Makes marks all the time, offline and online, and notes what it was promised.
class Writer {
 public:
  Writer(ClientProcess& process, Promises& promises) : process_(process), promises_(promises) {
    process_.subscribe();
    next();
  }

 private:
  void next() {
    process_.tick = process_.node.after(milliseconds(3), [this] {
      if (process_.board) write();
      next();
    });
  }
  void write() {
    if (promises_.made >= 12) return;
    const int mark = ++promises_.made;
    (*process_.board)["list"].push_back(mark);
    process_.syncer->save([this, mark](const Result<void>& saved) {
      if (saved.ok()) promises_.saved.insert(mark);
    });
    process_.syncer->flush([this, mark](const Result<void>& flushed) {
      if (flushed.ok()) promises_.acknowledged.insert(mark);
    });
  }
  ClientProcess& process_;
  Promises& promises_;
};

/// One run: an object that begins offline, a hub that comes and goes, and a crash of the client
/// after `events` events. Returns how many events there were before its end.
std::uint64_t run_with_crash(std::uint64_t seed, std::uint64_t events, bool backup) {
  simulation::World world(seed);
  auto& network = world.add<simulation::Network>(world);
  Node& hub = world.add_node("hub");
  auto& hub_disk = world.add<simulation::Disk>(hub);
  Node& client = world.add_node("client");
  auto& disk = world.add<simulation::Disk>(client);
  Promises promises;
  std::weak_ptr<ClientProcess> running;
  storage::Contents old_disk;
  std::set<int> saved_then;

  struct Life {
    ClientProcess process;
    Writer writer;
    Life(Node& node, simulation::Network& on, std::unique_ptr<storage::Storage> from,
         Promises& promised)
        : process(node, on, kAlice, std::move(from)), writer(process, promised) {}
  };
  client.start([&](Node& node) {
    const auto life = std::make_shared<Life>(node, network, disk.open(), promises);
    running = std::shared_ptr<ClientProcess>(life, &life->process);
    return life;
  });
  running.lock()->create({{"list", Value::array()}});
  world.after(milliseconds(20), [&] {
    hub.start([&](Node& node) { return std::make_shared<HubProcess>(node, hub_disk, network); });
  });
  world.after(milliseconds(8), [&] {
    old_disk = disk.durable();
    saved_then = promises.saved;
  });
  std::uint64_t done = 0;
  for (; world.now() < seconds(3) && world.step(); ++done) {
    if (done != events) continue;
    client.crash();
    if (backup) {
      disk.restore(old_disk);
      // What a backup does not hold was never promised by it; what the hub acknowledged it holds.
      promises.saved = saved_then;
    }
    client.restart();
    const bool known = disk.durable().load(kBoard).has_value();
    if (!known) running.lock()->create({{"list", Value::array()}});
  }
  const auto settled = [&] {
    const auto process = running.lock();
    return process && process->board && process->syncer->connected() &&
           process->board->unacknowledged() == 0;
  };
  EXPECT_TRUE(world.run_until(settled, std::chrono::minutes(2))) << "crash after event " << events;
  if (const auto process = running.lock(); process && process->board) {
    std::map<int, int> times;
    const Value marks = (*process->board)["list"].get();
    for (const Value& mark : marks.items()) ++times[mark.as<int>()];
    for (const auto& [mark, count] : times)
      EXPECT_EQ(count, 1) << mark << " was applied twice, crash after event " << events;
    for (const int mark : promises.saved)
      EXPECT_TRUE(times.contains(mark)) << mark << " was saved and is lost, event " << events;
    for (const int mark : promises.acknowledged)
      EXPECT_TRUE(times.contains(mark)) << mark << " was acknowledged and is lost, " << events;
    hub.stop();
    simulation::SeededRandom random(1);
    const auto stored = hub_disk.durable().load(kBoard);
    EXPECT_TRUE(stored);
    if (stored) {
      Result<room::ObjectState> state = room::load_state(*stored, random);
      EXPECT_TRUE(state.ok());
      if (state.ok()) {
        EXPECT_EQ((*state->doc->root("data", crdt::TypeKind::kMap))->to_json(),
                  process->board->get());
      }
    }
  }
  for (const auto& node : world.nodes()) node->crash();
  return done;
}

TEST(OfflineCrashMatrix, NothingSavedIsLostOrAppliedTwiceWhereverTheProcessEnds) {
  const std::uint64_t all = run_with_crash(1, UINT64_MAX, false);
  ASSERT_GT(all, 50u);
  for (std::uint64_t event = 0; event < all && !::testing::Test::HasFailure(); ++event)
    run_with_crash(1, event, false);
}

TEST(OfflineCrashMatrix, ABackupPutBackLosesNothingThatWasAcknowledged) {
  const std::uint64_t all = run_with_crash(2, UINT64_MAX, false);
  for (std::uint64_t event = 20; event < all && !::testing::Test::HasFailure(); event += 3)
    run_with_crash(2, event, true);
}

// ---- conflicts ----------------------------------------------------------------------------------

/// Alice and bob have a board; both change it while alice is offline; she comes back with `hook`.
class ConflictTest : public OfflineTest {
 protected:
  void meet(const ConflictHook& hook, const std::function<void(const DataObject&)>& ours,
            const std::function<void(const DataObject&)>& theirs) {
    start_hub();
    bob_ = &machine(kBob);
    (*bob_)->create({{"title", "base"}, {"price", 1}, {"list", Value::array({1})}});
    ASSERT_TRUE(until([&] { return settled(*bob_); }));
    alice_ = &machine(kAlice, [this, hook](const Conflict& conflict) {
      conflicts_.push_back(conflict);
      return hook(conflict);
    });
    (*alice_)->subscribe();
    ASSERT_TRUE(until([&] { return settled(*alice_); }));
    network_.part({alice_->node}, simulation::Partition::kBreak);
    ASSERT_TRUE(until([&] { return !(*alice_)->syncer->connected(); }));
    ours(*(*alice_)->board);
    theirs(*(*bob_)->board);
    ASSERT_TRUE(until([&] { return settled(*bob_); }));
    network_.heal();
  }
  bool in_step() {
    return settled(*alice_) && settled(*bob_) && (*alice_)->board->get() == (*bob_)->board->get();
  }

  Machine* alice_ = nullptr;
  Machine* bob_ = nullptr;
  std::vector<Conflict> conflicts_;
};

TEST_F(ConflictTest, EditsOfDifferentPlacesMergeUnasked) {
  meet([](const Conflict&) { return Resolution::drop(); },
       [](const DataObject& board) { board["title"] = "ours"; },
       [](const DataObject& board) { board["price"] = 2; });
  ASSERT_TRUE(until([&] { return in_step(); }));
  EXPECT_TRUE(conflicts_.empty());
  EXPECT_EQ((*alice_)->board->get(),
            Value::object({{"title", "ours"}, {"price", 2}, {"list", Value::array({1})}}));
}

TEST_F(ConflictTest, OursCanBeKeptAndTheirsTakenPlaceByPlace) {
  meet(
      [](const Conflict& conflict) {
        return conflict.path == Path{"title"}   ? Resolution::keep()
               : conflict.path == Path{"price"} ? Resolution::drop()
                                                : Resolution::use(Value::array({7}));
      },
      [](const DataObject& board) {
        board["title"] = "ours";
        board["price"] = 10;
        board["list"].push_back(2);
      },
      [](const DataObject& board) {
        board["title"] = "theirs";
        board["price"] = 20;
        board["list"].push_back(3);
      });
  ASSERT_TRUE(until([&] { return in_step(); }));
  EXPECT_EQ((*bob_)->board->get(),
            Value::object({{"title", "ours"}, {"price", 20}, {"list", Value::array({7})}}));
  ASSERT_EQ(conflicts_.size(), 3u);
  const Conflict& title = conflicts_.back();
  EXPECT_EQ(title.path, Path{"title"});
  EXPECT_EQ(title.base, Value("base"));
  EXPECT_EQ(title.local, Value("ours"));
  EXPECT_EQ(title.remote, Value("theirs"));
}

TEST_F(ConflictTest, NotDecidedKeepsLocalEditsAndStops) {
  bool decided = false;
  meet([&](const Conflict&) { return decided ? Resolution::keep() : Resolution::undecided(); },
       [](const DataObject& board) { board["title"] = "ours"; },
       [](const DataObject& board) { board["title"] = "theirs"; });
  ASSERT_TRUE(until([&] { return (*alice_)->syncer->parked().size() == 1; }));
  world_.run_for(seconds(5));
  EXPECT_EQ((*alice_)->board->get().find("title")->string(), "ours");
  EXPECT_EQ((*bob_)->board->get().find("title")->string(), "theirs");
  EXPECT_EQ((*alice_)->board->unacknowledged(), 1u);
  (*(*alice_)->board)["price"] = 5;  // Writing goes on.
  decided = true;
  (*alice_)->syncer->resume(kBoard, 0, [](const Result<void>&) {});
  ASSERT_TRUE(until([&] { return in_step(); }));
  EXPECT_EQ((*bob_)->board->get(),
            Value::object({{"title", "ours"}, {"price", 5}, {"list", Value::array({1})}}));
  EXPECT_TRUE((*alice_)->syncer->parked().empty());
}

TEST_F(ConflictTest, WhatStoppedCanBeGivenUp) {
  meet([](const Conflict&) { return Resolution::undecided(); },
       [](const DataObject& board) { board["title"] = "ours"; },
       [](const DataObject& board) { board["title"] = "theirs"; });
  ASSERT_TRUE(until([&] { return (*alice_)->syncer->parked().size() == 1; }));
  std::optional<Result<void>> dropped;
  (*alice_)->syncer->drop(kBoard, 0, [&](Result<void> result) { dropped = result; });
  ASSERT_TRUE(until([&] { return in_step(); }));
  EXPECT_TRUE(dropped && dropped->ok());
  EXPECT_EQ((*alice_)->board->get().find("title")->string(), "theirs");
}

TEST_F(ConflictTest, AHookThatThrowsHasNotDecided) {
  meet([](const Conflict&) -> Resolution { throw std::runtime_error("no"); },
       [](const DataObject& board) { board["title"] = "ours"; },
       [](const DataObject& board) { board["title"] = "theirs"; });
  ASSERT_TRUE(until([&] { return (*alice_)->syncer->parked().size() == 1; }));
  EXPECT_EQ((*alice_)->syncer->parked()[0].id, 0u);
}

// ---- an object that exists ----------------------------------------------------------------------

class ExistsTest : public OfflineTest {
 protected:
  /// Alice begins an object offline at a URL that bob's has by the time she connects.
  void meet(const ConflictHook& hook) {
    alice_ = &machine(kAlice, hook);
    (*alice_)->create({{"mine", 1}, {"both", "alice"}});
    ASSERT_TRUE(until([&] { return (*alice_)->board.has_value(); }));
    (*(*alice_)->board)["later"] = 2;
    start_hub();
    network_.part({alice_->node}, simulation::Partition::kBreak);
    bob_ = &machine(kBob);
    (*bob_)->create({{"theirs", 3}, {"both", "bob"}});
    ASSERT_TRUE(until([&] { return settled(*bob_); }));
    network_.heal();
  }
  Machine* alice_ = nullptr;
  Machine* bob_ = nullptr;
};

TEST_F(ExistsTest, StaysHereUntilSomebodyDecides) {
  meet(nullptr);
  ASSERT_TRUE(until([&] { return (*alice_)->syncer->parked().size() == 1; }));
  EXPECT_EQ((*alice_)->syncer->parked()[0].why.reason(), "exists");
  EXPECT_EQ((*alice_)->board->get(), Value::object({{"mine", 1}, {"both", "alice"}, {"later", 2}}));
  EXPECT_EQ((*bob_)->board->get(), Value::object({{"theirs", 3}, {"both", "bob"}}));
}

TEST_F(ExistsTest, CanBeRenamed) {
  meet([](const Conflict& conflict) {
    EXPECT_EQ(conflict.cause, Conflict::Cause::kExists);
    EXPECT_EQ(conflict.remote, Value::object({{"theirs", 3}, {"both", "bob"}}));
    return Resolution::rename(kOther);
  });
  ASSERT_TRUE(until([&] { return settled(*alice_) && at_hub(kOther).has_value(); }));
  const Value mine = {{"mine", 1}, {"both", "alice"}, {"later", 2}};
  EXPECT_EQ((*alice_)->board->url(), kOther);
  world_.run_for(seconds(1));
  EXPECT_EQ(at_hub(kOther), mine);
  save(*alice_);
  crash(*alice_);
  ASSERT_TRUE(until([&] { return (*alice_)->syncer->urls().size() == 1; }));
  EXPECT_EQ((*alice_)->syncer->urls()[0], kOther);
}

TEST_F(ExistsTest, CanBecomeOne) {
  meet([](const Conflict&) { return Resolution::keep(); });
  ASSERT_TRUE(until([&] {
    return settled(*alice_) && (*alice_)->board->get() == (*bob_)->board->get() &&
           (*bob_)->board->get().find("mine") != nullptr;
  }));
  EXPECT_EQ((*bob_)->board->get(), Value::object({{"mine", 1}, {"both", "alice"}, {"later", 2}}));
}

TEST_F(ExistsTest, CanGiveWay) {
  meet([](const Conflict&) { return Resolution::drop(); });
  ASSERT_TRUE(until([&] { return settled(*alice_) && (*alice_)->board->owner() == kBob; }));
  EXPECT_EQ((*alice_)->board->get(), (*bob_)->board->get());
}

// ---- refusals -----------------------------------------------------------------------------------

TEST_F(OfflineTest, EditsOfAnObjectThatWasDeletedAreParkedAndOutliveTheProcess) {
  start_hub();
  Machine& bob = machine(kBob);
  bob->create({{"a", 1}});
  ASSERT_TRUE(until([&] { return settled(bob); }));
  Machine& alice = machine(kAlice);
  alice->subscribe();
  ASSERT_TRUE(until([&] { return settled(alice); }));
  network_.part({alice.node}, simulation::Partition::kBreak);
  ASSERT_TRUE(until([&] { return !alice->syncer->connected(); }));
  (*alice->board)["b"] = 2;
  bool deleted = false;
  bob->syncer->remove(kBoard, [&](const Result<void>& result) { deleted = result.ok(); });
  ASSERT_TRUE(until([&] { return deleted; }));
  network_.heal();
  ASSERT_TRUE(until([&] { return alice->syncer->parked().size() == 1; }));
  save(alice);
  crash(alice);
  ASSERT_TRUE(until([&] { return alice->syncer->parked().size() == 1; }));
  const Parked parked = alice->syncer->parked()[0];
  EXPECT_EQ(parked.why.code(), Code::kGone);
  ASSERT_EQ(parked.changes.size(), 1u);
  EXPECT_EQ(parked.changes[0].path, Path{"b"});
  EXPECT_TRUE(alice->syncer->urls().empty());
  // On an object that is made anew it can be made again.
  bob->board.reset();
  bob->create({{"a", 9}});
  ASSERT_TRUE(until([&] { return settled(bob); }));
  alice->subscribe();
  ASSERT_TRUE(until([&] { return settled(alice); }));
  std::optional<Result<void>> resumed;
  alice->syncer->resume(kBoard, parked.id, [&](Result<void> result) { resumed = result; });
  ASSERT_TRUE(until([&] { return resumed && settled(alice); }));
  EXPECT_TRUE(resumed->ok());
  EXPECT_EQ(alice->board->get(), Value::object({{"a", 9}, {"b", 2}}));
  EXPECT_TRUE(alice->syncer->parked().empty());
  save(alice);
  crash(alice);
  alice->subscribe();
  ASSERT_TRUE(until([&] { return settled(alice); }));
  EXPECT_TRUE(alice->syncer->parked().empty());
}

class RefusedPlaceTest : public OfflineTest {
 protected:
  /// Bob's board, where alice writes everywhere but at /locked.
  void meet(const ConflictHook& hook = nullptr) {
    const auto rule = [](const std::string& effect, const Value& actions, const Value& who) {
      return Value::object({{"effect", effect}, {"actions", actions}, {"who", who}});
    };
    Value deny = rule("deny", "write", kAlice);
    deny.set("path", "/locked");
    // Who is invited only the room knows: so nobody else judges beforehand.
    const Value who = Value::array({"*", "invited"});
    const Value rules = Value::object(
        {{"rules", Value::array({rule("allow", Value::array({"read", "subscribe", "write"}), who),
                                 std::move(deny)})}});
    start_hub();
    bob_ = &machine(kBob);
    (*bob_)->create({{"locked", 0}}, rules);
    ASSERT_TRUE(until([&] { return settled(*bob_); }));
    alice_ = &machine(kAlice, hook);
    (*alice_)->subscribe();
    ASSERT_TRUE(until([&] { return settled(*alice_); }));
  }
  void edit() {
    const DataObject& board = *(*alice_)->board;
    board["a"] = 1;
    board["locked"] = 2;
    board["b"] = 3;
    board.transact([&] {
      board["c"] = 4;
      board["locked"] = 5;
    });
    board["d"] = 6;
  }
  bool in_step() {
    return settled(*alice_) && settled(*bob_) && (*alice_)->board->get() == (*bob_)->board->get();
  }
  const Value rest_ = {{"locked", 0}, {"a", 1}, {"b", 3}, {"c", 4}, {"d", 6}};
  Machine* alice_ = nullptr;
  Machine* bob_ = nullptr;
};

TEST_F(RefusedPlaceTest, OnlyWhatWasRefusedIsParkedAndTheRestGoesUp) {
  meet();
  const crdt::ClientId client = (*alice_)->board->live()->doc().client();
  edit();
  ASSERT_TRUE(until([&] { return in_step() && !(*alice_)->syncer->parked().empty(); }));
  EXPECT_EQ((*bob_)->board->get(), rest_);
  EXPECT_EQ((*alice_)->board->live()->doc().client(), client);
  EXPECT_EQ((*alice_)->refused, std::vector<std::string>{"denied"});
  const std::vector<Parked> parked = (*alice_)->syncer->parked();
  ASSERT_EQ(parked.size(), 1u);
  ASSERT_EQ(parked[0].changes.size(), 2u);
  EXPECT_EQ(parked[0].changes[0].path, Path{"locked"});
  EXPECT_EQ(parked[0].changes[0].new_value, Value(2));
  EXPECT_EQ(parked[0].changes[1].new_value, Value(5));
  (*(*alice_)->board)["e"] = 7;  // The id goes on, and nobody has seen what it makes now.
  ASSERT_TRUE(until([&] { return in_step(); }));
  EXPECT_EQ((*bob_)->board->get().find("e")->number(), 7);
}

TEST_F(RefusedPlaceTest, AlsoWhatWasWrittenOfflineByAProcessThatEnded) {
  meet();
  network_.part({alice_->node}, simulation::Partition::kBreak);
  ASSERT_TRUE(until([&] { return !(*alice_)->syncer->connected(); }));
  edit();
  save(*alice_);
  crash(*alice_);
  network_.heal();
  (*alice_)->subscribe();
  ASSERT_TRUE(until([&] { return in_step() && !(*alice_)->syncer->parked().empty(); }));
  EXPECT_EQ((*bob_)->board->get(), rest_);
  save(*alice_);
  crash(*alice_);
  ASSERT_TRUE(until([&] { return !(*alice_)->syncer->parked().empty(); }));
  std::size_t changes = 0;
  for (const Parked& parked : (*alice_)->syncer->parked()) {
    for (const Change& change : parked.changes) EXPECT_EQ(change.path, Path{"locked"});
    changes += parked.changes.size();
  }
  EXPECT_EQ(changes, 2u);
}

TEST_F(RefusedPlaceTest, TheHookIsAskedAboutWhatWasRefused) {
  int asked = 0;
  meet([&](const Conflict& conflict) {
    ++asked;
    EXPECT_EQ(conflict.cause, Conflict::Cause::kRefused);
    return Resolution::drop();
  });
  edit();
  ASSERT_TRUE(until([&] { return asked > 0 && in_step(); }));
  EXPECT_EQ((*bob_)->board->get(), rest_);
  EXPECT_TRUE((*alice_)->syncer->parked().empty());
}

/// A board where everybody adds messages that only their creator changes, and /title is the
/// owner's.
class ForbiddenPlaceTest : public OfflineTest {
 protected:
  void meet() {
    start_hub();
    bob_ = &machine(kBob);
    (*bob_)->create({{"title", "Plan"}, {"messages", Value::object()}}, Value::parse(R"({"rules": [
      {"effect": "allow", "actions": ["read", "subscribe"], "who": "*"},
      {"effect": "allow", "actions": "write", "who": "owner"},
      {"effect": "allow", "actions": "add", "who": "subscriber", "path": "/messages/*"},
      {"name": "authors", "effect": "allow", "actions": ["change", "remove"], "who": "creator",
       "path": "/messages/*"}]})"));
    ASSERT_TRUE(until([&] { return settled(*bob_); }));
    alice_ = &machine(kAlice);
    (*alice_)->subscribe();
    ASSERT_TRUE(until([&] { return settled(*alice_); }));
  }
  bool in_step() {
    return settled(*alice_) && settled(*bob_) && (*alice_)->board->get() == (*bob_)->board->get();
  }
  /// The message of what a write throws; empty where it throws nothing.
  static std::string denial(const std::function<void()>& write) {
    try {
      write();
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), Code::kDenied) << error.message();
      return error.message();
    }
    return {};
  }
  Machine* alice_ = nullptr;
  Machine* bob_ = nullptr;
};

TEST_F(ForbiddenPlaceTest, AWriteThrowsAtTheLineThatMadeItAndNothingOfItIsMade) {
  meet();
  const DataObject& board = *(*alice_)->board;
  const Value before = board.get();
  const std::string denied = denial([&] { board["title"] = "Plan B"; });
  EXPECT_NE(denied.find("alice may not change /title of "), std::string::npos) << denied;
  EXPECT_NE(denied.find("no rule of the object allows it"), std::string::npos) << denied;
  EXPECT_NE(denial([&] { board["other"] = 1; }), "");
  EXPECT_NE(denial([&] { board["title"].remove(); }), "");
  EXPECT_NE(denial([&] { board.at("") = Value::object({{"title", "Plan"}, {"messages", 1}}); }),
            "");
  EXPECT_EQ(board.get(), before);
  EXPECT_EQ(board.unacknowledged(), 0u);
  EXPECT_TRUE((*alice_)->refused.empty());
}

TEST_F(ForbiddenPlaceTest, EntriesBelongToWhoMadeThem) {
  meet();
  const DataObject& alices = *(*alice_)->board;
  const DataObject& bobs = *(*bob_)->board;
  alices["messages"]["a"] = Value::object({{"text", "hi"}});
  alices["messages"]["a"]["text"] = "hello";
  alices.transact([&] {
    alices["messages"]["b"] = Value::object();
    alices["messages"]["b"]["text"] = "part of what adds it";
  });
  bobs["messages"]["c"] = Value::object({{"text", "bob's"}});
  ASSERT_TRUE(until([&] { return in_step() && bobs["messages"].size() == 3; }));
  const Value before = alices.get();
  EXPECT_NE(denial([&] { alices["messages"]["c"]["text"] = "alice's"; }), "");
  EXPECT_NE(denial([&] { alices["messages"]["c"].remove(); }), "");
  EXPECT_EQ(alices.get(), before);
  alices["messages"]["a"].remove();
  ASSERT_TRUE(until([&] { return in_step(); }));
  EXPECT_EQ(bobs["messages"].size(), 2u);
  EXPECT_TRUE((*alice_)->refused.empty());
}

TEST_F(ForbiddenPlaceTest, WhereNobodyHereKnowsTheCreatorTheRoomJudges) {
  meet();
  (*(*bob_)->board)["messages"]["c"] = "bob's";
  ASSERT_TRUE(until([&] { return settled(*bob_); }));
  Machine& third = machine(kAlice);
  third->subscribe();
  ASSERT_TRUE(until([&] { return settled(third); }));
  EXPECT_EQ(denial([&] { (*third->board)["messages"]["c"] = "alice's"; }), "");
  ASSERT_TRUE(until([&] { return !third->refused.empty() && settled(third); }));
  EXPECT_EQ(third->board->get(), (*bob_)->board->get());
}

TEST_F(OfflineTest, ACreateThatIsRepeatedDoesNotReviveWhatWasDeleted) {
  Machine& alice = machine(kAlice);
  alice->create({{"a", 1}});
  ASSERT_TRUE(until([&] { return alice->board.has_value(); }));
  save(alice);
  const storage::Contents backup = alice.disk->durable();
  start_hub();
  ASSERT_TRUE(until([&] { return at_hub().has_value(); }));
  bool deleted = false;
  alice->syncer->remove(kBoard, [&](const Result<void>& result) { deleted = result.ok(); });
  ASSERT_TRUE(until([&] { return deleted; }));
  alice.node->crash();
  alice.disk->restore(backup);
  alice.node->restart();
  ASSERT_TRUE(until([&] { return !alice->syncer->parked().empty(); }));
  world_.run_for(seconds(5));
  EXPECT_FALSE(at_hub().has_value());
}

}  // namespace
}  // namespace syncline::sim
