// `syncline demo`, without a browser.
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import test from "node:test";
import { run, Running, startHub, temporaryDirectory } from "./support.mjs";

// The message sequence chart of the seed document.
const SEQUENCE = `
Hyperty 1 -> Object A (instance 1): new
Hyperty 1 -> Object A (instance 1): observe
Hyperty 1 -> Syncer 1: post shared Obj from Hyperty 1
Syncer 1 -> Object A (instance 1): observe
Syncer 1 -> Syncer 2: post shared Obj from Hyperty 1
Syncer 2 -> Object A (instance 2): new
Syncer 2 -> Object A (instance 2): observe
Syncer 2 -> Hyperty 2: post shared Obj from Hyperty 1
Hyperty 2 -> Object A (instance 2): observe
Hyperty 1 -> Object A (instance 1): change
Object A (instance 1) -> Syncer 1: report change
Syncer 1 -> Syncer 2: post report change
Syncer 2 -> Object A (instance 2): change
Object A (instance 2) -> Hyperty 2: report change
Hyperty 2 -> Object A (instance 2): change
Object A (instance 2) -> Syncer 2: report change
Syncer 2 -> Syncer 1: post report change
Syncer 1 -> Object A (instance 1): change
Object A (instance 1) -> Hyperty 1: report change`.trim();

test("--headless plays the seed's three flows between two processes, in its order", async () => {
  const TMPDIR = temporaryDirectory();
  for (let again = 0; again < 10; ++again) {
    const { status, stdout, stderr } = await run(["demo", "--headless"], { TMPDIR });
    assert.equal(status, 0, stderr);
    assert.equal(stdout, SEQUENCE);
    assert.match(stderr, /Both copies are equal/);
  }
  assert.deepEqual(readdirSync(TMPDIR), [], "it leaves nothing behind");
});

test("the native side publishes the machine, and counts the board's steps", async () => {
  const data = temporaryDirectory();
  let demo = await startHub({ mode: "demo", data });
  const { env } = demo;
  assert.match(demo.lines.join("\n"), new RegExp(`SYNCLINE_HUB=${demo.url} .*syncline set comm://local/board /title`));
  const machine = JSON.parse((await run(["get", "comm://local/machine"], env)).stdout);
  for (const name of ["hostname", "time", "uptime_seconds", "cpu", "memory", "load", "processes", "network"])
    assert.ok(name in machine, name);
  assert.ok(machine.memory.used_bytes > 0 && machine.memory.used_bytes < machine.memory.total_bytes);
  assert.ok(machine.processes > 0);
  const watch = new Running(["watch", "comm://local/machine", "/time"], env);
  await watch.until(({ lines }) => lines.length > 0, "the next second");
  assert.equal((await watch.stop("SIGINT")).status, 0);

  const forged = await run(["set", "comm://local/machine", "/hostname", '"mine"'], env);
  assert.equal(forged.status, 1);
  assert.match(forged.stderr, /may not write comm:\/\/local\/machine/);

  const board = new Running(["watch", "comm://local/board", "/progress"], env);
  await board.until(({ stderr }) => stderr.includes("watching"), "its beginning");
  await run(["set", "comm://local/board", "/steps", '[{"text":"a","done":true},{"text":"b","done":false},{"text":"c"}]'], env);
  await board.until(({ lines }) => lines.some((line) => JSON.parse(line).by === "hyperty://local/machine"), "the count");
  await board.stop("SIGINT");
  assert.deepEqual(JSON.parse((await run(["get", "comm://local/board", "/progress"], env)).stdout), { done: 1, total: 3 });
  await demo.until(({ lines }) => lines.some((line) => line.includes("/steps")), "the change, told on the terminal");
  assert.equal((await demo.stop("SIGINT")).status, 0);

  demo = await startHub({ mode: "demo", data });
  assert.deepEqual(JSON.parse((await run(["get", "comm://local/board", "/steps"], demo.env)).stdout).length, 3);
  assert.equal((await demo.stop()).status, 0);
});

test("a port that was asked for and is in use is an error", async () => {
  const hub = await startHub();
  const { status, stderr } = await run(["demo", "--listen", `127.0.0.1:${hub.port}`]);
  assert.equal(status, 1);
  assert.match(stderr, /in use/);
  await hub.stop();
});

test("without a wish it takes a free port where the usual one is in use", async () => {
  // The usual port may be taken already: then two demos find out anyway.
  const demos = [new Running(["demo"]), new Running(["demo"])];
  const addresses = [];
  for (const demo of demos)
    addresses.push((await demo.until(({ lines }) => /http:\/\/(\S+)\//.exec(lines.join("\n")), "its address"))[1]);
  assert.notEqual(addresses[0], addresses[1]);
  assert.match(demos.map(({ stderr }) => stderr).join(""), /port 4455 .*in use.*taking a free port/);
  for (const demo of demos) assert.equal((await demo.stop("SIGINT")).status, 0);
});
