// Counters and sets that several copies change at once.
#include <gtest/gtest.h>

#include "object_support.hpp"
#include "syncline/counter.hpp"
#include "syncline/set.hpp"

namespace syncline {
namespace {

using test::Replica;
using test::ship;

/// Two copies of an object that has an empty map for each.
class CollectionsTest : public ::testing::Test {
 protected:
  CollectionsTest() {
    a_.object["votes"] = Value::object();
    a_.object["tags"] = Value::object();
    ship(a_, b_);
  }
  /// Each brings what it made to the other.
  void exchange() {
    const auto from_a = a_.take();
    const auto from_b = b_.take();
    for (const SharedBytes& update : from_a) bring(b_, {{a_.identity, update}});
    for (const SharedBytes& update : from_b) bring(a_, {{b_.identity, update}});
    EXPECT_EQ(a_.object.get(), b_.object.get());
  }

  Replica a_{"hyperty://example.org/a", 1};
  Replica b_{"hyperty://example.org/b", 2};
};

TEST_F(CollectionsTest, ACounterKeepsWhatEverybodyAdds) {
  const Counter mine(a_.object["votes"]);
  const Counter theirs(b_.object["votes"]);
  for (int i = 0; i < 10; ++i) mine.add();
  theirs.add(5);
  theirs.add(-2);
  EXPECT_EQ(mine.value(), 10);
  exchange();
  EXPECT_EQ(mine.value(), 13);
  EXPECT_EQ(theirs.value(), 13);
  mine.add(-13);
  exchange();
  EXPECT_EQ(theirs.value(), 0);
}

TEST_F(CollectionsTest, ACounterThatIsNotThereIsZeroAndMadeByTheFirstAddition) {
  const Counter fresh(a_.object["other"]);
  EXPECT_EQ(fresh.value(), 0);
  fresh.add(3);
  EXPECT_EQ(fresh.value(), 3);
  EXPECT_EQ(test::code_of([&] { Counter(a_.object["other"]["1"]).value(); }), Code::kSchema);
}

TEST_F(CollectionsTest, AnAdditionIsPartOfTheTransactionAroundIt) {
  a_.take();
  a_.object.transact([&] {
    Counter(a_.object["votes"]).add();
    Set(a_.object["tags"]).add("x");
  });
  EXPECT_EQ(a_.take().size(), 1u);
}

TEST_F(CollectionsTest, ASetHoldsEachElementOnce) {
  const Set mine(a_.object["tags"]);
  const Set theirs(b_.object["tags"]);
  mine.add("x");
  mine.add(1);
  mine.add("1");
  theirs.add("x");
  theirs.add(Value::object({{"b", 2}, {"a", 1}}));
  exchange();
  EXPECT_EQ(mine.size(), 4u);
  EXPECT_TRUE(mine.contains(Value::object({{"a", 1}, {"b", 2}})));
  EXPECT_FALSE(mine.contains("y"));
  EXPECT_EQ(mine.values(), theirs.values());
}

TEST_F(CollectionsTest, OfAnAdditionAndARemovalAtOnceTheAdditionWins) {
  const Set mine(a_.object["tags"]);
  const Set theirs(b_.object["tags"]);
  mine.add("x");
  exchange();
  mine.remove("x");
  mine.add("x");
  theirs.remove("x");
  exchange();
  EXPECT_TRUE(mine.contains("x"));
  theirs.remove("x");
  exchange();
  EXPECT_FALSE(mine.contains("x"));
  EXPECT_EQ(mine.size(), 0u);
}

TEST_F(CollectionsTest, ARemovedKeyCanBeMadeAgain) {
  a_.object["key"] = 1;
  exchange();
  a_.object["key"].remove();
  exchange();
  b_.object["key"] = 2;
  exchange();
  EXPECT_EQ(a_.object["key"].as<int>(), 2);
}

TEST_F(CollectionsTest, OfAnUpdateAndADeletionOfOneKeyAtOnceTheUpdateStands) {
  a_.object["key"] = 1;
  exchange();
  a_.object["key"].remove();
  b_.object["key"] = 2;
  exchange();
  EXPECT_EQ(a_.object["key"].as<int>(), 2);
}

}  // namespace
}  // namespace syncline
