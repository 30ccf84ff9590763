// Clients of the npm package y-websocket, unchanged, against `/y/ROOM`.
import assert from "node:assert/strict";
import test from "node:test";
import { WebSocket } from "ws";
import { WebsocketProvider } from "y-websocket";
import * as Y from "yjs";
import { run, startHub, temporaryDirectory, when } from "./support.mjs";

// Each provider listens for the end of the process.
process.setMaxListeners(50);

const data = temporaryDirectory();
let hub = await startHub({ data });
const providers = new Set();

function join(room) {
  const doc = new Y.Doc();
  const provider = new WebsocketProvider(`${hub.url}/y`, room, doc, { WebSocketPolyfill: WebSocket, disableBc: true });
  providers.add(provider);
  return provider;
}
const synced = (provider) =>
  when(() => provider.synced, (check) => provider.on("sync", check), "first sync");
const docHolds = (provider, condition, what) =>
  when(() => condition(provider.doc), (check) => provider.doc.on("update", check), what);
const text = (provider) => provider.doc.getText("text").toString();
const same = (a, b) => Buffer.from(Y.encodeStateAsUpdate(a)).equals(Buffer.from(Y.encodeStateAsUpdate(b)));

test.after(async () => {
  for (const provider of providers) {
    provider.destroy();
    provider.doc.destroy(); // ends the awareness' timer
  }
  await hub.stop();
});

test("two clients converge while both write", async () => {
  const a = join("notes/today");
  const b = join("notes/today");
  await Promise.all([synced(a), synced(b)]);
  for (let i = 0; i < 50; ++i) {
    a.doc.getText("text").insert(0, `a${i} `);
    b.doc.getText("text").insert(b.doc.getText("text").length, `b${i} `);
    a.doc.getMap("map").set(`k${i % 7}`, i);
    b.doc.getArray("list").push([i]);
  }
  const complete = (doc) => doc.getArray("list").length === 50 && doc.getText("text").toString().includes("a49") &&
    doc.getText("text").toString().includes("b49") && doc.getMap("map").get("k0") === 49;
  await Promise.all([docHolds(a, complete, "b's writes at a"), docHolds(b, complete, "a's writes at b")]);
  assert.equal(text(a), text(b));
  assert.ok(same(a.doc, b.doc));
});

test("a late joiner gets everything with its first sync", async () => {
  const late = join("notes/today");
  await synced(late);
  assert.equal(late.doc.getArray("list").length, 50);
  assert.ok(text(late).includes("a49") && text(late).includes("b49"));
});

test("awareness goes round and ends with the connection", async () => {
  const a = join("presence");
  const b = join("presence");
  await Promise.all([synced(a), synced(b)]);
  a.awareness.setLocalStateField("user", { name: "Ann" });
  const seen = () => b.awareness.getStates().get(a.doc.clientID)?.user?.name === "Ann";
  await when(seen, (check) => b.awareness.on("change", check), "Ann's presence");
  const late = join("presence");
  await when(
    () => late.awareness.getStates().get(a.doc.clientID)?.user?.name === "Ann",
    (check) => late.awareness.on("change", check),
    "Ann's presence at a late joiner",
  );
  a.ws.terminate?.();
  a.disconnect();
  await when(
    () => !b.awareness.getStates().has(a.doc.clientID),
    (check) => b.awareness.on("change", check),
    "end of Ann's presence",
  );
});

test("the command line sees the same object", async () => {
  const a = join("shared");
  await synced(a);
  const b = join("shared");
  await synced(b);
  a.doc.getMap("data").set("title", "from yjs");
  await docHolds(b, (doc) => doc.getMap("data").get("title") === "from yjs", "the title");
  const got = await run(["get", "yjs://local/shared", "/title"], hub.env);
  assert.equal(got.status, 0, got.stderr);
  assert.equal(got.stdout, '"from yjs"');
  const set = await run(["set", "yjs://local/shared", "/title", '"from the shell"'], hub.env);
  assert.equal(set.status, 0, set.stderr);
  await docHolds(a, (doc) => doc.getMap("data").get("title") === "from the shell", "the shell's title");
});

test("a restarted hub has everything, and clients go on by themselves", async () => {
  const a = join("notes/today");
  await synced(a);
  const before = text(a);
  const { port } = hub;
  assert.equal((await hub.stop()).status, 0, hub.stderr);
  a.doc.getText("text").insert(0, "offline ");
  hub = await startHub({ data, port });
  const fresh = join("notes/today");
  await docHolds(fresh, (doc) => doc.getText("text").toString() === `offline ${before}`, "old and new text");
});
