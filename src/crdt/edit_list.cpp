// Local changes of lists.
//
// Where an insertion goes among tombstones decides its origins, and with them the bytes: right
// after the last visible element before the index, as Yjs's arrays do (its texts do not).
#include <algorithm>
#include <optional>

#include "crdt/engine.hpp"

namespace syncline::crdt {

namespace {

Error out_of_range(std::size_t index, std::uint64_t length) {
  return {Code::kTooLarge, "out_of_range",
          "position " + std::to_string(index) + " is past the end of a list of " +
              std::to_string(length) + "; read its size first"};
}

/// Cuts the values off where Yjs throws: at undefined, before it has put the plain values in front
/// of it anywhere, or at a BigInt, after that.
Result<void> cut_refused(std::vector<Input>& values) {
  const auto kind_of = [](const Input& input) -> std::optional<Value::Kind> {
    const auto* value = std::get_if<Value>(&input.content);
    return value == nullptr ? std::nullopt : std::optional(value->kind());
  };
  const auto refused = std::find_if(values.begin(), values.end(), [&](const Input& input) {
    return kind_of(input) == Value::Kind::kUndefined || kind_of(input) == Value::Kind::kBigInt;
  });
  if (refused == values.end()) return {};
  const bool undefined = kind_of(*refused) == Value::Kind::kUndefined;
  values.erase(refused, values.end());
  const auto waits = [&](const Input& input) {
    const auto kind = kind_of(input);
    return kind && kind != Value::Kind::kBinary;
  };
  while (undefined && !values.empty() && waits(values.back())) values.pop_back();
  return Error(Code::kSchema,
               "a list takes neither undefined nor BigInt, as in Yjs; use null, a number or a "
               "string");
}

}  // namespace

Ref Engine::end_at(RunningTransaction& transaction, SequenceIndex::Place place) {
  if (place.offset + 1 < store[place.item].length()) {
    split(transaction, place.item, place.offset + 1);
  }
  return place.item;
}

Ref Engine::left_of(RunningTransaction& transaction, TypeState& of, std::size_t index) {
  return index == 0 ? kNone : end_at(transaction, find_position(of, index - 1));
}

void Engine::insert_values(RunningTransaction& transaction, Spot spot,
                           std::vector<Input>&& values) {
  // Plain values in a row share one item.
  std::vector<Value> plain;
  const auto flush = [&] {
    if (plain.empty()) return;
    const Ref ref = new_item(spot);
    store.set_values(store[ref], plain);
    plain.clear();
    integrate(transaction, ref);
    spot.left = ref;
  };
  for (Input& input : values) {
    auto* value = std::get_if<Value>(&input.content);
    if (value != nullptr && value->kind() != Value::Kind::kBinary) {
      plain.push_back(std::move(*value));
      continue;
    }
    flush();
    Ref made = kNone;
    insert_input(transaction, spot, std::move(input), made);
    spot.left = made;
  }
  flush();
}

Result<void> Engine::list_insert(TypeState& of, std::size_t index, std::vector<Input> values) {
  if (index > of.length) return out_of_range(index, of.length);
  const Result<void> done = cut_refused(values);
  change([&](RunningTransaction& transaction) {
    const Ref left = left_of(transaction, of, index);
    const Ref right = left == kNone ? of.first : store[left].right;
    insert_values(transaction, {of.index, kNone, left, right}, std::move(values));
  });
  return done;
}

Result<void> Engine::list_push(TypeState& of, std::vector<Input> values) {
  const bool xml = of.type_kind == TypeKind::kXmlFragment || of.type_kind == TypeKind::kXmlElement;
  if (xml) return list_insert(of, of.length, std::move(values));
  const Result<void> done = cut_refused(values);
  change([&](RunningTransaction& transaction) {
    insert_values(transaction, {of.index, kNone, of.last, kNone}, std::move(values));
  });
  return done;
}

Result<void> Engine::list_remove(TypeState& of, std::size_t index, std::size_t length) {
  if (length == 0) return {};
  const std::uint64_t held = of.length;
  std::uint64_t left_over = length;
  change([&](RunningTransaction& transaction) {
    if (index > of.length) return;
    const Ref left = left_of(transaction, of, index);
    Ref ref = left == kNone ? of.first : store[left].right;
    for (; ref != kNone && left_over > 0; ref = store[ref].right) {
      if (store[ref].deleted) continue;
      if (left_over < store[ref].length()) split(transaction, ref, left_over);
      left_over -= store[ref].length();
      delete_item(transaction, ref);
    }
  });
  if (left_over > 0) return out_of_range(index + length, held);
  return {};
}

}  // namespace syncline::crdt
