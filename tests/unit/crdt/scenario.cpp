// The scenarios' steps, one function each.
#include "unit/crdt/scenario.hpp"

#include <map>
#include <memory>
#include <stdexcept>

#include "crdt/doc.hpp"
#include "crdt/event.hpp"

namespace syncline::crdt {

namespace {

Bytes from_hex(const std::string& text) {
  Bytes bytes;
  for (std::size_t i = 0; i + 1 < text.size(); i += 2) {
    bytes.push_back(static_cast<std::uint8_t>(std::stoi(text.substr(i, 2), nullptr, 16)));
  }
  return bytes;
}

std::string to_hex(ByteView bytes) {
  std::string text;
  for (const std::uint8_t byte : bytes) {
    text += "0123456789abcdef"[byte >> 4];
    text += "0123456789abcdef"[byte & 15];
  }
  return text;
}

TypeKind kind_of(const std::string& name) {
  static const std::map<std::string, TypeKind> kKinds = {
      {"array", TypeKind::kArray},
      {"map", TypeKind::kMap},
      {"text", TypeKind::kText},
      {"xml-element", TypeKind::kXmlElement},
      {"xml-fragment", TypeKind::kXmlFragment},
      {"xml-hook", TypeKind::kXmlHook},
      {"xml-text", TypeKind::kXmlText},
      {"unknown", TypeKind::kUntyped},
  };
  return kKinds.at(name);
}

Input to_input(const Value& tagged);

/// A plain value out of its tagged form.
Value to_value(const Value& tagged) {
  if (tagged.is_array()) {
    Value::Array items;
    for (const Value& item : tagged.items()) items.push_back(to_value(item));
    return items;
  }
  if (!tagged.is_object()) return tagged;
  if (tagged.find("$undefined") != nullptr) return Value::Undefined{};
  if (const Value* big = tagged.find("$bigint")) {
    return Value::BigInt{std::stoll(big->string())};
  }
  if (const Value* bytes = tagged.find("$bytes")) return from_hex(bytes->string());
  if (const Value* number = tagged.find("$float")) return std::stod(number->string());
  Value::Object members;
  for (const auto& [name, member] : tagged.members()) members.emplace_back(name, to_value(member));
  return members;
}

NewType to_new_type(const Value& tagged) {
  NewType made;
  made.kind = kind_of(tagged.find("$type")->string());
  if (const Value* name = tagged.find("name")) made.name = name->string();
  if (const Value* text = tagged.find("text")) made.text = text->string();
  if (const Value* values = tagged.find("values")) {
    for (const Value& item : values->items()) made.values.push_back(to_input(item));
  }
  if (const Value* entries = tagged.find("entries")) {
    for (const auto& [key, item] : entries->members())
      made.entries.emplace_back(key, to_input(item));
  }
  return made;
}

Input to_input(const Value& tagged) {
  const Value* type = tagged.find("$type");
  if (type == nullptr) return to_value(tagged);
  if (type->string() == "doc") {
    const Value* options = tagged.find("options");
    return Subdoc{tagged.find("guid")->string(), options == nullptr ? Value::object() : *options};
  }
  return to_new_type(tagged);
}

std::vector<Input> to_inputs(const Value& tagged) {
  std::vector<Input> inputs;
  for (const Value& item : tagged.items()) inputs.push_back(to_input(item));
  return inputs;
}

/// The tagged form of a value; NaN and the like compare as themselves.
Value json_of(const Element& element) {
  return std::holds_alternative<Subdoc>(element) ? Value::object() : to_json(element);
}

Value event_value(const Event& event) {
  Value::Array path;
  for (const Step& step : event.path) {
    if (const auto* key = std::get_if<std::string>(&step)) {
      path.emplace_back(*key);
    } else {
      path.emplace_back(std::get<std::size_t>(step));
    }
  }
  Value::Object keys;
  for (const auto& [key, change] : event.keys) {
    static const char* const kNames[] = {"add", "update", "delete"};
    Value::Object entry = {{"action", kNames[static_cast<int>(change.action)]}};
    if (change.old_value) entry.emplace_back("old", json_of(*change.old_value));
    keys.emplace_back(key, entry);
  }
  Value::Array delta;
  for (const DeltaOp& op : event.delta) {
    Value::Object members;
    Value attributes;
    if (const auto* retain = std::get_if<Retain>(&op)) {
      members.emplace_back("retain", retain->length);
      attributes = retain->attributes;
    } else if (const auto* gone = std::get_if<Delete>(&op)) {
      members.emplace_back("delete", gone->length);
    } else {
      const auto& insert = std::get<Insert>(op);
      Value::Array items;
      for (const Element& element : insert.elements) items.push_back(json_of(element));
      members.emplace_back("insert", insert.text.empty() ? Value(items) : Value(insert.text));
      attributes = insert.attributes;
    }
    if (!attributes.is_null()) members.emplace_back("attributes", attributes);
    delta.emplace_back(members);
  }
  return Value::object({{"path", path}, {"keys", keys}, {"delta", delta}});
}

class Runner {
 public:
  std::vector<std::string> run(const Value& steps) {
    for (const Value& step : steps.items()) {
      try {
        take(step);
      } catch (const std::exception& error) {
        failures_.push_back("step " + std::to_string(number_) + ": threw " + error.what());
      }
      ++number_;
      if (failures_.size() > 5) break;
    }
    return failures_;
  }

 private:
  struct Replica {
    std::unique_ptr<Doc> doc;
    std::vector<Bytes> updates;
    std::vector<Bytes> updates_v2;
    Value::Array events;
    std::vector<Handle> handles;
  };

  void expect(const std::string& what, const Value& got, const Value& wanted) {
    if (got == wanted) return;
    failures_.push_back("step " + std::to_string(number_) + " (" + step_name_ + "): " + what +
                        "\n  got    " + got.to_json() + "\n  wanted " + wanted.to_json());
  }

  void take(const Value& step) {
    step_name_ = step.find("do")->string();
    if (step_name_ == "new") return make(step);
    if (step_name_ == "observe") return observe(step);
    if (step_name_ == "transact") return transact(step);
    if (step_name_ == "apply") return apply(step);
    if (step_name_ == "check") return check(step);
    if (step_name_ == "since") return since(step);
    const auto bytes = [&](const char* name) { return from_hex(step.find(name)->string()); };
    if (step_name_ == "merge") {
      std::vector<Bytes> updates;
      for (const Value& it : step.find("updates")->items())
        updates.push_back(from_hex(it.string()));
      expect("merged", to_hex(merge_updates_v1(updates).take_or_throw()), *step.find("result"));
      for (Bytes& it : updates) it = convert_update_v1_to_v2(it).take_or_throw();
      expect("merged v2", to_hex(merge_updates_v2(updates).take_or_throw()),
             *step.find("result_v2"));
    } else if (step_name_ == "diff") {
      const auto vector = StateVector::decode(bytes("vector")).take_or_throw();
      expect("diff", to_hex(diff_update_v1(bytes("bytes"), vector).take_or_throw()),
             *step.find("result"));
      const Bytes converted = convert_update_v1_to_v2(bytes("bytes")).take_or_throw();
      expect("diff v2", to_hex(diff_update_v2(converted, vector).take_or_throw()),
             *step.find("result_v2"));
    } else if (step_name_ == "vector_of") {
      const auto update = decode_update_v1(bytes("bytes")).take_or_throw();
      expect("vector", to_hex(state_vector_of(update).encode()), *step.find("result"));
      const auto same = decode_update_v2(encode_update_v2(update)).take_or_throw();
      expect("vector of v2", to_hex(state_vector_of(same).encode()), *step.find("result"));
    } else if (step_name_ == "restore") {
      restore(step);
    } else if (step_name_ == "contains") {
      const auto snapshot = decode_snapshot_v1(bytes("snapshot")).take_or_throw();
      expect("contains", snapshot_contains_update_v1(snapshot, bytes("bytes")).take_or_throw(),
             *step.find("result"));
      const Bytes converted = convert_update_v1_to_v2(bytes("bytes")).take_or_throw();
      expect("contains v2", snapshot_contains_update_v2(snapshot, converted).take_or_throw(),
             *step.find("result"));
    } else if (step_name_ == "recode") {
      const auto update = decode_update_v1(bytes("bytes")).take_or_throw();
      expect("recoded", to_hex(encode_update_v1(update)), *step.find("bytes"));
      recode(step);
    } else {
      throw std::runtime_error("unknown step " + step_name_);
    }
  }

  Replica& replica(const Value& step) { return replicas_.at(step.find("doc")->string()); }

  void make(const Value& step) {
    Replica& made = replicas_[step.find("doc")->string()];
    made.doc = std::make_unique<Doc>(DocOptions{.client = step.find("client")->as<ClientId>(),
                                                .gc = step.find("gc")->as<bool>()});
    made.handles.push_back(made.doc->on_update(
        [&made](const Bytes& update, Transaction&) { made.updates.push_back(update); }));
    made.handles.push_back(made.doc->on_update_v2(
        [&made](const Bytes& update, Transaction&) { made.updates_v2.push_back(update); }));
  }

  void restore(const Value& step) {
    const auto snapshot =
        decode_snapshot_v1(from_hex(step.find("snapshot")->string())).take_or_throw();
    expect("snapshot v2", to_hex(encode_snapshot_v2(snapshot)), *step.find("snapshot_v2"));
    Replica& made = replicas_[step.find("doc")->string()];
    make(Value::object(
        {{"doc", *step.find("doc")}, {"client", *step.find("client")}, {"gc", true}}));
    create_doc_from_snapshot(*replicas_.at(step.find("from")->string()).doc, snapshot, *made.doc)
        .or_throw();
    made.updates.clear();
    made.updates_v2.clear();
  }

  void recode(const Value& step) {
    const Bytes bytes = from_hex(step.find("bytes")->string());
    const Bytes converted = convert_update_v1_to_v2(bytes).take_or_throw();
    expect("converted", to_hex(converted), *step.find("converted"));
    expect("converted back", to_hex(convert_update_v2_to_v1(converted).take_or_throw()),
           *step.find("back"));
    expect("obfuscated", to_hex(obfuscate_update_v1(bytes).take_or_throw()),
           *step.find("obfuscated"));
    expect("obfuscated v2", to_hex(obfuscate_update_v2(converted).take_or_throw()),
           *step.find("obfuscated_v2"));
    const auto pairs = [](const StateVector& vector) {
      Value::Array result;
      for (const auto& [client, clock] : vector.clocks())
        result.push_back(Value::array({client, clock}));
      return Value(result);
    };
    const UpdateMeta meta = parse_update_meta_v2(converted).take_or_throw();
    expect("from", pairs(meta.from), *step.find("from"));
    expect("to", pairs(meta.to), *step.find("to"));
  }

  SharedType& target(Doc& doc, const Value& names) {
    const auto& items = names.items();
    SharedType* at = doc.root(items[0].string(), kind_of(items[1].string())).take_or_throw();
    for (std::size_t i = 2; i < items.size(); ++i) {
      const Element next = items[i].is_string() ? Map(*at).get(items[i].string()).value()
                                                : Array(*at).get(items[i].as<std::size_t>());
      at = std::get<SharedType*>(next);
    }
    return *at;
  }

  void observe(const Value& step) {
    Replica& it = replica(step);
    it.handles.push_back(target(*it.doc, *step.find("target"))
                             .observe_deep([&it](std::span<const Event> events, Transaction&) {
                               for (const Event& event : events) {
                                 it.events.push_back(event_value(event));
                               }
                             }));
  }

  void answers(Replica& it, const Value& step) {
    expect("update", it.updates.empty() ? Value() : Value(to_hex(it.updates[0])),
           *step.find("update"));
    expect("update v2", it.updates_v2.empty() ? Value() : Value(to_hex(it.updates_v2[0])),
           *step.find("update_v2"));
    // An old shared type is given as JSON by us and as a dead type by yjs.
    Value::Array wanted;
    for (Value event : step.find("events")->items()) {
      for (auto& [key, change] : event.find("keys")->is_object()
                                     ? event.members()[1].second.members()
                                     : event.members()) {
        const Value* old = change.find("old");
        if (old != nullptr && old->find("$ignored") != nullptr &&
            wanted.size() < it.events.size()) {
          const Value* ours = it.events[wanted.size()].find("keys")->find(key);
          if (ours != nullptr && ours->find("old") != nullptr)
            change.set("old", *ours->find("old"));
        } else if (old != nullptr) {
          change.set("old", to_value(*old));
        }
      }
      event.set("delta", to_value(*event.find("delta")));
      wanted.push_back(std::move(event));
    }
    expect("events", it.events, wanted);
    it.updates.clear();
    it.updates_v2.clear();
    it.events.clear();
  }

  void transact(const Value& step) {
    Replica& it = replica(step);
    it.doc->transact([&](Transaction&) {
      for (const Value& op : step.find("ops")->items()) change(*it.doc, op.items());
    });
    answers(it, step);
  }

  void change(Doc& doc, const Value::Array& op) {
    const std::string& name = op[0].string();
    SharedType& type = target(doc, op[1]);
    if (name == "text.insert") {
      Text(type).insert(op[2].as<std::size_t>(), op[3].string());
    } else if (name == "text.delete") {
      Text(type).remove(op[2].as<std::size_t>(), op[3].as<std::size_t>());
    } else if (name == "array.insert") {
      Array(type).insert(op[2].as<std::size_t>(), to_inputs(op[3])).or_throw();
    } else if (name == "array.push") {
      Array(type).push(to_inputs(op[2])).or_throw();
    } else if (name == "array.delete") {
      Array(type).remove(op[2].as<std::size_t>(), op[3].as<std::size_t>()).or_throw();
    } else if (name == "map.set") {
      Map(type).set(op[2].string(), to_input(op[3]));
    } else if (name == "map.delete") {
      Map(type).remove(op[2].string());
    } else {
      throw std::runtime_error("unknown operation " + name);
    }
  }

  void apply(const Value& step) {
    Replica& it = replica(step);
    const Bytes bytes = from_hex(step.find("bytes")->string());
    const auto update = decode_update_v1(bytes).take_or_throw();
    const bool complete = it.doc->unmet(update).empty();
    const bool waited = it.doc->has_pending();
    const Applied applied = it.doc->apply_update_v1(bytes, {}, Relay::kYes).take_or_throw();
    if (!waited) expect("unmet tells what will wait", complete, !applied.pending);
    expect("applied.update", to_hex(applied.update),
           it.updates.empty() ? std::string() : to_hex(it.updates[0]));
    answers(it, step);
  }

  void check(const Value& step) {
    Doc& doc = *replica(step).doc;
    expect("state", to_hex(doc.encode_state_as_update_v1()), *step.find("state"));
    expect("state v2", to_hex(doc.encode_state_as_update_v2()), *step.find("state_v2"));
    expect("snapshot", to_hex(encode_snapshot_v1(doc.snapshot())), *step.find("snapshot"));
    expect("state vector", to_hex(doc.state_vector().encode()), *step.find("vector"));
    const auto& pending = step.find("pending")->items();
    expect("pending", doc.has_pending(), pending[0].boolean() || pending[1].boolean());
    for (const auto& [name, root] : step.find("roots")->members()) {
      SharedType* found = doc.find_root(name);
      if (found == nullptr) {
        failures_.push_back("step " + std::to_string(number_) + ": no root " + name);
        continue;
      }
      const TypeKind kind = kind_of(root.find("kind")->string());
      if (kind == TypeKind::kUntyped) continue;
      doc.root(name, kind).take_or_throw();
      expect("root " + name, found->to_json(), to_value(*root.find("json")));
    }
  }

  void since(const Value& step) {
    const auto vector = StateVector::decode(from_hex(step.find("vector")->string()));
    expect("state since", to_hex(replica(step).doc->encode_state_as_update_v1(vector.value())),
           *step.find("state"));
    expect("state since, v2", to_hex(replica(step).doc->encode_state_as_update_v2(vector.value())),
           *step.find("state_v2"));
  }

  std::map<std::string, Replica> replicas_;
  std::vector<std::string> failures_;
  std::size_t number_ = 0;
  std::string step_name_;
};

}  // namespace

std::vector<std::string> run_scenario(const Value& steps) { return Runner().run(steps); }

}  // namespace syncline::crdt
