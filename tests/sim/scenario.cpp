#include "sim/scenario.hpp"

#include <gtest/gtest.h>

#include <string>

#include "sync/host.hpp"

namespace syncline::sim {
namespace {

using simulation::Node;
using simulation::Partition;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr const char* kHub = "hub:4455";

/// The hub's process.
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

}  // namespace

Plan Scenario::draw_plan(simulation::SeededRandom& random) {
  Plan plan;
  plan.participants = 2 + random.below(4);
  plan.liar = random.below(plan.participants + 2);
  const std::uint64_t objects = 1 + random.below(3);
  for (std::uint64_t i = 0; i < objects; ++i) {
    const char* const presets[] = {"owner", "open", "open", "private"};
    PlannedObject object{.url = "comm://sim/o" + std::to_string(i),
                         .preset = presets[random.below(4)],
                         .owner = random.below(plan.participants),
                         .invited = {}};
    for (std::size_t one = 0; one < plan.participants; ++one)
      if (one != object.owner && random.chance(0.4)) object.invited.push_back(one);
    plan.objects.push_back(std::move(object));
  }
  for (std::size_t one = 0; one < plan.participants; ++one) {
    if (!random.chance(0.5)) continue;
    plan.keepers.insert(one);
    if (random.chance(0.5)) plan.deciders.insert(one);
  }
  return plan;
}

Scenario::Scenario(std::uint64_t seed, ScenarioOptions options)
    : options_(options),
      world_(seed, {.trace = options.trace}),
      plan_(draw_plan(world_.random())),
      oracle_(plan_),
      network_(world_.add<simulation::Network>(world_)),
      hub_(world_.add_node("hub")),
      disk_(world_.add<simulation::Disk>(hub_)),
      shared_{.plan = plan_, .network = network_, .oracle = oracle_, .hub = kHub} {
  start_hub();
  participants_.resize(plan_.participants);
  for (std::size_t i = 0; i < plan_.participants; ++i) {
    nodes_.push_back(&world_.add_node("p" + std::to_string(i)));
    disks_.push_back(plan_.keepers.contains(i) ? &world_.add<simulation::Disk>(*nodes_[i])
                                               : nullptr);
    // Clocks have no say: some are a year off.
    const std::int64_t year_ms = std::int64_t{365} * 24 * 3600 * 1000;
    if (world_.random().chance(0.3))
      nodes_[i]->set_wall_skew_ms(world_.random().chance(0.5) ? year_ms : -year_ms);
    start_participant(i);
  }
}

Scenario::~Scenario() {
  for (const auto& node : world_.nodes()) node->crash();
}

void Scenario::start_hub() {
  hub_.start([this](Node& node) { return std::make_shared<HubProcess>(node, disk_, network_); });
}

void Scenario::start_participant(std::size_t index) {
  nodes_[index]->start([this, index](Node& node) {
    const auto participant = std::make_shared<Participant>(
        node, shared_, index, disks_[index] != nullptr ? disks_[index]->open() : nullptr);
    participants_[index] = participant;
    return participant;
  });
}

void Scenario::run() {
  change_links();
  const Duration end = world_.now() + world_.random().between(seconds(5), seconds(40));
  while (world_.now() < end && !::testing::Test::HasFailure()) {
    world_.run_for(world_.random().between(milliseconds(50), seconds(3)));
    one_fault();
  }
  make_peace();
  // Longer than what finds dead connections, and than any backoff.
  const Duration deadline = world_.now() + std::chrono::minutes(5);
  std::string differences = "not looked yet";
  while (!differences.empty() && world_.now() < deadline && !::testing::Test::HasFailure()) {
    world_.run_for(milliseconds(500));
    differences = this->differences();
  }
  EXPECT_EQ(differences, "") << "5 minutes after the last fault";
  check_disk();
}

// ---- faults
// ---------------------------------------------------------------------------------------

void Scenario::one_fault() {
  auto& random = world_.random();
  Node& someone = *nodes_[random.below(nodes_.size())];
  switch (random.below(15)) {
    case 0:
    case 1:
      crash(hub_);
      break;
    case 2:
      crash(someone);
      break;
    case 3:
      network_.part({&hub_}, Partition::kStall);
      break;
    case 4:
      network_.part({&hub_}, Partition::kBreak);
      break;
    case 5:
      network_.part(hub_, someone, random.chance(0.5) ? Partition::kStall : Partition::kBreak);
      break;
    case 6:
    case 7:
      network_.heal();
      break;
    case 8:
      network_.break_connections(hub_, someone);
      break;
    case 9:
      disk_.set_full(random.chance(0.5));
      break;
    case 10:
      change_links();
      break;
    case 11:
      if (simulation::Disk* const disk = disks_[someone.index() - nodes_[0]->index()])
        disk->set_full(random.chance(0.5));
      break;
    case 12:
      put_back_a_backup(random.below(nodes_.size()));
      break;
    default:
      break;  // A quiet time.
  }
}

void Scenario::crash(Node& node) {
  if (!node.alive()) return;
  ++crashes_;
  node.crash();
  // Whatever anybody saw or was promised survived.
  if (&node == &hub_) oracle_.check(disk_.durable());
  world_.after(world_.random().between(Duration{0}, seconds(4)), [&node] {
    if (!node.alive()) node.restart();
  });
}

/// Takes a backup of a participant's disk; the next time, puts it back under a new process.
void Scenario::put_back_a_backup(std::size_t index) {
  simulation::Disk* const disk = disks_[index];
  if (disk == nullptr) return;
  const auto backup = backups_.find(index);
  if (backup == backups_.end()) {
    backups_.emplace(index, disk->durable());
    return;
  }
  world_.trace([&] { return nodes_[index]->name() + ": an old backup is put back"; });
  if (nodes_[index]->alive()) nodes_[index]->crash();
  disk->restore(std::move(backup->second));
  backups_.erase(backup);
  oracle_.forget_kept(index);
  nodes_[index]->restart();
}

void Scenario::change_links() {
  auto& random = world_.random();
  for (Node* node : nodes_) {
    simulation::Link link;
    link.delay_max =
        random.between(milliseconds(1), random.chance(0.3) ? seconds(1) : milliseconds(50));
    if (random.chance(0.2)) link.bytes_per_second = 2000 + random.below(50'000);
    // What is under way when a connection breaks is lost.
    if (random.chance(0.4)) link.break_chance = 0.03;
    if (options_.disorderly) {
      link.duplication = random.chance(0.5) ? 0.1 : 0;
      link.reordering = random.chance(0.5) ? 0.1 : 0;
    }
    network_.set_link(hub_, *node, link);
  }
}

void Scenario::make_peace() {
  world_.trace([] { return std::string("---- peace ----"); });
  disk_.set_full(false);
  for (simulation::Disk* const disk : disks_)
    if (disk != nullptr) disk->set_full(false);
  network_.heal();
  shared_.quiet = true;
  for (Node* node : nodes_) {
    network_.set_link(hub_, *node, {});
    if (!node->alive()) node->restart();
    // A message that came too early, like a subscription's end, may have been the last.
    if (options_.disorderly) network_.break_connections(hub_, *node);
  }
  if (!hub_.alive()) hub_.restart();
}

// ---- checks
// ---------------------------------------------------------------------------------------

std::string Scenario::differences() const {
  for (const PlannedObject& planned : plan_.objects) {
    std::optional<DataObject> first;
    for (std::size_t i = 0; i < participants_.size(); ++i) {
      const auto participant = participants_[i].lock();
      if (!participant) return identity_of(i) + " does not run";
      if (!planned.may_read(i)) {
        if (!participant->shut_out(planned.url))
          return identity_of(i) + " does not know that it may not read " + planned.url;
        continue;
      }
      const std::optional<DataObject> copy = participant->settled(planned.url);
      if (!copy) return identity_of(i) + " is not in step with " + planned.url;
      if (!first) first = copy;
      if (copy->get() != first->get())
        return planned.url + " at " + identity_of(i) + ": " + copy->get().to_json() + " and not " +
               first->get().to_json();
      if (copy->live()->doc().state_vector() != first->live()->doc().state_vector())
        return planned.url + ": the state vector at " + identity_of(i) + " differs";
    }
  }
  return {};
}

void Scenario::check_disk() {
  hub_.stop();
  oracle_.check(disk_.durable());
  for (std::size_t i = 0; i < participants_.size(); ++i)
    if (const auto participant = participants_[i].lock())
      oracle_.check_kept(i, disk_.durable(), participant->parked());
  for (const PlannedObject& planned : plan_.objects) {
    const auto doc = Oracle::document(disk_.durable(), planned.url);
    const auto owner = participants_[planned.owner].lock();
    ASSERT_TRUE(doc && owner);
    const std::optional<DataObject> copy = owner->copy(planned.url);
    ASSERT_TRUE(copy);
    EXPECT_EQ((*doc->root("data", crdt::TypeKind::kMap))->to_json(), copy->get());
    EXPECT_EQ(doc->state_vector(), copy->live()->doc().state_vector());
  }
}

}  // namespace syncline::sim
