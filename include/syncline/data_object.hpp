// DataObject: a live JSON tree with maps, lists and texts that merge, shared by everyone who holds
// a copy.
//
// Write it as a local object; the change is checked against the access rules where it is made,
// sent, stored and appears in every other copy. What goes wrong throws syncline::Error.
#pragma once

#include <concepts>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "syncline/changes.hpp"
#include "syncline/handle.hpp"
#include "syncline/path.hpp"
#include "syncline/value.hpp"

namespace syncline {

namespace object {
class LiveObject;
}

class Counter;
class Node;
class Set;

/// A live text at a place of a data object. Positions and lengths count UTF-16 code units, as every
/// Yjs client does; one inside a surrogate pair means its start, and a pair that is erased in part
/// goes as a whole. A handle is a path: it follows what is there now, and throws kNotFound where
/// nothing is, kSchema where something else is.
class LiveText {
 public:
  /// Past the end appends.
  void insert(std::size_t index, std::string_view text);
  /// Past the end clips.
  void erase(std::size_t index, std::size_t length);
  /// Edits to become `text`, keeping the common prefix and suffix (and everyone's cursors in them).
  void assign(std::string_view text);
  std::size_t size() const;
  std::string string() const;

 private:
  friend class Node;
  LiveText(std::shared_ptr<object::LiveObject> object, Path path)
      : object_(std::move(object)), path_(std::move(path)) {}
  std::shared_ptr<object::LiveObject> object_;
  Path path_;
};

/// A place in a data object: `board["steps"][0]["title"]`. Reading looks at what is there now,
/// assigning puts a value there. Cheap to copy; stays valid while the object lives, whatever
/// happens at the place.
class Node {
 public:
  /// The member of a map. The place need not exist.
  Node operator[](std::string_view key) const;
  Node operator[](const char* key) const { return (*this)[std::string_view(key)]; }
  /// The element of a list; throws kTooLarge for a negative index.
  Node operator[](std::integral auto index) const {
    if constexpr (std::signed_integral<decltype(index)>)
      if (index < 0) throw Error(Code::kTooLarge, "a list has no negative indexes");
    return at(static_cast<std::size_t>(index));
  }

  /// Puts a value here: objects become live maps, arrays live lists, at every depth; a string onto
  /// a live text edits the text; a value that is here already changes nothing. Throws kDenied where
  /// the rules forbid it, kNotFound where the parent is missing, kTooLarge for an index past the
  /// end, kSchema where the parent is of another kind, Yjs cannot store the value there
  /// (undefined and BigInt in lists), or, outside transact(), the object would not keep to its
  /// schema.
  const Node& operator=(const Value& value) const;
  const Node& operator=(const Node& other) const;
  Node(const Node&) = default;

  bool exists() const;
  /// A copy of what is here. Throws kNotFound.
  Value get() const;
  /// What is here as a C++ type (Value::as). Throws kNotFound, kSchema.
  template <typename T>
  T as() const {
    return get().as<T>();
  }
  /// What is here, or `fallback` where nothing is.
  template <typename T>
  T value_or(T fallback) const {
    const std::optional<Value> here = peek();
    return here ? here->as<T>() : std::move(fallback);
  }
  std::string value_or(const char* fallback) const { return value_or(std::string(fallback)); }

  /// Members of a map, elements of a list, code units of a text.
  std::size_t size() const;
  /// The keys of a map, sorted.
  std::vector<std::string> keys() const;

  /// Appends to a list; makes the list where nothing is.
  void push_back(const Value& value) const;
  /// Inserts into a list before `index`. Throws kTooLarge past the end.
  void insert(std::size_t index, const Value& value) const;
  /// Removes `count` elements of a list from `index` on. Throws kTooLarge past the end.
  void erase(std::size_t index, std::size_t count = 1) const;
  /// Removes this member or element. Nothing happens where nothing is.
  void remove() const;

  /// The live text here: made where nothing is, converted from a plain string (which changes no
  /// value, so observers hear nothing). Throws as assigning does, unless there is one already.
  LiveText text() const;
  bool is_text() const;

  const Path& path() const { return path_; }

 private:
  friend class Counter;
  friend class DataObject;
  friend class Set;
  Node(std::shared_ptr<object::LiveObject> object, Path path)
      : object_(std::move(object)), path_(std::move(path)) {}
  Node at(std::size_t index) const;
  std::optional<Value> peek() const;
  std::shared_ptr<object::LiveObject> object_;
  Path path_;
};

/// A handle to one data object: copies name the same object. Thread: any, for objects of a threaded
/// Syncer; a body given to transact or read, and observers, have the object to themselves.
class DataObject {
 public:
  /// An object of this process alone, shared with nobody: for tests and tools.
  static DataObject local(const Value& initial = Value::object());

  explicit DataObject(std::shared_ptr<object::LiveObject> object) : object_(std::move(object)) {}

  /// `comm://example.org/board`; empty for a local object.
  const std::string& url() const;
  std::string owner() const;
  /// Whether the rules in force let this syncer write anything.
  bool may_write() const;
  /// The JSON Schema it has to keep to (docs/SCHEMA.md); null for none.
  Value schema() const;

  Node operator[](std::string_view key) const;
  Node operator[](const char* key) const { return (*this)[std::string_view(key)]; }
  /// The place a JSON pointer names ("" is the whole object; "-" as the last step the end of a
  /// list, where assigning appends). Throws kMalformed.
  Node at(std::string_view pointer) const;
  /// A copy of the whole tree.
  Value get() const;
  std::vector<std::string> keys() const;

  /// Many changes, one message, one call of each observer. What `body` did before it throws stands
  /// and is sent. Where the object does not keep to its schema afterwards, nothing of it stands,
  /// and this throws kSchema (or what `body` threw).
  void transact(const std::function<void()>& body) const;
  /// Runs `body` with no change in between.
  void read(const std::function<void()>& body) const;

  /// Calls `observer` with every change at any depth, of what exists now and what is created later,
  /// until the handle is destroyed: one call for each transaction or remote batch, in order of
  /// registration. An observer may change the object: that makes another call, after this one. An
  /// observer that throws stops nobody else.
  Handle observe(std::function<void(const Changes&)> observer) const;

  /// Local changes that are not yet acknowledged as durable.
  std::size_t unacknowledged() const;

  const std::shared_ptr<object::LiveObject>& live() const { return object_; }

 private:
  std::shared_ptr<object::LiveObject> object_;
};

}  // namespace syncline
