// The demo page in a real browser (Debian's Chromium): two tabs, the command line, a refused write
// and the sequence chart.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import test from "node:test";
import { chromium } from "playwright-core";
import { DEADLINE, run, startHub } from "./support.mjs";

const executablePath = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find(existsSync);
assert.ok(executablePath, "no Chromium on this machine: install the package chromium");

const demo = await startHub({ mode: "demo" });
const browser = await chromium.launch({
  executablePath,
  chromiumSandbox: false,
  args: ["--disable-background-networking", "--disable-gpu"],
});
const complaints = [];

async function tab() {
  const context = await browser.newContext();
  const page = await context.newPage();
  page.setDefaultTimeout(DEADLINE);
  page.on("pageerror", (error) => complaints.push(String(error.stack)));
  page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
  page.on("request", (request) => {
    const { hostname, protocol } = new URL(request.url());
    if (hostname !== "127.0.0.1" && protocol !== "data:") complaints.push(`asked outside: ${request.url()}`);
  });
  await page.goto(`http://127.0.0.1:${demo.port}/`);
  assert.ok(await page.locator("#board").count(), "this binary was built without the page: build/web comes before CMake");
  await page.locator('#state[data-state="connected"]').waitFor();
  return page;
}

const a = await tab();
const b = await tab();
const title = (page) => page.getByLabel("Title", { exact: true });
const notes = (page) => page.locator("#board .cm-content");
/** Asks at each frame, each time anew: what a locator finds can become another element. */
async function eventually(page, condition, what) {
  const deadline = Date.now() + DEADLINE;
  while (!(await condition())) {
    assert.ok(Date.now() < deadline, `still not: ${what}`);
    await page.evaluate(() => new Promise(requestAnimationFrame));
  }
}
const valueIs = (locator, text) =>
  eventually(locator.page(), async () => (await locator.inputValue()) === text, `"${text}" in the page`);

test.after(async () => {
  await browser.close();
  await demo.stop();
});

test("the page comes from the binary, closed to the outside, and is not sent twice", async () => {
  const url = `http://127.0.0.1:${demo.port}/`;
  const first = await fetch(url);
  assert.match(first.headers.get("content-security-policy"), /default-src 'none'/);
  const again = await fetch(url, { headers: { "If-None-Match": first.headers.get("etag") } });
  assert.equal(again.status, 304);
  const [asset] = (await first.text()).match(/\/assets\/[^"]*\.js/);
  assert.match((await fetch(new URL(asset, url))).headers.get("cache-control"), /immutable/);
});

test("the title typed in one tab appears in the other", async () => {
  await title(a).fill("From tab A");
  await valueIs(title(b), "From tab A");
  await title(b).fill("From tab B");
  await valueIs(title(a), "From tab B");
});

test("steps are added, ticked, edited and removed together", async () => {
  await b.getByLabel("New step").fill("Bring the map");
  await b.getByRole("button", { name: "Add" }).click();
  const inA = a.locator("#board .steps li").last();
  await valueIs(inA.locator("input[type=text]"), "Bring the map");
  await inA.locator("input[type=checkbox]").check();
  await b.locator("#board .steps li.done").last().waitFor();
  await inA.locator("input[type=text]").fill("Bring two maps");
  await valueIs(b.locator("#board .steps li").last().locator("input[type=text]"), "Bring two maps");
  const before = await b.locator("#board .steps li").count();
  await inA.getByRole("button", { name: "Remove step" }).click();
  await b.waitForFunction((n) => document.querySelectorAll("#board .steps li").length === n, before - 1);
});

test("both type in the notes, and see each other's cursor", async () => {
  await notes(a).click();
  await a.keyboard.press("Control+Home");
  await a.keyboard.type("alpha ");
  await notes(b).getByText("alpha").first().waitFor();
  await notes(b).click();
  await b.keyboard.press("Control+End");
  await b.keyboard.type(" omega");
  await notes(a).getByText("omega").first().waitFor();
  await a.locator(".cm-ySelectionCaret").first().waitFor();
  // What is typed at the same time converges.
  await Promise.all([a.keyboard.type("one two three"), b.keyboard.type("four five six")]);
  // A cursor is drawn inside the text; its label and its word joiners are no part of it.
  const textOf = (page) =>
    notes(page).evaluate((content) => {
      const copy = content.cloneNode(true);
      copy.querySelectorAll(".cm-ySelectionCaret").forEach((caret) => caret.remove());
      return copy.textContent;
    });
  const complete = (text) => text.includes("one two three") && text.includes("four five six");
  const same = async () => {
    const [left, right] = await Promise.all([textOf(a), textOf(b)]);
    return left === right && complete(left);
  };
  await eventually(a, same, "the same notes in both tabs");
});

test("the machine's figures change by themselves", async () => {
  await a.locator("#machine .tile").first().waitFor();
  const before = await a.locator("#machine .tree").textContent();
  await a.waitForFunction((old) => document.querySelector("#machine .tree").textContent !== old, before);
});

test("writing the machine's object is refused, said, and undone", async () => {
  await a.getByRole("button", { name: "Try to write it" }).click();
  const verdict = a.locator("#machine .verdict.refused");
  await verdict.waitFor();
  assert.match(await verdict.textContent(), /Refused: 403/);
  assert.doesNotMatch(await a.locator("#machine .tree").textContent(), /graffiti/);
  assert.doesNotMatch(await b.locator("#machine .tree").textContent(), /graffiti/);
  const got = await run(["get", "comm://local/machine", "/graffiti"], demo.env);
  assert.equal(got.status, 1);
  // The copy lives on after it.
  const before = await a.locator("#machine .tree").textContent();
  await a.waitForFunction((old) => document.querySelector("#machine .tree").textContent !== old, before);
});

test("the command line changes the object both tabs show", async () => {
  const set = await run(["set", "comm://local/board", "/title", '"From the terminal"'], demo.env);
  assert.equal(set.status, 0, set.stderr);
  await Promise.all([a, b].map((page) => valueIs(title(page), "From the terminal")));
  await title(b).fill("Back in tab B");
  await valueIs(title(a), "Back in tab B");
  await b.locator("#board .saved", { hasText: "stored" }).waitFor();
  const got = await run(["get", "comm://local/board", "/title"], demo.env);
  assert.equal(got.stdout, '"Back in tab B"');
});

test("the sequence chart shows a change of either side as the seed does", async () => {
  await a.locator("#chart select").selectOption("board");
  await title(a).fill("Drawn");
  const drawn = (page) => page.locator("#chart .arrow title").allTextContents();
  const last = a.locator("#chart .arrow title", { hasText: "Object A → Hyperty 1: report change" });
  await last.first().waitFor({ state: "attached" });
  const words = (lines) => lines.map((line) => line.replace(/ \(.*/, ""));
  assert.deepEqual(words(await drawn(a)), [
    "Hyperty 2 → Object A: change",
    "Object A → Syncer 2: report change",
    "Syncer 2 → Hub: post report change",
    "Hub → Syncer 2: acknowledge",
    "Hub → Syncer 1: post report change",
    "Syncer 1 → Object A: change",
    "Object A → Hyperty 1: report change",
  ]);
  await a.locator("#chart select").selectOption("all");
  await a.locator("#chart select").selectOption("board");
  await title(b).fill("Drawn too");
  const theirs = a.locator("#chart .arrow title", { hasText: "Object A → Hyperty 2: report change" });
  await theirs.first().waitFor({ state: "attached" });
  assert.deepEqual(words(await drawn(a)).slice(0, 6), [
    "Hyperty 1 → Object A: change",
    "Object A → Syncer 1: report change",
    "Syncer 1 → Hub: post report change",
    "Hub → Syncer 2: post report change",
    "Syncer 2 → Object A: change",
    "Object A → Hyperty 2: report change",
  ]);
  await a.locator("#chart select").selectOption("machine");
  await a.locator("#chart .arrow.machine").nth(5).waitFor({ state: "attached" });
});

test("nothing complained, and nothing was asked for outside", () => assert.deepEqual(complaints, []));

test("without the hub the page says so", async () => {
  await demo.stop();
  await a.locator("#banner", { hasText: "The hub cannot be reached" }).waitFor();
  await title(a).fill("Typed while offline");
  await a.locator("#board .saved.pending").waitFor();
});
