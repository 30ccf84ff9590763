// Reading: elements, JSON forms, texts, paths and places.
//
// A Lens reads a type as it was before the transaction whose observers are being called: what that
// transaction deleted is still there, since collecting comes later. Or as it was at a snapshot, of
// a document that collects nothing.
#include <algorithm>

#include "crdt/engine.hpp"
#include "crdt/tuning.hpp"
#include "encoding/json.hpp"
#include "encoding/utf16.hpp"

namespace syncline::crdt {

namespace {

/// A JSON text of the document; "undefined" is what Yjs writes for it.
Value read_json(const std::string& text) {
  if (text == "undefined") return Value::Undefined{};
  auto value = encoding::parse_json(text);
  return value.ok() ? std::move(*value) : Value();
}

/// Stands for an embed where every unit must show: U+FFFC.
constexpr std::string_view kObjectReplacement = "\xef\xbf\xbc";

/// Appends `units` code units of `text` from `offset` on; halves of a pair as lone surrogates.
void append_units(std::string& out, std::string_view text, std::uint64_t offset,
                  std::uint64_t units) {
  bool starts_inside = false;
  bool ends_inside = false;
  const std::size_t from = encoding::utf16_offset(text, offset, &starts_inside);
  text.remove_prefix(from);
  units += starts_inside ? 1 : 0;
  const std::size_t to = encoding::utf16_offset(text, units, &ends_inside);
  if (!starts_inside && !ends_inside) {
    out += text.substr(0, to);
    return;
  }
  const std::string rest =
      encoding::utf16_split(text.substr(0, to + (ends_inside ? 4 : 0)), units).first;
  out += starts_inside ? encoding::utf16_split(rest, 1).second : rest;
}

}  // namespace

bool Engine::visible(const Item& item, Lens lens) const {
  if (lens.at != nullptr) return lens.at->shows(store.id_of(item));
  if (lens.before == nullptr) return !item.deleted;
  return !lens.before->adds(item) && (!item.deleted || lens.before->deletes(item));
}

Ref Engine::value_of(const TypeState& of, KeyIndex key, Lens lens) const {
  if (key == kNone) return kNone;
  Ref ref = of.map.get(key);
  if (lens.before != nullptr) {
    while (ref != kNone && lens.before->adds(store[ref])) ref = store[ref].left;
  } else if (lens.at != nullptr) {
    const auto later = [&](const ID& id) { return lens.at->state.get(id.client) <= id.clock; };
    while (ref != kNone && later(store.id_of(store[ref]))) ref = store[ref].left;
  }
  return ref != kNone && visible(store[ref], lens) ? ref : kNone;
}

Element Engine::element(const Item& item, std::uint64_t offset) const {
  switch (item.kind) {
    case StructKind::kAny:
      return store.values(item)[offset];
    case StructKind::kString: {
      const auto rest = encoding::utf16_split(store.text(item), offset).second;
      return Value(encoding::utf16_split(rest, 1).first);
    }
    case StructKind::kJson:
      return read_json(store.values(item)[offset].string());
    case StructKind::kEmbed:
      return *store.box(item).value;
    case StructKind::kBinary:
      return Value(Value::Binary(store.box(item).bytes));
    case StructKind::kDoc:
      return subdoc_of(item);
    case StructKind::kType:
      // Shared types are identities: reading one hands out the type itself.
      return const_cast<SharedType*>(
          static_cast<const SharedType*>(&type(static_cast<TypeIndex>(item.content()))));
    case StructKind::kGC:
    case StructKind::kDeleted:
    case StructKind::kFormat:
    case StructKind::kSkip:
      break;
  }
  return Value(Value::Undefined{});
}

void Engine::elements(const Item& item, std::vector<Element>& out) const {
  if (item.kind == StructKind::kString) {
    for (const char16_t unit : encoding::to_utf16(store.text(item))) {
      out.emplace_back(Value(encoding::from_utf16(std::u16string_view(&unit, 1))));
    }
  } else if (item.kind != StructKind::kDeleted && item.kind != StructKind::kFormat) {
    for (std::uint64_t i = 0; i < item.length(); ++i) out.push_back(element(item, i));
  }
}

std::string Engine::text_of(const TypeState& of, Lens lens) const {
  std::string result;
  for (Ref ref = of.first; ref != kNone; ref = store[ref].right) {
    const Item& item = store[ref];
    if (item.kind == StructKind::kString && visible(item, lens)) result += store.text(item);
  }
  // Halves of a pair may have met.
  return encoding::is_utf8(result) ? result : encoding::to_wtf8(result);
}

std::string Engine::text_slice(TypeState& of, std::uint64_t index, std::uint64_t length) {
  std::string result;
  if (index >= of.length) return result;
  length = std::min(length, of.length - index);
  auto [ref, offset] = find_position(of, index);
  for (; length > 0 && ref != kNone; ref = store[ref].right) {
    const Item& item = store[ref];
    if (!item.visible()) continue;
    const std::uint64_t units = std::min(item.length() - offset, length);
    if (item.kind == StructKind::kString) {
      append_units(result, store.text(item), offset, units);
    } else {
      result += kObjectReplacement;
    }
    length -= units;
    offset = 0;
  }
  // Halves of a pair may have met.
  return encoding::is_utf8(result) ? result : encoding::to_wtf8(result);
}

Value Engine::to_json(const Element& element, Lens lens, int depth) const {
  if (const auto* value = std::get_if<Value>(&element)) return *value;
  if (std::holds_alternative<Subdoc>(element)) return Value::object();
  return to_json(state_of(*std::get<SharedType*>(element)), lens, depth);
}

Value Engine::to_json(const TypeState& of, Lens lens, int depth) const {
  if (depth > tuning::kJsonDepthMax) return {};
  switch (of.type_kind) {
    case TypeKind::kMap:
    case TypeKind::kXmlHook: {
      Value::Object members;
      for (const KeyMap::Entry& entry : of.map.entries()) {
        const Ref ref = value_of(of, entry.key, lens);
        if (ref == kNone) continue;
        const Item& item = store[ref];
        members.emplace_back(key_text(entry.key),
                             to_json(element(item, item.length() - 1), lens, depth + 1));
      }
      return members;
    }
    case TypeKind::kArray: {
      Value::Array items;
      std::vector<Element> found;
      for (Ref ref = of.first; ref != kNone; ref = store[ref].right) {
        const Item& item = store[ref];
        if (!item.countable || !visible(item, lens)) continue;
        found.clear();
        elements(item, found);
        for (const Element& it : found) items.push_back(to_json(it, lens, depth + 1));
      }
      return items;
    }
    case TypeKind::kText:
      return text_of(of, lens);
    case TypeKind::kXmlElement:
    case TypeKind::kXmlFragment:
    case TypeKind::kXmlText:
      return xml_string(of, lens, depth);
    case TypeKind::kUntyped:
      break;
  }
  return Value::Undefined{};
}

bool Engine::indexed(TypeState& of) {
  if (!of.positions && of.items >= tuning::kIndexFrom) {
    of.positions = std::make_unique<SequenceIndex>(store.items(), of.first);
  }
  return of.positions != nullptr;
}

SequenceIndex::Place Engine::find_position(TypeState& of, std::uint64_t position) {
  if (indexed(of)) return of.positions->find(position);
  for (Ref ref = of.first; ref != kNone; ref = store[ref].right) {
    const std::uint64_t visible_units = store[ref].visible_length();
    if (position < visible_units) return {ref, position};
    position -= visible_units;
  }
  return {};
}

std::uint64_t Engine::position_of(Ref ref) {
  TypeState& of = type(store[ref].parent);
  if (indexed(of)) return of.positions->position_of(ref);
  std::uint64_t position = 0;
  for (Ref it = store[ref].left; it != kNone; it = store[it].left) {
    position += store[it].visible_length();
  }
  return position;
}

Element Engine::element_at(TypeState& of, std::size_t index) {
  const auto place = find_position(of, index);
  return element(store[place.item], place.offset);
}

Path Engine::path_of(const TypeState& of, const TypeState* from) {
  Path path;
  const TypeState* at = &of;
  while (at != from && !at->is_root() && at->holder != kNone) {
    const Item& holder = store[at->holder];
    if (holder.key() != kNone) {
      path.emplace_back(key_text(holder.key()));
    } else {
      path.emplace_back(static_cast<std::size_t>(position_of(at->holder)));
    }
    at = &type(holder.parent);
  }
  std::reverse(path.begin(), path.end());
  return path;
}

std::optional<Doc::Place> Engine::place_of(ID id) {
  const ClientIndex owner = store.index_of(id.client);
  if (owner == kNone || id.clock >= store.client(owner).end) return std::nullopt;
  const Ref ref = store.find(owner, id.clock);
  const Item& item = store[ref];
  if (item.deleted || item.is_gc()) return std::nullopt;
  const TypeState* at = &type(item.parent);
  Doc::Place place;
  place.path = path_of(*at);
  if (item.key() != kNone) {
    place.path.emplace_back(key_text(item.key()));
  } else {
    place.path.emplace_back(static_cast<std::size_t>(position_of(ref) + (id.clock - item.clock())));
  }
  while (!at->is_root()) at = &type(at->parent_type);
  place.root = at->name;
  return place;
}

}  // namespace syncline::crdt
