#include "simulation/network.hpp"

#include <algorithm>

#include "base/check.hpp"
#include "simulation/channel.hpp"
#include "simulation/tuning.hpp"
#include "transport/connector.hpp"

namespace syncline::simulation {

using transport::Connection;
using transport::Connector;

/// One connect() on its way to the listener and back.
struct Network::Attempt {
  using Done = std::function<void(Result<std::unique_ptr<Connection>>)>;

  Node* client;
  std::string address{};
  std::string target{};
  std::string subprotocol;
  Done done;  ///< empty once called, or ended by its handle
  std::uint64_t incarnation = client->incarnation();

  void answer(Result<std::unique_ptr<Connection>> result) {
    const Done callback = std::exchange(done, nullptr);
    if (callback && incarnation == client->incarnation()) callback(std::move(result));
  }
};

class Network::SimulatedConnector final : public Connector {
 public:
  SimulatedConnector(Network& network, Node& node) : network_(network), node_(node) {}
  ~SimulatedConnector() override {
    for (const auto& open : attempts_)
      if (const auto attempt = open.lock()) attempt->done = nullptr;
  }

  Handle connect(const std::string& url, const std::string& subprotocol,
                 std::function<void(Result<std::unique_ptr<Connection>>)> done) override {
    auto attempt = std::make_shared<Attempt>(
        Attempt{.client = &node_, .subprotocol = subprotocol, .done = std::move(done)});
    std::erase_if(attempts_, [](const auto& open) { return open.expired(); });
    attempts_.push_back(attempt);
    Handle handle([weak = std::weak_ptr(attempt)] {
      if (const auto open = weak.lock()) open->done = nullptr;
    });
    auto parsed = transport::parse_websocket_url(url);
    if (!parsed.ok()) {
      network_.fail(attempt, Duration(0), parsed.error());
      return handle;
    }
    attempt->address = parsed->address;
    attempt->target = parsed->target;
    network_.watch(node_);
    const auto listener = network_.listeners_->find(attempt->address);
    const Duration delay = listener == network_.listeners_->end()
                               ? network_.delay(node_, node_)
                               : network_.delay(node_, *listener->second->node);
    network_.world_.after(delay, [&network = network_, attempt] { network.arrive(attempt); });
    network_.fail(attempt, tuning::kConnectTimeout,
                  Error(Code::kTimeout, attempt->address + " did not answer in time"));
    return handle;
  }

 private:
  Network& network_;
  Node& node_;
  std::vector<std::weak_ptr<Attempt>> attempts_;
};

Network::Network(World& world) : world_(world), random_(world.random().fork("network")) {}

Network::~Network() = default;

void Network::set_link(const Node& a, const Node& b, const Link& link) {
  links_[pair_of(a, b)] = link;
}

Handle Network::listen(Node& node, const std::string& address, Accept accept) {
  SYNCLINE_CHECK(!listeners_->contains(address), "two listeners on one simulated address");
  watch(node);
  const auto listening = std::make_shared<Listening>(Listening{&node, std::move(accept), {}});
  const auto end = [listeners = std::weak_ptr(listeners_), address,
                    mine = std::weak_ptr(listening)] {
    const auto alive = listeners.lock();
    const auto own = mine.lock();
    if (!alive || !own) return;
    const auto found = alive->find(address);
    if (found != alive->end() && found->second == own) alive->erase(found);
  };
  listening->crash_hook = node.on_crash(end);
  listeners_->emplace(address, listening);
  return Handle(end);
}

std::unique_ptr<Connector> Network::connector(Node& node) {
  return std::make_unique<SimulatedConnector>(*this, node);
}

void Network::part(const std::vector<const Node*>& side, Partition kind) {
  const auto inside = [&](const Node* node) {
    return std::find(side.begin(), side.end(), node) != side.end();
  };
  for (const Node* a : side)
    for (const auto& b : world_.nodes())
      if (!inside(b.get())) part(*a, *b, kind);
}

void Network::part(const Node& a, const Node& b, Partition kind) {
  SYNCLINE_CHECK(&a != &b, "a node cannot be parted from itself");
  world_.trace([&] { return a.name() + " and " + b.name() + " are parted"; });
  parted_[pair_of(a, b)] = ++partitions_;
  for (const auto& channel : channels()) {
    if (pair_of(channel->node(Side::kClient), channel->node(Side::kServer)) != pair_of(a, b))
      continue;
    if (kind == Partition::kStall) {
      notice_silence(channel);
      continue;
    }
    for (const Side end : {Side::kClient, Side::kServer})
      world_.after(delay(a, b), [channel, end] { channel->break_end(end, "the network parted"); });
  }
}

void Network::heal() {
  if (parted_.empty()) return;
  world_.trace([] { return std::string("the network is whole again"); });
  parted_.clear();
  for (const auto& channel : channels()) channel->partition_healed();
}

bool Network::parted(const Node& a, const Node& b) const { return parted_.contains(pair_of(a, b)); }

void Network::break_connections(const Node& a, const Node& b) {
  for (const auto& channel : channels()) {
    if (pair_of(channel->node(Side::kClient), channel->node(Side::kServer)) != pair_of(a, b))
      continue;
    for (const Side end : {Side::kClient, Side::kServer})
      world_.after(delay(a, b),
                   [channel, end] { channel->break_end(end, "the connection was broken"); });
  }
}

std::size_t Network::open_connections() const {
  std::size_t count = 0;
  for (const auto& weak : channels_)
    if (const auto channel = weak.lock())
      if (channel->open(Side::kClient) || channel->open(Side::kServer)) ++count;
  return count;
}

Network::Pair Network::pair_of(const Node& a, const Node& b) {
  return {std::min(a.index(), b.index()), std::max(a.index(), b.index())};
}

const Link& Network::link(const Node& a, const Node& b) const {
  const auto found = links_.find(pair_of(a, b));
  return found == links_.end() ? default_link_ : found->second;
}

Duration Network::delay(const Node& a, const Node& b) {
  const Link& way = link(a, b);
  return random_.between(way.delay_min, way.delay_max);
}

void Network::notice_silence(const std::shared_ptr<Channel>& channel) {
  const Pair pair = pair_of(channel->node(Side::kClient), channel->node(Side::kServer));
  const auto partition = [this, pair] {
    const auto found = parted_.find(pair);
    return found == parted_.end() ? 0 : found->second;
  };
  for (const Side side : {Side::kClient, Side::kServer})
    world_.after(random_.between(tuning::kSilenceMin, tuning::kSilenceMax),
                 [channel, side, partition, before = partition()] {
                   const bool parted_ever_since = before != 0 && partition() == before;
                   if (channel->ended(other(side)) || parted_ever_since)
                     channel->break_end(side, "the other side stopped answering");
                 });
}

void Network::watch(Node& node) {
  Handle& hook = crash_hooks_[&node];
  if (!hook) hook = node.on_crash([this, &node] { crashed(node); });
}

void Network::crashed(Node& node) {
  for (const auto& channel : channels()) channel->node_crashed(node);
}

/// Those still there; forgets the others.
std::vector<std::shared_ptr<Channel>> Network::channels() {
  std::vector<std::shared_ptr<Channel>> alive;
  std::erase_if(channels_, [&](const std::weak_ptr<Channel>& weak) {
    auto channel = weak.lock();
    if (!channel || (channel->ended(Side::kClient) && channel->ended(Side::kServer))) return true;
    alive.push_back(std::move(channel));
    return false;
  });
  return alive;
}

void Network::arrive(const std::shared_ptr<Attempt>& attempt) {
  const auto found = listeners_->find(attempt->address);
  if (found == listeners_->end())
    return fail(attempt, delay(*attempt->client, *attempt->client),
                Error(Code::kUnavailable, "nobody listens on " + attempt->address));
  const std::shared_ptr<Listening> listening = found->second;
  if (parted(*attempt->client, *listening->node)) return;  // the attempt will time out

  listening->node->post([this, attempt, listening] {
    Node& server = *listening->node;
    const auto channel = std::make_shared<Channel>(*this, *attempt->client, server);
    channels_.push_back(channel);
    const Result<void> accepted = listening->accept(
        {attempt->target, attempt->subprotocol, channel->connection(Side::kServer)});
    if (!accepted.ok()) return fail(attempt, delay(*attempt->client, server), accepted.error());
    // Weakly, as the channel keeps the answer while it is held up.
    channel->accept([attempt, weak = std::weak_ptr(channel)](bool open) {
      // An attempt that was given up drops the connection.
      auto connection = weak.lock()->connection(Side::kClient);
      if (open)
        attempt->answer(std::move(connection));
      else
        attempt->answer(Error(Code::kUnavailable, attempt->address + " closed the connection"));
    });
  });
}

void Network::fail(const std::shared_ptr<Attempt>& attempt, Duration delay, Error error) {
  world_.after(delay, [attempt, error = std::move(error)] {
    attempt->client->post([attempt, error] { attempt->answer(Error(error)); });
  });
}

}  // namespace syncline::simulation
