// Fuzzes the schema compiler, patterns and checks. The input is a schema and a value, as JSON, with
// a line end between them. No pair may break anything or take longer than the limits allow, and
// what is said twice is the same.
#include "schema/schema.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.hpp"
#include "schema/pattern.hpp"
#include "schema/tuning.hpp"

namespace {

using namespace syncline;

std::optional<Value> parse(std::string_view json) {
  try {
    return Value::parse(json);
  } catch (const Error&) {
    return std::nullopt;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::size_t cut = input.find('\n');
  const std::string_view first = input.substr(0, cut);
  const std::string_view second =
      cut == std::string_view::npos ? std::string_view() : input.substr(cut + 1);

  if (const auto pattern = schema::Pattern::compile(first); pattern.ok()) {
    std::size_t steps = 0;
    (void)pattern->matches(second, steps, schema::kCheckSteps);
    SYNCLINE_CHECK(steps <= (second.size() + 2) * 3 * schema::kPatternInstructions,
                   "a match took more than pattern times text");
  }

  const std::optional<Value> definition = parse(first);
  const std::optional<Value> value = parse(second);
  if (!definition) return 0;
  const Result<schema::Schema> compiled = schema::Schema::compile(*definition);
  if (!compiled.ok() || !value) return 0;
  const auto violation = compiled->check(*value);
  schema::Touched all;
  all.all = true;
  struct Whole final : schema::Source {
    explicit Whole(const Value& of) : value_(of) {}
    std::optional<Shape> shape(const Path&) const override { return Shape{}; }
    Value value(const Path&) const override { return value_; }
    const Value& value_;
  };
  const auto again = compiled->check(all, Whole(*value));
  SYNCLINE_CHECK(violation.has_value() == again.has_value(), "two checks, two answers");
  if (violation) SYNCLINE_CHECK(violation->print() == again->print(), "two checks, two reasons");
  return 0;
}
