// "This machine": the live tree of an object that only its native owner may write, and an attempt
// to write it all the same.
import type { DataObject, Syncer } from "@syncline/client";
import { flash, h } from "./dom";
import * as format from "./format";
import { follow, MACHINE } from "./objects";
import { Sparkline } from "./sparkline";
import { Members } from "./tree";

/** Figures worth a tile of their own: the first number whose pointer matches. */
const TILES: [string, RegExp][] = [
  ["Processor", /cpu.*(percent|usage|busy|load)/],
  ["Memory", /mem.*used/],
  ["Load", /load/],
  ["Network in", /net.*(rx|receiv|in_|down)/],
];

class Tile {
  readonly element: HTMLElement;
  private readonly number = h("strong");
  private readonly spark = new Sparkline(120, 34);

  constructor(
    name: string,
    readonly pointer: string,
  ) {
    this.element = h("div", { class: "tile" }, h("span", {}, name), this.number, this.spark.element);
  }

  show(sample: number): void {
    const text = format.value(this.pointer.slice(this.pointer.lastIndexOf("/") + 1), sample);
    if (this.number.textContent !== text && this.number.textContent !== "") flash(this.number);
    this.number.textContent = text;
    this.spark.push(sample);
  }
}

export class Machine {
  private readonly facts = h("p", { class: "facts" }, "waiting for the object");
  private readonly tiles = h("div", { class: "tiles" });
  private readonly tree = h("div", { class: "tree" });
  private readonly verdict = h("div", { class: "verdict", role: "status", "aria-live": "polite" });
  private readonly button = h(
    "button",
    { type: "button", class: "danger", disabled: true, onclick: () => this.attempt() },
    "Try to write it",
  );
  private members = new Members(this.tree);
  private shown: Tile[] = [];
  private object: DataObject | null = null;

  constructor(into: HTMLElement, syncer: Syncer) {
    into.append(
      h("header", {}, h("div", {}, h("h2", { id: "machine-title" }, "This machine"), this.facts), this.button),
      this.verdict,
      this.tiles,
      this.tree,
    );
    follow(
      syncer,
      MACHINE,
      (object) => this.follow(object),
      (error) => {
        this.button.disabled = true;
        this.facts.replaceChildren(
          error.code === 404 || error.code === 410
            ? "Nobody publishes this machine's figures on this hub; `syncline demo` does."
            : error.message,
        );
      },
    );
  }

  private follow(object: DataObject): void {
    this.object = object;
    this.button.disabled = false;
    this.facts.replaceChildren(
      h("code", {}, object.url),
      " is written by ",
      h("code", {}, object.owner),
      " alone; this is a live copy.",
    );
    object.on("changed", () => this.show());
    object.on("rebuilt", () => this.show());
    object.on("refused", ({ error, paths }) => {
      this.verdict.classList.add("refused");
      this.verdict.replaceChildren(
        h("strong", {}, `Refused: ${error.code} ${error.reason}`),
        h("span", {}, error.message),
        h(
          "small",
          {},
          [paths.length > 0 && `at ${paths.join(", ")}`, error.rule && `rule: ${error.rule}`, "the change is undone here"]
            .filter(Boolean)
            .join(" · "),
        ),
      );
      flash(this.verdict);
      this.show();
    });
    this.show();
  }

  /** Writes past the local check, as a forged program would: the room has the last word. */
  private attempt(): void {
    const { object } = this;
    if (!object) return;
    this.verdict.classList.remove("refused");
    this.verdict.replaceChildren(h("span", {}, "written here; the hub decides …"));
    object.doc.transact(() => object.data.set("graffiti", "this page was here"));
  }

  private show(): void {
    if (!this.object) return;
    const value = this.object.toJSON();
    this.members.show(value);
    const numbers = [...leaves(value)];
    if (this.shown.length < TILES.length) this.choose(numbers);
    for (const tile of this.shown) {
      const found = numbers.find(([pointer]) => pointer === tile.pointer);
      if (found) tile.show(found[1]);
    }
  }

  private choose(numbers: [string, number][]): void {
    const tiles = TILES.flatMap(([name, pattern]) => {
      const found = numbers.find(([pointer]) => pattern.test(pointer.toLowerCase()));
      if (!found) return [];
      return [this.shown.find(({ pointer }) => pointer === found[0]) ?? new Tile(name, found[0])];
    });
    if (tiles.length === this.shown.length) return;
    this.shown = tiles;
    this.tiles.replaceChildren(...tiles.map(({ element }) => element));
  }
}

/** Every number below objects, with its JSON pointer. */
function* leaves(value: unknown, pointer = ""): Generator<[string, number]> {
  if (typeof value === "number") yield [pointer, value];
  if (Array.isArray(value)) {
    if (typeof value[0] === "number") yield [`${pointer}/0`, value[0]];
  } else if (typeof value === "object" && value !== null) {
    for (const [key, item] of Object.entries(value)) yield* leaves(item, `${pointer}/${key}`);
  }
}
