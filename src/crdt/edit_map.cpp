// Local changes of maps, and what all local changes share: making items of what the caller gives.
#include "crdt/engine.hpp"
#include "encoding/utf16.hpp"

namespace syncline::crdt {

bool truthy(const Value& value) {
  switch (value.kind()) {
    case Value::Kind::kBool:
      return value.boolean();
    case Value::Kind::kNumber:
      return value.number() < 0 || value.number() > 0;
    case Value::Kind::kBigInt:
      return value.bigint().value != 0;
    case Value::Kind::kString:
      return !value.string().empty();
    case Value::Kind::kNull:
    case Value::Kind::kUndefined:
      return false;
    case Value::Kind::kBinary:
    case Value::Kind::kArray:
    case Value::Kind::kObject:
      break;
  }
  return true;
}

namespace {

/// A new subdocument's options as Yjs writes them: the three that others learn of, where they
/// differ from the defaults, in this order.
Value subdoc_options(const Value& given) {
  Value::Object written;
  const auto option = [&](const char* name) {
    const Value* value = given.find(name);
    return value == nullptr || value->is_undefined() ? nullptr : value;
  };
  if (const Value* gc = option("gc"); gc != nullptr && !truthy(*gc)) {
    written.emplace_back("gc", false);
  }
  if (const Value* load = option("autoLoad"); load != nullptr && truthy(*load)) {
    written.emplace_back("autoLoad", true);
  }
  if (const Value* meta = option("meta"); meta != nullptr && !meta->is_null()) {
    written.emplace_back("meta", *meta);
  }
  return written;
}

}  // namespace

SharedType* Engine::insert_input(RunningTransaction& transaction, const Spot& spot, Input&& input,
                                 Ref& made) {
  if (auto* new_type = std::get_if<NewType>(&input.content)) {
    return insert_type(transaction, spot, std::move(*new_type), made);
  }
  made = new_item(spot);
  Item& item = store[made];
  if (auto* subdoc = std::get_if<Subdoc>(&input.content)) {
    Content content;
    const Value* wanted = subdoc->options.find("shouldLoad");
    const Value* automatic = subdoc->options.find("autoLoad");
    subdocs_[store.id_of(item)].should_load =
        wanted == nullptr || truthy(*wanted) || (automatic != nullptr && truthy(*automatic));
    content.text = std::move(subdoc->guid);
    content.values.push_back(subdoc_options(subdoc->options));
    store.set_content(item, StructKind::kDoc, 1, std::move(content));
  } else if (const auto& value = std::get<Value>(input.content);
             value.kind() == Value::Kind::kBinary) {
    Content content;
    content.bytes = value.binary();
    store.set_content(item, StructKind::kBinary, 1, std::move(content));
  } else {
    store.set_values(item, std::span(&value, 1));
  }
  integrate(transaction, made);
  return nullptr;
}

TypeState* Engine::insert_type(RunningTransaction& transaction, const Spot& spot, NewType&& made,
                               Ref& ref) {
  ref = new_item(spot);
  TypeState& state = make_type(made.kind, std::move(made.name));
  Item& item = store[ref];
  item.kind = StructKind::kType;
  item.set_content(state.index);
  item.set_length(1);
  item.countable = true;
  integrate(transaction, ref);
  // First content, in Yjs's order: children or text, then attributes.
  if (!made.values.empty()) {
    insert_values(transaction, {state.index, kNone, kNone, kNone}, std::move(made.values));
  }
  if (!made.text.empty()) insert_plain(transaction, state, 0, made.text);
  if (!made.delta.empty()) {
    // Yjs logs what it refuses here and goes on.
    [[maybe_unused]] const auto done = apply_delta(transaction, state, std::move(made.delta));
  }
  for (auto& [key, value] : made.entries) {
    const Spot entry{state.index, intern_key(key), state.map.get(intern_key(key)), kNone};
    Ref unused = kNone;
    insert_input(transaction, entry, std::move(value), unused);
  }
  return &state;
}

SharedType* Engine::map_set(TypeState& of, std::string_view key, Input value) {
  SharedType* made = nullptr;
  change([&](RunningTransaction& transaction) {
    const KeyIndex index = intern_key(key);
    Ref item = kNone;
    made = insert_input(transaction, {of.index, index, of.map.get(index), kNone}, std::move(value),
                        item);
  });
  return made;
}

void Engine::map_remove(TypeState& of, std::string_view key) {
  change([&](RunningTransaction& transaction) {
    const Ref ref = of.map.get(find_key(key));
    if (ref != kNone) delete_item(transaction, ref);
  });
}

}  // namespace syncline::crdt
