// The handles a program holds: each operation enters the object and becomes one call of its Tree.
#include "syncline/data_object.hpp"

#include <algorithm>

#include "encoding/utf16.hpp"
#include "object/live_object.hpp"

namespace syncline {
namespace {

using crdt::Found;
using crdt::Tree;
using crdt::TypeKind;

Path below(Path path, Step step) {
  path.push_back(std::move(step));
  return path;
}

Error not_a(const Path& path, const char* wanted) {
  return Error(Code::kSchema, (path.empty() ? "the top" : to_pointer(path)) + " is not " + wanted);
}

std::vector<std::string> keys_of(const Found& found) {
  std::vector<std::string> keys;
  const auto* plain = std::get_if<Value>(&found.element);
  if (crdt::SharedType* map = found.type(TypeKind::kMap)) {
    keys = crdt::Map(*map).keys();
  } else if (plain != nullptr && plain->is_object()) {
    for (const Value::Member& member : plain->members()) keys.push_back(member.first);
  } else {
    throw not_a(found.path, "a map: it has no keys");
  }
  std::ranges::sort(keys);
  return keys;
}

std::size_t size_of(const Found& found) {
  if (crdt::SharedType* map = found.type(TypeKind::kMap)) return crdt::Map(*map).size();
  if (crdt::SharedType* list = found.type(TypeKind::kArray)) return crdt::Array(*list).size();
  if (crdt::SharedType* text = found.type(TypeKind::kText)) return crdt::Text(*text).size();
  if (const auto* plain = std::get_if<Value>(&found.element)) {
    if (plain->is_object()) return plain->members().size();
    if (plain->is_array()) return plain->items().size();
    if (plain->is_string()) return encoding::utf16_length(plain->string());
  }
  throw not_a(found.path, "a map, list or text: it has no size");
}

crdt::Text text_of(const Tree& tree, const Path& path) {
  return crdt::Text(*tree.require_text(path).take_or_throw().type(TypeKind::kText));
}

}  // namespace

// ---- LiveText ----------------------------------------------------------------------------------

void LiveText::insert(std::size_t index, std::string_view text) {
  object_->write([&](Tree& tree) { return tree.insert_text(path_, index, text); });
}

void LiveText::erase(std::size_t index, std::size_t length) {
  object_->write([&](Tree& tree) { return tree.erase_text(path_, index, length); });
}

void LiveText::assign(std::string_view text) {
  object_->write([&](Tree& tree) { return tree.assign_text(path_, text); });
}

std::size_t LiveText::size() const {
  return object_->read([&](const Tree& tree) { return text_of(tree, path_).size(); });
}

std::string LiveText::string() const {
  return object_->read([&](const Tree& tree) { return text_of(tree, path_).string(); });
}

// ---- Node --------------------------------------------------------------------------------------

Node Node::operator[](std::string_view key) const {
  return {object_, below(path_, std::string(key))};
}

Node Node::at(std::size_t index) const { return {object_, below(path_, index)}; }

const Node& Node::operator=(const Value& value) const {
  object_->write([&](Tree& tree) { return tree.set(path_, value); });
  return *this;
}

const Node& Node::operator=(const Node& other) const { return *this = other.get(); }

bool Node::exists() const {
  return object_->read([&](const Tree& tree) { return tree.find(path_).found(); });
}

Value Node::get() const {
  return object_->read([&](const Tree& tree) { return tree.get(path_).take_or_throw(); });
}

std::optional<Value> Node::peek() const {
  return object_->read([&](const Tree& tree) -> std::optional<Value> {
    const Found found = tree.find(path_);
    if (!found.found()) return std::nullopt;
    return to_json(found.element);
  });
}

std::size_t Node::size() const {
  return object_->read(
      [&](const Tree& tree) { return size_of(tree.require(path_).take_or_throw()); });
}

std::vector<std::string> Node::keys() const {
  return object_->read(
      [&](const Tree& tree) { return keys_of(tree.require(path_).take_or_throw()); });
}

void Node::push_back(const Value& value) const {
  object_->write([&](Tree& tree) { return tree.push_back(path_, value); });
}

void Node::insert(std::size_t index, const Value& value) const {
  object_->write([&](Tree& tree) { return tree.insert(path_, index, value); });
}

void Node::erase(std::size_t index, std::size_t count) const {
  object_->write([&](Tree& tree) { return tree.erase(path_, index, count); });
}

void Node::remove() const {
  object_->write([&](Tree& tree) { return tree.remove(path_); });
}

LiveText Node::text() const {
  // One guard over both: nobody may come between the look and the change.
  const Executor::Guard guard = object_->enter();
  if (!is_text()) object_->write([&](Tree& tree) { return tree.make_text(path_); });
  return {object_, path_};
}

bool Node::is_text() const {
  return object_->read([&](const Tree& tree) {
    const Found found = tree.find(path_);
    return found.found() && found.type(TypeKind::kText) != nullptr;
  });
}

// ---- DataObject --------------------------------------------------------------------------------

DataObject DataObject::local(const Value& initial) {
  // The client id tells writers of one document apart: here is only one.
  auto doc = std::make_unique<crdt::Doc>(crdt::DocOptions{.client = 1, .cleanup = false});
  DataObject object(std::make_shared<object::LiveObject>("", "", std::move(doc), nullptr, nullptr));
  object.at("") = initial;
  return object;
}

const std::string& DataObject::url() const { return object_->url(); }
std::string DataObject::owner() const { return object_->owner(); }
bool DataObject::may_write() const { return object_->may_write(); }
Value DataObject::schema() const { return object_->schema(); }

Node DataObject::operator[](std::string_view key) const {
  return {object_, {Step(std::string(key))}};
}

Node DataObject::at(std::string_view pointer) const {
  return {object_, crdt::to_path(parse_pointer(pointer))};
}

Value DataObject::get() const { return at("").get(); }
std::vector<std::string> DataObject::keys() const { return at("").keys(); }

void DataObject::transact(const std::function<void()>& body) const { object_->transact(body); }

void DataObject::read(const std::function<void()>& body) const {
  const Executor::Guard guard = object_->enter();
  body();
}

Handle DataObject::observe(std::function<void(const Changes&)> observer) const {
  return object_->observe(std::move(observer));
}

std::size_t DataObject::unacknowledged() const { return object_->unacknowledged(); }

}  // namespace syncline
