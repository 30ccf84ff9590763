// What observers of local changes hear, when, and in which order.
#include <gtest/gtest.h>

#include <limits>

#include "base/log.hpp"
#include "object_support.hpp"

namespace syncline {
namespace {

using test::Calls;
using test::Transcript;

TEST(Observe, ReportsEveryDepthAndWhatIsCreatedLater) {
  const DataObject object = DataObject::local({{"a", {{"b", Value::array({1})}}}});
  Transcript heard(object);
  object["a"]["b"].push_back({{"c", Value::object()}});
  object["a"]["b"][1]["c"]["d"] = "deep";
  object["new"] = Value::object();
  object["new"]["x"] = Value::array();
  object["new"]["x"].push_back(2);
  EXPECT_EQ(heard.take(), (Calls{{R"(splice /a/b at 1: [] -> [{"c":{}}])"},
                                 {R"(add /a/b/1/c/d "deep")"},
                                 {R"(add /new {})"},
                                 {R"(add /new/x [])"},
                                 {R"(splice /new/x at 0: [] -> [2])"}}));
}

TEST(Observe, ReportsEachRecordWithTheValuesAsOfThatRecord) {
  const DataObject object = DataObject::local({{"a", 0}});
  Transcript heard(object);
  object.transact([&] {
    object["a"] = 1;
    object["a"] = nullptr;
    object["a"].remove();
    object["a"] = {{"b", 2}};
    object["a"]["b"] = 3;
    object["a"] = 0;
  });
  EXPECT_EQ(heard.take(),
            (Calls{{"update /a 0 -> 1", "update /a 1 -> null", "delete /a (was null)",
                    R"(add /a {"b":2})", "update /a/b 2 -> 3", R"(update /a {"b":3} -> 0)"}}));
}

TEST(Observe, HearsNothingOfAssigningTheSameValue) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const DataObject object = DataObject::local(
      {{"n", nan}, {"z", 0.0}, {"tree", {{"a", Value::array({1, {{"b", "c"}}})}}}});
  object["t"].text().assign("text");
  Transcript heard(object);
  object["n"] = nan;
  object["z"] = 0;
  object["tree"] = {{"a", Value::array({1, {{"b", "c"}}})}};
  object["tree"]["a"][1] = {{"b", "c"}};
  object["t"] = "text";
  object["t"].text().assign("text");
  object["t"].text().insert(2, "");
  object["tree"]["a"].erase(1, 0);
  object.at("") = object.get();
  EXPECT_EQ(heard.take(), Calls{});
  // SameValue tells the zeros apart.
  object["z"] = -0.0;
  EXPECT_EQ(heard.take().size(), 1U);
}

TEST(Observe, ReportsListsAndTextsAsSplices) {
  const DataObject object = DataObject::local({{"l", Value::array({"a", "b", "c"})}, {"t", "x"}});
  Transcript heard(object);
  object["l"].insert(1, "new");
  object["l"].erase(0, 2);
  object["l"][0].remove();
  object["l"][0] = "C";
  object["l"].push_back("d");
  object["m"].push_back(1);
  LiveText text = object["t"].text();
  object["u"].text();
  text.insert(1, "yz");
  text.erase(0, 1);
  object["t"] = "yaz";
  EXPECT_EQ(heard.take(), (Calls{{R"(splice /l at 1: [] -> ["new"])"},
                                 {R"(splice /l at 0: ["a","new"] -> [])"},
                                 {R"(splice /l at 0: ["b"] -> [])"},
                                 {R"(update /l/0 "c" -> "C")"},
                                 {R"(splice /l at 1: [] -> ["d"])"},
                                 {R"(add /m [1])"},
                                 {R"(add /u "")"},
                                 {R"(splice /t at 1: "" -> "yz")"},
                                 {R"(splice /t at 0: "x" -> "")"},
                                 {R"(splice /t at 1: "" -> "a")"}}));
}

TEST(Observe, ReportsTheArrayVectorOfObjectObserve) {
  // a = [1,2,3]: push(4); splice(2,2); length = 0, as Array.observe reports them.
  const DataObject object = DataObject::local({{"a", Value::array({1, 2, 3})}});
  Transcript heard(object);
  object["a"].push_back(4);
  object["a"].erase(2, 2);
  object["a"].erase(0, object["a"].size());
  EXPECT_EQ(heard.take(), (Calls{{"splice /a at 3: [] -> [4]"},
                                 {"splice /a at 2: [3,4] -> []"},
                                 {"splice /a at 0: [1,2] -> []"}}));
}

TEST(Observe, NamesPlacesAsTheyAreWhateverTheHandleSaid) {
  const DataObject object = DataObject::local({{"l", Value::array({"a", Value::object()})}});
  Transcript heard(object);
  object.at("/l/1/x~1y") = 1;
  object.at("/l/-") = 2;
  ASSERT_EQ(heard.calls.size(), 2U);
  EXPECT_EQ(heard.last.at(0).path, (Path{"l"}));
  EXPECT_EQ(heard.take(), (Calls{{"add /l/1/x~1y 1"}, {"splice /l at 2: [] -> [2]"}}));
}

TEST(Observe, ReportsAWholeOtherTreeMemberByMember) {
  const DataObject object = DataObject::local({{"b", 1}, {"a", 2}, {"c", 3}});
  Transcript heard(object);
  object.at("") = {{"d", 4}, {"c", 5}};
  EXPECT_EQ(heard.take(),
            (Calls{{"delete /a (was 2)", "delete /b (was 1)", "add /d 4", "update /c 3 -> 5"}}));
}

TEST(Observe, SaysThatLocalChangesAreLocalAndWhose) {
  test::Replica alice("hyperty://example.org/alice", 1);
  Transcript heard(alice.object);
  alice.object["title"] = "Plan";
  ASSERT_EQ(heard.last.size(), 1U);
  EXPECT_TRUE(heard.last[0].local);
  EXPECT_EQ(heard.last[0].by, "hyperty://example.org/alice");
  EXPECT_EQ(heard.last[0].cause, "");
}

TEST(Observe, ReportsWhatWasDoneBeforeAnException) {
  const DataObject object = DataObject::local();
  Transcript heard(object);
  EXPECT_THROW(object.transact([&] {
    object["a"] = 1;
    object["b"]["c"] = 2;
  }),
               Error);
  EXPECT_EQ(heard.take(), (Calls{{"add /a 1"}}));
}

TEST(Observe, HearsNothingOfWhatIsRefused) {
  const DataObject object = DataObject::local({{"l", Value::array()}});
  Transcript heard(object);
  EXPECT_THROW(object["l"].push_back(Value::Undefined{}), Error);
  EXPECT_THROW(object["l"][3] = 1, Error);
  EXPECT_THROW(object["x"]["y"] = 1, Error);
  object["nothing"].remove();
  EXPECT_EQ(heard.take(), Calls{});
}

TEST(Delivery, CallsObserversInOrderOfRegistrationOnceForEachTransaction) {
  const DataObject object = DataObject::local();
  std::vector<std::string> order;
  const Handle first = object.observe(
      [&](const Changes& c) { order.push_back("first " + std::to_string(c.size())); });
  const Handle second = object.observe(
      [&](const Changes& c) { order.push_back("second " + std::to_string(c.size())); });
  object.transact([&] {
    object["a"] = 1;
    object.transact([&] { object["b"] = 2; });
    EXPECT_TRUE(order.empty());
  });
  object["c"] = 3;
  EXPECT_EQ(order, (std::vector<std::string>{"first 2", "second 2", "first 1", "second 1"}));
}

TEST(Delivery, OfChangesMadeByObserversComesAfterTheCurrentOne) {
  const DataObject object = DataObject::local({{"n", 0}});
  std::vector<std::string> order;
  const auto note = [&](std::string who) {
    return [&order, who](const Changes& changes) {
      for (const Change& change : changes) order.push_back(who + " " + change.new_value->to_json());
    };
  };
  bool running = false;
  const Handle counting = object.observe([&](const Changes& changes) {
    EXPECT_FALSE(running);
    running = true;
    note("first")(changes);
    if (const int n = object["n"].as<int>(); n < 3) object["n"] = n + 1;
    running = false;
  });
  const Handle second = object.observe(note("second"));
  object["n"] = 1;
  EXPECT_EQ(order, (std::vector<std::string>{"first 1", "second 1", "first 2", "second 2",
                                             "first 3", "second 3"}));
}

TEST(Delivery, SurvivesAnObserverThatThrows) {
  std::vector<std::string> lines;
  log::install([&](log::Level, std::string_view part, std::string_view line) {
    lines.push_back(std::string(part) + ": " + std::string(line));
  });
  const DataObject object = DataObject::local();
  const Handle bad = object.observe([](const Changes&) { throw std::runtime_error("oops"); });
  const Handle worse = object.observe([](const Changes&) { throw 5; });
  Transcript heard(object);
  object["a"] = 1;
  object["a"] = 2;
  log::install(nullptr);
  EXPECT_EQ(heard.take().size(), 2U);
  ASSERT_EQ(lines.size(), 4U);
  EXPECT_EQ(lines[0], "object: an observer of a local object threw: oops");
  EXPECT_EQ(lines[1], "object: an observer of a local object threw something unknown");
}

TEST(Delivery, EndsWithItsHandleAtOnce) {
  const DataObject object = DataObject::local();
  int first = 0;
  int second = 0;
  Handle own;
  Handle other;
  own = object.observe([&](const Changes&) {
    ++first;
    other.reset();
    own.reset();
  });
  other = object.observe([&](const Changes&) { ++second; });
  object["a"] = 1;
  object["a"] = 2;
  EXPECT_EQ(first, 1);
  EXPECT_EQ(second, 0);
  {
    const Handle brief = object.observe([&](const Changes&) { ++second; });
    object.transact([&] { object["a"] = 3; });
  }
  object["a"] = 4;
  EXPECT_EQ(second, 1);
}

TEST(Delivery, BeginsWhereTheObserverWasRegistered) {
  const DataObject object = DataObject::local();
  const Handle always = object.observe([](const Changes&) {});
  std::unique_ptr<Transcript> late;
  object.transact([&] {
    object["a"] = 1;
    late = std::make_unique<Transcript>(object);
    object["b"] = 2;
  });
  EXPECT_EQ(late->take(), (Calls{{"add /b 2"}}));
  // An observer made in a callback does not hear of what its maker is told, nor of what was
  // changed before it was there.
  std::unique_ptr<Transcript> inner;
  const Handle maker = object.observe([&](const Changes&) {
    if (inner) return;
    object["d"] = 4;
    inner = std::make_unique<Transcript>(object);
    object["e"] = 5;
  });
  object["c"] = 3;
  EXPECT_EQ(inner->take(), (Calls{{"add /e 5"}}));
}

TEST(Delivery, WarnsOfObserversThatAnswerEachOther) {
  std::vector<std::string> lines;
  log::install(
      [&](log::Level, std::string_view, std::string_view line) { lines.emplace_back(line); });
  const DataObject object = DataObject::local({{"n", 0}});
  const Handle counting = object.observe([&](const Changes&) {
    if (const int n = object["n"].as<int>(); n < 1500) object["n"] = n + 1;
  });
  object["n"] = 1;
  log::install(nullptr);
  EXPECT_EQ(object["n"].as<int>(), 1500);
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_EQ(lines[0],
            "observers of a local object keep changing it: 1000 batches in one delivery, and more");
}

TEST(Handle, OutlivesTheObjectItObserves) {
  Handle watching;
  {
    const DataObject object = DataObject::local();
    watching = object.observe([](const Changes&) {});
  }
  watching.reset();
}

}  // namespace
}  // namespace syncline
