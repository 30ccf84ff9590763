// Checking what changed: the same answer as checking everything, for values that were valid before.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "schema/schema.hpp"
#include "support/seeds.hpp"

namespace syncline::schema {
namespace {

/// Looks at a plain value, and counts how much of it was copied.
class ValueSource final : public Source {
 public:
  explicit ValueSource(const Value& root) : root_(root) {}

  std::optional<Shape> shape(const Path& path) const override {
    const Value* at = find(path);
    if (at == nullptr) return std::nullopt;
    if (at->is_object()) return Shape{Kind::kObject, at->members().size()};
    if (at->is_array()) return Shape{Kind::kArray, at->items().size()};
    return Shape{};
  }
  Value value(const Path& path) const override {
    copied += find(path)->to_json().size();
    return *find(path);
  }

  mutable std::size_t copied = 0;

 private:
  const Value* find(const Path& path) const {
    const Value* at = &root_;
    for (const Step& step : path) {
      if (const auto* name = std::get_if<std::string>(&step)) {
        at = at->find(*name);
      } else {
        const std::size_t index = std::get<std::size_t>(step);
        at = at->is_array() && index < at->items().size() ? &at->items()[index] : nullptr;
      }
      if (at == nullptr) return nullptr;
    }
    return at;
  }
  const Value& root_;
};

class Dice {
 public:
  explicit Dice(std::uint64_t seed) : engine_(seed) {}
  std::size_t below(std::size_t end) { return engine_() % end; }
  bool often() { return below(3) > 0; }
  std::string name() { return std::string(1, static_cast<char>('a' + below(4))); }

 private:
  std::mt19937_64 engine_;
};

Value random_value(Dice& dice, int depth) {
  switch (dice.below(depth > 0 ? 6 : 4)) {
    case 0:
      return dice.below(5);
    case 1:
      return dice.name();
    case 2:
      return dice.below(2) == 0;
    case 3:
      return nullptr;
    case 4: {
      Value list = Value::array();
      for (std::size_t i = dice.below(4); i > 0; --i)
        list.items().push_back(random_value(dice, depth - 1));
      return list;
    }
    default: {
      Value object = Value::object();
      for (std::size_t i = dice.below(4); i > 0; --i)
        object.set(dice.name(), random_value(dice, depth - 1));
      return object;
    }
  }
}

Value random_schema(Dice& dice, int depth) {
  Value out = Value::object();
  const auto sub = [&] { return random_schema(dice, depth - 1); };
  if (dice.below(3) == 0)
    out.set("type",
            std::vector<Value>{"object", "array", "string", "number", "boolean"}[dice.below(5)]);
  if (dice.below(6) == 0) out.set("required", Value::array({dice.name()}));
  if (dice.below(6) == 0) out.set("maxProperties", 1 + dice.below(3));
  if (dice.below(6) == 0) out.set("minProperties", dice.below(2));
  if (dice.below(6) == 0) out.set("maxItems", 1 + dice.below(3));
  if (dice.below(6) == 0) out.set("maximum", dice.below(5));
  if (dice.below(8) == 0) out.set("const", random_value(dice, 1));
  if (dice.below(8) == 0) out.set("$ref", "#/$defs/a");
  if (depth == 0) return out;
  if (dice.often()) {
    Value properties = Value::object();
    for (std::size_t i = 1 + dice.below(3); i > 0; --i) properties.set(dice.name(), sub());
    out.set("properties", properties);
  }
  if (dice.below(4) == 0) out.set("additionalProperties", dice.often() ? sub() : Value(false));
  if (dice.below(3) == 0) out.set("items", sub());
  if (dice.below(4) == 0) out.set("prefixItems", Value::array({sub(), sub()}));
  for (const char* keyword : {"allOf", "anyOf", "oneOf"})
    if (dice.below(6) == 0) out.set(keyword, Value::array({sub(), sub()}));
  if (dice.below(10) == 0) out.set("not", sub());
  if (dice.below(8) == 0) {
    out.set("if", sub());
    out.set("then", sub());
    out.set("else", sub());
  }
  return out;
}

/// Changes something, and says what. Several of these in a row make one change.
void change(Dice& dice, Value& value, Touched& touched) {
  if (value.is_object() && (value.members().empty() || dice.often())) {
    const std::string name = dice.name();
    const Value* known = value.find(name);
    if (known != nullptr && dice.often()) {
      const auto member = std::ranges::find(value.members(), name, &Value::Member::first);
      return change(dice, member->second, touched.members[name]);
    }
    touched.members[name].all = true;
    if (known != nullptr && dice.below(2) == 0) {
      std::erase_if(value.members(), [&](const auto& member) { return member.first == name; });
    } else {
      value.set(name, random_value(dice, 2));
    }
  } else if (value.is_array() && !touched.moved && touched.elements.empty()) {
    auto& items = value.items();
    const std::size_t index = dice.below(items.size() + 1);
    if (index < items.size() && dice.often())
      return change(dice, items[index], touched.elements[index]);
    touched.moved = true;
    const auto place = items.begin() + static_cast<std::ptrdiff_t>(index);
    if (index < items.size() && dice.below(2) == 0) {
      items.erase(place);
    } else {
      items.insert(place, random_value(dice, 2));
      touched.elements[index].all = true;
      touched.inserted = 1;
    }
  } else {
    value = random_value(dice, 2);
    touched.all = true;
  }
}

TEST(SchemaPartialCheck, SaysWhatAWholeCheckSays) {
  std::size_t valid = 0;
  std::size_t invalid = 0;
  test::for_each_seed(2, [&](std::uint64_t seed) {
    Dice dice(seed);
    Value definition = random_schema(dice, 3);
    Value defs = Value::object();
    defs.set("a", Value::object(
                      {{"items", Value::object({{"$ref", "#/$defs/a"}})}, {"maxProperties", 3}}));
    definition.set("$defs", defs);
    const Result<Schema> schema = Schema::compile(definition);
    ASSERT_TRUE(schema.ok()) << definition << schema.error().message();
    for (int attempt = 0; attempt < 20; ++attempt) {
      const Value before = random_value(dice, 3);
      if (schema->check(before)) continue;
      Value after = before;
      Touched touched;
      for (std::size_t i = 1 + dice.below(2); i > 0; --i) change(dice, after, touched);
      const auto whole = schema->check(after);
      const auto partial = schema->check(touched, ValueSource(after));
      (whole ? invalid : valid) += 1;
      ASSERT_EQ(whole.has_value(), partial.has_value())
          << "schema " << definition << "\nbefore " << before << "\nafter " << after << "\n"
          << (whole ? whole->print() : "valid");
    }
  });
  EXPECT_GT(valid, 0u);
  EXPECT_GT(invalid, 0u);
}

TEST(SchemaPartialCheck, LooksOnlyAtWhatChanged) {
  Value list = Value::array();
  for (int i = 0; i < 1000; ++i) list.items().push_back(Value::object({{"title", "step"}}));
  const Value board = Value::object({{"steps", list}, {"title", "Plan"}});
  const Result<Schema> schema = Schema::compile(Value::parse(R"({"type": "object",
      "properties": {"title": {"type": "string"}, "steps": {"type": "array", "items":
          {"type": "object", "required": ["title"]}, "maxItems": 2000}},
      "required": ["title"], "additionalProperties": false})"));
  ASSERT_TRUE(schema.ok());
  const ValueSource source(board);
  Touched touched;
  touched.at({"steps"}).moved = true;
  touched.at({"steps"}).inserted = 1;
  touched.at({"steps", std::size_t{999}}).all = true;
  touched.at({"title"}).all = true;
  EXPECT_FALSE(schema->check(touched, source));
  EXPECT_LT(source.copied, 100u);
}

}  // namespace
}  // namespace syncline::schema
