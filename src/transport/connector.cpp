// Opens WebSockets: TCP, the request, the answer, and words for a person when one of them fails.
#include "transport/connector.hpp"

#include <algorithm>

#include "transport/handshake.hpp"
#include "transport/http_parser.hpp"
#include "transport/websocket_connection.hpp"

namespace syncline::transport {
namespace {

constexpr std::string_view kExample = "a hub's URL looks like ws://127.0.0.1:4455";

/// The URL as it may be shown: a query may hold a token.
std::string without_query(const std::string& url) { return url.substr(0, url.find('?')); }

Code code_of_status(int status) {
  switch (status) {
    case 400:
    case 426:
      return Code::kMalformed;
    case 401:
      return Code::kUnauthenticated;
    case 403:
      return Code::kDenied;
    case 404:
      return Code::kNotFound;
    case 410:
      return Code::kGone;
    case 429:
      return Code::kTooFast;
    default:
      return Code::kUnavailable;
  }
}

bool is_port(std::string_view text) {
  if (text.empty() || text.size() > 5) return false;
  int port = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return false;
    port = port * 10 + (c - '0');
  }
  return port > 0 && port <= 65535;
}

bool is_host(std::string_view host) {
  const bool bracketed = host.starts_with('[') && host.ends_with(']');
  const std::string_view bare = bracketed ? host.substr(1, host.size() - 2) : host;
  return !bare.empty() && std::ranges::all_of(bare, [bracketed](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '-' || c == '_' || (bracketed && (c == ':' || c == '%'));
  });
}

}  // namespace

Result<WebSocketUrl> parse_websocket_url(const std::string& url) {
  const std::string shown = "'" + without_query(url) + "'";
  if (url.starts_with("wss://")) {
    return Error(Code::kMalformed,
                 shown + ": TLS is not in this version: use ws://, behind a proxy that adds TLS");
  }
  if (!url.starts_with("ws://"))
    return Error(Code::kMalformed, shown + " is not a WebSocket URL: " + std::string(kExample));

  const auto begin = std::string_view("ws://").size();
  const auto end = std::min(url.find_first_of("/?#", begin), url.size());
  const std::string authority = url.substr(begin, end - begin);
  std::string target = url.substr(end, url.find('#', end) - end);
  if (!target.starts_with('/')) target.insert(0, "/");

  // The colon of the port, not one of an IPv6 address in brackets.
  const auto bracket = authority.find(']');
  const auto colon = authority.find(':', bracket == std::string::npos ? 0 : bracket);
  const bool has_port = colon != std::string::npos;
  const std::string host = authority.substr(0, colon);
  const std::string port = has_port ? authority.substr(colon + 1) : "80";
  if (!is_host(host) || !is_port(port) ||
      !std::ranges::all_of(target, [](char c) { return c > 0x20 && c < 0x7F; })) {
    return Error(Code::kMalformed, shown + " is not a proper URL: " + std::string(kExample));
  }
  return WebSocketUrl{.address = host + ":" + port, .target = std::move(target)};
}

/// One connection being opened. Ends by finish(), once, or by being forgotten.
class WebSocketConnector::Attempt final : public StreamEvents,
                                          public std::enable_shared_from_this<Attempt> {
 public:
  using Done = std::function<void(Result<std::unique_ptr<Connection>>)>;

  Attempt(WebSocketConnector& connector, const std::string& url, std::string subprotocol, Done done)
      : connector_(connector),
        shown_url_(without_query(url)),
        subprotocol_(std::move(subprotocol)),
        done_(std::move(done)) {}

  void start(const std::string& url) {
    auto parsed = parse_websocket_url(url);
    if (!parsed.ok()) {
      connector_.executor_.post([weak = weak_from_this(), error = parsed.error()] {
        if (const auto self = weak.lock()) self->finish(error);
      });
      return;
    }
    url_ = *std::move(parsed);
    timer_ = connector_.executor_.after(connector_.options_.connect_timeout, [this] {
      finish(Error(Code::kTimeout, "the hub at " + shown_url_ + " did not answer in time"));
    });
    connecting_ = connector_.network_.connect(url_.address, [this](auto stream) {
      const auto self = shared_from_this();
      on_connected(std::move(stream));
    });
  }

  /// Whether `done` is still to be called.
  bool pending() const { return done_ != nullptr; }

  void on_bytes(ByteView bytes) override {
    const auto self = shared_from_this();
    const auto state = parser_.feed(bytes);
    judge(state, bytes);
  }
  void on_drained() override {}
  void on_closed(const std::string&) override {
    const auto self = shared_from_this();
    judge(parser_.feed_end(), {});
  }

 private:
  void on_connected(Result<std::unique_ptr<Stream>> stream) {
    if (!stream.ok()) {
      const Error& error = stream.error();
      finish(error.code() == Code::kUnavailable
                 ? Error(error.code(), "no hub answers at " + shown_url_ + " (" + error.message() +
                                           "): start one with `syncline hub`")
                 : error);
      return;
    }
    stream_ = *std::move(stream);
    stream_->set_events(this);
    key_ = make_key(connector_.random_);
    stream_->write(view_of(upgrade_request(url_.address, url_.target, key_, subprotocol_,
                                           connector_.options_.headers)));
  }

  void judge(ResponseParser::State state, ByteView early) {
    if (state == ResponseParser::State::kMore) return;
    if (state == ResponseParser::State::kFailed) {
      finish(Error(Code::kUnavailable,
                   "what listens at " + shown_url_ + " is not a hub: " + parser_.failure()));
    } else if (parser_.status() != 101) {
      finish(refusal());
    } else if (const auto fault = check_accepted(parser_.headers(), key_, subprotocol_)) {
      finish(
          Error(Code::kUnavailable, "what listens at " + shown_url_ + " is not a hub: " + *fault));
    } else {
      const ConnectorOptions& options = connector_.options_;
      finish(make_websocket(connector_.executor_, connector_.websockets_, std::move(stream_),
                            {.role = Role::kClient,
                             .message_bytes_max = options.message_bytes_max,
                             .random = &connector_.random_},
                            early));
    }
  }

  Error refusal() const {
    std::string message = "the hub at " + shown_url_ + " answered " +
                          std::to_string(parser_.status()) + ' ' +
                          std::string(status_phrase(parser_.status()));
    const std::string& body = parser_.body();
    const std::string line = body.substr(0, body.find_first_of("\r\n"));
    if (!line.empty()) message += ": " + line;
    return {code_of_status(parser_.status()), std::move(message)};
  }

  void finish(Result<std::unique_ptr<Connection>> result) {
    const auto self = shared_from_this();
    timer_.reset();
    connecting_.reset();
    stream_.reset();
    connector_.attempts_.erase(self);
    std::exchange(done_, nullptr)(std::move(result));
  }

  WebSocketConnector& connector_;
  const std::string shown_url_;
  const std::string subprotocol_;
  Done done_;
  WebSocketUrl url_;
  Handle timer_;
  Handle connecting_;
  std::unique_ptr<Stream> stream_;
  std::string key_;
  ResponseParser parser_;
};

WebSocketConnector::WebSocketConnector(Executor& executor, Network& network, Random& random,
                                       ConnectorOptions options)
    : executor_(executor),
      network_(network),
      random_(random),
      options_(std::move(options)),
      websockets_(std::make_shared<WebSocketGroup>(
          executor, WebSocketGroup::Timing{.ping_interval = options_.ping_interval,
                                           .close_timeout = options_.close_timeout})) {}

WebSocketConnector::~WebSocketConnector() { websockets_->abandon(); }

Handle WebSocketConnector::connect(const std::string& url, const std::string& subprotocol,
                                   std::function<void(Result<std::unique_ptr<Connection>>)> done) {
  const auto attempt = std::make_shared<Attempt>(*this, url, subprotocol, std::move(done));
  attempts_.insert(attempt);
  attempt->start(url);
  return Handle([this, weak = std::weak_ptr(attempt)] {
    // The connector may be gone: then so is the attempt, or it is done.
    const auto kept = weak.lock();
    if (kept && kept->pending()) attempts_.erase(kept);
  });
}

}  // namespace syncline::transport
