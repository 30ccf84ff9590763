// Updates that come before what they build on.
#include <gtest/gtest.h>

#include "crdt/doc.hpp"

namespace syncline::crdt {
namespace {

class Pending : public testing::Test {
 protected:
  Doc writer{{.client = 5}};
  Text text{*writer.root("t", TypeKind::kText).value()};
  std::vector<Bytes> updates;
  Handle listening =
      writer.on_update([this](const Bytes& update, Transaction&) { updates.push_back(update); });
  Doc reader{{.client = 6}};

  Update decoded(std::size_t index) const { return decode_update_v1(updates[index]).value(); }
  std::string read() { return Text(*reader.root("t", TypeKind::kText).value()).string(); }
};

TEST_F(Pending, WaitsAndIsTakenOnceItsBaseCame) {
  text.insert(0, "a");
  text.insert(1, "b");
  text.remove(0, 1);
  for (const std::size_t index : {2u, 1u}) {
    const auto applied = reader.apply_update_v1(updates[index], {}, Relay::kYes);
    ASSERT_TRUE(applied.ok());
    EXPECT_TRUE(applied->pending);
    EXPECT_TRUE(applied->update.empty());
  }
  EXPECT_TRUE(reader.has_pending());
  EXPECT_EQ(read(), "");
  EXPECT_TRUE(reader.state_vector().empty());
  const auto healed = reader.apply_update_v1(updates[0], {}, Relay::kYes);
  EXPECT_FALSE(healed->pending);
  EXPECT_FALSE(healed->update.empty());
  EXPECT_EQ(read(), "b");
  EXPECT_EQ(reader.encode_state_as_update_v1(), writer.encode_state_as_update_v1());
}

TEST_F(Pending, IsHandedOnWithTheDocument) {
  text.insert(0, "a");
  text.insert(1, "b");
  ASSERT_TRUE(reader.apply_update_v1(updates[1]).ok());
  Doc third({.client = 7});
  ASSERT_TRUE(third.apply_update_v1(reader.encode_state_as_update_v1()).ok());
  EXPECT_TRUE(third.has_pending());
  ASSERT_TRUE(third.apply_update_v1(updates[0]).ok());
  EXPECT_EQ(third.encode_state_as_update_v1(), writer.encode_state_as_update_v1());
}

TEST_F(Pending, UnmetTellsWhatIsMissingWithoutTouchingTheDocument) {
  text.insert(0, "abc");
  text.insert(3, "d");
  text.remove(0, 1);
  EXPECT_TRUE(reader.unmet(decoded(0)).empty());
  StateVector from_start;
  from_start.set(5, 0);
  EXPECT_EQ(reader.unmet(decoded(1)), from_start);
  EXPECT_EQ(reader.unmet(decoded(2)), from_start);
  EXPECT_TRUE(reader.roots().empty());
  ASSERT_TRUE(reader.apply_update_v1(updates[0]).ok());
  EXPECT_TRUE(reader.unmet(decoded(1)).empty());
  EXPECT_TRUE(reader.unmet(decoded(2)).empty());
}

TEST_F(Pending, UnmetFollowsOriginsAndParentsOfOtherClients) {
  text.insert(0, "base");
  ASSERT_TRUE(reader.apply_update_v1(updates[0]).ok());
  std::vector<Bytes> from_reader;
  const Handle listening_too =
      reader.on_update([&](const Bytes& update, Transaction&) { from_reader.push_back(update); });
  Text(*reader.root("t", TypeKind::kText).value()).insert(2, "x");
  Doc third({.client = 7});
  const Update update = decode_update_v1(from_reader[0]).value();
  StateVector wanted;
  wanted.set(5, 0);
  EXPECT_EQ(third.unmet(update), wanted);
  EXPECT_TRUE(third.apply(update).pending);
}

TEST_F(Pending, CirclesWaitForEver) {
  // Two clients whose first items each name the other's as origin.
  Update update;
  for (const ClientId client : {ClientId{1}, ClientId{2}}) {
    Struct item;
    item.id = {client, 0};
    item.length = 1;
    item.kind = StructKind::kString;
    item.content.text = "x";
    item.origin = ID{3 - client, 0};
    update.structs[client].push_back(item);
  }
  ASSERT_TRUE(reader.apply_update_v1(encode_update_v1(update)).ok());
  EXPECT_TRUE(reader.has_pending());
  ASSERT_TRUE(reader.apply_update_v1(encode_update_v1(update)).ok());
  EXPECT_TRUE(reader.state_vector().empty());
}

TEST_F(Pending, KnownStructsThatReferToWhatIsNotHereWaitToo) {
  // What damaged an update on its way made its parent an unknown item.
  Update update;
  Struct item;
  item.id = {5, 0};
  item.length = 1;
  item.kind = StructKind::kString;
  item.content.text = "x";
  item.parent = "t";
  update.structs[5] = {item};
  ASSERT_TRUE(reader.apply_update_v1(encode_update_v1(update)).ok());
  item.parent = ID{1, 116};
  update.structs[5] = {item};
  ASSERT_TRUE(reader.apply_update_v1(encode_update_v1(update)).ok());
  EXPECT_TRUE(reader.has_pending_structs());
  EXPECT_FALSE(reader.has_pending_deletes());
}

}  // namespace
}  // namespace syncline::crdt
