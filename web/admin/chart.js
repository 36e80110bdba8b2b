import { element } from "../elements.js";
import { drawn, Plot } from "./plot.js";
import { say } from "./rows.js";
import { writerOf } from "./words.js";

const HEIGHT = 190;
const PAGE = 10;
const DAY = 86_400;
const EMPTY = { from: 0, step: 60, series: [] };

/**
 * A chart: lines, stacked areas or stacked bars over time. It is read by eye, by pointer, by keyboard as a slider whose
 * value is said in words, and as a table. What is null is a gap.
 */
export class Chart {
  #figures = EMPTY;
  #plot = null;
  #at = null;
  #write = writerOf("");

  /**
   * @param {string} title
   * @param {{kind?: "line" | "area" | "bars", unit?: string}} how areas and bars stack, lines don't
   */
  constructor(title, { kind = "line", unit = "" } = {}) {
    this.title = title;
    this.kind = kind;
    this.unit = unit;
    this.svg = drawn("svg", { "aria-hidden": "true" });
    this.over = drawn("g");
    this.slider = element(
      "div",
      { className: "plot", role: "slider", tabIndex: 0, "aria-label": `${title}, moment` },
      this.svg,
    );
    this.slider.setAttribute("aria-valuemin", "0");
    this.when = element("span", { className: "chart-when" });
    this.legend = element("ul", { className: "legend", role: "list" });
    this.none = element("p", { className: "quiet none", textContent: "No figures of this time." });
    this.table = element("details", { className: "chart-table" }, element("summary", { textContent: "As a table" }));
    const name = element("figcaption", {}, element("h3", { textContent: title }), this.when);
    this.root = element("figure", { className: "chart" }, name, this.slider, this.none, this.legend, this.table);
    this.#listen();
    this.show(EMPTY);
  }

  #listen() {
    this.slider.onpointermove = ({ offsetX }) => this.#plot && this.#go(this.#plot.at(offsetX));
    this.slider.onpointerleave = () => document.activeElement === this.slider || this.#go(null);
    this.slider.onkeydown = (event) => this.#key(event);
    this.slider.onfocus = () => this.#go(this.#at ?? this.#last);
    this.slider.onblur = () => this.#go(null);
    this.table.ontoggle = () => this.#showTable();
    this.watching = new ResizeObserver(() => this.#draw());
    this.watching.observe(this.slider);
  }

  close() {
    this.watching.disconnect();
  }

  /** @param {{from, step, unit?: string, series: {name: string, values: (number | null)[]}[]}} figures in seconds */
  show(figures) {
    this.unit = figures.unit ?? this.unit;
    this.#write = writerOf(this.unit);
    this.#figures = figures;
    const there = figures.series.some(({ values }) => values.some((value) => value !== null));
    this.slider.hidden = this.legend.hidden = this.table.hidden = !there;
    this.none.hidden = there;
    const most = Math.max(0, ...figures.series.map(({ values }) => values.length - 1));
    this.slider.setAttribute("aria-valuemax", String(most));
    if (this.#at !== null) this.#at = Math.min(this.#at, most);
    this.#draw();
    this.#showTable();
  }

  /** The last moment of which anything is known. */
  get #last() {
    const ends = this.#figures.series.map(({ values }) => values.findLastIndex((value) => value !== null));
    return Math.max(0, ...ends);
  }

  #draw() {
    const width = this.slider.clientWidth;
    if (!width || this.slider.hidden) {
      this.#say();
      return;
    }
    const how = { kind: this.kind, unit: this.unit, write: this.#write };
    this.#plot = new Plot(this.#figures, how, width, HEIGHT);
    this.svg.setAttribute("viewBox", `0 0 ${width} ${HEIGHT}`);
    this.svg.replaceChildren(...this.#plot.draw(), this.over);
    this.#go(this.#at);
  }

  #go(at) {
    this.#at = at;
    this.over.replaceChildren(...(at === null || !this.#plot ? [] : this.#plot.cursor(at)));
    this.#say();
  }

  // Without a moment that is looked at, the last one counts.
  #say() {
    const { series } = this.#figures;
    const at = this.#at ?? this.#last;
    const told = series.map(({ name, values }) => [name, this.#write(values[at] ?? NaN)]);
    const when = series.length > 0 ? this.#momentInWords(at) : "";
    say(this.when, this.#at === null && when ? `Latest, ${when}` : when);
    this.#showLegend(told);
    this.slider.setAttribute("aria-valuenow", String(at));
    const said = told.map(([name, value]) => `${name} ${value.replace(/^–$/, "unknown")}`).join(", ");
    this.slider.setAttribute("aria-valuetext", `${when}: ${said}`);
  }

  #momentInWords(at) {
    const { from, step } = this.#figures;
    const form = step < DAY ? { dateStyle: "medium", timeStyle: "short" } : { dateStyle: "medium" };
    return new Date((from + at * step) * 1000).toLocaleString(undefined, form);
  }

  #showLegend(told) {
    if (this.legend.children.length !== told.length)
      this.legend.replaceChildren(...told.map((_, number) => entry(number)));
    told.forEach(([name, value], number) => {
      const [, label, figure] = this.legend.children[number].children;
      say(label, name);
      say(figure, value);
    });
  }

  #key(event) {
    const most = Math.max(0, (this.#plot?.count ?? 1) - 1);
    const at = this.#at ?? this.#last;
    const to = {
      ...{ ArrowLeft: at - 1, ArrowDown: at - 1, ArrowRight: at + 1, ArrowUp: at + 1 },
      ...{ PageDown: at - PAGE, PageUp: at + PAGE, Home: 0, End: most },
    }[event.key];
    if (to === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    this.#go(Math.min(most, Math.max(0, to)));
  }

  // Made only for who asks: hundreds of rows, and all of it anew with each sample.
  #showTable() {
    this.table.querySelector(".table")?.remove();
    if (!this.table.open) return;
    const { series } = this.#figures;
    const cell = (scope, textContent) => element("th", { scope, textContent });
    const head = element("tr", {}, cell("col", "Time"), ...series.map(({ name }) => cell("col", name)));
    const count = Math.max(0, ...series.map(({ values }) => values.length));
    const rows = Array.from({ length: count }, (_, back) => {
      const at = count - 1 - back;
      const values = series.map(({ values }) => element("td", { textContent: this.#write(values[at] ?? NaN) }));
      return element("tr", {}, cell("row", this.#momentInWords(at)), ...values);
    });
    const made = element("table", {}, element("thead", {}, head), element("tbody", {}, ...rows));
    // To be scrolled by keyboard, which takes something that can be focused.
    this.table.append(
      element("div", { className: "table", role: "region", tabIndex: 0, "aria-label": this.title }, made),
    );
  }
}

function entry(number) {
  const line = drawn("line", { x1: 0, x2: 22, y1: 5, y2: 5, class: "stroke" });
  const swatch = drawn(
    "svg",
    { class: `swatch mark-${number % 6}`, viewBox: "0 0 22 10", "aria-hidden": "true" },
    line,
  );
  return element("li", {}, swatch, element("span"), element("strong"));
}
