// Editors as users run them: CodeMirror, ProseMirror and Quill with their Yjs bindings and y-websocket, two of each in a
// room of the hub, both typing. What the hub's engine holds must be what they show.
import { window } from "../editors/dom.mjs"; // first: editors look for a page when they are loaded
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join as joinPath } from "node:path";
import test from "node:test";
import { WebSocket } from "ws";
import { WebsocketProvider } from "y-websocket";
import * as Y from "yjs";
import { CodeMirror } from "../editors/codemirror.mjs";
import { ProseMirror } from "../editors/prosemirror.mjs";
import { QuillEditor } from "../editors/quill.mjs";
import { Chance } from "../property/support.mjs";
import { run, startHub, temporaryDirectory, when } from "./support.mjs";

process.setMaxListeners(50);

const hub = await startHub();
const seed = Number(process.env.SYNCLINE_SEED ?? process.env.SYNCLINE_FIRST_SEED ?? Date.now() % 1e9);
console.log(`editors: seed ${seed}`);
const clients = new Set();

/** Two users of a room, whose documents begin alike. */
async function meet(room, Editor, beginning = () => {}) {
  const pair = [1, 2].map(() => {
    const doc = new Y.Doc();
    const provider = new WebsocketProvider(`${hub.url}/y`, room, doc, { WebSocketPolyfill: WebSocket, disableBc: true });
    return { doc, provider };
  });
  pair.forEach((client) => clients.add(client));
  for (const { provider } of pair) await when(() => provider.synced, (check) => provider.on("sync", check), "first sync");
  beginning(pair[0].doc);
  await equal(...pair);
  for (const client of pair) client.editor = new Editor(client.doc, { awareness: client.provider.awareness });
  return pair;
}

test.after(async () => {
  for (const { doc, provider, editor } of clients) {
    editor?.destroy();
    provider.destroy();
    doc.destroy();
  }
  await hub.stop();
  window.close();
});

/** A document with a state, and that state's bytes as Yjs writes them; undo managers keep what others forget. */
function read(update) {
  const doc = new Y.Doc();
  Y.applyUpdate(doc, update);
  return { doc, state: Buffer.from(Y.encodeStateAsUpdate(doc)).toString("base64") };
}
const stateOf = (doc) => read(Y.encodeStateAsUpdate(doc)).state;

const equal = (a, b) => when(
  () => stateOf(a.doc) === stateOf(b.doc),
  (check) => [a, b].forEach(({ doc }) => doc.on("update", check)),
  "equal documents",
);
async function converge(a, b) {
  await equal(a, b);
  assert.deepEqual(a.editor.content(), b.editor.content());
}

/** The document that the hub's engine holds. */
async function exported(room) {
  const file = joinPath(temporaryDirectory(), "room.update");
  const { status, stderr } = await run(["export", room, "--format", "yjs-v1", "-o", file], hub.env);
  assert.equal(status, 0, stderr);
  return read(readFileSync(file));
}

// Quill always shows a last line end: with this one the document has it, too.
const beginnings = { QuillEditor: (doc) => doc.getText("quill").insert(0, "\n") };

for (const Editor of [CodeMirror, ProseMirror, QuillEditor]) {
  test(`two users of ${Editor.name} and the hub hold the same`, async () => {
    const room = `editing with ${Editor.name}`;
    const chance = new Chance(seed);
    const style = Editor.style(chance);
    const [a, b] = await meet(room, Editor, beginnings[Editor.name]);
    for (let round = 0; round < 8; ++round) {
      for (let edit = 0; edit < 5; ++edit) {
        a.editor.edit(chance, style);
        b.editor.edit(chance, style);
      }
      await converge(a, b);
    }
    const held = await exported(room);
    assert.equal(held.state, stateOf(a.doc));
    assert.deepEqual(Editor.contentOf(held.doc), a.editor.content());
  });
}

test("what the shell writes is typed into CodeMirror", async () => {
  const [client, other] = await meet("a page", CodeMirror);
  client.editor.view.dispatch({ changes: { from: 0, insert: "Hello there" } });
  await converge(client, other); // so the hub has it
  const set = await run(["set", "a page", "", '"Hello world"', "--root", "text:text"], hub.env);
  assert.equal(set.status, 0, set.stderr);
  await when(() => client.editor.content() === "Hello world", (check) => client.doc.on("update", check), "the shell's words");
  const got = await run(["get", "a page", "--root", "text:text"], hub.env);
  assert.equal(got.stdout, '"Hello world"');
});
