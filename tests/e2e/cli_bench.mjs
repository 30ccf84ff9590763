// `syncline bench engine`: recordings of both forms, and what is none.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { gzipSync } from "node:zlib";
import { run, temporaryDirectory } from "./support.mjs";

const folder = temporaryDirectory();

function recording(name, content, pack = (text) => text) {
  const path = join(folder, name);
  writeFileSync(path, pack(typeof content === "string" ? content : JSON.stringify(content)));
  return path;
}

async function measure(path, job) {
  const { status, stdout, stderr } = await run(["bench", "engine", "--trace", path, "--job", job, "--repeat", "3", "--json"]);
  assert.equal(status, 0, stderr);
  return JSON.parse(stdout);
}

// Positions count code points: the thumb is one, and two code units.
const sequential = {
  startContent: "ab",
  endContent: "a👍xb!",
  txns: [{ patches: [[1, 0, "👍👍"]] }, { patches: [[2, 1, ""], [2, 0, "x"]] }, { patches: [[4, 0, "!"]] }],
};
const concurrent = {
  kind: "concurrent",
  endContent: "hello world",
  numAgents: 2,
  txns: [
    { parents: [], numChildren: 2, agent: 0, patches: [[0, 0, "hello"]] },
    { parents: [0], numChildren: 1, agent: 1, patches: [[5, 0, " world"]] },
    { parents: [0], numChildren: 1, agent: 0, patches: [[0, 1, "j"]] },
    { parents: [1, 2], numChildren: 0, agent: 0, patches: [[0, 1, "h"]] },
  ],
};

test("every job of a session of one author, gzipped or not", async () => {
  for (const path of [recording("one.json", sequential), recording("one.json.gz", sequential, gzipSync)]) {
    for (const job of ["local", "local_update", "remote", "merge", "load_v1", "load_v2", "encode_v1", "encode_v2", "memory"]) {
      const { trace, edits, cpu_ms: times, bytes, text_ok: ok, rss_bytes: memory } = await measure(path, job);
      assert.deepEqual([trace, edits, times.length, ok], ["one", 4, 3, true], job);
      assert.equal(bytes > 0, !["local", "memory"].includes(job), job);
      assert.equal(memory > 0, job === "memory", job);
    }
    for (const job of ["b4x100", "hub_update", "diff", "diff_loaded", "merge_small"]) {
      const { trace, cpu_ms: times, text_ok: ok } = await measure(path, job);
      assert.deepEqual([trace, times.length, ok], ["one", 3, true], job);
    }
  }
});

test("every job of a session of two authors", async () => {
  const path = recording("two.json", concurrent);
  for (const job of ["live", "remote", "merge", "load_v1", "load_v2", "encode_v1", "encode_v2"]) {
    const { edits, text_ok: ok } = await measure(path, job);
    assert.deepEqual([edits, ok], [4, true], job);
  }
});

test("the rows of crdt-benchmarks leave documents and updates of the size of Yjs's", async () => {
  for (const job of ["b1.2", "b1.7", "b1.9", "b2.1", "b3.4"]) {
    const { status, stdout, stderr } = await run(["bench", "engine", "--job", job, "--repeat", "1", "--json"]);
    assert.equal(status, 0, stderr);
    const ours = JSON.parse(stdout);
    const theirs = JSON.parse(execFileSync(process.execPath, ["--expose-gc", "bench/run_peer.mjs", "yjs", "-", job, "1"], { encoding: "utf8" }));
    const outcome = ({ edits, bytes, update_bytes: updates, text_ok: ok }) => ({ edits, bytes, updates, ok });
    assert.deepEqual(outcome(ours), outcome(theirs), job);
    assert.equal(ours.trace, null);
  }
});

test("observed changes and verdicts need no recording", async () => {
  for (const [job, edits] of [["observed", 100000], ["observed_field", 100000], ["verdict_all", 1000000], ["verdict_path", 1000000], ["verdict_path_1000", 2000]]) {
    const { status, stdout, stderr } = await run(["bench", "engine", "--job", job, "--repeat", "1"]);
    assert.equal(status, 0, stderr);
    assert.match(stdout, new RegExp(`^${job}: .* ${edits} edits`));
  }
});

test("a person reads a line", async () => {
  const { stdout } = await run(["bench", "engine", "--trace", recording("one.json", sequential), "--job", "local"]);
  assert.match(stdout, /^local of one: [\d.]+ ms CPU, median of 5 .*; 4 edits, \d+ ns each$/);
});

test("a text that comes out otherwise is a failure", async () => {
  const path = recording("wrong.json", { ...sequential, endContent: "something else" });
  const { status, stderr } = await run(["bench", "engine", "--trace", path, "--job", "local"]);
  assert.equal(status, 1);
  assert.match(stderr, /the text differs from what the recording ends with/);
});

test("what is no recording says so", async () => {
  const cases = [
    ["{", /no\.json: .*/],
    ["[]", /"endContent" is missing/],
    [{ endContent: 1, startContent: "", txns: [] }, /endContent must be a string/],
    [{ endContent: "", startContent: "", txns: [{ patches: [[0, "1", ""]] }] }, /what a patch removes must be a count/],
    [{ ...concurrent, txns: [{ parents: [3], agent: 0, patches: [] }] }, /a parent that comes later/],
    [{ ...concurrent, txns: [{ parents: [], agent: 2, patches: [] }] }, /an author beyond numAgents/],
  ];
  for (const [content, why] of cases) {
    const { status, stdout, stderr } = await run(["bench", "engine", "--trace", recording("no.json", content), "--job", "load_v1"]);
    assert.equal(status, 1);
    assert.equal(stdout, "");
    assert.match(stderr, why);
  }
  const { status, stderr } = await run(["bench", "engine", "--trace", join(folder, "absent.json"), "--job", "local"]);
  assert.equal(status, 1);
  assert.match(stderr, /absent\.json: cannot be read/);
});

test("jobs that do not suit", async () => {
  const one = recording("one.json", sequential);
  const answer = async (path, job) => run(["bench", "engine", "--trace", path, "--job", job]);
  assert.match((await answer(one, "live")).stderr, /has one author: the job for it is local/);
  assert.match((await answer(recording("two.json", concurrent), "local")).stderr, /has several authors: the job for it is live/);
  const unknown = await answer(one, "fly");
  assert.equal(unknown.status, 2);
  assert.match(unknown.stderr, /there are local, local_update/);
  for (const [args, why] of [[["--job", "local"], /needs a recording: --trace FILE/], [["--job", "b1.1", "--trace", one], /takes no --trace/]]) {
    const { status, stderr } = await run(["bench", "engine", ...args]);
    assert.equal(status, 2);
    assert.match(stderr, why);
  }
});

test("a hub of its own is loaded", async () => {
  for (const job of ["relay", "relay_durable", "updates", "creates", "subscribes"]) {
    const { status, stdout, stderr } = await run(["bench", "hub", "--job", job, "--operations", "100", "--json"]);
    assert.equal(status, 0, stderr);
    const { operations, per_second: rate, ok, p50_us: median, fsync_p50_us: fsync } = JSON.parse(stdout);
    assert.deepEqual([operations, rate > 0, ok, median > 0, fsync > 0], [100, true, true, job.startsWith("relay"), true], job);
  }
  for (const job of ["relay", "updates"]) {
    const { status, stdout, stderr } = await run(["bench", "hub", "--framing", "y-websocket", "--job", job, "--operations", "100", "--json"]);
    assert.equal(status, 0, stderr);
    const { framing, operations, ok } = JSON.parse(stdout);
    assert.deepEqual([framing, operations, ok], ["y-websocket", 100, true], job);
  }
  const refused = await run(["bench", "hub", "--framing", "y-websocket", "--job", "creates"]);
  assert.equal(refused.status, 2);
  assert.match(refused.stderr, /over y-websocket there are relay, updates/);
  const unknown = await run(["bench", "hub", "--job", "fly"]);
  assert.equal(unknown.status, 2);
  assert.match(unknown.stderr, /there are relay, relay_durable/);
});
