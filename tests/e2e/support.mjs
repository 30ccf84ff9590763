// What the end-to-end scripts share: the command under test, hubs with a data directory of their
// own, and waiting for conditions with a deadline. Every script is called with the path of the
// command and is a node:test file of its own.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { WebSocket } from "ws";
import { Syncer } from "@syncline/client";

/** Milliseconds; generous, since a test that passes never waits for it. */
export const DEADLINE = 30_000;

export const command = process.argv[2];
if (!command) {
  console.error(`usage: node ${process.argv[1]} PATH-OF-SYNCLINE`);
  process.exit(2);
}

const children = new Set();
const directories = new Set();
process.on("exit", () => {
  for (const child of children) child.kill("SIGKILL");
  for (const directory of directories) rmSync(directory, { recursive: true, force: true });
});

export function temporaryDirectory() {
  const made = mkdtempSync(join(tmpdir(), "syncline-e2e-"));
  directories.add(made);
  return made;
}

/** Rejects when `promise` takes longer than the deadline; `what` says what was waited for. */
export function within(promise, what, ms = DEADLINE) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`after ${ms} ms still no ${what}`)), ms);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** Resolves when `condition` holds: asked now, and whenever `subscribe` calls back. */
export function when(condition, subscribe, what) {
  return within(
    new Promise((resolve) => {
      const check = () => condition() && resolve();
      subscribe(check);
      check();
    }),
    what,
  );
}

/** Resolves when `condition` holds for the object, asked at each of its changes. */
export function holds(object, condition, what) {
  return when(
    () => condition(object.toJSON()),
    (check) => ["changed", "rebuilt", "synced", "access"].forEach((name) => object.on(name, check)),
    what,
  );
}

/** A running process, line by line. */
export class Running {
  lines = [];
  stderr = "";
  #listeners = new Set();

  /** `input`: what its standard input holds; nothing by default. */
  constructor(args, env = {}, input = undefined) {
    this.name = `syncline ${args.join(" ")}`;
    const stdin = input === undefined ? "ignore" : "pipe";
    this.child = spawn(command, args, { env: { ...process.env, ...env }, stdio: [stdin, "pipe", "pipe"] });
    if (input !== undefined) this.child.stdin.end(input);
    children.add(this.child);
    let rest = "";
    this.child.stdout.setEncoding("utf8").on("data", (text) => {
      const lines = (rest + text).split("\n");
      rest = lines.pop();
      this.lines.push(...lines);
      this.#tell();
    });
    this.child.stderr.setEncoding("utf8").on("data", (text) => {
      this.stderr += text;
      this.#tell();
    });
    this.exited = new Promise((resolve) => {
      this.child.on("error", (error) => {
        this.stderr += String(error);
        resolve({ status: -1, signal: null });
      });
      this.child.on("close", (status, signal) => {
        children.delete(this.child);
        this.over = true;
        resolve({ status, signal });
        this.#tell();
      });
    });
  }

  #tell() {
    for (const listener of this.#listeners) listener();
  }

  /** Resolves to what `find` returns, once that is something; asked at each output. */
  async until(find, what) {
    let found;
    await when(
      () => {
        found = find(this);
        if (!found && this.over) throw new Error(`${this.name} ended: ${this.stderr}`);
        return found;
      },
      (check) => this.#listeners.add(check),
      `${what} from ${this.name}: ${this.stderr}`,
    );
    return found;
  }

  async stop(signal = "SIGTERM") {
    this.child.kill(signal);
    return within(this.exited, `end of ${this.name} after ${signal}`);
  }
}

/** Runs a command to its end. */
export async function run(args, env = {}, input = undefined) {
  const running = new Running(args, env, input);
  const { status } = await within(running.exited, `end of ${running.name}`);
  return { status, stdout: running.lines.join("\n"), stderr: running.stderr };
}

/** A hub (or the demo) on a free port, or the given one. */
export async function startHub({ data = temporaryDirectory(), port = 0, mode = "hub" } = {}) {
  const hub = new Running([mode, "--listen", `127.0.0.1:${port}`, "--data", data]);
  // The hub says so in its log, the demo in its introduction.
  const address = mode === "demo" ? /http:\/\/127\.0\.0\.1:(\d+)\// : /listening on 127\.0\.0\.1:(\d+)/;
  const [, number] = await hub.until(({ lines, stderr }) => address.exec(stderr + lines.join("\n")), "its address");
  hub.port = Number(number);
  hub.url = `ws://127.0.0.1:${number}`;
  hub.env = { SYNCLINE_HUB: hub.url };
  return hub;
}

export function syncer(hub, name) {
  return new Syncer({ identity: `hyperty://example.org/${name}`, url: hub.url, WebSocket });
}
