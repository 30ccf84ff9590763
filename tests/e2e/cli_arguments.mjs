// The command line itself: help, and what cannot be meant (status 2, one line, before anything is
// connected to).
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { run, temporaryDirectory } from "./support.mjs";

const COMMANDS = ["hub", "demo", "create", "get", "set", "delete", "watch", "ls", "info", "export", "import", "engine", "bench"];
// Nothing listens there: whoever connects gets status 1 instead of 2.
const nowhere = { SYNCLINE_HUB: "ws://127.0.0.1:1" };

async function refused(args, why, env = nowhere) {
  const { status, stdout, stderr } = await run(args, env);
  assert.equal(status, 2, `syncline ${args.join(" ")}: ${stderr}`);
  assert.equal(stdout, "");
  assert.match(stderr, why);
  assert.match(stderr, /^syncline: .*\n$/, "one line");
}

test("help and version are results", async () => {
  const help = await run(["--help"]);
  assert.equal(help.status, 0);
  assert.equal(help.stderr, "");
  for (const command of COMMANDS) assert.match(help.stdout, new RegExp(`^  ${command} `, "m"));
  assert.match((await run(["--version"])).stdout, /^syncline \d+\.\d+\.\d+$/);
});

for (const command of COMMANDS) {
  test(`${command} --help shows examples`, async () => {
    const { status, stdout } = await run([command, "--help"]);
    assert.equal(status, 0);
    assert.match(stdout, new RegExp(`Examples:\n(.*\n)*.*syncline ${command}`));
  });
}

test("without a command the help goes to standard error", async () => {
  const { status, stdout, stderr } = await run([]);
  assert.equal(status, 2);
  assert.equal(stdout, "");
  assert.match(stderr, /Usage: syncline/);
});

test("unknown commands, options and missing arguments", async () => {
  await refused(["frobnicate"], /no command frobnicate/);
  await refused(["get"], /URL is required \(see: syncline get --help\)/);
  await refused(["set", "comm://a/b", "/x"], /JSON is required/);
  await refused(["ls", "--nonsense"], /--nonsense/);
  await refused(["set", "comm://a/b", "/x", '"y"', "--text", "--replace"], /--replace/);
});

test("what comes later says so", async () => {
  for (const command of ["token", "log", "backup", "check", "patch", "invite", "accept", "kick",
    "transfer", "access", "execute", "event", "soak"]) {
    await refused([command, "some", "--thing"], /not in this version/);
  }
  await refused(["hub", "--auth", "keys.json"], /--auth is not in this version/);
  await refused(["hub", "--config", "hub.toml"], /--config is not in this version/);
});

test("malformed JSON names the place, and how a string is written", async () => {
  await refused(["set", "comm://a/b", "/x", '{"a":}'], /not JSON.*column 6/);
  await refused(["set", "comm://a/b", "/x", "hello"], /'"hello"'/);
  await refused(["create", "comm://a/b", "--data", "{"], /--data is not JSON/);
  await refused(["create", "comm://a/b", "--data", "[1]"], /--data must be a JSON object/);
  await refused(["set", "comm://a/b", "/x", "3", "--text"], /--text takes a JSON string/);
});

test("malformed pointers, roots, URLs, identities and hubs", async () => {
  await refused(["get", "comm://a/b", "title"], /"title" must start with "\/"/);
  await refused(["watch", "comm://a/b", "/~2"], /~/);
  await refused(["delete", "comm://a/b", "x"], /must start with/);
  await refused(["get", "comm://a/b", "--root", "notes:txt"], /map, array, text or xml, not txt/);
  await refused(["get", "comm://"], /SCHEME:\/\/DOMAIN\/PATH/);
  await refused(["get", ""], /empty|URL/);
  await refused(["create", "comm://a/b?query"], /"comm:\/\/a\/b\?query"/);
  await refused(["ls", "--identity", "bob"], /hyperty:\/\/DOMAIN\/NAME/);
  await refused(["create", "comm://a/b", "--invite", "bob"], /"bob"/);
  await refused(["ls", "--hub", "http://127.0.0.1:4455"], /ws:\/\/127\.0\.0\.1:4455/);
  await refused(["ls"], /WebSocket URL/, { SYNCLINE_HUB: "somewhere" });
  await refused(["hub", "--listen", "everywhere"], /HOST:PORT/);
});

test("access is a preset or a file of rules", async () => {
  await refused(["create", "comm://a/b", "--access", "secret"], /neither owner, open or private, nor a file/);
  const rules = join(temporaryDirectory(), "rules.json");
  writeFileSync(rules, '{"rules": [}');
  await refused(["create", "comm://a/b", "--access", rules], /rules\.json: .*column/);
});

test("import and export know their formats", async () => {
  await refused(["export", "comm://a/b", "--format", "yaml"], /there are json, yjs-v1 and yjs-v2/);
  await refused(["export", "comm://a/b", "--format", "yjs-v1", "--root", "x"], /--root is for JSON/);
  await refused(["import", "comm://a/b", "board.txt"], /say --format/);
});

test("without a hub the message says how to start one", async () => {
  for (const args of [["ls"], ["get", "comm://a/b"], ["create", "comm://a/b"], ["set", "comm://a/b", "/n", "-5"],
    ["watch", "comm://a/b"], ["delete", "comm://a/b"], ["info", "comm://a/b"], ["export", "comm://a/b"]]) {
    const { status, stdout, stderr } = await run(args, nowhere);
    assert.equal(status, 1, args[0]);
    assert.equal(stdout, "");
    assert.match(stderr, /^syncline: no hub answers at ws:\/\/127\.0\.0\.1:1\b.*`syncline hub`.*\n$/);
  }
});

test("files that cannot be read or are not what they seem fail before anything is connected to", async () => {
  const directory = temporaryDirectory();
  const missing = await run(["import", "comm://a/b", join(directory, "none.json")], nowhere);
  assert.equal(missing.status, 1);
  assert.match(missing.stderr, /cannot read .*none\.json: No such file/);
  const folder = await run(["import", "comm://a/b", directory, "--format", "json"], nowhere);
  assert.match(folder.stderr, /is a directory/);
  const update = join(directory, "broken.yjs");
  writeFileSync(update, "this is no update");
  const broken = await run(["import", "comm://a/b", update], nowhere);
  assert.equal(broken.status, 1);
  assert.match(broken.stderr, /broken\.yjs is not a Yjs update/);
});
