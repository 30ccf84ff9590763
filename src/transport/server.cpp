// The server: one Exchange per stream reads requests one by one, until the stream ends or becomes a
// WebSocket.
#include "transport/server.hpp"

#include <algorithm>

#include "transport/handshake.hpp"
#include "transport/http_parser.hpp"
#include "transport/websocket_connection.hpp"

namespace syncline::transport {

/// The HTTP conversation on one stream.
///
/// kReading -> kAnswering -> kReading … -> kLingering (the last response is on its way; what still
/// arrives is dropped)
class Server::Exchange final : public StreamEvents, public std::enable_shared_from_this<Exchange> {
 public:
  Exchange(Server& server, std::unique_ptr<Stream> stream)
      : server_(server), stream_(std::move(stream)), parser_(server.options_.body_bytes_max) {}

  void start() {
    stream_->set_events(this);
    wait_for(Wait::kHead);
  }

  void refuse(const Response& response) {
    stream_->set_events(this);
    reply(response, false);
  }

  void on_bytes(ByteView bytes) override {
    if (state_ == State::kLingering) return;
    moved_ = true;
    if (state_ == State::kReading) {
      read(bytes);
      return;
    }
    ahead_.insert(ahead_.end(), bytes.begin(), bytes.end());
    if (ahead_.size() > tuning::kPipelineBytesMax) stream_->pause(true);
  }

  void on_drained() override { moved_ = true; }
  void on_closed(const std::string&) override { server_.drop(this); }

  /// The server stops: a request under way is still answered, everything else ends now.
  void shut_down() {
    if (state_ == State::kReading) server_.drop(this);
  }

 private:
  enum class State { kReading, kAnswering, kLingering };
  /// What the timer bounds.
  enum class Wait { kHead, kBody, kNextRequest, kEnd };

  void read(ByteView input) {
    const auto self = shared_from_this();
    reading_ = true;
    while (state_ == State::kReading && stream_) {
      const auto state = parser_.feed(input);
      if (state == RequestParser::State::kMore) {
        if (parser_.take_expects_continue())
          stream_->write(view_of("HTTP/1.1 100 Continue\r\n\r\n"));
        wait_for(parser_.in_body()   ? Wait::kBody
                 : parser_.started() ? Wait::kHead
                 : answered_         ? Wait::kNextRequest
                                     : Wait::kHead);
        break;
      }
      if (state == RequestParser::State::kFailed) {
        reply(parser_.failure(), false);
      } else {
        answer(parser_.take(), input);
      }
    }
    reading_ = false;
    if (state_ == State::kAnswering) ahead_.assign(input.begin(), input.end());
  }

  void answer(Request request, ByteView& input) {
    request.peer = stream_->peer();
    request.peer_is_loopback = stream_->peer_is_loopback();
    if (wants_websocket(request)) {
      upgrade(request, input);
      return;
    }
    state_ = State::kAnswering;
    waiting_ = std::nullopt;
    timer_.reset();
    without_body_ = request.method == "HEAD";
    keep_alive_ = request.minor_version == 0 ? request.headers.has_token("Connection", "keep-alive")
                                             : !request.headers.has_token("Connection", "close");
    server_.handler_.handle(std::move(request),
                            [weak = weak_from_this(), turn = ++turn_](Response response) {
                              const auto self = weak.lock();
                              if (self) self->answered(turn, response);
                            });
  }

  void answered(std::uint64_t turn, const Response& response) {
    if (turn != turn_ || state_ != State::kAnswering) return;
    state_ = State::kReading;
    answered_ = true;
    reply(response, keep_alive_ && !server_.shutting_down_);
    if (state_ != State::kReading || reading_) return;
    stream_->pause(false);
    const Bytes ahead = std::exchange(ahead_, {});
    read(ahead);
  }

  void reply(const Response& response, bool keep_alive) {
    const std::size_t length = response.body ? response.body->size() : 0;
    stream_->write(view_of(response_head(response, length, keep_alive)));
    if (length > 0 && !without_body_) stream_->write(response.body);
    without_body_ = false;
    if (keep_alive) return;
    state_ = State::kLingering;
    ahead_ = {};
    stream_->pause(false);
    stream_->finish();
    wait_for(Wait::kEnd);
  }

  void upgrade(const Request& request, ByteView& input) {
    if (const auto fault = check_upgrade(request)) {
      reply(*fault, false);
      return;
    }
    if (server_.shutting_down_) {
      reply(Response::text(503, "the hub is shutting down: try again later"), false);
      return;
    }
    Upgrade decision = server_.handler_.upgrade(request);
    if (!decision.on_open) {
      reply(decision.refusal, false);
      return;
    }
    stream_->write(view_of(upgrade_response(request, decision.subprotocol)));
    auto connection = make_websocket(
        server_.executor_, server_.websockets_, std::move(stream_),
        {.role = Role::kServer, .message_bytes_max = decision.message_bytes_max, .random = nullptr},
        input);
    timer_.reset();
    server_.drop(this);
    decision.on_open(std::move(connection));
  }

  Duration patience(Wait wait) const {
    switch (wait) {
      case Wait::kHead:
        return server_.options_.handshake_timeout;
      case Wait::kBody:
      case Wait::kNextRequest:
        return server_.options_.idle_timeout;
      case Wait::kEnd:
        return tuning::kLingerTimeout;
    }
    return Duration{};
  }

  /// Starts the timer, unless it runs for the same thing: a head must be there in time however
  /// often a byte arrives.
  void wait_for(Wait wait) {
    if (waiting_ == wait) return;
    waiting_ = wait;
    moved_ = false;
    queued_ = stream_->queued_bytes();
    timer_ = server_.executor_.after(patience(wait), [this] { on_timeout(); });
  }

  void on_timeout() {
    const Wait wait = *std::exchange(waiting_, std::nullopt);
    const std::size_t queued = stream_->queued_bytes();
    // A slow reader of a large response, or a slow writer of a large body, gets on: look again
    // later.
    if (queued < queued_ || (moved_ && wait == Wait::kBody)) {
      wait_for(wait);
    } else if (parser_.started() && wait != Wait::kEnd) {
      reply(Response::text(408, "the request did not arrive in time"), false);
    } else {
      server_.drop(this);
    }
  }

  Server& server_;
  std::unique_ptr<Stream> stream_;
  RequestParser parser_;
  State state_ = State::kReading;
  bool reading_ = false;
  bool answered_ = false;
  bool keep_alive_ = false;
  bool without_body_ = false;
  // Counts the requests, so that a second answer to one is ignored.
  std::uint64_t turn_ = 0;
  Bytes ahead_;

  Handle timer_;
  std::optional<Wait> waiting_;
  bool moved_ = false;
  std::size_t queued_ = 0;
};

Server::Server(Executor& executor, RequestHandler& handler, ServerOptions options)
    : executor_(executor),
      handler_(handler),
      options_(options),
      websockets_(std::make_shared<WebSocketGroup>(
          executor, WebSocketGroup::Timing{.ping_interval = options.ping_interval,
                                           .close_timeout = options.close_timeout})) {
  websockets_->set_on_empty([this, alive = std::weak_ptr(alive_)] {
    if (!alive.expired()) check_idle();
  });
}

Server::~Server() {
  websockets_->set_on_empty(nullptr);
  websockets_->abandon();
}

Result<void> Server::listen(Network& network, const std::string& address) {
  SYNCLINE_TRY_ASSIGN(listener, network.listen(address, [this](std::unique_ptr<Stream> stream) {
    serve(std::move(stream));
  }));
  listeners_.push_back(std::move(listener));
  return {};
}

std::vector<std::string> Server::addresses() const {
  std::vector<std::string> result;
  for (const auto& listener : listeners_) result.push_back(listener->address());
  return result;
}

bool Server::loopback_only() const {
  return std::ranges::all_of(listeners_,
                             [](const auto& listener) { return listener->loopback_only(); });
}

void Server::serve(std::unique_ptr<Stream> stream) {
  const auto exchange = std::make_shared<Exchange>(*this, std::move(stream));
  exchanges_.emplace(exchange.get(), exchange);
  if (shutting_down_) {
    exchange->refuse(Response::text(503, "the hub is shutting down: try again later"));
  } else if (stream_count() > options_.streams_max) {
    exchange->refuse(Response::text(503, "the hub has as many connections as it takes"));
  } else {
    exchange->start();
  }
}

std::size_t Server::stream_count() const { return exchanges_.size() + websockets_->size(); }
std::size_t Server::websocket_count() const { return websockets_->size(); }

void Server::shutdown(std::function<void()> done) {
  SYNCLINE_CHECK(!shutting_down_, "a server shuts down once");
  shutting_down_ = true;
  on_shut_down_ = std::move(done);
  listeners_.clear();
  websockets_->close_all(kCloseRestart, "the hub is restarting");
  const auto exchanges = exchanges_;
  for (const auto& [exchange, kept] : exchanges) exchange->shut_down();
  // A handler that never answers, or a client that never reads, must not hold the program.
  shutdown_timer_ = executor_.after(options_.close_timeout + 2 * tuning::kLingerTimeout, [this] {
    exchanges_.clear();
    websockets_->abandon();
    check_idle();
  });
  check_idle();
}

void Server::drop(Exchange* exchange) {
  exchanges_.erase(exchange);
  check_idle();
}

void Server::check_idle() {
  if (!on_shut_down_ || stream_count() > 0) return;
  shutdown_timer_.reset();
  executor_.post([done = std::exchange(on_shut_down_, nullptr)] { done(); });
}

}  // namespace syncline::transport
