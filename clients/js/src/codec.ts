// The bytes of the sync-api: one table of messages, read by the encoder, the decoder and the type
// checker. docs/PROTOCOL.md says what the messages mean; tests/unit/bus/golden keeps this table and
// the one in C++ equal.
import * as decoding from "lib0/decoding";
import * as encoding from "lib0/encoding";

type Encoder = encoding.Encoder;
type Decoder = decoding.Decoder;

/** The version of the sync-api, and the WebSocket subprotocol that names it. */
export const VERSION = 1;
export const SUBPROTOCOL = "syncline.v1";

/** A list longer than this is malformed. */
const LIST_MAX = 100_000;

/** A JSON value, as lib0's `any` carries it. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** Where a replica stands in an object's sequence of changes. */
export interface Position {
  incarnation: string;
  seq: number;
}
/** One author's share of a batch. `by` is "" where nobody can tell. */
export interface Part {
  by: string;
  update: Uint8Array;
}
/** One edit that the room makes for a caller without a replica. */
export interface EditOp {
  op: "set" | "delete" | "text" | "replace";
  pointer: string;
  value: Json;
}
export interface Entry {
  url: string;
  about: Json;
}

/** A frame that is not what the protocol says. */
export class MalformedFrame extends Error {
  override name = "MalformedFrame";
}

interface Kind<T> {
  write(encoder: Encoder, value: T): void;
  read(decoder: Decoder): T;
}

const uint: Kind<number> = { write: encoding.writeVarUint, read: decoding.readVarUint };
const byte: Kind<number> = { write: encoding.writeUint8, read: decoding.readUint8 };
const string: Kind<string> = { write: encoding.writeVarString, read: decoding.readVarString };
const any: Kind<Json> = {
  write: (encoder, value) => void encoding.writeAny(encoder, value as never),
  read: (decoder) => (decoding.readAny(decoder) ?? null) as Json,
};
const bytes: Kind<Uint8Array> = {
  write: encoding.writeVarUint8Array,
  // A copy: a view would keep the whole frame alive.
  read: (decoder) => decoding.readVarUint8Array(decoder).slice(),
};
const flag: Kind<boolean> = {
  write: (encoder, value) => encoding.writeUint8(encoder, value ? 1 : 0),
  read: (decoder) => {
    const value = decoding.readUint8(decoder);
    if (value > 1) throw new MalformedFrame("a flag is neither 0 nor 1");
    return value === 1;
  },
};

function record<T extends object>(fields: { [K in keyof T]: Kind<T[K]> }): Kind<T> {
  const entries = Object.entries(fields) as [keyof T, Kind<T[keyof T]>][];
  return {
    write: (encoder, value) => entries.forEach(([name, kind]) => kind.write(encoder, value[name])),
    read: (decoder) =>
      Object.fromEntries(entries.map(([name, kind]) => [name, kind.read(decoder)])) as T,
  };
}

function list<T>(kind: Kind<T>): Kind<T[]> {
  return {
    write: (encoder, values) => {
      encoding.writeVarUint(encoder, values.length);
      values.forEach((value) => kind.write(encoder, value));
    },
    read: (decoder) => {
      const count = decoding.readVarUint(decoder);
      const left = decoder.arr.length - decoder.pos;
      if (count > left || count > LIST_MAX) throw new MalformedFrame("a list is too long");
      return Array.from({ length: count }, () => kind.read(decoder));
    },
  };
}

function optional<T>(kind: Kind<T>): Kind<T | null> {
  return {
    write: (encoder, value) => {
      flag.write(encoder, value !== null);
      if (value !== null) kind.write(encoder, value);
    },
    read: (decoder) => (flag.read(decoder) ? kind.read(decoder) : null),
  };
}

const position = record<Position>({ incarnation: string, seq: uint });
const part = record<Part>({ by: string, update: bytes });
const op = record<EditOp>({ op: string as Kind<EditOp["op"]>, pointer: string, value: any });
const entry = record<Entry>({ url: string, about: any });

/** Every message: its type number, and its fields in wire order. Numbers are never reused. */
const layouts = {
  // To the room; presence, event, ping and pong travel both ways.
  hello: [1, { version: uint, token: string, identity: string, session: string, features: list(string) }],
  create: [
    2,
    { url: string, nonce: string, schema: any, access: any, state: bytes, invite: list(string), durable: flag },
  ],
  invite: [3, { url: string, identity: string }],
  subscribe: [4, { url: string, since: optional(position), state_vector: bytes, live: flag }],
  update: [5, { channel: uint, sequence: uint, relayed: flag, update: bytes }],
  presence: [6, { channel: uint, awareness: bytes }],
  event: [7, { channel: uint, name: string, value: any, by: string }],
  read: [8, { url: string, root: string, kind: string, pointer: string }],
  describe: [9, { url: string }],
  list: [10, { glob: string, after: string, limit: uint }],
  edit: [11, { url: string, root: string, kind: string, ops: list(op) }],
  unsubscribe: [12, { channel: uint }],
  delete: [13, { url: string }],
  ping: [14, { nonce: uint }],
  pong: [15, { nonce: uint }],
  set_access: [16, { url: string, access: any, if_epoch: uint }],
  // From the room.
  welcome: [32, { identity: string, session: string, limits: any, features: list(string) }],
  refused: [33, { code: uint, reason: string, message: string, rule: string }],
  created: [34, { channel: uint, epoch: uint, access: any, owner: string, position }],
  provisional: [35, {}],
  subscribed: [
    36,
    {
      channel: uint,
      access: any,
      owner: string,
      epoch: uint,
      position,
      may_write: string,
      state_vector: bytes,
      complete: flag,
      durable: flag,
      missing: list(part),
      schema: any,
    },
  ],
  current: [37, { channel: uint, seq: uint }],
  ack: [38, { channel: uint, upto: uint, durable: flag, seq: uint, epoch: uint }],
  update_refused: [
    39,
    {
      channel: uint,
      sequence: uint,
      code: uint,
      reason: string,
      message: string,
      rule: string,
      paths: list(string),
      correction: byte,
      deletes: bytes,
      epoch: uint,
    },
  ],
  updated: [40, { channel: uint, first: uint, seq: uint, epoch: uint, parts: list(part) }],
  changed: [41, { channel: uint, epoch: uint, owner: string, access: any, may_write: string }],
  invitation: [42, { url: string, from: string, schema: any, summary: any }],
  value: [43, { value: any }],
  entries: [44, { entries: list(entry) }],
  done: [45, {}],
  unsubscribed: [46, { channel: uint, code: uint, reason: string }],
  deleted: [47, { channel: uint, url: string }],
} as const;

/** `correction` of `update_refused`. */
export const CORRECTION = { none: 0, deletes: 1, rebuild: 2 } as const;

type Layouts = typeof layouts;
type Fields<N extends keyof Layouts> = {
  [F in keyof Layouts[N][1]]: Layouts[N][1][F] extends Kind<infer T> ? T : never;
};

export type MessageName = keyof Layouts;
/** The message of that name. `request` is 0 where it is no request and no reply. */
export type MessageOf<N extends MessageName> = { type: N; request: number } & Fields<N>;
export type Message = { [N in MessageName]: MessageOf<N> }[MessageName];
/** A type this version does not know. */
export interface UnknownMessage {
  type: "unknown";
  number: number;
  request: number;
}

type AnyLayout = readonly [number, Record<string, Kind<unknown>>];
const byNumber = new Map<number, [MessageName, AnyLayout]>(
  Object.entries(layouts).map(([name, layout]) => [
    layout[0],
    [name as MessageName, layout as unknown as AnyLayout],
  ]),
);

export function encode(message: Message): Uint8Array {
  const [number, fields] = layouts[message.type] as unknown as AnyLayout;
  const encoder = encoding.createEncoder();
  encoding.writeVarUint(encoder, number);
  encoding.writeVarUint(encoder, message.request);
  for (const [name, kind] of Object.entries(fields)) {
    kind.write(encoder, (message as unknown as Record<string, unknown>)[name]);
  }
  return encoding.toUint8Array(encoder);
}

/** Reads one frame completely; throws MalformedFrame. */
export function decode(frame: Uint8Array): Message | UnknownMessage {
  const decoder = decoding.createDecoder(frame);
  let name = "frame";
  try {
    const number = decoding.readVarUint(decoder);
    const request = decoding.readVarUint(decoder);
    const known = byNumber.get(number);
    if (!known) return { type: "unknown", number, request };
    name = known[0];
    const message: Record<string, unknown> = { type: name, request };
    for (const [field, kind] of Object.entries(known[1][1])) message[field] = kind.read(decoder);
    if (decoder.pos !== frame.length) {
      throw new MalformedFrame(`${Math.abs(frame.length - decoder.pos)} bytes too many or too few`);
    }
    return message as unknown as Message;
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new MalformedFrame(`${name} message: ${why} (at byte ${decoder.pos})`, { cause });
  }
}
