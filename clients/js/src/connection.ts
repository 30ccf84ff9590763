// One WebSocket after the other to the same hub: connects, says hello, reconnects with growing,
// jittered pauses, and notices a silent hub. It knows frames and hello; requests and objects are
// syncer.ts's.
import { decode, encode, SUBPROTOCOL, VERSION } from "./codec.js";
import type { Message, MessageOf, UnknownMessage } from "./codec.js";
import { reportUncaught, SynclineError } from "./error.js";

/** The part of the WebSocket interface that is used: a browser's, Node's, or that of `ws`. */
export interface WebSocketLike {
  binaryType: string;
  readonly readyState: number;
  onopen: ((event: any) => void) | null;
  onmessage: ((event: any) => void) | null;
  onclose: ((event: any) => void) | null;
  onerror: ((event: any) => void) | null;
  send(data: any): void;
  close(code?: number, reason?: string): void;
}
export type WebSocketConstructor = new (url: string, protocols?: string | string[]) => WebSocketLike;

export type ConnectionState =
  /** No connection; the next attempt is planned. */
  | "disconnected"
  /** An attempt is under way. */
  | "connecting"
  | "connected"
  /** The hub does not want this client; no further attempts. */
  | "refused"
  /** Ended by close(). */
  | "closed";

export interface ConnectionOptions {
  url: string;
  identity: string;
  token: string | (() => string | Promise<string>);
  WebSocket: WebSocketConstructor;
}

/** Milliseconds. The pause before attempt n is drawn from half to all of first * 2^n. */
const RETRY_FIRST = 250;
const RETRY_MAX = 15_000;
/** The hub has this long to answer hello. */
const HELLO_TIMEOUT = 10_000;
/** After this much silence the hub is asked for a sign of life; after as much again it is given up. */
const SILENCE = 15_000;

const OPEN = 1;

/** Who hears what happens on a connection. */
export interface ConnectionHandlers {
  /** The state changed; `error` says why, where something went wrong. */
  state(state: ConnectionState, error: SynclineError | null): void;
  /** The hub said welcome; comes before the state "connected". */
  welcome(welcome: MessageOf<"welcome">): void;
  message(message: Message | UnknownMessage): void;
}

export class Connection {
  private socket: WebSocketLike | null = null;
  private attempts = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private heardAt = 0;
  private asked = false;
  private session = "";
  private current: ConnectionState = "disconnected";
  private planned = 0;

  constructor(
    private readonly options: ConnectionOptions,
    private readonly handlers: ConnectionHandlers,
  ) {}

  get state(): ConnectionState {
    return this.current;
  }
  /** When the next attempt is made (Date.now() scale); 0 where none is planned. */
  get retryAt(): number {
    return this.planned;
  }

  /** Connects now, whatever pause was planned. */
  open(): void {
    if (this.current === "disconnected" || this.current === "refused") this.connect();
  }

  close(): void {
    this.drop(1000, "done");
    this.enter("closed", null);
  }

  /** Sends, where there is a connection; says whether. */
  send(message: Message): boolean {
    if (this.current !== "connected" || this.socket?.readyState !== OPEN) return false;
    this.socket.send(encode(message));
    return true;
  }

  private connect(): void {
    this.plan(HELLO_TIMEOUT, () => this.lost("the hub did not answer in time"));
    this.enter("connecting", null);
    let socket: WebSocketLike;
    try {
      socket = new this.options.WebSocket(this.options.url, SUBPROTOCOL);
    } catch (error) {
      this.refuse(new SynclineError(400, "malformed", String(error)));
      return;
    }
    socket.binaryType = "arraybuffer";
    this.socket = socket;
    const mine = (handler: (event: any) => void) => (event: any) => {
      if (this.socket === socket) handler(event);
    };
    socket.onopen = mine(() => void this.greet(socket));
    socket.onmessage = mine((event) => this.frame(event.data));
    socket.onerror = () => {}; // a close event follows
    socket.onclose = mine((event) => {
      const said = `${event.code}${event.reason ? ` ${event.reason}` : ""}`;
      if (event.code === 4401) this.refuse(new SynclineError(401, "unauthenticated", said));
      else this.lost(`the connection ended (${said})`);
    });
  }

  private async greet(socket: WebSocketLike): Promise<void> {
    const { token, identity } = this.options;
    try {
      const word = typeof token === "function" ? await token() : token;
      if (this.socket !== socket) return;
      const { session } = this;
      socket.send(
        encode({ type: "hello", request: 1, version: VERSION, token: word, identity, session, features: [] }),
      );
    } catch (error) {
      if (this.socket === socket) this.lost(`no token: ${String(error)}`);
    }
  }

  private frame(data: ArrayBuffer | string): void {
    this.heardAt = Date.now();
    this.asked = false;
    let message: Message | UnknownMessage;
    try {
      if (typeof data === "string") throw new TypeError("a text frame");
      message = decode(new Uint8Array(data));
    } catch (error) {
      reportUncaught(error);
      this.lost("the hub sent a frame that is not one");
      return;
    }
    if (this.current === "connecting") this.answered(message);
    else if (message.type === "ping") this.send({ ...message, type: "pong" });
    else {
      // What a caller's observer throws must not stop the protocol.
      try {
        this.handlers.message(message);
      } catch (error) {
        reportUncaught(error);
      }
    }
  }

  /** The hub's answer to hello. */
  private answered(message: Message | UnknownMessage): void {
    if (message.type === "welcome") {
      this.attempts = 0;
      this.session = message.session;
      this.listen();
      this.current = "connected";
      this.handlers.welcome(message);
      this.handlers.state("connected", null);
    } else if (message.type === "refused") {
      const { code, reason, message: words, rule } = message;
      const error = new SynclineError(code, reason, words, rule);
      if (code === 429 || code >= 500) this.lost(error.message);
      else this.refuse(error);
    } else {
      this.lost(`${message.type} instead of welcome`);
    }
  }

  /** Watches for silence. */
  private listen(): void {
    this.plan(SILENCE, () => {
      // Counted from the question, not from the last frame: timers of hidden tabs run late.
      if (this.asked) {
        this.lost("the hub has gone silent");
        return;
      }
      if (Date.now() - this.heardAt >= SILENCE) {
        this.asked = this.send({ type: "ping", request: 0, nonce: 0 });
      }
      this.listen();
    });
  }

  private lost(why: string): void {
    this.drop(1000, "");
    const pause = Math.min(RETRY_MAX, RETRY_FIRST * 2 ** Math.min(this.attempts++, 10));
    const wait = pause * (0.5 + Math.random() / 2);
    this.plan(wait, () => this.connect());
    this.planned = Date.now() + wait;
    this.enter("disconnected", new SynclineError(503, "unavailable", why));
  }

  private refuse(error: SynclineError): void {
    this.drop(1000, "");
    this.enter("refused", error);
  }

  private drop(code: number, reason: string): void {
    clearTimeout(this.timer);
    const socket = this.socket;
    this.socket = null;
    if (!socket) return;
    try {
      socket.close(code, reason);
    } catch {
      // Some implementations throw while connecting; there is nothing to close then.
    }
  }

  private plan(ms: number, then: () => void): void {
    clearTimeout(this.timer);
    this.planned = 0;
    this.timer = setTimeout(then, ms);
  }

  private enter(state: ConnectionState, error: SynclineError | null): void {
    if (this.current === "closed") return;
    if (state === "closed" || state === "refused") this.planned = 0;
    this.current = state;
    this.handlers.state(state, error);
  }
}
