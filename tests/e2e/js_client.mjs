// @syncline/client against a real hub, with native programs on the other side.
import assert from "node:assert/strict";
import test from "node:test";
import * as Y from "yjs";
import { holds, run, Running, startHub, syncer, within } from "./support.mjs";

const hub = await startHub();
const alice = syncer(hub, "alice");
const bob = syncer(hub, "bob");
const as = (name) => ["--identity", `hyperty://example.org/${name}`];

test.after(async () => {
  alice.close();
  bob.close();
  assert.equal((await hub.stop()).status, 0, hub.stderr);
});

test("create, subscribe and change in both directions", async () => {
  const url = "comm://example.org/both";
  const mine = await alice.create(url, { title: "Plan", steps: [] }, { access: "open" });
  const theirs = await bob.subscribe(url);
  assert.deepEqual(theirs.toJSON(), { title: "Plan", steps: [] });
  assert.equal(theirs.owner, "hyperty://example.org/alice");

  const heard = theirs.once("changed");
  mine.transact((data) => data.set("title", "Plan B"));
  const [change] = await within(heard, "the change");
  assert.deepEqual(
    { ...change },
    { type: "update", path: ["title"], old: "Plan", new: "Plan B", by: "hyperty://example.org/alice", local: false },
  );
  theirs.transact((data) => data.get("steps").push([new Y.Map([["text", "wood"]])]));
  await holds(mine, ({ steps }) => steps[0]?.text === "wood", "Bob's step");
  await within(mine.flush(), "acknowledgement");
  await within(theirs.flush(), "acknowledgement");
});

test("a native watch prints what JavaScript changes, and the other way round", async () => {
  const url = "comm://example.org/watched";
  const mine = await alice.create(url, { title: "Plan", notes: new Y.Text("a") }, { access: "open" });
  const watch = new Running(["watch", url, ...as("carol")], hub.env);
  // It subscribes at its own pace: write until it says so.
  let n = 0;
  const nudge = setInterval(() => mine.transact((data) => data.set("n", ++n)), 100);
  await watch.until(({ lines }) => lines.length > 0, "a first change");
  clearInterval(nudge);
  mine.transact((data) => data.set("title", "seen"));
  const line = await watch.until(({ lines }) => lines.find((line) => line.includes('"seen"')), "the title");
  const record = JSON.parse(line);
  assert.deepEqual(record.path, ["title"]);
  assert.equal(record.type, "update");
  assert.equal(record.old, "Plan");
  assert.equal(record.new, "seen");
  assert.equal(record.by, "hyperty://example.org/alice");
  assert.equal(record.local, false);
  mine.transact((data) => data.get("notes").insert(1, "bc"));
  const splice = JSON.parse(await watch.until(({ lines }) => lines.find((line) => line.includes("splice")), "a splice"));
  assert.deepEqual([splice.index, splice.inserted], [1, "bc"]);
  await watch.stop("SIGINT");

  const heard = mine.once("changed");
  const set = await run(["set", url, "/title", '"by the shell"', ...as("dave")], hub.env);
  assert.equal(set.status, 0, set.stderr);
  const [change] = await within(heard, "the shell's change");
  assert.equal(change.new, "by the shell");
  assert.equal(change.by, "hyperty://example.org/dave");
});

test("only the owner writes an owner's object, whatever a program forges", async () => {
  const url = "comm://example.org/mine";
  const mine = await alice.create(url, { title: "Plan" });
  const theirs = await bob.subscribe(url);
  assert.equal(theirs.mayWrite, "none");
  assert.throws(() => theirs.transact((data) => data.set("title", "Bob's")), { code: 403 });
  const before = theirs.doc;
  const refused = theirs.once("refused");
  before.transact(() => before.getMap("data").set("title", "Bob's"));
  const { error } = await within(refused, "the refusal");
  assert.equal(error.code, 403);
  assert.notEqual(error.message, "");
  assert.notEqual(theirs.doc, before);
  assert.deepEqual(theirs.toJSON(), { title: "Plan" });
  mine.transact((data) => data.set("title", "still mine"));
  await holds(theirs, ({ title }) => title === "still mine", "the owner's change after the refusal");
  assert.deepEqual(await bob.read(url), { title: "still mine" });
});

test("private objects are for the invited", async () => {
  const url = "comm://example.org/secret";
  await alice.create(url, { word: "x" }, { access: "private" });
  await assert.rejects(bob.subscribe(url), ({ code }) => code === 403 || code === 404);
  const invited = bob.once("invitation");
  await alice.invite(url, "hyperty://example.org/bob");
  assert.equal((await within(invited, "the invitation")).url, url);
  assert.deepEqual((await bob.subscribe(url)).toJSON(), { word: "x" });
});

test("presence goes round", async () => {
  const url = "comm://example.org/presence";
  const mine = await alice.create(url, {}, { access: "open" });
  mine.awareness.setLocalState({ user: { name: "Alice" } });
  const theirs = await bob.subscribe(url);
  const seen = () => theirs.awareness.getStates().get(mine.doc.clientID)?.user?.name === "Alice";
  await within(
    new Promise((resolve) => {
      theirs.awareness.on("change", () => seen() && resolve());
      if (seen()) resolve();
    }),
    "Alice's presence",
  );
});

test("requests: exists, not found, list, describe, edit, ping", async () => {
  const url = "comm://example.org/requests";
  await alice.create(url, { n: 1 }, { access: "open" });
  await assert.rejects(bob.create(url, {}), { code: 409, reason: "exists" });
  await assert.rejects(bob.subscribe("comm://example.org/nothing"), { code: 404 });
  assert.ok((await bob.list("comm://example.org/*")).some((entry) => entry.url === url));
  assert.equal((await bob.describe(url)).owner, "hyperty://example.org/alice");
  await bob.edit(url, [{ op: "set", pointer: "/n", value: 2 }]);
  assert.deepEqual(await alice.read(url, "/n"), 2);
  assert.ok((await alice.ping()) >= 0);
});

test("delete ends every copy, and the URL is gone", async () => {
  const url = "comm://example.org/ending";
  await alice.create(url, {});
  const theirs = await bob.subscribe(url);
  const deleted = theirs.once("deleted");
  await alice.delete(url);
  assert.equal((await within(deleted, "the end")).code, 410);
  await assert.rejects(bob.subscribe(url), { code: 410 });
});
