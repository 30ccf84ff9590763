// Doc, SharedType, Map, Array and Text: doors to the engine.
#include "crdt/doc.hpp"

#include "base/check.hpp"
#include "crdt/engine.hpp"

namespace syncline::crdt {

namespace {

template <typename Listeners, typename Function>
Handle subscribe(Engine& engine, Listeners& listeners, Function&& listener) {
  engine.has_listeners = true;
  return listeners.add(std::forward<Function>(listener));
}

}  // namespace

Doc::Doc(DocOptions options) : engine_(std::make_unique<Engine>(*this, std::move(options))) {}
Doc::~Doc() = default;

Engine& engine_of(Doc& doc) { return *doc.engine_; }

ClientId Doc::client() const { return engine_->client; }

void Doc::set_client(ClientId client) {
  SYNCLINE_CHECK(!engine_->in_transaction(), "the client id changes between transactions");
  SYNCLINE_CHECK(client <= encoding::kMaxSafeInteger, "a client id is below 2^53");
  SYNCLINE_CHECK(engine_->store.state(client) == 0, "a new client id was never used here");
  engine_->set_client(client);
}

void Doc::continue_client(const Doc& earlier) {
  const ClientId client = earlier.client();
  SYNCLINE_CHECK(!engine_->in_transaction(), "the client id changes between transactions");
  SYNCLINE_CHECK(engine_->store.state(client) == earlier.engine_->store.state(client),
                 "a client id goes on where it ended");
  engine_->set_client(client);
}

const DocOptions& Doc::options() const { return engine_->options; }

Result<SharedType*> Doc::root(std::string_view name, TypeKind kind) {
  TypeState& found = engine_->root(name);
  if (found.type_kind == TypeKind::kUntyped && kind != TypeKind::kUntyped) {
    found.type_kind = kind;
    found.formats_known = false;
    // Yjs fills what it opens with what was put in before, in a transaction even if that is
    // nothing.
    const bool filled =
        kind == TypeKind::kArray || kind == TypeKind::kXmlFragment || kind == TypeKind::kXmlElement;
    if (filled) engine_->pass_empty_transaction();
  }
  if (kind != TypeKind::kUntyped && found.type_kind != kind) {
    return Error(Code::kSchema, "the root \"" + std::string(name) +
                                    "\" has another type already; open it as what it is, or use "
                                    "another name");
  }
  return &found;
}

std::vector<std::pair<std::string, TypeKind>> Doc::roots() const {
  std::vector<std::pair<std::string, TypeKind>> result;
  for (const TypeIndex index : engine_->roots()) {
    const TypeState& root = engine_->type(index);
    result.emplace_back(root.name, root.type_kind);
  }
  return result;
}

SharedType* Doc::find_root(std::string_view name) const { return engine_->find_root(name); }

void Doc::transact(const std::function<void(Transaction&)>& body, Origin origin) {
  engine_->transact(std::move(origin), true,
                    [&](RunningTransaction& transaction) { body(transaction); });
}

Applied Doc::apply(Update update, Origin origin, Relay relay) {
  return engine_->apply(std::move(update), std::move(origin), relay);
}

Result<Applied> Doc::apply_update_v1(ByteView bytes, Origin origin, Relay relay) {
  return engine_->apply(bytes, UpdateFormat::kV1, std::move(origin), relay);
}

Result<Applied> Doc::apply_update_v2(ByteView bytes, Origin origin, Relay relay) {
  return engine_->apply(bytes, UpdateFormat::kV2, std::move(origin), relay);
}

StateVector Doc::unmet(const Update& update) const { return engine_->unmet(update); }

Bytes Doc::encode_state_as_update_v1(const StateVector& since) const {
  return engine_->encode_state(since, UpdateFormat::kV1);
}

Bytes Doc::encode_state_as_update_v2(const StateVector& since) const {
  return engine_->encode_state(since, UpdateFormat::kV2);
}

StateVector Doc::state_vector() const { return engine_->store.state_vector(); }
DeleteSet Doc::delete_set() const { return engine_->delete_set(); }
Snapshot Doc::snapshot() const { return {delete_set(), state_vector()}; }
bool Doc::has_pending() const { return engine_->has_pending(); }
bool Doc::has_pending_structs() const { return engine_->has_pending_structs(); }
bool Doc::has_pending_deletes() const { return engine_->has_pending_deletes(); }

Handle Doc::on_update(std::function<void(const Bytes&, Transaction&)> listener) {
  return engine_->update_listeners.add(std::move(listener));
}

Handle Doc::on_update_v2(std::function<void(const Bytes&, Transaction&)> listener) {
  return engine_->update_v2_listeners.add(std::move(listener));
}

Handle Doc::on_before_all_transactions(std::function<void()> listener) {
  return subscribe(*engine_, engine_->before_all_listeners, std::move(listener));
}

Handle Doc::on_before_transaction(std::function<void(Transaction&)> listener) {
  return subscribe(*engine_, engine_->before_transaction_listeners, std::move(listener));
}

Handle Doc::on_before_observers(std::function<void(Transaction&)> listener) {
  return subscribe(*engine_, engine_->before_observers_listeners, std::move(listener));
}

Handle Doc::on_after_cleanup(std::function<void(Transaction&)> listener) {
  return subscribe(*engine_, engine_->after_cleanup_listeners, std::move(listener));
}

Handle Doc::on_subdocs(std::function<void(const SubdocEvent&, Transaction&)> listener) {
  return subscribe(*engine_, engine_->subdoc_listeners, std::move(listener));
}

Handle Doc::on_after_all_transactions(std::function<void()> listener) {
  return subscribe(*engine_, engine_->after_all_listeners, std::move(listener));
}

std::vector<Subdoc> Doc::subdocs() const { return engine_->subdocs(); }
void Doc::load_subdoc(ID id) { engine_->load_subdoc(id); }
void Doc::destroy_subdoc(ID id) { engine_->destroy_subdoc(id); }

std::unique_ptr<Doc> Doc::make_subdoc(const Subdoc& subdoc) const {
  const Value* gc = subdoc.options.find("gc");
  return std::make_unique<Doc>(DocOptions{.client = client(),
                                          .gc = gc == nullptr || *gc != Value(false),
                                          .cleanup = options().cleanup,
                                          .guid = subdoc.guid});
}

Handle Doc::on_after_transaction(std::function<void(Transaction&)> listener) {
  return subscribe(*engine_, engine_->after_transaction_listeners, std::move(listener));
}

std::optional<Doc::Place> Doc::place_of(ID id) const { return engine_->place_of(id); }

// SharedType.

TypeKind SharedType::kind() const { return state_of(*this).type_kind; }
Doc& SharedType::doc() const { return state_of(*this).engine.doc; }

std::string_view SharedType::root_name() const {
  const TypeState& state = state_of(*this);
  return state.is_root() ? std::string_view(state.name) : std::string_view();
}

std::string_view SharedType::node_name() const {
  const TypeState& state = state_of(*this);
  return state.is_root() ? std::string_view() : std::string_view(state.name);
}

SharedType* SharedType::parent() const {
  const TypeState& state = state_of(*this);
  return state.is_root() ? nullptr : &state.engine.type(state.parent_type);
}

ID SharedType::id() const {
  SYNCLINE_CHECK(!state_of(*this).is_root(), "a root has a name, not an id");
  return state_of(*this).holder_id;
}

bool SharedType::deleted() const { return state_of(*this).engine.is_deleted(state_of(*this)); }
Path SharedType::path() const { return state_of(*this).engine.path_of(state_of(*this)); }
Value SharedType::to_json() const { return state_of(*this).engine.to_json(state_of(*this), {}); }

Handle SharedType::observe(std::function<void(const Event&, Transaction&)> observer) {
  return state_of(*this).observers.add(std::move(observer));
}

Handle SharedType::observe_deep(
    std::function<void(std::span<const Event>, Transaction&)> observer) {
  TypeState& state = state_of(*this);
  state.engine.deep_observed = true;
  return state.deep_observers.add(std::move(observer));
}

Value to_json(const Element& element) {
  if (const auto* value = std::get_if<Value>(&element)) return *value;
  if (const auto* type = std::get_if<SharedType*>(&element)) return (*type)->to_json();
  return Value::object();
}

Input shared(const Value& value) {
  if (!value.is_object() && !value.is_array()) return value;
  NewType made;
  if (value.is_object()) {
    made.kind = TypeKind::kMap;
    for (const auto& [key, member] : value.members())
      made.entries.emplace_back(key, shared(member));
  } else {
    made.kind = TypeKind::kArray;
    for (const Value& item : value.items()) made.values.push_back(shared(item));
  }
  return made;
}

// Map.

Map::Map(SharedType& type) : type_(&type) {}

bool Map::has(std::string_view key) const {
  const TypeState& state = state_of(*type_);
  return state.engine.value_of(state, state.engine.find_key(key)) != kNone;
}

std::optional<Element> Map::get(std::string_view key) const {
  const TypeState& state = state_of(*type_);
  const Ref ref = state.engine.value_of(state, state.engine.find_key(key));
  if (ref == kNone) return std::nullopt;
  const Item& item = state.engine.store[ref];
  return state.engine.element(item, item.length() - 1);
}

std::vector<std::string> Map::keys() const {
  const TypeState& state = state_of(*type_);
  std::vector<std::string> result;
  for (const KeyMap::Entry& entry : state.map.entries()) {
    if (state.engine.value_of(state, entry.key) != kNone) {
      result.push_back(state.engine.key_text(entry.key));
    }
  }
  return result;
}

std::size_t Map::size() const {
  const TypeState& state = state_of(*type_);
  std::size_t count = 0;
  for (const KeyMap::Entry& entry : state.map.entries()) {
    if (!state.engine.store[entry.item].deleted) ++count;
  }
  return count;
}

std::optional<ID> Map::entry_id(std::string_view key) const {
  const TypeState& state = state_of(*type_);
  const Ref ref = state.engine.value_of(state, state.engine.find_key(key));
  if (ref == kNone) return std::nullopt;
  const Item& item = state.engine.store[ref];
  ID id = state.engine.store.id_of(item);
  id.clock += item.length() - 1;
  return id;
}

SharedType* Map::set(std::string_view key, Input value) {
  TypeState& state = state_of(*type_);
  return state.engine.map_set(state, key, std::move(value));
}

void Map::remove(std::string_view key) {
  TypeState& state = state_of(*type_);
  state.engine.map_remove(state, key);
}

// Array.

Array::Array(SharedType& type) : type_(&type) {}

std::size_t Array::size() const { return state_of(*type_).length; }

Element Array::get(std::size_t index) const {
  TypeState& state = state_of(*type_);
  SYNCLINE_CHECK(index < state.length, "Array::get: an index below size()");
  return state.engine.element_at(state, index);
}

std::vector<Element> Array::elements() const {
  const TypeState& state = state_of(*type_);
  std::vector<Element> result;
  for (Ref ref = state.first; ref != kNone; ref = state.engine.store[ref].right) {
    const Item& item = state.engine.store[ref];
    if (item.visible()) state.engine.elements(item, result);
  }
  return result;
}

Result<void> Array::insert(std::size_t index, std::vector<Input> values) {
  TypeState& state = state_of(*type_);
  return state.engine.list_insert(state, index, std::move(values));
}

Result<void> Array::push(std::vector<Input> values) {
  TypeState& state = state_of(*type_);
  return state.engine.list_push(state, std::move(values));
}

Result<void> Array::remove(std::size_t index, std::size_t length) {
  TypeState& state = state_of(*type_);
  return state.engine.list_remove(state, index, length);
}

// Text.

namespace {

std::vector<std::pair<std::string, Element>> attributes_of(SharedType& type) {
  const Map map(type);
  std::vector<std::pair<std::string, Element>> result;
  for (std::string& name : map.keys()) {
    Element value = *map.get(name);
    result.emplace_back(std::move(name), std::move(value));
  }
  return result;
}

}  // namespace

Text::Text(SharedType& type) : type_(&type) {}

std::size_t Text::size() const { return state_of(*type_).length; }

std::string Text::string() const {
  const TypeState& state = state_of(*type_);
  return state.engine.text_of(state);
}

std::string Text::slice(std::size_t index, std::size_t length) const {
  TypeState& state = state_of(*type_);
  return state.engine.text_slice(state, index, length);
}

std::vector<TextPart> Text::delta() const {
  const TypeState& state = state_of(*type_);
  return state.engine.to_delta(state);
}

std::vector<TextPart> Text::delta(const Snapshot* at, const Snapshot* previous) const {
  const TypeState& state = state_of(*type_);
  return state.engine.delta_between(state, at, previous);
}

void Text::insert(std::size_t index, std::string_view text) {
  TypeState& state = state_of(*type_);
  state.engine.text_insert(state, index, text);
}

void Text::insert(std::size_t index, std::string_view text, const Value& attributes) {
  TypeState& state = state_of(*type_);
  state.engine.text_insert(state, index, text, Attributes(attributes));
}

Result<void> Text::insert_embed(std::size_t index, Input embed, const Value& attributes) {
  TypeState& state = state_of(*type_);
  return state.engine.text_embed(state, index, std::move(embed), Attributes(attributes));
}

Result<void> Text::format(std::size_t index, std::size_t length, const Value& attributes) {
  TypeState& state = state_of(*type_);
  return state.engine.text_format(state, index, length, Attributes(attributes));
}

Result<void> Text::apply_delta(Delta delta) {
  TypeState& state = state_of(*type_);
  return state.engine.text_apply_delta(state, std::move(delta));
}

std::optional<Element> Text::attribute(std::string_view name) const {
  return Map(*type_).get(name);
}
std::vector<std::pair<std::string, Element>> Text::attributes() const {
  return attributes_of(*type_);
}
SharedType* Text::set_attribute(std::string_view name, Input value) {
  return Map(*type_).set(name, std::move(value));
}
void Text::remove_attribute(std::string_view name) { Map(*type_).remove(name); }

void Text::remove(std::size_t index, std::size_t length) {
  TypeState& state = state_of(*type_);
  state.engine.text_remove(state, index, length);
}

// XML. Children are a list, attributes a map, as those of any other type.

XmlFragment::XmlFragment(SharedType& type) : type_(&type) {}

std::size_t XmlFragment::size() const { return Array(*type_).size(); }
Element XmlFragment::get(std::size_t index) const { return Array(*type_).get(index); }
std::vector<Element> XmlFragment::children() const { return Array(*type_).elements(); }

std::string XmlFragment::string() const {
  const TypeState& state = state_of(*type_);
  return state.engine.xml_string(state, {}, 0);
}

Result<void> XmlFragment::insert(std::size_t index, std::vector<Input> children) {
  return Array(*type_).insert(index, std::move(children));
}

Result<void> XmlFragment::push(std::vector<Input> children) {
  return Array(*type_).push(std::move(children));
}

Result<void> XmlFragment::remove(std::size_t index, std::size_t length) {
  return Array(*type_).remove(index, length);
}

std::optional<Element> XmlElement::attribute(std::string_view name) const {
  return Map(*type_).get(name);
}
std::vector<std::pair<std::string, Element>> XmlElement::attributes() const {
  return attributes_of(*type_);
}
SharedType* XmlElement::set_attribute(std::string_view name, Input value) {
  return Map(*type_).set(name, std::move(value));
}
void XmlElement::remove_attribute(std::string_view name) { Map(*type_).remove(name); }

}  // namespace syncline::crdt
