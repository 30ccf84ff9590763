// Snapshots: their bytes, and shared types read at them.
#include "crdt/snapshot.hpp"

#include <gtest/gtest.h>

#include "crdt/doc.hpp"

namespace syncline::crdt {
namespace {

class Snapshots : public testing::Test {
 protected:
  Doc doc{{.client = 7, .gc = false}};
  Array list{*doc.root("a", TypeKind::kArray).value()};
  Map map{*doc.root("m", TypeKind::kMap).value()};
  Text text{*doc.root("t", TypeKind::kText).value()};
};

TEST_F(Snapshots, AreDeletionsThenClocks) {
  text.insert(0, "abc");
  text.remove(1, 1);
  const Snapshot now = doc.snapshot();
  // As Y.encodeSnapshot and Y.encodeSnapshotV2 write it.
  EXPECT_EQ(encode_snapshot_v1(now), (Bytes{1, 7, 1, 1, 1, 1, 7, 3}));
  EXPECT_EQ(encode_snapshot_v2(now), (Bytes{1, 7, 1, 1, 0, 1, 7, 3}));
  EXPECT_EQ(decode_snapshot_v1(encode_snapshot_v1(now)).value(), now);
  EXPECT_EQ(decode_snapshot_v2(encode_snapshot_v2(now)).value(), now);
  EXPECT_FALSE(decode_snapshot_v1(Bytes{1, 7, 1, 1, 1, 1, 7}).ok());
  EXPECT_FALSE(decode_snapshot_v2(Bytes{1, 7, 2, 1, 0, 1, 7, 3}).ok());
}

TEST_F(Snapshots, ShowListsAndMapsAsTheyWere) {
  ASSERT_TRUE(list.insert(0, {Value(1), Value("two")}).ok());
  map.set("k", Value("old"));
  map.set("gone", Value(true));
  const Snapshot then = doc.snapshot();
  ASSERT_TRUE(list.remove(0, 1).ok());
  ASSERT_TRUE(list.push({Value(3)}).ok());
  map.set("k", Value("new"));
  map.remove("gone");
  map.set("later", Value(1));

  const auto elements = list_at(list.type(), then);
  ASSERT_EQ(elements.size(), 2u);
  EXPECT_EQ(to_json(elements[0]), Value(1));
  EXPECT_EQ(to_json(elements[1]), Value("two"));
  EXPECT_EQ(to_json(map_value_at(map.type(), "k", then).value()), Value("old"));
  EXPECT_FALSE(map_value_at(map.type(), "later", then).has_value());
  EXPECT_FALSE(map_value_at(map.type(), "unheard of", then).has_value());
  const auto entries = map_at(map.type(), then);
  ASSERT_EQ(entries.size(), 2u);
  EXPECT_EQ(entries[0].first, "k");
  EXPECT_EQ(entries[1].first, "gone");
  EXPECT_EQ(list_at(list.type(), doc.snapshot()).size(), 2u);
}

}  // namespace
}  // namespace syncline::crdt
