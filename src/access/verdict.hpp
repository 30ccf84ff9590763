// Verdicts: the rules compiled for one session, object and epoch, so that judging a write costs
// little: all, none, or by path.
#pragma once

#include <algorithm>
#include <limits>
#include <memory>

#include "access/decide.hpp"
#include "access/patterns.hpp"

namespace syncline::access {

/// What a room lets a session write.
enum class Verdict : std::uint8_t { kNone, kAll, kByPath };

/// "none", "all", "paths", as the sync-api spells it.
std::string_view name(Verdict verdict);

/// Who made which unit of a document.
class Authors {
 public:
  virtual ~Authors() = default;
  /// nullopt where nobody knows.
  virtual std::optional<std::string_view> author_of(crdt::ID unit) const = 0;
  /// How far, up to `end`, the units of that client from `unit` on have the same author.
  virtual crdt::Clock same_author_until(crdt::ID unit, crdt::Clock end) const {
    return std::min(unit.clock + 1, end);
  }
};

/// The rules of one object that concern one session's writes, with everything settled but the
/// place, the action, and who created what. Immutable.
///
/// A rule is asked at the deepest node that one of its own patterns names: that node added, changed
/// or removed, or, where something below it is touched, changed. `creator` is then who made what
/// the node holds; whoever adds a node is its creator. A root has none.
class PathVerdict {
 public:
  PathVerdict(const Rules& rules, const Subject& subject, const Circumstances& now);

  /// `kAll` or `kNone` where no path makes a difference.
  Verdict verdict() const { return verdict_; }

  struct Ruling {
    bool allow = false;
    std::int32_t layer = 0;
    std::int32_t rule = -1;  ///< -1: none applied
  };
  /// REQUIRES: `action` is add, change or remove; `steps` of a place that holds nothing yet end
  /// without an item.
  Ruling decide(const Place& place, Action action, const Authors& authors) const;
  std::string name_of(const Ruling& ruling) const;

 private:
  struct Relevant {
    std::uint32_t rule = 0;
    bool creator_only = false;
  };
  struct Layer {
    Rules rules;
    /// The hub's: where nothing applies, the object's rules decide.
    bool hub = false;
    std::vector<Relevant> relevant;
  };
  enum class Status : std::uint8_t { kDeny, kAllow, kDepends };

  void add_layer(const Rules& rules, bool hub, const Subject& subject, const Circumstances& now);
  static Status status(const Layer& layer, Action action);
  bool applies(const Rule& rule, const Relevant& relevant, const Place& place, Action action,
               const Authors& authors) const;
  std::int32_t deciding(const Layer& layer, const Place& place, Action action,
                        const Authors& authors) const;

  std::string identity_;
  std::vector<Layer> layers_;
  Verdict verdict_ = Verdict::kNone;
};

/// The verdict on every write of a session.
struct WriteVerdict {
  Verdict verdict = Verdict::kNone;
  /// The rule behind it: of the first of add, change and remove that is denied, for kNone. Empty
  /// for kByPath.
  std::string rule;
  std::shared_ptr<const PathVerdict> by_path;  ///< for kByPath
  /// From then on it has to be asked anew.
  std::int64_t valid_until_ms = std::numeric_limits<std::int64_t>::max();
};

WriteVerdict decide_writes(const Rules& rules, const Subject& subject,
                           const Circumstances& now = {});

}  // namespace syncline::access
