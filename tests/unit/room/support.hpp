// A hub's room side in one place: a bus, a room table, a storage whose tickets the test releases,
// and sessions that keep a replica.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bus/address.hpp"
#include "room/table.hpp"
#include "simulation/random.hpp"
#include "storage/contents.hpp"
#include "storage/pending_appends.hpp"
#include "support/test_executor.hpp"

namespace syncline::room::testing {

inline constexpr const char* kAlice = "hyperty://example.org/alice";
inline constexpr const char* kBob = "hyperty://example.org/bob";
inline constexpr const char* kCarol = "hyperty://example.org/carol";
inline constexpr const char* kBoard = "comm://example.org/board";

/// Appends are durable at once, or (hold()) when the test says so, or fail.
class HandStorage final : public storage::Storage {
 public:
  explicit HandStorage(Executor& executor) : executor_(executor) {}

  void hold() { held_ = true; }
  /// Makes everything appended so far durable, and what comes later again as it comes.
  void release() {
    held_ = false;
    release_now();
  }
  /// Makes everything appended so far durable.
  void release_now() {
    durable_.append(std::exchange(pending_records_, {}));
    executor_.post([this, ticket = last_] { pending_->durable_upto(ticket); });
  }
  /// Everything that is not durable is lost.
  void fail() {
    contents_ = durable_;
    pending_records_.clear();
    executor_.post([this, generation = pending_->generation()] {
      pending_->failed(generation, storage::storage_error("disk full"));
    });
  }
  void fail_folds(bool fail) { fail_folds_ = fail; }
  const storage::Contents& contents() const { return contents_; }
  std::optional<storage::Stored> stored(const std::string& url) const {
    return contents_.load(url);
  }

  storage::Ticket append(std::span<const storage::Record> records,
                         std::function<void(Result<storage::Ticket>)> on_durable) override {
    contents_.append(records);
    pending_records_.insert(pending_records_.end(), records.begin(), records.end());
    last_ = pending_->add(std::move(on_durable));
    if (!held_) release_now();
    return last_;
  }
  void load(const std::string& object,
            std::function<void(Result<std::optional<storage::Stored>>)> done) override {
    ++loads;
    executor_.post([this, object, done = std::move(done)] { done(contents_.load(object)); });
  }
  void fold(const std::string& object, std::uint64_t upto, Bytes snapshot, std::uint64_t keep_from,
            bool keep_history, std::function<void(Result<void>)> done) override {
    ++folds;
    Result<void> result;
    if (fail_folds_) {
      result = storage::storage_error("disk full");
    } else {
      result = durable_.fold(object, upto, snapshot, keep_from, keep_history);
      if (result.ok())
        result = contents_.fold(object, upto, std::move(snapshot), keep_from, keep_history);
    }
    executor_.post([done = std::move(done), result] { done(result); });
  }
  void list(const std::string& glob, const std::string& after, std::size_t limit,
            std::function<void(Result<std::vector<storage::ListEntry>>)> done) override {
    executor_.post(
        [done = std::move(done), entries = contents_.list(glob, after, limit)] { done(entries); });
  }
  storage::Ticket durable() const override { return pending_->durable(); }

  int loads = 0;
  int folds = 0;

 private:
  Executor& executor_;
  storage::Contents contents_;
  storage::Contents durable_;
  std::vector<storage::Record> pending_records_;
  std::shared_ptr<storage::PendingAppends> pending_ = std::make_shared<storage::PendingAppends>();
  storage::Ticket last_ = 0;
  bool held_ = false;
  bool fail_folds_ = false;
};

class AnyGate final : public bus::Gate {
 public:
  Result<void> pass(const bus::Message&) const override { return {}; }
};

/// One session with a replica of one object, as a syncer (or, with `plain`, a y-websocket session)
/// would have it, but without any cleverness.
class Session {
 public:
  Session(bus::Bus& bus, std::string address, std::string identity, std::uint64_t client,
          bool plain = false)
      : bus_(bus),
        address_(std::move(address)),
        identity_(std::move(identity)),
        plain_(plain),
        doc_(std::make_unique<crdt::Doc>(crdt::DocOptions{.client = client})) {
    handle_ =
        bus.attach(address_, gate_, [this](bus::Message message) { take(std::move(message)); });
  }

  void send(std::string to, bus::Body body) {
    bus_.send({.from = address_,
               .to = std::move(to),
               .identity = identity_,
               .plain = plain_,
               .body = std::move(body)});
  }
  void subscribe(std::string url = kBoard) {
    send(url,
         bus::Subscribe{
             .request = ++request_, .url = url, .state_vector = doc_->state_vector().encode()});
  }
  /// Edits the replica and sends the update, as number `sequence` of this session.
  void set(const std::string& key, Value value, std::string url = kBoard) {
    update(edit(key, std::move(value)), false, std::move(url));
  }
  /// Edits the replica without sending.
  Bytes edit(const std::string& key, Value value) {
    Bytes update;
    const Handle listening =
        doc_->on_update([&](const Bytes& bytes, crdt::Transaction&) { update = bytes; });
    crdt::Map(*doc_->root("data", crdt::TypeKind::kMap).value()).set(key, std::move(value));
    return update;
  }
  /// One transaction on the replica; nothing is sent.
  Bytes make(const std::function<void(crdt::Map data)>& body) {
    Bytes update;
    const Handle listening =
        doc_->on_update([&](const Bytes& bytes, crdt::Transaction&) { update = bytes; });
    const crdt::Map data(*doc_->root("data", crdt::TypeKind::kMap).value());
    doc_->transact([&](crdt::Transaction&) { body(data); });
    return update;
  }
  void update(Bytes bytes, bool relayed = false, std::string url = kBoard) {
    send(
        std::move(url),
        bus::Update{.sequence = ++sequence, .update = share(std::move(bytes)), .relayed = relayed});
  }

  /// The messages of one type that came, oldest first; forgets them.
  template <typename M>
  std::vector<M> take_all() {
    std::vector<M> out;
    for (auto each = inbox.begin(); each != inbox.end();) {
      if (M* body = std::get_if<M>(&each->body)) {
        out.push_back(std::move(*body));
        each = inbox.erase(each);
      } else {
        ++each;
      }
    }
    return out;
  }
  /// The only message of one type that came.
  template <typename M>
  M take_one() {
    std::vector<M> all = take_all<M>();
    EXPECT_EQ(all.size(), 1U) << "messages of that type: " << names();
    return all.empty() ? M{} : std::move(all.front());
  }
  template <typename M>
  bool has() const {
    for (const bus::Message& message : inbox)
      if (std::holds_alternative<M>(message.body)) return true;
    return false;
  }
  std::string names() const {
    std::string out;
    for (const bus::Message& message : inbox) out += std::string(bus::name_of(message.body)) + " ";
    return out;
  }
  /// What the replica shows, keys in order (peers keep them in different orders).
  std::string json() const {
    Value value = doc_->root("data", crdt::TypeKind::kMap).value()->to_json();
    std::ranges::sort(value.members(), {}, &Value::Member::first);
    return value.to_json();
  }
  crdt::Doc& doc() { return *doc_; }
  const std::string& address() const { return address_; }
  void leave(std::string url = kBoard) { send(std::move(url), bus::Unsubscribe{}); }

  std::deque<bus::Message> inbox;
  std::uint64_t sequence = 0;
  bus::Position position;
  bool apply = true;

 private:
  void take(bus::Message message) {
    if (apply) {
      if (const auto* answer = std::get_if<bus::Subscribed>(&message.body)) {
        for (const bus::Part& part : answer->missing)
          EXPECT_TRUE(doc_->apply_update_v1(*part.update).ok());
        position = answer->position;
      }
      if (const auto* updated = std::get_if<bus::Updated>(&message.body)) {
        EXPECT_LE(updated->first, position.seq + 1) << "a gap";
        for (const bus::Part& part : updated->parts)
          EXPECT_TRUE(doc_->apply_update_v1(*part.update).ok());
        position.seq = updated->seq;
      }
      if (const auto* refused = std::get_if<bus::UpdateRefused>(&message.body);
          refused != nullptr && refused->correction == bus::Correction::kDeletes) {
        encoding::Reader reader(refused->deletes);
        doc_->apply({.structs = {}, .deletes = crdt::IdSet::read_v1(reader)});
      }
      if (const auto* ack = std::get_if<bus::Ack>(&message.body)) position.seq = ack->seq;
      if (const auto* created = std::get_if<bus::Created>(&message.body))
        position = created->position;
    }
    inbox.push_back(std::move(message));
  }

  bus::Bus& bus_;
  AnyGate gate_;
  std::string address_;
  std::string identity_;
  bool plain_;
  std::unique_ptr<crdt::Doc> doc_;
  bus::RequestId request_ = 0;
  Handle handle_;
};

/// The whole of it. Sessions: alice (owner of the board), bob.
class RoomTest : public ::testing::Test {
 protected:
  Ports ports() { return {executor_, executor_, random_, storage_, bus_}; }
  void run() { executor_.run(); }
  void advance(Duration duration) { executor_.advance(duration); }

  /// Alice creates the board and is subscribed; nothing is left in her inbox.
  void create(Value access = "owner", bool durable = true) {
    alice_.send(kBoard, bus::Create{.request = 100,
                                    .url = kBoard,
                                    .nonce = "n" + std::to_string(++creates_),
                                    .access = std::move(access),
                                    .durable = durable});
    run();
    ASSERT_TRUE(alice_.has<bus::Created>()) << alice_.names();
    alice_.inbox.clear();
  }
  void subscribe(Session& session) {
    session.subscribe();
    run();
    ASSERT_TRUE(session.has<bus::Subscribed>()) << session.names();
    session.inbox.clear();
  }
  /// The hub stops without a word and starts again on what is durable.
  void restart() {
    table_.reset();
    executor_.run();
    table_ = std::make_unique<RoomTable>(ports());
  }
  const Room& room() { return *table_->find(kBoard); }
  Value read(Session& session, std::string pointer = "", std::string root = "data",
             std::string kind = "") {
    session.send(kBoard, bus::Read{.request = 900,
                                   .url = kBoard,
                                   .root = std::move(root),
                                   .kind = std::move(kind),
                                   .pointer = std::move(pointer)});
    run();
    if (session.has<bus::Refused>()) {
      const bus::Refused refused = session.take_one<bus::Refused>();
      return "refused " + std::to_string(static_cast<int>(refused.code)) + ": " + refused.message;
    }
    return session.take_one<bus::ValueReply>().value;
  }

  test::TestExecutor executor_;
  simulation::SeededRandom random_{7};
  HandStorage storage_{executor_};
  bus::Bus bus_;
  std::unique_ptr<RoomTable> table_ = std::make_unique<RoomTable>(ports());
  Session alice_{bus_, "session:1", kAlice, 1};
  Session bob_{bus_, "session:2", kBob, 2};
  /// Counts create(): each request has a nonce of its own.
  int creates_ = 0;
};

}  // namespace syncline::room::testing
