// What the room table answers about all objects: lists, and invitations that wait.
#include <algorithm>
#include <utility>

#include "base/glob.hpp"
#include "base/log.hpp"
#include "bus/address.hpp"
#include "room/table.hpp"
#include "room/tuning.hpp"

namespace syncline::room {

/// One list request under way: it reads the storage page by page, since entries that its caller may
/// not read do not count.
struct RoomTable::Listing {
  bus::Message message;
  std::string glob;
  std::string after;
  std::size_t limit = 0;
  std::vector<bus::Entry> entries;
};

Result<void> RoomTable::TableGate::pass(const bus::Message& message) const {
  // What is listed is asked about object by object.
  if (std::holds_alternative<bus::List>(message.body) ||
      std::holds_alternative<bus::Hello>(message.body) ||
      std::holds_alternative<bus::Unsubscribe>(message.body))
    return {};
  return Error(
      Code::kMalformed, "unknown_message",
      "the room table takes no message \"" + std::string(bus::name_of(message.body)) + "\"");
}

void RoomTable::receive(const bus::Message& message) {
  if (const auto* request = std::get_if<bus::List>(&message.body)) {
    list(message, *request);
  } else if (std::holds_alternative<bus::Hello>(message.body)) {
    hello(message);
  } else {
    invitations_.session_ended(message.from);
  }
}

// ---- lists -------------------------------------------------------------------------------------

void RoomTable::list(const bus::Message& message, const bus::List& request) {
  if (closing_)
    return refuse(message, Error(Code::kUnavailable, "shutdown", "the hub is shutting down"));
  const std::uint64_t limit =
      std::min(request.limit == 0 ? kListEntries : request.limit, kListEntries);
  list_next(std::make_shared<Listing>(
      Listing{message, request.glob, request.after, static_cast<std::size_t>(limit), {}}));
}

void RoomTable::list_next(std::shared_ptr<Listing> listing) {
  const std::size_t page = listing->limit;
  ports_.storage.list(listing->glob, listing->after, page,
                      [this, weak = std::weak_ptr(alive_), listing,
                       page](const Result<std::vector<storage::ListEntry>>& entries) {
                        if (weak.expired()) return;
                        if (!entries.ok()) return refuse(listing->message, entries.error());
                        for (const storage::ListEntry& entry : *entries) {
                          listing->after = entry.object;
                          const Result<Head> head = Head::decode(entry.head);
                          // Nobody sees what is not durable yet.
                          const Room* room = find(entry.object);
                          if (!head.ok() || (room != nullptr && !room->known_durably())) continue;
                          add_entry(*listing, *head);
                          if (listing->entries.size() == listing->limit) break;
                        }
                        const bool more =
                            entries->size() == page && listing->entries.size() < listing->limit;
                        more ? list_next(listing) : finish_list(*listing);
                      });
}

void RoomTable::add_entry(Listing& listing, const Head& head) const {
  if (head.deleted_ms) return;
  const access::Subject subject = head.subject(listing.message.identity);
  if (!access::decide(head.rules, subject, access::Action::kRead, {},
                      head.circumstances(ports_.clock.wall_ms(), ports_.hub_rules))
           .allow)
    return;
  listing.entries.push_back({head.url, Value::object({{"owner", head.owner},
                                                      {"access", head.rules.print()},
                                                      {"durable", head.durable},
                                                      {"created_ms", head.created_ms}})});
}

void RoomTable::finish_list(Listing& listing) {
  const bus::List& request = std::get<bus::List>(listing.message.body);
  // The storage knows nothing of objects that live in memory.
  for (const auto& [url, loaded] : rooms_)
    if (!loaded.room->head().durable && url > request.after && glob_match(request.glob, url))
      add_entry(listing, loaded.room->head());
  std::sort(listing.entries.begin(), listing.entries.end(),
            [](const bus::Entry& a, const bus::Entry& b) { return a.url < b.url; });
  if (listing.entries.size() > listing.limit) listing.entries.resize(listing.limit);
  ports_.bus.send(
      {.from = listing.message.to,
       .to = listing.message.from,
       .body = bus::Entries{.request = request.request, .entries = std::move(listing.entries)}});
}

// ---- invitations -------------------------------------------------------------------------------

void RoomTable::hello(const bus::Message& message) {
  if (access::is_anonymous(message.identity)) return;
  invitations_.session_began(message.from, message.identity);
  if (index_ == Index::kReady) return tell_invitations(message.from, message.identity);
  greeted_.emplace_back(message.from, message.identity);
  if (std::exchange(index_, Index::kBuilding) == Index::kNone) index_invitations({});
}

void RoomTable::tell_invitations(const bus::Address& session, const std::string& identity) {
  for (const bus::Invitation& invitation : invitations_.waiting_for(identity))
    ports_.bus.send({.from = invitation.url, .to = session, .body = invitation});
}

/// Reads every head once, at the first hello.
void RoomTable::index_invitations(const std::string& after) {
  ports_.storage.list(
      {}, after, kListEntries,
      [this, weak = std::weak_ptr(alive_)](const Result<std::vector<storage::ListEntry>>& page) {
        if (weak.expired()) return;
        if (page.ok()) {
          for (const storage::ListEntry& entry : *page)
            if (const Result<Head> head = Head::decode(entry.head); head.ok())
              invitations_.add(*head);
          if (page->size() == kListEntries) return index_invitations(page->back().object);
        } else {
          log::warning("room", "invitations cannot be read: " + page.error().message());
        }
        index_ = page.ok() ? Index::kReady : Index::kNone;
        for (const auto& [session, identity] : std::exchange(greeted_, {}))
          tell_invitations(session, identity);
      });
}

void RoomTable::on_invited(const std::string& identity, const bus::Invitation& invitation) {
  invitations_.add(identity, invitation);
  for (const bus::Address& session : invitations_.sessions_of(identity))
    ports_.bus.send({.from = invitation.url, .to = session, .body = invitation});
}

void RoomTable::on_accepted(const std::string& identity, const std::string& url) {
  invitations_.remove(identity, url);
}

}  // namespace syncline::room
