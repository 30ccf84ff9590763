// `syncline demo`: a hub, a native hyperty that publishes this machine's figures and takes part in
// a shared board, and the page for browsers.
#include <condition_variable>
#include <ctime>
#include <mutex>
#include <optional>
#include <sstream>
#include <stop_token>
#include <thread>

#include "base/log.hpp"
#include "commands.hpp"
#include "demo_parts.hpp"
#include "machine.hpp"
#include "syncline/syncline.hpp"
#include "terminal.hpp"

namespace syncline::command {
namespace {

constexpr const char* kMachine = "comm://local/machine";
constexpr const char* kBoard = "comm://local/board";
constexpr const char* kIdentity = "hyperty://local/machine";
constexpr const char* kListen = "127.0.0.1:4455";
constexpr std::chrono::seconds kPublishEvery(1);

std::string clock_time() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  localtime_r(&now, &parts);
  std::array<char, 16> out{};
  std::strftime(out.data(), out.size(), "%H:%M:%S", &parts);
  return out.data();
}

/// Creates the object, or takes the one that an earlier demo left in --data.
DataObject create_or_subscribe(Syncer& syncer, const char* url, const Value& initial,
                               const char* access) {
  try {
    return syncer.create(url, initial, {.access = access}).get();
  } catch (const Error& error) {
    if (error.code() != Code::kConflict) throw;
    return syncer.subscribe(url).get();
  }
}

/// Writes the figures that differ, at the deepest place, so that a record tells what changed.
void write_figures(const Node& place, const Value& figures) {
  for (const auto& [name, figure] : figures.members()) {
    const Node member = place[name];
    if (figure.is_object() && member.exists())
      write_figures(member, figure);
    else if (!member.exists() || member.get() != figure)
      member = figure;
  }
}

/// The hyperty that owns comm://local/machine: publishes about once a second while it lives.
class Publisher {
 public:
  explicit Publisher(Syncer& syncer)
      : object_(create_or_subscribe(syncer, kMachine, machine_.read(), "owner")),
        thread_([this](const std::stop_token& stop) { publish(stop); }) {}

 private:
  void publish(const std::stop_token& stop) {
    std::mutex mutex;
    std::condition_variable_any woken;
    std::unique_lock lock(mutex);
    while (!woken.wait_for(lock, stop, kPublishEvery, [&stop] { return stop.stop_requested(); })) {
      try {
        object_.transact([this] { write_figures(object_.at(""), machine_.read()); });
      } catch (const Error& error) {
        log::error("demo", "cannot publish the machine's figures: " + error.message());
      }
    }
  }

  Machine machine_;
  DataObject object_;
  std::jthread thread_;
};

/// {done, total} of the board's steps.
Value progress_of(const DataObject& board) {
  std::size_t done = 0;
  std::size_t total = 0;
  const Value tree = board.get();
  if (const Value* steps = tree.find("steps"); steps != nullptr && steps->is_array()) {
    total = steps->items().size();
    for (const Value& step : steps->items()) {
      const Value* flag = step.find("done");
      if (flag != nullptr && *flag == Value(true)) ++done;
    }
  }
  return Value::object({{"done", done}, {"total", total}});
}

/// The native side of the shared board: prints what others change, and keeps `progress` true.
class Board {
 public:
  explicit Board(Syncer& syncer)
      : object_(create_or_subscribe(syncer, kBoard, first_content(), "open")) {
    object_["notes"].text();
    refresh();
    watching_ = object_.observe([this](const Changes& changes) { react(changes); });
  }

 private:
  static Value first_content() {
    const auto step = [](const char* text, bool done) {
      return Value::object({{"text", text}, {"done", done}});
    };
    return Value::object(
        {{"title", "Our plan"},
         {"steps", Value::array({step("Start the demo", true),
                                 step("Change this board in two places", false)})}});
  }

  void react(const Changes& changes) {
    for (const Change& change : changes) {
      if (change.local) continue;
      std::ostringstream line;
      line << change;
      print("  " + styled(Style::kDim, clock_time()) + "  " + line.str() + "\n");
    }
    refresh();
  }

  void refresh() {
    const Value progress = progress_of(object_);
    const Node place = object_["progress"];
    if (!place.exists() || place.get() != progress) place = progress;
  }

  DataObject object_;
  Handle watching_;
};

/// On the port that was asked for; without a wish on the usual one, or on a free one.
std::unique_ptr<DemoHub> start_hub(const Demo& arguments) {
  if (!arguments.listen.empty()) return std::make_unique<DemoHub>(arguments, arguments.listen);
  try {
    return std::make_unique<DemoHub>(arguments, kListen);
  } catch (const Error& error) {
    if (error.code() != Code::kConflict || error.reason() == "in_use") throw;
    tell("syncline: " + error.message() + "; taking a free port instead");
    return std::make_unique<DemoHub>(arguments, "127.0.0.1:0");
  }
}

void introduce(const DemoHub& hub) {
  const std::string option = hub.address() == kListen ? "" : "SYNCLINE_HUB=" + hub.url() + " ";
  const std::string program = option + this_program();
  print(styled(Style::kBold, "Syncline demo") + "\n\n  Open  " +
        styled(Style::kBlue, "http://" + hub.address() + "/") +
        "  (in two windows, if you like)\n\n"
        "  " +
        kBoard +
        "    the shared board: the page, this program and you write it\n"
        "  " +
        kMachine + "  this machine's figures: only " + kIdentity +
        " may write them\n\n"
        "Change the board from another terminal:\n"
        "  " +
        program + " set " + kBoard +
        " /title '\"From the terminal\"'\n"
        "  " +
        program + " watch " + kBoard +
        "\n\n"
        "What others change on the board (Ctrl-C ends the demo):\n");
}

}  // namespace

int run(const Demo& arguments) {
  log_to_stderr(log::Level::kError);
  if (arguments.headless) return run_headless(arguments);
  const std::unique_ptr<DemoHub> hub = start_hub(arguments);
  {
    Syncer syncer({.identity = kIdentity, .hub = hub->url()});
    const Publisher publisher(syncer);
    const Board board(syncer);
    introduce(*hub);
    hub->process().wait_for_signal();
  }
  hub->process().stop();
  print("\nThe demo is over.\n");
  return kDone;
}

}  // namespace syncline::command
