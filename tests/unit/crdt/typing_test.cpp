// Changes made in place (src/crdt/typing.cpp) beside the same changes made struct by struct: an
// observed text goes the general way, and both documents have to be the same to the byte.
#include <gtest/gtest.h>

#include <random>

#include "../../support/document_check.hpp"
#include "../../support/seeds.hpp"
#include "crdt/doc.hpp"
#include "crdt/event.hpp"

namespace syncline::crdt {
namespace {

constexpr const char* kPieces[] = {"a",  "b",    "cd",           "xyz",          "é",
                                   "😀", "中文", "\xED\xA0\xBD", "a\xED\xB8\x80"};

struct Side {
  explicit Side(bool gc) : doc({.client = 7, .gc = gc}) {
    listening =
        doc.on_update([this](const Bytes& update, Transaction&) { made.push_back(update); });
    listening_v2 =
        doc.on_update_v2([this](const Bytes& update, Transaction&) { made_v2.push_back(update); });
    Map(*doc.root("m", TypeKind::kMap).value()).set("nested", NewType{.kind = TypeKind::kText});
  }
  Text text(bool nested) {
    if (!nested) return Text(*doc.root("t", TypeKind::kText).value());
    const auto element = Map(*doc.root("m", TypeKind::kMap).value()).get("nested");
    return Text(*std::get<SharedType*>(*element));
  }

  Doc doc;
  std::vector<Bytes> made;
  std::vector<Bytes> made_v2;
  Handle listening;
  Handle listening_v2;
};

/// One random session of somebody who mostly goes on where they are.
class Session {
 public:
  Session(std::uint64_t seed, bool listens)
      : random_(seed),
        listens_(listens),
        gc_(below(4) != 0),
        in_place_(gc_),
        by_struct_(gc_),
        other_({.client = 5}),
        follower_({.client = 11, .gc = gc_}),
        observed_follower_({.client = 12, .gc = gc_}) {
    watching_.push_back(observed_follower_.root("t", TypeKind::kText)
                            .value()
                            ->observe([](const Event&, Transaction&) {}));
    watching_.push_back(observed_follower_.root("m", TypeKind::kMap)
                            .value()
                            ->observe_deep([](std::span<const Event>, Transaction&) {}));
    watching_.push_back(by_struct_.text(false).type().observe([](const Event&, Transaction&) {}));
    watching_.push_back(by_struct_.text(true).type().observe([](const Event&, Transaction&) {}));
    if (listens) return;
    in_place_.listening = {};
    in_place_.listening_v2 = {};
  }

  void run(int steps) {
    for (int i = 0; i < steps && !::testing::Test::HasFailure(); ++i) step();
    EXPECT_EQ(test::DocumentCheck::of(in_place_.doc), "");
  }

 private:
  struct Edit {
    bool nested;
    std::size_t at;
    std::size_t removed;
    const char* inserted;
  };

  std::uint64_t below(std::uint64_t bound) { return random_() % bound; }

  Edit next_edit() {
    Edit edit{below(8) == 0, 0, 0, nullptr};
    const std::size_t size = in_place_.text(edit.nested).size();
    if (below(6) == 0) caret_ = below(size + 1);
    caret_ = std::min(caret_, size);
    edit.at = caret_;
    switch (below(5)) {
      case 0:
        edit.removed = std::min<std::size_t>(caret_, 1 + below(2));
        edit.at = caret_ -= edit.removed;
        break;
      case 1:
        edit.removed = std::min<std::size_t>(size - caret_, 1 + below(3));
        break;
      default:
        break;
    }
    if (edit.removed == 0)
      edit.inserted = kPieces[below(6) < 5 ? below(4) : below(std::size(kPieces))];
    return edit;
  }

  static void apply(Side& side, const Edit& edit) {
    if (edit.removed > 0) side.text(edit.nested).remove(edit.at, edit.removed);
    if (edit.inserted != nullptr) side.text(edit.nested).insert(edit.at, edit.inserted);
  }

  void step() {
    switch (below(24)) {
      case 0: {  // somebody else changes something, too
        ASSERT_TRUE(other_.apply_update_v1(in_place_.doc.encode_state_as_update_v1()).ok());
        const StateVector known = other_.state_vector();
        Text text(*other_.root("t", TypeKind::kText).value());
        if (below(2) == 0 && text.size() > 0) text.remove(below(text.size()), 1 + below(3));
        text.insert(below(text.size() + 1), kPieces[below(4)]);
        const Bytes update = other_.encode_state_as_update_v1(known);
        ASSERT_TRUE(in_place_.doc.apply_update_v1(update).ok());
        ASSERT_TRUE(by_struct_.doc.apply_update_v1(update).ok());
        break;
      }
      case 1: {  // a transaction of several, and something that is no text between them
        const std::size_t at = caret_;
        std::vector<Edit> edits;
        in_place_.doc.transact([&](Transaction&) {
          for (int i = 0; i < 4; ++i) {
            edits.push_back(next_edit());
            apply(in_place_, edits.back());
          }
        });
        by_struct_.doc.transact([&](Transaction&) {
          for (const Edit& edit : edits) apply(by_struct_, edit);
        });
        for (Side* side : {&in_place_, &by_struct_}) {
          Map(*side->doc.root("m", TypeKind::kMap).value())
              .set("n", Value(static_cast<double>(at)));
        }
        break;
      }
      default: {
        const Edit edit = next_edit();
        apply(in_place_, edit);
        apply(by_struct_, edit);
      }
    }
    if (listens_) follow();
    ASSERT_EQ(in_place_.doc.encode_state_as_update_v1(),
              by_struct_.doc.encode_state_as_update_v1());
    ASSERT_EQ(in_place_.text(false).string(), by_struct_.text(false).string());
    ASSERT_EQ(in_place_.text(false).size(), by_struct_.text(false).size());
    if (!in_place_.listening) return;
    ASSERT_EQ(in_place_.made, by_struct_.made);
    ASSERT_EQ(in_place_.made_v2, by_struct_.made_v2);
  }

  /// Two who get every update as it is made; one of them is observed.
  void follow() {
    for (; followed_ < by_struct_.made.size(); ++followed_) {
      const Bytes& update = by_struct_.made[followed_];
      const Result<Applied> a = follower_.apply_update_v1(update);
      const Result<Applied> b = observed_follower_.apply_update_v1(update);
      ASSERT_TRUE(a.ok() && b.ok());
      ASSERT_EQ(a->update, b->update);
    }
    ASSERT_EQ(follower_.encode_state_as_update_v1(),
              observed_follower_.encode_state_as_update_v1());
  }

  std::mt19937_64 random_;
  bool listens_;
  bool gc_;
  Side in_place_;
  Side by_struct_;
  Doc other_;
  Doc follower_;
  Doc observed_follower_;
  std::size_t followed_ = 0;
  std::vector<Handle> watching_;
  std::size_t caret_ = 0;
};

TEST(Typing, InPlaceIsTheSameAsStructByStruct) {
  const std::uint64_t first = test::unit_seed();
  for (std::uint64_t seed = first; seed < first + 40 && !HasFailure(); ++seed) {
    SCOPED_TRACE(seed);
    Session(seed, true).run(150);
    Session(seed, false).run(150);
  }
}

TEST(Typing, AnObserverThatComesWithinTheTransactionHearsAllOfIt) {
  Doc doc({.client = 1});
  Text text(*doc.root("t", TypeKind::kText).value());
  text.insert(0, "abc");
  text.remove(2, 1);
  text.insert(2, "d");
  std::vector<DeltaOp> heard;
  Handle observing;
  doc.transact([&](Transaction&) {
    text.insert(3, "efg");
    text.remove(1, 1);
    observing = text.type().observe([&](const Event& event, Transaction&) { heard = event.delta; });
  });
  ASSERT_EQ(heard.size(), 4u);
  EXPECT_EQ(std::get<Retain>(heard[0]).length, 1u);
  EXPECT_EQ(std::get<Delete>(heard[1]).length, 1u);
  EXPECT_EQ(std::get<Retain>(heard[2]).length, 1u);
  EXPECT_EQ(text.string(), "adefg");
  EXPECT_EQ(test::DocumentCheck::of(doc), "");
}

}  // namespace
}  // namespace syncline::crdt
