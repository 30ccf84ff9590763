// One simulated connection: two ends, and what is under way between them. Private to the network.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <variant>

#include "simulation/network.hpp"

namespace syncline::simulation {

/// Which end of a channel.
enum class Side : std::size_t { kClient = 0, kServer = 1 };

constexpr Side other(Side side) { return side == Side::kClient ? Side::kServer : Side::kClient; }

/// Messages of each direction leave their queue at the link's speed, travel for its delay and
/// arrive in order. While the two nodes are parted nothing leaves, and what would arrive is held.
class Channel : public std::enable_shared_from_this<Channel> {
 public:
  Channel(Network& network, Node& client, Node& server);

  /// The object that the end's owner holds.
  std::unique_ptr<transport::Connection> connection(Side side);

  Node& node(Side side) const { return *end(side).node; }
  bool open(Side side) const { return end(side).state == State::kOpen; }
  bool ended(Side side) const { return end(side).state == State::kEnded; }

  /// Sends the client the answer to its request; `opened` runs there when it has come, with whether
  /// the channel is still open. What the server sends comes later.
  void accept(std::function<void(bool)> opened);

  // What an owner asks for.
  void set_events(Side side, transport::ConnectionEvents* events) { end(side).events = events; }
  void send(Side side, SharedBytes message);
  std::size_t queued_bytes(Side side) const { return end(side).queued_bytes; }
  void close(Side side, transport::Close close);
  void release(Side side);

  // What the world does to it.
  void break_end(Side side, const std::string& why);
  void node_crashed(const Node& node);
  void partition_healed();

 private:
  enum class State { kOpen, kClosing, kEnded };
  struct CloseFrame {
    transport::Close close;
    bool answer;  ///< the other side's agreement
  };
  /// The connection ended there without a close frame.
  struct Reset {};
  struct Opened {
    std::function<void(bool)> opened;
  };
  using Item = std::variant<SharedBytes, CloseFrame, Reset, Opened>;

  struct End {
    Node* node;
    transport::ConnectionEvents* events = nullptr;
    State state = State::kOpen;
    transport::Close asked{};      ///< of our own close()
    std::deque<Item> queue{};      ///< not left yet
    std::size_t queued_bytes = 0;  ///< of `queue`
    bool leaving = false;          ///< the first of `queue` is on its way out
    Duration last_arrival{0};      ///< of what left
    std::deque<Item> held{};       ///< arrived at the other end while parted
  };

  End& end(Side side) { return ends_[static_cast<std::size_t>(side)]; }
  const End& end(Side side) const { return ends_[static_cast<std::size_t>(side)]; }
  bool parted() const;
  const Link& link(Side from) const;

  void push(Side from, Item item);
  void leave(Side from);
  void left(Side from);
  void travel(Side from, Item item);
  void arrive_after(Duration delay, Side from, Item item);
  void arrive(Side from, Item item);
  void take(Side to, const Item& item);
  void take_close(Side to, const CloseFrame& frame);
  void report_closed(Side side, const transport::Close& close);

  Network& network_;
  std::array<End, 2> ends_;
};

}  // namespace syncline::simulation
