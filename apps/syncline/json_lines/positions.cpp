#include "json_lines/positions.hpp"

#include <cmath>

#include "crdt/relative_position.hpp"
#include "encoding/base64.hpp"
#include "encoding/lib0.hpp"
#include "json_lines/values.hpp"

namespace syncline::json_lines {
namespace {

std::int64_t read_assoc(const Value& request) {
  const Value* assoc = request.find("assoc");
  if (assoc == nullptr) return 0;
  const double number = assoc->is_number() ? assoc->number() : std::nan("");
  if (!(std::abs(number) <= static_cast<double>(encoding::kMaxSafeInteger)) ||
      number != std::floor(number))
    bad_request("\"assoc\" must be a whole number, and is " + assoc->to_json());
  return static_cast<std::int64_t>(number);
}

/// The target that names a type now; null where none does.
Value write_target(const crdt::SharedType& type) {
  if (type.deleted()) return nullptr;
  const crdt::SharedType* root = &type;
  while (const crdt::SharedType* parent = root->parent()) root = parent;
  Value target = Value::object({{"root", root->root_name()}, {"type", type_name(root->kind())}});
  if (root != &type) target.set("path", write_path(type.path()));
  return target;
}

}  // namespace

Value::Object create_position(crdt::Doc& doc, const Value& request) {
  const std::uint64_t index = whole_field(request, "index");
  const std::int64_t assoc = read_assoc(request);
  auto& type = resolve(doc, field(request, "target"));
  const auto position = crdt::RelativePosition::at(type, index, assoc);
  return {{"position", encoding::to_base64(position.encode())}, {"json", position.to_json()}};
}

Value::Object resolve_position(crdt::Doc& doc, const Value& request) {
  const bool follow = flag_field(request, "follow_undone", true);
  const auto position = crdt::RelativePosition::decode(bytes_field(request, "position"));
  if (!position) refuse("malformed_update", position.error().message());
  const auto found = position->resolve(
      doc, follow ? crdt::UndoneDeletions::kFollow : crdt::UndoneDeletions::kIgnore);
  if (!found) return {{"target", nullptr}, {"index", nullptr}, {"assoc", nullptr}};
  return {{"target", write_target(*found->type)}, {"index", found->index}, {"assoc", found->assoc}};
}

}  // namespace syncline::json_lines
