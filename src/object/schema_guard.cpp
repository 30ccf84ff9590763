// From a document's events to what the schema has to look at again.
#include "object/schema_guard.hpp"

#include <algorithm>
#include <utility>

#include "base/check.hpp"
#include "crdt/event.hpp"
#include "crdt/tree.hpp"
#include "object/live_object.hpp"
#include "object/tuning.hpp"

namespace syncline::object {
namespace {

using schema::Touched;

/// A document's tree, looked at place by place.
class TreeSource final : public schema::Source {
 public:
  explicit TreeSource(crdt::SharedType& root) : tree_(root) {}

  std::optional<Shape> shape(const Path& path) const override {
    const crdt::Found found = tree_.find(path);
    if (!found.found()) return std::nullopt;
    if (const auto* value = std::get_if<Value>(&found.element)) return shape_of(*value);
    const auto* type = std::get_if<crdt::SharedType*>(&found.element);
    if (type == nullptr) return Shape{};
    switch ((*type)->kind()) {
      case crdt::TypeKind::kMap:
        return Shape{Kind::kObject, crdt::Map(**type).size()};
      case crdt::TypeKind::kArray:
        return Shape{Kind::kArray, crdt::Array(**type).size()};
      case crdt::TypeKind::kText:
        return Shape{Kind::kString};
      case crdt::TypeKind::kXmlElement:
      case crdt::TypeKind::kXmlFragment:
      case crdt::TypeKind::kXmlHook:
      case crdt::TypeKind::kXmlText:
      case crdt::TypeKind::kUntyped:
        break;
    }
    return Shape{};
  }

  Value value(const Path& path) const override { return to_json(tree_.find(path).element); }

 private:
  static Shape shape_of(const Value& value) {
    if (value.is_object()) return {Kind::kObject, value.members().size()};
    if (value.is_array()) return {Kind::kArray, value.items().size()};
    return {value.is_string() ? Kind::kString : Kind::kOther};
  }

  crdt::Tree tree_;
};

void note_list(const crdt::Event& event, Touched& list) {
  std::size_t index = 0;
  list.moved = true;
  for (const crdt::DeltaOp& op : event.delta) {
    if (const auto* retain = std::get_if<crdt::Retain>(&op)) {
      index += retain->length;
    } else if (const auto* insert = std::get_if<crdt::Insert>(&op)) {
      for (std::size_t i = 0; i < insert->elements.size(); ++i) list.elements[index++].all = true;
      list.inserted += insert->elements.size();
    }
  }
}

}  // namespace

void SchemaGuard::watch(crdt::Doc& doc) {
  doc_ = &doc;
  root_ = doc.root(kDataRoot, crdt::TypeKind::kMap).take_or_throw();
  watching_ = root_->observe_deep(
      [this](std::span<const crdt::Event> events, crdt::Transaction&) { note(events); });
  touched_ = {};
  begin_anew();
}

void SchemaGuard::begin_anew() {
  base_ = doc_->encode_state_as_update_v1();
  since_.clear();
  since_bytes_ = 0;
}

void SchemaGuard::note(std::span<const crdt::Event> events) {
  // Indexes of an earlier transaction may mean other elements by now: lists are taken as a whole.
  const bool first = touched_.nothing();
  for (const crdt::Event& event : events) {
    Touched& place = touched_.at(event.path);
    if (event.target->kind() == crdt::TypeKind::kMap) {
      for (const auto& [key, change] : event.keys) place.members[key].all = true;
    } else if (event.target->kind() == crdt::TypeKind::kArray && first) {
      note_list(event, place);
    } else if (event.target->kind() == crdt::TypeKind::kText) {
      place.edited = true;
    } else {
      place.all = true;
    }
  }
}

std::optional<schema::Violation> SchemaGuard::violation() {
  return schema_.check(std::exchange(touched_, {}), TreeSource(*root_));
}

void SchemaGuard::keep(SharedBytes update) {
  since_bytes_ += update->size();
  since_.push_back(std::move(update));
  if (since_bytes_ > std::max(kGuardBytes, base_.size())) begin_anew();
}

std::unique_ptr<crdt::Doc> SchemaGuard::restored(crdt::ClientId client) const {
  auto doc = std::make_unique<crdt::Doc>(
      crdt::DocOptions{.client = client, .cleanup = doc_->options().cleanup});
  SYNCLINE_CHECK(doc->apply_update_v1(base_).ok(), "a document reads what it wrote");
  for (const SharedBytes& update : since_)
    SYNCLINE_CHECK(doc->apply_update_v1(*update).ok(), "an update that was applied is read again");
  return doc;
}

Result<void> check(const schema::Schema& schema, const Value& tree, const std::string& url) {
  if (const auto violation = schema.check(tree)) return violation->error(url);
  return {};
}

}  // namespace syncline::object
