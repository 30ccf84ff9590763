// `syncline demo --headless`: the three flows of docs/seed (create and share; hyperty 1 changes;
// hyperty 2 changes) between two processes and a hub, told as the lines of its message sequence
// chart.
//
// Hyperty 1, its syncer and the hub live here; hyperty 2 and its syncer in a child process, which
// tells its lines on its standard output. Every line comes from a hook at the place it names: the
// syncers' message trace, the observers, and the hyperties' own calls.
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstring>
#include <future>
#include <thread>

#include "demo_parts.hpp"
#include "encoding/json.hpp"
#include "story.hpp"
#include "syncline/message_trace.hpp"
#include "syncline/syncline.hpp"
#include "terminal.hpp"

extern char** environ;

namespace syncline::command {
namespace {

using TimePoint = std::chrono::steady_clock::time_point;

constexpr std::chrono::seconds kTimeout(20);
constexpr const char* kUrl = "comm://local/object-a";
constexpr const char* kIdentity1 = "hyperty://local/hyperty-1";
constexpr const char* kIdentity2 = "hyperty://local/hyperty-2";

constexpr const char* kHyperty1 = "Hyperty 1";
constexpr const char* kObject1 = "Object A (instance 1)";
constexpr const char* kSyncer1 = "Syncer 1";
constexpr const char* kSyncer2 = "Syncer 2";
constexpr const char* kHyperty2 = "Hyperty 2";
constexpr const char* kObject2 = "Object A (instance 2)";

constexpr const char* kPostShared = "post shared Obj from Hyperty 1";
constexpr const char* kReport = "report change";
constexpr const char* kPostReport = "post report change";

/// What the child writes beside its lines.
constexpr const char* kReady = "ready";
constexpr const char* kCopy = "copy";

/// Which participants a process plays.
struct Lanes {
  const char* hyperty;
  const char* object;
  const char* syncer;
  const char* other_syncer;
};
constexpr Lanes kLanes1{kHyperty1, kObject1, kSyncer1, kSyncer2};
constexpr Lanes kLanes2{kHyperty2, kObject2, kSyncer2, kSyncer1};

/// Tells what a syncer's messages mean for the sequence: its own updates leave, others' arrive.
MessageTrace tell_messages(const std::shared_ptr<Teller>& teller, const Lanes& lanes) {
  return [teller, lanes](bool sent, std::string_view message, const std::string& url) {
    if (url != kUrl) return;
    if (sent && message == "create") {
      teller->line(lanes.syncer, lanes.object, "observe");
      teller->post(lanes.syncer, lanes.other_syncer, kPostShared);
    } else if (sent && message == "update") {
      teller->line(lanes.object, lanes.syncer, kReport);
      teller->post(lanes.syncer, lanes.other_syncer, kPostReport);
    } else if (!sent && message == "invitation") {
      teller->heard();
    } else if (!sent && message == "updated") {
      teller->heard();
      teller->line(lanes.syncer, lanes.object, "change");
    }
  };
}

/// Tells that an object reports others' changes to its hyperty; `also` is called after.
std::function<void(const Changes&)> tell_reports(const std::shared_ptr<Teller>& teller,
                                                 const Lanes& lanes,
                                                 std::function<void()> also = {}) {
  return [teller, lanes, also = std::move(also)](const Changes& changes) {
    for (const Change& change : changes) {
      if (change.local) continue;
      teller->line(lanes.object, lanes.hyperty, kReport);
      if (also) also();
      return;
    }
  };
}

/// The other process: started, listened to, and ended with its owner.
class Partner {
 public:
  /// `on_line`: a line of its standard output, on a thread of its own.
  Partner(const std::string& hub, std::function<void(const std::string&)> on_line);
  ~Partner();
  Partner(const Partner&) = delete;
  Partner& operator=(const Partner&) = delete;

 private:
  pid_t child_ = 0;
  std::FILE* output_ = nullptr;
  std::thread listener_;
};

Partner::Partner(const std::string& hub, std::function<void(const std::string&)> on_line) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0)
    throw Error(Code::kInternal, std::string("cannot make a pipe: ") + std::strerror(errno));
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  std::string program = "/proc/self/exe";
  std::string command = "demo-partner";
  std::string url = hub;
  char* arguments[] = {program.data(), command.data(), url.data(), nullptr};
  const int failed = posix_spawn(&child_, program.c_str(), &actions, nullptr, arguments, environ);
  posix_spawn_file_actions_destroy(&actions);
  close(ends[1]);
  if (failed != 0) {
    close(ends[0]);
    throw Error(Code::kInternal,
                std::string("cannot start the second hyperty: ") + std::strerror(failed));
  }
  output_ = fdopen(ends[0], "r");
  listener_ = std::thread([this, on_line = std::move(on_line)] {
    char* line = nullptr;
    std::size_t size = 0;
    for (ssize_t length = 0; (length = getline(&line, &size, output_)) > 0;)
      on_line(std::string(line, static_cast<std::size_t>(length - 1)));
    std::free(line);
  });
}

Partner::~Partner() {
  kill(child_, SIGTERM);
  waitpid(child_, nullptr, 0);
  listener_.join();
  std::fclose(output_);
}

/// What the partner says beside its lines.
struct FromPartner {
  std::promise<void> ready;
  std::promise<Value> copy;
};

void hear_partner(const std::string& text, Story& story, FromPartner& partner) {
  const Value said = Value::parse(text);
  if (said.find(kReady) != nullptr)
    partner.ready.set_value();
  else if (const Value* copy = said.find(kCopy))
    partner.copy.set_value(*copy);
  else
    story.add(Story::Side::kThere, StoryLine::from_value(said));
}

[[noreturn]] void too_late(const char* what) {
  throw Error(Code::kTimeout, std::string(what) + " did not happen within 20 s");
}

/// Hyperty 1's part of the three flows. Returns its copy.
Value play_flows(Syncer& syncer, const std::shared_ptr<Teller>& teller, Story& story,
                 TimePoint deadline) {
  const auto await = [&](const char* from, const char* to, const char* message, const char* what) {
    if (!story.wait_for({from, to, message}, deadline)) too_late(what);
  };

  teller->heading("Object creation and shared");
  const DataObject draft = DataObject::local({{"title", "Plan"}, {"steps", Value::array()}});
  teller->line(kHyperty1, kObject1, "new");
  const auto watch = tell_reports(teller, kLanes1);
  Handle watching = draft.observe(watch);
  teller->line(kHyperty1, kObject1, "observe");
  teller->line(kHyperty1, kSyncer1, kPostShared);
  const DataObject object =
      syncer.create(kUrl, draft.get(), {.access = "open", .invite = {kIdentity2}}).get(kTimeout);
  watching = object.observe(watch);
  await(kHyperty2, kObject2, "observe", "sharing the object");

  teller->heading("Object changed by Hyperty 1");
  teller->line(kHyperty1, kObject1, "change");
  object["title"] = "Plan of hyperty 1";
  await(kObject2, kHyperty2, kReport, "the change by hyperty 1");

  // Hyperty 2 changes the object as soon as it has heard of the first change.
  await(kObject1, kHyperty1, kReport, "the change by hyperty 2");
  syncer.flush().get(kTimeout);
  return object.get();
}

}  // namespace

int run_headless(const Demo& arguments) {
  const TimePoint deadline = std::chrono::steady_clock::now() + kTimeout;
  DemoHub hub(arguments, arguments.listen.empty() ? "127.0.0.1:0" : arguments.listen);
  Story story;
  FromPartner said;
  const auto teller = std::make_shared<Teller>(
      [&story](const StoryLine& line) { story.add(Story::Side::kHere, line); });
  Syncer syncer({.identity = kIdentity1, .hub = hub.url()});
  trace_messages(syncer, tell_messages(teller, kLanes1));
  const Partner partner(hub.url(),
                        [&](const std::string& text) { hear_partner(text, story, said); });
  if (said.ready.get_future().wait_until(deadline) != std::future_status::ready)
    too_late("starting the second hyperty");
  const Value mine = play_flows(syncer, teller, story, deadline);
  std::future<Value> copy = said.copy.get_future();
  if (copy.wait_until(deadline) != std::future_status::ready) too_late("the last comparison");
  const Value theirs = copy.get();
  trace_messages(syncer, {});
  if (mine != theirs) {
    throw Error(Code::kInternal, "the copies differ: " + encoding::write_json(mine) + " here, " +
                                     encoding::write_json(theirs) + " there");
  }
  tell("Both copies are equal: " + encoding::write_json(mine));
  return kDone;
}

int run(const DemoPartner& arguments) {
  const auto say = [](const Value& what) { print(encoding::write_json(what) + "\n"); };
  const auto teller =
      std::make_shared<Teller>([say](const StoryLine& line) { say(line.to_value()); });
  const auto invited = std::make_shared<std::promise<void>>();
  const auto told = std::make_shared<std::promise<void>>();
  Syncer syncer({.identity = kIdentity2, .hub = arguments.hub});
  trace_messages(syncer, tell_messages(teller, kLanes2));
  const Handle inviting = syncer.on_invitation([invited](const InvitationNotice& notice) {
    if (notice.url == kUrl) invited->set_value();
  });
  syncer.flush().get(kTimeout);
  say(Value::object({{kReady, true}}));

  const auto await = [](std::promise<void>& promise, const char* what) {
    if (promise.get_future().wait_for(kTimeout) != std::future_status::ready) too_late(what);
  };
  await(*invited, "the invitation");
  const DataObject object = syncer.subscribe(kUrl).get(kTimeout);
  teller->line(kSyncer2, kObject2, "new");
  teller->line(kSyncer2, kObject2, "observe");
  teller->line(kSyncer2, kHyperty2, kPostShared);
  const auto once = std::make_shared<std::once_flag>();
  const Handle watching = object.observe(tell_reports(
      teller, kLanes2, [told, once] { std::call_once(*once, [&] { told->set_value(); }); }));
  teller->line(kHyperty2, kObject2, "observe");

  await(*told, "the change by hyperty 1");
  teller->heading("Object changed by Hyperty 2");
  teller->line(kHyperty2, kObject2, "change");
  object["steps"].push_back("a step of hyperty 2");
  syncer.flush().get(kTimeout);
  say(Value::object({{kCopy, object.get()}}));
  return kDone;
}

}  // namespace syncline::command
