// Update format 2 from the world: what is refused, what is legal though it looks forged, and faults
// that other implementations of the format had. That the bytes are Yjs's is golden_test's business.
#include <gtest/gtest.h>

#include <random>

#include "crdt/doc.hpp"
#include "crdt/update_codec.hpp"
#include "support/document_check.hpp"

namespace syncline::crdt {
namespace {

Text text_of(Doc& doc) { return Text(*doc.root("t", TypeKind::kText).value()); }
Map map_of(Doc& doc) { return Map(*doc.root("m", TypeKind::kMap).value()); }
Array list_of(Doc& doc) { return Array(*doc.root("l", TypeKind::kArray).value()); }

/// A document with some of everything that local editing can make; deleted types became GCs.
void fill(Doc& doc) {
  text_of(doc).insert(0, "héllo 😀 world");
  text_of(doc).remove(2, 3);
  map_of(doc).set("a", shared(Value::parse(R"({"k":[1,2,{"x":"y"}],"z":null})")));
  map_of(doc).set("b", Value(Value::Binary{1, 2, 3}));
  map_of(doc).set("b", Subdoc{"guid", Value::object()});
  ASSERT_TRUE(list_of(doc).push({Value(1.5), Value("two"), shared(Value::parse("[[1],2]"))}).ok());
  ASSERT_TRUE(list_of(doc).remove(1, 2).ok());
  map_of(doc).set("a", Value("after"));
}

Bytes with_structs(std::vector<Struct> structs) {
  Update update;
  for (Struct& item : structs) update.structs[item.id.client].push_back(std::move(item));
  return encode_update_v2(update);
}

Struct plain(ID id, StructKind kind, std::uint64_t length) {
  Struct item;
  item.id = id;
  item.kind = kind;
  item.length = length;
  return item;
}

TEST(UpdateV2, RefusesWhatIsMalformed) {
  // The nine columns, then the rest; one text item of client 1 in root "t".
  const auto update = [](std::vector<Bytes> columns, Bytes rest) {
    encoding::Writer out;
    out.var_uint(0);
    for (const Bytes& column : columns) out.var_bytes(column);
    out.raw(rest);
    return out.take();
  };
  const Bytes clients{1}, infos{4}, strings{2, 't', 'x', 0x41, 0}, parents{1};
  const Bytes rest{1, 1, 0, 0};
  const auto one = [&](Bytes given_infos, Bytes given_strings, Bytes given_rest) {
    return update({{}, clients, {}, {}, given_infos, given_strings, parents, {}, {}}, given_rest);
  };
  ASSERT_TRUE(decode_update_v2(one(infos, strings, rest)).ok());
  const std::pair<const char*, Bytes> cases[] = {
      {"nothing", {}},
      {"columns only", update({{}, {}, {}, {}, {}, {}, {}, {}, {}}, {})},
      {"a column that ends past the update", Bytes{0, 9, 1}},
      {"bytes after the end", one(infos, strings, {1, 1, 0, 0, 0})},
      {"an unknown struct", one({11}, strings, rest)},
      {"no more infos", one({}, strings, rest)},
      {"no more strings", one(infos, {1, 't', 1}, rest)},
      {"a string past the end of its column", one(infos, {2, 't', 'x', 1, 2}, rest)},
      {"strings without a text, though nobody reads one",
       update({{}, {}, {}, {}, {}, {}, {}, {}, {}}, {0, 0})},
      {"strings that are not UTF-8", one(infos, {2, 't', 0xff, 0x41, 0}, rest)},
      {"an empty text", one(infos, {1, 't', 1, 0}, rest)},
      {"an origin without a clock", one({0x84}, strings, rest)},
      {"more structs than anybody keeps", one(infos, strings, {1, 0xff, 0xff, 0xff, 0xff, 0x7f})},
      {"an unknown shared type",
       update({{}, clients, {}, {}, {7}, {1, 't', 1}, parents, {9}, {}}, rest)},
      {"a negative clock", update({{}, {1, 1}, {0x43}, {}, {0x84}, {1, 'x', 1}, {}, {}, {}}, rest)},
      {"a deleted range past 2^53",
       one(infos, strings, {1, 1, 0, 1, 1, 1, 2, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f})},
  };
  Doc doc({.client = 9});
  for (const auto& [what, bytes] : cases) {
    EXPECT_FALSE(decode_update_v2(bytes).ok()) << what;
    EXPECT_FALSE(doc.apply_update_v2(bytes).ok()) << what;
  }
  EXPECT_EQ(doc.encode_state_as_update_v1(), (Bytes{0, 0}));
}

TEST(UpdateV2, AnyTruncationOrFlippedBitIsRefusedOrIntegratedWhole) {
  Doc author({.client = 5});
  fill(author);
  const Bytes bytes = author.encode_state_as_update_v2();
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(decode_update_v2(ByteView(bytes).first(size)).ok()) << size;
  }
  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    Bytes damaged = bytes;
    damaged[bit / 8] = static_cast<std::uint8_t>(damaged[bit / 8] ^ (1u << (bit % 8)));
    Doc doc({.client = 9});
    if (!doc.apply_update_v2(damaged).ok()) {
      EXPECT_TRUE(doc.state_vector().empty()) << bit;
    }
    EXPECT_EQ(test::DocumentCheck::of(doc), "") << bit;
  }
}

// yjs#479, yjs#516: garbage made other readers loop for ever.
TEST(UpdateV2, GarbageEnds) {
  const std::uint32_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  for (int i = 0; i < 3000; ++i) {
    Bytes bytes(random() % 60);
    // Small numbers make columns that have something in them.
    for (auto& byte : bytes) byte = static_cast<std::uint8_t>(random() % (i % 2 == 0 ? 256 : 12));
    if (!bytes.empty()) bytes[0] = 0;
    Doc doc({.client = 9});
    if (const auto update = decode_update_v2(bytes); update.ok()) {
      EXPECT_TRUE(decode_update_v2(encode_update_v2(*update)).ok());
      EXPECT_TRUE(doc.apply_update_v2(bytes).ok());
    }
  }
}

TEST(UpdateV2, TwentyThousandStructsFitIntoFortyBytes) {
  std::vector<Struct> structs;
  for (Clock clock = 0; clock < 20000; ++clock) {
    structs.push_back(plain({1, clock}, StructKind::kGC, 1));
  }
  const Bytes bytes = with_structs(std::move(structs));
  EXPECT_LE(bytes.size(), 40u);
  const auto update = decode_update_v2(bytes);
  ASSERT_TRUE(update.ok());
  EXPECT_EQ(update->structs.at(1).size(), 20000u);
  Doc doc({.client = 9});
  ASSERT_TRUE(doc.apply_update_v2(bytes).ok());
  EXPECT_EQ(doc.state_vector().get(1), 20000u);
}

// y-octo 381cc95: a count of the input was reserved before anything was read.
TEST(UpdateV2, ADeclaredCountReservesNothing) {
  const Bytes huge{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f};
  const auto claiming = [&](std::initializer_list<int> before) {
    Bytes bytes;
    for (const int byte : before) bytes.push_back(static_cast<std::uint8_t>(byte));
    bytes.insert(bytes.end(), huge.begin(), huge.end());
    return bytes;
  };
  // Sections, structs, deleted clients, ranges; in format 1, then in format 2.
  for (const Bytes& bytes : {claiming({}), claiming({1}), claiming({0}), claiming({0, 1, 1})}) {
    EXPECT_FALSE(decode_update_v1(bytes).ok());
    Bytes columns(10, 0);
    columns.insert(columns.end(), bytes.begin(), bytes.end());
    EXPECT_FALSE(decode_update_v2(columns).ok());
  }
}

// reearth/ygo#231: GC structs were not read in format 2, and what followed them waited for ever.
TEST(UpdateV2, WhatFollowsGcStructsIsThere) {
  Doc author({.client = 5});
  fill(author);
  const auto update = decode_update_v2(author.encode_state_as_update_v2());
  ASSERT_TRUE(update.ok());
  std::size_t collected = 0;
  for (const Struct& item : update->structs.at(5)) collected += item.kind == StructKind::kGC;
  ASSERT_GT(collected, 0u);
  Doc reader({.client = 6});
  const auto applied = reader.apply_update_v2(author.encode_state_as_update_v2());
  ASSERT_TRUE(applied.ok());
  EXPECT_FALSE(applied->pending);
  EXPECT_EQ(map_of(reader).type().to_json(), map_of(author).type().to_json());
  EXPECT_EQ(reader.encode_state_as_update_v2(), author.encode_state_as_update_v2());
}

// yrs 5f90eba, y-octo dc665b9: the length of a Skip is not in the column of lengths, and the hole
// it stands for must stay one.
TEST(UpdateV2, SkipsStandForHoles) {
  Doc author({.client = 5});
  std::vector<Bytes> updates;
  const Handle listening =
      author.on_update_v2([&](const Bytes& update, Transaction&) { updates.push_back(update); });
  for (int i = 0; i < 3; ++i) text_of(author).insert(text_of(author).size(), "ab");
  const Bytes ends[] = {updates[0], updates[2]};
  const Bytes merged = merge_updates_v2(ends).value();
  const auto update = decode_update_v2(merged);
  ASSERT_TRUE(update.ok());
  const auto& structs = update->structs.at(5);
  ASSERT_EQ(structs.size(), 3u);
  EXPECT_EQ(structs[1].kind, StructKind::kSkip);
  EXPECT_EQ(structs[1].length, 2u);
  EXPECT_EQ(state_vector_of(*update).get(5), 2u);

  Doc reader({.client = 6});
  EXPECT_TRUE(reader.apply_update_v2(merged)->pending);
  EXPECT_EQ(text_of(reader).string(), "ab");
  // What waits is handed on, behind a Skip, in both formats.
  for (const bool v2 : {false, true}) {
    Doc next({.client = 7});
    ASSERT_TRUE((v2 ? next.apply_update_v2(reader.encode_state_as_update_v2())
                    : next.apply_update_v1(reader.encode_state_as_update_v1()))
                    .ok());
    EXPECT_TRUE(next.has_pending());
    ASSERT_TRUE(next.apply_update_v2(updates[1]).ok());
    EXPECT_FALSE(next.has_pending());
    EXPECT_EQ(text_of(next).string(), "ababab");
  }
}

// y-octo 39aaace: an update that stayed incomplete was applied again and again.
TEST(UpdateV2, WhatIsIncompleteWaitsQuietly) {
  Doc author({.client = 5});
  std::vector<Bytes> updates;
  const Handle listening =
      author.on_update_v2([&](const Bytes& update, Transaction&) { updates.push_back(update); });
  for (int i = 0; i < 4; ++i) text_of(author).insert(0, "x");
  Doc reader({.client = 6});
  int told = 0;
  const Handle counting = reader.on_update([&](const Bytes&, Transaction&) { ++told; });
  for (int round = 0; round < 3; ++round) {
    for (const std::size_t index : {3u, 2u, 3u}) {
      EXPECT_TRUE(reader.apply_update_v2(updates[index])->pending);
    }
  }
  EXPECT_EQ(told, 0);
  // Somebody else's change completes nothing.
  text_of(reader).insert(0, "own");
  EXPECT_TRUE(reader.has_pending());
  ASSERT_TRUE(reader.apply_update_v2(updates[0]).ok());
  EXPECT_TRUE(reader.has_pending());
  ASSERT_TRUE(reader.apply_update_v2(updates[1]).ok());
  EXPECT_FALSE(reader.has_pending());
  EXPECT_EQ(reader.state_vector().get(5), 4u);
}

// y-crdt#632, yjs#785: with one update lost, deletions that came later take effect although what
// replaces the deleted waits; all heals once the update is there.
TEST(UpdateV2, DeletionsTakeEffectBeforeWhatReplacesTheDeleted) {
  Doc author({.client = 5});
  std::vector<Bytes> updates;
  const Handle listening =
      author.on_update_v2([&](const Bytes& update, Transaction&) { updates.push_back(update); });
  map_of(author).set("x", Value("old"));
  text_of(author).insert(0, "lost");
  map_of(author).set("x", Value("new"));
  Doc reader({.client = 6});
  ASSERT_TRUE(reader.apply_update_v2(updates[0]).ok());
  ASSERT_TRUE(reader.apply_update_v2(updates[2]).ok());
  EXPECT_FALSE(map_of(reader).has("x"));
  EXPECT_TRUE(reader.has_pending());
  ASSERT_TRUE(reader.apply_update_v2(updates[1]).ok());
  EXPECT_EQ(map_of(reader).type().to_json(), Value::object({{"x", "new"}}));
  EXPECT_EQ(reader.encode_state_as_update_v2(), author.encode_state_as_update_v2());
}

// yjs#398: Yjs writes each key anew, but its decoder takes one that refers to an earlier one.
TEST(UpdateV2, AKeyMayReferToAnEarlierOne) {
  encoding::IntDiffOptRleWriter key_clocks;
  encoding::UintOptRleWriter clients, types;
  encoding::IntDiffOptRleWriter left_clocks;
  encoding::RleWriter infos, parents;
  encoding::StringsWriter strings;
  // Two XML elements "p" in fragment "x"; the second names the key of the first.
  infos.write(7);
  infos.write(0x87);
  clients.write(1);
  clients.write(1);
  left_clocks.write(0);
  parents.write(1);
  strings.write("x", 1);
  strings.write("p", 1);
  types.write(3);
  types.write(3);
  key_clocks.write(0);
  key_clocks.write(0);
  encoding::Writer out;
  out.var_uint(0);
  key_clocks.finish(out);
  clients.finish(out);
  left_clocks.finish(out);
  out.var_uint(0);
  infos.finish(out);
  strings.finish(out);
  parents.finish(out);
  types.finish(out);
  out.var_uint(0);
  for (const std::uint8_t byte : Bytes{1, 2, 0, 0}) out.u8(byte);
  Doc doc({.client = 9});
  ASSERT_TRUE(doc.apply_update_v2(out.bytes()).ok());
  EXPECT_EQ(doc.root("x", TypeKind::kXmlFragment).value()->to_json(), Value("<p></p><p></p>"));
}

TEST(UpdateV2, ClientIdsHaveFiftyThreeBits) {
  Doc author({.client = encoding::kMaxSafeInteger});
  fill(author);
  Doc reader({.client = 6});
  ASSERT_TRUE(reader.apply_update_v2(author.encode_state_as_update_v2()).ok());
  EXPECT_EQ(reader.encode_state_as_update_v2(), author.encode_state_as_update_v2());
}

TEST(UpdateV2, WhatEmbedsSaySurvivesThatJsonCannotSayIt) {
  Struct item = plain({1, 0}, StructKind::kEmbed, 1);
  item.parent = "t";
  item.content.value = std::make_shared<const Value>(
      Value::object({{"zero", -0.0}, {"none", Value::Undefined{}}, {"big", Value::BigInt{7}}}));
  const Value said = *item.content.value;
  std::vector<Struct> structs;
  structs.push_back(std::move(item));
  const Bytes bytes = with_structs(std::move(structs));
  Doc doc({.client = 9});
  ASSERT_TRUE(doc.apply_update_v2(bytes).ok());
  const auto again = decode_update_v2(doc.encode_state_as_update_v2());
  EXPECT_EQ(json_value(again->structs.at(1)[0].content), said);
  const auto as_json = decode_update_v1(doc.encode_state_as_update_v1());
  ASSERT_TRUE(as_json.ok());
  EXPECT_EQ(json_value(as_json->structs.at(1)[0].content),
            Value::object({{"zero", 0.0}, {"big", 7}}));
}

TEST(UpdateV2, ListenersOfOneFormatDoNotHearTheOther) {
  Doc doc({.client = 1});
  Bytes v1, v2;
  Handle first = doc.on_update([&](const Bytes& update, Transaction&) { v1 = update; });
  Handle second = doc.on_update_v2([&](const Bytes& update, Transaction&) { v2 = update; });
  text_of(doc).insert(0, "a");
  EXPECT_EQ(convert_update_v1_to_v2(v1).value(), v2);
  EXPECT_EQ(convert_update_v2_to_v1(v2).value(), v1);
  v1.clear();
  first = {};
  text_of(doc).insert(1, "b");
  EXPECT_TRUE(v1.empty());
  EXPECT_TRUE(decode_update_v2(v2).ok());
}

}  // namespace
}  // namespace syncline::crdt
