// The drawing of a chart, as SVG. What it says to people who don't see it is said in chart.js.
import { tickInWords, timeTicks, valueTicks } from "./ticks.js";

const SVG = "http://www.w3.org/2000/svg";
const LETTER = 6.7; // pixels of one in the axes' type
const ABOVE = 10;
const BELOW = 24;

/** An element of a drawing. */
export function drawn(tag, attributes = {}, ...children) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

/** Each series' lower and upper ends: from 0 for lines, one upon the other where they are stacked. */
function bandsOf(series, stacked) {
  const below = [];
  return series.map(({ values }) =>
    values.map((value, at) => {
      if (value === null) return null;
      const low = stacked ? (below[at] ?? 0) : 0;
      if (stacked) below[at] = low + value;
      return [low, low + value];
    }),
  );
}

/** The stretches of values between gaps, as [first, last] of each. */
function stretches(band) {
  const found = [];
  band.forEach((value, at) => {
    if (value === null) return;
    if (at > 0 && band[at - 1] !== null) found.at(-1)[1] = at;
    else found.push([at, at]);
  });
  return found;
}

/** A chart's drawing at one size; its figures are {from, step, series: [{name, values}]}. */
export class Plot {
  /**
   * @param {{from: number, step: number, series: {name: string, values: (number | null)[]}[]}} figures seconds
   * @param {{kind: "line" | "area" | "bars", unit: string, write: (value: number) => string}} how areas and bars stack
   * @param {number} width pixels
   * @param {number} height
   */
  constructor(figures, how, width, height) {
    this.figures = figures;
    this.how = how;
    this.size = { width, height };
    this.count = Math.max(0, ...figures.series.map(({ values }) => values.length));
    this.bands = bandsOf(figures.series, how.kind !== "line");
    const most = Math.max(0, ...this.bands.flat().map((ends) => ends?.[1] ?? 0));
    this.ticks = valueTicks(most, 3, how.unit);
    const longest = Math.max(...this.ticks.map((tick) => how.write(tick).length));
    this.left = Math.ceil(longest * LETTER) + 12;
    this.right = width - 6;
  }

  /** Pixels from the left of value number `at`; bars stand in the middle of their step. */
  x(at) {
    const { count, how, left, right } = this;
    const wide = right - left;
    return how.kind === "bars" ? left + ((at + 0.5) / count) * wide : left + (at / Math.max(1, count - 1)) * wide;
  }

  y(value) {
    const bottom = this.size.height - BELOW;
    return bottom - (value / this.ticks.at(-1)) * (bottom - ABOVE);
  }

  /** The number of the value nearest to a pixel. */
  at(pixel) {
    const part = (pixel - this.left) / (this.right - this.left);
    const place = this.how.kind === "bars" ? Math.floor(part * this.count) : Math.round(part * (this.count - 1));
    return Math.min(this.count - 1, Math.max(0, place));
  }

  draw() {
    const marks = this.bands.map((band, number) => this.#mark(band, number));
    return [this.#lines(), this.#times(), ...(this.how.kind === "line" ? marks : marks.reverse())];
  }

  #lines() {
    const { left, right } = this;
    const lines = this.ticks.flatMap((tick) => [
      drawn("line", { x1: left, x2: right, y1: this.y(tick), y2: this.y(tick), class: tick ? "rule" : "rule base" }),
      drawn("text", { x: left - 8, y: this.y(tick) + 4, class: "tick end" }, this.how.write(tick)),
    ]);
    return drawn("g", {}, ...lines);
  }

  #times() {
    const { from, step } = this.figures;
    const { left, right, count } = this;
    const last = from + step * Math.max(1, count - 1);
    const { ticks, step: apart } = timeTicks(from, last, Math.max(2, Math.floor((right - left) / 78)));
    const y = this.size.height - 6;
    const texts = ticks.map((tick) => {
      const x = this.x((tick - from) / step);
      // The outermost must not be cut.
      const place = x < left + 18 ? "start" : x > right - 18 ? "end" : "middle";
      return drawn("text", { x, y, class: `tick ${place}` }, tickInWords(tick, apart));
    });
    return drawn("g", {}, ...texts);
  }

  #mark(band, number) {
    const group = drawn("g", { class: `mark mark-${number % 6}` });
    const draw = { bars: () => this.#bars(band), area: () => this.#areas(band), line: () => [] }[this.how.kind];
    group.append(...draw(), ...(this.how.kind === "bars" ? [] : this.#strokes(band)));
    return group;
  }

  #bars(band) {
    const wide = Math.max(1, ((this.right - this.left) / this.count) * 0.78);
    return band.flatMap((ends, at) => {
      if (!ends || ends[1] === ends[0]) return [];
      const [low, high] = ends.map((end) => this.y(end));
      return [drawn("rect", { x: this.x(at) - wide / 2, y: high, width: wide, height: low - high, class: "fill" })];
    });
  }

  #areas(band) {
    return stretches(band).map(([first, last]) => {
      const places = Array.from({ length: last - first + 1 }, (_, at) => first + at);
      const upper = places.map((at) => this.#point(at, band[at][1]));
      const lower = places.reverse().map((at) => this.#point(at, band[at][0]));
      return drawn("polygon", { points: [...upper, ...lower].join(" "), class: "fill" });
    });
  }

  #strokes(band) {
    return stretches(band).map(([first, last]) => {
      // A value between two gaps has no length to be seen by.
      if (first === last)
        return drawn("circle", { cx: this.x(first), cy: this.y(band[first][1]), r: 2.5, class: "dot" });
      const places = Array.from({ length: last - first + 1 }, (_, at) => this.#point(first + at, band[first + at][1]));
      return drawn("polyline", { points: places.join(" "), class: "stroke" });
    });
  }

  #point(at, value) {
    return `${this.x(at).toFixed(1)},${this.y(value).toFixed(1)}`;
  }

  /** The line at one moment, with a dot on each value. */
  cursor(at) {
    const x = this.x(at);
    const line = drawn("line", { x1: x, x2: x, y1: ABOVE, y2: this.size.height - BELOW, class: "cursor" });
    if (this.how.kind === "bars") return [line];
    const dots = this.bands.flatMap((band, number) =>
      band[at] ? [drawn("circle", { cx: x, cy: this.y(band[at][1]), r: 4, class: `dot mark-${number % 6}` })] : [],
    );
    return [line, ...dots];
  }
}
