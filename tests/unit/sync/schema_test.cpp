// Objects with a schema between syncers: who learns it, who is stopped where, and what becomes of
// two changes that keep to it alone and break it together.
#include <gtest/gtest.h>

#include <optional>

#include "scripted_host.hpp"
#include "storage/memory.hpp"
#include "support/test_executor.hpp"
#include "sync/host.hpp"
#include "sync/loopback_connector.hpp"
#include "sync/syncer.hpp"
#include "syncline/data_object.hpp"

namespace syncline::sync {
namespace {

constexpr const char* kBoard = "comm://example.org/board";

/// Unreachable while `down`.
class Line final : public transport::Connector {
 public:
  using Opened = std::function<void(Result<std::unique_ptr<transport::Connection>>)>;

  Line(Executor& executor, transport::Connector& connector)
      : executor_(executor), connector_(connector) {}
  Handle connect(const std::string& url, const std::string& subprotocol, Opened done) override {
    if (!down) return connector_.connect(url, subprotocol, std::move(done));
    executor_.post([done = std::move(done)] { done(Error(Code::kUnavailable, "no line")); });
    return {};
  }
  bool down = false;

 private:
  Executor& executor_;
  transport::Connector& connector_;
};

struct SchemaSyncTest : ::testing::Test {
  struct Hyperty {
    std::vector<std::string> refused;
    std::vector<std::string> violations;
    std::unique_ptr<Syncer> syncer;
  };

  static Value schema() {
    return Value::parse(R"({"type": "object", "maxProperties": 2,
        "properties": {"title": {"type": "string"}}, "required": ["title"]})");
  }

  std::unique_ptr<Hyperty> hyperty(const std::string& name, storage::Storage* storage = nullptr) {
    auto made = std::make_unique<Hyperty>();
    Hyperty* const raw = made.get();
    Syncer::Options options{
        .link = {.url = "loopback:", .identity = "hyperty://example.org/" + name, .token = {}},
        .storage = storage};
    options.hooks.on_refused = [raw](const std::string&, const Error& error) {
      raw->refused.push_back(std::string(error.reason()));
    };
    options.hooks.on_violation = [raw](const std::string& url, const Error& error) {
      raw->violations.push_back(url + ": " + std::string(error.reason()));
    };
    made->syncer =
        std::make_unique<Syncer>(executor_, executor_, random_, line_, std::move(options));
    settle();
    return made;
  }

  void settle() { executor_.advance(std::chrono::milliseconds(1)); }

  Result<Syncer::Object> create(Hyperty& who, const Value& initial, Value with) {
    return ask([&](auto done) {
      who.syncer->create(kBoard, initial, {.access = "open", .schema = std::move(with)}, done);
    });
  }
  DataObject subscribe(Hyperty& who) {
    return DataObject(ask([&](auto done) { who.syncer->subscribe(kBoard, done); }).take_or_throw());
  }
  template <typename Start>
  Result<Syncer::Object> ask(Start start) {
    std::optional<Result<Syncer::Object>> result;
    start([&result](Result<Syncer::Object> answer) { result.emplace(std::move(answer)); });
    for (int i = 0; i < 100 && !result; ++i) executor_.advance(std::chrono::milliseconds(100));
    if (!result) return Error(Code::kTimeout, "no answer");
    return std::move(*result);
  }
  template <typename Write>
  static Code code_of(const Write& write) {
    try {
      write();
    } catch (const Error& error) {
      return error.code();
    }
    return Code{};
  }

  test::TestExecutor executor_;
  test::CountingRandom random_;
  storage::MemoryStorage storage_{executor_};
  Host host_{executor_, executor_, random_, storage_};
  LoopbackConnector connector_{executor_, host_};
  Line line_{executor_, connector_};
};

TEST_F(SchemaSyncTest, CreatorAndSubscriberAreStoppedAtTheirLine) {
  const auto alice = hyperty("alice");
  const auto bob = hyperty("bob");
  EXPECT_EQ(create(*alice, Value::object(), schema()).error().code(), Code::kSchema);
  EXPECT_EQ(create(*alice, Value::object(), {{"format", "x"}}).error().code(), Code::kMalformed);
  const DataObject mine(create(*alice, {{"title", "Plan"}}, schema()).take_or_throw());
  const DataObject theirs = subscribe(*bob);
  EXPECT_EQ(theirs.schema(), schema());
  EXPECT_EQ(code_of([&] { mine["title"] = 1; }), Code::kSchema);
  EXPECT_EQ(code_of([&] { theirs["title"].remove(); }), Code::kSchema);
  theirs["title"] = "Plan B";
  settle();
  EXPECT_EQ(mine.get(), Value::object({{"title", "Plan B"}}));
  EXPECT_EQ(theirs.unacknowledged(), 0U);
  EXPECT_TRUE(alice->refused.empty());
  EXPECT_TRUE(bob->refused.empty());
}

TEST_F(SchemaSyncTest, OfTwoThatBreakItTogetherTheLaterIsRefused) {
  const auto alice = hyperty("alice");
  const auto bob = hyperty("bob");
  const DataObject mine(create(*alice, {{"title", "Plan"}}, schema()).take_or_throw());
  const DataObject theirs = subscribe(*bob);
  mine["a"] = 1;
  theirs["b"] = 2;  // Neither knows of the other.
  settle();
  executor_.advance(std::chrono::seconds(1));
  EXPECT_EQ(mine.get(), theirs.get());
  EXPECT_EQ(mine.keys().size(), 2U);
  EXPECT_EQ(alice->refused.size() + bob->refused.size(), 1U);
  const Hyperty& refused = alice->refused.empty() ? *bob : *alice;
  EXPECT_EQ(refused.refused, std::vector<std::string>{"schema"});
  // The one who was refused may have seen both for a moment, and said so.
  for (const std::string& said : refused.violations)
    EXPECT_EQ(said, std::string(kBoard) + ": schema");
  theirs["title"] = "on it goes";
  settle();
  EXPECT_EQ(mine["title"].as<std::string>(), "on it goes");
}

TEST_F(SchemaSyncTest, ItIsKeptInTheDataFile) {
  storage::MemoryStorage kept(executor_);
  const auto alice = hyperty("alice");
  ASSERT_TRUE(create(*alice, {{"title", "Plan"}}, schema()).ok());
  {
    const auto bob = hyperty("bob", &kept);
    (void)subscribe(*bob);
    executor_.advance(std::chrono::seconds(1));
  }
  line_.down = true;
  const auto bob = hyperty("bob", &kept);
  executor_.advance(std::chrono::seconds(1));
  const DataObject theirs = subscribe(*bob);
  EXPECT_EQ(theirs.schema(), schema());
  EXPECT_EQ(code_of([&] { theirs["title"] = 1; }), Code::kSchema);
  theirs["title"] = "written offline";
}

TEST_F(SchemaSyncTest, AnObjectBornOfflineTakesItsSchemaToTheRoom) {
  storage::MemoryStorage kept(executor_);
  line_.down = true;
  const auto bob = hyperty("bob", &kept);
  const DataObject mine(create(*bob, {{"title", "Plan"}}, schema()).take_or_throw());
  EXPECT_EQ(code_of([&] { mine["title"] = 1; }), Code::kSchema);
  line_.down = false;
  executor_.advance(std::chrono::minutes(2));
  const auto alice = hyperty("alice");
  EXPECT_EQ(subscribe(*alice).schema(), schema());
}

}  // namespace
}  // namespace syncline::sync
