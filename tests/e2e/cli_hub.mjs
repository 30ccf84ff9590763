// `syncline hub`: starting, stopping, and what keeps it from starting.
import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { connect } from "node:net";
import { join } from "node:path";
import test from "node:test";
import { WebSocket } from "ws";
import { run, Running, startHub, temporaryDirectory, within } from "./support.mjs";

const free = ["--listen", "127.0.0.1:0"];

/** The hub does not start: status 1 and one line that says why. */
async function refusesToStart(args, why) {
  const { status, stdout, stderr } = await run(["hub", ...args]);
  assert.equal(status, 1, stderr);
  assert.equal(stdout, "");
  assert.match(stderr, why);
  assert.match(stderr, /\nsyncline: .*\n$|^syncline: .*\n$/);
}

function get(hub, path, headers = {}) {
  return within(
    new Promise((resolve, reject) => {
      const asked = request({ host: "127.0.0.1", port: hub.port, path, headers }, (response) => {
        let body = "";
        response.setEncoding("utf8").on("data", (text) => (body += text));
        response.on("end", () => resolve({ status: response.statusCode, type: response.headers["content-type"], body }));
      });
      asked.on("error", reject).end();
    }),
    `an answer at ${path}`,
  );
}

test("it says where it listens, warns that it believes everybody, and stops with status 0", async () => {
  for (const signal of ["SIGTERM", "SIGINT"]) {
    const hub = await startHub();
    assert.match(hub.stderr, /warning hub: no authentication/);
    assert.equal(hub.stderr.match(/listening on 127\.0\.0\.1:\d+\n/g).length, 1);
    assert.match(hub.stderr, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z /);
    assert.equal((await hub.stop(signal)).status, 0);
    assert.deepEqual(hub.lines, [], "nothing on standard output");
  }
});

test("connections are told to come back: 1012", async () => {
  const hub = await startHub();
  const socket = new WebSocket(`${hub.url}/y/room`);
  await within(new Promise((resolve) => socket.on("open", resolve)), "the connection");
  const closed = new Promise((resolve) => socket.on("close", resolve));
  assert.equal((await hub.stop()).status, 0);
  assert.equal(await within(closed, "the close"), 1012);
});

test("what was stored is there after a restart, and $SYNCLINE_HUB_DATA says where", async () => {
  const data = join(temporaryDirectory(), "deep", "er");
  const first = await startHub({ data });
  assert.equal((await run(["create", "comm://a/b", "--data", '{"x":1}'], first.env)).status, 0);
  await first.stop();
  assert.ok(existsSync(join(data, "syncline.db")));
  const second = new Running(["hub", ...free], { SYNCLINE_HUB_DATA: data });
  const [, address] = await second.until(({ stderr }) => /listening on (\S+)/.exec(stderr), "its address");
  assert.equal((await run(["get", "comm://a/b"], { SYNCLINE_HUB: `ws://${address}` })).stdout, '{"x":1}');
  await second.stop();
});

test("a port in use", async () => {
  const hub = await startHub();
  await refusesToStart(
    ["--listen", `127.0.0.1:${hub.port}`, "--data", temporaryDirectory()],
    new RegExp(`port ${hub.port} .*in use`),
  );
  await hub.stop();
});

test("data in use names the process", async () => {
  const data = temporaryDirectory();
  const hub = await startHub({ data });
  await refusesToStart([...free, "--data", data], new RegExp(`in use by PID ${hub.child.pid}\\b`));
  await hub.stop();
  const after = await startHub({ data });
  await after.stop();
});

test("data below a file, of a newer version, or broken", async () => {
  const directory = temporaryDirectory();
  writeFileSync(join(directory, "file"), "");
  await refusesToStart([...free, "--data", join(directory, "file", "data")], /file\/data.*(Not a directory|cannot)/);

  const newer = join(directory, "newer");
  await (await startHub({ data: newer })).stop();
  const database = join(newer, "syncline.db");
  const bytes = readFileSync(database);
  bytes.writeUInt32BE(99, 60); // PRAGMA user_version
  writeFileSync(database, bytes);
  await refusesToStart([...free, "--data", newer], /newer Syncline \(format 99/);
  assert.deepEqual(readFileSync(database), bytes, "left as it was");

  const broken = join(directory, "broken");
  mkdirSync(broken);
  writeFileSync(join(broken, "syncline.db"), "this is no database, but it is long enough to be looked at. ".repeat(100));
  await refusesToStart([...free, "--data", broken], /broken\/syncline\.db is no Syncline database/);
});

test("it listens on loopback only", async () => {
  await refusesToStart(["--listen", "0.0.0.0:0", "--data", temporaryDirectory()], /loopback/);
});

test("plain requests", async () => {
  const hub = await startHub();
  assert.equal((await get(hub, "/healthz")).status, 200);
  const page = await get(hub, "/");
  assert.equal(page.status, 200);
  assert.match(page.type, /text\/html/);
  assert.match(page.body, /Syncline/);
  assert.equal((await get(hub, "/nothing")).status, 404);
  assert.equal((await get(hub, "/sync")).status, 426);
  await hub.stop();
});

test("pages of other origins are turned away, unless they are listed", async () => {
  const data = temporaryDirectory();
  const hub = await startHub({ data });
  const opens = (port, origin) =>
    within(
      new Promise((resolve) => {
        const socket = new WebSocket(`ws://127.0.0.1:${port}/y/room`, { origin });
        socket.on("open", () => (socket.terminate(), resolve(101)));
        socket.on("unexpected-response", (_, response) => resolve(response.statusCode));
      }),
      "an answer",
    );
  assert.equal(await opens(hub.port, "http://evil.example"), 403);
  assert.equal(await opens(hub.port, "http://localhost:5173"), 101);
  assert.equal((await get(hub, "/", { Host: "evil.example" })).status, 403);
  await hub.stop();
  const listing = new Running(["hub", ...free, "--data", data, "--origin", "http://good.example"]);
  const [, port] = await listing.until(({ stderr }) => /listening on 127\.0\.0\.1:(\d+)/.exec(stderr), "its address");
  assert.equal(await opens(port, "http://good.example"), 101);
  assert.equal(await opens(port, "http://evil.example"), 403);
  await listing.stop();
});

test("garbage on the port ends that connection and nothing else", async () => {
  const hub = await startHub();
  const answers = (bytes) =>
    within(
      new Promise((resolve) => {
        const socket = connect(hub.port, "127.0.0.1", () => socket.write(bytes));
        let got = "";
        socket.on("data", (text) => (got += text));
        socket.on("error", () => {});
        socket.on("close", () => resolve(got));
      }),
      "the end of the connection",
    );
  assert.match(await answers("\u0000\u0001\u0002 nonsense\r\n\r\n"), /^HTTP\/1\.1 400|^$/);
  assert.match(await answers("GET " + "/".repeat(100_000) + " HTTP/1.1\r\n\r\n"), /^HTTP\/1\.1 4\d\d|^$/);
  const socket = new WebSocket(`${hub.url}/sync`, "syncline.v1");
  await within(new Promise((resolve) => socket.on("open", resolve)), "the connection");
  socket.send(Buffer.from([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]));
  assert.equal(await within(new Promise((resolve) => socket.on("close", resolve)), "the close"), 4400);
  assert.equal((await run(["ls"], hub.env)).status, 0);
  assert.equal((await hub.stop()).status, 0);
});
