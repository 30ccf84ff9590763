// The table of rooms: creating, opening, listing, shutting down.
#include "room/table.hpp"

#include "room/tuning.hpp"
#include "support.hpp"

namespace syncline::room::testing {
namespace {

bus::Create creation(std::string url = kBoard) {
  return bus::Create{.request = 1, .url = std::move(url), .nonce = "n"};
}

TEST_F(RoomTest, CreatesAnObjectOwnedByTheCaller) {
  crdt::Doc doc({.client = 1});
  crdt::Map(*doc.root("data", crdt::TypeKind::kMap).value()).set("title", Value("Plan"));
  bus::Create request = creation();
  request.state = doc.encode_state_as_update_v1();
  storage_.hold();
  alice_.send(kBoard, request);
  run();
  EXPECT_TRUE(alice_.inbox.empty());
  storage_.release();
  run();
  const bus::Created created = alice_.take_one<bus::Created>();
  EXPECT_EQ(created.owner, kAlice);
  EXPECT_EQ(created.access, Value("owner"));
  EXPECT_EQ(created.epoch, 1U);
  EXPECT_EQ(created.position.seq, 1U);
  EXPECT_EQ(read(bob_, "/title"), Value("Plan"));
  EXPECT_EQ(room().head().holders.at(1), kAlice);
  EXPECT_EQ(room().members(), 1U) << "the creator follows it";
}

TEST_F(RoomTest, TheSameCreateAgainIsAnsweredAgain) {
  alice_.send(kBoard, creation());
  alice_.send(kBoard, creation());
  run();
  EXPECT_EQ(alice_.take_all<bus::Created>().size(), 2U);
  EXPECT_EQ(room().members(), 1U);
  bob_.send(kBoard, creation());
  bus::Create other = creation();
  other.nonce = "m";
  alice_.send(kBoard, other);
  run();
  EXPECT_EQ(bob_.take_one<bus::Refused>().reason, "exists");
  EXPECT_EQ(alice_.take_one<bus::Refused>().code, Code::kConflict);
}

TEST_F(RoomTest, ACreateThatIsNotStoredDidNotHappen) {
  storage_.hold();
  alice_.send(kBoard, creation());
  run();
  storage_.fail();
  run();
  EXPECT_EQ(alice_.take_one<bus::Refused>().reason, "storage");
  storage_.release();
  bob_.subscribe();
  run();
  EXPECT_EQ(bob_.take_one<bus::Refused>().code, Code::kNotFound);
  alice_.send(kBoard, creation());
  run();
  EXPECT_TRUE(alice_.has<bus::Created>());
}

TEST_F(RoomTest, RefusesCreationsThatCannotBe) {
  const auto code_of = [&](const bus::Create& request, Session& who) {
    who.inbox.clear();
    who.send(kBoard, request);
    run();
    return who.take_one<bus::Refused>();
  };
  bus::Create request = creation();
  request.access = "secret";
  EXPECT_EQ(code_of(request, alice_).code, Code::kMalformed);
  request.access = Value::parse(
      R"({"rules": [{"effect": "allow", "actions": "add", "who": "*", "path": "/a*"}]})");
  EXPECT_EQ(code_of(request, alice_).code, Code::kMalformed);
  request = creation();
  request.schema = Value::object({{"required", "title"}});
  EXPECT_EQ(code_of(request, alice_).code, Code::kMalformed);
  request.schema = Value::object({{"required", Value::array({"title"})}});
  EXPECT_EQ(code_of(request, alice_).code, Code::kSchema);
  request = creation();
  request.state = {1, 2, 3};
  EXPECT_EQ(code_of(request, alice_).code, Code::kMalformed);
  request = creation();
  (void)alice_.edit("a", 1);
  request.state = alice_.edit("a", 2);
  EXPECT_NE(code_of(request, alice_).message.find("depends on"), std::string::npos);
  request = creation();
  request.invite = {"bob"};
  EXPECT_EQ(code_of(request, alice_).code, Code::kMalformed);
  request = creation();
  request.nonce = std::string(kNonceBytes + 1, 'n');
  EXPECT_EQ(code_of(request, alice_).code, Code::kMalformed);
  Session nobody(bus_, "session:5", std::string(bus::kAnonymous), 5);
  EXPECT_EQ(code_of(creation(), nobody).code, Code::kUnauthenticated);
  request = creation();
  request.access = "open";
  nobody.send(kBoard, request);
  run();
  EXPECT_TRUE(nobody.has<bus::Created>());
}

TEST_F(RoomTest, MessagesWaitWhileAnObjectIsLoaded) {
  create("open");
  alice_.set("a", 1);
  run();
  restart();
  storage_.loads = 0;
  bob_.subscribe();
  bob_.send(kBoard, bus::Read{.request = 8, .url = kBoard, .pointer = "/a"});
  EXPECT_EQ(bob_.take_one<bus::Provisional>().request, 1U);
  EXPECT_TRUE(bob_.inbox.empty());
  run();
  EXPECT_EQ(storage_.loads, 1);
  EXPECT_EQ(bob_.json(), R"({"a":1})");
  EXPECT_EQ(bob_.take_one<bus::ValueReply>().value, Value(1));
}

TEST_F(RoomTest, FewMessagesWait) {
  for (std::size_t i = 0; i < kWaitingMessages + 1; ++i)
    bob_.send(kBoard, bus::Read{.request = i + 1, .url = kBoard});
  EXPECT_EQ(bob_.take_one<bus::Refused>().reason, "busy");
  run();
  EXPECT_EQ(bob_.take_all<bus::Refused>().size(), kWaitingMessages);
}

TEST_F(RoomTest, WhatIsNotThereIsNotFound) {
  bob_.subscribe();
  bob_.send("comm://Example.org/board", bus::Read{.request = 2});
  bob_.send("nowhere", bus::Read{.request = 3});
  run();
  const auto refused = bob_.take_all<bus::Refused>();
  ASSERT_EQ(refused.size(), 3U);
  for (const bus::Refused& one : refused)
    EXPECT_EQ(one.code, one.request == 1 ? Code::kNotFound : Code::kMalformed) << one.message;
}

TEST_F(RoomTest, PlainClientsOpenRoomsThatAreStoredWithTheirFirstUpdate) {
  const std::string url = "yjs://local/notes";
  Session plain(bus_, "session:5", std::string(bus::kAnonymous), 5, true);
  const auto open = [&] {
    plain.send(url, bus::Subscribe{.request = 1, .url = url, .create_open = true});
    run();
  };
  open();
  const bus::Subscribed answer = plain.take_one<bus::Subscribed>();
  EXPECT_EQ(answer.access, Value("open"));
  EXPECT_EQ(answer.may_write, "all");
  EXPECT_FALSE(plain.has<bus::Provisional>());
  plain.leave(url);
  advance(kIdleBeforeUnload);
  EXPECT_EQ(table_->loaded(), 0U);
  EXPECT_FALSE(storage_.stored(url).has_value()) << "opening a room stores nothing";
  open();
  plain.set("a", 1, url);
  run();
  EXPECT_EQ(plain.take_one<bus::Ack>().upto, 1U);
  restart();
  plain.send(url, bus::Read{.request = 2, .url = url, .pointer = "/a"});
  run();
  EXPECT_EQ(plain.take_one<bus::ValueReply>().value, Value(1));
  // And nobody else's create takes it.
  alice_.send(url, creation(url));
  run();
  EXPECT_EQ(alice_.take_one<bus::Refused>().reason, "exists");
}

TEST_F(RoomTest, AnObjectThatIsNotDurableLivesInMemory) {
  create("open", false);
  storage_.hold();
  alice_.set("a", 1);
  run();
  const bus::Ack ack = alice_.take_one<bus::Ack>();
  EXPECT_FALSE(ack.durable);
  EXPECT_FALSE(storage_.stored(kBoard).has_value());
  alice_.leave();
  advance(10 * kIdleBeforeUnload);
  subscribe(bob_);
  EXPECT_EQ(bob_.json(), R"({"a":1})");
  bob_.send(std::string(bus::kRooms), bus::List{.request = 4});
  run();
  EXPECT_EQ(bob_.take_one<bus::Entries>().entries.size(), 1U);
  alice_.send(kBoard, bus::Delete{.request = 5, .url = kBoard});
  run();
  EXPECT_EQ(alice_.take_one<bus::Done>().request, 5U);
  EXPECT_EQ(table_->loaded(), 0U);
}

TEST_F(RoomTest, ListsWhatTheCallerMayRead) {
  for (const char* name : {"a", "b", "c", "d"}) {
    const std::string url = std::string("comm://x/") + name;
    bus::Create request = creation(url);
    request.access = *name == 'b' ? "private" : "owner";
    request.durable = *name != 'd';
    alice_.send(url, request);
    run();
  }
  alice_.send("comm://x/c", bus::Delete{.request = 9, .url = "comm://x/c"});
  run();
  const auto list = [&](Session& who, bus::List request) {
    request.request = 4;
    who.send(std::string(bus::kRooms), request);
    run();
    std::string urls;
    for (const bus::Entry& entry : who.take_one<bus::Entries>().entries) urls += entry.url.back();
    return urls;
  };
  EXPECT_EQ(list(alice_, {}), "abd");
  EXPECT_EQ(list(bob_, {}), "ad");
  EXPECT_EQ(list(bob_, {.limit = 1}), "a");
  EXPECT_EQ(list(bob_, {.after = "comm://x/a", .limit = 1}), "d");
  EXPECT_EQ(list(bob_, {.glob = "comm://x/[a]"}), "");
  EXPECT_EQ(list(bob_, {.glob = "comm://*/d"}), "d");
  bob_.send(std::string(bus::kRooms), bus::List{.request = 4, .limit = 1});
  run();
  const Value about = bob_.take_one<bus::Entries>().entries.at(0).about;
  EXPECT_EQ(*about.find("owner"), Value(kAlice));
  EXPECT_EQ(*about.find("access"), Value("owner"));
}

TEST_F(RoomTest, DoesNotListWhatIsNotDurableYet) {
  storage_.hold();
  alice_.send(kBoard, creation());
  bob_.send(std::string(bus::kRooms), bus::List{.request = 4});
  run();
  EXPECT_TRUE(bob_.take_one<bus::Entries>().entries.empty());
}

TEST_F(RoomTest, DescribesAnObject) {
  create("open");
  alice_.set("a", 1);
  run();
  bob_.send(kBoard, bus::Describe{.request = 3, .url = kBoard});
  run();
  const Value about = bob_.take_one<bus::ValueReply>().value;
  EXPECT_EQ(*about.find("url"), Value(kBoard));
  EXPECT_EQ(*about.find("owner"), Value(kAlice));
  EXPECT_EQ(*about.find("seq"), Value(1));
  EXPECT_EQ(*about.find("subscribers"), Value(1));
  EXPECT_EQ(*about.find("state_vector"), Value::object({{"1", 1}}));
  EXPECT_GT(about.find("bytes")->number(), 0);
  EXPECT_EQ(*about.find("roots"), Value::object({{"data", "map"}}));
}

TEST_F(RoomTest, AShutdownWaitsForTheLogAndFolds) {
  create("open");
  storage_.hold();
  alice_.set("a", 1);
  bool closed = false;
  table_->close([&] { closed = true; });
  bob_.subscribe();
  bob_.send("comm://x/other", bus::Read{.request = 9});
  run();
  EXPECT_FALSE(closed);
  storage_.release();
  run();
  EXPECT_TRUE(closed);
  EXPECT_EQ(alice_.take_one<bus::Ack>().upto, 1U);
  EXPECT_EQ(alice_.take_one<bus::Unsubscribed>().reason, "shutdown");
  for (const bus::Refused& refused : bob_.take_all<bus::Refused>())
    EXPECT_EQ(refused.reason, "shutdown");
  EXPECT_EQ(storage_.stored(kBoard)->upto, 1U);
  restart();
  EXPECT_EQ(read(bob_, "/a"), Value(1));
}

TEST_F(RoomTest, AShutdownWithNothingToDoIsDoneAtOnce) {
  bool closed = false;
  table_->close([&] { closed = true; });
  run();
  EXPECT_TRUE(closed);
}

}  // namespace
}  // namespace syncline::room::testing
