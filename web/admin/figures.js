import { byId, element } from "../elements.js";
import { Chart } from "./chart.js";
import { Section } from "./section.js";
import { labelOf } from "./words.js";

const HOUR = 3600;
const RANGES = [
  ["1 h", HOUR, "The last hour"],
  ["6 h", 6 * HOUR, "The last 6 hours"],
  ["24 h", 24 * HOUR, "The last day"],
  ["7 d", 168 * HOUR, "The last 7 days"],
  ["30 d", 720 * HOUR, "The last 30 days"],
];
const POINTS = 180;
const BARS = 60;
const BEGINS_WITH = 2;
// By which charts a metric is told; `only` keeps the series of one label.
const CHARTS = [
  { metric: "done", title: "Files done", kind: "bars" },
  { metric: "errors", title: "Errors", kind: "bars" },
  { metric: "wait_seconds", title: "How long files wait", only: { of: "p95" }, note: "95 of 100 wait less" },
  { metric: "work_seconds", title: "How long the work takes", only: { of: "p95" }, note: "95 of 100 take less" },
  { metric: "waiting", title: "Files that wait", kind: "area" },
  { metric: "requests", title: "Requests to the API", kind: "area" },
  { metric: "stored", title: "Originals kept", kind: "area" },
  { metric: "storage_bytes", title: "Room on the drives" },
  { metric: "oldest_waiting", title: "How long the oldest has waited" },
  { metric: "library_saved", title: "Space saved in libraries", kind: "area" },
];

/** Throughput, latency, errors, room: over up to thirty days. */
export class Figures extends Section {
  #range = BEGINS_WITH;
  #turn = 0;

  constructor(tools) {
    super("figures", tools);
    byId("ranges").replaceChildren(
      byId("ranges").firstElementChild,
      ...RANGES.map((range, at) => this.#choice(range, at)),
    );
    this.charts = CHARTS.map((how) => ({
      how,
      chart: new Chart(how.note ? `${how.title} (${how.note})` : how.title, how),
    }));
    byId("charts").replaceChildren(...this.charts.map(({ chart }) => chart.root));
  }

  #choice([short, , long], at) {
    const input = element("input", {
      type: "radio",
      name: "range",
      className: "unseen",
      value: String(at),
      checked: at === BEGINS_WITH,
    });
    input.setAttribute("aria-label", long);
    input.onchange = () => {
      this.#range = at;
      this.load();
    };
    return element(
      "label",
      { className: "button small" },
      input,
      element("span", { "aria-hidden": "true", textContent: short }),
    );
  }

  close() {
    super.close();
    this.charts.forEach(({ chart }) => chart.close());
  }

  async load() {
    const turn = ++this.#turn;
    const to = Date.now();
    const from = to - RANGES[this.#range][1] * 1000;
    // One after the other: a chart is no reason for nine queries at once.
    for (const { how, chart } of this.charts) {
      const shown = await this.read(pathOf(how, from, to), (samples) => chart.show(figuresOf(samples, how)));
      if (!shown || turn !== this.#turn) return;
    }
  }
}

function pathOf({ metric, kind }, from, to) {
  const span = { from: new Date(from).toISOString(), to: new Date(to).toISOString() };
  return `/admin/samples?${new URLSearchParams({ metric, ...span, points: kind === "bars" ? BARS : POINTS })}`;
}

/** The answer of /admin/samples as a chart takes it. */
export function figuresOf({ from, step_seconds: step, unit, series }, { only = {} } = {}) {
  const fits = ({ labels }) => Object.entries(only).every(([name, value]) => labels[name] === value);
  const shown = series.filter(fits).map(({ labels, values }) => ({ name: nameOf(labels, only), values }));
  return { from: Date.parse(from) / 1000, step, ...readable(unit, shown) };
}

/** What comes less than once a second is told by the minute. */
function readable(unit, series) {
  const most = Math.max(0, ...series.flatMap(({ values }) => values));
  if (unit !== "per_second" || most >= 1) return { unit, series };
  const byMinute = (value) => (value === null ? null : value * 60);
  return { unit: "per_minute", series: series.map(({ name, values }) => ({ name, values: values.map(byMinute) })) };
}

function nameOf(labels, only) {
  const left = Object.entries(labels).filter(([name]) => !(name in only));
  return left.map(([, value]) => labelOf(value)).join(", ") || "All";
}
