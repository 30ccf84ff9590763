// Items are packed into 48 bytes; the rare ones whose numbers do not fit keep them in a box.
// Whoever reads an item must not see which.
#include "crdt/item.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <random>
#include <string>

#include "../../support/document_check.hpp"
#include "../../support/seeds.hpp"
#include "crdt/doc.hpp"
#include "encoding/lib0.hpp"

namespace syncline::crdt {
namespace {

constexpr Clock kHuge = Clock{1} << 32;

void for_each_seed(std::uint64_t count, const std::function<void(std::uint64_t)>& run) {
  for (std::uint64_t seed = test::unit_seed(), end = seed + count; seed < end; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    run(seed);
    if (testing::Test::HasFailure()) return;
  }
}

/// What an item should hold.
struct Plain {
  Unit first{0, 0};
  std::uint64_t length = 0;
  Unit origin = kNowhere;
  Unit right_origin = kNowhere;
  std::uint64_t content = 0;
  KeyIndex key = kNone;
};

void expect_same(const Item& item, const Plain& plain) {
  EXPECT_EQ(item.first(), plain.first);
  EXPECT_EQ(item.length(), plain.length);
  EXPECT_EQ(item.end(), plain.first.clock + plain.length);
  EXPECT_EQ(item.origin(), plain.origin);
  EXPECT_EQ(item.right_origin(), plain.right_origin);
  EXPECT_EQ(item.content(), plain.content);
  EXPECT_EQ(item.key(), plain.key);
}

TEST(Item, HoldsNumbersOfAnySize) {
  for_each_seed(200, [](std::uint64_t seed) {
    std::mt19937_64 random(seed);
    // Around the borders of what fits.
    const auto number = [&]() -> std::uint64_t {
      constexpr std::uint64_t kNumbers[] = {0, 1, kHuge - 2, kHuge - 1, kHuge, Clock{1} << 52};
      return kNumbers[random() % (random() % 4 == 0 ? 6 : 3)];
    };
    const auto unit = [&]() -> Unit {
      constexpr ClientIndex kClients[] = {0, 7, 0xfffe, 0xffff, 0x10000, 0xfffffffe};
      if (random() % 4 == 0) return kNowhere;
      return {kClients[random() % (random() % 4 == 0 ? 6 : 3)], number()};
    };
    Item item;
    Plain plain;
    for (int step = 0; step < 60; ++step) {
      switch (random() % 8) {
        case 0:
          plain.first = unit();
          if (plain.first == kNowhere) plain.first = {};
          if (plain.first.client == kNone) plain.first = {0, 0};
          item.set_id(plain.first);
          break;
        case 1:
          plain.first.clock = number();
          item.set_clock(plain.first.clock);
          break;
        case 2:
          plain.length = number();
          item.set_length(plain.length);
          break;
        case 3:
          plain.origin = unit();
          item.set_origin(plain.origin);
          break;
        case 4:
          plain.right_origin = unit();
          item.set_right_origin(plain.right_origin);
          break;
        case 5:
          plain.content = number();
          item.set_content(plain.content);
          break;
        case 6:
          plain.key = random() % 2 == 0 ? kNone : 3;
          item.set_key(plain.key);
          break;
        default: {
          // A copy is a thing of its own.
          Item copy(item);
          item.set_length(plain.length + 1);
          expect_same(copy, plain);
          item = copy;
          break;
        }
      }
      expect_same(item, plain);
    }
  });
}

/// `doc` is consistent inside, and a copy of it is the same document.
void expect_whole(Doc& doc) {
  EXPECT_EQ(test::DocumentCheck::of(doc), "");
  const Bytes state = doc.encode_state_as_update_v1();
  Doc copy({.client = 999});
  ASSERT_TRUE(copy.root("t", TypeKind::kText).ok());
  ASSERT_TRUE(copy.apply_update_v1(state).ok());
  EXPECT_EQ(test::DocumentCheck::of(copy), "");
  EXPECT_EQ(copy.encode_state_as_update_v1(), state);
  EXPECT_EQ(Text(*copy.find_root("t")).string(), Text(*doc.find_root("t")).string());
}

/// `length` collected units of `client`, as an update.
Bytes collected(ClientId client, std::uint64_t length) {
  encoding::Writer out;
  out.var_uint(1);  // clients
  out.var_uint(1);  // structs
  out.var_uint(client);
  out.var_uint(0);  // first clock
  out.u8(0);        // GC
  out.var_uint(length);
  out.var_uint(0);  // deletions
  return std::move(out).take();
}

/// The update as it would be, had client 7 made `by` more units before.
Bytes shifted(const Bytes& bytes, Clock by) {
  Update update = decode_update_v1(bytes).value();
  for (auto& [client, structs] : update.structs) {
    for (Struct& changed : structs) {
      changed.id.clock += by;
      if (changed.origin) changed.origin->clock += by;
      if (changed.right_origin) changed.right_origin->clock += by;
    }
  }
  DeleteSet deletes;
  for (const auto& [client, ranges] : update.deletes.ranges()) {
    for (const auto& range : ranges) deletes.add(client, range.clock + by, range.length);
  }
  update.deletes = deletes;
  return encode_update_v1(update);
}

// The same edits after no units, after as many as just fit, and after more than fit.
TEST(Item, ClocksBeyond32BitsMakeNoDifference) {
  for (const std::uint64_t before : {kHuge - 8, kHuge, Clock{1} << 52}) {
    SCOPED_TRACE(before);
    for_each_seed(20, [&](std::uint64_t seed) {
      std::mt19937_64 random(seed);
      Doc plain({.client = 7});
      Doc beyond({.client = 9});
      for (Doc* doc : {&plain, &beyond}) ASSERT_TRUE(doc->root("t", TypeKind::kText).ok());
      ASSERT_TRUE(beyond.apply_update_v1(collected(7, before)).ok());
      const Handle following = plain.on_update([&](const Bytes& update, Transaction&) {
        const auto applied = beyond.apply_update_v1(shifted(update, before), {}, Relay::kYes);
        ASSERT_TRUE(applied.ok());
        EXPECT_EQ(applied->update, shifted(update, before));
      });
      Text text(*plain.find_root("t"));
      std::uint64_t caret = 0;
      for (int step = 0; step < 60; ++step) {
        if (random() % 4 == 0) caret = random() % (text.size() + 1);
        if (random() % 3 == 0 && caret > 0) {
          const std::uint64_t many = 1 + random() % std::min<std::uint64_t>(caret, 3);
          caret -= many;
          text.remove(caret, many);
        } else {
          text.insert(caret, random() % 2 == 0 ? "ab" : "éa");
          caret += 2;
        }
      }
      EXPECT_EQ(Text(*beyond.find_root("t")).string(), text.string());
      EXPECT_EQ(beyond.state_vector().get(7), before + plain.state_vector().get(7));
      expect_whole(beyond);
    });
  }
}

TEST(Item, MoreClientsThanFitIn16Bits) {
  constexpr ClientId kClients = 66'000;
  Doc doc({.client = 1'000'000});
  ASSERT_TRUE(doc.root("t", TypeKind::kText).ok());
  // Each client appends a letter to the last one's, and every third deletes it.
  for (ClientId client = 1; client <= kClients; ++client) {
    encoding::Writer out;
    out.var_uint(1);
    out.var_uint(1);
    out.var_uint(client);
    out.var_uint(0);
    if (client == 1) {
      out.u8(4);  // a string, no origins: its parent follows
      out.var_uint(1);
      out.var_string("t");
    } else {
      out.u8(4 | 0x80);  // a string with an origin
      out.var_uint(client - 1);
      out.var_uint(0);
    }
    out.var_string(std::string(1, static_cast<char>('a' + client % 26)));
    if (client % 3 == 0) {
      out.var_uint(1);
      out.var_uint(client);
      out.var_uint(1);
      out.var_uint(0);
      out.var_uint(1);
    } else {
      out.var_uint(0);
    }
    ASSERT_TRUE(doc.apply_update_v1(std::move(out).take()).ok());
  }
  Text text(*doc.find_root("t"));
  EXPECT_EQ(text.size(), kClients - kClients / 3);
  // The local client's number does not fit either.
  text.insert(text.size() - 2, "written here");
  text.insert(text.size() - 1, "and here");
  text.remove(text.size() - 6, 3);
  expect_whole(doc);
}

}  // namespace
}  // namespace syncline::crdt
