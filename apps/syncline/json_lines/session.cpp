#include "json_lines/session.hpp"

#include <algorithm>
#include <cmath>
#include <optional>
#include <random>

#include "encoding/base64.hpp"
#include "encoding/json.hpp"
#include "json_lines/document.hpp"
#include "json_lines/operations.hpp"
#include "json_lines/positions.hpp"
#include "json_lines/undo.hpp"
#include "json_lines/updates.hpp"

namespace syncline::json_lines {
namespace {

/// Yjs draws 32 bits, and so do we: ids stay short on the wire.
crdt::ClientId draw_client() {
  std::random_device device;
  return device();
}

/// A failed operation inside doc.transact: its place among them, and why.
struct Failed {
  std::size_t index = 0;
  Refusal refusal;
};

Value::Object ok(Value::Object answer = {}) {
  answer.insert(answer.begin(), {"ok", true});
  return answer;
}

Value::Object not_ok(const Refusal& refusal, Value::Object more = {}) {
  Value::Object error{{"code", refusal.code}, {"message", refusal.message}};
  for (Value::Member& member : more) error.push_back(std::move(member));
  return {{"ok", false}, {"error", std::move(error)}};
}

bool has_infinity(const Value& value) {
  if (value.is_number()) return std::isinf(value.number());
  if (value.is_array()) {
    const auto& items = value.items();
    return std::any_of(items.begin(), items.end(), has_infinity);
  }
  if (!value.is_object()) return false;
  const auto& members = value.members();
  return std::any_of(members.begin(), members.end(),
                     [](const Value::Member& member) { return has_infinity(member.second); });
}

}  // namespace

struct Session::Command {
  const char* name;
  Value::Object (Session::*of_session)(const Value& request);
  Value::Object (*of_updates)(const Value& request);
  Value::Object (UndoManagers::*of_undo)(const Value& request);
};

const Session::Command Session::kCommands[] = {
    {"doc.new", &Session::doc_new, nullptr},
    {"doc.drop", &Session::doc_drop, nullptr},
    {"doc.apply", &Session::doc_apply, nullptr},
    {"doc.encode", &Session::doc_encode, nullptr},
    {"doc.state_vector", &Session::doc_state_vector, nullptr},
    {"doc.pending", &Session::doc_pending, nullptr},
    {"doc.json", &Session::doc_json, nullptr},
    {"doc.snapshot", &Session::doc_snapshot, nullptr},
    {"doc.from_snapshot", &Session::doc_from_snapshot, nullptr},
    {"doc.delta", &Session::doc_delta, nullptr},
    {"doc.roots", &Session::doc_roots, nullptr},
    {"doc.observe", &Session::doc_observe, nullptr},
    {"doc.unobserve", &Session::doc_unobserve, nullptr},
    {"doc.transact", &Session::doc_transact, nullptr},
    {"position.create", &Session::position_create, nullptr},
    {"position.resolve", &Session::position_resolve, nullptr},
    {"undo.new", &Session::undo_new, nullptr},
    {"undo.undo", nullptr, nullptr, &UndoManagers::undo},
    {"undo.redo", nullptr, nullptr, &UndoManagers::redo},
    {"undo.stop_capturing", nullptr, nullptr, &UndoManagers::stop_capturing},
    {"undo.clear", nullptr, nullptr, &UndoManagers::clear},
    {"undo.stack", nullptr, nullptr, &UndoManagers::stack},
    {"clock.set", nullptr, nullptr, &UndoManagers::set_clock},
    {"snapshot.contains", nullptr, snapshot_contains},
    {"update.merge", nullptr, merge_updates},
    {"update.diff", nullptr, diff_update},
    {"update.state_vector", nullptr, state_vector_of_update},
    {"update.convert", nullptr, convert_update},
    {"update.inspect", nullptr, inspect_update},
};

Session::Session() : undo_managers_(std::make_unique<UndoManagers>()) {}
Session::~Session() = default;

std::string Session::answer(std::string_view line) {
  // The values in a request may nest as deep as values may.
  constexpr int kRequestDepthMax = encoding::kMaxDepth + 32;
  auto request = encoding::parse_json(line, encoding::LargeNumbers::kInfinite, kRequestDepthMax);
  Value::Object out{{"id", nullptr}};
  Value::Object rest;
  try {
    if (!request) bad_request(request.error().message());
    if (!request->is_object()) bad_request("a request is a JSON object, not " + describe(*request));
    if (const Value* id = request->find("id")) out.front().second = *id;
    if (has_infinity(*request)) bad_request("a number is too large for a double");
    rest = carry_out(*request);
  } catch (const Refusal& refusal) {
    rest = not_ok(refusal);
  }
  for (Value::Member& member : rest) out.push_back(std::move(member));
  return encoding::write_json(out);
}

Value::Object Session::carry_out(const Value& request) {
  field(request, "id");
  const std::string& name = text_field(request, "op");
  for (const Command& command : kCommands) {
    if (name != command.name) continue;
    if (command.of_updates != nullptr) return ok(command.of_updates(request));
    if (command.of_undo != nullptr) return ok((undo_managers_.get()->*command.of_undo)(request));
    return (this->*command.of_session)(request);
  }
  bad_request("there is no operation \"" + name + "\"");
}

Document& Session::document(const Value& request) {
  const std::string& name = text_field(request, "doc");
  const auto found = documents_.find(name);
  if (found == documents_.end()) refuse("unknown_doc", "there is no document \"" + name + "\"");
  return *found->second;
}

Value::Object Session::doc_new(const Value& request) {
  const std::string& name = text_field(request, "doc");
  crdt::DocOptions options;
  options.client = request.find("client") ? whole_field(request, "client") : draw_client();
  options.gc = flag_field(request, "gc", true);
  if (request.find("guid") != nullptr) options.guid = text_field(request, "guid");
  options.cleanup = flag_field(request, "cleanup", true);
  if (documents_.contains(name)) bad_request("there is a document \"" + name + "\" already");
  documents_.emplace(name, std::make_unique<Document>(std::move(options)));
  return ok();
}

Value::Object Session::doc_drop(const Value& request) {
  undo_managers_->drop(document(request));
  documents_.erase(text_field(request, "doc"));
  return ok();
}

Value::Object Session::doc_apply(const Value& request) {
  Document& document = this->document(request);
  const Bytes update = bytes_field(request, "update");
  const bool v2 = format_field(request) == crdt::UpdateFormat::kV2;
  const Value* given = request.find("origin");
  const Value origin = given ? read_value(*given) : Value();
  auto applied = v2 ? document.doc.apply_update_v2(update, origin)
                    : document.doc.apply_update_v1(update, origin);
  if (!applied) refuse("malformed_update", applied.error().message());
  Value::Object answer = document.take_changes();
  if (applied->client_changed) {
    document.doc.set_client(draw_client());
    answer.emplace_back("client", document.doc.client());
  }
  return ok(std::move(answer));
}

Value::Object Session::doc_encode(const Value& request) {
  const Document& document = this->document(request);
  const bool v2 = format_field(request) == crdt::UpdateFormat::kV2;
  crdt::StateVector since;
  if (request.find("since") != nullptr)
    since = readable(crdt::StateVector::decode(bytes_field(request, "since")));
  return ok({{"update", encoding::to_base64(v2 ? document.doc.encode_state_as_update_v2(since)
                                               : document.doc.encode_state_as_update_v1(since))}});
}

Value::Object Session::doc_state_vector(const Value& request) {
  const Document& document = this->document(request);
  return ok({{"state_vector", encoding::to_base64(document.doc.state_vector().encode())}});
}

Value::Object Session::doc_pending(const Value& request) { return ok(document(request).pending()); }

Value::Object Session::doc_json(const Value& request) {
  Document& document = this->document(request);
  Value::Array values;
  for (const Value& target : list_field(request, "targets"))
    values.push_back(write_type(resolve(document.doc, target)));
  return ok({{"values", std::move(values)}});
}

Value::Object Session::doc_snapshot(const Value& request) {
  const Bytes snapshot = crdt::encode_snapshot_v1(document(request).doc.snapshot());
  return ok({{"snapshot", encoding::to_base64(snapshot)}});
}

Value::Object Session::doc_from_snapshot(const Value& request) {
  Document& from = document(request);
  const std::string& name = text_field(request, "as");
  const Bytes bytes = bytes_field(request, "snapshot");
  if (documents_.contains(name)) bad_request("there is a document \"" + name + "\" already");
  if (from.doc.options().gc)
    refuse("not_supported",
           "a document that collects what is deleted cannot show what it held: "
           "make it with \"gc\": false");
  const auto snapshot = readable(crdt::decode_snapshot_v1(bytes));
  auto made = std::make_unique<Document>(crdt::DocOptions{.client = from.doc.client()});
  const auto filled = crdt::create_doc_from_snapshot(from.doc, snapshot, made->doc);
  if (!filled) refuse("malformed_update", filled.error().message());
  made->take_changes();
  documents_.emplace(name, std::move(made));
  return ok();
}

Value::Object Session::doc_delta(const Value& request) {
  Document& document = this->document(request);
  crdt::SharedType& type = resolve(document.doc, field(request, "target"));
  if (type.kind() != crdt::TypeKind::kText && type.kind() != crdt::TypeKind::kXmlText)
    refuse("type_mismatch",
           std::string("only texts have deltas, not a target of type ") + type_name(type.kind()));
  const auto moment = [&](const char* name) -> std::optional<crdt::Snapshot> {
    if (request.find(name) == nullptr) return std::nullopt;
    return readable(crdt::decode_snapshot_v1(bytes_field(request, name)));
  };
  const auto at = moment("snapshot");
  const auto previous = moment("previous");
  const crdt::Text text(type);
  if (!at && !previous) return ok({{"delta", write_delta(text.delta())}});
  return ok(
      {{"delta", write_delta(text.delta(at ? &*at : nullptr, previous ? &*previous : nullptr))}});
}

Value::Object Session::doc_roots(const Value& request) {
  Value::Object roots;
  for (const auto& [name, kind] : document(request).doc.roots())
    roots.emplace_back(name, type_name(kind));
  return ok({{"roots", std::move(roots)}});
}

Value::Object Session::doc_observe(const Value& request) {
  Document& document = this->document(request);
  document.observe(field(request, "target"), flag_field(request, "deep", false));
  return ok();
}

Value::Object Session::doc_unobserve(const Value& request) {
  Document& document = this->document(request);
  document.unobserve(field(request, "target"));
  return ok();
}

Value::Object Session::doc_transact(const Value& request) {
  Document& document = this->document(request);
  const Value::Array& operations = list_field(request, "ops");
  const Value* origin = request.find("origin");
  std::optional<Failed> failed;
  document.doc.transact(
      [&](crdt::Transaction&) {
        for (std::size_t i = 0; i < operations.size() && !failed; ++i) {
          try {
            json_lines::carry_out(document.doc, operations[i]);
          } catch (Refusal& refusal) {
            failed = Failed{i, std::move(refusal)};
          }
        }
      },
      origin ? read_value(*origin) : Value());
  Value::Object answer = document.take_changes();
  if (!failed) return ok(std::move(answer));
  answer.insert(answer.begin(), {"failed", failed->index});
  return not_ok(failed->refusal, std::move(answer));
}

Value::Object Session::position_create(const Value& request) {
  return ok(create_position(document(request).doc, request));
}

Value::Object Session::position_resolve(const Value& request) {
  return ok(resolve_position(document(request).doc, request));
}

Value::Object Session::undo_new(const Value& request) {
  return ok(undo_managers_->make(document(request), request));
}

}  // namespace syncline::json_lines
