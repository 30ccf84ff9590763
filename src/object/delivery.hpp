// Delivery: who observes one object, and the change records on their way to them.
//
// Records gather in an open batch; a closed batch goes to every observer in order of registration,
// one call each. What observers change meanwhile makes further batches, delivered after the current
// one, until none is left.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "syncline/changes.hpp"

namespace syncline::object {

/// Identity. Thread: the object's executor.
class Delivery {
 public:
  using Callback = std::function<void(const Changes&)>;
  struct Observer;

  /// `subject`: what log lines call the observed object.
  explicit Delivery(std::string subject) : subject_(std::move(subject)) {}

  /// Hears of every record from now on: of what is in the open batch so far, nothing.
  std::shared_ptr<Observer> add(Callback callback);
  /// Takes effect at once, also inside a callback.
  void end(const std::shared_ptr<Observer>& observer);
  /// Whether anybody observes: without observers nobody needs to make records.
  bool wanted() const { return !observers_.empty(); }

  void record(Change change) { open_.push_back(std::move(change)); }
  /// What is recorded from here on is another batch.
  void close();
  /// Nobody hears of what was recorded since the last batch: it did not happen.
  void discard();
  /// Delivers the closed batches until nothing is left; inside a callback does nothing, since the
  /// delivery that is under way will come to them. An observer that throws is logged.
  void deliver();

 private:
  struct Batch {
    std::uint64_t number = 0;
    Changes changes;
  };
  void deliver(const Batch& batch);
  void call(const Observer& observer, const Changes& changes) const;

  std::string subject_;
  std::vector<std::shared_ptr<Observer>> observers_;
  Changes open_;
  std::uint64_t open_number_ = 0;
  std::deque<Batch> closed_;
  bool delivering_ = false;
};

}  // namespace syncline::object
