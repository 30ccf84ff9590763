// `syncline watch`: every change of an object as a JSON line, until interrupted.
#include <memory>

#include "adapters/asio/system.hpp"
#include "commands.hpp"
#include "connection.hpp"
#include "encoding/json.hpp"
#include "forms.hpp"
#include "object/live_object.hpp"
#include "syncline/path.hpp"
#include "terminal.hpp"

namespace syncline::command {
namespace {

/// Whether a change is at the pointer's place or below it.
bool is_within(const Path& path, const std::vector<std::string>& place) {
  if (path.size() < place.size()) return false;
  for (std::size_t i = 0; i < place.size(); ++i) {
    const auto* key = std::get_if<std::string>(&path[i]);
    if ((key != nullptr ? *key : std::to_string(std::get<std::size_t>(path[i]))) != place[i])
      return false;
  }
  return true;
}

crdt::TypeKind kind_of(object::LiveObject& live, const sync::Place& place) {
  if (place.kind == "map") return crdt::TypeKind::kMap;
  if (place.kind == "array") return crdt::TypeKind::kArray;
  if (place.kind == "text") return crdt::TypeKind::kText;
  const crdt::SharedType* root = live.doc().find_root(place.root);
  if (root != nullptr && root->kind() != crdt::TypeKind::kUntyped) return root->kind();
  throw Error(Code::kSchema, "nobody opened the root " + place.root +
                                 " with a kind here: say which, --root " + place.root + ":text");
}

/// What is known of the connection.
struct Link {
  bool was_up = false;
  bool lost = false;
};

/// What ends the watching: a signal, or the end of the object or of the output.
struct End {
  bool interrupted = false;
  std::unique_ptr<Error> failed;
  bool come() const { return interrupted || failed != nullptr; }
};

}  // namespace

int run(const Watch& arguments) {
  const std::string url = object_url(arguments.location.object);
  const sync::Place place = place_of(arguments.location);
  const std::vector<std::string> pointer = parse_pointer(place.pointer);
  if (place.kind == "xml") throw Usage{"watching XML is not in this version"};
  const auto end = std::make_shared<End>();
  // Under the client's executor, like everything that touches `end`.
  const auto print_changes = [end, pointer](const Changes& changes) {
    try {
      for (const Change& change : changes)
        if (is_within(change.path, pointer)) print(encoding::write_json(to_value(change)) + "\n");
    } catch (const Error& error) {
      end->failed = std::make_unique<Error>(error);
    }
  };
  const std::string& hub_url = arguments.caller.hub;
  const auto link = std::make_shared<Link>();
  sync::SyncerHooks hooks;
  hooks.on_connection = [link, hub_url](bool up, const std::string& why) {
    if (up && link->lost) tell("syncline: the hub at " + hub_url + " is back");
    if (!up && link->was_up && !link->lost)
      tell("syncline: lost the hub at " + hub_url + " (" + why + "); trying again");
    link->lost = !up && link->was_up;
    link->was_up = link->was_up || up;
  };
  hooks.on_ended = [end](const std::string&, const Error& why) {
    end->failed = std::make_unique<Error>(why);
  };
  const auto watch = [&](Client& hub) {
    const DataObject object = hub.subscribe(url);
    object::LiveObject& live = *object.live();
    Handle watching;
    std::unique_ptr<adapters::SignalWatch> signals;
    {
      const Executor::Guard guard = live.enter();
      watching = place.root == object::kDataRoot
                     ? live.observe(print_changes)
                     : live.observe_root(place.root, kind_of(live, place), print_changes);
      signals = std::make_unique<adapters::SignalWatch>(hub.runtime()->executor(),
                                                        [end](int) { end->interrupted = true; });
    }
    tell("syncline: watching " + url + " (Ctrl-C ends)");
    hub.runtime()->wait([end] { return end->come(); }, Duration::max());
    const Executor::Guard guard = live.enter();
    watching.reset();
    signals.reset();
    if (end->failed) throw Error(*end->failed);
  };
  ask_hub(arguments.caller, watch, std::move(hooks));
  return kDone;
}

}  // namespace syncline::command
