// A hub of a page for the client's tests: rooms with one log each, on a real WebSocket. It can be
// told to misbehave: to drop connections, to withhold acknowledgements, to lose fan-outs.
import { WebSocketServer } from "ws";
import * as Y from "yjs";
import { decode, encode } from "../dist/codec.js";

class Room {
  constructor(url, owner, nonce, access, state, incarnation) {
    Object.assign(this, { url, owner, nonce, access, incarnation });
    this.doc = new Y.Doc();
    this.seq = 0;
    this.log = [];
    this.members = new Map(); // session -> channel
    if (state.length > 0) this.add(owner, state);
  }
  get position() {
    return { incarnation: this.incarnation, seq: this.seq };
  }
  mayWrite(identity) {
    return this.access === "open" || identity === this.owner ? "all" : "none";
  }
  add(by, update) {
    Y.applyUpdate(this.doc, update);
    this.log.push({ seq: ++this.seq, by, update });
  }
}

export class FakeHub {
  static async start(port = 0) {
    const hub = new FakeHub();
    hub.server = new WebSocketServer({ port, host: "127.0.0.1", handleProtocols: () => "syncline.v1" });
    await new Promise((resolve) => hub.server.once("listening", resolve));
    hub.server.on("connection", (socket) => hub.accept(socket));
    return hub;
  }

  rooms = new Map();
  sessions = new Set();
  received = [];
  created = 0;
  /** Updates are taken but neither acknowledged nor refused. */
  silent = false;
  /** Fan-outs that get lost from now on. */
  loseUpdated = 0;
  /** Answers hello with this refusal. */
  refuseHello = null;

  get url() {
    return `ws://127.0.0.1:${this.server.address().port}`;
  }
  count(type) {
    return this.received.filter((message) => message.type === type).length;
  }
  dropAll() {
    for (const { socket } of this.sessions) socket.terminate();
  }
  async stop() {
    this.dropAll();
    await new Promise((resolve) => this.server.close(resolve));
  }

  accept(socket) {
    const session = { socket, identity: "", channels: new Map(), next: 1 };
    this.sessions.add(session);
    session.send = (message) => socket.send(encode({ request: 0, ...message }));
    socket.on("message", (data) => {
      const message = decode(new Uint8Array(data));
      this.received.push(message);
      this[message.type]?.(session, message);
    });
    socket.on("close", () => {
      this.sessions.delete(session);
      for (const room of this.rooms.values()) room.members.delete(session);
    });
  }

  refuse(session, { request }, code, reason) {
    session.send({ type: "refused", request, code, reason, message: `${reason}!`, rule: "" });
  }
  join(session, room) {
    const channel = session.next++;
    session.channels.set(channel, room);
    room.members.set(session, channel);
    return channel;
  }

  hello(session, { request, identity }) {
    if (this.refuseHello) return this.refuse(session, { request }, ...this.refuseHello);
    session.identity = identity;
    session.send({ type: "welcome", request, identity, session: "s1", limits: {}, features: [] });
  }
  create(session, message) {
    const { request, url, nonce, access, state } = message;
    let room = this.rooms.get(url);
    if (room && room.nonce !== nonce) return this.refuse(session, message, 409, "exists");
    if (!room) {
      room = new Room(url, session.identity, nonce, access, state, `i${++this.created}`);
      this.rooms.set(url, room);
    }
    if (this.silent) return;
    const { owner, position } = room;
    session.send({ type: "created", request, channel: this.join(session, room), epoch: 1, access, owner, position });
  }
  subscribe(session, message) {
    const { request, url, since, state_vector } = message;
    const room = this.rooms.get(url);
    if (!room) return this.refuse(session, message, 404, "not_found");
    const complete = since?.incarnation === room.incarnation;
    const missing = complete
      ? room.log.filter(({ seq }) => seq > since.seq).map(({ by, update }) => ({ by, update }))
      : [{ by: "", update: Y.encodeStateAsUpdate(room.doc, state_vector) }];
    const { owner, access, position } = room;
    session.send({
      type: "subscribed", request, channel: this.join(session, room), access, owner, epoch: 1, position,
      may_write: room.mayWrite(session.identity), state_vector: Y.encodeStateVector(room.doc), complete,
      durable: true, missing,
    });
  }
  update(session, { channel, sequence, update }) {
    const room = session.channels.get(channel);
    if (!room) return;
    const allowed = room.mayWrite(session.identity) === "all";
    if (allowed) room.add(session.identity, update);
    if (this.silent) return;
    if (!allowed) {
      session.send({
        type: "update_refused", channel, sequence, code: 403, reason: "denied", message: "only the owner writes",
        rule: "owner", paths: ["/title"], correction: 2, deletes: new Uint8Array(), epoch: 1,
      });
      return;
    }
    session.send({ type: "ack", channel, upto: sequence, durable: true, seq: room.seq, epoch: 1 });
    const part = { by: session.identity, update };
    for (const [other, number] of room.members) {
      if (other === session) continue;
      if (this.loseUpdated > 0) this.loseUpdated--;
      else other.send({ type: "updated", channel: number, first: room.seq, seq: room.seq, epoch: 1, parts: [part] });
    }
  }
  presence(session, { channel, awareness }) {
    for (const [other, number] of session.channels.get(channel)?.members ?? []) {
      if (other !== session) other.send({ type: "presence", channel: number, awareness });
    }
  }
  unsubscribe(session, { request, channel }) {
    session.channels.get(channel)?.members.delete(session);
    session.channels.delete(channel);
    if (request) session.send({ type: "done", request });
  }
  delete(session, message) {
    const room = this.rooms.get(message.url);
    if (!room) return this.refuse(session, message, 404, "not_found");
    this.rooms.delete(message.url);
    for (const [other, channel] of room.members) other.send({ type: "deleted", channel, url: room.url });
    session.send({ type: "done", request: message.request });
  }
  read(session, message) {
    const room = this.rooms.get(message.url);
    if (!room) return this.refuse(session, message, 404, "not_found");
    session.send({ type: "value", request: message.request, value: room.doc.getMap("data").toJSON() });
  }
  list(session, { request }) {
    const entries = [...this.rooms.values()].map(({ url, owner }) => ({ url, about: { owner } }));
    session.send({ type: "entries", request, entries });
  }
  ping(session, { nonce }) {
    session.send({ type: "pong", nonce });
  }
}
