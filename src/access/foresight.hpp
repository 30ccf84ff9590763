// Foresight: what the author of an edit can tell about it before it is made, and before a room
// judges it. The rules and the engine that asks them are the room's; what an author cannot know
// (who made something, who is invited, what time the room has) is supposed to be in its favour.
#pragma once

#include <optional>
#include <string>

#include "access/verdict.hpp"
#include "crdt/tree.hpp"

namespace syncline::access {

/// The rules by path that concern one author's edits of one object. Immutable.
class Foresight {
 public:
  /// nullopt where no edit can be judged beforehand: the rules are no rules, or decide the same
  /// everywhere, or turn on what only the room knows.
  static std::optional<Foresight> of(const Value& rules, const std::string& identity, bool owner);

  /// kDenied, in the room's words, for an edit that the rules forbid whatever the author cannot
  /// know. `since`: what the transaction made up to now; edits inside of that are part of what made
  /// it. `known`: who made what, as far as that is known here.
  Result<void> judge(const crdt::TreeTouch& touch, crdt::ID since, const Authors& known,
                     const std::string& url) const;

 private:
  Foresight(PathVerdict verdict, std::string identity)
      : verdict_(std::move(verdict)), identity_(std::move(identity)) {}

  Result<void> judge(const Place& place, Action action, const Authors& known,
                     const std::string& url) const;

  PathVerdict verdict_;
  std::string identity_;
};

}  // namespace syncline::access
