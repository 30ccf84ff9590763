// The engine's names: roots, nested types and map keys.
#include "crdt/engine.hpp"

#include "encoding/lib0.hpp"

namespace syncline::crdt {

Engine::Engine(Doc& of, DocOptions with)
    : doc(of), options(std::move(with)), client(options.client) {
  SYNCLINE_CHECK(client <= encoding::kMaxSafeInteger, "a client id is below 2^53");
}

TypeState& Engine::make_type(TypeKind kind, std::string name) {
  const auto index = static_cast<TypeIndex>(types_.size());
  return types_.emplace_back(*this, index, kind, std::move(name));
}

TypeState* Engine::find_root(std::string_view name) {
  const auto found = root_by_name_.find(name);
  return found == root_by_name_.end() ? nullptr : &type(found->second);
}

TypeState& Engine::root(std::string_view name) {
  if (TypeState* found = find_root(name)) return *found;
  TypeState& made = make_type(TypeKind::kUntyped, std::string(name));
  root_by_name_.emplace(made.name, made.index);
  roots_.push_back(made.index);
  return made;
}

KeyIndex Engine::find_key(std::string_view key) const {
  const auto found = keys_.find(key);
  return found == keys_.end() ? kNone : found->second;
}

KeyIndex Engine::intern_key(std::string_view key) {
  const KeyIndex known = find_key(key);
  if (known != kNone) return known;
  const auto index = static_cast<KeyIndex>(key_texts_.size());
  const auto entry = keys_.emplace(std::string(key), index).first;
  key_texts_.push_back(&entry->first);
  return index;
}

}  // namespace syncline::crdt
