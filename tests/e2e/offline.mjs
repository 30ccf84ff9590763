// The command on a data file: objects begin and change without a hub, a command that is killed in
// the middle breaks nothing, and what was written goes up once.
import assert from "node:assert/strict";
import { join } from "node:path";
import test from "node:test";
import { Running, run, startHub, temporaryDirectory } from "./support.mjs";

const URL = "comm://example.org/offline";
const file = join(temporaryDirectory(), "alice.db");
const nowhere = { SYNCLINE_HUB: "ws://127.0.0.1:1", SYNCLINE_DATA: file };
const numbers = async (env) => {
  const got = await run(["get", URL, "/list"], env);
  assert.equal(got.status, 0, got.stderr);
  return JSON.parse(got.stdout);
};
const once = (list) => assert.equal(new Set(list).size, list.length, `twice: ${list}`);

const done = [];

test("an object begins without a hub", async () => {
  const made = await run(["create", URL, "--data", '{"list":[]}', "--access", "open"], nowhere);
  assert.equal(made.status, 0, made.stderr);
  assert.match(made.stderr, /goes up when the hub/);
  assert.deepEqual(await numbers(nowhere), []);
});

test("kill -9 in the middle of an edit loses nothing that was done", async () => {
  for (let i = 1; i <= 8; ++i) {
    const edit = new Running(["set", URL, "/list/-", String(i)], nowhere);
    // Each is killed a little later than the one before; the last ones come to their end.
    if (i <= 6) setTimeout(() => edit.child.kill("SIGKILL"), i * 20);
    const { status } = await edit.exited;
    if (status === 0) done.push(i);
  }
  assert.ok(done.length >= 2);
  const list = await numbers(nowhere);
  once(list);
  for (const i of done) assert.ok(list.includes(i), `${i} was done and is lost: ${list}`);
});

test("what was written goes up once", async () => {
  const before = await numbers(nowhere);
  const hub = await startHub();
  const more = await run(["set", URL, "/list/-", "99"], { ...hub.env, SYNCLINE_DATA: file });
  assert.equal(more.status, 0, more.stderr);
  assert.equal(more.stderr, "");
  assert.deepEqual(await numbers(hub.env), [...before, 99]);
  await run(["set", URL, "/list/-", "100"], { ...hub.env, SYNCLINE_DATA: file });
  assert.deepEqual(await numbers(hub.env), [...before, 99, 100]);
  const parked = await run(["parked"], { ...hub.env, SYNCLINE_DATA: file });
  assert.deepEqual([parked.status, parked.stdout], [0, ""]);
  await hub.stop();
});
