// Load on any server that speaks y-websocket's protocol, as plain Yjs clients make it.
//
// That protocol acknowledges nothing: an update has arrived when somebody else in the room has it.
#include <algorithm>
#include <chrono>
#include <deque>
#include <memory>

#include "bench/hub_load.hpp"
#include "crdt/doc.hpp"
#include "sync/y_protocol.hpp"
#include "syncline/error.hpp"
#include "syncline/runtime.hpp"
#include "transport/connector.hpp"

namespace syncline::bench {
namespace {

using Clock = std::chrono::steady_clock;
namespace y = sync::y;

constexpr std::chrono::seconds kPatience{30};

double microseconds(Clock::duration passed) {
  return std::chrono::duration<double, std::micro>(passed).count();
}

/// One client in one room. Thread: the runtime's, which is the caller's (poll mode).
class YjsClient final : private transport::ConnectionEvents {
 public:
  YjsClient(Runtime& runtime, transport::WebSocketConnector& connector, const std::string& url,
            crdt::ClientId client)
      : runtime_(runtime),
        doc_({.client = client}),
        map_(*doc_.root("data", crdt::TypeKind::kMap).value()) {
    sending_ = doc_.on_update([this](const Bytes& update, crdt::Transaction& transaction) {
      if (transaction.local()) send(y::encode_sync(y::Sync::kUpdate, update));
    });
    opening_ = connector.connect(url, "", [this](auto opened) {
      if (!opened.ok()) {
        failure_ = std::make_unique<Error>(opened.error());
        return;
      }
      connection_ = std::move(*opened);
      connection_->set_events(this);
      send(y::encode_sync(y::Sync::kStep1, doc_.state_vector().encode()));
    });
    wait([this] { return synced_; });
  }

  /// One change, one update, one frame.
  void change(std::size_t number) { map_.set("n", Value(number)); }
  std::size_t number() const {
    const auto found = map_.get("n");
    return found ? crdt::to_json(*found).as<std::size_t>() : 0;
  }
  /// Updates that others made.
  std::size_t heard() const { return heard_; }

  /// Runs the loop until then. Throws what the connection ended with.
  template <typename Done>
  void wait(const Done& done) {
    const bool in_time = runtime_.wait([&] { return failure_ != nullptr || done(); }, kPatience);
    if (failure_) throw Error(*failure_);
    if (!in_time) throw Error(Code::kTimeout, "the hub did not answer in time");
  }

 private:
  void send(Bytes frame) {
    if (connection_) connection_->send(std::make_shared<const Bytes>(std::move(frame)));
  }
  void on_message(ByteView message) override {
    auto frame = y::decode(message);
    const auto* sync = frame.ok() ? std::get_if<y::SyncFrame>(&*frame) : nullptr;
    if (sync == nullptr) return;
    if (sync->step == y::Sync::kStep1) {
      send(y::encode_sync(y::Sync::kStep2, doc_.encode_state_as_update_v1()));
      return;
    }
    (void)doc_.apply_update_v1(sync->payload).value();
    if (sync->step == y::Sync::kStep2) synced_ = true;
    if (sync->step == y::Sync::kUpdate) ++heard_;
  }
  void on_drained() override {}
  void on_closed(const transport::Close& close) override {
    failure_ = std::make_unique<Error>(
        Code::kUnavailable,
        "the hub closed the connection: " + std::to_string(close.code) + " " + close.reason);
  }

  Runtime& runtime_;
  crdt::Doc doc_;
  crdt::Map map_;
  std::unique_ptr<transport::Connection> connection_;
  std::unique_ptr<Error> failure_;
  bool synced_ = false;
  std::size_t heard_ = 0;
  Handle sending_;
  Handle opening_;
};

/// What rooms are below of: a hub's /y/, or the path that was given (y-websocket's own server has
/// its rooms at the root).
std::string base_url(const std::string& hub) {
  const std::size_t path = hub.find('/', hub.find("://") + 3);
  if (path == std::string::npos) return hub + "/y/";
  return hub.ends_with('/') ? hub : hub + '/';
}

/// A loop, and clients on it.
struct Clients {
  explicit Clients(const LoadOptions& of) : options(of) {}

  YjsClient& join(std::size_t room) {
    const std::string url = base_url(options.hub) + options.prefix + "-" + std::to_string(room);
    return clients.emplace_back(runtime, connector, url, 2'917'483'021 + clients.size() * 7919);
  }

  const LoadOptions& options;
  Runtime runtime{/*poll=*/true};
  transport::WebSocketConnector connector{runtime.executor(), runtime.network(), runtime.random()};
  std::deque<YjsClient> clients;
};

Load relay(const LoadOptions& options) {
  Clients clients(options);
  YjsClient& writer = clients.join(0);
  YjsClient& reader = clients.join(0);
  Load load{.operations = options.operations, .latency_us = {}};
  const auto began = Clock::now();
  for (std::size_t i = 1; i <= options.operations; ++i) {
    const auto sent = Clock::now();
    writer.change(i);
    reader.wait([&] { return reader.heard() >= i; });
    load.latency_us.push_back(microseconds(Clock::now() - sent));
  }
  load.seconds = microseconds(Clock::now() - began) / 1e6;
  load.ok = reader.number() == options.operations;
  std::sort(load.latency_us.begin(), load.latency_us.end());
  return load;
}

Load updates(const LoadOptions& options) {
  constexpr std::size_t kRooms = 40;
  Clients clients(options);
  std::vector<YjsClient*> writers;
  std::vector<YjsClient*> readers;
  for (std::size_t room = 0; room < kRooms; ++room) {
    writers.push_back(&clients.join(room));
    readers.push_back(&clients.join(room));
  }
  const auto heard = [&] {
    std::size_t sum = 0;
    for (const YjsClient* reader : readers) sum += reader->heard();
    return sum;
  };
  const auto began = Clock::now();
  for (std::size_t sent = 0; sent < options.operations;) {
    writers[sent % kRooms]->change(sent + 1);
    ++sent;
    writers.front()->wait([&] { return sent - heard() < options.in_flight; });
  }
  writers.front()->wait([&] { return heard() == options.operations; });
  Load load{.operations = options.operations,
            .seconds = microseconds(Clock::now() - began) / 1e6,
            .latency_us = {}};
  for (std::size_t room = 0; room < kRooms; ++room)
    load.ok = load.ok && readers[room]->number() == writers[room]->number();
  return load;
}

}  // namespace

const std::vector<LoadJob>& yjs_load_jobs() {
  static const std::vector<LoadJob> jobs = {
      {"relay", "an update until another Yjs client has it", relay},
      {"updates", "updates of 40 rooms, until other Yjs clients had them", updates},
  };
  return jobs;
}

}  // namespace syncline::bench
