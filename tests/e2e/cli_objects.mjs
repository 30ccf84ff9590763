// Objects from the command line: one hub, and a process for each question.
import assert from "node:assert/strict";
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import * as Y from "yjs";
import { run, Running, startHub, temporaryDirectory } from "./support.mjs";

let hub = await startHub();
test.after(() => hub.stop());

const as = (name) => ["--identity", `hyperty://example.org/${name}`];
const unique = (() => {
  let n = 0;
  return (name = "object") => `comm://example.org/${name}-${++n}`;
})();

/** Succeeds, and says nothing on standard error. */
async function ok(args, input) {
  const { status, stdout, stderr } = await run(args, hub.env, input);
  assert.equal(status, 0, `syncline ${args.join(" ")}: ${stderr}`);
  assert.equal(stderr, "");
  return stdout;
}

/** Fails with status 1 and one line. */
async function fails(args, why) {
  const { status, stdout, stderr } = await run(args, hub.env);
  assert.equal(status, 1, `syncline ${args.join(" ")}: ${stdout}${stderr}`);
  assert.equal(stdout, "");
  assert.match(stderr, /^syncline: .*\n$/);
  assert.match(stderr, why);
}

const json = async (args) => JSON.parse(await ok(args));

test("create, get, set and delete", async () => {
  const url = unique();
  assert.equal(await ok(["create", url, "--data", '{"title":"Plan","steps":["saw"]}']), "");
  assert.equal(await ok(["get", url]), '{"title":"Plan","steps":["saw"]}');
  assert.equal(await ok(["get", url, "/steps/0"]), '"saw"');
  await ok(["set", url, "/title", '"Plan B"']);
  await ok(["set", url, "/steps/-", '{"text":"nail","done":false}']);
  await ok(["set", url, "/steps/0", "-1.5"]);
  await ok(["set", url, "/n", "-5"]);
  await ok(["set", url, "/from", "-"], '["standard","input"]');
  assert.deepEqual(await json(["get", url, "", "--json"]), {
    title: "Plan B",
    steps: [-1.5, { text: "nail", done: false }],
    n: -5,
    from: ["standard", "input"],
  });
  await ok(["delete", url, "/steps/0"]);
  await ok(["delete", url, "/from"]);
  assert.deepEqual(await json(["get", url, "/steps"]), [{ text: "nail", done: false }]);
  await ok(["set", url, "", '{"fresh":true}']);
  assert.deepEqual(await json(["get", url]), { fresh: true });
  await ok(["delete", url]);
  await fails(["get", url], /deleted|gone/);
  await fails(["set", url, "/x", "1"], /deleted|gone/);
  await ok(["create", url]);
  assert.equal(await ok(["get", url]), "{}");
});

test("an object with a schema", async () => {
  const url = unique();
  const file = join(temporaryDirectory(), "schema.json");
  writeFileSync(file, '{"required":["title"],"properties":{"title":{"type":"string"}}}');
  await fails(["create", url, "--schema", file], /must have a member "title"/);
  await ok(["create", url, "--schema", file, "--data", '{"title":"Plan"}']);
  await fails(["set", url, "/title", "7"], /\/title must be a string, and is an integer/);
  await fails(["delete", url, "/title"], /must have a member "title" \(schema: \/required\)/);
  await ok(["set", url, "/title", '"Plan B"']);
  assert.deepEqual(await json(["get", url]), { title: "Plan B" });
  assert.deepEqual((await json(["info", url, "--json"])).schema.required, ["title"]);
  writeFileSync(file, '{"format":"email"}');
  const bad = await run(["create", unique(), "--schema", file], hub.env);
  assert.equal(bad.status, 2);
  assert.match(bad.stderr, /\/format is a keyword that Syncline does not check/);
});

test("data comes from standard input, too", async () => {
  const url = unique();
  await ok(["create", url, "--data", "-"], '{"a":[1,2,3]}');
  assert.deepEqual(await json(["get", url, "/a"]), [1, 2, 3]);
});

test("what is not there, or not possible there, is said", async () => {
  const url = unique();
  await ok(["create", url, "--data", '{"list":[1],"name":"x"}']);
  await fails(["create", url], /exists|already/);
  await fails(["get", "comm://example.org/nothing"], /no object at comm:\/\/example\.org\/nothing/);
  await fails(["delete", "comm://example.org/nothing"], /no object/);
  await fails(["info", "comm://example.org/nothing"], /no object/);
  await fails(["watch", "comm://example.org/nothing"], /no object/);
  await fails(["export", "comm://example.org/nothing"], /no object/);
  await fails(["get", url, "/no/such"], /no/);
  await fails(["set", url, "/no/such", "1"], /no/);
  await fails(["set", url, "/list/7", "1"], /./);
  await fails(["set", url, "/name/x", "1"], /name/);
});

test("live texts: set edits, --replace swaps, --text makes one", async () => {
  const url = unique();
  await ok(["create", url]);
  await ok(["set", url, "/notes", '"hello"', "--text"]);
  const kind = async () => {
    const doc = new Y.Doc();
    const file = join(temporaryDirectory(), "o.yjs");
    await ok(["export", url, "--format", "yjs-v1", "-o", file]);
    Y.applyUpdate(doc, readFileSync(file));
    return doc.getMap("data").get("notes").constructor.name;
  };
  assert.equal(await kind(), "YText");
  await ok(["set", url, "/notes", '"hello world"']);
  assert.equal(await kind(), "YText");
  assert.equal(await ok(["get", url, "/notes"]), '"hello world"');
  await ok(["set", url, "/notes", '"plain"', "--replace"]);
  assert.equal(await kind(), "String");
});

test("owner, open and private", async () => {
  const [owned, open, secret] = [unique("owned"), unique("open"), unique("secret")];
  await ok(["create", owned, ...as("alice")]);
  await ok(["create", open, "--access", "open", ...as("alice")]);
  await ok(["create", secret, "--access", "private", "--invite", "hyperty://example.org/bob", ...as("alice")]);
  await fails(["set", owned, "/x", "1", ...as("bob")], /hyperty:\/\/example\.org\/bob may not write/);
  await fails(["delete", owned, ...as("bob")], /may not/);
  assert.equal(await ok(["get", owned, ...as("bob")]), "{}");
  await ok(["set", open, "/x", "1", ...as("bob")]);
  await fails(["delete", open, ...as("bob")], /may not/);
  assert.equal(await ok(["get", secret, ...as("bob")]), "{}");
  await fails(["set", secret, "/x", "1", ...as("bob")], /may not/);
  await fails(["get", secret, ...as("carol")], /may not|no object/);
  const seen = await ok(["ls", "comm://example.org/secret-*", ...as("carol")]).catch(() => "");
  assert.doesNotMatch(seen, /secret/);
});

test("ls is a table for people and lines of JSON for programs", async () => {
  const url = unique("listed");
  await ok(["create", url, "--access", "open", ...as("alice")]);
  const table = (await ok(["ls"])).split("\n");
  assert.match(table[0], /^URL +OWNER +ACCESS$/);
  assert.ok(table.some((line) => new RegExp(`^${url} +hyperty://example\\.org/alice +open$`).test(line)), table.join("\n"));
  const lines = (await ok(["ls", "comm://*/listed-*", "--json"])).split("\n").map((line) => JSON.parse(line));
  assert.deepEqual(lines.map(({ url, owner, access }) => ({ url, owner, access })), [
    { url, owner: "hyperty://example.org/alice", access: "open" },
  ]);
  const none = await run(["ls", "none://**"], hub.env);
  assert.deepEqual([none.status, none.stdout], [0, ""]);
  assert.match(none.stderr, /no object matches/);
});

test("info tells owner, access, subscribers, sizes and roots", async () => {
  const url = unique();
  await ok(["create", url, "--data", '{"a":1}', ...as("alice")]);
  const about = await json(["info", url, "--json"]);
  assert.equal(about.owner, "hyperty://example.org/alice");
  assert.equal(about.access, "owner");
  assert.equal(about.subscribers, 0);
  assert.ok(about.bytes > 0);
  assert.deepEqual(about.roots, { data: "map" });
  const shown = await ok(["info", url]);
  assert.match(shown, /^owner +hyperty:\/\/example\.org\/alice$/m);
  assert.match(shown, /^state vector +\{/m);
  assert.match(shown, /^created +20\d\d-/m);
});

test("rooms of plain Yjs clients by their names, and their roots", async () => {
  await ok(["create", "my room/2", "--access", "open"]);
  assert.match(await ok(["ls", "yjs://**"]), /yjs:\/\/local\/my%20room\/2/);
  const doc = new Y.Doc();
  doc.getText("notes").insert(0, "draft");
  doc.getArray("list").push([1, { two: 2 }]);
  doc.getXmlFragment("page").insert(0, [new Y.XmlElement("p")]);
  const file = join(temporaryDirectory(), "room.yjs");
  writeFileSync(file, Y.encodeStateAsUpdate(doc));
  await ok(["import", "my room/2", file]);
  const room = ["yjs://local/my%20room/2"];
  assert.equal(await ok(["get", ...room, "--root", "notes:text"]), '"draft"');
  assert.deepEqual(await json(["get", "my room/2", "/1/two", "--root", "list:array"]), 2);
  await ok(["set", ...room, "/0", "[]", "--root", "list:array"]);
  await ok(["set", ...room, "", '"draft two"', "--root", "notes:text"]);
  assert.equal(await ok(["export", ...room, "--root", "notes:text"]), '"draft two"');
  assert.deepEqual(await json(["get", ...room, "--root", "list:array"]), [[], { two: 2 }]);
  const { roots } = await json(["info", ...room, "--json"]);
  assert.deepEqual(roots, { notes: "text", list: "array", page: "unknown" });
});

test("export and import of JSON", async () => {
  const [from, to] = [unique(), unique()];
  const tree = { title: "Plan", steps: [{ text: "ä 😀", done: false }], deep: { er: [[]] } };
  await ok(["create", from, "--data", JSON.stringify(tree)]);
  const directory = temporaryDirectory();
  const file = join(directory, "board.json");
  assert.equal(await ok(["export", from, "-o", file]), "");
  assert.deepEqual(JSON.parse(readFileSync(file, "utf8")), tree);
  assert.deepEqual(readdirSync(directory), ["board.json"], "no half-written file stays");
  assert.deepEqual(JSON.parse(await ok(["export", from])), tree);
  await ok(["import", to, file, "--access", "open", ...as("alice")]);
  assert.deepEqual(await json(["get", to]), tree);
  await ok(["set", to, "/title", '"by bob"', ...as("bob")]);
  await fails(["import", to, file], /exists|already/);
  await fails(["export", from, "-o", join(directory, "none", "x.json")], /cannot write .*No such file/);
});

test("export and import of Yjs updates; importing into an object merges", async () => {
  const [from, to] = [unique(), unique()];
  await ok(["create", from, "--data", '{"a":1}']);
  const file = join(temporaryDirectory(), "object.yjs");
  await ok(["export", from, "--format", "yjs-v1", "-o", file]);
  await ok(["import", to, file]);
  assert.deepEqual(await json(["get", to]), { a: 1 });
  const doc = new Y.Doc();
  Y.applyUpdate(doc, readFileSync(file));
  assert.deepEqual(doc.getMap("data").toJSON(), { a: 1 });
  doc.getMap("data").set("b", new Y.Array());
  writeFileSync(file, Y.encodeStateAsUpdate(doc));
  await ok(["import", to, file]);
  assert.deepEqual(await json(["get", to]), { a: 1, b: [] });
  doc.getMap("data").set("c", 3);
  writeFileSync(file, Y.encodeStateAsUpdate(doc));
  await fails(["import", to, file, ...as("mallory")], /let hyperty:\/\/example\.org\/mallory read only/);
  assert.deepEqual(await json(["get", to]), { a: 1, b: [] });
});

test("export and import of Yjs updates in format 2", async () => {
  const [from, to] = [unique(), unique()];
  await ok(["create", from, "--data", '{"a":[1,{"b":"ä"}]}']);
  const file = join(temporaryDirectory(), "object.yjs-v2");
  await ok(["export", from, "--format", "yjs-v2", "-o", file]);
  const doc = new Y.Doc();
  Y.applyUpdateV2(doc, readFileSync(file));
  assert.deepEqual(doc.getMap("data").toJSON(), { a: [1, { b: "ä" }] });
  doc.getMap("data").set("c", 3);
  writeFileSync(file, Y.encodeStateAsUpdateV2(doc));
  await ok(["import", to, file]);
  assert.deepEqual(await json(["get", to]), { a: [1, { b: "ä" }], c: 3 });
  writeFileSync(file, Y.encodeStateAsUpdate(doc));
  await fails(["import", unique(), file], /is not a Yjs update of that format/);
});

test("watch prints a line for each change at or below the pointer", async () => {
  const url = unique();
  await ok(["create", url, "--access", "open", "--data", '{"title":"Plan","steps":["saw"],"deep":{"er":{"x":1}}}']);
  const all = new Running(["watch", url], hub.env);
  const deep = new Running(["watch", url, "/deep/er"], hub.env);
  for (const watch of [all, deep]) await watch.until(({ stderr }) => stderr.includes("watching"), "its beginning");
  await ok(["set", url, "/title", '"B"', ...as("bob")]);
  await ok(["set", url, "/steps/-", '"nail"', ...as("bob")]);
  await ok(["set", url, "/deep/er/x", "2", ...as("bob")]);
  await ok(["set", url, "/deep/new", "{}", ...as("bob")]);
  await ok(["delete", url, "/deep/er/x", ...as("bob")]);
  const by = { by: "hyperty://example.org/bob", local: false };
  const expected = [
    { type: "update", path: ["title"], old: "Plan", new: "B", ...by },
    { type: "splice", path: ["steps"], index: 1, removed: [], inserted: ["nail"], ...by },
    { type: "update", path: ["deep", "er", "x"], old: 1, new: 2, ...by },
    { type: "add", path: ["deep", "new"], new: {}, ...by },
    { type: "delete", path: ["deep", "er", "x"], old: 2, ...by },
  ];
  await all.until(({ lines }) => lines.length >= 5, "five lines");
  assert.deepEqual(all.lines.map((line) => JSON.parse(line)), expected);
  await deep.until(({ lines }) => lines.length >= 2, "two lines");
  assert.deepEqual(deep.lines.map((line) => JSON.parse(line)), [expected[2], expected[4]]);
  assert.equal((await all.stop("SIGINT")).status, 0);
  assert.equal((await deep.stop("SIGTERM")).status, 0);
});

test("watch follows another root, and says when the object is deleted", async () => {
  const url = unique();
  const doc = new Y.Doc();
  doc.getText("notes").insert(0, "draft");
  const file = join(temporaryDirectory(), "room.yjs");
  writeFileSync(file, Y.encodeStateAsUpdate(doc));
  await ok(["import", url, file, "--access", "open"]);
  const watch = new Running(["watch", url, "--root", "notes:text"], hub.env);
  await watch.until(({ stderr }) => stderr.includes("watching"), "its beginning");
  await ok(["set", url, "/elsewhere", "1"]);
  await ok(["set", url, "", '"drafts"', "--root", "notes:text", ...as("bob")]);
  await watch.until(({ lines }) => lines.length > 0, "a line");
  assert.deepEqual(JSON.parse(watch.lines[0]), {
    type: "splice", path: [], index: 5, removed: "", inserted: "s", by: "hyperty://example.org/bob", local: false,
  });
  await ok(["delete", url]);
  assert.equal((await watch.exited).status, 1);
  assert.match(watch.stderr, /deleted|gone/);
});

test("watch survives the hub's restart", async () => {
  const data = temporaryDirectory();
  const own = await startHub({ data });
  const url = unique();
  await run(["create", url, "--access", "open"], own.env);
  const watch = new Running(["watch", url], own.env);
  await watch.until(({ stderr }) => stderr.includes("watching"), "its beginning");
  await own.stop();
  await watch.until(({ stderr }) => stderr.includes("lost the hub"), "its complaint");
  const again = await startHub({ data, port: own.port });
  await run(["set", url, "/x", "1"], again.env);
  await watch.until(({ lines }) => lines.length > 0, "the change after the restart");
  assert.match(watch.stderr, /is back/);
  assert.equal((await watch.stop("SIGINT")).status, 0);
  assert.equal((await again.stop()).status, 0);
});
