import { byId, element } from "../elements.js";
import { count } from "../words.js";
import { Chart } from "./chart.js";
import { Facts } from "./facts.js";
import { Rows } from "./rows.js";
import { Section } from "./section.js";
import { bytesInWords, shareInWords } from "./words.js";

const DAYS = 30;
const DAY = 86_400;
const SERIES = [
  ["saved_bytes", "Saved"],
  ["saved_later_bytes", "Saved once originals go"],
];

/** What libraries have saved, day by day and by codec. */
export class Savings extends Section {
  constructor(tools) {
    super("savings", tools);
    this.chart = new Chart(`Space saved, by day of the last ${DAYS}`, { kind: "bars", unit: "bytes" });
    byId("savings-chart").replaceChildren(this.chart.root);
    this.rows = new Rows(byId("codec-list"), ({ before, after }) => `${before} ${after}`, codecRow);
  }

  close() {
    super.close();
    this.chart.close();
  }

  load() {
    return this.read(`/library/savings?days=${DAYS}`, ({ days, codecs }) => {
      this.box.hidden = codecs.length === 0;
      this.chart.show(figuresOf(days));
      this.rows.show(codecs);
    });
  }
}

/** Days of the API, of which those without anything are left out, as a chart takes them. */
export function figuresOf(days, now = Date.now() / 1000) {
  const from = (Math.floor(now / DAY) - DAYS + 1) * DAY;
  const known = new Map(days.map((day) => [Date.parse(day.day) / 1000, day]));
  const at = (name) => Array.from({ length: DAYS }, (_, number) => known.get(from + number * DAY)?.[name] ?? 0);
  return { from, step: DAY, unit: "bytes", series: SERIES.map(([name, label]) => ({ name: label, values: at(name) })) };
}

function codecRow({ before, after }) {
  const facts = new Facts();
  const title = element("h4", { textContent: `${before ?? "unknown"} → ${after ?? "unknown"}` });
  const show = ({ files, before_bytes: was, after_bytes: is, saved_bytes: saved }) =>
    facts.show([
      ["Files", count(files, "file", "files")],
      ["Before", bytesInWords(was)],
      ["After", `${bytesInWords(is)} (${shareInWords(was ? is / was : NaN)})`],
      ["Saved so far", bytesInWords(saved)],
    ]);
  return { root: element("li", {}, title, facts.root), show };
}
