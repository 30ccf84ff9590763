// "Shared board": a title, steps and notes that every page and program edits at once.
import type { DataObject, Syncer } from "@syncline/client";
import * as Y from "yjs";
import { h } from "./dom";
import { Editor } from "./editor";
import { BOARD, follow } from "./objects";
import { StepList } from "./steps";

export class Board {
  private readonly title = h("input", {
    id: "board-title-input",
    type: "text",
    autocomplete: "off",
    disabled: true,
    oninput: () => this.write((data) => data.set("title", this.title.value)),
  });
  private readonly steps = new StepList((change) => this.write(change));
  private readonly editor = new Editor();
  private readonly facts = h("p", { class: "facts" }, "waiting for the object");
  private readonly saved = h("span", { class: "saved", role: "status" });
  private object: DataObject | null = null;

  constructor(
    into: HTMLElement,
    private readonly syncer: Syncer,
    hub: string,
    private readonly user: { name: string; color: string; colorLight: string },
    private readonly peersChanged: (count: number) => void,
  ) {
    into.append(
      h("header", {}, h("div", {}, h("h2", { id: "board-title" }, "Shared board"), this.facts), this.saved),
      h("div", { class: "field" }, h("label", { for: this.title.id }, "Title"), this.title),
      this.steps.element,
      h("div", { class: "field" }, h("span", { class: "label", id: "notes-label" }, "Notes"), this.editor.element),
      terminalHint(hub),
    );
    follow(
      syncer,
      BOARD,
      (object) => this.follow(object),
      (error) => this.missing(error.code === 404 || error.code === 410, error.message),
    );
  }

  private follow(object: DataObject): void {
    this.object = object;
    this.facts.replaceChildren(h("code", {}, object.url), " is open: everybody writes.");
    this.title.disabled = false;
    object.on("changed", () => this.show());
    object.on("pending", () => this.showPending());
    object.on("synced", () => this.showPending());
    object.on("rebuilt", () => this.bind());
    this.bind();
  }

  /** Takes the object's document into use; it is another one after a refusal. */
  private bind(): void {
    const { object } = this;
    if (!object) return;
    const { awareness } = object;
    awareness.setLocalState({ user: this.user });
    const count = (): void => this.peersChanged(awareness.getStates().size);
    awareness.on("change", count);
    count();
    this.show();
  }

  private show(): void {
    const { object } = this;
    if (!object) return;
    const title = String(object.data.get("title") ?? "");
    if (this.title.value !== title) setKeepingCursor(this.title, title);
    this.steps.show(object.data.get("steps"), progress(object.toJSON()["progress"]));
    this.editor.show(object.data.get("notes"), object.awareness);
    this.showPending();
  }

  private showPending(): void {
    const pending = this.object?.pending ?? 0;
    this.saved.textContent = pending === 0 ? "stored" : `${pending} not stored yet`;
    this.saved.classList.toggle("pending", pending > 0);
  }

  private write(change: (data: Y.Map<any>) => void): void {
    this.object?.transact(change);
  }

  private missing(absent: boolean, message: string): void {
    this.object = null;
    this.title.disabled = true;
    this.steps.show(undefined, "");
    this.editor.show(undefined, null);
    this.facts.replaceChildren(absent ? "This hub has no board yet. " : message);
    if (absent) {
      const create = h("button", { type: "button", onclick: () => void this.create() }, "Create it");
      this.facts.append(create);
    }
  }

  private async create(): Promise<void> {
    const initial = { title: "Our plan", steps: [], notes: new Y.Text() };
    // Somebody else may be faster; then this page finds theirs.
    await this.syncer.create(BOARD, initial, { access: "open" }).catch(() => {});
  }
}

/** The native hyperty counts the steps: its answer to each change. */
function progress(value: unknown): string {
  const { done, total } = (value ?? {}) as { done?: unknown; total?: unknown };
  return typeof done === "number" && typeof total === "number" ? `${done} of ${total} done` : "";
}

/** How to change the same object from a terminal. */
function terminalHint(hub: string): HTMLElement {
  const where = hub === "ws://127.0.0.1:4455" ? "" : `SYNCLINE_HUB=${hub} `;
  const command = `${where}build/release/syncline set ${BOARD} /title '"From the terminal"'`;
  const copy = h(
    "button",
    {
      type: "button",
      class: "quiet",
      onclick: () => void navigator.clipboard.writeText(command).then(() => (copy.textContent = "Copied")),
    },
    "Copy",
  );
  return h(
    "div",
    { class: "terminal" },
    h("span", {}, "From a terminal:"),
    h("code", { tabindex: 0 }, command),
    copy,
  );
}

/** Sets an input's text; the cursor keeps its place from the nearer unchanged end. */
export function setKeepingCursor(input: HTMLInputElement, text: string): void {
  const before = input.value;
  const focused = document.activeElement === input;
  const start = input.selectionStart ?? 0;
  const end = input.selectionEnd ?? 0;
  input.value = text;
  if (!focused) return;
  let same = 0;
  while (same < before.length && before[same] === text[same]) same++;
  const shift = (at: number): number => (at <= same ? at : Math.max(same, at + text.length - before.length));
  input.setSelectionRange(shift(start), shift(end));
}
