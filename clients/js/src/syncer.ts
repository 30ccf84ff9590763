// A participant's end of the sync-api: requests and their answers, and the objects it follows.
import * as Y from "yjs";
import { Connection } from "./connection.js";
import type { ConnectionState, WebSocketConstructor } from "./connection.js";
import type { EditOp, Entry, Json, Message, MessageName, MessageOf, UnknownMessage } from "./codec.js";
import { DataObject } from "./data_object.js";
import type { Wire } from "./data_object.js";
import { Emitter } from "./emitter.js";
import { SynclineError } from "./error.js";
import { fill } from "./json.js";
import type { Shareable } from "./json.js";
import type { Trace } from "./trace.js";

export interface SyncerOptions {
  /** Who this is: `hyperty://domain/name`. */
  identity: string;
  /** The hub: `ws://host:port`, or the whole URL of its `/sync`. */
  url: string;
  /** A token, or what fetches one, for hubs that ask for it. */
  token?: string | (() => string | Promise<string>);
  /** Where there is no global WebSocket (Node before 22): that of the package `ws`. */
  WebSocket?: WebSocketConstructor;
  /** Milliseconds a sent request waits for its answer; 30 s. */
  timeout?: number;
  /** Hears every step of every change; for charts and debugging. */
  trace?: (step: Trace) => void;
}

export interface CreateOptions {
  /** "owner" (the default), "open", "private", or a rule set. */
  access?: Json;
  /** Who may read a private object, and is told of this one. */
  invite?: string[];
  /** False: lives in the hub's memory only. */
  durable?: boolean;
}

export interface ReadOptions {
  /** The root's name; "data". */
  root?: string;
  /** How to read a root that nobody opened with a type yet: "map", "array", "text" or "xml". */
  kind?: string;
}

export type SyncerEvents = {
  /** The connection's state changed; `error` says why, where something went wrong. */
  state: { state: ConnectionState; error: SynclineError | null };
  invitation: { url: string; from: string; schema: Json; summary: Json };
};

type Request = {
  [N in MessageName]: Omit<MessageOf<N>, "request">;
}[MessageName];

interface Waiting {
  message: Message;
  /** It may be sent again on a new connection: the hub does it once, or nothing. */
  repeatable: boolean;
  sent: boolean;
  timer: ReturnType<typeof setTimeout> | undefined;
  resolve(answer: Message): void;
  reject(error: SynclineError): void;
}

/**
 * Creates, subscribes to and follows data objects through a hub. It connects at once, reconnects by
 * itself, and keeps what was changed meanwhile; requests made while offline are sent when the hub
 * is there.
 */
export class Syncer extends Emitter<SyncerEvents> {
  private readonly link: Connection;
  private readonly wire: Wire;
  private readonly timeout: number;
  private readonly objects = new Map<string, DataObject>();
  private readonly opening = new Map<string, Promise<DataObject>>();
  private readonly waiting = new Map<number, Waiting>();
  private readonly pings = new Map<number, (at: number) => void>();
  /** Request 1 of every connection is its hello. */
  private nextRequest = 2;
  private nextNonce = 1;
  private identityNow: string;

  constructor(options: SyncerOptions) {
    super();
    const WebSocket = options.WebSocket ?? (globalThis.WebSocket as WebSocketConstructor | undefined);
    if (!WebSocket) {
      throw new SynclineError(400, "malformed", "no global WebSocket here: pass one, as of the package ws");
    }
    this.identityNow = options.identity;
    this.timeout = options.timeout ?? 30_000;
    const { identity, token = "" } = options;
    this.link = new Connection(
      { url: endpoint(options.url), identity, token, WebSocket },
      {
        state: (state, error) => this.stateChanged(state, error),
        welcome: (welcome) => this.welcomed(welcome),
        message: (message) => this.received(message),
      },
    );
    const self = this;
    this.wire = {
      get identity() {
        return self.identityNow;
      },
      send: (message) => this.link.send(message),
      resubscribe: (object) => void this.resubscribe(object),
      trace: (step) => options.trace?.({ ...step, at: Date.now() }),
    };
    this.link.open();
  }

  /** Who the hub says this is. */
  get identity(): string {
    return this.identityNow;
  }
  get state(): ConnectionState {
    return this.link.state;
  }
  /** When the next attempt to connect is made, on the scale of Date.now(); 0 where none is planned. */
  get retryAt(): number {
    return this.link.retryAt;
  }
  /** Connects now instead of when the pause is over. */
  reconnect(): void {
    this.link.open();
  }

  /**
   * Creates an object, owned by this identity. `initial` is its JSON tree, or a document.
   * Errors: 409 (it exists), 400, 403.
   */
  async create(
    url: string,
    initial: { readonly [key: string]: Shareable } | Y.Doc = {},
    options: CreateOptions = {},
  ): Promise<DataObject> {
    if (this.objects.has(url)) throw new SynclineError(409, "exists", `${url} is followed here already`);
    const doc = initial instanceof Y.Doc ? initial : new Y.Doc();
    if (!(initial instanceof Y.Doc)) doc.transact(() => fill(doc.getMap("data"), initial));
    const object = this.track(new DataObject(this.wire, url, doc));
    this.traceOf(object, "hyperty", "object", "new");
    this.traceOf(object, "syncer", "bus", "post shared object");
    const { access = "owner", invite = [], durable = true } = options;
    const create: Omit<MessageOf<"create">, "request"> = {
      type: "create",
      url,
      nonce: randomWord(),
      schema: null,
      access,
      state: Y.encodeStateAsUpdate(doc),
      invite,
      durable,
    };
    return this.opened(object, this.request(create, true));
  }

  /** Follows an object. The same object for the same URL. Errors: 404, 403, 410. */
  subscribe(url: string, options: { doc?: Y.Doc } = {}): Promise<DataObject> {
    const known = this.objects.get(url);
    if (known) return this.opening.get(url) ?? Promise.resolve(known);
    const object = this.track(new DataObject(this.wire, url, options.doc ?? new Y.Doc()));
    const answer = this.request({ type: "subscribe", ...object.request() }, true);
    const opening = this.opened(object, answer).finally(() => this.opening.delete(url));
    this.opening.set(url, opening);
    return opening;
  }

  /** Ends the copy here; the object lives on. */
  async unsubscribe(url: string): Promise<void> {
    const object = this.objects.get(url);
    if (!object) return;
    const { channel } = object;
    object.end(new SynclineError(503, "unsubscribed", `${url} is not followed any more`));
    if (channel !== 0 && this.state === "connected") {
      await this.request({ type: "unsubscribe", channel }, false);
    }
  }

  /** Deletes the object everywhere. */
  async delete(url: string): Promise<void> {
    await this.request({ type: "delete", url }, false);
  }

  /** Lets an identity read a private object, and tells it. */
  async invite(url: string, identity: string): Promise<void> {
    await this.request({ type: "invite", url, identity }, true);
  }

  /** The JSON value at a pointer ("" is the whole tree), without following the object. */
  async read(url: string, pointer = "", { root = "data", kind = "" }: ReadOptions = {}): Promise<Json> {
    const answer = await this.request({ type: "read", url, root, kind, pointer }, true);
    return expect(answer, "value").value;
  }

  /** Facts about an object: owner, access, sequence, subscribers, sizes, roots. */
  async describe(url: string): Promise<Json> {
    return expect(await this.request({ type: "describe", url }, true), "value").value;
  }

  /** The objects this identity may read, in order of URL, after `after`. */
  async list(glob = "**", { after = "", limit = 1000 } = {}): Promise<Entry[]> {
    return expect(await this.request({ type: "list", glob, after, limit }, true), "entries").entries;
  }

  /** Changes an object without following it: all of the edits, or none. */
  async edit(url: string, ops: EditOp[], { root = "data", kind = "map" }: ReadOptions = {}): Promise<void> {
    await this.request({ type: "edit", url, root, kind, ops }, false);
  }

  /** Asks the hub for a sign of life; resolves to the milliseconds it took. */
  ping(): Promise<number> {
    const nonce = this.nextNonce++;
    const start = Date.now();
    return new Promise((resolve, reject) => {
      const fail = (code: number, reason: string, words: string): void => {
        this.pings.delete(nonce);
        reject(new SynclineError(code, reason, words));
      };
      const timer = setTimeout(() => fail(408, "timeout", "no pong in time"), this.timeout);
      this.pings.set(nonce, (at) => {
        clearTimeout(timer);
        resolve(at - start);
      });
      if (this.link.send({ type: "ping", request: 0, nonce })) return;
      clearTimeout(timer);
      fail(503, "unavailable", "not connected");
    });
  }

  /** Resolves when every local change of every object is acknowledged. */
  async flush(): Promise<void> {
    await Promise.all([...this.objects.values()].map((object) => object.flush()));
  }

  /** Ends everything; the objects stay readable. */
  close(): void {
    const error = new SynclineError(503, "unavailable", "the syncer was closed");
    for (const object of [...this.objects.values()]) object.end(error);
    for (const id of [...this.waiting.keys()]) this.settle(id, error);
    this.link.close();
  }

  // ---- Requests ----

  private request(body: Request, repeatable: boolean): Promise<Message> {
    const id = this.nextRequest++;
    const message = { ...body, request: id } as Message;
    return new Promise((resolve, reject) => {
      if (this.state === "closed") {
        reject(new SynclineError(503, "unavailable", "the syncer is closed"));
        return;
      }
      this.waiting.set(id, { message, repeatable, sent: false, timer: undefined, resolve, reject });
      this.dispatch(id);
    });
  }

  private dispatch(id: number): void {
    const waiting = this.waiting.get(id);
    if (!waiting || waiting.sent || !this.link.send(waiting.message)) return;
    waiting.sent = true;
    const late = new SynclineError(408, "timeout", `no answer to ${waiting.message.type} in time`);
    waiting.timer = setTimeout(() => this.settle(id, late), this.timeout);
  }

  private settle(id: number, answer: Message | SynclineError): void {
    const waiting = this.waiting.get(id);
    if (!waiting) return;
    this.waiting.delete(id);
    clearTimeout(waiting.timer);
    if (answer instanceof SynclineError) waiting.reject(answer);
    else waiting.resolve(answer);
  }

  // ---- Objects ----

  private track(object: DataObject): DataObject {
    this.objects.set(object.url, object);
    object.on("ended", () => {
      if (this.objects.get(object.url) === object) this.objects.delete(object.url);
    });
    return object;
  }

  /** The object, once it is created or subscribed. Its channel was opened when the answer came. */
  private async opened(object: DataObject, answer: Promise<Message>): Promise<DataObject> {
    try {
      await answer;
      return object;
    } catch (error) {
      object.end(error as SynclineError);
      throw error;
    }
  }

  private async resubscribe(object: DataObject): Promise<void> {
    // Without a connection welcomed() does it.
    if (object.ended || this.state !== "connected" || this.isOpening(object.url)) return;
    try {
      await this.request({ type: "subscribe", ...object.request() }, false);
    } catch (error) {
      const { code } = error as SynclineError;
      const passing = code === 408 || code === 429 || code >= 500;
      if (!passing) object.end(error as SynclineError);
      else setTimeout(() => object.channel === 0 && void this.resubscribe(object), RESUBSCRIBE_PAUSE);
    }
  }

  private isOpening(url: string): boolean {
    for (const { message } of this.waiting.values()) {
      if ((message.type === "create" || message.type === "subscribe") && message.url === url) return true;
    }
    return false;
  }

  private byChannel(channel: number): DataObject | undefined {
    for (const object of this.objects.values()) if (object.channel === channel) return object;
    return undefined;
  }

  // ---- What the connection says ----

  private stateChanged(state: ConnectionState, error: SynclineError | null): void {
    if (state !== "connected") {
      const lost = error ?? new SynclineError(503, "unavailable", "the connection was lost");
      for (const [id, waiting] of [...this.waiting]) {
        if (!waiting.sent && state !== "refused") continue;
        clearTimeout(waiting.timer);
        if (waiting.repeatable && state !== "refused") waiting.sent = false;
        else this.settle(id, lost);
      }
      for (const object of this.objects.values()) object.disconnected();
    }
    this.emit("state", { state, error });
  }

  private welcomed(welcome: MessageOf<"welcome">): void {
    this.identityNow = welcome.identity || this.identityNow;
    for (const id of [...this.waiting.keys()]) this.dispatch(id);
    for (const object of this.objects.values()) void this.resubscribe(object);
  }

  private received(message: Message | UnknownMessage): void {
    if (message.type === "unknown" || message.type === "provisional") return;
    if (message.request !== 0) this.answered(message);
    else if (message.type === "pong") {
      this.pings.get(message.nonce)?.(Date.now());
      this.pings.delete(message.nonce);
    } else if (message.type === "invitation") {
      const { url, from, schema, summary } = message;
      this.emit("invitation", { url, from, schema, summary });
    } else if ("channel" in message) this.byChannel(message.channel)?.received(message);
  }

  private answered(message: Message): void {
    const asked = this.waiting.get(message.request)?.message;
    if (!asked) {
      // Nobody waits for it any more: a channel it opens is closed again.
      if (message.type === "subscribed" || message.type === "created") {
        this.link.send({ type: "unsubscribe", request: 0, channel: message.channel });
      }
      return;
    }
    if (message.type === "refused") {
      const { code, reason, message: words, rule } = message;
      this.settle(message.request, new SynclineError(code, reason, words, rule));
      return;
    }
    this.settle(message.request, message);
    // Who waits for the answer runs after this: the object is open by then.
    const object = "url" in asked ? this.objects.get(asked.url) : undefined;
    if (message.type === "created") object?.created(message);
    if (message.type === "subscribed") object?.subscribed(message);
  }

  private traceOf(object: DataObject, from: Trace["from"], to: Trace["to"], message: string): void {
    this.wire.trace({ from, to, message, url: object.url, by: this.identityNow });
  }
}

/** Milliseconds until an object is asked for again that the hub could not open. */
const RESUBSCRIBE_PAUSE = 1000;

function expect<N extends MessageName>(answer: Message, type: N): MessageOf<N> {
  if (answer.type === type) return answer as MessageOf<N>;
  throw new SynclineError(500, "internal", `the hub answered ${answer.type} where ${type} was due`);
}

/** The WebSocket URL of a hub: `/sync` where no path is given, http(s) read as ws(s). */
function endpoint(text: string): string {
  let url: URL;
  try {
    url = new URL(text.replace(/^http/, "ws"));
  } catch {
    throw new SynclineError(400, "malformed", `"${text}" is no URL of a hub, as ws://127.0.0.1:4455`);
  }
  if (url.pathname === "/" || url.pathname === "") url.pathname = "/sync";
  return url.href;
}

function randomWord(): string {
  const bytes = globalThis.crypto?.getRandomValues(new Uint8Array(16));
  if (!bytes) return Array.from({ length: 4 }, () => Math.random().toString(36).slice(2)).join("");
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
