#include "kept.hpp"

#include <chrono>
#include <memory>

#include "encoding/json.hpp"
#include "forms.hpp"
#include "syncline/syncer.hpp"
#include "terminal.hpp"

namespace syncline::command {
namespace {

/// How long a command waits for the hub to take what it wrote. Past it: it is kept, and goes up
/// with a later command.
constexpr auto kHubPatience = std::chrono::seconds(1);

/// A file that is nobody's yet takes the caller's usual identity.
std::unique_ptr<Syncer> syncer(const Caller& caller) {
  const auto open = [&](const std::string& identity) {
    return std::make_unique<Syncer>(SyncerOptions{
        .identity = identity, .hub = caller.hub, .data = caller.data, .token = caller.token});
  };
  if (caller.identity_given) return open(caller.identity);
  try {
    return open({});
  } catch (const Error& error) {
    if (error.code() != Code::kMalformed) throw;
  }
  return open(caller.identity);
}

/// Stored here for certain, and at the hub if that answers.
void finish(Syncer& syncer, const Caller& caller) {
  syncer.save().get();
  try {
    syncer.flush().get(kHubPatience);
  } catch (const Error& error) {
    if (error.code() != Code::kTimeout) throw;
    tell("syncline: kept in " + caller.data + "; it goes up when the hub at " + caller.hub +
         " is reached");
  }
}

}  // namespace

void create_kept(const Caller& caller, const std::string& url, const Value& data,
                 const CreateOptions& options) {
  const auto own = syncer(caller);
  own->create(url, data, options).get();
  finish(*own, caller);
}

Value get_kept(const Caller& caller, const std::string& url, const std::string& pointer) {
  return syncer(caller)->subscribe(url).get().at(pointer).get();
}

void set_kept(const Caller& caller, const std::string& url, const std::string& pointer,
              const Value& value, bool as_text) {
  const auto own = syncer(caller);
  const DataObject object = own->subscribe(url).get();
  object.transact([&] {
    const Node place = object.at(pointer);
    place = value;
    if (as_text) place.text();
  });
  finish(*own, caller);
}

void delete_kept(const Caller& caller, const std::string& url, const std::string& pointer) {
  const auto own = syncer(caller);
  own->subscribe(url).get().at(pointer).remove();
  finish(*own, caller);
}

int run(const ParkedEdits& arguments) {
  const auto own = syncer(arguments.caller);
  const std::string url = arguments.object.empty() ? "" : object_url(arguments.object);
  for (const Parked& parked : own->parked()) {
    if (!url.empty() && parked.url != url) continue;
    if (arguments.id && parked.id != *arguments.id) continue;
    if (arguments.drop) {
      own->drop(parked).get();
    } else if (arguments.resume) {
      own->resume(parked).get();
    }
    Value changes = Value::array();
    for (const Change& change : parked.changes) changes.items().push_back(to_value(change));
    print(encoding::write_json(Value::object({{"url", parked.url},
                                              {"id", parked.id},
                                              {"reason", parked.why.reason()},
                                              {"message", parked.why.message()},
                                              {"time_ms", parked.time_ms},
                                              {"changes", std::move(changes)}})) +
          "\n");
  }
  if (arguments.drop || arguments.resume) finish(*own, arguments.caller);
  return kDone;
}

}  // namespace syncline::command
