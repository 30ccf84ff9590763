// One writer or many: chosen when an object is created, changed while others are subscribed.
#include "room/room.hpp"
#include "support.hpp"

namespace syncline::room::testing {
namespace {

class WritersTest : public RoomTest {
 protected:
  /// Alice gives the board another preset; what the two sessions heard of it is forgotten.
  void convert(const char* preset, const char* bob_may_write) {
    alice_.send(kBoard, bus::SetAccess{.request = ++request_, .url = kBoard, .access = preset});
    run();
    EXPECT_EQ(alice_.take_all<bus::Done>().size(), 1U);
    EXPECT_EQ(alice_.take_one<bus::Changed>().may_write, "all");
    const bus::Changed heard = bob_.take_one<bus::Changed>();
    EXPECT_EQ(heard.access, Value(preset));
    EXPECT_EQ(heard.owner, kAlice);
    EXPECT_EQ(heard.may_write, bob_may_write);
    alice_.inbox.clear();
    bob_.inbox.clear();
  }

 private:
  bus::RequestId request_ = 500;
};

TEST_F(WritersTest, AnObjectOfOneWriterBecomesOneOfMany) {
  create("owner");
  subscribe(bob_);
  const Bytes typed = bob_.edit("b", 1);
  bob_.update(typed);
  run();
  EXPECT_EQ(bob_.take_one<bus::UpdateRefused>().code, Code::kDenied);
  convert("open", "all");
  bob_.update(typed);
  alice_.set("a", 1);
  run();
  EXPECT_FALSE(bob_.has<bus::UpdateRefused>());
  EXPECT_EQ(read(alice_, "/b"), Value(1));
  EXPECT_EQ(alice_.json(), R"({"a":1,"b":1})");
  EXPECT_EQ(bob_.json(), alice_.json());
}

TEST_F(WritersTest, AnObjectOfManyWritersBecomesOneOfTheOwnerAlone) {
  create("open");
  subscribe(bob_);
  bob_.set("b", 1);
  run();
  EXPECT_EQ(alice_.json(), R"({"b":1})");
  const Bytes delayed = bob_.edit("late", 1);  // made while he might, sent when he may no more
  convert("owner", "none");
  Session carol(bus_, "session:3", kCarol, 3);
  subscribe(carol);
  bob_.update(delayed);
  bob_.update(delayed);
  bob_.update(delayed, true);
  carol.update(delayed, true);
  run();
  EXPECT_EQ(bob_.take_all<bus::UpdateRefused>().size(), 3U) << "replayed and relayed ones too";
  EXPECT_EQ(carol.take_all<bus::UpdateRefused>().size(), 1U);
  alice_.set("a", 1);
  run();
  EXPECT_EQ(read(alice_).to_json().find("late"), std::string::npos);
  EXPECT_EQ(carol.json(), R"({"a":1,"b":1})");
}

TEST_F(WritersTest, TheChoiceSurvivesARestartAndCanBeTakenBack) {
  create("owner");
  subscribe(bob_);
  convert("open", "all");
  restart();
  EXPECT_EQ(read(alice_), Value::object());
  EXPECT_EQ(room().head().rules, access::Rules::open());
  EXPECT_EQ(room().head().epoch, 2U);
  alice_.subscribe();
  subscribe(bob_);
  convert("owner", "none");
  bob_.set("b", 1);
  run();
  EXPECT_EQ(bob_.take_one<bus::UpdateRefused>().epoch, 3U);
}

}  // namespace
}  // namespace syncline::room::testing
