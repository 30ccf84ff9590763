// The message sequence of `demo --headless`: lines `A -> B: message`, told by two processes,
// printed in one causal order.
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <string>

#include "syncline/value.hpp"

namespace syncline::command {

/// One message of the sequence, or (without `from`) a heading. A `post` goes to the other process;
/// `heard` counts the other process's posts that its teller had received before: those come first,
/// whatever pipe was faster.
struct StoryLine {
  std::string from;
  std::string to;
  std::string message;
  bool post = false;
  std::size_t heard = 0;

  Value to_value() const;
  static StoryLine from_value(const Value& value);
};

/// What one process tells: counts what it heard. Thread: any.
class Teller {
 public:
  explicit Teller(std::function<void(const StoryLine&)> tell) : tell_(std::move(tell)) {}

  void heading(const std::string& title);
  void line(const std::string& from, const std::string& to, const std::string& message);
  /// A message that leaves for the other process.
  void post(const std::string& from, const std::string& to, const std::string& message);
  /// A message of the other process has come.
  void heard();

 private:
  void tell(StoryLine line);

  std::mutex mutex_;
  std::size_t heard_ = 0;
  std::function<void(const StoryLine&)> tell_;
};

/// Merges what two processes tell and prints it. Thread: any.
class Story {
 public:
  enum class Side { kHere, kThere };

  void add(Side side, StoryLine line);
  /// Waits until a line was printed. False when `deadline` passed first.
  bool wait_for(const StoryLine& line, std::chrono::steady_clock::time_point deadline);

 private:
  struct Stream {
    std::deque<StoryLine> waiting;
    std::size_t posts = 0;
  };
  bool print_next(Stream& stream, const Stream& other);

  std::mutex mutex_;
  std::condition_variable printed_;
  Stream here_;
  Stream there_;
  std::deque<StoryLine> told_;
};

}  // namespace syncline::command
