// Reads and edits by JSON pointer, made by the room itself.
#include "room/edits.hpp"

#include <gtest/gtest.h>

namespace syncline::room {
namespace {

class EditsTest : public ::testing::Test {
 protected:
  Result<Bytes> edit(std::vector<bus::EditOp> ops, std::string root = "data",
                     std::string kind = "map") {
    return apply_edit(
        doc_, bus::Edit{.root = std::move(root), .kind = std::move(kind), .ops = std::move(ops)});
  }
  std::string json(std::string pointer = "", std::string root = "data", std::string kind = "") {
    const Result<Value> value = read_value(
        doc_,
        bus::Read{.root = std::move(root), .kind = std::move(kind), .pointer = std::move(pointer)});
    return value.ok() ? value->to_json() : "error: " + value.error().message();
  }

  crdt::Doc doc_{{.client = 7}};
};

TEST_F(EditsTest, SetsReadsAndDeletes) {
  const Result<Bytes> update = edit({{"set", "/title", "Plan"},
                                     {"set", "/steps", Value::array()},
                                     {"set", "/steps/-", Value::object({{"done", false}})}});
  ASSERT_TRUE(update.ok()) << update.error().message();
  EXPECT_EQ(json(), R"({"title":"Plan","steps":[{"done":false}]})");
  EXPECT_EQ(json("/steps/0/done"), "false");
  crdt::Doc copy({.client = 8});
  ASSERT_TRUE(copy.apply_update_v1(*update).ok());
  EXPECT_EQ(copy.state_vector(), doc_.state_vector());
  ASSERT_TRUE(edit({{"delete", "/steps/0", {}}, {"delete", "/nothing", {}}}).ok());
  EXPECT_EQ(json("/steps"), "[]");
}

TEST_F(EditsTest, AreAllOrNothing) {
  ASSERT_TRUE(edit({{"set", "/a", 1}}).ok());
  const crdt::StateVector before = doc_.state_vector();
  const Result<Bytes> update = edit({{"set", "/a", 2}, {"set", "/no/where", 3}});
  ASSERT_FALSE(update.ok());
  EXPECT_EQ(update.error().code(), Code::kNotFound);
  EXPECT_NE(update.error().message().find("operation 2 of 2"), std::string::npos);
  EXPECT_EQ(doc_.state_vector(), before);
  EXPECT_EQ(json(), R"({"a":1})");
}

TEST_F(EditsTest, ThatChangeNothingMakeNoUpdate) {
  ASSERT_TRUE(edit({{"set", "/a", 1}}).ok());
  EXPECT_TRUE(edit({{"set", "/a", 1}}).value().empty());
  EXPECT_TRUE(edit({}).value().empty());
}

TEST_F(EditsTest, AStringOntoALiveTextEditsItUnlessReplaced) {
  ASSERT_TRUE(edit({{"text", "/notes", "hello"}}).ok());
  ASSERT_TRUE(edit({{"set", "/notes", "hullo"}}).ok());
  const crdt::Clock edited = doc_.state_vector().get(7);
  EXPECT_EQ(json("/notes"), "\"hullo\"");
  crdt::SharedType* root = doc_.find_root("data");
  const auto is_live = [&] {
    return std::holds_alternative<crdt::SharedType*>(*crdt::Map(*root).get("notes"));
  };
  EXPECT_TRUE(is_live());
  ASSERT_TRUE(edit({{"replace", "/notes", "hullo"}}).ok());
  EXPECT_FALSE(is_live());
  EXPECT_EQ(json("/notes"), "\"hullo\"");
  EXPECT_GT(doc_.state_vector().get(7), edited);
  ASSERT_TRUE(edit({{"text", "/notes", "live again"}}).ok());
  EXPECT_TRUE(is_live());
  EXPECT_EQ(json("/notes"), "\"live again\"");
}

TEST_F(EditsTest, LiveTextsStandInListsToo) {
  ASSERT_TRUE(edit({{"set", "/l", Value::array({"a", "b"})}}).ok());
  ASSERT_TRUE(edit({{"text", "/l/-", "c"}, {"text", "/l/0", "A"}}).ok());
  EXPECT_EQ(json("/l"), R"(["A","b","c"])");
  ASSERT_TRUE(edit({{"replace", "/l/0", 1}}).ok());
  EXPECT_EQ(json("/l"), R"([1,"b","c"])");
}

TEST_F(EditsTest, OtherRootsHaveTheirOwnKind) {
  ASSERT_TRUE(edit({{"set", "", "hi"}}, "t", "text").ok());
  ASSERT_TRUE(edit({{"set", "/-", 1}}, "l", "array").ok());
  EXPECT_EQ(json("", "t"), "\"hi\"");
  EXPECT_EQ(json("/0", "l"), "1");
  EXPECT_EQ(edit({{"set", "/a", 1}}, "t", "map").error().code(), Code::kSchema);
  EXPECT_EQ(describe_roots(doc_), Value::object({{"t", "text"}, {"l", "array"}}));
}

TEST_F(EditsTest, ReadingDoesNotDecideWhatARootIs) {
  crdt::Doc other({.client = 9});
  crdt::Text(*other.root("t", crdt::TypeKind::kText).value()).insert(0, "hi");
  ASSERT_TRUE(doc_.apply_update_v1(other.encode_state_as_update_v1()).ok());
  EXPECT_NE(json("", "t").find("say what the root"), std::string::npos);
  EXPECT_EQ(json("", "t", "array").front(), '[');
  EXPECT_EQ(json("", "t", "text"), "\"hi\"");
  EXPECT_EQ(describe_roots(doc_), Value::object({{"t", "unknown"}}));
}

TEST_F(EditsTest, AnUnknownRootIsEmptyOrNotThere) {
  EXPECT_EQ(json(), "{}");
  EXPECT_EQ(json("", "x", "array"), "[]");
  EXPECT_NE(json("", "x").find("no root"), std::string::npos);
  EXPECT_NE(json("/a").find("is empty"), std::string::npos);
}

TEST_F(EditsTest, ErrorsSayWhatIsWrong) {
  EXPECT_EQ(edit({{"set", "title", 1}}).error().code(), Code::kMalformed);
  EXPECT_EQ(edit({{"jump", "/title", 1}}).error().code(), Code::kMalformed);
  EXPECT_EQ(edit({{"text", "/title", 1}}).error().code(), Code::kSchema);
  EXPECT_EQ(edit({{"set", "/a", 1}}, "data", "table").error().code(), Code::kMalformed);
  EXPECT_EQ(edit({{"set", "", 1}}, "x", "xml").error().code(), Code::kSchema);
  EXPECT_NE(json("a").find("must start with"), std::string::npos) << json("a");
  EXPECT_EQ(edit(std::vector<bus::EditOp>(10'001, bus::EditOp{"set", "/a", 1})).error().code(),
            Code::kTooLarge);
}

}  // namespace
}  // namespace syncline::room
