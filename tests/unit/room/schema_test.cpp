// Objects with a schema: the room is the sole judge. An update that breaks it is refused as a
// whole, and leaves a trace nowhere: not in the document, the log or another replica.
#include "support.hpp"

namespace syncline::room::testing {
namespace {

class RoomSchemaTest : public RoomTest {
 protected:
  static Value schema() {
    return Value::parse(R"({"type": "object", "properties": {
        "title": {"type": "string", "maxLength": 10}, "count": {"type": "integer"}},
        "additionalProperties": false})");
  }

  void create_with_schema(Value access = "open") {
    alice_.send(kBoard, bus::Create{.request = 100,
                                    .url = kBoard,
                                    .nonce = "n",
                                    .schema = schema(),
                                    .access = std::move(access)});
    run();
    EXPECT_TRUE(alice_.has<bus::Created>()) << alice_.names();
    alice_.inbox.clear();
  }

  std::string content() { return read(bob_).to_json(); }
};

TEST_F(RoomSchemaTest, SubscribersLearnIt) {
  create_with_schema();
  bob_.subscribe();
  run();
  EXPECT_EQ(bob_.take_one<bus::Subscribed>().schema, schema());
  bob_.send(kBoard, bus::Describe{.request = 3, .url = kBoard});
  run();
  EXPECT_EQ(*bob_.take_one<bus::ValueReply>().value.find("schema"), schema());
}

TEST_F(RoomSchemaTest, AnUpdateThatBreaksItIsRefusedAsAWhole) {
  create_with_schema();
  subscribe(bob_);
  alice_.set("title", "Plan");
  run();
  alice_.inbox.clear();
  bob_.inbox.clear();
  const auto before = storage_.stored(kBoard);
  Session mallory(bus_, "session:9", kCarol, 9);
  mallory.subscribe();
  run();
  mallory.inbox.clear();
  mallory.update(mallory.make([](crdt::Map data) {
    data.set("count", Value(1));
    data.set("title", Value(7));
  }));
  run();
  const bus::UpdateRefused refused = mallory.take_one<bus::UpdateRefused>();
  EXPECT_EQ(refused.code, Code::kSchema);
  EXPECT_EQ(refused.reason, "schema");
  EXPECT_EQ(refused.paths, std::vector<std::string>{"/title"});
  EXPECT_EQ(refused.correction, bus::Correction::kRebuild);
  EXPECT_NE(refused.message.find("/title must be a string, and is an integer"), std::string::npos);
  EXPECT_FALSE(mallory.has<bus::Ack>());
  EXPECT_FALSE(alice_.has<bus::Updated>());
  EXPECT_EQ(storage_.stored(kBoard)->tail.size(), before->tail.size());
  EXPECT_EQ(content(), R"({"title":"Plan"})");
}

TEST_F(RoomSchemaTest, LifeGoesOnAfterARefusal) {
  create_with_schema();
  subscribe(bob_);
  for (int round = 0; round < 3; ++round) {
    Session mallory(bus_, "session:" + std::to_string(20 + round), kCarol,
                    static_cast<std::uint64_t>(20 + round));
    mallory.subscribe();
    run();
    mallory.set("count", "many");
    alice_.set("count", round);
    run();
    EXPECT_TRUE(mallory.has<bus::UpdateRefused>());
    EXPECT_EQ(alice_.take_one<bus::Ack>().upto, static_cast<std::uint64_t>(round + 1));
  }
  EXPECT_EQ(bob_.json(), R"({"count":2})");
  EXPECT_EQ(content(), R"({"count":2})");
  // What an author writes on top of the refused change cannot be taken without it.
  bob_.set("count", 3);
  run();
  EXPECT_EQ(alice_.json(), R"({"count":3})");
}

TEST_F(RoomSchemaTest, EditsOfTheRoomKeepToItToo) {
  create_with_schema();
  const auto edit = [&](const char* pointer, Value value) {
    bob_.send(kBoard, bus::Edit{.request = 7,
                                .url = kBoard,
                                .ops = {{.op = "set", .pointer = pointer, .value = value}}});
    run();
  };
  edit("/count", 1.5);
  EXPECT_EQ(bob_.take_one<bus::Refused>().code, Code::kSchema);
  edit("/count", 2);
  EXPECT_TRUE(bob_.has<bus::Done>());
  edit("/title", "much too long");
  EXPECT_EQ(bob_.take_one<bus::Refused>().code, Code::kSchema);
  EXPECT_EQ(content(), R"({"count":2})");
  EXPECT_EQ(alice_.json(), R"({"count":2})");
}

TEST_F(RoomSchemaTest, SurvivesARestart) {
  create_with_schema();
  alice_.set("count", 1);
  run();
  restart();
  bob_.subscribe();
  run();
  EXPECT_EQ(bob_.take_one<bus::Subscribed>().schema, schema());
  bob_.set("count", "two");
  run();
  EXPECT_EQ(bob_.take_one<bus::UpdateRefused>().code, Code::kSchema);
  EXPECT_EQ(content(), R"({"count":1})");
}

TEST_F(RoomSchemaTest, RulesAndSchemaTogetherRefuseAllOfIt) {
  create_with_schema(Value::parse(R"({"rules": [
      {"effect": "allow", "actions": ["read", "subscribe"], "who": ["*"]},
      {"effect": "allow", "actions": ["write"], "who": ["*"], "path": ["/count"]},
      {"effect": "allow", "actions": ["write"], "who": ["owner"]}]})"));
  subscribe(bob_);
  // One part is forbidden, the other breaks the schema: no unit of it is remembered as refused.
  bob_.update(bob_.make([](crdt::Map data) {
    data.set("title", Value("Mine"));
    data.set("count", Value("x"));
  }));
  run();
  EXPECT_EQ(bob_.take_one<bus::UpdateRefused>().code, Code::kSchema);
  EXPECT_EQ(content(), "{}");
  EXPECT_TRUE(room().head().refused.empty());
  EXPECT_TRUE(room().head().holders.empty());
}

TEST_F(RoomSchemaTest, AStep2OfAPlainClientIsLeftOutQuietly) {
  create_with_schema();
  Session plain(bus_, "session:8", kBob, 8, true);
  plain.subscribe();
  run();
  plain.inbox.clear();
  plain.update(plain.edit("count", "x"), true);
  run();
  EXPECT_FALSE(plain.has<bus::UpdateRefused>());
  EXPECT_EQ(content(), "{}");
}

}  // namespace
}  // namespace syncline::room::testing
