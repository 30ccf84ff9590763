// Tree: one shared type and all below it seen as a JSON tree, read and written by paths.
//
// The one place that says how JSON maps to shared types: objects are maps, arrays are arrays,
// strings are plain or live texts, the rest are plain values. Data objects are built on it, and so
// is whatever else sets a JSON value at a pointer.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "crdt/doc.hpp"
#include "crdt/text_difference.hpp"
#include "crdt/types.hpp"
#include "syncline/path.hpp"
#include "syncline/value.hpp"

namespace syncline::crdt {

/// One edit of a tree, as a program that keeps a plain copy would repeat it. add, update, delete:
/// `path` is the member's or element's. splice: `path` is the list's or text's, and from `index` on
/// `removed` became `inserted` (arrays, or strings counted in UTF-16 code units).
struct TreeEdit {
  enum class Kind { kAdd, kUpdate, kDelete, kSplice };

  Kind kind = Kind::kUpdate;
  Path path;
  std::optional<Value> old_value = {};
  std::optional<Value> new_value = {};
  std::size_t index = 0;
  Value removed = {};
  Value inserted = {};
};

/// An edit of a tree that is about to be made, and changes something.
struct TreeTouch {
  enum class Kind { kAdd, kChange, kRemove };

  Kind kind = Kind::kChange;
  /// The map or list that has the member or elements, or the text that changes.
  SharedType* type = nullptr;
  std::optional<std::string> key = {};  ///< of a map's member
  // Of a list's elements that are removed.
  std::size_t index = 0;
  std::size_t count = 0;
};

/// Where a path led.
struct Found {
  enum class Outcome {
    kFound,      ///< `element` is what the path names
    kMissing,    ///< `element` has no member or element of the next step's name
    kWrongKind,  ///< `element` is of a kind that the next step cannot enter
  };

  Outcome outcome = Outcome::kFound;
  /// As far as something is there; keys for maps, indexes for lists, whatever form the steps had.
  Path path;
  /// What is at `path`.
  Element element;
  /// The map or list that holds `element`; nullptr for the root, and inside plain values.
  SharedType* holder = nullptr;

  bool found() const { return outcome == Outcome::kFound; }
  /// The shared type that `element` is, found or not, if it is one of that kind.
  SharedType* type(TypeKind kind) const;
};

/// A path whose steps are all keys. Steps of text find list elements too: "3" the fourth, "-" the
/// place after the last.
Path to_path(std::vector<std::string> tokens);

/// A view; cheap to make, passed by reference. Edits outside a transaction open their own.
///
/// Errors change nothing: kNotFound where a parent is missing (naming the deepest place that is
/// there), kSchema for places and values of the wrong kind, kTooLarge past the end of a list or
/// nested deeper than encoding::kMaxDepth. Setting what is there already changes nothing and
/// reports nothing. Strings and keys are kept as they would look on the wire: what is not UTF-8
/// becomes U+FFFD.
class Tree {
 public:
  using Sink = std::function<void(TreeEdit)>;

  using Gate = std::function<Result<void>(const TreeTouch&)>;

  /// `sink`, if any, hears of each edit in order, after it was made. `gate`, if any, is asked
  /// before: its error becomes the edit's, and nothing of that is made.
  explicit Tree(SharedType& root, Sink sink = {}, Gate gate = {});

  Found find(const Path& path) const;
  /// The same, or the error that says how far the path leads.
  Result<Found> require(const Path& path) const;
  /// The same, of a live text.
  Result<Found> require_text(const Path& path) const;
  /// What is there, in JSON form.
  Result<Value> get(const Path& path) const;

  /// Puts a value there: adds or replaces a map's member, replaces a list's element ("-" appends),
  /// becomes the whole tree for the empty path. A string onto a live text edits the text, keeping
  /// the common prefix and suffix.
  Result<void> set(const Path& path, const Value& value);
  /// Removes a member or element; nothing happens where nothing is.
  Result<void> remove(const Path& path);

  /// Inserts before `index` of a list; makes the list where nothing is.
  Result<void> insert(const Path& list, std::size_t index, const Value& value);
  Result<void> push_back(const Path& list, const Value& value);
  Result<void> erase(const Path& list, std::size_t index, std::size_t count);

  /// Makes the place a live text: an empty one where nothing is, of the same content for a plain
  /// string.
  Result<void> make_text(const Path& path);
  // Of a live text. Positions count UTF-16 code units; past the end they clip. One inside a
  // surrogate pair means the pair's start, and a pair that is erased in part goes as a whole.
  Result<void> insert_text(const Path& text, std::size_t index, std::string_view inserted);
  Result<void> erase_text(const Path& text, std::size_t index, std::size_t length);
  Result<void> assign_text(const Path& text, std::string_view to);

 private:
  struct Slot;

  Result<Slot> slot(const Path& path) const;
  Result<void> set_root(const Value& value);
  Result<void> replace(const Slot& slot, const Value& value);
  Result<void> put(const Slot& slot, Input input);
  Result<void> splice(const Path& path, Array list, std::size_t index, std::size_t count,
                      Value::Array values);
  Result<void> splice(const Path& path, Text text, std::size_t index, std::size_t length,
                      std::string inserted);
  Result<void> assign(const Path& path, Text text, std::string_view to);
  Result<void> ask_to_replace(const Value& root) const;
  Result<void> ask(const TreeTouch& touch) const;
  Result<void> ask(const Slot& slot) const;
  void report(const std::function<TreeEdit()>& edit) const;

  SharedType* root_;
  Sink sink_;
  Gate gate_;
};

}  // namespace syncline::crdt
