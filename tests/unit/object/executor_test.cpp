// Every public operation holds the executor while it runs, and lets go of it afterwards.
#include <gtest/gtest.h>

#include "object_support.hpp"

namespace syncline {
namespace {

/// Counts how often it is entered, and how many guards live.
class CountingExecutor : public Executor {
 public:
  void post(std::function<void()>) override { FAIL() << "objects post nothing"; }
  Handle after(Duration, std::function<void()>) override { return {}; }
  Guard enter() override {
    ++entered;
    ++*inside;
    return Guard(nullptr, [inside = inside](void*) { --*inside; });
  }
  bool run_until(const std::function<bool()>&, Duration) override { return false; }

  int entered = 0;
  std::shared_ptr<int> inside = std::make_shared<int>(0);
};

struct Entering : testing::Test, object::LiveObjectEvents {
  Result<void> may_write() override {
    EXPECT_GT(*executor.inside, 0);
    return {};
  }
  void on_local_update(SharedBytes) override { EXPECT_GT(*executor.inside, 0); }
  std::size_t unacknowledged() const override {
    EXPECT_GT(*executor.inside, 0);
    return 0;
  }
  std::string owner() const override {
    EXPECT_GT(*executor.inside, 0);
    return {};
  }

  template <typename Action>
  void expect_entered(const Action& action) {
    const int before = executor.entered;
    action();
    EXPECT_GT(executor.entered, before);
    EXPECT_EQ(*executor.inside, 0);
  }

  CountingExecutor executor;
  std::shared_ptr<object::LiveObject> live = std::make_shared<object::LiveObject>(
      "comm://example.org/board", "alice", test::Replica::make_doc(1), &executor, this);
  DataObject object{live};
};

TEST_F(Entering, EveryOperationEntersAndLeaves) {
  expect_entered([&] { object["a"] = 1; });
  expect_entered([&] { object["b"] = object["a"]; });
  expect_entered([&] { object["l"].push_back(1); });
  expect_entered([&] { object["l"].insert(0, 0); });
  expect_entered([&] { object["l"].erase(0); });
  expect_entered([&] { object["l"][0].remove(); });
  expect_entered([&] { (void)object["a"].exists(); });
  expect_entered([&] { (void)object["a"].get(); });
  expect_entered([&] { (void)object["a"].as<int>(); });
  expect_entered([&] { (void)object["l"].size(); });
  expect_entered([&] { (void)object.at("").keys(); });
  expect_entered([&] { (void)object["a"].is_text(); });
  expect_entered([&] { (void)object.get(); });
  expect_entered([&] { (void)object.keys(); });
  expect_entered([&] { (void)object.owner(); });
  expect_entered([&] { (void)object.may_write(); });
  expect_entered([&] { (void)object.unacknowledged(); });
  expect_entered([&] { object["t"].text(); });
  LiveText text = object["t"].text();
  expect_entered([&] { text.insert(0, "abc"); });
  expect_entered([&] { text.erase(0, 1); });
  expect_entered([&] { text.assign("x"); });
  expect_entered([&] { (void)text.size(); });
  expect_entered([&] { (void)text.string(); });
  expect_entered([&] { EXPECT_THROW(object["x"]["y"] = 1, Error); });
  expect_entered([&] { EXPECT_THROW((void)object["x"].get(), Error); });
}

TEST_F(Entering, ValueOrLooksOnce) {
  const int before = executor.entered;
  EXPECT_EQ(object["a"].value_or(5), 5);
  EXPECT_EQ(executor.entered, before + 1);
}

TEST_F(Entering, NamingAPlaceDoesNotEnter) {
  const int before = executor.entered;
  (void)object["a"]["b"][3];
  (void)object.at("/a/b");
  EXPECT_EQ(executor.entered, before);
}

TEST_F(Entering, BodiesAndObserversRunInside) {
  int observed = 0;
  Handle watching;
  expect_entered([&] {
    watching = object.observe([&](const Changes&) {
      EXPECT_GT(*executor.inside, 0);
      ++observed;
    });
  });
  expect_entered([&] {
    object.transact([&] {
      EXPECT_GT(*executor.inside, 0);
      object["a"] = 1;
    });
  });
  expect_entered([&] { object.read([&] { EXPECT_GT(*executor.inside, 0); }); });
  expect_entered([&] {
    EXPECT_THROW(object.transact([] { throw std::runtime_error("enough"); }), std::runtime_error);
  });
  expect_entered([&] { watching.reset(); });
  EXPECT_EQ(observed, 1);
}

TEST_F(Entering, WithoutItsSyncerAnObjectLetsGoOfTheExecutor) {
  object["a"] = 1;
  Handle watching = object.observe([](const Changes&) {});
  live->set_events(nullptr);
  const int before = executor.entered;
  EXPECT_EQ(object["a"].as<int>(), 1);
  watching.reset();
  EXPECT_EQ(executor.entered, before);
}

}  // namespace
}  // namespace syncline
