// Making, resolving, writing and reading relative positions.
#include "crdt/relative_position.hpp"

#include <cmath>

#include "base/check.hpp"
#include "crdt/engine.hpp"
#include "encoding/lib0.hpp"

namespace syncline::crdt {

namespace {

/// What a position's first number says it names.
enum class Names : std::uint8_t { kItem = 0, kRoot = 1, kType = 2 };

void write_id(encoding::Writer& writer, Names names, ID id) {
  writer.var_uint(static_cast<std::uint64_t>(names));
  writer.var_uint(id.client);
  writer.var_uint(id.clock);
}

ID read_id(encoding::Reader& reader) {
  const ClientId client = reader.var_uint();
  return {client, reader.var_uint()};
}

Value id_json(ID id) { return Value::object({{"client", id.client}, {"clock", id.clock}}); }

Error malformed(const std::string& what) {
  return {Code::kMalformed, "a position's JSON form: " + what};
}

std::optional<std::uint64_t> whole(const Value* value) {
  if (value == nullptr || !value->is_number()) return std::nullopt;
  const double number = value->number();
  const bool fits = number >= 0 && number <= static_cast<double>(encoding::kMaxSafeInteger);
  if (!fits || number != std::floor(number)) return std::nullopt;
  return static_cast<std::uint64_t>(number);
}

/// Reads an optional member that is an id.
Result<std::optional<ID>> id_member(const Value& json, std::string_view name) {
  const Value* member = json.find(name);
  if (member == nullptr || member->is_null()) return std::optional<ID>();
  const auto client = whole(member->find("client"));
  const auto clock = whole(member->find("clock"));
  if (!client || !clock) {
    return malformed('"' + std::string(name) + "\" must hold a client and a clock below 2^53");
  }
  return std::optional<ID>(ID{*client, *clock});
}

AbsolutePosition beside(Engine& engine, SequenceIndex::Place unit, std::int64_t assoc) {
  const Item& item = engine.store[unit.item];
  TypeState& type = engine.type(item.parent);
  AbsolutePosition found{&type, 0, assoc};
  if (engine.is_deleted(type)) return found;
  if (item.visible()) found.index = unit.offset + (assoc < 0 ? 1 : 0);
  // The values of a key have no place among the elements.
  if (item.key() == kNone) found.index += engine.position_of(unit.item);
  return found;
}

}  // namespace

RelativePosition RelativePosition::at(SharedType& in, std::size_t index, std::int64_t assoc) {
  TypeState& type = state_of(in);
  Engine& engine = type.engine;
  RelativePosition position;
  position.assoc = assoc;
  if (type.is_root()) {
    position.root = type.name;
  } else {
    position.type = type.holder_id;
  }
  if (assoc < 0) {
    if (index == 0) return position;
    --index;
  }
  if (index < type.length) {
    const SequenceIndex::Place unit = engine.find_position(type, index);
    position.item = engine.store.id_of(engine.store[unit.item]);
    position.item->clock += unit.offset;
  } else if (assoc < 0 && type.last != kNone) {
    // As Yjs: the last unit, whether or not it is visible.
    const Item& last = engine.store[type.last];
    position.item = ID{engine.store.client(last.client()).id, last.end() - 1};
  }
  return position;
}

std::optional<AbsolutePosition> RelativePosition::resolve(Doc& doc, UndoneDeletions undone) const {
  SYNCLINE_CHECK(item || root || type, "a position names a unit or a type");
  Engine& engine = engine_of(doc);
  const auto find = [&](ID id) -> std::optional<SequenceIndex::Place> {
    const ClientIndex client = engine.store.index_of(id.client);
    if (client == kNone || id.clock >= engine.store.client(client).end) return std::nullopt;
    if (undone == UndoneDeletions::kFollow) return engine.follow_redone({client, id.clock});
    const Ref ref = engine.store.find(client, id.clock);
    return SequenceIndex::Place{ref, id.clock - engine.store[ref].clock()};
  };
  if (item) {
    const auto unit = find(*item);
    if (!unit || engine.store[unit->item].is_gc()) return std::nullopt;
    return beside(engine, *unit, assoc);
  }
  TypeState* within = nullptr;
  if (root) {
    within = &engine.root(*root);
  } else {
    const auto holder = find(*type);
    if (!holder || engine.store[holder->item].kind != StructKind::kType) return std::nullopt;
    within = &engine.type(static_cast<TypeIndex>(engine.store[holder->item].content()));
  }
  return AbsolutePosition{within, assoc < 0 ? 0 : static_cast<std::size_t>(within->length), assoc};
}

Bytes RelativePosition::encode() const {
  SYNCLINE_CHECK(item || root || type, "a position names a unit or a type");
  encoding::Writer writer;
  if (item) {
    write_id(writer, Names::kItem, *item);
  } else if (root) {
    writer.var_uint(static_cast<std::uint64_t>(Names::kRoot));
    writer.var_string(*root);
  } else {
    write_id(writer, Names::kType, *type);
  }
  writer.var_int(assoc);
  return writer.take();
}

Result<RelativePosition> RelativePosition::decode(ByteView bytes) {
  encoding::Reader reader(bytes);
  RelativePosition position;
  switch (const std::uint64_t names = reader.var_uint(); names) {
    case static_cast<std::uint64_t>(Names::kItem):
      position.item = read_id(reader);
      break;
    case static_cast<std::uint64_t>(Names::kRoot):
      position.root = std::string(reader.var_string());
      break;
    case static_cast<std::uint64_t>(Names::kType):
      position.type = read_id(reader);
      break;
    default:
      reader.fail("a position begins with 0, 1 or 2");
  }
  if (!reader.failed() && !reader.at_end()) {
    const encoding::SignedVar assoc = reader.var_int();
    position.assoc = static_cast<std::int64_t>(assoc.magnitude);
    if (assoc.magnitude > encoding::kMaxSafeInteger) reader.fail("an assoc is below 2^53");
    if (assoc.negative) position.assoc = -position.assoc;
  }
  if (reader.failed()) return reader.error();
  return position;
}

Value RelativePosition::to_json() const {
  Value json = Value::object();
  if (type) json.set("type", id_json(*type));
  if (root && !root->empty()) json.set("tname", *root);
  if (item) json.set("item", id_json(*item));
  json.set("assoc", assoc);
  return json;
}

Result<RelativePosition> RelativePosition::from_json(const Value& json) {
  RelativePosition position;
  SYNCLINE_TRY_ASSIGN(type, id_member(json, "type"));
  SYNCLINE_TRY_ASSIGN(item, id_member(json, "item"));
  position.type = type;
  position.item = item;
  if (const Value* name = json.find("tname"); name != nullptr && !name->is_null()) {
    if (!name->is_string()) return malformed("\"tname\" must be a string");
    position.root = name->string();
  }
  if (const Value* assoc = json.find("assoc"); assoc != nullptr && !assoc->is_null()) {
    constexpr double kMost = static_cast<double>(encoding::kMaxSafeInteger);
    if (!assoc->is_number() || !(std::abs(assoc->number()) <= kMost) ||
        assoc->number() != std::floor(assoc->number())) {
      return malformed("\"assoc\" must be a whole number");
    }
    position.assoc = static_cast<std::int64_t>(assoc->number());
  }
  if (!position.item && !position.root && !position.type) {
    return malformed("one of \"item\", \"tname\" and \"type\" is needed");
  }
  return position;
}

}  // namespace syncline::crdt
