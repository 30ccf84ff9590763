// Change records as lines and as JSON, exactly.
#include "syncline/changes.hpp"

#include <gtest/gtest.h>

#include <sstream>

namespace syncline {
namespace {

std::string line_of(const Change& change) {
  std::ostringstream out;
  out << change;
  return out.str();
}

Change update() {
  Change change;
  change.type = Change::Type::kUpdate;
  change.path = {"title"};
  change.old_value = "Plan";
  change.new_value = "Plan B";
  change.by = "hyperty://example.org/alice";
  return change;
}

TEST(ChangeLine, OfAnUpdateShowsBothValuesAndTheAuthor) {
  EXPECT_EQ(line_of(update()),
            R"(update /title "Plan" -> "Plan B" by hyperty://example.org/alice)");
}

TEST(ChangeLine, OfAnAddShowsTheNewValue) {
  Change change;
  change.type = Change::Type::kAdd;
  change.path = {"steps", std::size_t{2}, "a/b"};
  change.new_value = Value::object({{"done", true}});
  change.by = "X";
  EXPECT_EQ(line_of(change), R"(add /steps/2/a~1b {"done":true} by X)");
}

TEST(ChangeLine, OfADeleteShowsWhatWas) {
  Change change;
  change.type = Change::Type::kDelete;
  change.path = {"x"};
  change.old_value = 3;
  EXPECT_EQ(line_of(change), "delete /x (was 3)");
}

TEST(ChangeLine, OfASpliceShowsWhereAndWhat) {
  Change change;
  change.type = Change::Type::kSplice;
  change.path = {"notes"};
  change.removed = "";
  change.inserted = "urgent: ";
  EXPECT_EQ(line_of(change), R"(splice /notes at 0: "" -> "urgent: ")");
  change.path = {"steps"};
  change.index = 1;
  change.removed = Value::array({1, 2});
  change.inserted = Value::array();
  EXPECT_EQ(line_of(change), "splice /steps at 1: [1,2] -> []");
}

TEST(ChangeLine, SaysWhyAnObjectWasRebuilt) {
  Change change = update();
  change.by = std::nullopt;
  change.cause = "refused";
  EXPECT_EQ(line_of(change), R"(update /title "Plan" -> "Plan B" (refused))");
}

TEST(ChangeJson, OfAnUpdateHasOldAndNew) {
  EXPECT_EQ(to_value(update()).to_json(),
            R"({"type":"update","path":["title"],"old":"Plan","new":"Plan B",)"
            R"("by":"hyperty://example.org/alice","local":false})");
}

TEST(ChangeJson, LeavesOutTheOldOfAnAddAndTheNewOfADelete) {
  Change change = update();
  change.type = Change::Type::kAdd;
  change.old_value = std::nullopt;
  change.by = std::nullopt;
  change.local = true;
  EXPECT_EQ(to_value(change).to_json(),
            R"({"type":"add","path":["title"],"new":"Plan B","by":null,"local":true})");
  change = update();
  change.type = Change::Type::kDelete;
  change.new_value = std::nullopt;
  change.cause = "refused";
  EXPECT_EQ(to_value(change).to_json(),
            R"({"type":"delete","path":["title"],"old":"Plan",)"
            R"("by":"hyperty://example.org/alice","local":false,"cause":"refused"})");
}

TEST(ChangeJson, OfASpliceHasIndexRemovedInserted) {
  Change change;
  change.type = Change::Type::kSplice;
  change.path = {"steps", std::size_t{0}, ""};
  change.index = 4;
  change.removed = Value::array();
  change.inserted = Value::array({"buy timber"});
  EXPECT_EQ(to_value(change).to_json(),
            R"({"type":"splice","path":["steps",0,""],"index":4,"removed":[],)"
            R"("inserted":["buy timber"],"by":null,"local":false})");
}

TEST(ChangeType, HasAStableName) {
  EXPECT_EQ(name(Change::Type::kAdd), "add");
  EXPECT_EQ(name(Change::Type::kUpdate), "update");
  EXPECT_EQ(name(Change::Type::kDelete), "delete");
  EXPECT_EQ(name(Change::Type::kSplice), "splice");
  EXPECT_EQ(name(Change::Type::kFormat), "format");
}

}  // namespace
}  // namespace syncline
