// TCP, made of Boost.Asio.
#pragma once

#include <memory>

#include "adapters/asio/executor.hpp"
#include "transport/stream.hpp"

namespace syncline::adapters {

/// Listens and connects on HOST:PORT: names, IPv4, [IPv6]:PORT; port 0 listens on a free one. Its
/// streams and listeners belong to the executor.
class AsioNetwork final : public transport::Network {
 public:
  explicit AsioNetwork(AsioExecutor& executor) : core_(executor.core()) {}

  /// Resolves a name by blocking: listening addresses are configuration, and few.
  Result<std::unique_ptr<transport::Listener>> listen(
      const std::string& address,
      std::function<void(std::unique_ptr<transport::Stream>)> on_accept) override;
  Handle connect(const std::string& address,
                 std::function<void(Result<std::unique_ptr<transport::Stream>>)> done) override;

 private:
  const std::shared_ptr<ExecutorCore> core_;
};

}  // namespace syncline::adapters
