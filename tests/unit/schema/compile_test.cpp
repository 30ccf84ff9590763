// Compiling: what is no schema, or asks for what is not checked here, is refused with its place.
#include <gtest/gtest.h>

#include <string>

#include "schema/schema.hpp"
#include "schema/tuning.hpp"

namespace syncline::schema {
namespace {

Error refusal(const Value& schema) {
  const Result<Schema> compiled = Schema::compile(schema);
  EXPECT_FALSE(compiled.ok()) << schema;
  return compiled.ok() ? Error(Code::kInternal, "compiled") : compiled.error();
}

Error refusal(const char* json) { return refusal(Value::parse(json)); }

TEST(SchemaCompiler, KnowsTheDocumentedKeywords) {
  const Result<Schema> compiled = Schema::compile(Value::parse(R"({
    "$schema": "https://json-schema.org/draft/2020-12/schema", "$id": "https://example.org/board",
    "title": "Board", "description": "", "$comment": "", "default": {}, "examples": [],
    "deprecated": false, "readOnly": false, "writeOnly": false,
    "type": ["object", "null"], "minProperties": 1, "maxProperties": 9, "required": ["a"],
    "properties": {
      "a": {"type": "string", "minLength": 1, "maxLength": 3, "pattern": "^a"},
      "b": {"type": "array", "prefixItems": [true], "items": false, "minItems": 0, "maxItems": 1},
      "c": {"minimum": 0, "maximum": 9, "exclusiveMinimum": -1, "exclusiveMaximum": 10,
            "multipleOf": 0.5},
      "d": {"enum": [1, "x"], "const": 1, "not": {"const": 2}},
      "e": {"if": {"type": "string"}, "then": {"minLength": 2}, "else": true},
      "f": {"anyOf": [true], "oneOf": [true, false], "allOf": [{"$ref": "#/$defs/g"}]}},
    "additionalProperties": {"$ref": "#"},
    "$defs": {"g": {"$ref": "#/definitions/h%20h"}}, "definitions": {"h h": true}})"));
  ASSERT_TRUE(compiled.ok()) << compiled.error().message();
  EXPECT_EQ(compiled->source().find("title")->string(), "Board");
}

TEST(SchemaCompiler, RefusesWhatItWouldNotCheck) {
  const Error error = refusal(R"({"properties": {"a": {"format": "email"}}})");
  EXPECT_EQ(error.code(), Code::kMalformed);
  EXPECT_EQ(error.message(),
            "the schema's /properties/a/format is a keyword that Syncline does not check, or none "
            "at all");
  EXPECT_EQ(refusal(R"({"$schema": "http://json-schema.org/draft-07/schema#"})").message(),
            "the schema's /$schema must be https://json-schema.org/draft/2020-12/schema");
  EXPECT_EQ(refusal(R"({"items": [true]})").message(),
            "the schema's /items must be one schema for all; a list of them is prefixItems");
}

TEST(SchemaCompiler, RefusesWhatIsMalformed) {
  EXPECT_EQ(refusal(Value("comm")).message(),
            "a schema is an object of JSON Schema, true or false");
  for (const char* bad : {R"({"type": "text"})",
                          R"({"type": []})",
                          R"({"type": 1})",
                          R"({"enum": 1})",
                          R"({"required": "a"})",
                          R"({"required": [1]})",
                          R"({"properties": []})",
                          R"({"properties": {"a": 1}})",
                          R"({"minLength": -1})",
                          R"({"maxItems": 1.5})",
                          R"({"minimum": "1"})",
                          R"({"multipleOf": 0})",
                          R"({"pattern": "("})",
                          R"({"pattern": 1})",
                          R"({"anyOf": []})",
                          R"({"allOf": {}})",
                          R"({"not": null})",
                          R"({"$defs": []})",
                          R"({"$ref": 1})",
                          R"({"items": {"$id": "x"}})",
                          R"({"additionalProperties": "no"})"})
    EXPECT_EQ(refusal(bad).code(), Code::kMalformed) << bad;
}

TEST(SchemaCompiler, FollowsReferencesToSchemasOnly) {
  for (const char* bad :
       {R"({"$ref": "other.json"})", R"({"$ref": "#anchor"})", R"({"$ref": "#/$defs/none"})",
        R"({"$ref": "#/properties", "properties": {}})", R"({"$ref": "#/const", "const": {}})",
        R"({"$ref": "#/~2"})", R"({"$ref": "#/%4"})", R"({"$ref": "#/anyOf/01", "anyOf": [true]})"})
    EXPECT_EQ(refusal(bad).code(), Code::kMalformed) << bad;
}

TEST(SchemaCompiler, RefusesCirclesThatNeverStepIntoTheValue) {
  EXPECT_NE(refusal(R"({"$ref": "#"})").message().find("back to itself"), std::string::npos);
  EXPECT_EQ(refusal(R"({"$defs": {"a": {"anyOf": [true, {"$ref": "#/$defs/b"}]},
                                  "b": {"not": {"$ref": "#/$defs/a"}}}})")
                .code(),
            Code::kMalformed);
  EXPECT_TRUE(Schema::compile(
                  Value::parse(R"({"properties": {"a": {"$ref": "#"}}, "items": {"$ref": "#"}})"))
                  .ok());
}

TEST(SchemaCompiler, IsBounded) {
  std::string deep = "true";
  for (std::size_t i = 0; i <= kNesting; ++i) deep = R"({"not": )" + deep + "}";
  EXPECT_EQ(refusal(deep.c_str()).code(), Code::kTooLarge);
  EXPECT_EQ(refusal(Value::object({{"title", std::string(kSchemaBytes, 'x')}})).code(),
            Code::kTooLarge);
  const Value many = std::vector<Value>(kNodes + 1, true);
  EXPECT_EQ(refusal(Value::object({{"allOf", many}})).code(), Code::kTooLarge);
  EXPECT_EQ(refusal(R"({"pattern": "(a{1000}){1000}"})").code(), Code::kTooLarge);
}

}  // namespace
}  // namespace syncline::schema
