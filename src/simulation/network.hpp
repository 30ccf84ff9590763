// The network of a world: connections of whole messages between nodes, as sessions see them, over
// links that delay, stall, part and break.
//
// A connection behaves as a WebSocket over TCP: in order, nothing lost and nothing twice, until it
// breaks. For what must survive worse, a link can also lose, repeat and reorder single messages.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "simulation/random.hpp"
#include "simulation/world.hpp"
#include "transport/connection.hpp"

namespace syncline::simulation {

/// What one direction between two nodes is like.
struct Link {
  Duration delay_min = std::chrono::microseconds(100);
  Duration delay_max = std::chrono::milliseconds(20);
  /// How fast messages leave; 0: at once. What has not left is in queued_bytes().
  std::uint64_t bytes_per_second = 0;
  /// Of the whole connection, at any message.
  double break_chance = 0;
  // No WebSocket does these. Each is the chance of a single message.
  double loss = 0;
  double duplication = 0;
  double reordering = 0;
};

/// A connection that a client asks for, at the node that listens.
struct Arrival {
  std::string target;  ///< "/sync?token=…"
  std::string subprotocol;
  std::unique_ptr<transport::Connection> connection;
};

/// What connections between two sides of a partition do.
enum class Partition {
  kStall,  ///< nothing passes until healed, or until both ends find the silence too long
  kBreak,  ///< they break within moments, and new ones find nobody
};

class Channel;

/// Thread: the world's. `Network& network = world.add<Network>(world)`.
class Network {
 public:
  /// Takes the connection, setting its events, or says why not; then the client hears of the error.
  using Accept = std::function<Result<void>(Arrival)>;

  explicit Network(World& world);
  ~Network();

  World& world() { return world_; }

  /// For every pair of nodes without a link of their own; and for one pair, in both directions.
  /// Applies to messages sent from then on.
  void set_link(const Link& link) { default_link_ = link; }
  void set_link(const Node& a, const Node& b, const Link& link);

  /// Accepts connections to ws://ADDRESS on the node, until the handle ends or the node crashes.
  /// REQUIRES: nobody listens there ("hub:4455").
  Handle listen(Node& node, const std::string& address, Accept accept);

  /// The client side for a process on `node`, which must not outlive the network.
  std::unique_ptr<transport::Connector> connector(Node& node);

  /// Parts these nodes from all others.
  void part(const std::vector<const Node*>& side, Partition kind);
  /// Parts two nodes from each other.
  void part(const Node& a, const Node& b, Partition kind);
  /// Ends every partition; what stalled goes on.
  void heal();
  bool parted(const Node& a, const Node& b) const;

  /// Breaks every connection between two nodes.
  void break_connections(const Node& a, const Node& b);

  /// Messages that arrived so far.
  std::uint64_t messages_delivered() const { return messages_delivered_; }
  std::size_t open_connections() const;

 private:
  friend class Channel;
  class SimulatedConnector;
  struct Attempt;
  struct Listening {
    Node* node;
    Accept accept;
    Handle crash_hook;
  };
  using Listeners = std::map<std::string, std::shared_ptr<Listening>>;
  using Pair = std::pair<std::size_t, std::size_t>;

  static Pair pair_of(const Node& a, const Node& b);
  const Link& link(const Node& a, const Node& b) const;
  Duration delay(const Node& a, const Node& b);
  /// Lets both ends notice the silence between them, unless it is over by then.
  void notice_silence(const std::shared_ptr<Channel>& channel);
  void watch(Node& node);
  void crashed(Node& node);
  std::vector<std::shared_ptr<Channel>> channels();

  void arrive(const std::shared_ptr<Attempt>& attempt);
  void fail(const std::shared_ptr<Attempt>& attempt, Duration delay, Error error);

  World& world_;
  SeededRandom random_;
  Link default_link_;
  std::map<Pair, Link> links_;
  std::shared_ptr<Listeners> listeners_ = std::make_shared<Listeners>();
  std::map<Pair, std::uint64_t> parted_;  ///< and the number of the partition that did it
  std::uint64_t partitions_ = 0;
  std::vector<std::weak_ptr<Channel>> channels_;
  std::map<const Node*, Handle> crash_hooks_;
  std::uint64_t messages_delivered_ = 0;
};

}  // namespace syncline::simulation
