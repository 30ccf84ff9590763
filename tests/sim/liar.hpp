// A connector whose connections tell the syncer behind them that it may write everything: so the
// syncer does what a forger would, and then what an honest one does when it is refused.
#pragma once

#include <memory>

#include "transport/connection.hpp"

namespace syncline::sim {

std::unique_ptr<transport::Connector> make_liar(std::unique_ptr<transport::Connector> honest);

}  // namespace syncline::sim
