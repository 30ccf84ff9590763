// Conflicts: what a program may decide itself, instead of leaving it to the merge.
//
// Everything merges without being asked. A program that wants the last word gives its Syncer a
// hook, a plain function from a Conflict to a Resolution:
//
//     options.on_conflict = [](const syncline::Conflict& conflict) {
//       if (to_pointer(conflict.path) == "/price") return syncline::Resolution::drop();  // theirs
//       return syncline::Resolution::merge();
//     };
//
// It is asked once a place where edits made offline meet others' (edits of different places are no
// conflict), once an object whose edits the room refused, and once an object that was created
// offline at a URL that is taken.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "syncline/changes.hpp"
#include "syncline/error.hpp"
#include "syncline/path.hpp"
#include "syncline/value.hpp"

namespace syncline {

/// What a conflict hook decides about.
struct Conflict {
  enum class Cause {
    kConcurrent,  ///< changed here and, meanwhile, by others
    kRefused,     ///< the room refused what was written here; `error` says why
    kExists,      ///< created here, but there is another object at this URL
  };

  Cause cause = Cause::kConcurrent;
  std::string url{};
  /// The place that both changed: a member, a list or a text. Empty (the whole object) for refused
  /// edits and for objects that exist.
  Path path{};
  /// What was there before the local edits, what is there with them, and what others have there
  /// now. Nullopt: nothing.
  std::optional<Value> base{};
  std::optional<Value> local{};
  std::optional<Value> remote{};
  /// For kRefused and kExists.
  std::optional<Error> error{};
};

/// What becomes of it. A value.
///
///     resolution   concurrent edits        refused edits                an object that exists
///     merge        both, merged            tried once more, made anew   both objects become one
///     keep         ours                    parked                       ours, as an edit of theirs
///     drop         theirs                  forgotten                    theirs
///     use(value)   this value              this value is written        theirs, with this value
///     rename(url)  as undecided            parked                       ours, under another URL
///     undecided    ours; syncing stops     parked                       ours, not shared
///
/// Without a hook: concurrent edits merge, refused ones are parked, an object that exists is
/// undecided. What is parked or undecided is listed by Syncer::parked().
class [[nodiscard]] Resolution {
 public:
  static Resolution merge() { return Resolution(Merge{}); }
  static Resolution keep() { return Resolution(Keep{}); }
  static Resolution drop() { return Resolution(Drop{}); }
  /// `value` at the conflict's place.
  static Resolution use(Value value) { return Resolution(Use{std::move(value)}); }
  static Resolution rename(std::string url) { return Resolution(Rename{std::move(url)}); }
  /// Asked again at the next connection, or by Syncer::resume().
  static Resolution undecided() { return Resolution(Undecided{}); }

  struct Merge {};
  struct Keep {};
  struct Drop {};
  struct Use {
    Value value;
  };
  struct Rename {
    std::string url;
  };
  struct Undecided {};
  using Choice = std::variant<Merge, Keep, Drop, Use, Rename, Undecided>;
  const Choice& choice() const { return choice_; }

 private:
  explicit Resolution(Choice choice) : choice_(std::move(choice)) {}
  Choice choice_;
};

/// Called on the syncer's own thread (or inside poll()), with the object as it was before others'
/// changes came in. It may read its objects, and must not write them or wait for the syncer. One
/// that throws has not decided.
using ConflictHook = std::function<Resolution(const Conflict&)>;

/// Local edits that wait for a decision.
struct Parked {
  std::string url{};
  /// Names it beside the URL. 0: the object itself, which stopped syncing; its edits are in it.
  std::uint64_t id = 0;
  Error why{Code::kConflict, ""};
  /// When it was parked, in milliseconds since 1970; 0 where id is.
  std::int64_t time_ms = 0;
  /// What was edited, where it is no longer in the object.
  Changes changes{};
};

}  // namespace syncline
