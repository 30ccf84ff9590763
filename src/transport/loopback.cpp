// A pair of connections back to back.
//
// Each end is confined to its executor. What both touch is the end's mailbox (the executor's queue)
// and one atomic count of bytes under way, so the two executors may run on different threads.
#include "transport/loopback.hpp"

#include <atomic>

namespace syncline::transport {
namespace {

/// One end. The other end holds it too, to post to it.
struct End {
  explicit End(Executor& its_executor) : executor(its_executor) {}

  Executor& executor;
  ConnectionEvents* events = nullptr;
  bool open = true;
  /// Sent by this end and not yet seen by the other.
  std::atomic<std::size_t> bytes_under_way = 0;
};

void report_closed(const std::shared_ptr<End>& end, const Close& close) {
  end->open = false;
  if (ConnectionEvents* events = std::exchange(end->events, nullptr)) events->on_closed(close);
}

void post_closed(const std::shared_ptr<End>& end, Close close) {
  end->executor.post([end, close = std::move(close)] { report_closed(end, close); });
}

void deliver(const std::shared_ptr<End>& to, const std::shared_ptr<End>& from,
             const SharedBytes& message) {
  if (to->open && to->events) to->events->on_message(*message);
  if (from->bytes_under_way.fetch_sub(message->size()) != message->size()) return;
  from->executor.post([from] {
    if (from->open && from->events && from->bytes_under_way == 0) from->events->on_drained();
  });
}

class Loopback final : public Connection {
 public:
  Loopback(std::shared_ptr<End> here, std::shared_ptr<End> there)
      : here_(std::move(here)), there_(std::move(there)) {}

  ~Loopback() override {
    here_->events = nullptr;
    if (!std::exchange(here_->open, false)) return;
    post_closed(there_, {.code = kCloseAbnormal, .reason = "the other end is gone"});
  }

  void set_events(ConnectionEvents* events) override { here_->events = events; }

  void send(SharedBytes message) override {
    SYNCLINE_CHECK(message != nullptr, "a message without bytes");
    if (!here_->open) return;
    here_->bytes_under_way += message->size();
    there_->executor.post(
        [to = there_, from = here_, message = std::move(message)] { deliver(to, from, message); });
  }

  std::size_t queued_bytes() const override { return here_->bytes_under_way; }

  void close(std::uint16_t code, std::string reason) override {
    if (!std::exchange(here_->open, false)) return;
    // Behind the messages on their way there; the answer comes back behind those on their way here.
    there_->executor.post([here = here_, there = there_, close = Close{code, std::move(reason)}] {
      report_closed(there, close);
      post_closed(here, close);
    });
  }

  std::string peer() const override { return "in this process"; }

 private:
  const std::shared_ptr<End> here_;
  const std::shared_ptr<End> there_;
};

}  // namespace

std::pair<std::unique_ptr<Connection>, std::unique_ptr<Connection>> make_loopback(Executor& a,
                                                                                  Executor& b) {
  auto end_a = std::make_shared<End>(a);
  auto end_b = std::make_shared<End>(b);
  return {std::make_unique<Loopback>(end_a, end_b), std::make_unique<Loopback>(end_b, end_a)};
}

}  // namespace syncline::transport
