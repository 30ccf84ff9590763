// JSON to shared types: objects become Y.Map, arrays Y.Array, everything else stays a plain value.
import * as Y from "yjs";
import type { Json } from "./codec.js";

/** JSON, with shared types wherever one is wanted: `{notes: new Y.Text("hello")}`. */
export type Shareable =
  | Json
  | Y.AbstractType<any>
  | readonly Shareable[]
  | { readonly [key: string]: Shareable };

/** What to put into a Y.Map or Y.Array so that `value` can be edited from several sides at once. */
export function toShared(value: Shareable): unknown {
  if (value instanceof Y.AbstractType || value === null || typeof value !== "object") return value;
  if (Array.isArray(value)) return Y.Array.from(value.map(toShared) as any[]);
  const map = new Y.Map();
  for (const [key, item] of Object.entries(value)) map.set(key, toShared(item as Shareable));
  return map;
}

/** Sets each member of `initial` in `map`. */
export function fill(map: Y.Map<unknown>, initial: { readonly [key: string]: Shareable }): void {
  for (const [key, item] of Object.entries(initial)) map.set(key, toShared(item));
}
