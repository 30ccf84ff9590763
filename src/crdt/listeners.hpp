// Listeners: callbacks that end with their handle, even while they are being called.
#pragma once

#include <algorithm>
#include <exception>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "syncline/handle.hpp"

namespace syncline::crdt {

/// Calls, and keeps the first exception of many calls.
template <typename Call>
void guarded(std::exception_ptr& error, const Call& call) {
  try {
    call();
  } catch (...) {
    if (!error) error = std::current_exception();
  }
}

template <typename... Args>
class Listeners {
 public:
  using Function = std::function<void(Args...)>;

  bool empty() const { return !state_ || state_->empty(); }

  Handle add(Function function) {
    if (!state_) state_ = std::make_shared<State>();
    auto entry = std::make_shared<Entry>(Entry{std::move(function), true});
    state_->push_back(entry);
    // The handle may outlive the document.
    return Handle([weak = std::weak_ptr<State>(state_), entry] {
      entry->alive = false;
      if (auto state = weak.lock()) std::erase(*state, entry);
    });
  }

  /// Calls `call` with each function that was there at the start and still is.
  template <typename Call>
  void each(const Call& call) const {
    if (empty()) return;
    if (state_->size() == 1) {
      const std::shared_ptr<Entry> only = state_->front();
      return call(only->function);
    }
    const State now = *state_;
    for (const auto& entry : now) {
      if (entry->alive) call(entry->function);
    }
  }

 private:
  struct Entry {
    Function function;
    bool alive;
  };
  using State = std::vector<std::shared_ptr<Entry>>;
  std::shared_ptr<State> state_;
};

}  // namespace syncline::crdt
