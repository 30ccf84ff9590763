// The last values of a number as a small line.
import { svg } from "./dom";

const SAMPLES = 40;

export class Sparkline {
  readonly element: SVGSVGElement;
  private readonly line = svg("polyline", { class: "line" });
  private readonly area = svg("polygon", { class: "area" });
  private readonly samples: number[] = [];

  constructor(
    private readonly width: number,
    private readonly height: number,
  ) {
    const viewBox = `0 0 ${width} ${height}`;
    this.element = svg(
      "svg",
      { class: "spark", viewBox, width, height, "aria-hidden": "true", preserveAspectRatio: "none" },
      this.area,
      this.line,
    );
  }

  push(sample: number): void {
    this.samples.push(sample);
    if (this.samples.length > SAMPLES) this.samples.shift();
    if (this.samples.length < 2) return;
    const low = Math.min(...this.samples);
    const span = Math.max(...this.samples) - low || 1;
    const step = this.width / (SAMPLES - 1);
    const start = this.width - step * (this.samples.length - 1);
    const at = (sample: number, index: number): string => {
      const y = this.height - 2 - ((sample - low) / span) * (this.height - 4);
      return `${(start + index * step).toFixed(1)},${y.toFixed(1)}`;
    };
    const points = this.samples.map(at).join(" ");
    this.line.setAttribute("points", points);
    this.area.setAttribute("points", `${start},${this.height} ${points} ${this.width},${this.height}`);
  }
}
