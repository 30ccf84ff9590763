// Reading and writing a data object through its handles.
#include "syncline/data_object.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "object_support.hpp"

namespace syncline {
namespace {

using test::code_of;
using test::message_of;

DataObject board() {
  return DataObject::local({{"title", "Plan"},
                            {"steps", Value::array({"saw", {{"name", "nail"}, {"done", false}}})},
                            {"progress", {{"done", 3}}}});
}

TEST(DataObject, HoldsTheJsonTreeItWasMadeOf) {
  const DataObject object = board();
  EXPECT_EQ(object.get(), Value::parse(R"({"title":"Plan","progress":{"done":3},
                                           "steps":["saw",{"name":"nail","done":false}]})"));
  EXPECT_EQ(object.keys(), (std::vector<std::string>{"progress", "steps", "title"}));
  EXPECT_EQ(object.url(), "");
  EXPECT_EQ(object.owner(), "");
  EXPECT_TRUE(object.may_write());
  EXPECT_EQ(object.unacknowledged(), 0U);
  EXPECT_EQ(DataObject::local().get(), Value::object());
}

TEST(DataObject, CannotBeMadeOfSomethingElseThanAnObject) {
  EXPECT_EQ(code_of([] { (void)DataObject::local("text"); }), Code::kSchema);
}

TEST(DataObject, CopiesNameTheSameObject) {
  const DataObject object = board();
  const DataObject copy = object;
  copy["title"] = "Plan B";
  EXPECT_EQ(object["title"].as<std::string>(), "Plan B");
}

TEST(Node, ReadsValuesAsCppTypes) {
  const DataObject object = board();
  EXPECT_EQ(object["title"].as<std::string>(), "Plan");
  EXPECT_EQ(object["progress"]["done"].as<int>(), 3);
  EXPECT_EQ(object["steps"][1]["done"].as<bool>(), false);
  EXPECT_EQ(object["steps"][1]["name"].value_or("?"), "nail");
  EXPECT_EQ(object["steps"][5]["name"].value_or("?"), "?");
  EXPECT_EQ(object["progress"]["left"].value_or(7), 7);
  EXPECT_EQ(code_of([&] { (void)object["title"].as<int>(); }), Code::kSchema);
}

TEST(Node, SaysWhetherSomethingIsThere) {
  const DataObject object = board();
  EXPECT_TRUE(object["steps"][1]["name"].exists());
  EXPECT_FALSE(object["steps"][2].exists());
  EXPECT_FALSE(object["steps"]["name"].exists());
  EXPECT_FALSE(object["title"]["x"].exists());
  EXPECT_FALSE(object["a"]["b"].exists());
}

TEST(Node, KnowsSizesAndKeys) {
  const DataObject object = board();
  EXPECT_EQ(object["steps"].size(), 2U);
  EXPECT_EQ(object["steps"][1].size(), 2U);
  EXPECT_EQ(object["steps"][1].keys(), (std::vector<std::string>{"done", "name"}));
  object["title"] = "a😀";
  EXPECT_EQ(object["title"].size(), 3U);
  object["title"].text();
  EXPECT_EQ(object["title"].size(), 3U);
  EXPECT_EQ(message_of([&] { (void)object["steps"].keys(); }),
            "/steps is not a map: it has no keys");
  EXPECT_EQ(code_of([&] { (void)object["progress"]["done"].size(); }), Code::kSchema);
  EXPECT_EQ(code_of([&] { (void)object["nothing"].size(); }), Code::kNotFound);
}

TEST(Node, AddsReplacesAndRemovesMembers) {
  const DataObject object = DataObject::local();
  object["a"] = 1;
  object["a"] = {{"b", Value::array({1, 2})}};
  object["a"]["c"] = nullptr;
  EXPECT_EQ(object.get().to_json(), R"({"a":{"b":[1,2],"c":null}})");
  object["a"]["b"][0] = "first";
  object["a"]["b"][1] = Value::object();
  object["a"]["b"][1]["deep"] = true;
  EXPECT_EQ(object["a"]["b"].get().to_json(), R"(["first",{"deep":true}])");
  object["a"]["b"].remove();
  object["a"]["b"].remove();
  object["nothing"]["here"].remove();
  EXPECT_EQ(object.get().to_json(), R"({"a":{"c":null}})");
}

TEST(Node, TakesAnyKey) {
  const DataObject object = DataObject::local();
  const std::vector<std::string> keys{"",          ".",    "a.b", "a/b",
                                      "~",         "~1",   "0",   "-",
                                      "__proto__", "ключ", "😀",  std::string("nul\0x", 5)};
  for (const std::string& key : keys) object[key] = key;
  EXPECT_EQ(object.keys().size(), keys.size());
  for (const std::string& key : keys) {
    EXPECT_EQ(object[key].as<std::string>(), key);
    EXPECT_EQ(object.at(to_pointer({key})).as<std::string>(), key);
  }
}

TEST(Node, KeepsTextAsItLooksOnTheWire) {
  const DataObject object = DataObject::local();
  object["\xed\xa0\x80"] = "a\xed\xa0\x80z\xff";
  EXPECT_EQ(object["\xef\xbf\xbd"].get(), "a\xef\xbf\xbdz\xef\xbf\xbd");
  EXPECT_EQ(object["\xed\xa0\x80"].get(), object["\xef\xbf\xbd"].get());
}

TEST(Node, TakesEveryKindOfValueInMaps) {
  const DataObject object = DataObject::local();
  const Value values = {{"null", nullptr},
                        {"undefined", Value::Undefined{}},
                        {"big", Value::BigInt{-9007199254740993}},
                        {"bytes", Value::Binary{0, 255}},
                        {"nan", std::numeric_limits<double>::quiet_NaN()},
                        {"minus zero", -0.0},
                        {"infinity", std::numeric_limits<double>::infinity()},
                        {"empty", Value::array()},
                        {"nothing", Value::object()}};
  object["all"] = values;
  EXPECT_EQ(object["all"].get(), values);
}

TEST(Node, RefusesInListsWhatYjsRefuses) {
  const DataObject object = board();
  const Value before = object.get();
  EXPECT_EQ(message_of([&] { object["steps"].push_back(Value::Undefined{}); }),
            "/steps/2 cannot be undefined: a list has no place for it (null, a string or a "
            "number?)");
  EXPECT_EQ(code_of([&] { object["steps"][0] = Value::BigInt{1}; }), Code::kSchema);
  EXPECT_EQ(message_of([&] {
              object["x"] = {{"a", 1}, {"l", Value::array({1, Value::array({Value::BigInt{1}})})}};
            }),
            "/x/l/1/0 cannot be a bigint: a list has no place for it (null, a string or a "
            "number?)");
  EXPECT_EQ(object.get(), before);
  object["steps"].push_back(Value::Binary{1});
  EXPECT_EQ(object["steps"][2].get(), Value(Value::Binary{1}));
}

TEST(Node, RefusesWhatNestsTooDeep) {
  const DataObject object = DataObject::local();
  Value deep;
  for (int i = 0; i < 999; ++i) deep = Value::array({std::move(deep)});
  object["deep"] = deep;
  EXPECT_EQ(object["deep"].get(), deep);
  deep = Value::array({std::move(deep)});
  EXPECT_EQ(code_of([&] { object["deeper"] = deep; }), Code::kTooLarge);
  EXPECT_EQ(code_of([&] { object["deep"][0].push_back(deep); }), Code::kTooLarge);
  EXPECT_FALSE(object["deeper"].exists());
}

TEST(Node, AssignedFromANodeCopiesTheValue) {
  const DataObject object = board();
  const DataObject other = DataObject::local();
  other["copy"] = object["steps"];
  object["steps"][1]["name"] = "glue";
  object["again"] = object["steps"][1];
  object["title"] = object["title"];
  EXPECT_EQ(other.get().to_json(), R"({"copy":["saw",{"name":"nail","done":false}]})");
  EXPECT_EQ(object["again"]["name"].as<std::string>(), "glue");
  EXPECT_EQ(code_of([&] { object["x"] = object["nothing"]; }), Code::kNotFound);
}

TEST(Node, NamesTheDeepestPlaceOfAPathThatLeadsNowhere) {
  const DataObject object = board();
  EXPECT_EQ(message_of([&] { object["progress"]["a"]["b"]["c"] = 1; }),
            "nothing is at /progress/a/b/c: /progress is the deepest place there is, and the "
            "member \"a\" of it does not exist");
  EXPECT_EQ(message_of([&] { (void)object["steps"][9].get(); }),
            "nothing is at /steps/9: /steps is the deepest place there is, and the element 9 of it "
            "does not exist");
  EXPECT_EQ(message_of([&] { (void)object["x"].get(); }),
            "nothing is at /x: the top is the deepest place there is, and the member \"x\" of it "
            "does not exist");
  EXPECT_EQ(code_of([&] { object["x"]["y"] = 1; }), Code::kNotFound);
}

TEST(Node, NamesThePlaceThatIsOfAnotherKind) {
  const DataObject object = board();
  EXPECT_EQ(message_of([&] { object["steps"]["x"] = 1; }),
            "/steps is a list, not a map: it cannot have the member \"x\"");
  EXPECT_EQ(message_of([&] { object["progress"][0] = 1; }),
            "/progress is a map, not a list: it cannot have the element 0");
  EXPECT_EQ(message_of([&] { object["title"]["x"] = 1; }),
            "/title is a string: it cannot have the member \"x\"");
  EXPECT_EQ(message_of([&] { object["title"].push_back(1); }), "/title is a string, not a list");
  EXPECT_EQ(message_of([&] { object["progress"].erase(0); }), "/progress is a map, not a list");
  EXPECT_EQ(message_of([&] { object["steps"].text(); }),
            "/steps is a list, not a text or a string");
  EXPECT_EQ(code_of([&] { object.at("") = 1; }), Code::kSchema);
  EXPECT_EQ(code_of([&] { object.at("").remove(); }), Code::kSchema);
  EXPECT_EQ(code_of([&] { (void)object["steps"][-1]; }), Code::kTooLarge);
}

TEST(Node, BecomesAWholeOtherTreeAtTheTop) {
  const DataObject object = board();
  object["notes"].text().assign("abc");
  object.at("") = {{"title", "Plan"}, {"notes", "abcd"}, {"new", 1}};
  EXPECT_EQ(object.get(), Value::parse(R"({"title":"Plan","notes":"abcd","new":1})"));
  EXPECT_TRUE(object["notes"].is_text());
}

TEST(List, GrowsAndShrinks) {
  const DataObject object = DataObject::local();
  object["list"].push_back("b");
  object["list"].push_back({{"c", 1}});
  object["list"].insert(0, "a");
  object["list"].insert(3, "d");
  EXPECT_EQ(object["list"].get().to_json(), R"(["a","b",{"c":1},"d"])");
  object["list"].erase(1, 2);
  object["list"].erase(0, 0);
  object["list"][0].remove();
  EXPECT_EQ(object["list"].get().to_json(), R"(["d"])");
  object["list"].erase(0);
  EXPECT_EQ(object["list"].get(), Value::array());
  object["other"].insert(0, 1);
  EXPECT_EQ(object["other"].get(), Value::array({1}));
}

TEST(List, RefusesPlacesPastItsEnd) {
  const DataObject object = board();
  const Value before = object.get();
  EXPECT_EQ(message_of([&] { object["steps"][2] = 1; }),
            "/steps has 2 elements: nothing at index 2 to replace; push_back (\"-\" in a pointer) "
            "appends");
  EXPECT_EQ(message_of([&] { object["steps"].insert(3, 1); }),
            "/steps has 2 elements: nothing to insert before at 3");
  EXPECT_EQ(message_of([&] { object["steps"].erase(1, 2); }),
            "/steps has 2 elements: cannot erase 2 from index 1");
  EXPECT_EQ(code_of([&] { object["steps"].erase(3, 0); }), Code::kTooLarge);
  EXPECT_EQ(code_of([&] { object["steps"].erase(1, SIZE_MAX); }), Code::kTooLarge);
  EXPECT_EQ(code_of([&] { object["list"].insert(1, 1); }), Code::kTooLarge);
  EXPECT_EQ(object.get(), before);
}

TEST(Pointer, NamesElementsByDigitsAndTheEndByADash) {
  const DataObject object = board();
  EXPECT_EQ(object.at("/steps/1/name").as<std::string>(), "nail");
  EXPECT_EQ(object.at("").get(), object.get());
  object.at("/steps/-") = "paint";
  object.at("/steps/0") = "plane";
  EXPECT_EQ(object["steps"].size(), 3U);
  EXPECT_EQ(object.at("/steps/2").as<std::string>(), "paint");
  EXPECT_FALSE(object.at("/steps/01").exists());
  EXPECT_FALSE(object.at("/steps/-").exists());
  EXPECT_FALSE(object.at("/steps/99999999999999999999").exists());
  EXPECT_EQ(code_of([&] { (void)object.at("steps"); }), Code::kMalformed);
}

TEST(LiveText, IsMadeWhereNothingIs) {
  const DataObject object = DataObject::local();
  LiveText notes = object["notes"].text();
  EXPECT_EQ(object.get().to_json(), R"({"notes":""})");
  notes.insert(0, "world");
  notes.insert(0, "hello ");
  notes.insert(99, "!");
  EXPECT_EQ(notes.string(), "hello world!");
  EXPECT_EQ(notes.size(), 12U);
  notes.erase(5, 6);
  notes.erase(5, 99);
  EXPECT_EQ(object["notes"].as<std::string>(), "hello");
}

TEST(LiveText, IsConvertedFromAPlainString) {
  const DataObject object = board();
  EXPECT_FALSE(object["title"].is_text());
  object["title"].text().insert(4, " B");
  EXPECT_TRUE(object["title"].is_text());
  object["steps"][0].text().insert(0, "chain");
  EXPECT_EQ(object["title"].get(), "Plan B");
  EXPECT_EQ(object["steps"][0].get(), "chainsaw");
  EXPECT_EQ(code_of([&] { object["steps"][2].text(); }), Code::kNotFound);
  EXPECT_EQ(code_of([&] { object["a"]["b"].text(); }), Code::kNotFound);
  EXPECT_FALSE(object["title"]["x"].is_text());
}

TEST(LiveText, IsEditedByAssigningAString) {
  const DataObject object = DataObject::local();
  LiveText notes = object["notes"].text();
  notes.assign("one two three");
  object["notes"] = "one 2 three";
  EXPECT_TRUE(object["notes"].is_text());
  EXPECT_EQ(notes.string(), "one 2 three");
  object["notes"] = 5;
  EXPECT_FALSE(object["notes"].is_text());
  EXPECT_EQ(message_of([&] { notes.insert(0, "x"); }), "/notes is a number, not a live text");
  object["notes"].remove();
  EXPECT_EQ(code_of([&] { (void)notes.size(); }), Code::kNotFound);
}

TEST(LiveText, NeverCutsASurrogatePair) {
  const DataObject object = DataObject::local();
  LiveText text = object["t"].text();
  text.assign("a😀b");
  text.insert(2, "x");
  EXPECT_EQ(text.string(), "ax😀b");
  text.erase(3, 1);
  EXPECT_EQ(text.string(), "axb");
  text.assign("a😀b");
  text.erase(0, 2);
  EXPECT_EQ(text.string(), "b");
  // The two differ in the low surrogate only.
  text.assign("😀");
  text.assign("😁");
  EXPECT_EQ(text.string(), "😁");
  text.assign("\xed\xa0\xbd");
  EXPECT_EQ(text.string(), "\xef\xbf\xbd");
}

TEST(Transaction, LetsStandWhatWasDoneBeforeAnException) {
  const DataObject object = board();
  EXPECT_THROW(object.transact([&] {
    object["title"] = "Plan B";
    throw std::runtime_error("enough");
  }),
               std::runtime_error);
  EXPECT_EQ(object["title"].get(), "Plan B");
}

TEST(Transaction, ShowsItsOwnChangesInside) {
  const DataObject object = board();
  object.transact([&] {
    object["a"] = Value::object();
    object["a"]["b"] = 1;
    object.transact([&] { object["a"]["c"] = object["a"]["b"].as<int>() + 1; });
    EXPECT_EQ(object["a"].get(), (Value{{"b", 1}, {"c", 2}}));
  });
  EXPECT_EQ(object["a"]["c"].as<int>(), 2);
}

}  // namespace
}  // namespace syncline
