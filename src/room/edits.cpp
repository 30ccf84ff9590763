#include "room/edits.hpp"

#include <optional>

#include "crdt/tree.hpp"
#include "room/tuning.hpp"

namespace syncline::room {
namespace {

using crdt::TypeKind;

constexpr const char* kTreeRoot = "data";

Result<Path> path_of(const std::string& pointer) {
  try {
    return crdt::to_path(parse_pointer(pointer));
  } catch (const Error& error) {
    return error;
  }
}

/// nullopt for the empty text: as the root is.
Result<std::optional<TypeKind>> kind_of(const std::string& text) {
  if (text.empty()) return std::optional<TypeKind>();
  if (text == "map") return std::optional(TypeKind::kMap);
  if (text == "array") return std::optional(TypeKind::kArray);
  if (text == "text") return std::optional(TypeKind::kText);
  if (text == "xml") return std::optional(TypeKind::kXmlFragment);
  return Error(Code::kMalformed, "\"" + text.substr(0, 40) +
                                     "\" is no kind of root; there are map, array, text, xml");
}

std::string name_of(TypeKind kind) {
  switch (kind) {
    case TypeKind::kArray:
      return "array";
    case TypeKind::kMap:
      return "map";
    case TypeKind::kText:
      return "text";
    case TypeKind::kXmlElement:
    case TypeKind::kXmlFragment:
    case TypeKind::kXmlHook:
    case TypeKind::kXmlText:
      return "xml";
    case TypeKind::kUntyped:
      break;
  }
  return "unknown";
}

/// A copy to try things on: same content, nobody listens.
std::unique_ptr<crdt::Doc> copy_of(const crdt::Doc& doc) {
  auto copy =
      std::make_unique<crdt::Doc>(crdt::DocOptions{.client = doc.client(), .cleanup = false});
  const Bytes state = doc.encode_state_as_update_v1();
  SYNCLINE_CHECK(copy->apply_update_v1(state).ok(), "a document reads what it wrote");
  return copy;
}

Value empty_of(TypeKind kind) {
  if (kind == TypeKind::kMap) return Value::object();
  if (kind == TypeKind::kArray) return Value::array();
  return "";
}

Result<Value> get(crdt::SharedType& root, const Path& path) { return crdt::Tree(root).get(path); }

/// The edit "replace": what is there goes, even a live text, and the value comes.
Result<void> replace(crdt::SharedType& root, const Path& path, const Value& value) {
  crdt::Tree tree(root);
  const crdt::Found found = tree.find(path);
  if (!found.found() || found.type(TypeKind::kText) == nullptr || path.empty())
    return tree.set(path, value);
  // A list closes up over what is removed, so the value is inserted where it was.
  const Path parent(found.path.begin(), found.path.end() - 1);
  const std::size_t* index = std::get_if<std::size_t>(&found.path.back());
  SYNCLINE_TRY(tree.remove(found.path));
  return index != nullptr ? tree.insert(parent, *index, value) : tree.set(found.path, value);
}

/// The edit "text": the place holds a live text with this content.
Result<void> set_text(crdt::SharedType& root, const Path& path, const Value& value) {
  if (!value.is_string())
    return Error(Code::kSchema, "a live text is set from a string, not from " + value.to_json());
  crdt::Tree tree(root);
  const crdt::Found found = tree.find(path);
  if (path.empty() || (found.found() && found.type(TypeKind::kText) != nullptr))
    return tree.assign_text(path, value.string());
  const bool appends = !found.found() && found.type(TypeKind::kArray) != nullptr;
  if (!found.found() && !appends) {
    SYNCLINE_TRY(tree.make_text(path));
    return tree.assign_text(path, value.string());
  }
  Path place = found.path;
  if (appends) place.emplace_back(crdt::Array(*found.type(TypeKind::kArray)).size());
  SYNCLINE_TRY(tree.set(path, value));
  return tree.make_text(place);
}

Result<void> apply_op(crdt::SharedType& root, const bus::EditOp& op) {
  SYNCLINE_TRY_ASSIGN(path, path_of(op.pointer));
  if (op.op == "set") return crdt::Tree(root).set(path, op.value);
  if (op.op == "delete") return crdt::Tree(root).remove(path);
  if (op.op == "text") return set_text(root, path, op.value);
  if (op.op == "replace") return replace(root, path, op.value);
  return Error(Code::kMalformed, "unknown operation \"" + op.op.substr(0, 40) +
                                     "\"; there are set delete text replace");
}

Result<void> apply_ops(crdt::SharedType& root, std::span<const bus::EditOp> ops) {
  for (std::size_t i = 0; i < ops.size(); ++i) {
    const Result<void> done = apply_op(root, ops[i]);
    if (done.ok()) continue;
    const Error& error = done.error();
    if (ops.size() == 1) return error;
    return Error(error.code(), std::string(error.reason()),
                 "operation " + std::to_string(i + 1) + " of " + std::to_string(ops.size()) + ": " +
                     error.message());
  }
  return {};
}

/// Whether the operations can be carried out, without doing so.
Result<void> rehearse(const crdt::Doc& doc, const bus::Edit& edit, TypeKind kind) {
  const std::unique_ptr<crdt::Doc> copy = copy_of(doc);
  SYNCLINE_TRY_ASSIGN(root, copy->root(edit.root, kind));
  Result<void> done;
  copy->transact([&](crdt::Transaction&) { done = apply_ops(*root, edit.ops); });
  return done;
}

}  // namespace

Result<Value> read_value(crdt::Doc& doc, const bus::Read& read) {
  SYNCLINE_TRY_ASSIGN(path, path_of(read.pointer));
  SYNCLINE_TRY_ASSIGN(wanted, kind_of(read.kind));
  crdt::SharedType* found = doc.find_root(read.root);
  const bool own_tree = read.root == kTreeRoot && wanted.value_or(TypeKind::kMap) == TypeKind::kMap;
  if (found == nullptr && !own_tree && !wanted)
    return Error(Code::kNotFound, "the object has no root \"" + read.root.substr(0, 80) + "\"");
  if (found == nullptr) {
    if (path.empty()) return empty_of(wanted.value_or(TypeKind::kMap));
    return Error(Code::kNotFound, "nothing is at " + read.pointer + ": the root \"" +
                                      read.root.substr(0, 80) + "\" is empty");
  }
  const TypeKind kind = found->kind();
  if (kind != TypeKind::kUntyped && (!wanted || *wanted == kind)) return get(*found, path);
  if (kind == TypeKind::kUntyped && own_tree) {
    SYNCLINE_TRY_ASSIGN(root, doc.root(read.root, TypeKind::kMap));
    return get(*root, path);
  }
  if (!wanted)
    return Error(Code::kMalformed, "say what the root \"" + read.root.substr(0, 80) +
                                       "\" is: map, array, text or xml");
  // Opening a root decides its kind for this document, which a reader must not do for the others.
  const std::unique_ptr<crdt::Doc> copy = copy_of(doc);
  SYNCLINE_TRY_ASSIGN(root, copy->root(read.root, *wanted));
  return get(*root, path);
}

Result<Bytes> apply_edit(crdt::Doc& doc, const bus::Edit& edit) {
  if (edit.ops.size() > kEditOps)
    return Error(Code::kTooLarge,
                 "an edit has at most " + std::to_string(kEditOps) + " operations");
  SYNCLINE_TRY_ASSIGN(kind, kind_of(edit.kind.empty() ? "map" : edit.kind));
  if (*kind == TypeKind::kXmlFragment)
    return Error(Code::kSchema, "editing xml is not in this version");
  // One simple operation changes nothing when it fails; more are tried on a copy first.
  const bool simple = edit.ops.size() == 1 && edit.ops[0].op != "replace";
  if (!simple) SYNCLINE_TRY(rehearse(doc, edit, *kind));
  SYNCLINE_TRY_ASSIGN(root, doc.root(edit.root, *kind));
  Bytes update;
  const Handle listening =
      doc.on_update([&update](const Bytes& bytes, crdt::Transaction&) { update = bytes; });
  Result<void> done;
  doc.transact([&](crdt::Transaction&) { done = apply_ops(*root, edit.ops); });
  if (done.ok()) return update;
  SYNCLINE_CHECK(update.empty(), "an edit that failed changed nothing");
  return done.error();
}

Result<Bytes> rehearse_edit(const crdt::Doc& doc, const bus::Edit& edit) {
  const std::unique_ptr<crdt::Doc> copy = copy_of(doc);
  return apply_edit(*copy, edit);
}

Value describe_roots(const crdt::Doc& doc) {
  Value out = Value::object();
  for (const auto& [root, kind] : doc.roots()) {
    // Whoever reads the object's own tree opens it as a map.
    const bool own_tree = kind == TypeKind::kUntyped && root == kTreeRoot;
    out.set(root, name_of(own_tree ? TypeKind::kMap : kind));
  }
  return out;
}

}  // namespace syncline::room
