// The simulated disk: the conformance suite, and what a crash leaves.
#include "simulation/disk.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "unit/storage/storage_suite.hpp"

namespace syncline::simulation {
namespace {

using std::chrono::seconds;
using storage::Record;
using storage::seqs;
using storage::Storage;
using storage::StorageSuite;
using storage::Ticket;
using storage::update;

class DiskBackend : public storage::Backend {
 public:
  std::unique_ptr<Storage> open() override { return disk_.open(); }
  bool run_until(const std::function<bool()>& done) override {
    return world_.run_until(done, seconds(60));
  }
  void settle() override { world_.run_for(seconds(60)); }
  void fail_appends(bool failing) override { disk_.set_full(failing); }

 private:
  World world_{1};
  Disk& disk_ = world_.add<Disk>(world_.add_node("hub"));
};

INSTANTIATE_TEST_SUITE_P(Simulated, StorageSuite,
                         ::testing::Values(storage::BackendCase{
                             "Disk", [] { return std::make_unique<DiskBackend>(); }}));

/// A process that appends one update after the other and notes which are durable.
struct Writer {
  Writer(Node& node, Disk& disk, std::uint64_t first, std::uint64_t& its_durable)
      : storage(disk.open()), next(first), durable(its_durable) {
    node.post([this] { append(); });
  }
  void append() {
    for (int i = 0; i < 3; ++i, ++next)
      storage->append(std::vector{update("comm://a/x", next)},
                      [this, seq = next](const Result<Ticket>& result) {
                        ASSERT_TRUE(result.ok());
                        durable = seq;
                        if (seq + 1 == next) append();
                      });
  }

  std::unique_ptr<Storage> storage;
  std::uint64_t next;
  std::uint64_t& durable;
};

TEST(Disk, ACrashLosesOnlyTheEndOfWhatWasNotDurable) {
  std::set<std::uint64_t> extra;
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    World world(seed);
    SCOPED_TRACE(world.how_to_rerun());
    Node& node = world.add_node("hub");
    Disk& disk = world.add<Disk>(node);
    std::uint64_t durable = 0;
    std::uint64_t stored = 0;
    node.start(
        [&](Node& here) { return std::make_shared<Writer>(here, disk, stored + 1, durable); });
    for (int crash = 0; crash < 5; ++crash) {
      world.run_for(world.random().between(Duration(0), seconds(1)));
      node.crash();
      const auto found = disk.durable().load("comm://a/x");
      const std::vector<Record> tail = found ? found->tail : std::vector<Record>{};
      stored = tail.size();
      ASSERT_GE(stored, durable);
      extra.insert(stored - durable);
      for (std::size_t at = 0; at < tail.size(); ++at) ASSERT_EQ(tail[at].seq, at + 1);
      durable = stored;
      node.restart();
    }
  }
  EXPECT_GT(extra.size(), 2U) << "some appends under way survive, and some do not";
}

TEST(Disk, ACleanEndStoresWhatWasAppended) {
  World world(1);
  Node& node = world.add_node("hub");
  Disk& disk = world.add<Disk>(node);
  auto storage = disk.open();
  storage->append(std::vector{update("comm://a/x", 1)}, [](const Result<Ticket>&) { FAIL(); });
  EXPECT_FALSE(disk.durable().load("comm://a/x").has_value());
  storage.reset();
  EXPECT_TRUE(disk.durable().load("comm://a/x").has_value());
  world.run_for(seconds(1));
}

TEST(Disk, AStorageThatOutlivedItsCrashReachesNothing) {
  World world(1);
  Node& node = world.add_node("hub");
  Disk& disk = world.add<Disk>(node);
  auto old = disk.open();
  node.crash();
  old->append(std::vector{update("comm://a/x", 1)}, [](const Result<Ticket>&) { FAIL(); });
  old->load("comm://a/x", [](const auto&) { FAIL(); });
  old.reset();
  world.run_for(seconds(1));
  EXPECT_FALSE(disk.durable().load("comm://a/x").has_value());
}

}  // namespace
}  // namespace syncline::simulation
