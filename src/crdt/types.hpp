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

struct Input;

/// A shared type that does not exist yet, with its first content: `entries` for maps (and XML
/// attributes), `values` for lists (and XML children), `text` for texts, `name` for XML elements
/// and hooks.
struct NewType {
  TypeKind kind = TypeKind::kMap;
  std::vector<std::pair<std::string, Input>> entries;
  std::vector<Input> values;
  std::string text;
  std::string name;
};

/// A subdocument's place in its parent.
struct Subdoc {
  std::string guid;
  Value options;
};

/// What can be put into a map or list: a plain value, a new shared type, or a subdocument. Plain
/// objects and arrays stay plain values (they do not merge); `shared(value)` turns a JSON tree into
/// maps and arrays that do.
struct Input {
  std::variant<Value, NewType, Subdoc> content;

  Input(Value value) : content(std::move(value)) {}     // NOLINT: implicit, any may be written
  Input(NewType type) : content(std::move(type)) {}     // NOLINT
  Input(Subdoc subdoc) : content(std::move(subdoc)) {}  // NOLINT
};

/// Objects become Y.Map and arrays Y.Array, at every depth; other values stay plain.
Input shared(const Value& value);

/// What is found in a map or list: a plain value, a shared type, or a subdocument.
using Element = std::variant<Value, SharedType*, Subdoc>;

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
  /// BigInt).
  Result<void> insert(std::size_t index, std::vector<Input> values);
  /// After the physically last element, tombstones included, as Yjs's push.
  Result<void> push(std::vector<Input> values);
  /// Past the end: deletes what there is, then reports kTooLarge ("out_of_range"), as Yjs does.
  Result<void> remove(std::size_t index, std::size_t length);

 private:
  SharedType* type_;
};

/// Y.Text: positions and lengths are UTF-16 code units.
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

  /// Past the end appends, as Yjs does.
  void insert(std::size_t index, std::string_view text);
  /// Past the end clips, as Yjs does.
  void remove(std::size_t index, std::size_t length);

 private:
  SharedType* type_;
};

}  // namespace syncline::crdt
