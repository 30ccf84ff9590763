// Local changes of maps, and what all local changes share: making items of what the caller gives.
#include "crdt/engine.hpp"
#include "encoding/utf16.hpp"

namespace syncline::crdt {

namespace {

/// A new subdocument's options as Yjs writes them: its three, where they differ from the defaults,
/// in this order; then what it does not know.
Value subdoc_options(const Value& given) {
  Value::Object written;
  if (!given.is_object()) return written;
  const auto differs = [&](const char* name, const Value& standard) {
    const Value* value = given.find(name);
    if (value != nullptr && !(*value == standard)) written.emplace_back(name, *value);
  };
  differs("gc", true);
  differs("autoLoad", false);
  differs("meta", nullptr);
  for (const auto& [name, value] : given.members()) {
    const bool known = name == "gc" || name == "autoLoad" || name == "meta";
    if (!known) written.emplace_back(name, value);
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
  item.content = state.index;
  item.length = 1;
  item.countable = true;
  integrate(transaction, ref);
  // First content, in Yjs's order: children or text, then attributes.
  if (!made.values.empty()) {
    insert_values(transaction, {state.index, kNone, kNone, kNone}, std::move(made.values));
  }
  if (!made.text.empty()) insert_text(transaction, state, 0, made.text);
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
