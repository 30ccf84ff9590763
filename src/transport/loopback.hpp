// Two connections in one process, back to back: what a syncer and a room in the same program talk
// through. Messages pass by reference count, never copied.
#pragma once

#include <memory>
#include <utility>

#include "base/executor.hpp"
#include "transport/connection.hpp"

namespace syncline::transport {

/// Two ends of one connection, each confined to its own executor (which may be the same). Messages
/// arrive in later turns, in order. Both executors must outlive both ends.
std::pair<std::unique_ptr<Connection>, std::unique_ptr<Connection>> make_loopback(Executor& a,
                                                                                  Executor& b);

}  // namespace syncline::transport
