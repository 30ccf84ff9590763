// Checking: a walk of schema and value together.
//
// The first walk only asks whether; where the answer is no, a second one says why. Of an object
// that was valid before, only what changed is walked, but for subschemas whose answer depends on
// more than that (Node::needs_all): those meet their whole value again.
#include <algorithm>
#include <cmath>
#include <utility>

#include "schema/node.hpp"
#include "schema/schema.hpp"
#include "schema/tuning.hpp"

namespace syncline::schema {
namespace {

// ---- values as JSON Schema sees them
// -------------------------------------------------------------

std::uint8_t type_of(const Value& value) {
  switch (value.kind()) {
    case Value::Kind::kNull:
      return kNullType;
    case Value::Kind::kBool:
      return kBooleanType;
    case Value::Kind::kNumber:
      if (!std::isfinite(value.number())) return 0;
      return value.number() == std::trunc(value.number()) ? kIntegerType : kNumberType;
    case Value::Kind::kBigInt:
      return kIntegerType;
    case Value::Kind::kString:
      return kStringType;
    case Value::Kind::kArray:
      return kArrayType;
    case Value::Kind::kObject:
      return kObjectType;
    case Value::Kind::kUndefined:
    case Value::Kind::kBinary:
      break;
  }
  return 0;  // Nothing that JSON could say.
}

double number_of(const Value& value) {
  return value.is_number() ? value.number() : static_cast<double>(value.bigint().value);
}

std::string types_text(std::uint8_t bits) {
  if ((bits & kNumberType) != 0) bits &= static_cast<std::uint8_t>(~kIntegerType);
  std::string out;
  for (const auto& [bit, name] :
       {std::pair{kNullType, "null"}, std::pair{kBooleanType, "a boolean"},
        std::pair{kIntegerType, "an integer"}, std::pair{kNumberType, "a number"},
        std::pair{kStringType, "a string"}, std::pair{kArrayType, "an array"},
        std::pair{kObjectType, "an object"}})
    if ((bits & bit) != 0) out += (out.empty() ? "" : " or ") + std::string(name);
  return out.empty() ? "not JSON" : out;
}

/// As JSON Schema compares: numbers by their mathematical value.
bool equal(const Value& a, const Value& b) {
  const std::uint8_t type = type_of(a);
  if (type != type_of(b) || type == 0) return false;
  if (type == kIntegerType || type == kNumberType) return number_of(a) == number_of(b);
  if (type == kArrayType) return std::ranges::equal(a.items(), b.items(), equal);
  if (type == kObjectType)
    return a.members().size() == b.members().size() &&
           std::ranges::all_of(a.members(), [&](const Value::Member& member) {
             const Value* other = b.find(member.first);
             return other != nullptr && equal(member.second, *other);
           });
  return a == b;
}

/// Exactly, or as exactly as binary fractions allow: 0.3 is a multiple of 0.1.
bool is_multiple(double value, double divisor) {
  if (std::fmod(value, divisor) == 0) return true;
  const double quotient = value / divisor;
  if (!std::isfinite(quotient)) return false;
  constexpr double kUlps = 4 * std::numeric_limits<double>::epsilon();
  return std::abs(quotient - std::round(quotient)) <= kUlps * std::abs(quotient) &&
         std::round(quotient) != 0;
}

std::size_t code_points(const std::string& text) {
  return static_cast<std::size_t>(std::ranges::count_if(
      text, [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

std::string quoted(const Value& value) {
  constexpr std::size_t kShown = 60;
  std::string out = value.to_json();
  if (out.size() <= kShown) return out;
  std::size_t end = kShown;
  while (end > 0 && (static_cast<unsigned char>(out[end]) & 0xc0) == 0x80) --end;
  return out.substr(0, end) + "…";
}

std::string number_text(double number) { return Value(number).to_json(); }
std::string count_text(std::size_t count, const char* one, const char* many) {
  return std::to_string(count) + " " + (count == 1 ? one : many);
}

/// Where a walk is; chained through its frames.
struct Place {
  const Place* above = nullptr;
  const std::string* name = nullptr;
  std::size_t index = 0;

  Path path() const {
    Path out;
    for (const Place* at = this; at->above != nullptr; at = at->above) {
      if (at->name != nullptr) {
        out.emplace_back(*at->name);
      } else {
        out.emplace_back(at->index);
      }
    }
    std::ranges::reverse(out);
    return out;
  }
};

// ---- the walk ----------------------------------------------------------------------------------

class Walk {
 public:
  /// `report`: where to say what is wrong; nullptr where nobody wants to know.
  Walk(const std::vector<Node>& nodes, std::size_t& steps, std::optional<Violation>* report)
      : nodes_(nodes), steps_(steps), report_(report) {}

  bool gave_up() const { return steps_ > kCheckSteps || too_deep_; }

  bool keeps(NodeIndex index, const Value& value, const Place& place) {
    if (index == kNoNode) return true;
    const Level level(*this);
    if (++steps_ > kCheckSteps || too_deep_) return false;
    const Node& node = nodes_[index];
    if (node.never) return wrong(node, place, "", [] { return "must not be there"; });
    return keeps_type(node, type_of(value), place) && keeps_choices(node, value, place) &&
           keeps_number(node, value, place) && keeps_string(node, value, place) &&
           keeps_array(node, value, place) && keeps_object(node, value, place) &&
           keeps_composed(node, value, place);
  }

  bool keeps_type(const Node& node, std::uint8_t type, const Place& place) {
    if ((node.types & type) != 0 || (node.types == kAnyType && type == 0)) return true;
    return wrong(node, place, "type", [&] {
      return "must be " + types_text(node.types) + ", and is " + types_text(type);
    });
  }

  bool keeps_size(const Node& node, bool object, std::size_t size, const Place& place) {
    const auto& least = object ? node.min_properties : node.min_items;
    const auto& most = object ? node.max_properties : node.max_items;
    const char* const one = object ? "member" : "element";
    const char* const many = object ? "members" : "elements";
    if (least && size < *least)
      return wrong(node, place, object ? "minProperties" : "minItems", [&] {
        return "must have at least " + count_text(*least, one, many) + ", and has " +
               std::to_string(size);
      });
    if (most && size > *most)
      return wrong(node, place, object ? "maxProperties" : "maxItems", [&] {
        return "must have at most " + count_text(*most, one, many) + ", and has " +
               std::to_string(size);
      });
    return true;
  }

  bool lacks(const Node& node, const std::string& name, const Place& place) {
    return wrong(node, place, "required", [&] { return "must have a member \"" + name + "\""; });
  }

 private:
  /// Counts the calls that are open.
  class Level {
   public:
    explicit Level(Walk& walk) : walk_(walk) {
      if (++walk_.depth_ > kCheckDepth) walk_.too_deep_ = true;
    }
    ~Level() { --walk_.depth_; }
    Level(const Level&) = delete;
    Level& operator=(const Level&) = delete;

   private:
    Walk& walk_;
  };

  template <typename Message>
  bool wrong(const Node& node, const Place& place, const char* keyword, const Message& message) {
    if (report_ == nullptr) return false;
    Violation& violation = report_->emplace();
    violation.path = place.path();
    violation.keyword = *keyword != '\0' ? keyword : "false";
    violation.schema_path = node.pointer + (*keyword != '\0' ? std::string("/") + keyword : "");
    violation.message = message();
    return false;
  }

  bool keeps_choices(const Node& node, const Value& value, const Place& place) {
    if (node.constant && !equal(*node.constant, value))
      return wrong(node, place, "const", [&] {
        return "must be " + quoted(*node.constant) + ", and is " + quoted(value);
      });
    if (!node.choices) return true;
    steps_ += node.choices->size();
    if (std::ranges::any_of(*node.choices, [&](const Value& one) { return equal(one, value); }))
      return true;
    return wrong(node, place, "enum", [&] {
      return "must be one of " + quoted(*node.choices) + ", and is " + quoted(value);
    });
  }

  bool keeps_number(const Node& node, const Value& value, const Place& place) {
    if ((type_of(value) & (kIntegerType | kNumberType)) == 0) return true;
    const double number = number_of(value);
    const auto bound = [&](const char* keyword, const char* wanted, double limit) {
      return wrong(node, place, keyword, [&] {
        return "must be " + std::string(wanted) + " " + number_text(limit) + ", and is " +
               quoted(value);
      });
    };
    if (node.minimum && number < *node.minimum) return bound("minimum", "at least", *node.minimum);
    if (node.maximum && number > *node.maximum) return bound("maximum", "at most", *node.maximum);
    if (node.exclusive_minimum && number <= *node.exclusive_minimum)
      return bound("exclusiveMinimum", "more than", *node.exclusive_minimum);
    if (node.exclusive_maximum && number >= *node.exclusive_maximum)
      return bound("exclusiveMaximum", "less than", *node.exclusive_maximum);
    if (node.multiple_of && !is_multiple(number, *node.multiple_of))
      return bound("multipleOf", "a multiple of", *node.multiple_of);
    return true;
  }

  bool keeps_string(const Node& node, const Value& value, const Place& place) {
    if (!value.is_string() || (!node.min_length && !node.max_length && !node.pattern)) return true;
    const std::size_t length = code_points(value.string());
    steps_ += length / 100;
    if (node.min_length && length < *node.min_length)
      return wrong(node, place, "minLength", [&] {
        return "must have at least " + count_text(*node.min_length, "character", "characters") +
               ", and has " + std::to_string(length);
      });
    if (node.max_length && length > *node.max_length)
      return wrong(node, place, "maxLength", [&] {
        return "must have at most " + count_text(*node.max_length, "character", "characters") +
               ", and has " + std::to_string(length);
      });
    if (!node.pattern || node.pattern->matches(value.string(), steps_, kCheckSteps)) return true;
    return wrong(node, place, "pattern",
                 [&] { return "must match " + node.pattern_text + ", and is " + quoted(value); });
  }

  bool keeps_array(const Node& node, const Value& value, const Place& place) {
    if (!value.is_array()) return true;
    if (!keeps_size(node, false, value.items().size(), place)) return false;
    if (node.items == kNoNode && node.prefix_items.empty()) return true;
    for (std::size_t i = 0; i < value.items().size(); ++i)
      if (!keeps(node.for_element(i), value.items()[i], {.above = &place, .index = i}))
        return false;
    return true;
  }

  bool keeps_object(const Node& node, const Value& value, const Place& place) {
    if (!value.is_object()) return true;
    if (!keeps_size(node, true, value.members().size(), place)) return false;
    steps_ += node.required.size();
    for (const std::string& name : node.required)
      if (value.find(name) == nullptr) return lacks(node, name, place);
    if (node.properties.empty() && node.additional_properties == kNoNode) return true;
    return std::ranges::all_of(value.members(), [&](const Value::Member& member) {
      return keeps(node.for_member(member.first), member.second,
                   {.above = &place, .name = &member.first});
    });
  }

  bool keeps_composed(const Node& node, const Value& value, const Place& place) {
    if (!keeps(node.ref, value, place)) return false;
    for (const NodeIndex one : node.all_of)
      if (!keeps(one, value, place)) return false;
    if (!node.any_of.empty() && !keeps_any(node, value, place)) return false;
    if (!node.one_of.empty() && !keeps_one(node, value, place)) return false;
    if (node.negated != kNoNode && quietly(node.negated, value, place))
      return wrong(node, place, "not", [&] { return "must not be as it is: " + quoted(value); });
    if (node.condition == kNoNode) return true;
    const bool holds = quietly(node.condition, value, place);
    if (gave_up()) return false;
    return keeps(holds ? node.consequence : node.alternative, value, place);
  }

  bool keeps_any(const Node& node, const Value& value, const Place& place) {
    for (const NodeIndex one : node.any_of)
      if (quietly(one, value, place)) return true;
    return matches_none(node, "anyOf", node.any_of, value, place);
  }

  bool keeps_one(const Node& node, const Value& value, const Place& place) {
    std::vector<NodeIndex> kept;
    for (const NodeIndex one : node.one_of)
      if (kept.size() < 2 && quietly(one, value, place)) kept.push_back(one);
    if (kept.size() == 1) return true;
    if (kept.empty()) return matches_none(node, "oneOf", node.one_of, value, place);
    return wrong(node, place, "oneOf", [&] {
      return "must match one of the alternatives only, and matches " + nodes_[kept[0]].pointer +
             " and " + nodes_[kept[1]].pointer;
    });
  }

  bool matches_none(const Node& node, const char* keyword, const std::vector<NodeIndex>& all,
                    const Value& value, const Place& place) {
    return wrong(node, place, keyword, [&] {
      // The alternative that was followed deepest into the value is most likely the one meant.
      std::optional<Violation> nearest;
      for (const NodeIndex one : all) {
        std::optional<Violation> miss;
        Walk(nodes_, steps_, &miss).keeps(one, value, place);
        if (miss && (!nearest || miss->path.size() > nearest->path.size())) nearest = miss;
      }
      return "matches none of " + std::to_string(all.size()) + " alternatives" +
             (nearest ? "; the nearest: " + nearest->print() : std::string());
    });
  }

  /// Whether, without a report. What a walk that gave up says means nothing.
  bool quietly(NodeIndex index, const Value& value, const Place& place) {
    std::optional<Violation>* const report = std::exchange(report_, nullptr);
    const bool kept = keeps(index, value, place);
    report_ = report;
    return kept;
  }

  const std::vector<Node>& nodes_;
  std::size_t& steps_;
  std::optional<Violation>* report_;
  std::size_t depth_ = 0;
  bool too_deep_ = false;
};

/// The walk of what changed.
class PartialWalk {
 public:
  PartialWalk(const std::vector<Node>& nodes, const Source& source, Walk& walk)
      : nodes_(nodes), source_(source), walk_(walk) {}

  bool keeps(NodeIndex index, const Touched& touched, const Place& place) {
    if (index == kNoNode || touched.nothing()) return true;
    const Path path = place.path();
    const std::optional<Source::Shape> shape = source_.shape(path);
    if (!shape) return true;
    const Node& node = nodes_[index];
    const bool text = shape->kind == Source::Kind::kString;
    if (touched.all || node.never || node.needs_all() || (text && node.needs_text()) ||
        shape->kind == Source::Kind::kOther)
      return walk_.keeps(index, source_.value(path), place);
    if (text)
      return walk_.keeps_type(node, kStringType, place) && keeps_composed(node, touched, place);
    const bool object = shape->kind == Source::Kind::kObject;
    if (!walk_.keeps_type(node, object ? kObjectType : kArrayType, place) ||
        !walk_.keeps_size(node, object, shape->size, place))
      return false;
    const bool parts = object ? keeps_members(node, touched, path, place)
                              : keeps_elements(node, touched, shape->size, place);
    return parts && keeps_composed(node, touched, place);
  }

 private:
  bool keeps_composed(const Node& node, const Touched& touched, const Place& place) {
    return keeps(node.ref, touched, place) && std::ranges::all_of(node.all_of, [&](NodeIndex one) {
             return keeps(one, touched, place);
           });
  }

  bool keeps_members(const Node& node, const Touched& touched, const Path& path,
                     const Place& place) {
    for (const std::string& name : node.required) {
      if (!touched.members.contains(name)) continue;
      Path member = path;
      member.emplace_back(name);
      if (!source_.shape(member)) return walk_.lacks(node, name, place);
    }
    return std::ranges::all_of(touched.members, [&](const auto& member) {
      return keeps(node.for_member(member.first), member.second,
                   {.above = &place, .name = &member.first});
    });
  }

  bool keeps_elements(const Node& node, const Touched& touched, std::size_t size,
                      const Place& place) {
    for (const auto& [index, below] : touched.elements)
      if (!keeps(node.for_element(index), below, {.above = &place, .index = index})) return false;
    if (!touched.moved || node.prefix_items.empty()) return true;
    // What has another index now may have another subschema: all that are among the first, and as
    // many behind as can have been pushed out from among them.
    static const Touched kAll{.all = true};
    const std::size_t end = std::min(size, node.prefix_items.size() + touched.inserted);
    for (std::size_t i = 0; i < end; ++i)
      if (!keeps(node.for_element(i), kAll, {.above = &place, .index = i})) return false;
    return true;
  }

  const std::vector<Node>& nodes_;
  const Source& source_;
  Walk& walk_;
};

/// Asks once whether, and where not, once more why.
template <typename Ask>
std::optional<Violation> find_violation(const std::vector<Node>& nodes, const Ask& ask) {
  std::size_t steps = 0;
  Walk quick(nodes, steps, nullptr);
  if (ask(quick) && !quick.gave_up()) return std::nullopt;
  std::optional<Violation> violation;
  if (!quick.gave_up()) {
    steps = 0;
    Walk thorough(nodes, steps, &violation);
    (void)ask(thorough);
  }
  if (!violation)
    violation = {.message = "takes too long to check against the schema", .gave_up = true};
  return violation;
}

}  // namespace

Touched& Touched::at(const Path& path) {
  Touched* out = this;
  for (const Step& step : path) {
    const auto* index = std::get_if<std::size_t>(&step);
    out = index != nullptr ? &out->elements[*index] : &out->members[std::get<std::string>(step)];
  }
  return *out;
}

std::string Violation::print() const {
  const std::string place = path.empty() ? "the object" : to_pointer(path);
  return place + " " + message + (schema_path.empty() ? "" : " (schema: " + schema_path + ")");
}

Error Violation::error(const std::string& url) const {
  const std::string of = url.empty() ? std::string() : url + ": ";
  return {gave_up ? Code::kTooLarge : Code::kSchema, "schema", of + print()};
}

std::optional<Violation> Schema::check(const Value& value) const {
  return find_violation(compiled_->nodes,
                        [&](Walk& walk) { return walk.keeps(0, value, Place()); });
}

std::optional<Violation> Schema::check(const Touched& touched, const Source& source) const {
  return find_violation(compiled_->nodes, [&](Walk& walk) {
    return PartialWalk(compiled_->nodes, source, walk).keeps(0, touched, Place());
  });
}

}  // namespace syncline::schema
