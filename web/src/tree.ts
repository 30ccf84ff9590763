// A JSON value as a live tree: rows are kept, values flash where they change, and numbers that
// move draw a line of their last values. A list of objects is a table.
import { flash, h } from "./dom";
import * as format from "./format";
import { Sparkline } from "./sparkline";

type Json = unknown;
type JsonObject = Record<string, Json>;

const isObject = (value: Json): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const isTable = (value: Json): value is JsonObject[] =>
  Array.isArray(value) && value.length > 0 && value.every(isObject);

/** One node that can show values of one kind. */
interface View {
  readonly element: HTMLElement;
  /** False: the value is of another kind, and wants another view. */
  show(value: Json): boolean;
}

class Leaf implements View {
  readonly element: HTMLElement;
  private readonly text = h("span", { class: "value" });
  private spark: Sparkline | null = null;
  private last: Json;

  constructor(private readonly key: string) {
    this.element = h("div", { class: "leaf" }, h("span", { class: "key" }, format.label(key)), this.text);
  }

  show(value: Json): boolean {
    if (isObject(value) || isTable(value)) return false;
    if (JSON.stringify(value) === JSON.stringify(this.last)) return true;
    const first = this.last === undefined;
    this.text.textContent = Array.isArray(value)
      ? value.map((item) => format.value(this.key, item)).join(" · ")
      : format.value(this.key, value);
    if (!first) {
      flash(this.text);
      if (typeof value === "number") this.draw(value);
    }
    this.last = value;
    return true;
  }

  private draw(value: number): void {
    // A clock that only counts up is no curve.
    if (/uptime|seconds$|time|_ms$/.test(this.key)) return;
    if (!this.spark) {
      this.spark = new Sparkline(72, 20);
      this.spark.push(this.last as number);
      this.element.insertBefore(this.spark.element, this.text);
    }
    this.spark.push(value);
  }
}

class Table implements View {
  readonly element: HTMLElement;
  private columns = "";
  private readonly head = h("tr");
  private readonly body = h("tbody");

  constructor(key: string) {
    const caption = h("caption", {}, format.label(key));
    const table = h("table", {}, caption, h("thead", {}, this.head), this.body);
    // Wide tables scroll by themselves, also by keyboard.
    this.element = h("div", { class: "table", tabindex: 0, role: "group", "aria-label": format.label(key) }, table);
  }

  show(value: Json): boolean {
    if (!isTable(value)) return false;
    const columns = Object.keys(value[0] ?? {});
    if (columns.join() !== this.columns) {
      this.columns = columns.join();
      this.head.replaceChildren(
        ...columns.map((name) => h("th", { scope: "col", class: numeric(value, name) }, format.label(name))),
      );
    }
    while (this.body.rows.length > value.length) this.body.deleteRow(-1);
    value.forEach((row, at) => {
      const line = this.body.rows[at] ?? this.body.insertRow();
      while (line.cells.length > columns.length) line.deleteCell(-1);
      columns.forEach((name, column) => {
        const cell = line.cells[column] ?? line.insertCell();
        const text = format.value(name, row[name] ?? null);
        cell.className = numeric(value, name);
        if (cell.textContent === text) return;
        const first = cell.textContent === "";
        cell.textContent = text;
        if (!first) flash(cell);
      });
    });
    return true;
  }
}

function numeric(rows: JsonObject[], name: string): string {
  return typeof rows[0]?.[name] === "number" ? "number" : "";
}

class Branch implements View {
  readonly element: HTMLElement;
  private readonly children: Members;

  constructor(key: string) {
    const inside = h("div", { class: "members" });
    this.children = new Members(inside);
    this.element = h("details", { class: "branch", open: true }, h("summary", {}, format.label(key)), inside);
  }

  show(value: Json): boolean {
    if (!isObject(value)) return false;
    this.children.show(value);
    return true;
  }
}

/** The members of one object, in its order. */
export class Members {
  private readonly views = new Map<string, View>();

  constructor(private readonly into: HTMLElement) {}

  show(value: JsonObject): void {
    for (const [key, view] of this.views) {
      if (key in value) continue;
      view.element.remove();
      this.views.delete(key);
    }
    for (const [key, item] of Object.entries(value)) {
      const known = this.views.get(key);
      if (known?.show(item)) continue;
      known?.element.remove();
      const view = isObject(item) ? new Branch(key) : isTable(item) ? new Table(key) : new Leaf(key);
      view.show(item);
      this.views.set(key, view);
      this.into.append(view.element);
    }
  }
}
