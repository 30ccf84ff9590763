// The message sequence chart: every change as the arrows it takes from one hyperty to the other,
// drawn as the messages are traced. What happens in this page is drawn as it happens; the other
// side's arrows follow from the message's author and the hub's acknowledgement, and are paler.
import type { Trace } from "@syncline/client";
import { h, svg } from "./dom";
import { short } from "./format";
import { MACHINE } from "./objects";

const LANES = [
  ["Hyperty 1", "native, or another page"],
  ["Object A", "instance 1"],
  ["Syncer 1", ""],
  ["Hub", "bus and room"],
  ["Syncer 2", ""],
  ["Object A", "instance 2"],
  ["Hyperty 2", "this page"],
] as const;
const [HYPERTY_1, OBJECT_1, SYNCER_1, HUB, SYNCER_2, OBJECT_2, HYPERTY_2] = [0, 1, 2, 3, 4, 5, 6];

/** The lanes of this page's participants. */
const HERE = { hyperty: HYPERTY_2, object: OBJECT_2, syncer: SYNCER_2, bus: HUB } as const;

/** Messages on the chart; older ones leave at the top. */
const MESSAGES_MAX = 30;
/** Milliseconds between the machine's changes that are drawn while the board's are shown too. */
const MACHINE_EVERY = 4000;
const ROW = 30;
const TOP = 10;

interface Arrow {
  from: number;
  to: number;
  message: string;
  url: string;
  by: string;
  /** Known from what came, not seen here. */
  inferred: boolean;
  refused: boolean;
}

type Filter = "all" | "board" | "machine";

export class Chart {
  private readonly svg = svg("svg", { role: "img", "aria-label": "Message sequence chart" });
  private readonly lanes = svg("g", { class: "lanes" });
  private readonly rows = svg("g", { class: "rows" });
  private readonly scroller: HTMLElement;
  private readonly empty = h("p", { class: "empty" }, "Waiting for a change. Make one on the board.");
  private readonly pauseButton = h(
    "button",
    { type: "button", "aria-pressed": "false", onclick: () => this.pause(!this.paused) },
    "Pause",
  );
  private arrows: Arrow[] = [];
  private paused = false;
  private missed = 0;
  private filter: Filter = "all";
  private machineDrawnAt = 0;
  private drawingMachine = false;
  private width = 0;

  /** `me`: this page's identity. */
  constructor(
    into: HTMLElement,
    private readonly me: string,
  ) {
    const heads = LANES.map(([name, what]) => h("div", {}, h("b", {}, name), h("span", {}, what)));
    const canvas = h("div", { class: "canvas" }, h("div", { class: "heads" }, ...heads), this.svg, this.empty);
    this.scroller = h("div", { class: "scroller", tabindex: 0, role: "group", "aria-label": "Sequence chart" }, canvas);
    into.append(
      h(
        "header",
        {},
        h(
          "div",
          {},
          h("h2", { id: "chart-title" }, "Message sequence"),
          h(
            "p",
            { class: "facts" },
            "How a change in one copy reaches the other. Solid: traced in this page. Pale: the other side.",
          ),
        ),
        h("div", { class: "controls" }, this.filterControl(), this.pauseButton),
      ),
      this.scroller,
    );
    this.svg.append(arrowHeads(), this.lanes, this.rows);
    new ResizeObserver(() => this.layout()).observe(this.scroller);
  }

  /** One step of a change, as the page's syncer traces it. */
  trace(step: Trace): void {
    if (!this.wanted(step)) return;
    const { url, by, message } = step;
    const far = (from: number, to: number, word: string): void =>
      this.add({ from, to, message: word, url, by, inferred: true, refused: false });
    const here = (): void => {
      const refused = message.startsWith("refuse");
      this.add({ from: HERE[step.from], to: HERE[step.to], message, url, by, inferred: false, refused });
    };
    if (step.from === "bus" && message === "post report change") {
      far(HYPERTY_1, OBJECT_1, "change");
      far(OBJECT_1, SYNCER_1, "report change");
      far(SYNCER_1, HUB, "post report change");
      here();
    } else if (message === "acknowledge") {
      // The hub has it: it goes to the other side at the same time.
      here();
      far(HUB, SYNCER_1, "post report change");
      far(SYNCER_1, OBJECT_1, "change");
      far(OBJECT_1, HYPERTY_1, "report change");
    } else {
      here();
    }
  }

  /** In "all", the machine's many changes are thinned, or the board's would be lost among them. */
  private wanted(step: Trace): boolean {
    const machine = step.url === MACHINE;
    if (this.filter === "machine") return machine;
    if (!machine) return true;
    if (this.filter === "board") return false;
    if (step.by === this.me) return true; // an attempt to write it
    if (step.from === "bus") {
      this.drawingMachine = step.at - this.machineDrawnAt >= MACHINE_EVERY;
      if (this.drawingMachine) this.machineDrawnAt = step.at;
    }
    return this.drawingMachine;
  }

  private add(arrow: Arrow): void {
    if (this.paused) {
      this.missed++;
      this.pauseButton.textContent = `Resume (${this.missed} missed)`;
      return;
    }
    const following = this.following();
    this.empty.hidden = true;
    this.arrows.push(arrow);
    this.rows.append(this.draw(arrow));
    if (this.arrows.length > MESSAGES_MAX) {
      this.arrows.shift();
      this.rows.firstElementChild?.remove();
    }
    this.place(following);
  }

  private pause(paused: boolean): void {
    this.paused = paused;
    this.missed = 0;
    this.pauseButton.textContent = paused ? "Resume" : "Pause";
    this.pauseButton.setAttribute("aria-pressed", String(paused));
  }

  private filterControl(): HTMLElement {
    const options = (["all", "board", "machine"] as const).map((name) =>
      h("option", { value: name }, { all: "Both objects", board: "The board", machine: "This machine" }[name]),
    );
    const select = h("select", {
      onchange: () => {
        this.filter = select.value as Filter;
        this.arrows = [];
        this.rows.replaceChildren();
        this.empty.hidden = false;
        this.place(true);
      },
    });
    select.append(...options);
    return h("label", {}, h("span", { class: "hidden" }, "Changes of"), select);
  }

  // ---- Drawing ----

  private x(lane: number): number {
    return ((lane + 0.5) * this.width) / LANES.length;
  }

  private layout(): void {
    this.width = this.svg.getBoundingClientRect().width;
    if (this.width === 0) return;
    this.lanes.replaceChildren(
      ...LANES.map((_, lane) =>
        svg("line", { x1: this.x(lane), x2: this.x(lane), y1: 0, y2: "100%", class: lane === HUB ? "lane hub" : "lane" }),
      ),
    );
    this.rows.replaceChildren(...this.arrows.map((arrow) => this.draw(arrow)));
    for (const row of this.rows.children) row.classList.add("old");
    this.place(this.following());
  }

  private draw(arrow: Arrow): SVGGElement {
    const { from, to, message, url, by, inferred, refused } = arrow;
    const start = this.x(from);
    const end = this.x(to) + (to > from ? -3 : 3);
    const object = url === MACHINE ? "machine" : "board";
    const kind = [object, inferred && "inferred", refused && "refused"].filter(Boolean).join(" ");
    const first = (from === HYPERTY_1 || from === HYPERTY_2) && message === "change";
    return svg(
      "g",
      { class: `arrow ${kind}` },
      svg("title", {}, `${LANES[from]![0]} → ${LANES[to]![0]}: ${message} (${short(url)}, by ${by || "unknown"})`),
      svg("line", { x1: start, x2: end, y1: 0, y2: 0, pathLength: 1, "marker-end": `url(#head-${refused ? "refused" : object})` }),
      svg("text", { x: (start + end) / 2, y: -5, "text-anchor": "middle" }, first ? `change ${short(url)}` : message),
    );
  }

  /** Whether the newest row is in view, or nearly. */
  private following(): boolean {
    const { scrollHeight, clientHeight, scrollTop } = this.scroller;
    return scrollHeight - clientHeight - scrollTop < 4 * ROW;
  }

  private place(follow: boolean): void {
    [...this.rows.children].forEach((row, index) => {
      (row as SVGGElement).style.transform = `translateY(${TOP + (index + 0.6) * ROW}px)`;
    });
    this.svg.style.height = `${TOP * 2 + Math.max(this.arrows.length, 6) * ROW}px`;
    if (follow) this.scroller.scrollTop = this.scroller.scrollHeight;
  }
}

function arrowHeads(): SVGDefsElement {
  return svg(
    "defs",
    {},
    ...["board", "machine", "refused"].map((name) =>
      svg(
        "marker",
        { id: `head-${name}`, class: `head ${name}`, viewBox: "0 0 8 8", refX: 7, refY: 4, markerWidth: 8, markerHeight: 8, orient: "auto" },
        svg("path", { d: "M0 0L8 4L0 8z" }),
      ),
    ),
  );
}
