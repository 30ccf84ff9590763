#include "json_lines/document.hpp"

#include "encoding/base64.hpp"

namespace syncline::json_lines {
namespace {

const char* event_type(crdt::TypeKind kind) {
  switch (kind) {
    case crdt::TypeKind::kMap:
    case crdt::TypeKind::kXmlHook:
      return "map";
    case crdt::TypeKind::kArray:
      return "array";
    case crdt::TypeKind::kText:
    case crdt::TypeKind::kXmlText:
      return "text";
    case crdt::TypeKind::kXmlElement:
    case crdt::TypeKind::kXmlFragment:
      return "xml";
    case crdt::TypeKind::kUntyped:
      break;
  }
  return "unknown";
}

Value write_keys(const crdt::Event& event) {
  Value::Object keys;
  for (const auto& [key, change] : event.keys) {
    Value::Object entry;
    switch (change.action) {
      case crdt::KeyAction::kAdd:
        entry.emplace_back("action", "add");
        break;
      case crdt::KeyAction::kUpdate:
        entry.emplace_back("action", "update");
        break;
      case crdt::KeyAction::kDelete:
        entry.emplace_back("action", "delete");
        break;
    }
    if (change.old_value) entry.emplace_back("old", write_element(*change.old_value));
    keys.emplace_back(key, std::move(entry));
  }
  return keys;
}

bool has_attributes(const Value& attributes) {
  return attributes.is_object() && !attributes.members().empty();
}

Value write_delta_op(const crdt::DeltaOp& op, bool text) {
  if (const auto* retain = std::get_if<crdt::Retain>(&op)) {
    Value out = Value::object({{"retain", retain->length}});
    if (has_attributes(retain->attributes)) out.set("attributes", write_value(retain->attributes));
    return out;
  }
  if (const auto* removed = std::get_if<crdt::Delete>(&op))
    return Value::object({{"delete", removed->length}});
  const auto& inserted = std::get<crdt::Insert>(op);
  Value out = Value::object();
  if (!text) {
    Value::Array elements;
    for (const crdt::Element& element : inserted.elements)
      elements.push_back(write_element(element));
    out.set("insert", std::move(elements));
  } else if (inserted.elements.empty()) {
    out.set("insert", inserted.text);
  } else {
    out.set("insert", write_element(inserted.elements.front()));
  }
  if (has_attributes(inserted.attributes)) out.set("attributes", write_value(inserted.attributes));
  return out;
}

/// Yjs leaves embeds that are neither objects nor strings out of a text's delta.
bool is_told(const crdt::DeltaOp& op) {
  const auto* inserted = std::get_if<crdt::Insert>(&op);
  if (inserted == nullptr || inserted->elements.size() != 1) return true;
  const auto* value = std::get_if<Value>(&inserted->elements.front());
  return value == nullptr || !(value->is_number() || value->is_bool());
}

bool keeps_only(const Value& op) {
  return op.find("retain") != nullptr && op.find("attributes") == nullptr;
}

Value write_text_delta(const std::vector<crdt::DeltaOp>& ops) {
  Value::Array delta;
  for (const crdt::DeltaOp& op : ops)
    if (is_told(op)) delta.push_back(write_delta_op(op, true));
  while (!delta.empty() && keeps_only(delta.back())) delta.pop_back();
  return delta;
}

Value write_list_delta(const std::vector<crdt::DeltaOp>& ops) {
  Value::Array delta;
  for (const crdt::DeltaOp& op : ops) delta.push_back(write_delta_op(op, false));
  return delta;
}

Value write_event(const crdt::Event& event, const Value& target) {
  const crdt::TypeKind kind = event.target->kind();
  const bool text = kind == crdt::TypeKind::kText || kind == crdt::TypeKind::kXmlText;
  const bool map = kind == crdt::TypeKind::kMap || kind == crdt::TypeKind::kXmlHook;
  Value delta = map    ? Value::array()
                : text ? write_text_delta(event.delta)
                       : write_list_delta(event.delta);
  return Value::object({{"target", target},
                        {"path", write_path(event.path)},
                        {"type", event_type(kind)},
                        {"keys", write_keys(event)},
                        {"delta", std::move(delta)}});
}

}  // namespace

Document::Document(crdt::DocOptions options)
    : doc(std::move(options)),
      updating(
          doc.on_update([this](const Bytes& update, auto&) { updates.push_back({update, {}}); })),
      // The engine tells both of a transaction before it goes on to the next.
      updating_v2(doc.on_update_v2(
          [this](const Bytes& update, auto&) { updates.back().update_v2 = update; })) {}

void Document::observe(const Value& target, bool deep) {
  crdt::SharedType& type = resolve(doc, target);
  Handle handle =
      deep ? type.observe_deep([this, target](std::span<const crdt::Event> batch, auto&) {
        for (const crdt::Event& event : batch) events.push_back(write_event(event, target));
      })
           : type.observe([this, target](const crdt::Event& event, auto&) {
               events.push_back(write_event(event, target));
             });
  observations.push_back({target, std::move(handle)});
}

void Document::unobserve(const Value& target) {
  std::erase_if(observations,
                [&](const Observation& observation) { return observation.target == target; });
}

Value::Object Document::take_changes() {
  Value::Object answer;
  const auto both = [](const Told& told) {
    return Value::Object{{"update", encoding::to_base64(told.update)},
                         {"update_v2", encoding::to_base64(told.update_v2)}};
  };
  if (!updates.empty()) {
    answer = both(updates.front());
    Value::Array more;
    for (std::size_t i = 1; i < updates.size(); ++i) more.emplace_back(both(updates[i]));
    if (!more.empty()) answer.emplace_back("more", std::move(more));
  }
  answer.emplace_back("events", std::move(events));
  updates.clear();
  events.clear();
  return answer;
}

Value::Object Document::pending() const {
  return {{"structs", doc.has_pending_structs()}, {"deletes", doc.has_pending_deletes()}};
}

}  // namespace syncline::json_lines
