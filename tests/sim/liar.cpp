#include "sim/liar.hpp"

#include <utility>

#include "bus/codec.hpp"

namespace syncline::sim {
namespace {

class LyingConnection final : public transport::Connection, private transport::ConnectionEvents {
 public:
  explicit LyingConnection(std::unique_ptr<transport::Connection> honest)
      : honest_(std::move(honest)) {}

  void set_events(transport::ConnectionEvents* events) override {
    events_ = events;
    honest_->set_events(events != nullptr ? this : nullptr);
  }
  void send(SharedBytes message) override { honest_->send(std::move(message)); }
  std::size_t queued_bytes() const override { return honest_->queued_bytes(); }
  void close(std::uint16_t code, std::string reason) override {
    honest_->close(code, std::move(reason));
  }
  std::string peer() const override { return honest_->peer(); }

 private:
  void on_message(ByteView message) override {
    Result<bus::Body> body = bus::decode(message);
    if (!body.ok()) return events_->on_message(message);
    if (auto* subscribed = std::get_if<bus::Subscribed>(&*body)) subscribed->may_write = "all";
    if (auto* changed = std::get_if<bus::Changed>(&*body)) changed->may_write = "all";
    events_->on_message(bus::encode(*body));
  }
  void on_drained() override { events_->on_drained(); }
  void on_closed(const transport::Close& close) override { events_->on_closed(close); }

  std::unique_ptr<transport::Connection> honest_;
  transport::ConnectionEvents* events_ = nullptr;
};

class LyingConnector final : public transport::Connector {
 public:
  explicit LyingConnector(std::unique_ptr<transport::Connector> honest)
      : honest_(std::move(honest)) {}

  Handle connect(
      const std::string& url, const std::string& subprotocol,
      std::function<void(Result<std::unique_ptr<transport::Connection>>)> done) override {
    return honest_->connect(
        url, subprotocol,
        [done = std::move(done)](Result<std::unique_ptr<transport::Connection>> connection) {
          if (!connection.ok()) return done(std::move(connection));
          done(std::unique_ptr<transport::Connection>(
              std::make_unique<LyingConnection>(std::move(*connection))));
        });
  }

 private:
  std::unique_ptr<transport::Connector> honest_;
};

}  // namespace

std::unique_ptr<transport::Connector> make_liar(std::unique_ptr<transport::Connector> honest) {
  return std::make_unique<LyingConnector>(std::move(honest));
}

}  // namespace syncline::sim
