// Shared types: the maps, lists and texts of a document, and what may be put into them.
//
// A SharedType lives in its Doc at a stable address; Map, Array and Text are views of one, to be
// passed by value. Operations outside a transaction open one of their own. Thread: the document's
// owner.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "crdt/update.hpp"
#include "syncline/handle.hpp"
#include "syncline/path.hpp"
#include "syncline/value.hpp"

namespace syncline::crdt {

class Doc;
class SharedType;
class Transaction;
struct Event;
struct Snapshot;

struct Input;
struct TextOp;

/// A shared type that does not exist yet, with its first content: `entries` for maps (and
/// attributes), `values` for lists (and XML children), `text` and then `delta` for texts, `name`
/// for XML elements and hooks.
struct NewType {
  TypeKind kind = TypeKind::kMap;
  std::vector<std::pair<std::string, Input>> entries;
  std::vector<Input> values;
  std::string text;
  std::vector<TextOp> delta;
  std::string name;
};

/// A subdocument's place in its parent.
struct Subdoc {
  std::string guid;
  /// gc, autoLoad, meta and, when it is made, shouldLoad (true).
  Value options;
  /// Where it is in a document, as the item that holds it; of one that was read.
  ID id = {};
  /// Whether it is wanted: since it says autoLoad, was made here, or load_subdoc was called.
  bool should_load = false;
};

/// What can be put into a map or list: a plain value, a new shared type, or a subdocument. Plain
/// objects and arrays stay plain values (they do not merge); `shared(value)` turns a JSON tree into
/// maps and arrays that do.
struct Input {
  std::variant<Value, NewType, Subdoc> content;

  Input(Value value);       // NOLINT: implicit, any may be written
  Input(const char* text);  // NOLINT
  Input(NewType type);      // NOLINT
  Input(Subdoc subdoc);     // NOLINT
};

/// One operation of a delta that is to be applied to a text (Quill's format). `attributes` is an
/// object, null members end an attribute; anything else is none.
struct TextOp {
  enum class Kind { kInsert, kRetain, kDelete };

  Kind kind = Kind::kRetain;
  /// Units to keep or to delete.
  std::size_t length = 0;
  /// A string is text, anything else an embed.
  Input insert = Value();
  Value attributes = {};

  static TextOp inserted(Input content, Value attributes = {}) {
    return {Kind::kInsert, 0, std::move(content), std::move(attributes)};
  }
  static TextOp retained(std::size_t length, Value attributes = {}) {
    return {Kind::kRetain, length, Value(), std::move(attributes)};
  }
  static TextOp deleted(std::size_t length) { return {Kind::kDelete, length, Value(), {}}; }
};
using Delta = std::vector<TextOp>;

// Down here since an Input may hold a delta, whose operations hold Inputs.
inline Input::Input(Value value) : content(std::move(value)) {}
inline Input::Input(const char* text) : content(Value(text)) {}
inline Input::Input(NewType type) : content(std::move(type)) {}
inline Input::Input(Subdoc subdoc) : content(std::move(subdoc)) {}

/// Objects become Y.Map and arrays Y.Array, at every depth; other values stay plain.
Input shared(const Value& value);

/// What is found in a map or list: a plain value, a shared type, or a subdocument.
using Element = std::variant<Value, SharedType*, Subdoc>;

/// A run of a text: what stands there and the attributes that hold (null: none).
struct TextPart {
  /// A string, or one embed.
  Element content;
  Value attributes = {};
};

/// The JSON form of an element: shared types by their to_json, subdocuments as {}.
Value to_json(const Element& element);

/// One shared type of a document. Identity; owned by its Doc, and valid while the Doc lives (also
/// after it was deleted, when reads find it empty).
class SharedType {
 public:
  SharedType(const SharedType&) = delete;
  SharedType& operator=(const SharedType&) = delete;

  TypeKind kind() const;
  Doc& doc() const;
  /// The root's name; empty for nested types.
  std::string_view root_name() const;
  /// The name of an XML element or hook; empty for others.
  std::string_view node_name() const;
  /// nullptr for roots.
  SharedType* parent() const;
  /// The item that holds a nested type: its creator's client id and clock. REQUIRES: not a root.
  ID id() const;
  bool deleted() const;
  /// Where it is now, from its root: keys, and indexes that count visible elements.
  Path path() const;
  Value to_json() const;

  /// Calls `observer` after each transaction that changed this very type, then those of
  /// observe_deep. Events are valid during the call only.
  Handle observe(std::function<void(const Event&, Transaction&)> observer);
  /// As observe, for this type and all below it, existing or created later; parents before
  /// children.
  Handle observe_deep(std::function<void(std::span<const Event>, Transaction&)> observer);

 protected:
  SharedType() = default;
  ~SharedType() = default;
};

/// Y.Map.
class Map {
 public:
  explicit Map(SharedType& type);
  SharedType& type() const { return *type_; }

  bool has(std::string_view key) const;
  std::optional<Element> get(std::string_view key) const;
  /// Keys with a value; in no particular order (Yjs's differs between peers too).
  std::vector<std::string> keys() const;
  std::size_t size() const;
  /// The client and clock of the current entry's item; nullopt where there is none.
  std::optional<ID> entry_id(std::string_view key) const;

  /// Sets an entry. Returns the shared type made by a NewType, else nullptr.
  SharedType* set(std::string_view key, Input value);
  void remove(std::string_view key);

 private:
  SharedType* type_;
};

/// Y.Array.
class Array {
 public:
  explicit Array(SharedType& type);
  SharedType& type() const { return *type_; }

  std::size_t size() const;
  /// REQUIRES: index < size().
  Element get(std::size_t index) const;
  std::vector<Element> elements() const;

  /// kTooLarge ("out_of_range") past the end. kSchema for values Yjs refuses here (undefined,
  /// BigInt); of those before, what Yjs has put there by then stands.
  Result<void> insert(std::size_t index, std::vector<Input> values);
  /// After the physically last element, tombstones included, as Yjs's push.
  Result<void> push(std::vector<Input> values);
  /// Past the end: deletes what there is, then reports kTooLarge ("out_of_range"), as Yjs does.
  Result<void> remove(std::size_t index, std::size_t length);

 private:
  SharedType* type_;
};

/// Y.Text and Y.XmlText: positions and lengths are UTF-16 code units; an embed is one.
///
/// Attributes are given as an object whose members say what shall hold, null ending an attribute.
/// REQUIRES of its members: neither undefined nor BigInt, which have no place on the wire.
class Text {
 public:
  explicit Text(SharedType& type);
  SharedType& type() const { return *type_; }

  std::size_t size() const;
  /// Without embeds and formats. Lone surrogates as WTF-8.
  std::string string() const;
  /// The code units [index, index + length), clipped. Halves of a pair are lone surrogates (WTF-8),
  /// an embed is U+FFFC: so that every unit shows.
  std::string slice(std::size_t index, std::size_t length) const;

  /// The text run by run. Runs of equal attributes stay apart where a format stands between them,
  /// as in Yjs.
  std::vector<TextPart> delta() const;
  /// The text as it was `at` a moment (nullptr: now). With `previous`, also what was there then:
  /// what came or went since has the attribute `ychange`, {"type": "added"} or {"type": "removed"}
  /// (the latter only with `at`, as in Yjs). REQUIRES: no open transaction.
  std::vector<TextPart> delta(const Snapshot* at, const Snapshot* previous = nullptr) const;

  /// Past the end appends, as Yjs does. The text takes on the attributes that hold there.
  void insert(std::size_t index, std::string_view text);
  /// With these attributes, and no others.
  void insert(std::size_t index, std::string_view text, const Value& attributes);
  /// Inserts a value or a new shared type that counts as one unit (a string is text, as in Yjs).
  /// Takes on no attributes but those given. kSchema for what Yjs refuses: null, undefined, BigInt,
  /// subdocuments; the formats of `attributes` stand then, as in Yjs.
  Result<void> insert_embed(std::size_t index, Input embed, const Value& attributes = {});
  /// Past the end the text is filled up with line ends, as Yjs does; kTooLarge ("out_of_range")
  /// where that would be more than tuning::kPaddingMax.
  Result<void> format(std::size_t index, std::size_t length, const Value& attributes);
  /// Past the end clips, as Yjs does.
  void remove(std::size_t index, std::size_t length);
  /// Operation by operation from the start; inserts take on no attributes but their own. Errors as
  /// insert_embed and format; what was before them stands.
  Result<void> apply_delta(Delta delta);

  // Attributes of the text as a whole.
  std::optional<Element> attribute(std::string_view name) const;
  std::vector<std::pair<std::string, Element>> attributes() const;
  SharedType* set_attribute(std::string_view name, Input value);
  void remove_attribute(std::string_view name);

 private:
  SharedType* type_;
};

/// Y.XmlFragment, and the children of a Y.XmlElement.
class XmlFragment {
 public:
  explicit XmlFragment(SharedType& type);
  SharedType& type() const { return *type_; }

  std::size_t size() const;
  /// REQUIRES: index < size().
  Element get(std::size_t index) const;
  std::vector<Element> children() const;
  /// As Yjs's toString: attributes sorted, element names in lower case, nothing escaped.
  std::string string() const;

  /// Errors as those of Array.
  Result<void> insert(std::size_t index, std::vector<Input> children);
  /// Behind the last visible child, as Yjs's (an Array's is behind tombstones).
  Result<void> push(std::vector<Input> children);
  Result<void> remove(std::size_t index, std::size_t length);

 protected:
  SharedType* type_;
};

/// Y.XmlElement: children, a name and attributes. (A Y.XmlHook is a Map with a node_name().)
class XmlElement : public XmlFragment {
 public:
  explicit XmlElement(SharedType& type) : XmlFragment(type) {}

  std::string_view name() const { return type_->node_name(); }
  std::optional<Element> attribute(std::string_view name) const;
  /// In no particular order.
  std::vector<std::pair<std::string, Element>> attributes() const;
  /// Any value will do, also a new shared type, which is returned.
  SharedType* set_attribute(std::string_view name, Input value);
  void remove_attribute(std::string_view name);
};

}  // namespace syncline::crdt
