// `syncline engine`: the contract of docs/ENGINE.md line by line, as far as this version has it. That its documents are
// those of yjs is for tests/property.
import assert from "node:assert/strict";
import test from "node:test";
import * as Y from "yjs";
import { run } from "./support.mjs";

/** Sends lines (requests, or raw text) to one process; resolves to the answers. */
async function talk(...lines) {
  const input = lines.map((line, i) => (typeof line === "string" ? line : JSON.stringify({ id: i, ...line }))).join("\n");
  const { status, stdout, stderr } = await run(["engine"], {}, input + "\n");
  assert.equal(status, 0, stderr);
  assert.equal(stderr, "");
  return stdout.split("\n").map((line) => JSON.parse(line));
}

const base64 = (bytes) => Buffer.from(bytes).toString("base64");
const text = { root: "t", type: "text" };
const map = { root: "m", type: "map" };
const array = { root: "a", type: "array" };
const fresh = { op: "doc.new", doc: "d", client: 1 };
const transact = (...ops) => ({ op: "doc.transact", doc: "d", ops });
const code = ({ ok, error }) => (ok ? "ok" : error.code);

test("the example of the contract", async () => {
  const answers = await talk(
    '{"id":1,"op":"doc.new","doc":"a","client":1}',
    '{"id":2,"op":"doc.transact","doc":"a","ops":[{"op":"text.insert","target":{"root":"t","type":"text"},"at":0,"text":"hi"}]}',
  );
  assert.deepEqual(answers, [{ id: 1, ok: true }, { id: 2, ok: true, update: "AQEBAAQBAXQCaGkA",
    update_v2: "AAABAQAAAQQGA3RoaQECAQEAAAEBAAA=", events: [] }]);
});

test("what is no request gets an answer, and the process goes on", async () => {
  const answers = await talk("nonsense", "", "[1]", '"text"', '{"op":"doc.new"}', '{"id":{"any":[1]},"op":"nope"}', '{"id":"x"}',
    '{"id":1,"op":"doc.new","doc":7}', '{"id":2,"op":"doc.new","doc":"d","client":9007199254740992}', '{"id":3,"op":"doc.new","doc":"d","client":1e999}', fresh, fresh);
  assert.deepEqual(answers.map(({ id }) => id), [null, null, null, null, null, { any: [1] }, "x", 1, 2, 3, 10, 11]);
  assert.deepEqual(answers.map(code), [...Array(10).fill("bad_request"), "ok", "bad_request"]);
});

test("the codes of refusals", async () => {
  const update = base64([1, 2, 3, 4]);
  const answers = await talk(
    fresh,
    { op: "doc.encode", doc: "other" },
    { op: "doc.json", doc: "d", targets: [{ ...text, path: [0] }] },
    { op: "doc.json", doc: "d", targets: [{ root: "t", type: "map" }] },
    transact({ op: "text.insert", target: text, at: -1, text: "x" }),
    transact({ op: "array.insert", target: array, at: 1, values: [1] }),
    transact({ op: "array.push", target: array, values: [{ $undefined: true }] }),
    transact({ op: "text.format", target: text, at: 0, length: 1, attributes: {} }),
    transact({ op: "map.set", target: map, key: "k", value: { $type: "doc", guid: "g" } }),
    transact({ op: "map.set", target: map, key: "k", value: { $bigint: "many" } }),
    { op: "doc.apply", doc: "d", update },
    { op: "doc.apply", doc: "d", update: "*" },
    { op: "doc.apply", doc: "d", update, format: 2 },
    { op: "doc.apply", doc: "d", update, format: 3 },
    { op: "undo.undo", undo: "u" },
    { op: "update.merge", updates: [] },
    { op: "update.merge", updates: [update] },
    { op: "doc.drop", doc: "d" },
    { op: "doc.drop", doc: "d" },
  );
  assert.deepEqual(answers.map(code), ["ok", "unknown_doc", "unknown_target", "type_mismatch", "bad_request", "out_of_range",
    "not_supported", "ok", "ok", "bad_request", "malformed_update", "bad_request", "malformed_update", "bad_request",
    "bad_request", "bad_request", "malformed_update", "ok", "unknown_doc"]);
});

test("the operations before a failing one stand", async () => {
  const answers = await talk(
    fresh,
    { op: "doc.observe", doc: "d", target: text },
    transact({ op: "text.insert", target: text, at: 0, text: "kept" }, { op: "array.delete", target: array, at: 0, length: 1 },
      { op: "text.insert", target: text, at: 0, text: "never" }),
    { op: "doc.json", doc: "d", targets: [text] },
  );
  const { error } = answers[2];
  assert.deepEqual([error.code, error.failed, error.events.length], ["out_of_range", 1, 1]);
  const doc = new Y.Doc();
  Y.applyUpdate(doc, Buffer.from(error.update, "base64"));
  assert.equal(doc.getText("t").toString(), "kept");
  assert.deepEqual(answers[3].values, ["kept"]);
});

test("steps are taken back and done again, and positions follow", async () => {
  const insert = (at, typed) => transact({ op: "text.insert", target: text, at, text: typed });
  const answers = await talk(
    fresh,
    { op: "undo.new", undo: "u", doc: "d", scope: [text] },
    { op: "undo.new", undo: "u", doc: "d", scope: "doc" },
    { op: "clock.set", ms: 1000 },
    insert(0, "ab"),
    { op: "clock.set", ms: 1499 },
    insert(2, "cd"),
    { op: "clock.set", ms: 1999 },
    insert(4, "ef"),
    { op: "undo.stack", undo: "u" },
    { op: "position.create", doc: "d", target: text, index: 3 },
    { op: "undo.undo", undo: "u" },
    { op: "undo.undo", undo: "u" },
    { op: "undo.undo", undo: "u" },
    { op: "undo.redo", undo: "u" },
    { op: "position.resolve", doc: "d", position: "AAEDAA==" },
    { op: "position.resolve", doc: "d", position: "AAEDAA==", follow_undone: false },
    { op: "undo.clear", undo: "u" },
    { op: "undo.stack", undo: "u" },
    { op: "doc.drop", doc: "d" },
    { op: "undo.stack", undo: "u" },
  );
  const [twice, stack, position, once, all, none, again, followed, stayed, , cleared, , gone] =
    [answers[2], ...answers.slice(9)];
  assert.equal(code(twice), "bad_request");
  assert.deepEqual([stack.undo, stack.redo, cleared.undo, cleared.redo], [2, 0, 0, 0]);
  assert.deepEqual([position.position, position.json], ["AAEDAA==", { tname: "t", item: { client: 1, clock: 3 }, assoc: 0 }]);
  assert.deepEqual([once, all, none, again].map(({ changed, update }) => [changed, update !== undefined]),
    [[true, true], [true, true], [false, false], [true, true]]);
  assert.deepEqual([followed.target, followed.index, stayed.index], [text, 3, 4]);
  assert.equal(code(gone), "bad_request");
});

test("tagged values come back as they went in", async () => {
  const value = { list: [{ $float: "NaN" }, { $float: "-Infinity" }, { $float: "-0" }, { $undefined: true }, { $bigint: "-9223372036854775808" },
    { $bytes: "AQL/" }, "\ud83d", 0.1, 1e21] };
  const nested = { $type: "map", entries: { list: { $type: "array", values: [{ $type: "text", text: "live" }, [1]] } } };
  const [, , answer] = await talk(fresh, transact({ op: "map.set", target: map, key: "plain", value: value.list },
    { op: "map.set", target: map, key: "nested", value: nested }), { op: "doc.json", doc: "d", targets: [map] });
  // On the wire a lone surrogate is U+FFFD; in the document that made it it is itself.
  assert.deepEqual(answer.values, [{ plain: value.list, nested: { list: ["live", [1]] } }]);
});

test("observers hear of changes with their paths, until they are let go", async () => {
  const deep = { op: "doc.observe", doc: "d", target: map, deep: true };
  const inner = { ...map, path: ["list"] };
  const answers = await talk(
    fresh,
    deep,
    transact({ op: "map.set", target: map, key: "list", value: { $type: "array", values: ["a"] } }),
    transact({ op: "array.insert", target: inner, at: 1, values: ["b", { $type: "map", entries: { x: 1 } }] }, { op: "array.delete", target: inner, at: 0, length: 1 }),
    transact({ op: "map.set", target: { ...map, path: ["list", 1] }, key: "x", value: 2 }),
    transact({ op: "map.delete", target: map, key: "list" }),
    { op: "doc.unobserve", doc: "d", target: map },
    transact({ op: "map.set", target: map, key: "y", value: 1 }),
  );
  const event = { target: map, path: [], type: "map", keys: {}, delta: [] };
  assert.deepEqual(answers.map(({ events }) => events), [
    undefined,
    undefined,
    [{ ...event, keys: { list: { action: "add" } } }],
    [{ ...event, path: ["list"], type: "array", delta: [{ delete: 1 }, { insert: ["b", { x: 1 }] }] }],
    [{ ...event, path: ["list", 1], keys: { x: { action: "update", old: 1 } } }],
    [{ ...event, keys: { list: { action: "delete", old: [] } } }],
    undefined,
    [],
  ]);
});

test("pending parts wait, and a client id that others continue is changed", async () => {
  const doc = new Y.Doc();
  doc.clientID = 7;
  const updates = [];
  doc.on("update", (update) => updates.push(base64(update)));
  doc.getText("t").insert(0, "a");
  doc.getText("t").insert(1, "b");
  doc.getText("t").delete(0, 1);
  const apply = (update) => ({ op: "doc.apply", doc: "d", update });
  const pending = { op: "doc.pending", doc: "d" };
  const answers = await talk(fresh, pending, apply(updates[2]), pending, apply(updates[1]), pending, apply(updates[0]), pending,
    { op: "doc.json", doc: "d", targets: [text] }, { op: "doc.new", doc: "own", client: 7 }, { ...apply(updates[0]), doc: "own" }, { op: "doc.roots", doc: "own" });
  const waits = (structs, deletes) => ({ structs, deletes });
  assert.deepEqual([1, 3, 5, 7].map((i) => waits(answers[i].structs, answers[i].deletes)),
    [waits(false, false), waits(false, true), waits(true, true), waits(false, false)]);
  assert.equal(answers[2].update, undefined);
  assert.deepEqual(answers[8].values, ["b"]);
  assert.ok(Number.isSafeInteger(answers[10].client) && answers[10].client !== 7);
  assert.deepEqual(answers[11].roots, { t: "unknown" });
});

test("updates without a document", async () => {
  const doc = new Y.Doc();
  doc.clientID = 5;
  const updates = [];
  doc.on("update", (update) => updates.push(update));
  doc.getText("t").insert(0, "ab");
  doc.getMap("m").set("k", { deep: [1.5] });
  doc.getText("t").format(0, 1, { bold: true });
  doc.getText("t").insertEmbed(2, { image: "x" });
  doc.getText("t").delete(1, 1);
  const all = base64(Y.encodeStateAsUpdate(doc));
  const since = base64(Y.encodeStateVectorFromUpdate(updates[0]));
  const answers = await talk({ op: "update.merge", updates: updates.map(base64) }, { op: "update.diff", update: all, since },
    { op: "update.state_vector", update: all }, { op: "update.convert", update: all, from: 1, to: 1 },
    { op: "update.convert", update: all, from: 1, to: 2 }, { op: "update.inspect", update: all });
  assert.equal(answers[0].update, base64(Y.mergeUpdates(updates)));
  assert.equal(answers[1].update, base64(Y.diffUpdate(Buffer.from(all, "base64"), Buffer.from(since, "base64"))));
  assert.equal(answers[2].state_vector, base64(Y.encodeStateVector(doc)));
  assert.equal(answers[3].update, all);
  assert.equal(answers[4].update, base64(Y.convertUpdateFormatV1ToV2(Buffer.from(all, "base64"))));
  const { structs, deletes } = answers[5];
  assert.deepEqual(structs[0], { id: { client: 5, clock: 0 }, length: 1, kind: "string", parent: "t", content: "a" });
  assert.deepEqual(structs.map(({ kind }) => kind).sort(), ["any", "deleted", "embed", "format", "format", "string"]);
  const entry = structs.find(({ kind }) => kind === "any");
  assert.deepEqual([entry.parent, entry.key, entry.content], ["m", "k", [{ deep: [1.5] }]]);
  assert.deepEqual(deletes, [{ client: 5, clock: 1, length: 1 }]);
});

test("values nest a thousand deep, and no deeper", async () => {
  const set = (depth) => transact({ op: "map.set", target: map, key: "k", value: JSON.parse("[".repeat(depth) + "]".repeat(depth)) });
  const answers = await talk(fresh, set(1000), { op: "doc.encode", doc: "d" }, set(1001), { op: "doc.encode", doc: "d" });
  assert.deepEqual(answers.map(code), ["ok", "ok", "ok", "bad_request", "ok"]);
  assert.equal(answers[3].id, 3);
  assert.equal(answers[4].update, answers[2].update);
  const doc = new Y.Doc();
  Y.applyUpdate(doc, Buffer.from(answers[2].update, "base64"));
  assert.equal(JSON.stringify(doc.getMap("m").get("k")).length, 2000);
});
