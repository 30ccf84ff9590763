// The board's list of steps: one row a Y.Map {text, done}.
import * as Y from "yjs";
import { setKeepingCursor } from "./board";
import { h } from "./dom";

type Write = (change: (data: Y.Map<any>) => void) => void;

interface Row {
  element: HTMLLIElement;
  done: HTMLInputElement;
  text: HTMLInputElement;
}

export class StepList {
  private readonly rows = new Map<Y.Map<any>, Row>();
  private readonly list = h("ul", { class: "steps", "aria-label": "Steps" });
  private readonly empty = h("p", { class: "empty" }, "No steps yet.");
  private readonly text = h("input", {
    type: "text",
    placeholder: "Add a step",
    "aria-label": "New step",
    autocomplete: "off",
    disabled: true,
  });
  private readonly button = h("button", { type: "submit", disabled: true }, "Add");
  private readonly progress = h("span", { title: "counted by the native side" });
  readonly element = h(
    "div",
    { class: "field" },
    h("span", { class: "label split" }, "Steps", this.progress),
    this.list,
    this.empty,
    h("form", { class: "add", onsubmit: (event) => this.add(event) }, this.text, this.button),
  );
  private steps: Y.Array<unknown> | null = null;

  constructor(private readonly write: Write) {}

  /** `value` is the member "steps"; anything but a list is shown as none. */
  show(value: unknown, progress: string): void {
    this.progress.textContent = progress;
    this.steps = value instanceof Y.Array ? value : null;
    this.text.disabled = this.button.disabled = value === undefined;
    const steps = this.steps?.toArray().filter((step): step is Y.Map<any> => step instanceof Y.Map) ?? [];
    for (const [step, row] of this.rows) {
      if (steps.includes(step)) continue;
      row.element.remove();
      this.rows.delete(step);
    }
    steps.forEach((step, index) => {
      const row = this.rows.get(step) ?? this.make(step);
      const done = step.get("done") === true;
      const text = String(step.get("text") ?? "");
      row.done.checked = done;
      row.element.classList.toggle("done", done);
      if (row.text.value !== text) setKeepingCursor(row.text, text);
      row.done.setAttribute("aria-label", `Done: ${text}`);
      // Moving an element takes its focus; rows that are in place stay.
      if (this.list.children[index] !== row.element) {
        this.list.insertBefore(row.element, this.list.children[index] ?? null);
      }
    });
    this.empty.hidden = steps.length > 0;
  }

  private make(step: Y.Map<any>): Row {
    const done = h("input", {
      type: "checkbox",
      onchange: () => this.write(() => step.set("done", done.checked)),
    });
    const text = h("input", {
      type: "text",
      "aria-label": "Step",
      autocomplete: "off",
      oninput: () => this.write(() => step.set("text", text.value)),
    });
    const remove = h(
      "button",
      { type: "button", class: "quiet", "aria-label": "Remove step", title: "Remove", onclick: () => this.remove(step) },
      "×",
    );
    const row = { element: h("li", {}, done, text, remove), done, text };
    this.rows.set(step, row);
    return row;
  }

  private add(event: SubmitEvent): void {
    event.preventDefault();
    const text = this.text.value.trim();
    if (text === "") return;
    this.text.value = "";
    const step = new Y.Map<unknown>([
      ["text", text],
      ["done", false],
    ]);
    this.write((data) => {
      if (this.steps) this.steps.push([step]);
      else data.set("steps", Y.Array.from([step] as any[]));
    });
  }

  private remove(step: Y.Map<any>): void {
    this.write(() => {
      const at = this.steps?.toArray().indexOf(step) ?? -1;
      if (at >= 0) this.steps?.delete(at);
    });
  }
}
