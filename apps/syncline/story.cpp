#include "story.hpp"

#include <algorithm>
#include <utility>

#include "terminal.hpp"

namespace syncline::command {

Value StoryLine::to_value() const {
  return Value::object(
      {{"from", from}, {"to", to}, {"message", message}, {"post", post}, {"heard", heard}});
}

StoryLine StoryLine::from_value(const Value& value) {
  const auto member = [&value](const char* name) {
    const Value* found = value.find(name);
    return found != nullptr ? *found : Value();
  };
  return {member("from").as<std::string>(), member("to").as<std::string>(),
          member("message").as<std::string>(), member("post").as<bool>(),
          member("heard").as<std::size_t>()};
}

void Teller::heading(const std::string& title) { tell({"", "", title}); }

void Teller::line(const std::string& from, const std::string& to, const std::string& message) {
  tell({from, to, message});
}

void Teller::post(const std::string& from, const std::string& to, const std::string& message) {
  tell({from, to, message, true});
}

void Teller::heard() {
  const std::lock_guard lock(mutex_);
  ++heard_;
}

void Teller::tell(StoryLine line) {
  const std::lock_guard lock(mutex_);
  line.heard = heard_;
  tell_(line);
}

void Story::add(Side side, StoryLine line) {
  const std::lock_guard lock(mutex_);
  (side == Side::kHere ? here_ : there_).waiting.push_back(std::move(line));
  while (print_next(here_, there_) || print_next(there_, here_)) {
  }
  printed_.notify_all();
}

bool Story::print_next(Stream& stream, const Stream& other) {
  if (stream.waiting.empty() || stream.waiting.front().heard > other.posts) return false;
  const StoryLine line = std::move(stream.waiting.front());
  stream.waiting.pop_front();
  if (line.post) ++stream.posts;
  if (line.from.empty())
    command::tell("== " + line.message + " ==");
  else
    print(line.from + " -> " + line.to + ": " + line.message + "\n");
  told_.push_back(line);
  return true;
}

bool Story::wait_for(const StoryLine& line, std::chrono::steady_clock::time_point deadline) {
  std::unique_lock lock(mutex_);
  return printed_.wait_until(lock, deadline, [&] {
    return std::any_of(told_.begin(), told_.end(), [&line](const StoryLine& told) {
      return told.from == line.from && told.to == line.to && told.message == line.message;
    });
  });
}

}  // namespace syncline::command
