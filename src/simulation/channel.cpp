#include "simulation/channel.hpp"

#include <algorithm>
#include <utility>

#include "base/check.hpp"
#include "simulation/tuning.hpp"

namespace syncline::simulation {

using transport::Close;

namespace {

class SimulatedConnection final : public transport::Connection {
 public:
  SimulatedConnection(std::shared_ptr<Channel> channel, Side side)
      : channel_(std::move(channel)), side_(side) {}
  ~SimulatedConnection() override { channel_->release(side_); }

  void set_events(transport::ConnectionEvents* events) override {
    channel_->set_events(side_, events);
  }
  void send(SharedBytes message) override {
    SYNCLINE_CHECK(message != nullptr, "a message without bytes");
    channel_->send(side_, std::move(message));
  }
  std::size_t queued_bytes() const override { return channel_->queued_bytes(side_); }
  void close(std::uint16_t code, std::string reason) override {
    channel_->close(side_, {.code = code, .reason = std::move(reason)});
  }
  std::string peer() const override { return channel_->node(other(side_)).name(); }

 private:
  const std::shared_ptr<Channel> channel_;
  const Side side_;
};

}  // namespace

Channel::Channel(Network& network, Node& client, Node& server)
    : network_(network), ends_{End{.node = &client}, End{.node = &server}} {}

std::unique_ptr<transport::Connection> Channel::connection(Side side) {
  return std::make_unique<SimulatedConnection>(shared_from_this(), side);
}

bool Channel::parted() const { return network_.parted(*ends_[0].node, *ends_[1].node); }

const Link& Channel::link(Side from) const {
  return network_.link(*end(from).node, *end(other(from)).node);
}

void Channel::accept(std::function<void(bool)> opened) {
  travel(Side::kServer, Opened{std::move(opened)});
}

void Channel::send(Side side, SharedBytes message) {
  if (open(side)) push(side, std::move(message));
}

void Channel::close(Side side, Close close) {
  End& here = end(side);
  if (here.state != State::kOpen) return;
  here.state = State::kClosing;
  here.asked = close;
  push(side, CloseFrame{std::move(close), false});
  // Runs as the node's timer would: not after a crash.
  network_.world().after(
      tuning::kCloseTimeout, [self = shared_from_this(), side, born = here.node->incarnation()] {
        if (self->end(side).node->incarnation() == born)
          self->break_end(side, "the other side did not answer the close in time");
      });
}

void Channel::release(Side side) {
  End& here = end(side);
  here.events = nullptr;
  if (here.state != State::kOpen) return;  // a close under way goes on to its end
  here.state = State::kEnded;
  here.queue.clear();
  here.queued_bytes = 0;
  if (here.node->alive()) travel(side, Reset{});
}

void Channel::break_end(Side side, const std::string& why) {
  if (ended(side)) return;
  end(side).queue.clear();
  end(side).queued_bytes = 0;
  end(side).state = State::kEnded;
  end(side).node->post([self = shared_from_this(), side, why] {
    self->report_closed(side, {.code = transport::kCloseAbnormal, .reason = why});
  });
}

void Channel::node_crashed(const Node& node) {
  for (const Side side : {Side::kClient, Side::kServer}) {
    End& here = end(side);
    if (here.node != &node || here.state == State::kEnded) continue;
    here.state = State::kEnded;
    here.events = nullptr;
    here.queue.clear();
    here.queued_bytes = 0;
    // The kernel of a killed process resets its connections; a machine without power says nothing.
    if (network_.random_.chance(0.5))
      travel(side, Reset{});
    else
      network_.notice_silence(shared_from_this());
  }
}

void Channel::partition_healed() {
  for (const Side side : {Side::kClient, Side::kServer}) {
    // Their delay is over: they arrive before anything that left later.
    for (Item& item : std::exchange(end(side).held, {})) arrive(side, std::move(item));
    leave(side);
  }
}

void Channel::push(Side from, Item item) {
  if (const auto* message = std::get_if<SharedBytes>(&item))
    end(from).queued_bytes += (*message)->size();
  end(from).queue.push_back(std::move(item));
  leave(from);
}

/// Sends the first of the queue on its way, if nothing keeps it.
void Channel::leave(Side from) {
  End& here = end(from);
  if (here.leaving || here.queue.empty() || parted()) return;
  here.leaving = true;
  Duration transmission{0};
  const auto* message = std::get_if<SharedBytes>(&here.queue.front());
  if (const std::uint64_t speed = link(from).bytes_per_second; speed > 0 && message != nullptr)
    transmission = Duration((*message)->size() * 1'000'000'000 / speed);
  network_.world().after(transmission, [self = shared_from_this(), from] { self->left(from); });
}

void Channel::left(Side from) {
  End& here = end(from);
  here.leaving = false;
  if (here.queue.empty()) return;  // broken meanwhile
  Item item = std::move(here.queue.front());
  here.queue.pop_front();
  const auto* message = std::get_if<SharedBytes>(&item);
  if (message != nullptr) here.queued_bytes -= (*message)->size();
  if (message != nullptr && here.queue.empty())
    here.node->post([self = shared_from_this(), from] {
      End& sender = self->end(from);
      if (sender.state == State::kOpen && sender.queue.empty() && sender.events != nullptr)
        sender.events->on_drained();
    });
  const bool breaks = message != nullptr && network_.random_.chance(link(from).break_chance);
  travel(from, std::move(item));
  if (breaks) {
    break_end(from, "the simulated connection broke");
    travel(from, Reset{});
  }
  leave(from);
}

void Channel::travel(Side from, Item item) {
  End& here = end(from);
  const Link& way = link(from);
  SeededRandom& random = network_.random_;
  Duration delay = random.between(way.delay_min, way.delay_max);
  const Duration now = network_.world().now();
  if (std::holds_alternative<SharedBytes>(item)) {
    if (random.chance(way.loss)) return;
    if (random.chance(way.duplication)) arrive_after(2 * delay, from, item);
    if (random.chance(way.reordering)) return arrive_after(2 * delay, from, std::move(item));
  }
  delay = std::max(delay, here.last_arrival - now);
  here.last_arrival = now + delay;
  arrive_after(delay, from, std::move(item));
}

void Channel::arrive_after(Duration delay, Side from, Item item) {
  network_.world().after(delay, [self = shared_from_this(), from, item = std::move(item)] {
    self->arrive(from, item);
  });
}

void Channel::arrive(Side from, Item item) {
  if (parted()) {
    end(from).held.push_back(std::move(item));
    return;
  }
  End& there = end(other(from));
  if (there.state == State::kEnded && !std::holds_alternative<Opened>(item)) {
    // A machine that knows nothing of the connection says so, if it is up.
    if (there.node->alive() && !std::holds_alternative<Reset>(item)) travel(other(from), Reset{});
    return;
  }
  if (const auto* message = std::get_if<SharedBytes>(&item)) {
    ++network_.messages_delivered_;
    network_.world().observe((*message)->size());
    network_.world().trace([&] {
      return there.node->name() + " <- " + end(from).node->name() + ": " +
             std::to_string((*message)->size()) + " bytes";
    });
  }
  there.node->post([self = shared_from_this(), to = other(from), item = std::move(item)] {
    self->take(to, item);
  });
}

/// In a task of the node: what arrived reaches the owner.
void Channel::take(Side to, const Item& item) {
  End& here = end(to);
  if (const auto* answer = std::get_if<Opened>(&item)) return answer->opened(open(to));
  if (here.state == State::kEnded) return;
  if (const auto* message = std::get_if<SharedBytes>(&item)) {
    if (here.state == State::kOpen && here.events != nullptr) here.events->on_message(**message);
  } else if (const auto* frame = std::get_if<CloseFrame>(&item)) {
    take_close(to, *frame);
  } else {
    here.state = State::kEnded;
    report_closed(to, {.code = transport::kCloseAbnormal, .reason = "the connection was reset"});
  }
}

void Channel::take_close(Side to, const CloseFrame& frame) {
  End& here = end(to);
  // Two closes that cross are each other's answer.
  const Close close = here.state == State::kClosing ? here.asked : frame.close;
  if (here.state == State::kOpen) push(to, CloseFrame{frame.close, true});
  here.state = State::kEnded;
  report_closed(to, close);
}

void Channel::report_closed(Side side, const Close& close) {
  End& here = end(side);
  network_.world().trace([&] {
    return here.node->name() + ": connection with " + end(other(side)).node->name() +
           " ends: " + std::to_string(close.code) + " " + close.reason;
  });
  if (auto* events = std::exchange(here.events, nullptr)) events->on_closed(close);
}

}  // namespace syncline::simulation
