// The wire layout of every message: its type number, its name, and its fields in order.
//
// One table, read three ways: the encoder writes the fields, the decoder reads them, and tests and
// tools print them by name. docs/PROTOCOL.md says the same in words. A frame is the type, the
// request id (0 where the message has none), then these fields. Numbers are never reused.
#pragma once

#include "bus/message.hpp"

namespace syncline::bus {

/// `kType` 0: bus only, has no bytes.
template <typename M>
struct Layout;

// `fields(io, m)` calls io("name", field) once a field, in wire order; it works for const and
// mutable messages alike.
#define SYNCLINE_LAYOUT(Message, type, wire_name)   \
  template <>                                       \
  struct Layout<Message> {                          \
    static constexpr std::uint64_t kType = type;    \
    static constexpr const char* kName = wire_name; \
    static void fields(auto& io, auto& m);          \
  };                                                \
  void Layout<Message>::fields([[maybe_unused]] auto& io, [[maybe_unused]] auto& m)

// To the room; presence, event, ping and pong travel both ways.

SYNCLINE_LAYOUT(Hello, 1, "hello") {
  io("version", m.version);
  io("token", m.token);
  io("identity", m.identity);
  io("session", m.session);
  io("features", m.features);
}
SYNCLINE_LAYOUT(Create, 2, "create") {
  io("url", m.url);
  io("nonce", m.nonce);
  io("schema", m.schema);
  io("access", m.access);
  io("state", m.state);
  io("invite", m.invite);
  io("durable", m.durable);
}
SYNCLINE_LAYOUT(Invite, 3, "invite") {
  io("url", m.url);
  io("identity", m.identity);
}
SYNCLINE_LAYOUT(Subscribe, 4, "subscribe") {
  io("url", m.url);
  io("since", m.since);
  io("state_vector", m.state_vector);
  io("live", m.live);
}
SYNCLINE_LAYOUT(Update, 5, "update") {
  io("channel", m.channel);
  io("sequence", m.sequence);
  io("relayed", m.relayed);
  io("update", m.update);
}
SYNCLINE_LAYOUT(Presence, 6, "presence") {
  io("channel", m.channel);
  io("awareness", m.awareness);
}
SYNCLINE_LAYOUT(Event, 7, "event") {
  io("channel", m.channel);
  io("name", m.name);
  io("value", m.value);
  io("by", m.by);
}
SYNCLINE_LAYOUT(Read, 8, "read") {
  io("url", m.url);
  io("root", m.root);
  io("kind", m.kind);
  io("pointer", m.pointer);
}
SYNCLINE_LAYOUT(Describe, 9, "describe") { io("url", m.url); }
SYNCLINE_LAYOUT(List, 10, "list") {
  io("glob", m.glob);
  io("after", m.after);
  io("limit", m.limit);
}
SYNCLINE_LAYOUT(Edit, 11, "edit") {
  io("url", m.url);
  io("root", m.root);
  io("kind", m.kind);
  io("ops", m.ops);
}
SYNCLINE_LAYOUT(Unsubscribe, 12, "unsubscribe") { io("channel", m.channel); }
SYNCLINE_LAYOUT(Delete, 13, "delete") { io("url", m.url); }
SYNCLINE_LAYOUT(Ping, 14, "ping") { io("nonce", m.nonce); }
SYNCLINE_LAYOUT(Pong, 15, "pong") { io("nonce", m.nonce); }
SYNCLINE_LAYOUT(SetAccess, 16, "set_access") {
  io("url", m.url);
  io("access", m.access);
  io("if_epoch", m.if_epoch);
}

SYNCLINE_LAYOUT(Flow, 0, "flow") {}
SYNCLINE_LAYOUT(Lacks, 0, "lacks") {}
SYNCLINE_LAYOUT(Unknown, 0, "unknown") {}

// From the room.

SYNCLINE_LAYOUT(Welcome, 32, "welcome") {
  io("identity", m.identity);
  io("session", m.session);
  io("limits", m.limits);
  io("features", m.features);
}
SYNCLINE_LAYOUT(Refused, 33, "refused") {
  io("code", m.code);
  io("reason", m.reason);
  io("message", m.message);
  io("rule", m.rule);
}
SYNCLINE_LAYOUT(Created, 34, "created") {
  io("channel", m.channel);
  io("epoch", m.epoch);
  io("access", m.access);
  io("owner", m.owner);
  io("position", m.position);
}
SYNCLINE_LAYOUT(Provisional, 35, "provisional") {}
SYNCLINE_LAYOUT(Subscribed, 36, "subscribed") {
  io("channel", m.channel);
  io("access", m.access);
  io("owner", m.owner);
  io("epoch", m.epoch);
  io("position", m.position);
  io("may_write", m.may_write);
  io("state_vector", m.state_vector);
  io("complete", m.complete);
  io("durable", m.durable);
  io("missing", m.missing);
  io("schema", m.schema);
}
SYNCLINE_LAYOUT(Current, 37, "current") {
  io("channel", m.channel);
  io("seq", m.seq);
}
SYNCLINE_LAYOUT(Ack, 38, "ack") {
  io("channel", m.channel);
  io("upto", m.upto);
  io("durable", m.durable);
  io("seq", m.seq);
  io("epoch", m.epoch);
}
SYNCLINE_LAYOUT(UpdateRefused, 39, "update_refused") {
  io("channel", m.channel);
  io("sequence", m.sequence);
  io("code", m.code);
  io("reason", m.reason);
  io("message", m.message);
  io("rule", m.rule);
  io("paths", m.paths);
  io("correction", m.correction);
  io("deletes", m.deletes);
  io("epoch", m.epoch);
}
SYNCLINE_LAYOUT(Updated, 40, "updated") {
  io("channel", m.channel);
  io("first", m.first);
  io("seq", m.seq);
  io("epoch", m.epoch);
  io("parts", m.parts);
}
SYNCLINE_LAYOUT(Changed, 41, "changed") {
  io("channel", m.channel);
  io("epoch", m.epoch);
  io("owner", m.owner);
  io("access", m.access);
  io("may_write", m.may_write);
}
SYNCLINE_LAYOUT(Invitation, 42, "invitation") {
  io("url", m.url);
  io("from", m.from);
  io("schema", m.schema);
  io("summary", m.summary);
}
SYNCLINE_LAYOUT(ValueReply, 43, "value") { io("value", m.value); }
SYNCLINE_LAYOUT(Entries, 44, "entries") { io("entries", m.entries); }
SYNCLINE_LAYOUT(Done, 45, "done") {}
SYNCLINE_LAYOUT(Unsubscribed, 46, "unsubscribed") {
  io("channel", m.channel);
  io("code", m.code);
  io("reason", m.reason);
}
SYNCLINE_LAYOUT(Deleted, 47, "deleted") {
  io("channel", m.channel);
  io("url", m.url);
}

#undef SYNCLINE_LAYOUT

}  // namespace syncline::bus
