// Loading, creating and forgetting objects.
#include "room/table.hpp"

#include <utility>

#include "base/log.hpp"
#include "bus/address.hpp"
#include "room/creation.hpp"
#include "room/tuning.hpp"

namespace syncline::room {

RoomTable::RoomTable(Ports ports) : ports_(ports) {
  ports_.bus.set_resolver([this](bus::Message message) { resolve(std::move(message)); });
  attached_ = ports_.bus.attach(bus::Address(bus::kRooms), gate_,
                                [this](const bus::Message& message) { receive(message); });
}

RoomTable::~RoomTable() { ports_.bus.set_resolver({}); }

const Room* RoomTable::find(const std::string& url) const {
  const auto found = rooms_.find(url);
  return found == rooms_.end() ? nullptr : found->second.room.get();
}

void RoomTable::refuse(const bus::Message& message, const Error& error) {
  ports_.bus.send({.from = message.to,
                   .to = message.from,
                   .body = bus::Refused{.request = bus::request_of(message.body),
                                        .code = error.code(),
                                        .reason = std::string(error.reason()),
                                        .message = error.message()}});
}

// ---- loading -----------------------------------------------------------------------------------

void RoomTable::resolve(bus::Message message) {
  if (closing_)
    return refuse(message, Error(Code::kUnavailable, "shutdown", "the hub is shutting down"));
  const std::string url = message.to;
  if (const Result<std::string> canonical = bus::object_url(url); !canonical.ok())
    return refuse(message, canonical.error());
  else if (*canonical != url)
    return refuse(message, Error(Code::kMalformed, url + " is written " + *canonical));
  const bool first = !loading_.contains(url);
  Waiting& waiting = loading_[url];
  if (waiting.size() >= kWaitingMessages)
    return refuse(message, Error(Code::kUnavailable, "busy",
                                 "too many requests wait for " + url + " to be loaded"));
  const bus::Subscribe* subscribe = std::get_if<bus::Subscribe>(&message.body);
  if (subscribe != nullptr && subscribe->request != 0 && !message.plain)
    ports_.bus.send(
        {.from = url, .to = message.from, .body = bus::Provisional{.request = subscribe->request}});
  waiting.push_back(std::move(message));
  if (first) start_load(url);
}

void RoomTable::start_load(const std::string& url) {
  ports_.storage.load(url, [this, weak = std::weak_ptr(alive_),
                            url](Result<std::optional<storage::Stored>> stored) {
    if (!weak.expired()) loaded(url, std::move(stored));
  });
}

void RoomTable::loaded(const std::string& url, Result<std::optional<storage::Stored>> stored) {
  Waiting waiting = std::move(loading_.extract(url).mapped());
  const auto refuse_all = [&](const Error& error) {
    for (const bus::Message& message : waiting) refuse(message, error);
  };
  if (closing_)
    return refuse_all(Error(Code::kUnavailable, "shutdown", "the hub is shutting down"));
  if (!stored.ok()) return refuse_all(stored.error());
  if (!stored->has_value()) return answer_missing(url, std::move(waiting), 0, nullptr);
  const Result<Head> head = Head::decode((*stored)->head);
  if (head.ok() && head->deleted_ms)
    return answer_missing(url, std::move(waiting), last_seq(**stored), &*head);
  Result<ObjectState> state = load_state(**stored, ports_.random);
  if (!state.ok()) {
    log::error("room", url + " cannot be loaded: " + state.error().message());
    const bool damaged = state.error().code() == Code::kMalformed;
    return refuse_all(damaged ? Error(Code::kInternal, "storage", state.error().message())
                              : state.error());
  }
  attach(std::move(*state));
  for (bus::Message& message : waiting) ports_.bus.send(std::move(message));
}

/// There is no such object (any more): it can be created, or, by plain Yjs clients, opened.
void RoomTable::answer_missing(const std::string& url, Waiting waiting, std::uint64_t base_seq,
                               const Head* tombstone) {
  const bool gone = tombstone != nullptr;
  while (!waiting.empty()) {
    const bus::Message& message = waiting.front();
    const bus::Subscribe* subscribe = std::get_if<bus::Subscribe>(&message.body);
    if (const auto* request = std::get_if<bus::Create>(&message.body)) {
      // Who repeats the request that made the deleted object, because the answer was lost, does not
      // mean to revive it.
      const bool repeated = gone && !request->nonce.empty() && request->nonce == tombstone->nonce;
      if (repeated) refuse(message, Error(Code::kGone, url + " was deleted"));
      const bool created = !repeated && create(message, *request, base_seq);
      waiting.pop_front();
      if (created) break;
    } else if (subscribe != nullptr && subscribe->create_open && !gone) {
      Head head;
      head.rules = access::Rules::open();
      attach(make_state(new_head(std::move(head), url, 0), ports_.random));
      break;
    } else {
      refuse(message, gone ? Error(Code::kGone, url + " was deleted")
                           : Error(Code::kNotFound, "there is no object at " + url));
      waiting.pop_front();
    }
  }
  for (bus::Message& message : waiting) ports_.bus.send(std::move(message));
}

bool RoomTable::create(const bus::Message& message, const bus::Create& request,
                       std::uint64_t base_seq) {
  Result<Creation> creation = judge_creation(request, message.identity);
  if (!creation.ok()) {
    refuse(message, creation.error());
    return false;
  }
  Head head = new_head(std::move(creation->head), message.to, base_seq);
  ObjectState state = make_state(std::move(head), ports_.random);
  const Result<void> guarded = state.guard_schema();
  SYNCLINE_CHECK(guarded.ok(), "a schema that was judged cannot be compiled");
  const std::shared_ptr<Room> room = attach(std::move(state));
  room->create(message, std::move(creation->initial));
  return true;
}

Head RoomTable::new_head(Head head, const std::string& url, std::uint64_t base_seq) {
  head.url = url;
  head.incarnation = draw_incarnation(ports_.random);
  head.created_ms = ports_.clock.wall_ms();
  head.base_seq = base_seq;
  return head;
}

std::shared_ptr<Room> RoomTable::attach(ObjectState state) {
  RoomEvents& events = *this;
  const auto room = std::make_shared<Room>(ports_, events, std::move(state));
  Loaded& loaded = rooms_[room->url()];
  loaded.room = room;
  loaded.attached = ports_.bus.attach(room->url(), room->gate(),
                                      [weak = std::weak_ptr(room)](bus::Message message) {
                                        if (const auto alive = weak.lock())
                                          alive->receive(std::move(message));
                                      });
  return room;
}

// ---- forgetting --------------------------------------------------------------------------------

void RoomTable::on_idle(Room& room) {
  const auto found = rooms_.find(room.url());
  if (found == rooms_.end() || closing_ || !room.unloadable()) return;
  found->second.idle_timer =
      ports_.executor.after(kIdleBeforeUnload, [this, url = room.url()] { look_idle(url); });
}

void RoomTable::look_idle(const std::string& url) {
  const auto found = rooms_.find(url);
  if (found == rooms_.end() || !found->second.room->idle()) return;
  // Folded first, so that the next load is short.
  const std::shared_ptr<Room> room = found->second.room;
  room->fold([this, weak = std::weak_ptr(alive_), url] {
    if (!weak.expired()) forget_if_idle(url);
  });
}

void RoomTable::forget_if_idle(const std::string& url) {
  const auto found = rooms_.find(url);
  if (found != rooms_.end() && found->second.room->idle() && !closing_) rooms_.erase(found);
}

void RoomTable::on_failed(Room& room, const Error& error) {
  log::error("room", room.url() + ": the log failed, so what was not stored is taken back: " +
                         error.message());
  rooms_.erase(room.url());
}

void RoomTable::on_deleted(Room& room) {
  invitations_.remove(room.head());
  rooms_.erase(room.url());
}

void RoomTable::close(std::function<void()> done) {
  SYNCLINE_CHECK(!closing_, "a table is closed once");
  closing_ = true;
  // Counts the rooms that are not done; the last one to go calls back.
  const auto all = std::make_shared<std::function<void()>>(std::move(done));
  const std::shared_ptr<void> barrier(
      nullptr, [all, &executor = ports_.executor](void*) { executor.post(std::move(*all)); });
  std::vector<std::shared_ptr<Room>> rooms;
  for (const auto& [url, loaded] : rooms_) rooms.push_back(loaded.room);
  for (const std::shared_ptr<Room>& room : rooms)
    room->close([barrier, weak = std::weak_ptr(room)] {
      if (const auto alive = weak.lock()) alive->fold([barrier] {});
    });
}

}  // namespace syncline::room
