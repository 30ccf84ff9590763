// RoomTable: the rooms of one bus and one storage. Loads objects when they are asked for, creates
// them, lists them, forgets them when nobody needs them.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "room/invitations.hpp"
#include "room/room.hpp"

namespace syncline::room {

/// The resolver of its bus, and the receiver at bus::kRooms. Identity. Thread: the executor.
class RoomTable final : private RoomEvents {
 public:
  explicit RoomTable(Ports ports);
  /// Forgets everything at once; what is not durable yet is lost (close() first).
  ~RoomTable() override;
  RoomTable(const RoomTable&) = delete;
  RoomTable& operator=(const RoomTable&) = delete;

  /// Takes nothing any more (503 "shutdown"); `done` is called once everything that was decided is
  /// durable and folded. REQUIRES: called once.
  void close(std::function<void()> done);

  /// Rooms in memory.
  std::size_t loaded() const { return rooms_.size(); }
  /// nullptr where the object is not in memory.
  const Room* find(const std::string& url) const;

 private:
  class TableGate final : public bus::Gate {
   public:
    Result<void> pass(const bus::Message& message) const override;
  };
  struct Loaded {
    std::shared_ptr<Room> room;
    Handle attached;
    Handle idle_timer;
  };
  using Waiting = std::deque<bus::Message>;
  struct Listing;

  // RoomEvents
  void on_idle(Room& room) override;
  void on_failed(Room& room, const Error& error) override;
  void on_deleted(Room& room) override;
  void on_invited(const std::string& identity, const bus::Invitation& invitation) override;
  void on_accepted(const std::string& identity, const std::string& url) override;

  // Loading.
  void resolve(bus::Message message);
  void start_load(const std::string& url);
  void loaded(const std::string& url, Result<std::optional<storage::Stored>> stored);
  /// `tombstone`: the head of an object that was deleted; null where there never was one.
  void answer_missing(const std::string& url, Waiting waiting, std::uint64_t base_seq,
                      const Head* tombstone);
  bool create(const bus::Message& message, const bus::Create& request, std::uint64_t base_seq);
  Head new_head(Head head, const std::string& url, std::uint64_t base_seq);
  std::shared_ptr<Room> attach(ObjectState state);
  void look_idle(const std::string& url);
  void forget_if_idle(const std::string& url);

  // At bus::kRooms.
  void receive(const bus::Message& message);
  void hello(const bus::Message& message);
  void tell_invitations(const bus::Address& session, const std::string& identity);
  void index_invitations(const std::string& after);
  void list(const bus::Message& message, const bus::List& request);
  void list_next(std::shared_ptr<Listing> listing);
  void add_entry(Listing& listing, const Head& head) const;
  void finish_list(Listing& listing);

  void refuse(const bus::Message& message, const Error& error);

  const Ports ports_;
  TableGate gate_;
  std::map<std::string, Loaded> rooms_;
  std::map<std::string, Waiting> loading_;
  Invitations invitations_;
  enum class Index { kNone, kBuilding, kReady };
  Index index_ = Index::kNone;
  /// Sessions that said hello while the index was being built.
  std::vector<std::pair<bus::Address, std::string>> greeted_;
  bool closing_ = false;
  Handle attached_;
  /// Storage callbacks hold a weak one.
  std::shared_ptr<RoomTable*> alive_ = std::make_shared<RoomTable*>(this);
};

}  // namespace syncline::room
