// DeltaBuilder: a list's or text's delta, operation by operation.
#pragma once

#include <variant>
#include <vector>

#include "crdt/event.hpp"

namespace syncline::crdt {

/// Operations of one kind in a row are one, unless it is closed between them.
class DeltaBuilder {
 public:
  explicit DeltaBuilder(std::vector<DeltaOp>& ops) : ops_(ops) {}

  template <typename Op>
  Op& current() {
    if (closed_ || ops_.empty() || !std::holds_alternative<Op>(ops_.back())) {
      ops_.emplace_back(Op{});
      closed_ = false;
    }
    return std::get<Op>(ops_.back());
  }
  template <typename Op>
  bool in() const {
    return !closed_ && !ops_.empty() && std::holds_alternative<Op>(ops_.back());
  }
  /// The next operation starts anew.
  void close() { closed_ = true; }

 private:
  std::vector<DeltaOp>& ops_;
  bool closed_ = false;
};

}  // namespace syncline::crdt
