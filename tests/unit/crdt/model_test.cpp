// Random editing: against plain strings and vectors, and between replicas that hear of each other
// in any order.
#include <gtest/gtest.h>

#include <random>

#include "crdt/doc.hpp"
#include "encoding/utf16.hpp"

namespace syncline::crdt {
namespace {

class Chance {
 public:
  explicit Chance(std::uint64_t seed) : random_(seed) {}
  std::size_t pick(std::size_t below) { return random_() % below; }
  bool one_in(std::size_t count) { return pick(count) == 0; }

 private:
  std::mt19937_64 random_;
};

const char* const kWords[] = {"a", "word", "é", "longer words", "日本"};

/// A replica: every document has the same three roots.
struct Replica {
  explicit Replica(ClientId client) : doc({.client = client}) {}
  Doc doc;
  Text text{*doc.root("t", TypeKind::kText).value()};
  Array list{*doc.root("l", TypeKind::kArray).value()};
  Map map{*doc.root("m", TypeKind::kMap).value()};

  void edit(Chance& chance) {
    switch (chance.pick(7)) {
      case 0:
      case 1:
        text.insert(chance.pick(text.size() + 1), chance.one_in(8) ? "😀" : kWords[chance.pick(5)]);
        return;
      case 2:
        text.remove(chance.pick(text.size() + 1), 1 + chance.pick(6));
        return;
      case 3:
        EXPECT_TRUE(list.insert(chance.pick(list.size() + 1),
                                {Value(chance.pick(100)), shared(Value::parse("{\"n\":[1]}"))})
                        .ok());
        return;
      case 4:
        if (list.size() == 0) return;
        EXPECT_TRUE(list.remove(chance.pick(list.size()), 1).ok());
        return;
      case 5:
        map.set("k" + std::to_string(chance.pick(3)), chance.one_in(3)
                                                          ? shared(Value::parse("{\"x\":{}}"))
                                                          : Input(Value(chance.pick(9))));
        return;
      default:
        map.remove("k" + std::to_string(chance.pick(3)));
    }
  }

  Value json() const {
    return Value::object(
        {{"t", text.type().to_json()}, {"l", list.type().to_json()}, {"m", map.type().to_json()}});
  }
};

TEST(Model, TextAndListsAgreeWithPlainOnes) {
  Chance chance(3);
  Doc doc({.client = 1});
  Text text(*doc.root("t", TypeKind::kText).value());
  Array list(*doc.root("l", TypeKind::kArray).value());
  std::u16string plain_text;
  std::vector<std::size_t> plain_list;
  for (int step = 0; step < 6000; ++step) {
    if (chance.pick(3) > 0 || plain_text.size() < 20) {
      const std::string word = kWords[chance.pick(5)];
      const std::size_t at = chance.pick(plain_text.size() + 1);
      text.insert(at, word);
      plain_text.insert(at, encoding::to_utf16(word));
    } else {
      const std::size_t at = chance.pick(plain_text.size());
      const std::size_t count = 1 + chance.pick(12);
      text.remove(at, count);
      plain_text.erase(at, count);
    }
    if (chance.pick(3) > 0 || plain_list.size() < 3) {
      const std::size_t at =
          chance.one_in(5) ? plain_list.size() : chance.pick(plain_list.size() + 1);
      ASSERT_TRUE(list.insert(at, {Value(step)}).ok());
      plain_list.insert(plain_list.begin() + static_cast<std::ptrdiff_t>(at),
                        static_cast<std::size_t>(step));
    } else {
      const std::size_t at = chance.pick(plain_list.size());
      ASSERT_TRUE(list.remove(at, 1).ok());
      plain_list.erase(plain_list.begin() + static_cast<std::ptrdiff_t>(at));
    }
    const std::size_t asked = chance.pick(std::max<std::size_t>(plain_list.size(), 1));
    if (asked < plain_list.size()) {
      ASSERT_EQ(std::get<Value>(list.get(asked)), Value(plain_list[asked])) << "step " << step;
    }
    if (step % 100 == 0) {
      ASSERT_EQ(text.string(), encoding::from_utf16(plain_text)) << "step " << step;
      ASSERT_EQ(list.elements().size(), plain_list.size());
    }
  }
  EXPECT_EQ(text.size(), plain_text.size());
  Doc copy({.client = 2});
  ASSERT_TRUE(copy.apply_update_v1(doc.encode_state_as_update_v1()).ok());
  EXPECT_EQ(Text(*copy.root("t", TypeKind::kText).value()).string(), text.string());
  EXPECT_EQ(copy.encode_state_as_update_v1(), doc.encode_state_as_update_v1());
}

void converge(std::uint64_t seed) {
  SCOPED_TRACE("seed " + std::to_string(seed));
  Chance chance(seed);
  std::vector<std::unique_ptr<Replica>> replicas;
  std::vector<std::vector<Bytes>> inbox(2 + chance.pick(3));
  std::vector<Handle> handles;
  for (std::size_t i = 0; i < inbox.size(); ++i) {
    const ClientId client = chance.one_in(2) ? i + 1 : (ClientId{1} << 50) - i * 77;
    replicas.push_back(std::make_unique<Replica>(client));
    handles.push_back(replicas[i]->doc.on_update([&inbox, i](const Bytes& update, Transaction& by) {
      for (std::size_t to = 0; by.local() && to < inbox.size(); ++to) {
        if (to != i) inbox[to].push_back(update);
      }
    }));
  }
  const auto deliver = [&](std::size_t to) {
    auto& waiting = inbox[to];
    const std::size_t at = chance.pick(waiting.size());
    const auto applied = replicas[to]->doc.apply_update_v1(waiting[at]);
    ASSERT_TRUE(applied.ok());
    // Once in a while something is heard twice.
    if (!chance.one_in(6)) waiting.erase(waiting.begin() + static_cast<std::ptrdiff_t>(at));
  };
  for (int step = 0; step < 120; ++step) {
    const std::size_t who = chance.pick(replicas.size());
    if (chance.one_in(2) && !inbox[who].empty()) {
      deliver(who);
    } else if (chance.one_in(3)) {
      replicas[who]->doc.transact([&](Transaction&) {
        for (std::size_t edits = chance.pick(4); edits > 0; --edits) replicas[who]->edit(chance);
      });
    } else {
      replicas[who]->edit(chance);
    }
  }
  for (std::size_t to = 0; to < inbox.size(); ++to) {
    while (!inbox[to].empty()) deliver(to);
  }
  const Replica& first = *replicas[0];
  for (const auto& replica : replicas) {
    ASSERT_FALSE(replica->doc.has_pending());
    ASSERT_EQ(replica->doc.state_vector(), first.doc.state_vector());
    ASSERT_EQ(replica->doc.encode_state_as_update_v1(), first.doc.encode_state_as_update_v1());
    ASSERT_EQ(replica->json(), first.json());
  }
  // A newcomer, by two different ways.
  Replica by_state(1000);
  ASSERT_TRUE(by_state.doc.apply_update_v1(first.doc.encode_state_as_update_v1()).ok());
  ASSERT_EQ(by_state.json(), first.json());
  ASSERT_EQ(by_state.doc.delete_set(), first.doc.delete_set());
}

TEST(Model, ReplicasConvergeInWhateverOrderTheyHear) {
  for (std::uint64_t seed = 1; seed <= 150 && !testing::Test::HasFailure(); ++seed) converge(seed);
}

}  // namespace
}  // namespace syncline::crdt
