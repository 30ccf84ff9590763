// Change records: what happened to an object, in the words of the C++ API.
import * as Y from "yjs";

export type Path = (string | number)[];

/** One change. `path` leads to the member, or, for a splice, to the list or text. */
export type Change = { path: Path; by: string | null; local: boolean } & (
  | { type: "add"; new: unknown }
  | { type: "update"; old: unknown; new: unknown }
  | { type: "delete"; old: unknown }
  | { type: "splice"; index: number; removed: number; inserted: unknown[] | string }
);

/** A value as JSON; shared types in their JSON form. */
export function plain(value: unknown): unknown {
  return value instanceof Y.AbstractType ? value.toJSON() : value;
}

/** The records of one transaction, parents first. `by` is null where nobody can tell. */
export function changesOf(
  events: Y.YEvent<Y.AbstractType<unknown>>[],
  by: string | null,
  local: boolean,
): Change[] {
  const changes: Change[] = [];
  for (const event of events) {
    if (event.target instanceof Y.Map) keyChanges(event, by, local, changes);
    else splices(event, by, local, changes);
  }
  return changes;
}

function keyChanges(
  event: Y.YEvent<Y.AbstractType<unknown>>,
  by: string | null,
  local: boolean,
  into: Change[],
): void {
  const target = event.target as unknown as Y.Map<unknown>;
  for (const [key, { action, oldValue }] of event.changes.keys) {
    const at = { path: [...event.path, key], by, local };
    if (action === "delete") into.push({ type: "delete", ...at, old: plain(oldValue) });
    else if (action === "add") into.push({ type: "add", ...at, new: plain(target.get(key)) });
    else into.push({ type: "update", ...at, old: plain(oldValue), new: plain(target.get(key)) });
  }
}

function splices(
  event: Y.YEvent<Y.AbstractType<unknown>>,
  by: string | null,
  local: boolean,
  into: Change[],
): void {
  const at = { path: [...event.path], by, local };
  let index = 0;
  for (const step of event.changes.delta) {
    if (step.retain !== undefined) index += step.retain;
    const removed = step.delete ?? 0;
    const { insert } = step as { insert?: unknown };
    if (insert === undefined && removed === 0) continue;
    const inserted = Array.isArray(insert)
      ? insert.map(plain)
      : typeof insert === "string"
        ? insert
        : insert === undefined
          ? []
          : [plain(insert)];
    into.push({ type: "splice", ...at, index, removed, inserted });
    index += inserted.length;
  }
}
