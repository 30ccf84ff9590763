// A handle ends what it stands for (an observation, an attachment, a timer) when it is destroyed.
#pragma once

#include <functional>
#include <utility>

namespace syncline {

/// Owns one registration. Movable; destroying or reset() ends it, release() lets it live as long as
/// its subject.
class [[nodiscard]] Handle {
 public:
  Handle() = default;
  explicit Handle(std::function<void()> end) : end_(std::move(end)) {}
  Handle(Handle&& other) noexcept : end_(std::exchange(other.end_, nullptr)) {}
  Handle& operator=(Handle&& other) noexcept {
    if (this != &other) {
      reset();
      end_ = std::exchange(other.end_, nullptr);
    }
    return *this;
  }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  ~Handle() { reset(); }

  /// Ends the registration now; nothing of it runs afterwards.
  void reset() {
    if (auto end = std::exchange(end_, nullptr)) end();
  }
  /// Gives the registration up to the lifetime of its subject.
  void release() { end_ = nullptr; }
  explicit operator bool() const { return static_cast<bool>(end_); }

 private:
  std::function<void()> end_;
};

}  // namespace syncline
