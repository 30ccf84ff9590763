// A TCP socket as a transport::Stream. Private to the folder: it shows Asio.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <memory>

#include "adapters/asio/executor_core.hpp"
#include "transport/stream.hpp"

namespace syncline::adapters {

/// Takes over a connected socket. Under the executor.
std::unique_ptr<transport::Stream> make_stream(std::shared_ptr<ExecutorCore> core,
                                               boost::asio::ip::tcp::socket socket);

/// "127.0.0.1:4455", "[::1]:4455".
std::string text_of(const boost::asio::ip::tcp::endpoint& endpoint);
/// Whether it is this machine, also as an IPv4 address inside an IPv6 one.
bool is_loopback(const boost::asio::ip::address& address);

}  // namespace syncline::adapters
