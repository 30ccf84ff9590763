// The Syncer against a fake hub on a real WebSocket: the flows of docs/PROTOCOL.md, and what goes
// wrong on the way.
import assert from "node:assert/strict";
import test from "node:test";
import { WebSocket } from "ws";
import * as Y from "yjs";
import { Syncer, SynclineError } from "../dist/index.js";
import { FakeHub } from "./fake_hub.mjs";

const BOARD = "comm://example.org/board";
const ALICE = "hyperty://example.org/alice";
const BOB = "hyperty://example.org/bob";

/** Runs `body` with a hub and a function that makes syncers; ends all of them. */
function scenario(name, body) {
  test(name, async () => {
    const hub = await FakeHub.start();
    const { url } = hub;
    const syncers = [];
    const syncer = (identity, more = {}) => {
      const made = new Syncer({ identity, url, WebSocket, ...more });
      syncers.push(made);
      return made;
    };
    let timer;
    const late = new Promise((_, reject) => {
      timer = setTimeout(() => reject(new Error("no end within 10 s")), 10_000);
    });
    try {
      await Promise.race([body(hub, syncer), late]);
    } finally {
      clearTimeout(timer);
      for (const each of syncers) each.close();
      await hub.stop();
    }
  });
}

/** Resolves when `condition` holds; asked again at every event of the object. */
function until(object, condition) {
  return new Promise((resolve) => {
    const check = () => condition() && (off.forEach((end) => end()), resolve());
    const off = ["changed", "synced", "pending", "rebuilt", "access"].map((name) => object.on(name, check));
    check();
  });
}
const connected = (syncer) =>
  new Promise((resolve) => {
    const off = syncer.on("state", ({ state }) => state === "connected" && (off(), resolve()));
    if (syncer.state === "connected") (off(), resolve());
  });

scenario("a change made in one copy appears in the other, with its author", async (_, syncer) => {
  const alice = await syncer(ALICE).create(BOARD, { title: "Plan", steps: [{ text: "wood", done: false }] });
  const bob = await syncer(BOB).subscribe(BOARD);
  assert.deepEqual(bob.toJSON(), { title: "Plan", steps: [{ text: "wood", done: false }] });
  assert.equal(bob.owner, ALICE);
  assert.equal(bob.mayWrite, "none");

  const heard = bob.once("changed");
  alice.transact((data) => data.set("title", "Plan B"));
  assert.deepEqual(await heard, [
    { type: "update", path: ["title"], old: "Plan", new: "Plan B", by: ALICE, local: false },
  ]);
  await alice.flush();
  assert.equal(alice.pending, 0);
});

scenario("one observation covers what is created later", async (_, syncer) => {
  const alice = await syncer(ALICE).create(BOARD, {}, { access: "open" });
  const bob = await syncer(BOB).subscribe(BOARD);
  alice.transact((data) => data.set("deep", new Y.Map([["list", new Y.Array()]])));
  await until(bob, () => bob.data.has("deep"));
  const heard = alice.once("changed");
  bob.transact((data) => data.get("deep").get("list").push(["new"]));
  assert.deepEqual(await heard, [
    { type: "splice", path: ["deep", "list"], index: 0, removed: 0, inserted: ["new"], by: BOB, local: false },
  ]);
});

scenario("a forbidden write throws beforehand and is refused by the room when forced", async (hub, syncer) => {
  await syncer(ALICE).create(BOARD, { title: "Plan" });
  const bob = await syncer(BOB).subscribe(BOARD);
  assert.throws(() => bob.transact((data) => data.set("title", "mine")), { code: 403, reason: "denied" });

  const before = bob.doc;
  const refused = bob.once("refused");
  before.transact(() => before.getMap("data").set("title", "mine"));
  const { error, paths, doc } = await refused;
  assert.ok(error instanceof SynclineError);
  assert.equal(error.code, 403);
  assert.equal(error.rule, "owner");
  assert.deepEqual(paths, ["/title"]);
  assert.equal(doc, bob.doc);
  assert.notEqual(doc, before);
  assert.notEqual(doc.clientID, before.clientID);
  assert.deepEqual(bob.toJSON(), { title: "Plan" });
  assert.deepEqual(hub.rooms.get(BOARD).doc.getMap("data").toJSON(), { title: "Plan" });
  assert.equal(bob.pending, 0);
});

scenario("what builds on a refused change goes with it, the rest stays", async (hub, syncer) => {
  await syncer(ALICE).create(BOARD, { title: "Plan" });
  const bob = await syncer(BOB).subscribe(BOARD);
  hub.rooms.get(BOARD).access = "open";
  hub.silent = true;
  bob.doc.transact(() => bob.data.set("kept", 1)); // taken, the answer is lost
  while (hub.count("update") < 1) await new Promise(setImmediate);
  hub.silent = false;
  hub.rooms.get(BOARD).access = "owner";
  const refusals = [];
  bob.on("refused", ({ error }) => refusals.push(error.reason));
  bob.doc.transact(() => bob.data.set("title", "mine"));
  bob.doc.transact(() => bob.data.set("title", "mine again"));
  await bob.flush();
  assert.deepEqual(bob.toJSON(), { title: "Plan", kept: 1 });
  assert.ok(refusals.includes("denied"), String(refusals));
});

scenario("updates without an answer are sent again after a reconnect, and counted once", async (hub, syncer) => {
  const alices = syncer(ALICE);
  const alice = await alices.create(BOARD, { list: [] }, { access: "open" });
  const bob = await syncer(BOB).subscribe(BOARD);
  hub.silent = true;
  alice.transact((data) => data.get("list").push([1]));
  alice.transact((data) => data.get("list").push([2]));
  while (hub.count("update") < 2) await new Promise(setImmediate);
  assert.equal(alice.pending, 2);
  hub.silent = false;
  hub.dropAll();
  await alices.once("state");
  alice.transact((data) => data.get("list").push([3]));
  alice.transact((data) => data.get("list").push([4]));
  await alice.flush();
  await until(bob, () => bob.toJSON().list.length === 4);
  assert.deepEqual(bob.toJSON().list, [1, 2, 3, 4]);
  assert.deepEqual(hub.rooms.get(BOARD).doc.getMap("data").toJSON().list, [1, 2, 3, 4]);
  // The two that were out go as they were, what was typed offline as one.
  assert.equal(hub.received.filter(({ type }) => type === "update").length, 5);
});

scenario("a resume asks from the position and gets the log tail with its authors", async (hub, syncer) => {
  const alice = await syncer(ALICE).create(BOARD, {});
  const bob = await syncer(BOB).subscribe(BOARD);
  alice.transact((data) => data.set("a", 1));
  await until(bob, () => bob.toJSON().a === 1);
  const changes = [];
  bob.on("changed", (records) => changes.push(...records));
  hub.dropAll();
  alice.transact((data) => data.set("a", 2));
  await until(bob, () => bob.toJSON().a === 2);
  const last = hub.received.filter(({ type }) => type === "subscribe").at(-1);
  assert.equal(last.since.incarnation, "i1");
  assert.ok(last.since.seq >= 1);
  assert.deepEqual(changes.map(({ by }) => by), [ALICE]);
});

scenario("a gap is noticed and filled", async (hub, syncer) => {
  const alice = await syncer(ALICE).create(BOARD, {});
  const bob = await syncer(BOB).subscribe(BOARD);
  hub.loseUpdated = 1;
  alice.transact((data) => data.set("a", 1));
  alice.transact((data) => data.set("b", 2));
  await until(bob, () => bob.toJSON().b === 2);
  assert.deepEqual(bob.toJSON(), { a: 1, b: 2 });
});

scenario("create is repeated with its nonce when the answer was lost", async (hub, syncer) => {
  hub.silent = true;
  const creating = syncer(ALICE).create(BOARD, { title: "Plan" });
  while (hub.count("create") < 1) await new Promise(setImmediate);
  hub.silent = false;
  hub.dropAll();
  const alice = await creating;
  assert.deepEqual(alice.toJSON(), { title: "Plan" });
  assert.equal(hub.created, 1);
});

scenario("an object that was deleted and created again is not mixed with the old one", async (hub, syncer) => {
  const first = syncer(ALICE);
  await first.create(BOARD, { old: true }, { access: "open" });
  const bob = await syncer(BOB).subscribe(BOARD);
  // Bob does not hear of it.
  for (const session of hub.sessions) hub.rooms.get(BOARD).members.delete(session);
  hub.rooms.delete(BOARD);
  await syncer(ALICE).create(BOARD, { new: true });
  const refused = bob.once("refused");
  hub.dropAll();
  assert.equal((await refused).error.reason, "recreated");
  assert.deepEqual(bob.toJSON(), { new: true });
});

scenario("presence reaches the others and ends with the connection", async (_, syncer) => {
  const alice = await syncer(ALICE).create(BOARD, {});
  const bobs = syncer(BOB);
  const bob = await bobs.subscribe(BOARD);
  const heard = new Promise((resolve) => bob.awareness.on("change", resolve));
  alice.awareness.setLocalState({ user: { name: "Alice" } });
  await heard;
  assert.deepEqual(bob.awareness.getStates().get(alice.doc.clientID), { user: { name: "Alice" } });
  bobs.close();
  assert.equal(bob.ended.code, 503);
});

scenario("delete tells every copy", async (_, syncer) => {
  const alices = syncer(ALICE);
  await alices.create(BOARD, {});
  const bobs = syncer(BOB);
  const bob = await bobs.subscribe(BOARD);
  const deleted = bob.once("deleted");
  await alices.delete(BOARD);
  assert.equal((await deleted).code, 410);
  assert.throws(() => bob.transact(() => {}), { code: 410 });
  await assert.rejects(bobs.subscribe(BOARD), { code: 404 });
});

scenario("unsubscribing ends the copy alone; subscribing again starts a new one", async (_, syncer) => {
  await syncer(ALICE).create(BOARD, { a: 1 });
  const bobs = syncer(BOB);
  const bob = await bobs.subscribe(BOARD);
  assert.equal(await bobs.subscribe(BOARD), bob);
  await bobs.unsubscribe(BOARD);
  const again = await bobs.subscribe(BOARD);
  assert.notEqual(again, bob);
  assert.deepEqual(again.toJSON(), { a: 1 });
});

scenario("requests: exists, read, list, ping", async (_, syncer) => {
  const alices = syncer(ALICE);
  await alices.create(BOARD, { a: 1 });
  await assert.rejects(syncer(BOB).create(BOARD, {}), { code: 409, reason: "exists" });
  assert.deepEqual(await alices.read(BOARD), { a: 1 });
  assert.deepEqual(await alices.list(), [{ url: BOARD, about: { owner: ALICE } }]);
  assert.ok((await alices.ping()) >= 0);
});

scenario("what is asked before the hub is there is sent when it is", async (hub, syncer) => {
  const { port } = hub.server.address();
  await hub.stop();
  const alices = syncer(ALICE);
  const creating = alices.create(BOARD, { a: 1 });
  await alices.once("state");
  const later = await FakeHub.start(port);
  try {
    assert.deepEqual((await creating).toJSON(), { a: 1 });
  } finally {
    alices.close();
    await later.stop();
    hub.stop = async () => {};
  }
});

scenario("a refused hello ends the attempts and every request", async (hub, syncer) => {
  hub.refuseHello = [401, "unauthenticated"];
  const alices = syncer(ALICE);
  await assert.rejects(alices.read(BOARD), { code: 401 });
  assert.equal(alices.state, "refused");
});

scenario("the trace tells the steps of the sequence chart", async (_, syncer) => {
  const steps = { [ALICE]: [], [BOB]: [] };
  const tracing = (identity) =>
    syncer(identity, { trace: ({ from, to, message }) => steps[identity].push(`${from} -> ${to}: ${message}`) });
  const alice = await tracing(ALICE).create(BOARD, {});
  const bob = await tracing(BOB).subscribe(BOARD);
  steps[ALICE].length = steps[BOB].length = 0;
  alice.transact((data) => data.set("a", 1));
  await alice.flush();
  await until(bob, () => bob.toJSON().a === 1);
  assert.deepEqual(steps[ALICE], [
    "hyperty -> object: change",
    "object -> syncer: report change",
    "syncer -> bus: post report change",
    "bus -> syncer: acknowledge",
  ]);
  assert.deepEqual(steps[BOB], [
    "bus -> syncer: post report change",
    "syncer -> object: change",
    "object -> hyperty: report change",
  ]);
});

scenario("the state is told: connecting, connected, disconnected, closed", async (hub, syncer) => {
  const states = [];
  const alices = syncer(ALICE);
  alices.on("state", ({ state }) => states.push(state));
  await connected(alices);
  hub.dropAll();
  await alices.once("state");
  assert.ok(alices.retryAt > 0);
  await connected(alices);
  alices.close();
  assert.deepEqual(states, ["connected", "disconnected", "connecting", "connected", "closed"]);
});
