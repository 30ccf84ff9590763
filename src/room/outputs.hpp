// Outputs: output commit. What a room would say waits here, in order, until the decision it depends
// on is durable.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <variant>

#include "bus/message.hpp"
#include "room/tail.hpp"

namespace syncline::room {

/// An update was integrated: acknowledge it to its author, and fan it out if it has a number.
struct ChangeOutput {
  std::uint64_t seq = 0;  ///< 0: it brought nothing new
  MemberId author = 0;
  std::uint64_t sequence = 0;  ///< the author's number of it; 0: it is not to be acknowledged
};

/// Something to do that is not a message. Never done if the log fails.
struct ActionOutput {
  std::function<void()> run;
};

using Output = std::variant<ChangeOutput, bus::Message, ActionOutput>;

/// Decisions are counted in the order of their appends; an output depends on all that were made
/// before it. Value type.
class Outputs {
 public:
  /// A decision goes to the log.
  void decided() { ++decided_; }
  /// The oldest decision that was not durable is.
  void durable() { ++durable_; }

  void push(Output output) { queue_.push_back({decided_, std::move(output)}); }

  /// Whether the first output may leave.
  bool ready() const { return !queue_.empty() && queue_.front().after <= durable_; }
  /// Whether everything decided is durable and everything said.
  bool settled() const { return queue_.empty() && decided_ == durable_; }
  /// REQUIRES: not empty.
  Output pop() {
    Output out = std::move(queue_.front().output);
    queue_.pop_front();
    return out;
  }
  bool empty() const { return queue_.empty(); }

 private:
  struct Waiting {
    std::uint64_t after;
    Output output;
  };
  std::deque<Waiting> queue_;
  std::uint64_t decided_ = 0;
  std::uint64_t durable_ = 0;
};

}  // namespace syncline::room
