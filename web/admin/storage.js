import { byId, element } from "../elements.js";
import { count } from "../words.js";
import { badge } from "./controls.js";
import { Facts } from "./facts.js";
import { Rows, say } from "./rows.js";
import { Section } from "./section.js";
import { bytesInWords, dateOf, durationInWords, numberInWords, shareInWords } from "./words.js";

const DAY = 86_400;
const WELL = ["ok", "healing"];

/** Storage as the caretaker last saw it: drives, how many more may fail, what is healed, when it is full. */
export class Storage extends Section {
  /** @param {(cluster: object) => void} told hears each report */
  constructor(tools, told) {
    super("storage", tools);
    this.told = told;
    this.facts = new Facts(byId("storage-facts"));
    this.rows = new Rows(byId("drive-list"), ({ node, path }) => `${node} ${path}`, driveRow);
  }

  load() {
    return this.read("/cluster", (report) => {
      this.facts.show(factsOf(report));
      this.rows.show(report.drives);
      this.told(report);
    });
  }
}

function factsOf(report) {
  const { nodes, drives, sets, at, round, growth, backup, drill } = report;
  const well = drives.filter(({ state }) => WELL.includes(state)).length;
  return [
    ["Seen", { at }],
    ["Nodes", `${numberInWords(nodes.filter(({ online }) => online).length)} of ${numberInWords(nodes.length)} online`],
    ["Drives", `${numberInWords(well)} of ${numberInWords(drives.length)} well`],
    ["Margin", sets.map(({ margin }) => `${margin}.`).join(" ") || "–"],
    ["Room", roomInWords(drives)],
    ["Full", fullInWords(growth, at)],
    ["Healing", round ? roundInWords(round) : "Nothing is being healed."],
    ["Unhealed", unhealedInWords(report.unhealed)],
    ["Last scrub", report.last_scrub ? { at: report.last_scrub.ended_at } : "none yet"],
    ["Next scrub", report.next_scrub ? { at: report.next_scrub } : "by ./ops/scrub --now only"],
    ["Last backup", backup ? { at: backup.at } : "none that is known: ./ops/backup"],
    ["Last drill", drill ? { at: drill.at } : "none yet: ./ops/drill"],
  ];
}

function roomInWords(drives) {
  const [free, total] = ["free", "total"].map((name) => drives.reduce((sum, drive) => sum + drive[name], 0));
  return total
    ? `${bytesInWords(free)} of ${bytesInWords(total)} free (${shareInWords(free / total)}), before parity`
    : "–";
}

/** The day on which no new uploads are taken any more, at the growth of the last days. */
function fullInWords(growth, at) {
  if (!growth) return "Not known yet: that takes a day of uploads.";
  const { days_until_full: days } = growth;
  if (!Number.isFinite(days)) return "Not at the growth of the last days.";
  const date = dateOf(at + days * DAY);
  const day = date ? date.toLocaleDateString(undefined, { dateStyle: "long" }) : "";
  const on = day && days < 36_500 ? `, on ${day}` : "";
  return `In ${count(Math.floor(days), "day", "days")}${on}, at the growth of the last days.`;
}

function roundInWords({ kind, why, share, rate, seconds_left: left, trouble }) {
  const rest = Number.isFinite(left) ? `, about ${durationInWords(Math.round(left))} left` : "";
  const far = `${shareInWords(share)}, ${numberInWords(rate)} objects a second${rest}`;
  return `${kind ?? "heal"} (${why}): ${trouble ? `held up: ${trouble}` : far}.`;
}

function unhealedInWords(unhealed) {
  const found = Object.entries(unhealed).filter(([, many]) => many > 0);
  return found.length
    ? found.map(([verdict, many]) => `${numberInWords(many)} ${verdict.replace("_", " ")}`).join(", ")
    : "none";
}

function driveRow({ node, path }) {
  const meter = element("meter", { min: 0, max: 1, low: 0.8, high: 0.95, optimum: 0 });
  const state = badge();
  const said = element("span", { className: "quiet" });
  const name = element(
    "div",
    {},
    element("strong", { textContent: path }),
    element("span", { className: "quiet", textContent: node }),
  );
  const root = element("li", {}, name, state, meter, said);
  const show = ({ state: how, free, total, filling }) => {
    root.dataset.state = WELL.includes(how) ? "running" : "silent";
    say(state, how);
    const used = total ? 1 - free / total : 0;
    meter.value = used;
    meter.setAttribute("aria-label", `${path}: ${shareInWords(used)} used`);
    const filled = filling
      ? `, being filled: ${numberInWords(filling.done)} of about ${numberInWords(filling.total)}`
      : "";
    say(said, total ? `${bytesInWords(free)} of ${bytesInWords(total)} free${filled}` : "nothing is known of its room");
  };
  return { root, show };
}
