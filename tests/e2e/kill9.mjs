// kill -9 of the hub in traffic: what was acknowledged is there after a restart, and clients that
// stay go on by themselves without losing or doubling anything.
import assert from "node:assert/strict";
import test from "node:test";
import { run, startHub, syncer, temporaryDirectory, within } from "./support.mjs";

const URL = "comm://example.org/log";
const WRITERS = ["w0", "w1", "w2", "w3"];
const ACKS_PER_ROUND = 120;
const ROUNDS = 3;

/** Writes 1, 2, 3 … to its own list and counts what is acknowledged. */
class Writer {
  written = 0;
  acknowledged = 0;
  stopped = false;

  constructor(object, name, onAck) {
    Object.assign(this, { object, name, onAck });
  }
  write() {
    this.written++;
    this.object.transact((data) => data.get(this.name).push([this.written]));
  }
  /** Two writes under way at any time, until it is told to stop. */
  async go() {
    this.write();
    while (!this.stopped) {
      const upto = this.written;
      const stored = this.object.flush();
      this.write();
      try {
        await stored;
      } catch {
        return;
      }
      this.acknowledged = upto;
      this.onAck();
    }
  }
}

const upTo = (n) => Array.from({ length: n }, (_, i) => i + 1);
const data = temporaryDirectory();
let hub = await startHub({ data });
const { port } = hub;

{
  const maker = syncer(hub, "maker");
  await maker.create(URL, Object.fromEntries(WRITERS.map((name) => [name, []])), { access: "open" });
  maker.close();
}
let expected = Object.fromEntries(WRITERS.map((name) => [name, []]));

test.after(() => hub.stop());

for (let round = 1; round <= ROUNDS; ++round) {
  test(`round ${round}: everything acknowledged survives kill -9`, async () => {
    const syncers = WRITERS.map((name) => syncer(hub, name));
    let acks = 0;
    let enough;
    const plenty = new Promise((resolve) => (enough = resolve));
    const writers = await Promise.all(
      syncers.map(async (each, i) => {
        const object = await each.subscribe(URL);
        return new Writer(object, WRITERS[i], () => ++acks === ACKS_PER_ROUND && enough());
      }),
    );
    // Each goes on from what is there.
    for (const writer of writers) writer.written = writer.acknowledged = expected[writer.name].length;
    const ends = writers.map((writer) => writer.go());
    await within(plenty, `${ACKS_PER_ROUND} acknowledgements (there are ${acks})`);
    await hub.stop("SIGKILL");
    // The writers are closed before the restart: nothing they hold can mend the hub's loss.
    for (const each of syncers) each.close();
    await Promise.all(ends);

    hub = await startHub({ data, port });
    const got = await run(["get", URL], hub.env);
    assert.equal(got.status, 0, got.stderr);
    const stored = JSON.parse(got.stdout);
    for (const { name, acknowledged, written } of writers) {
      const list = stored[name];
      assert.ok(list.length >= acknowledged, `${name}: ${acknowledged} acknowledged, ${list.length} stored`);
      assert.ok(list.length <= written, `${name}: ${written} written, ${list.length} stored`);
      assert.deepEqual(list, upTo(list.length));
    }
    expected = stored;
  });
}

test("clients that stay connect again and lose and double nothing", async () => {
  const syncers = WRITERS.map((name) => syncer(hub, name));
  let acks = 0;
  let wanted = ACKS_PER_ROUND / 2;
  let enough;
  let plenty = new Promise((resolve) => (enough = resolve));
  const writers = await Promise.all(
    syncers.map(async (each, i) => new Writer(await each.subscribe(URL), WRITERS[i], () => ++acks === wanted && enough())),
  );
  for (const writer of writers) writer.written = expected[writer.name].length;
  const ends = writers.map((writer) => writer.go());
  for (let kill = 0; kill < 2; ++kill) {
    await within(plenty, `acknowledgements before kill ${kill}`);
    await hub.stop("SIGKILL");
    acks = 0;
    plenty = new Promise((resolve) => (enough = resolve));
    hub = await startHub({ data, port });
  }
  await within(plenty, "acknowledgements after the last restart");
  for (const writer of writers) writer.stopped = true;
  await within(Promise.all(ends), "the last acknowledgements");
  await within(Promise.all(syncers.map((each) => each.flush())), "the queues to empty");
  const stored = await syncers[0].read(URL);
  for (const { name, written } of writers) assert.deepEqual(stored[name], upTo(written), name);
  for (const each of syncers) each.close();
});
