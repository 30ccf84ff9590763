// The messages of the sync-api, as values. docs/PROTOCOL.md tells the story of each; codec.hpp
// their bytes.
//
// On the wire an object is named by a channel number; on the bus by its address. Sessions
// translate: `channel` means nothing outside the session that handed it out, and rooms leave it 0.
// What never travels on a wire says so ("bus only").
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "syncline/value.hpp"

namespace syncline::bus {

/// Pairs a request with its one final reply; unique per session, from 1. 0: wants no reply.
using RequestId = std::uint64_t;
using Channel = std::uint64_t;

/// One author's share of a batch of updates. `by` is empty where nobody can tell (a state-vector
/// diff).
struct Part {
  std::string by;
  SharedBytes update;
};

/// Where a replica stopped following an object.
struct Position {
  std::string incarnation;
  std::uint64_t seq = 0;
  friend bool operator==(const Position&, const Position&) = default;
};

/// One edit that the room makes under its own client id for a caller without a replica (command
/// line, REST). `op`: "set", "delete", "text" (set as live text), "replace" (set, never edit a live
/// text).
struct EditOp {
  std::string op;
  std::string pointer;
  Value value;
};

// ---- to the room ----

struct Hello {
  RequestId request = 0;
  std::uint64_t version = 1;
  std::string token;
  std::string identity;
  std::string session;
  std::vector<std::string> features;
};
struct Create {
  RequestId request = 0;
  std::string url;
  std::string nonce;  ///< the same nonce again gets the same answer, not 409
  Value schema;
  Value access = "owner";  ///< a preset's name or a rule set
  Bytes state;             ///< update v1; empty: an empty object
  std::vector<std::string> invite;
  bool durable = true;
};
struct Invite {
  RequestId request = 0;
  std::string url;
  std::string identity;
};
struct Subscribe {
  RequestId request = 0;
  std::string url;
  std::optional<Position> since;
  Bytes state_vector;
  bool live = true;  ///< false: one answer, no updates after it
  /// Bus only: an object that does not exist is made, `open` for all, as plain Yjs clients expect.
  bool create_open = false;
};
struct Update {
  Channel channel = 0;
  std::uint64_t sequence = 0;  ///< counts this session's updates on this channel, from 1
  SharedBytes update;
  bool relayed = false;  ///< part of a step 2: others' structs may be in it
};
struct Presence {
  Channel channel = 0;
  SharedBytes awareness;  ///< y-protocols' awareness update
};
struct Event {
  Channel channel = 0;
  std::string name;
  Value value;
  std::string by;  ///< set by the room
};
struct Read {
  RequestId request = 0;
  std::string url;
  std::string root = "data";
  std::string kind;  ///< of the root: "map", "array", "text", "xml"; empty: as it is
  std::string pointer;
};
/// Asks for facts about an object: owner, access, sizes, state vector, subscribers, roots.
struct Describe {
  RequestId request = 0;
  std::string url;
};
struct List {
  RequestId request = 0;
  std::string glob;
  std::string after;
  std::uint64_t limit = 1000;
};
struct Edit {
  RequestId request = 0;
  std::string url;
  std::string root = "data";
  std::string kind = "map";
  std::vector<EditOp> ops;
};
/// Ends a subscription. A session that ends sends one to every room it is in, with request 0.
struct Unsubscribe {
  RequestId request = 0;
  Channel channel = 0;
};
struct Delete {
  RequestId request = 0;
  std::string url;
};
/// Gives an object another rule set.
struct SetAccess {
  RequestId request = 0;
  std::string url;
  Value access;                ///< a preset's name or a rule set
  std::uint64_t if_epoch = 0;  ///< only if the object has this epoch; 0: whatever it has
};
struct Ping {
  std::uint64_t nonce = 0;
};
struct Pong {
  std::uint64_t nonce = 0;
};
/// Bus only: the session cannot take more of this object now (its connection is congested), or can
/// again. Meanwhile the room queues nothing for it; afterwards it gets one merged tail.
struct Flow {
  bool congested = false;
};
/// A type this version does not know. Answered with `refused`, never ignored.
struct Unknown {
  std::uint64_t type = 0;
  RequestId request = 0;
};

// ---- from the room ----

struct Welcome {
  RequestId request = 0;
  std::string identity;
  std::string session;
  Value limits;
  std::vector<std::string> features;
};
/// The final answer to a request that failed.
struct Refused {
  RequestId request = 0;
  Code code = Code::kInternal;
  std::string reason;   ///< a stable word: "denied", "exists", "gap"
  std::string message;  ///< for people
  std::string rule;     ///< which rule decided, where one did
};
struct Created {
  RequestId request = 0;
  Channel channel = 0;  ///< the creator is subscribed
  std::uint64_t epoch = 0;
  Value access;
  std::string owner;
  Position position;
};
/// The request is being worked on (the owner is asked, the object is loaded).
struct Provisional {
  RequestId request = 0;
};
struct Subscribed {
  RequestId request = 0;
  Channel channel = 0;
  Value access;
  std::string owner;
  std::uint64_t epoch = 0;
  Position position;      ///< where the object stands once `missing` is applied
  std::string may_write;  ///< "all", "none" or "paths": the verdict on this session's writes
  Bytes state_vector;     ///< of the room: what it lacks, the subscriber sends as a relayed update
  std::vector<Part> missing;
  bool complete = false;  ///< `missing` is the whole log tail since the position asked for
  bool durable = true;
  Value schema;  ///< what the object has to keep to; null: nothing
};
struct Current {
  Channel channel = 0;
  std::uint64_t seq = 0;
};
/// Everything of this session on this channel up to sequence `upto` that was not refused is done,
/// and durable if so. The receiver has now been sent everything up to the object's `seq`.
struct Ack {
  Channel channel = 0;
  std::uint64_t upto = 0;
  bool durable = true;
  std::uint64_t seq = 0;
  std::uint64_t epoch = 0;
};
enum class Correction : std::uint8_t { kNone = 0, kDeletes = 1, kRebuild = 2 };
struct UpdateRefused {
  Channel channel = 0;
  std::uint64_t sequence = 0;
  Code code = Code::kDenied;
  std::string reason;
  std::string message;
  std::string rule;
  std::vector<std::string> paths;
  Correction correction = Correction::kNone;
  Bytes deletes;  ///< a v1 delete set, for kDeletes
  std::uint64_t epoch = 0;
};
/// What the object's sequence numbers `first` to `seq` brought, but for what the receiver itself
/// sent (that is in its replica). A receiver that stands at `first - 1` or later has no gap.
struct Updated {
  Channel channel = 0;
  std::uint64_t seq = 0;
  std::uint64_t first = 0;
  std::uint64_t epoch = 0;
  std::vector<Part> parts;
};
struct Changed {
  Channel channel = 0;
  std::uint64_t epoch = 0;
  std::string owner;
  Value access;
  std::string may_write;
};
struct Invitation {
  std::string url;
  std::string from;
  Value schema;
  Value summary;
};
struct ValueReply {
  RequestId request = 0;
  Value value;
};
struct Entry {
  std::string url;
  Value about;
};
struct Entries {
  RequestId request = 0;
  std::vector<Entry> entries;
};
/// Done, nothing to say.
struct Done {
  RequestId request = 0;
};
/// Bus only, to plain Yjs sessions: the room lacks what an update of theirs depends on; they send
/// sync step 1 with this state vector.
struct Lacks {
  Bytes state_vector;
};
struct Unsubscribed {
  Channel channel = 0;
  Code code = Code::kUnavailable;
  std::string reason;
};
struct Deleted {
  Channel channel = 0;
  std::string url;
};

using Body =
    std::variant<Hello, Create, Invite, Subscribe, Update, Presence, Event, Read, Describe, List,
                 Edit, Unsubscribe, Delete, SetAccess, Ping, Pong, Flow, Unknown, Welcome, Refused,
                 Created, Provisional, Subscribed, Current, Ack, UpdateRefused, Updated, Changed,
                 Invitation, ValueReply, Entries, Done, Lacks, Unsubscribed, Deleted>;

/// Where messages go: an object's URL, or "session:N" for one connection.
using Address = std::string;

/// One message on the bus. `from` and `identity` are set by the session that brought it in, after
/// it checked whose they are, and never taken from the wire.
struct Message {
  Address from;
  Address to;
  std::string identity;
  /// A plain Yjs client: no channel, no corrections; refused writes close it.
  bool plain = false;
  Body body;
};

/// The request id of a body, 0 where it has none.
RequestId request_of(const Body& body);

/// The message's name as docs/PROTOCOL.md has it: "subscribe", "update_refused".
std::string_view name_of(const Body& body);

}  // namespace syncline::bus
