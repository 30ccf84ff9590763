// Head: what a room knows of its object beside the document: owner, rules, incarnation, who holds
// which client id. Stored as a log record of its own, in one batch with the decision that changed
// it.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "access/identity.hpp"
#include "access/rules.hpp"
#include "crdt/id.hpp"
#include "syncline/value.hpp"

namespace syncline::room {

/// Someone on the object's list of invited.
struct Invited {
  std::string identity;
  std::string from;
  /// Has not subscribed since: hears of the invitation at every hello.
  bool pending = true;

  friend bool operator==(const Invited&, const Invited&) = default;
};

/// Value type.
struct Head {
  std::string url;
  /// Empty for objects that plain Yjs clients opened first.
  std::string owner;
  access::Rules rules;
  /// Counts changes of rules, owner and schema.
  std::uint64_t epoch = 1;
  /// Drawn at creation: positions of another incarnation mean nothing here.
  std::string incarnation;
  std::int64_t created_ms = 0;
  Value schema;
  /// Of the request that created it.
  std::string nonce;
  std::vector<Invited> invited;
  bool durable = true;
  /// Log records up to this one belong to earlier incarnations.
  std::uint64_t base_seq = 0;
  /// Units that were refused while the rest of their update was taken (verdicts by path): refused
  /// again whenever they come again. At most kRefusedRanges ranges.
  crdt::IdSet refused;
  /// The identity whose live update last brought a struct of a client id.
  std::map<crdt::ClientId, std::string> holders;
  /// When it was deleted. Such a head is kept, so that the URL stays gone.
  std::optional<std::int64_t> deleted_ms;

  /// Whoever asks, as this object sees them.
  access::Subject subject(std::string_view identity) const;
  /// What decisions about it depend on beside. `hub`: the hub's own rules, or nullptr.
  access::Circumstances circumstances(std::int64_t now_ms, const access::Rules* hub) const;
  const Invited* find_invited(std::string_view identity) const;
  Invited* find_invited(std::string_view identity);

  Bytes encode() const;
  /// kMalformed for damaged bytes, kUnavailable for a format that a newer version wrote.
  static Result<Head> decode(ByteView bytes);

  friend bool operator==(const Head&, const Head&) = default;
};

}  // namespace syncline::room
