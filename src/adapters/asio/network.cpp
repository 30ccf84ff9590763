// Addresses, listening and connecting.
#include "adapters/asio/network.hpp"

#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/steady_timer.hpp>
#include <charconv>
#include <optional>

#include "adapters/asio/executor_core.hpp"
#include "adapters/asio/stream.hpp"
#include "adapters/asio/tuning.hpp"

namespace syncline::adapters {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using Turn = ExecutorCore::Turn;
using OnStream = std::function<void(std::unique_ptr<transport::Stream>)>;
using OnConnect = std::function<void(Result<std::unique_ptr<transport::Stream>>)>;

struct HostPort {
  std::string host;
  std::uint16_t port = 0;
};

Result<HostPort> parse_address(const std::string& address) {
  const auto colon = address.rfind(':');
  HostPort parsed;
  bool fine = colon != std::string::npos && colon > 0;
  if (fine) {
    parsed.host = address.substr(0, colon);
    const char* end = address.data() + address.size();
    const auto [rest, error] = std::from_chars(address.data() + colon + 1, end, parsed.port);
    fine = error == std::errc() && rest == end;
  }
  if (fine && parsed.host.front() == '[') {
    fine = parsed.host.size() > 2 && parsed.host.back() == ']';
    if (fine) parsed.host = parsed.host.substr(1, parsed.host.size() - 2);
  } else {
    fine = fine && parsed.host.find(':') == std::string::npos;
  }
  if (fine) return parsed;
  return Error(Code::kMalformed, "'" + address +
                                     "' is not an address: write HOST:PORT, such as "
                                     "127.0.0.1:4455 or [::1]:4455");
}

/// The endpoints of a host that needs no resolver.
std::vector<tcp::endpoint> known_endpoints(const HostPort& address) {
  if (address.host == "localhost") {
    return {{asio::ip::address_v4::loopback(), address.port},
            {asio::ip::address_v6::loopback(), address.port}};
  }
  error_code error;
  const auto numeric = asio::ip::make_address(address.host, error);
  if (error) return {};
  return {{numeric, address.port}};
}

Error listen_error(const HostPort& address, const error_code& error) {
  const std::string port = "port " + std::to_string(address.port) + " of " + address.host;
  if (error == asio::error::address_in_use) {
    return {Code::kConflict,
            port + " is in use: stop the program that listens there, or choose another port"};
  }
  if (error == asio::error::access_denied)
    return {Code::kDenied, port + " is not allowed: ports below 1024 need privileges"};
  if (error == boost::system::errc::address_not_available)
    return {Code::kMalformed, address.host + " is not an address of this machine"};
  return {Code::kUnavailable, "cannot listen on " + port + ": " + error.message()};
}

/// Accepts until closed. It lives while a handler of it is under way.
class Acceptor final : public std::enable_shared_from_this<Acceptor> {
 public:
  Acceptor(std::shared_ptr<ExecutorCore> core, OnStream on_accept)
      : core_(std::move(core)),
        on_accept_(std::move(on_accept)),
        acceptor_(core_->context),
        rest_(core_->context) {}

  error_code open(const tcp::endpoint& endpoint) {
    error_code error;
    acceptor_.open(endpoint.protocol(), error);
    // A restarted hub takes its port back at once, without waiting for the old connections' time to
    // pass.
    if (!error) acceptor_.set_option(tcp::acceptor::reuse_address(true), error);
    if (!error) acceptor_.bind(endpoint, error);
    if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
    if (!error) endpoint_ = acceptor_.local_endpoint(error);
    return error;
  }

  const tcp::endpoint& endpoint() const { return endpoint_; }

  void accept() {
    acceptor_.async_accept(
        [self = shared_from_this()](const error_code& error, tcp::socket socket) {
          const Turn turn(*self->core_);
          if (self->core_->closed || self->closed_) return;
          if (error == asio::error::no_descriptors || error == asio::error::no_memory ||
              error == asio::error::no_buffer_space) {
            self->rest();
            return;
          }
          if (!error) self->on_accept_(make_stream(self->core_, std::move(socket)));
          if (!self->closed_) self->accept();
        });
  }

  void close() {
    const Turn turn(*core_);
    closed_ = true;
    error_code ignored;
    acceptor_.close(ignored);
    rest_.cancel();
  }

 private:
  void rest() {
    rest_.expires_after(tuning::kAcceptRest);
    rest_.async_wait([self = shared_from_this()](const error_code&) {
      const Turn turn(*self->core_);
      if (!self->core_->closed && !self->closed_) self->accept();
    });
  }

  const std::shared_ptr<ExecutorCore> core_;
  const OnStream on_accept_;
  tcp::acceptor acceptor_;
  asio::steady_timer rest_;
  tcp::endpoint endpoint_;
  bool closed_ = false;
};

class TcpListener final : public transport::Listener {
 public:
  explicit TcpListener(std::shared_ptr<Acceptor> acceptor) : acceptor_(std::move(acceptor)) {}
  ~TcpListener() override { acceptor_->close(); }
  std::string address() const override { return text_of(acceptor_->endpoint()); }
  bool loopback_only() const override { return is_loopback(acceptor_->endpoint().address()); }

 private:
  const std::shared_ptr<Acceptor> acceptor_;
};

/// One stream being connected.
class Connecting final : public std::enable_shared_from_this<Connecting> {
 public:
  Connecting(std::shared_ptr<ExecutorCore> core, OnConnect done)
      : core_(std::move(core)),
        done_(std::move(done)),
        resolver_(core_->context),
        socket_(core_->context) {}

  void start(const HostPort& address) {
    host_ = address.host;
    if (const auto known = known_endpoints(address); !known.empty()) {
      connect(known);
      return;
    }
    resolver_.async_resolve(
        address.host, std::to_string(address.port),
        [self = shared_from_this()](const error_code& error,
                                    const tcp::resolver::results_type& found) {
          const Turn turn(*self->core_);
          if (!self->done_ || self->core_->closed) return;
          if (error) {
            self->finish(Error(Code::kUnavailable, "no address is known for '" + self->host_ +
                                                       "': " + error.message()));
            return;
          }
          self->connect({found.begin(), found.end()});
        });
  }

  void finish(Result<std::unique_ptr<transport::Stream>> result) {
    if (const auto done = std::exchange(done_, nullptr)) done(std::move(result));
  }

  void cancel() {
    const Turn turn(*core_);
    done_ = nullptr;
    resolver_.cancel();
    error_code ignored;
    socket_.close(ignored);
  }

 private:
  void connect(std::vector<tcp::endpoint> endpoints) {
    endpoints_ = std::move(endpoints);
    asio::async_connect(socket_, endpoints_,
                        [self = shared_from_this()](const error_code& error, const tcp::endpoint&) {
                          const Turn turn(*self->core_);
                          if (!self->done_ || self->core_->closed) return;
                          if (error) {
                            self->finish(Error(Code::kUnavailable, error.message()));
                          } else {
                            self->finish(make_stream(self->core_, std::move(self->socket_)));
                          }
                        });
  }

  const std::shared_ptr<ExecutorCore> core_;
  OnConnect done_;
  tcp::resolver resolver_;
  tcp::socket socket_;
  std::vector<tcp::endpoint> endpoints_;
  std::string host_;
};

}  // namespace

Result<std::unique_ptr<transport::Listener>> AsioNetwork::listen(const std::string& address,
                                                                 OnStream on_accept) {
  SYNCLINE_TRY_ASSIGN(parsed, parse_address(address));
  std::vector<tcp::endpoint> endpoints = known_endpoints(parsed);
  if (endpoints.empty()) {
    error_code error;
    const auto found =
        tcp::resolver(core_->context)
            .resolve(parsed.host, std::to_string(parsed.port), tcp::resolver::passive, error);
    if (error || found.empty())
      return Error(Code::kMalformed, "no address is known for '" + parsed.host + "'");
    endpoints.assign(found.begin(), found.end());
  }
  const Turn turn(*core_);
  const auto acceptor = std::make_shared<Acceptor>(core_, std::move(on_accept));
  if (const error_code error = acceptor->open(endpoints.front()))
    return listen_error(parsed, error);
  acceptor->accept();
  return std::unique_ptr<transport::Listener>(std::make_unique<TcpListener>(acceptor));
}

Handle AsioNetwork::connect(const std::string& address, OnConnect done) {
  const Turn turn(*core_);
  const auto connecting = std::make_shared<Connecting>(core_, std::move(done));
  if (auto parsed = parse_address(address); parsed.ok()) {
    connecting->start(*parsed);
  } else {
    core_->post([connecting, error = parsed.error()] { connecting->finish(error); });
  }
  return Handle([weak = std::weak_ptr(connecting)] {
    if (const auto ended = weak.lock()) ended->cancel();
  });
}

}  // namespace syncline::adapters
