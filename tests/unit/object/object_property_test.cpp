// Random programs on shared objects. Whatever they do, and however the updates travel: a plain copy
// that repeats the change records of its side is equal to the object at every moment, and in the
// end all copies are equal.
//
// Seeds run within SYNCLINE_PROPERTY_SECONDS (10 unless set); SYNCLINE_SEED=N runs one again.
#include <gtest/gtest.h>

#include <array>
#include <deque>
#include <limits>
#include <random>

#include "../../support/seeds.hpp"
#include "object_support.hpp"

namespace syncline::test {
namespace {

/// Draws everything from one seed.
class Dice {
 public:
  explicit Dice(std::uint64_t seed) : engine_(seed) {}
  /// In [0, below).
  std::size_t roll(std::size_t below) { return static_cast<std::size_t>(engine_() % below); }
  bool one_in(std::size_t n) { return roll(n) == 0; }

  std::string key() {
    static const std::vector<std::string> keys{"a",
                                               "b",
                                               "c",
                                               "d",
                                               "",
                                               ".",
                                               "a.b",
                                               "a/b",
                                               "~",
                                               "~0",
                                               "0",
                                               "1",
                                               "-",
                                               "__proto__",
                                               "ключ",
                                               "😀",
                                               std::string("\0", 1),
                                               "\xed\xa0\x80",
                                               "\xff"};
    return keys[roll(one_in(3) ? keys.size() : 4)];
  }

  std::string text() {
    static const std::vector<std::string> parts{"a",  "b",  "aa",           "é",   "漢", "😀",
                                                "😁", "\n", "\xed\xb0\x80", "\xf0"};
    std::string made;
    for (std::size_t n = roll(6); n > 0; --n) made += parts[roll(parts.size())];
    return made;
  }

  Value value(int depth, bool in_list) {
    switch (roll(depth > 0 ? 12 : 9)) {
      case 0:
        return nullptr;
      case 1:
        return one_in(2);
      case 2:
        return roll(3);
      case 3:
        return static_cast<double>(roll(1000)) / 8 - 3;
      case 4:
        return one_in(2) ? std::numeric_limits<double>::quiet_NaN() : -0.0;
      case 5:
        if (!in_list) return one_in(2) ? Value(Value::Undefined{}) : Value(Value::BigInt{-5});
        return 1e300;
      case 6:
        return Value::Binary(roll(3), 7);
      case 7:
      case 8:
        return text();
      case 9: {
        Value::Array items;
        for (std::size_t n = roll(4); n > 0; --n) items.push_back(value(depth - 1, true));
        return items;
      }
      default: {
        Value made = Value::object();
        for (std::size_t n = roll(4); n > 0; --n) made.set(key(), value(depth - 1, false));
        return made;
      }
    }
  }

 private:
  std::mt19937_64 engine_;
};

/// Random operations at random places that are there. Errors are part of the game as long as they
/// change nothing, which the mirrors see.
class Program {
 public:
  Program(DataObject object, Dice& dice) : object_(std::move(object)), dice_(dice) {}

  void step() {
    if (!dice_.one_in(5)) return operation();
    try {
      object_.transact([&] {
        for (std::size_t n = 1 + dice_.roll(6); n > 0; --n) operation();
        if (dice_.one_in(10)) throw std::runtime_error("enough");
      });
    } catch (const std::runtime_error&) {
    }
  }

 private:
  void operation() {
    const Value tree = object_.get();
    try {
      descend(object_.at(""), tree);
    } catch (const Error&) {
    }
  }

  void descend(const Node& place, const Value& here) {
    if (!dice_.one_in(4)) {
      if (here.is_object() && !here.members().empty()) {
        const auto& [key, member] = here.members()[dice_.roll(here.members().size())];
        return descend(place[key], member);
      }
      if (here.is_array() && !here.items().empty()) {
        const std::size_t index = dice_.roll(here.items().size());
        return descend(place[index], here.items()[index]);
      }
    }
    const Node named = dice_.one_in(2) ? place : object_.at(to_pointer(place.path()));
    if (here.is_object()) return in_map(named, here);
    if (here.is_array()) return in_list(named, here.items().size());
    on_leaf(named, here);
  }

  void in_map(const Node& map, const Value& here) {
    const Node member = map[dice_.key()];
    switch (dice_.roll(10)) {
      case 0:
        return member.remove();
      case 1:
        member.text().insert(0, dice_.text());
        return;
      case 2:
        return member.push_back(dice_.value(2, true));
      case 3:
        map = here;
        return;
      case 4:
        if (dice_.one_in(4)) map = dice_.value(3, false);
        return;
      case 5:
        return map.push_back(1);
      default:
        member = dice_.value(3, false);
    }
  }

  void in_list(const Node& list, std::size_t size) {
    const std::size_t index = dice_.roll(size + 1);
    switch (dice_.roll(9)) {
      case 0:
        return list[index].remove();
      case 1:
        return list.insert(index, dice_.value(2, dice_.one_in(9)));
      case 2:
        return list.erase(index, dice_.roll(size - index + 1));
      case 3:
        return list.erase(index, dice_.roll(4));
      case 4:
        list["-"] = dice_.value(2, true);
        return;
      case 5:
        list[index].text();
        return;
      case 6:
        list[index] = dice_.value(2, true);
        return;
      default:
        return list.push_back(dice_.value(2, true));
    }
  }

  void on_leaf(const Node& leaf, const Value& here) {
    if (dice_.one_in(10)) {
      leaf = dice_.one_in(2) ? here : dice_.value(2, false);
      return;
    }
    LiveText text = leaf.text();
    const std::size_t size = text.size();
    switch (dice_.roll(4)) {
      case 0:
        return text.erase(dice_.roll(size + 1), dice_.roll(5));
      case 1:
        return text.assign(dice_.text());
      case 2:
        leaf = text.string() + dice_.text();
        return;
      default:
        return text.insert(dice_.roll(size + 2), dice_.text());
    }
  }

  DataObject object_;
  Dice& dice_;
};

/// A replica with a mirror that repeats what it reports, and updates on their way to it.
struct Member {
  Member(std::string name, crdt::ClientId client, Dice& dice)
      : replica(std::move(name), client),
        program(replica.object, dice),
        watching(replica.object.observe([this](const Changes& changes) {
          mirror.repeat(changes);
          for (const Change& change : changes) check_author(change);
        })) {}

  void check_author(const Change& change) const {
    EXPECT_TRUE(!change.local || change.cause.empty());
    if (change.local) {
      EXPECT_EQ(change.by, replica.identity);
    } else if (change.by) {
      EXPECT_TRUE(*change.by == "alice" || *change.by == "bob" || *change.by == "carol");
    } else {
      EXPECT_TRUE(authors_may_be_lost) << change;
    }
  }
  void check() const {
    ASSERT_EQ(mirror.state(), replica.object.get())
        << "what observers of " << replica.identity << " heard is not what is there";
  }

  Replica replica;
  Program program;
  Mirror mirror{Value::object()};
  bool authors_may_be_lost = false;
  std::deque<std::pair<std::string, SharedBytes>> inbox;
  Handle watching;
};

class Swarm {
 public:
  explicit Swarm(std::uint64_t seed)
      : dice_(seed),
        ordered_(!dice_.one_in(3)),
        rebuilds_(dice_.one_in(3)),
        members_{{{"alice", 1, dice_}, {"bob", 2, dice_}, {"carol", 3, dice_}}} {}

  void run() {
    for (std::size_t n = 50 + dice_.roll(150); n > 0 && !testing::Test::HasFailure(); --n) {
      Member& member = members_[dice_.roll(3)];
      if (rebuilds_ && dice_.one_in(40)) {
        rebuild(member);
      } else if (dice_.one_in(2)) {
        member.program.step();
      } else {
        receive(member, 1 + dice_.roll(5));
      }
      post(member);
      member.check();
    }
    settle();
  }

 private:
  void post(Member& from) {
    for (const SharedBytes& update : from.replica.take()) {
      sent_.emplace_back(from.replica.identity, update);
      for (Member& to : members_)
        if (&to != &from) to.inbox.emplace_back(from.replica.identity, update);
    }
  }

  void receive(Member& to, std::size_t count) {
    std::vector<std::pair<std::string, SharedBytes>> batch;
    while (batch.size() < count && !to.inbox.empty()) {
      const auto next = to.inbox.begin() +
                        (ordered_ ? 0 : static_cast<std::ptrdiff_t>(dice_.roll(to.inbox.size())));
      batch.push_back(*next);
      // A network that repeats itself now and then.
      if (!dice_.one_in(20)) to.inbox.erase(next);
    }
    bring(to.replica, batch);
  }

  /// Takes over the state of another one, as after a refused write.
  void rebuild(Member& member) {
    const Member& source = members_[dice_.roll(3)];
    auto doc = Replica::make_doc(next_client_++);
    ASSERT_TRUE(doc->apply_update_v1(source.replica.live->doc().encode_state_as_update_v1()).ok());
    member.authors_may_be_lost = true;
    member.replica.live->replace(std::move(doc), "refused");
  }

  void settle() {
    for (Member& member : members_) {
      while (!member.inbox.empty()) receive(member, 1 + dice_.roll(9));
      member.check();
    }
    // What rebuilds dropped comes back, so that nothing waits for it for ever.
    if (rebuilds_)
      for (Member& member : members_) bring(member.replica, sent_);
    for (const Member& member : members_) {
      member.check();
      EXPECT_FALSE(member.replica.live->doc().has_pending());
      EXPECT_EQ(member.replica.object.get(), members_[0].replica.object.get());
      EXPECT_EQ(member.replica.live->doc().state_vector(),
                members_[0].replica.live->doc().state_vector());
    }
  }

  Dice dice_;
  bool ordered_;
  bool rebuilds_;
  crdt::ClientId next_client_ = 4;
  /// Every update there ever was.
  std::vector<std::pair<std::string, SharedBytes>> sent_;
  std::array<Member, 3> members_;
};

TEST(RandomPrograms, RecordsRetellEveryObjectAndCopiesAgree) {
  for_each_seed(10, [](std::uint64_t seed) { Swarm(seed).run(); });
}

}  // namespace
}  // namespace syncline::test
