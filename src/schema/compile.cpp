// Compiling: every keyword is known and well-formed, every $ref leads to a subschema, and no chain
// of them comes back without a step into the value.
#include <algorithm>
#include <cmath>
#include <functional>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "schema/node.hpp"
#include "schema/schema.hpp"
#include "schema/tuning.hpp"

namespace syncline::schema {
namespace {

constexpr std::string_view kDraft = "https://json-schema.org/draft/2020-12/schema";

[[noreturn]] void fail(const std::string& pointer, const std::string& why) {
  throw Error(Code::kMalformed, "the schema's " + (pointer.empty() ? "top" : pointer) + " " + why);
}

std::string below(const std::string& pointer, std::string_view step) {
  return pointer + to_pointer({std::string(step)});
}

std::size_t read_count(const Value& value, const std::string& pointer) {
  const bool fits = value.is_number() && value.number() >= 0 && value.number() <= 0x1p53 &&
                    value.number() == std::floor(value.number());
  if (!fits) fail(pointer, "must be a whole number, 0 or more");
  return static_cast<std::size_t>(value.number());
}

double read_number(const Value& value, const std::string& pointer) {
  if (!value.is_number() || !std::isfinite(value.number())) fail(pointer, "must be a number");
  return value.number();
}

const std::string& read_string(const Value& value, const std::string& pointer) {
  if (!value.is_string()) fail(pointer, "must be a string");
  return value.string();
}

std::uint8_t type_bits(const Value& name, const std::string& pointer) {
  static const std::map<std::string_view, int> kTypes{
      {"null", kNullType},       {"boolean", kBooleanType},
      {"integer", kIntegerType}, {"number", kIntegerType | kNumberType},
      {"string", kStringType},   {"array", kArrayType},
      {"object", kObjectType}};
  const auto found = name.is_string() ? kTypes.find(name.string()) : kTypes.end();
  if (found == kTypes.end())
    fail(pointer,
         "must be null, boolean, integer, number, string, array or object, or a list of "
         "these");
  return static_cast<std::uint8_t>(found->second);
}

std::uint8_t read_types(const Value& value, const std::string& pointer) {
  if (!value.is_array()) return type_bits(value, pointer);
  if (value.items().empty()) fail(pointer, "must name a type");
  std::uint8_t bits = 0;
  for (const Value& one : value.items()) bits |= type_bits(one, pointer);
  return bits;
}

std::vector<std::string> read_names(const Value& value, const std::string& pointer) {
  if (!value.is_array()) fail(pointer, "must be a list of names");
  std::vector<std::string> names;
  for (const Value& name : value.items()) {
    if (!name.is_string()) fail(pointer, "must be a list of names");
    if (std::ranges::find(names, name.string()) == names.end()) names.push_back(name.string());
  }
  return names;
}

}  // namespace

/// Errors are thrown to Schema::compile, which is the only one to catch them.
class Compiler {
 public:
  explicit Compiler(const Value& source) : compiled_(std::make_shared<Schema::Compiled>()) {
    compiled_->source = source;
  }

  Schema compile() {
    add(compiled_->source, "", 0);
    // References are followed once everything that is written is known; what they lead to may hold
    // more of them.
    while (!references_.empty()) {
      const auto [node, pointer] = std::move(references_.back());
      references_.pop_back();
      const NodeIndex target = find_target(node, pointer);
      compiled_->nodes[node].ref = target;
    }
    refuse_circles();
    return Schema(std::move(compiled_));
  }

 private:
  /// What a keyword does: reads its value into the node. `here` is the keyword's own pointer.
  using Read = void (Compiler::*)(NodeIndex node, const Value& value, const std::string& here,
                                  std::size_t depth);

  NodeIndex add(const Value& schema, const std::string& pointer, std::size_t depth) {
    if (const auto known = by_pointer_.find(pointer); known != by_pointer_.end())
      return known->second;
    if (depth > kNesting)
      throw Error(Code::kTooLarge,
                  "the schema nests deeper than " + std::to_string(kNesting) + " levels");
    if (compiled_->nodes.size() >= kNodes)
      throw Error(Code::kTooLarge,
                  "the schema has more than " + std::to_string(kNodes) + " subschemas");
    const auto index = static_cast<NodeIndex>(compiled_->nodes.size());
    compiled_->nodes.emplace_back().pointer = pointer;
    by_pointer_.emplace(pointer, index);
    if (schema.is_bool()) {
      compiled_->nodes[index].never = !schema.boolean();
      return index;
    }
    if (!schema.is_object()) fail(pointer, "must be a schema: an object, true or false");
    for (const auto& [name, value] : schema.members()) {
      const auto keyword = keywords().find(name);
      if (keyword == keywords().end())
        fail(below(pointer, name), "is a keyword that Syncline does not check, or none at all");
      if (keyword->second != nullptr)
        (this->*keyword->second)(index, value, below(pointer, name), depth + 1);
    }
    return index;
  }

  Node& node(NodeIndex index) { return compiled_->nodes[index]; }

  // ---- keywords ----

  static const std::map<std::string_view, Read>& keywords() {
    static const std::map<std::string_view, Read> kKeywords{
        {"type", &Compiler::type},
        {"enum", &Compiler::choices},
        {"const", &Compiler::constant},
        {"minimum", &Compiler::number<&Node::minimum>},
        {"maximum", &Compiler::number<&Node::maximum>},
        {"exclusiveMinimum", &Compiler::number<&Node::exclusive_minimum>},
        {"exclusiveMaximum", &Compiler::number<&Node::exclusive_maximum>},
        {"multipleOf", &Compiler::multiple_of},
        {"minLength", &Compiler::count<&Node::min_length>},
        {"maxLength", &Compiler::count<&Node::max_length>},
        {"pattern", &Compiler::pattern},
        {"minItems", &Compiler::count<&Node::min_items>},
        {"maxItems", &Compiler::count<&Node::max_items>},
        {"prefixItems", &Compiler::list<&Node::prefix_items>},
        {"items", &Compiler::items},
        {"minProperties", &Compiler::count<&Node::min_properties>},
        {"maxProperties", &Compiler::count<&Node::max_properties>},
        {"required", &Compiler::required},
        {"properties", &Compiler::properties},
        {"additionalProperties", &Compiler::schema<&Node::additional_properties>},
        {"$ref", &Compiler::reference},
        {"allOf", &Compiler::list<&Node::all_of>},
        {"anyOf", &Compiler::list<&Node::any_of>},
        {"oneOf", &Compiler::list<&Node::one_of>},
        {"not", &Compiler::schema<&Node::negated>},
        {"if", &Compiler::schema<&Node::condition>},
        {"then", &Compiler::schema<&Node::consequence>},
        {"else", &Compiler::schema<&Node::alternative>},
        {"$defs", &Compiler::definitions},
        {"definitions", &Compiler::definitions},
        {"$schema", &Compiler::draft},
        {"$id", &Compiler::id},
        // Said to people.
        {"$comment", nullptr},
        {"title", nullptr},
        {"description", nullptr},
        {"default", nullptr},
        {"examples", nullptr},
        {"deprecated", nullptr},
        {"readOnly", nullptr},
        {"writeOnly", nullptr}};
    return kKeywords;
  }

  void type(NodeIndex index, const Value& value, const std::string& here, std::size_t) {
    node(index).types = read_types(value, here);
  }
  void choices(NodeIndex index, const Value& value, const std::string& here, std::size_t) {
    if (!value.is_array()) fail(here, "must be a list of values");
    node(index).choices = value.items();
  }
  void constant(NodeIndex index, const Value& value, const std::string&, std::size_t) {
    node(index).constant = value;
  }
  template <auto kField>
  void number(NodeIndex index, const Value& value, const std::string& here, std::size_t) {
    node(index).*kField = read_number(value, here);
  }
  void multiple_of(NodeIndex index, const Value& value, const std::string& here, std::size_t) {
    const double divisor = read_number(value, here);
    if (divisor <= 0) fail(here, "must be more than 0");
    node(index).multiple_of = divisor;
  }
  template <auto kField>
  void count(NodeIndex index, const Value& value, const std::string& here, std::size_t) {
    node(index).*kField = read_count(value, here);
  }
  void pattern(NodeIndex index, const Value& value, const std::string& here, std::size_t) {
    const std::string& text = read_string(value, here);
    Result<Pattern> pattern = Pattern::compile(text);
    if (!pattern.ok())
      throw Error(pattern.error().code(),
                  "the schema's " + here + " cannot be used: " + pattern.error().message());
    node(index).pattern = std::move(*pattern);
    node(index).pattern_text = text;
  }
  void required(NodeIndex index, const Value& value, const std::string& here, std::size_t) {
    node(index).required = read_names(value, here);
  }
  template <auto kField>
  void schema(NodeIndex index, const Value& value, const std::string& here, std::size_t depth) {
    const NodeIndex added = add(value, here, depth);
    node(index).*kField = added;
  }
  void items(NodeIndex index, const Value& value, const std::string& here, std::size_t depth) {
    if (value.is_array()) fail(here, "must be one schema for all; a list of them is prefixItems");
    schema<&Node::items>(index, value, here, depth);
  }
  template <auto kField>
  void list(NodeIndex index, const Value& value, const std::string& here, std::size_t depth) {
    if (!value.is_array() || value.items().empty()) fail(here, "must be a list of schemas");
    std::vector<NodeIndex> added;
    for (std::size_t i = 0; i < value.items().size(); ++i)
      added.push_back(add(value.items()[i], below(here, std::to_string(i)), depth));
    node(index).*kField = std::move(added);
  }
  void properties(NodeIndex index, const Value& value, const std::string& here, std::size_t depth) {
    if (!value.is_object()) fail(here, "must be an object of schemas");
    std::map<std::string, NodeIndex, std::less<>> added;
    for (const auto& [name, schema] : value.members())
      added.emplace(name, add(schema, below(here, name), depth));
    node(index).properties = std::move(added);
  }
  void definitions(NodeIndex, const Value& value, const std::string& here, std::size_t depth) {
    if (!value.is_object()) fail(here, "must be an object of schemas");
    for (const auto& [name, schema] : value.members()) add(schema, below(here, name), depth);
  }
  void reference(NodeIndex index, const Value& value, const std::string& here, std::size_t) {
    const std::string& target = read_string(value, here);
    if (target != "#" && !target.starts_with("#/"))
      fail(here, "must lead to a place in this schema: \"#\" or \"#/$defs/name\"");
    references_.emplace_back(index, target.substr(1));
  }
  void draft(NodeIndex index, const Value& value, const std::string& here, std::size_t) {
    std::string_view name = read_string(value, here);
    if (name.ends_with('#')) name.remove_suffix(1);
    if (name != kDraft) fail(here, "must be " + std::string(kDraft));
    if (index != 0) fail(here, "is said at the top only");
  }
  void id(NodeIndex index, const Value& value, const std::string& here, std::size_t) {
    (void)read_string(value, here);
    if (index != 0) fail(here, "is said at the top only");
  }

  // ---- references ----

  NodeIndex find_target(NodeIndex from, const std::string& fragment) {
    const std::string here = below(node(from).pointer, "$ref");
    const std::string pointer = percent_decoded(fragment, here);
    std::vector<std::string> steps;
    try {
      steps = parse_pointer(pointer);
    } catch (const Error&) {
      fail(here, "is no JSON pointer");
    }
    const Value* at = &compiled_->source;
    std::string canonical;
    for (const std::string& step : steps) {
      if (at->is_array()) {
        const bool number = !step.empty() && step.size() < 7 &&
                            step.find_first_not_of("0123456789") == std::string::npos;
        const std::size_t index = number ? std::stoul(step) : at->items().size();
        at = index < at->items().size() ? &at->items()[index] : nullptr;
      } else {
        at = at->find(step);
      }
      if (at == nullptr) fail(here, "leads nowhere");
      canonical = below(canonical, step);
    }
    // What is written as a subschema is known by now; anything else would be data taken for one.
    const auto known = by_pointer_.find(canonical);
    if (known == by_pointer_.end()) fail(here, "leads to something that is no schema");
    return known->second;
  }

  static std::string percent_decoded(const std::string& text, const std::string& here) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (text[i] != '%') {
        out += text[i];
        continue;
      }
      const std::string digits = text.substr(i + 1, 2);
      if (digits.size() != 2 ||
          digits.find_first_not_of("0123456789abcdefABCDEF") != std::string::npos)
        fail(here, "has a % that is followed by no two hexadecimal digits");
      out += static_cast<char>(std::stoi(digits, nullptr, 16));
      i += 2;
    }
    return out;
  }

  /// Subschemas that apply to the very same value.
  std::vector<NodeIndex> in_place(const Node& node) const {
    std::vector<NodeIndex> out;
    for (const auto* list : {&node.all_of, &node.any_of, &node.one_of})
      out.insert(out.end(), list->begin(), list->end());
    for (const NodeIndex one :
         {node.ref, node.negated, node.condition, node.consequence, node.alternative})
      if (one != kNoNode) out.push_back(one);
    return out;
  }

  /// A subschema that asks, of the same value, for itself, would never be done.
  void refuse_circles() {
    enum class State : std::uint8_t { kNew, kOpen, kDone };
    std::vector<State> states(compiled_->nodes.size(), State::kNew);
    struct Visit {
      NodeIndex node;
      std::vector<NodeIndex> next;
    };
    for (NodeIndex root = 0; root < states.size(); ++root) {
      if (states[root] != State::kNew) continue;
      std::vector<Visit> path{{root, in_place(node(root))}};
      states[root] = State::kOpen;
      while (!path.empty()) {
        Visit& visit = path.back();
        if (visit.next.empty()) {
          states[visit.node] = State::kDone;
          path.pop_back();
          continue;
        }
        const NodeIndex next = visit.next.back();
        visit.next.pop_back();
        if (states[next] == State::kOpen)
          fail(node(next).pointer, "leads back to itself without a step into the value");
        if (states[next] == State::kDone) continue;
        states[next] = State::kOpen;
        path.push_back({next, in_place(node(next))});
      }
    }
  }

  std::shared_ptr<Schema::Compiled> compiled_;
  std::unordered_map<std::string, NodeIndex> by_pointer_;
  std::vector<std::pair<NodeIndex, std::string>> references_;
};

Result<Schema> Schema::compile(const Value& schema) {
  if (!schema.is_object() && !schema.is_bool())
    return Error(Code::kMalformed, "a schema is an object of JSON Schema, true or false");
  if (schema.to_json().size() > kSchemaBytes)
    return Error(Code::kTooLarge,
                 "a schema has at most " + std::to_string(kSchemaBytes) + " bytes of JSON");
  try {
    return Compiler(schema).compile();
  } catch (const Error& error) {
    return error;
  }
}

const Value& Schema::source() const { return compiled_->source; }

}  // namespace syncline::schema
