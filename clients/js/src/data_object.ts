// A live copy of one data object: a Yjs document, the queue of its local changes, and its place in
// the room's sequence.
//
// Local changes are queued and sent one by one; the room acknowledges them cumulatively once they
// are stored. After a lost connection the copy subscribes again from its position and sends what
// is still queued; the room skips what it knows. A refused change makes the copy start anew from
// the room's state: a new document under a new client id (`rebuilt`).
import { Awareness, applyAwarenessUpdate, encodeAwarenessUpdate, removeAwarenessStates } from "y-protocols/awareness";
import * as Y from "yjs";
import { changesOf } from "./changes.js";
import type { Change } from "./changes.js";
import { CORRECTION } from "./codec.js";
import type { Json, Message, MessageOf, Part, Position } from "./codec.js";
import { Emitter } from "./emitter.js";
import { SynclineError } from "./error.js";
import type { Trace } from "./trace.js";

/** "all": everything; "none": nothing; "paths": the rules decide path by path. */
export type MayWrite = "all" | "none" | "paths";

/** A local write that the room refused. The object no longer has it. */
export interface Refusal {
  error: SynclineError;
  /** JSON pointers to what was refused, where the room names them. */
  paths: string[];
  /** The document from now on. */
  doc: Y.Doc;
}

export type DataObjectEvents = {
  /** Something changed, here or elsewhere. */
  changed: Change[];
  /** A local write was refused. After `rebuilt`, where the document had to be replaced. */
  refused: Refusal;
  /** `doc`, `data` and `awareness` are new ones; those from before are dead. */
  rebuilt: Y.Doc;
  /** The number of local changes not acknowledged yet. */
  pending: number;
  /** Everything local is acknowledged, and the copy is up to date. */
  synced: null;
  /** Owner, access rules or the own right to write changed. */
  access: null;
  /** The object was deleted; `ended` follows. */
  deleted: SynclineError;
  /** The copy follows no longer: deleted, unsubscribed, or the right to read withdrawn. */
  ended: SynclineError;
};

/** The origin of transactions that bring others' changes. */
export class Remote {
  constructor(
    /** Whose they are; null where nobody can tell. */
    readonly by: string | null,
  ) {}
}

interface Queued {
  update: Uint8Array;
  /** Its number on the current channel; 0: not sent on it. */
  sequence: number;
  /** It went out once, perhaps on an earlier channel: the room may know it, so it stays as it is. */
  sent: boolean;
  relayed: boolean;
}

/** What an object needs of its syncer. */
export interface Wire {
  readonly identity: string;
  send(message: Message): boolean;
  /** Subscribes on a new channel; the answer comes back through `subscribed` or `refusedToOpen`. */
  resubscribe(object: DataObject): void;
  trace(step: Omit<Trace, "at">): void;
}

/** Milliseconds until an update is sent again that the room could not take. */
const TRY_AGAIN = 1000;

const EMPTY_STATE_VECTOR = new Uint8Array([0]);

export class DataObject extends Emitter<DataObjectEvents> {
  owner = "";
  access: Json = null;
  mayWrite: MayWrite = "none";
  /** Counts the changes of owner and access rules. */
  epoch = 0;
  /** False: the object lives in the room's memory only. */
  durable = true;

  private document!: Y.Doc;
  private presence!: Awareness;
  private channelNumber = 0;
  private position: Position | null = null;
  private queue: Queued[] = [];
  private sequence = 0;
  private rebuilding = false;
  private refusals: Omit<Refusal, "doc">[] = [];
  private retry: ReturnType<typeof setTimeout> | undefined;
  private over: SynclineError | null = null;

  /** Use Syncer's create() or subscribe(). */
  constructor(
    private readonly wire: Wire,
    readonly url: string,
    doc: Y.Doc,
  ) {
    super();
    this.adopt(doc, null);
  }

  /** The document. Another one after `rebuilt`. */
  get doc(): Y.Doc {
    return this.document;
  }
  /** The JSON tree. */
  get data(): Y.Map<any> {
    return this.document.getMap("data");
  }
  /** Who is here, as y-protocols' awareness; `setLocalState({user: …})` makes oneself seen. */
  get awareness(): Awareness {
    return this.presence;
  }
  /** Local changes that are not acknowledged yet. */
  get pending(): number {
    return this.queue.length;
  }
  /** Why the copy follows no longer; null while it does. */
  get ended(): SynclineError | null {
    return this.over;
  }
  toJSON(): Record<string, any> {
    return this.data.toJSON();
  }

  /**
   * Makes changes in one transaction: one message, one `changed`. Throws 403 where the rules forbid
   * this session to write at all; writes to `doc` directly are only judged by the room.
   */
  transact<T>(body: (data: Y.Map<any>) => T): T {
    if (this.over) throw this.over;
    if (this.channelNumber !== 0 && this.mayWrite === "none") {
      const words = `${this.wire.identity} may not write ${this.url}, which ${this.owner} owns`;
      throw new SynclineError(403, "denied", words);
    }
    return this.document.transact(() => body(this.data));
  }

  /** Resolves when every local change so far is acknowledged, or refused; rejects at the end. */
  flush(): Promise<void> {
    if (this.over) return Promise.reject(this.over);
    if (this.queue.length === 0 && !this.rebuilding) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const off = [this.on("synced", () => finish()), this.on("ended", (error) => finish(error))];
      const finish = (error?: SynclineError): void => {
        off.forEach((end) => end());
        if (error) reject(error);
        else resolve();
      };
    });
  }

  // ---- For the syncer ----

  /** @internal The number of the channel in use; 0 for none. */
  get channel(): number {
    return this.channelNumber;
  }

  /** @internal What to subscribe with. */
  request(): Pick<MessageOf<"subscribe">, "url" | "since" | "state_vector" | "live"> {
    const anew = this.rebuilding;
    return {
      url: this.url,
      since: anew ? null : this.position,
      state_vector: anew ? EMPTY_STATE_VECTOR : Y.encodeStateVector(this.document),
      live: true,
    };
  }

  /** @internal The connection is gone, and the channel with it. */
  disconnected(): void {
    this.closeChannel();
    const others = [...this.presence.getStates().keys()].filter((id) => id !== this.presence.clientID);
    removeAwarenessStates(this.presence, others, "disconnected");
  }

  /** @internal */
  created(message: MessageOf<"created">): void {
    const { channel, epoch, owner, access, position } = message;
    Object.assign(this, { owner, access, epoch, position, mayWrite: "all" });
    this.openChannel(channel);
  }

  /** @internal */
  subscribed(message: MessageOf<"subscribed">): void {
    const { channel, epoch, owner, access, position, durable } = message;
    if (this.position && this.position.incarnation !== position.incarnation && !this.rebuilding) {
      // The object was deleted and created again: nothing from before may be mixed into it.
      this.wire.send({ type: "unsubscribe", request: 0, channel });
      this.queue = [];
      const words = `${this.url} was deleted and created again; local changes to it are lost`;
      this.rebuild({ error: new SynclineError(410, "recreated", words), paths: [] });
      return;
    }
    const mayWrite = message.may_write as MayWrite;
    Object.assign(this, { owner, access, epoch, durable, mayWrite });
    if (this.rebuilding) this.startAnew(message.missing);
    else this.apply(message.missing);
    this.position = position;
    if (mayWrite !== "none") this.queueWhatLacks(message.state_vector);
    this.openChannel(channel);
    this.emit("access", null);
    this.reportRefusals();
  }

  /** @internal One message on this object's channel. */
  received(message: Message): void {
    switch (message.type) {
      case "updated":
        this.updated(message);
        break;
      case "ack":
        this.move(message.seq);
        this.acknowledged(message.upto);
        break;
      case "update_refused":
        this.updateRefused(message);
        break;
      case "current":
        this.move(message.seq);
        break;
      case "presence":
        applyAwarenessUpdate(this.presence, message.awareness, "remote");
        break;
      case "changed":
        this.owner = message.owner;
        this.access = message.access;
        this.epoch = message.epoch;
        this.mayWrite = message.may_write as MayWrite;
        this.emit("access", null);
        break;
      case "unsubscribed":
        this.unsubscribed(message);
        break;
      case "deleted":
        this.end(new SynclineError(410, "gone", `${this.url} was deleted`));
        break;
      default:
        break;
    }
  }

  /** @internal The copy follows no longer. */
  end(error: SynclineError): void {
    if (this.over) return;
    this.over = error;
    this.closeChannel();
    clearTimeout(this.retry);
    this.presence.destroy();
    this.document.off("update", this.onUpdate);
    if (error.code === 410) this.emit("deleted", error);
    this.emit("ended", error);
  }

  // ---- Local changes ----

  private readonly onUpdate = (update: Uint8Array, origin: unknown): void => {
    if (origin instanceof Remote) return;
    this.trace("hyperty", "object", "change");
    this.trace("object", "syncer", "report change");
    this.queue.push({ update, sequence: 0, sent: false, relayed: false });
    this.emit("pending", this.queue.length);
    this.sendQueue();
  };

  private sendQueue(): void {
    if (this.channelNumber === 0) return;
    this.mergeUnsent();
    for (const item of this.queue) {
      if (item.sequence !== 0) continue;
      const { update, relayed } = item;
      const sequence = this.sequence + 1;
      const channel = this.channelNumber;
      if (!this.wire.send({ type: "update", request: 0, channel, sequence, relayed, update })) return;
      this.sequence = item.sequence = sequence;
      item.sent = true;
      this.trace("syncer", "bus", "post report change");
    }
  }

  /** What was typed while offline goes out as one update. */
  private mergeUnsent(): void {
    const first = this.queue.findIndex((item) => !item.sent && !item.relayed);
    if (first < 0 || first === this.queue.length - 1) return;
    const unsent = this.queue.slice(first);
    if (unsent.some((item) => item.relayed)) return;
    const update = Y.mergeUpdates(unsent.map((item) => item.update));
    this.queue.splice(first, unsent.length, { update, sequence: 0, sent: false, relayed: false });
    this.emit("pending", this.queue.length);
  }

  /** Queues what the document has and the room lacks, beyond what is queued already. */
  private queueWhatLacks(roomStateVector: Uint8Array): void {
    const known = Y.decodeStateVector(roomStateVector);
    for (const { update } of this.queue) {
      for (const [client, clock] of Y.parseUpdateMeta(update).to) {
        known.set(client, Math.max(clock, known.get(client) ?? 0));
      }
    }
    const mine = Y.decodeStateVector(Y.encodeStateVector(this.document));
    if ([...mine].every(([client, clock]) => clock <= (known.get(client) ?? 0))) return;
    const update = Y.encodeStateAsUpdate(this.document, roomStateVector);
    this.queue.push({ update, sequence: 0, sent: false, relayed: true });
  }

  private acknowledged(upto: number): void {
    const before = this.queue.length;
    this.queue = this.queue.filter((item) => item.sequence === 0 || item.sequence > upto);
    if (this.queue.length === before) return;
    this.trace("bus", "syncer", "acknowledge");
    this.emit("pending", this.queue.length);
    this.reportSynced();
  }

  // ---- Others' changes ----

  private updated(message: MessageOf<"updated">): void {
    const at = this.position;
    if (at && message.first > at.seq + 1) {
      // Something between is missing. Asking again from the position brings it.
      this.reopen();
      return;
    }
    this.epoch = message.epoch;
    this.apply(message.parts);
    this.move(message.seq);
  }

  private apply(parts: Part[]): void {
    for (const { by, update } of parts) {
      this.trace("bus", "syncer", "post report change", by);
      this.trace("syncer", "object", "change", by);
      Y.applyUpdate(this.document, update, new Remote(by || null));
    }
  }

  private move(seq: number): void {
    if (this.position && seq > this.position.seq) this.position = { ...this.position, seq };
  }

  // ---- Refusals ----

  private updateRefused(message: MessageOf<"update_refused">): void {
    const item = this.queue.find(({ sequence }) => sequence === message.sequence);
    if (!item) return;
    this.trace("bus", "syncer", `refuse: ${message.reason}`);
    if (message.correction === CORRECTION.none) {
      // Nobody judged it: it goes again, with what it depends on.
      item.sequence = 0;
      this.tryAgain();
      return;
    }
    this.queue.splice(this.queue.indexOf(item), 1);
    this.emit("pending", this.queue.length);
    const { code, reason, message: words, rule, paths } = message;
    const refusal = { error: new SynclineError(code, reason, words, rule), paths };
    if (message.correction === CORRECTION.rebuild) {
      this.rebuild(refusal);
    } else {
      // An update without structs: the delete set alone.
      const deletes = new Uint8Array([0, ...message.deletes]);
      Y.applyUpdate(this.document, deletes, new Remote(null));
      this.refusals.push(refusal);
      this.reportRefusals();
      this.reportSynced();
    }
  }

  /** Drops what was refused: starts anew from the room's state and what is still queued. */
  private rebuild(refusal: Omit<Refusal, "doc">): void {
    this.refusals.push(refusal);
    if (this.rebuilding) return;
    this.rebuilding = true;
    this.reopen();
  }

  /** The rebuild's second half: the room's state is here. */
  private startAnew(missing: Part[]): void {
    this.rebuilding = false;
    const { gc, gcFilter, guid, meta } = this.document;
    const base = missing.map(({ update }) => update);
    const from = (updates: Uint8Array[]): Y.Doc => {
      const doc = new Y.Doc({ gc, gcFilter, guid, meta });
      for (const update of updates) Y.applyUpdate(doc, update, new Remote(null));
      return doc;
    };
    let doc = from(base);
    const kept: Queued[] = [];
    for (const item of this.queue) {
      Y.applyUpdate(doc, item.update, new Remote(null));
      if (!doc.store.pendingStructs && !doc.store.pendingDs) {
        kept.push(item);
        continue;
      }
      // It builds on what was refused, and goes with it.
      doc = from([...base, ...kept.map(({ update }) => update)]);
      const words = "it depends on a change that was refused";
      this.refusals.push({ error: new SynclineError(409, "depends_on_refused", words), paths: [] });
    }
    this.queue = kept;
    this.adopt(doc, this.presence.getLocalState());
    this.emit("rebuilt", doc);
    this.emit("pending", this.queue.length);
  }

  private reportRefusals(): void {
    for (const refusal of this.refusals.splice(0)) {
      this.trace("object", "hyperty", `refused: ${refusal.error.reason}`);
      this.emit("refused", { ...refusal, doc: this.document });
    }
  }

  // ---- Channel and document ----

  private adopt(doc: Y.Doc, presence: Record<string, any> | null): void {
    if (this.document) {
      this.document.off("update", this.onUpdate);
      this.presence.destroy();
    }
    this.document = doc;
    doc.on("update", this.onUpdate);
    this.data.observeDeep((events, transaction) => {
      if (doc !== this.document) return;
      const { origin } = transaction;
      const local = !(origin instanceof Remote);
      const by = local ? this.wire.identity : origin.by;
      if (!local) this.trace("object", "hyperty", "report change", by ?? "");
      this.emit("changed", changesOf(events, by, local));
    });
    this.presence = new Awareness(doc);
    this.presence.setLocalState(presence);
    this.presence.on("update", (_: unknown, origin: unknown) => {
      if (origin === "local") this.sendPresence();
    });
  }

  private openChannel(channel: number): void {
    clearTimeout(this.retry);
    this.retry = undefined;
    this.channelNumber = channel;
    this.sequence = 0;
    for (const item of this.queue) item.sequence = 0;
    if (this.presence.getLocalState() !== null) this.sendPresence();
    this.sendQueue();
    this.reportSynced();
  }

  private closeChannel(): void {
    this.channelNumber = 0;
    for (const item of this.queue) item.sequence = 0;
  }

  private sendPresence(): void {
    if (this.channelNumber === 0) return;
    const awareness = encodeAwarenessUpdate(this.presence, [this.presence.clientID]);
    this.wire.send({ type: "presence", request: 0, channel: this.channelNumber, awareness });
  }

  /** Ends the channel and subscribes on a new one. */
  private reopen(): void {
    clearTimeout(this.retry);
    this.retry = undefined;
    if (this.channelNumber !== 0) {
      this.wire.send({ type: "unsubscribe", request: 0, channel: this.channelNumber });
    }
    this.closeChannel();
    this.wire.resubscribe(this);
  }

  private tryAgain(): void {
    this.retry ??= setTimeout(() => this.reopen(), TRY_AGAIN);
  }

  private unsubscribed(message: MessageOf<"unsubscribed">): void {
    this.closeChannel();
    const { code, reason } = message;
    if (code === 503) this.tryAgain();
    else this.end(new SynclineError(code, reason, `the hub ended the subscription of ${this.url}`));
  }

  private reportSynced(): void {
    if (this.queue.length === 0 && this.channelNumber !== 0) this.emit("synced", null);
  }

  private trace(from: Trace["from"], to: Trace["to"], message: string, by?: string): void {
    this.wire.trace({ from, to, message, url: this.url, by: by ?? this.wire.identity });
  }
}
