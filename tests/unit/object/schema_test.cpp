// Objects with a schema: a local change that breaks it leaves no trace; what others do is reported.
#include <gtest/gtest.h>

#include "object_support.hpp"

namespace syncline {
namespace {

using test::Calls;
using test::code_of;
using test::Replica;
using test::ship;
using test::Transcript;

struct ObjectSchema : testing::Test {
  static constexpr const char* kSchema = R"({
      "type": "object", "required": ["title"], "additionalProperties": false,
      "properties": {
        "title": {"type": "string", "maxLength": 10},
        "notes": {"type": "string", "maxLength": 12},
        "steps": {"type": "array", "items": {"type": "object", "required": ["what"],
                  "properties": {"done": {"type": "boolean"}}}, "maxItems": 3}}})";

  static void guard(Replica& replica) {
    replica.live->set_schema(schema::Schema::compile(Value::parse(kSchema)).value());
  }

  ObjectSchema() {
    alice.object.at("") = Value::parse(R"({"title": "Plan", "steps": [{"what": "buy"}]})");
    ship(alice, bob);
    guard(alice);
  }

  /// Whether the change was refused, and left everything as it was.
  template <typename Change>
  std::string refused(const Change& change) {
    const Value before = alice.object.get();
    const auto state = alice.live->doc().state_vector();
    std::string message = "not refused";
    EXPECT_EQ(code_of(change, &message), Code::kSchema) << message;
    EXPECT_EQ(alice.object.get(), before);
    EXPECT_EQ(alice.live->doc().state_vector(), state);
    EXPECT_TRUE(alice.take().empty());
    return message;
  }

  Replica alice{"alice", 1};
  Replica bob{"bob", 2};
};

TEST_F(ObjectSchema, AWriteThatBreaksItThrowsAtItsLine) {
  EXPECT_EQ(refused([&] { alice.object["title"] = "much too long"; }),
            "comm://example.org/board: /title must have at most 10 characters, and has 13 (schema: "
            "/properties/title/maxLength)");
  refused([&] { alice.object["title"] = 1; });
  refused([&] { alice.object["title"].remove(); });
  refused([&] { alice.object["more"] = 1; });
  refused([&] { alice.object["steps"][0]["done"] = "yes"; });
  refused([&] { alice.object["steps"].push_back("plain"); });
  EXPECT_EQ(alice.object.schema(), Value::parse(kSchema));
}

TEST_F(ObjectSchema, ATransactionIsCheckedAtItsEnd) {
  alice.object.transact([&] {
    alice.object["title"].remove();
    alice.object["title"] = "Other";
  });
  EXPECT_EQ(alice.object["title"].as<std::string>(), "Other");
  alice.take();
  refused([&] {
    alice.object.transact([&] {
      alice.object["title"] = "Fine";
      for (int i = 0; i < 3; ++i) alice.object["steps"].push_back({{"what", i}});
    });
  });
}

TEST_F(ObjectSchema, WhatTheBodyThrewComesOutThoughNothingStands) {
  const Value before = alice.object.get();
  EXPECT_THROW(alice.object.transact([&] {
    alice.object["title"] = 1;
    throw std::runtime_error("mine");
  }),
               std::runtime_error);
  EXPECT_EQ(alice.object.get(), before);
  EXPECT_TRUE(alice.take().empty());
}

TEST_F(ObjectSchema, LifeGoesOnAfterARefusal) {
  Transcript heard(alice.object);
  alice.object["notes"].text().insert(0, "urgent");
  for (int round = 0; round < 3; ++round) {
    EXPECT_EQ(code_of([&] { alice.object["notes"].text().insert(0, "so much more"); }),
              Code::kSchema);
    alice.object["notes"].text().insert(0, "!");
  }
  EXPECT_EQ(alice.object["notes"].as<std::string>(), "!!!urgent");
  ship(alice, bob);
  EXPECT_EQ(bob.object.get(), alice.object.get());
  bob.object["title"] = "Bob's";
  ship(bob, alice);
  EXPECT_EQ(alice.object["title"].as<std::string>(), "Bob's");
  EXPECT_EQ(heard.calls.size(), 6U) << "a text, its content, three more, and Bob's";
}

TEST_F(ObjectSchema, ObserversHearNothingOfWhatDidNotHappen) {
  std::unique_ptr<Transcript> late;
  EXPECT_EQ(code_of([&] {
              alice.object.transact([&] {
                alice.object["title"] = 1;
                late = std::make_unique<Transcript>(alice.object);
                alice.object["title"] = 2;
              });
            }),
            Code::kSchema);
  EXPECT_EQ(late->take(), Calls{});
  alice.object["title"] = "New";
  EXPECT_EQ(late->take(), (Calls{{"update /title \"Plan\" -> \"New\" by alice"}}));
}

TEST_F(ObjectSchema, WhatOthersDoIsReportedAndStands) {
  bob.object["title"] = "written without a schema";
  ship(bob, alice);
  EXPECT_EQ(alice.object["title"].as<std::string>(), "written without a schema");
  ASSERT_EQ(alice.syncer.violations.size(), 1U);
  EXPECT_EQ(alice.syncer.violations[0].code(), Code::kSchema);
  // What is elsewhere can still be written.
  alice.object["steps"][0]["done"] = true;
  EXPECT_EQ(alice.syncer.violations.size(), 1U);
}

TEST_F(ObjectSchema, TheWayBackHasAllThatWasKept) {
  const std::string filler(9, 'x');
  for (int i = 0; i < 3000; ++i) alice.object["title"] = filler + std::to_string(i % 10);
  ship(alice, bob);
  bob.object["title"] = "theirs";
  ship(bob, alice);
  refused([&] { alice.object["title"] = 1; });
  EXPECT_EQ(alice.object["title"].as<std::string>(), "theirs");
}

TEST_F(ObjectSchema, AnotherDocumentKeepsToItToo) {
  auto doc = Replica::make_doc(7);
  const Bytes state = bob.live->doc().encode_state_as_update_v1();
  ASSERT_TRUE(doc->apply_update_v1(state).ok());
  alice.live->replace(std::move(doc), "refused");
  refused([&] { alice.object["title"] = 1; });
  alice.object["title"] = "Good";
}

}  // namespace
}  // namespace syncline
