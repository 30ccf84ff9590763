// Transactions: joining, order of callbacks, exceptions.
#include <gtest/gtest.h>

#include <stdexcept>

#include "crdt/doc.hpp"
#include "crdt/event.hpp"

namespace syncline::crdt {
namespace {

class Transactions : public testing::Test {
 protected:
  Doc doc{{.client = 1}};
  Map map{*doc.root("m", TypeKind::kMap).value()};
  std::vector<std::string> log;
  std::vector<Handle> handles;

  void log_everything() {
    handles.push_back(
        map.type().observe([this](const Event&, Transaction&) { log.emplace_back("observe"); }));
    handles.push_back(map.type().observe_deep(
        [this](std::span<const Event>, Transaction&) { log.emplace_back("deep"); }));
    handles.push_back(
        doc.on_after_transaction([this](Transaction&) { log.emplace_back("after"); }));
    handles.push_back(
        doc.on_update([this](const Bytes&, Transaction&) { log.emplace_back("update"); }));
  }
};

TEST_F(Transactions, CallBackInOrder) {
  log_everything();
  doc.transact([&](Transaction&) {
    map.set("a", Value(1));
    map.set("b", Value(2));
    log.emplace_back("body");
  });
  EXPECT_EQ(log, (std::vector<std::string>{"body", "observe", "deep", "after", "update"}));
}

TEST_F(Transactions, SayNothingWhereNothingChanged) {
  log_everything();
  doc.transact([](Transaction&) {});
  EXPECT_EQ(log, (std::vector<std::string>{"after"}));
}

TEST_F(Transactions, InsideOneAnotherAreOneWithTheOuterOrigin) {
  std::vector<Value> origins;
  handles.push_back(
      doc.on_update([&](const Bytes&, Transaction& done) { origins.push_back(done.origin()); }));
  doc.transact(
      [&](Transaction&) {
        map.set("a", Value(1));
        doc.transact([&](Transaction&) { map.set("b", Value(2)); }, Value("inner"));
      },
      Value("outer"));
  EXPECT_EQ(origins, (std::vector<Value>{Value("outer")}));
}

TEST_F(Transactions, OfObserversAreQueuedNotNested) {
  handles.push_back(map.type().observe([this](const Event& event, Transaction&) {
    log.push_back("observe " + event.keys.begin()->first);
    if (!map.has("second")) {
      map.set("second", Value(2));
      // The body has run, its observers have not.
      log.emplace_back("set");
    }
  }));
  handles.push_back(doc.on_update([this](const Bytes& update, Transaction& done) {
    const auto decoded = decode_update_v1(update).value();
    log.push_back("update from " + std::to_string(done.before().get(1)) + " to " +
                  std::to_string(done.after().get(1)));
    EXPECT_FALSE(decoded.empty());
  }));
  map.set("first", Value(1));
  EXPECT_EQ(log, (std::vector<std::string>{"observe first", "set", "update from 0 to 1",
                                           "observe second", "update from 1 to 2"}));
}

TEST_F(Transactions, AnExceptionLetsStandWhatWasDone) {
  log_everything();
  EXPECT_THROW(doc.transact([&](Transaction&) {
    map.set("a", Value(1));
    throw std::runtime_error("stop");
  }),
               std::runtime_error);
  EXPECT_TRUE(map.has("a"));
  EXPECT_EQ(log, (std::vector<std::string>{"observe", "deep", "after", "update"}));
  map.set("b", Value(1));
  EXPECT_TRUE(map.has("b"));
}

TEST_F(Transactions, EveryCallbackRunsEvenIfOneThrows) {
  handles.push_back(
      map.type().observe([](const Event&, Transaction&) { throw std::runtime_error("first"); }));
  log_everything();
  handles.push_back(
      doc.on_update([](const Bytes&, Transaction&) { throw std::logic_error("second"); }));
  EXPECT_THROW(map.set("a", Value(1)), std::runtime_error);
  EXPECT_EQ(log, (std::vector<std::string>{"observe", "deep", "after", "update"}));
}

TEST_F(Transactions, EndWithTheirHandle) {
  int calls = 0;
  Handle first;
  Handle second = map.type().observe([&](const Event&, Transaction&) {
    ++calls;
    first.reset();
  });
  first = map.type().observe([&](const Event&, Transaction&) { calls += 100; });
  map.set("a", Value(1));
  EXPECT_EQ(calls, 1);
  second.reset();
  map.set("a", Value(2));
  EXPECT_EQ(calls, 1);
}

TEST_F(Transactions, HandlesMayOutliveTheDocument) {
  Handle kept;
  {
    Doc other({.client = 2});
    kept = other.on_update([](const Bytes&, Transaction&) {});
  }
  kept.reset();
}

TEST_F(Transactions, TellWhatTheyDeleted) {
  map.set("a", Value(1));
  handles.push_back(doc.on_after_transaction([&](Transaction& done) {
    EXPECT_TRUE(done.deletes().contains({1, 0}));
    EXPECT_TRUE(done.local());
    EXPECT_EQ(done.before().get(1), 1u);
    EXPECT_EQ(done.after().get(1), 1u);
    log.emplace_back("seen");
  }));
  map.remove("a");
  EXPECT_EQ(log.size(), 1u);
}

}  // namespace
}  // namespace syncline::crdt
