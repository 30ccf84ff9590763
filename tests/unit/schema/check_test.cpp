// Checking whole values: every keyword, and what is said about what does not keep to it.
#include <gtest/gtest.h>

#include <limits>
#include <string>

#include "schema/schema.hpp"

namespace syncline::schema {
namespace {

Schema compiled(const std::string& json) {
  Result<Schema> schema = Schema::compile(Value::parse(json));
  EXPECT_TRUE(schema.ok()) << schema.error().message();
  return *std::move(schema);
}

bool keeps(const std::string& schema, const Value& value) {
  return !compiled(schema).check(value).has_value();
}
bool keeps(const std::string& schema, const char* json) {
  return keeps(schema, Value::parse(json));
}

std::string said(const std::string& schema, const char* json) {
  const auto violation = compiled(schema).check(Value::parse(json));
  return violation ? violation->print() : "nothing";
}

TEST(SchemaCheck, TypesAreThoseOfJson) {
  EXPECT_TRUE(keeps(R"({"type": "integer"})", "1.0"));
  EXPECT_FALSE(keeps(R"({"type": "integer"})", "1.5"));
  EXPECT_TRUE(keeps(R"({"type": "number"})", "1"));
  EXPECT_TRUE(keeps(R"({"type": "integer"})", Value(Value::BigInt{7})));
  EXPECT_TRUE(keeps(R"({"type": ["string", "null"]})", "null"));
  EXPECT_FALSE(keeps(R"({"type": ["string", "null"]})", "true"));
  for (const char* type : {"null", "boolean", "integer", "number", "string", "array", "object"}) {
    const std::string schema = R"({"type": ")" + std::string(type) + "\"}";
    EXPECT_FALSE(keeps(schema, Value(Value::Undefined())));
    EXPECT_FALSE(keeps(schema, Value(Value::Binary{1})));
    EXPECT_FALSE(keeps(schema, Value(std::numeric_limits<double>::infinity())));
  }
}

TEST(SchemaCheck, ComparesNumbersByWhatTheyAre) {
  EXPECT_TRUE(keeps(R"({"const": 0})", Value(-0.0)));
  EXPECT_TRUE(keeps(R"({"enum": [{"a": [1]}]})", R"({"a": [1.0]})"));
  EXPECT_FALSE(keeps(R"({"const": false})", "0"));
  EXPECT_FALSE(keeps(R"({"const": "1"})", "1"));
  EXPECT_FALSE(keeps(R"({"enum": []})", "1"));
}

TEST(SchemaCheck, BoundsNumbers) {
  EXPECT_TRUE(keeps(R"({"minimum": 1, "maximum": 2})", "1"));
  EXPECT_FALSE(keeps(R"({"exclusiveMinimum": 1})", "1"));
  EXPECT_FALSE(keeps(R"({"exclusiveMaximum": 2})", "2"));
  EXPECT_TRUE(keeps(R"({"minimum": 1})", "\"0\""));
  EXPECT_TRUE(keeps(R"({"multipleOf": 0.1})", "0.3"));
  EXPECT_FALSE(keeps(R"({"multipleOf": 0.1})", "0.35"));
  EXPECT_TRUE(keeps(R"({"multipleOf": 0.5})", "1e308"));
  EXPECT_FALSE(keeps(R"({"multipleOf": 1e300})", "1"));
  EXPECT_TRUE(keeps(R"({"multipleOf": 3})", "0"));
}

TEST(SchemaCheck, CountsCodePoints) {
  const Value two = "\xf0\x9f\x98\x80\xc3\xa9";  // An emoji, which is two in UTF-16, and é.
  EXPECT_TRUE(keeps(R"({"minLength": 2, "maxLength": 2})", two));
  EXPECT_FALSE(keeps(R"({"minLength": 3})", two));
  EXPECT_TRUE(keeps(R"({"pattern": "^.\u00e9$"})", two));
}

TEST(SchemaCheck, ListsAndObjects) {
  const std::string list = R"({"prefixItems": [{"type": "string"}], "items": {"type": "number"}})";
  EXPECT_TRUE(keeps(list, R"(["a", 1, 2])"));
  EXPECT_TRUE(keeps(list, "[]"));
  EXPECT_EQ(said(list, R"(["a", 1, "b"])"),
            "/2 must be a number, and is a string (schema: /items/type)");
  EXPECT_EQ(said(R"({"minItems": 1})", "[]"),
            "the object must have at least 1 element, and has 0 (schema: /minItems)");
  const std::string object =
      R"({"properties": {"a/b": {"type": "string"}}, "required": ["a/b"],
          "additionalProperties": false, "maxProperties": 2})";
  EXPECT_TRUE(keeps(object, R"({"a/b": "x"})"));
  EXPECT_EQ(said(object, "{}"), "the object must have a member \"a/b\" (schema: /required)");
  EXPECT_EQ(said(object, R"({"a/b": 1})"),
            "/a~1b must be a string, and is an integer (schema: /properties/a~1b/type)");
  EXPECT_EQ(said(object, R"({"a/b": "x", "c": 1})"),
            "/c must not be there (schema: /additionalProperties)");
}

TEST(SchemaCheck, Composes) {
  const std::string any = R"({"anyOf": [{"type": "string"}, {"required": ["kind"], "properties":
      {"kind": {"const": "note"}, "size": {"maximum": 3}}}]})";
  EXPECT_TRUE(keeps(any, "\"x\""));
  EXPECT_TRUE(keeps(any, R"({"kind": "note", "size": 3})"));
  EXPECT_EQ(said(any, R"({"kind": "note", "size": 4})"),
            "the object matches none of 2 alternatives; the nearest: /size must be at most 3, and "
            "is 4 (schema: /anyOf/1/properties/size/maximum) (schema: /anyOf)");
  EXPECT_EQ(said(R"({"oneOf": [{"type": "number"}, {"minimum": 1}]})", "2"),
            "the object must match one of the alternatives only, and matches /oneOf/0 and /oneOf/1 "
            "(schema: /oneOf)");
  EXPECT_FALSE(keeps(R"({"not": {"type": "string"}})", "\"x\""));
  const std::string conditional =
      R"({"if": {"type": "string"}, "then": {"minLength": 2}, "else": {"minimum": 5}})";
  EXPECT_TRUE(keeps(conditional, "\"xx\""));
  EXPECT_FALSE(keeps(conditional, "\"x\""));
  EXPECT_FALSE(keeps(conditional, "4"));
  EXPECT_TRUE(keeps(R"({"then": false})", "4"));
}

TEST(SchemaCheck, RecursesAsFarAsTheValueGoes) {
  const std::string tree = R"({"type": "object", "properties":
      {"children": {"type": "array", "items": {"$ref": "#"}}}, "required": ["children"]})";
  EXPECT_TRUE(keeps(tree, R"({"children": [{"children": []}]})"));
  EXPECT_EQ(said(tree, R"({"children": [{"children": [{}]}]})"),
            "/children/0/children/0 must have a member \"children\" (schema: /required)");
  Value deep = Value::array();
  for (int i = 0; i < 900; ++i) deep = Value::array({deep});
  EXPECT_TRUE(keeps(R"({"items": {"$ref": "#"}})", deep));
}

TEST(SchemaCheck, GivesUpInsteadOfTakingForEver) {
  // Each level asks twice for the next: 2^40 walks. The "not" does not turn giving up into a yes.
  const Schema bomb = compiled(R"({"not": {"$ref": "#/$defs/a"}, "$defs": {"a": {"allOf": [
      {"properties": {"x": {"$ref": "#/$defs/a"}}}, {"properties": {"x": {"$ref": "#/$defs/a"}}}]}}})");
  Value value = 1;
  for (int i = 0; i < 40; ++i) value = Value::object({{"x", value}});
  const auto violation = bomb.check(value);
  ASSERT_TRUE(violation);
  EXPECT_TRUE(violation->gave_up);
  EXPECT_EQ(violation->error("comm://a/b").code(), Code::kTooLarge);
}

TEST(SchemaCheck, SaysWhatAndWhere) {
  const auto violation =
      compiled(R"({"properties": {"title": {"maxLength": 2}}})").check({{"title", "long"}});
  ASSERT_TRUE(violation);
  EXPECT_EQ(to_pointer(violation->path), "/title");
  EXPECT_EQ(violation->keyword, "maxLength");
  EXPECT_EQ(violation->schema_path, "/properties/title/maxLength");
  const Error error = violation->error("comm://a/b");
  EXPECT_EQ(error.code(), Code::kSchema);
  EXPECT_EQ(error.reason(), "schema");
  EXPECT_EQ(error.message(),
            "comm://a/b: /title must have at most 2 characters, and has 4 (schema: "
            "/properties/title/maxLength)");
}

}  // namespace
}  // namespace syncline::schema
