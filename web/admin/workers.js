import { byId, element } from "../elements.js";
import { addressOf } from "./address.js";
import { aside, badge } from "./controls.js";
import { Facts } from "./facts.js";
import { moment } from "./moments.js";
import { Rows, say } from "./rows.js";
import { Section } from "./section.js";
import { durationInWords, labelOf, numberInWords } from "./words.js";

/** The workers: who is alive, what each does now, and what it did last; below them the other parts. */
export class Workers extends Section {
  constructor(tools) {
    super("workers", tools);
    this.rows = new Rows(byId("worker-list"), nameOf, workerRow);
    this.parts = new Rows(byId("part-list"), nameOf, partRow);
  }

  load() {
    return this.read("/admin/workers", (told) => this.show(told));
  }

  /** @param {{workers?: object[], parts?: object[]}} told what is new */
  show({ workers, parts }) {
    if (workers) {
      this.rows.show(workers);
      this.isEmpty(workers.length === 0);
    }
    if (parts) this.parts.show(parts);
  }
}

function nameOf({ name, host }) {
  return `${name}@${host ?? ""}`;
}

function workerRow({ name }) {
  const state = badge();
  const facts = new Facts();
  const idle = element("p", { className: "quiet", textContent: "Nothing to do just now." });
  const list = element("ul", { className: "doing", role: "list", "aria-label": `What ${name} does now` });
  const doing = new Rows(list, ({ asset_id: id, attempt }) => `${id}:${attempt}`, jobRow);
  const last = aside();
  const root = element("li", {}, element("h3", {}, name, " ", state), facts.root, idle, list, last);
  const show = (worker) => {
    root.dataset.state = worker.alive ? "running" : "silent";
    say(state, worker.alive ? "Alive" : "Silent");
    facts.show(factsOf(worker));
    idle.hidden = !worker.alive || worker.doing.length > 0;
    list.hidden = worker.doing.length === 0;
    doing.show(worker.doing);
    showLast(last, worker.last ?? []);
  };
  return { root, show };
}

function factsOf({ lane, host, since, under_way: now, at_once: most, sandbox, clocks }) {
  const weak =
    sandbox && !sandbox.strong ? `weak: ${Object.keys(sandbox.missing ?? {}).join(", ") || "see ./ops/status"}` : null;
  return [
    ["Queue", lane],
    ["Host", host || null],
    ["Since", { at: since, none: "not known" }],
    ["Under way", Number.isFinite(now) ? `${numberInWords(now)} of ${numberInWords(most)}` : null],
    ["Sandbox", sandbox ? (weak ?? "strong") : null],
    ["Clock", clocks || null],
  ];
}

function jobRow({ asset_id: id, filename, began_at: began }) {
  const bar = element("progress", { max: 100, "aria-label": filename });
  const step = element("span", { className: "quiet" });
  const name = element("a", { href: addressOf(id), textContent: filename });
  const root = element("li", {}, name, bar, step, moment(began));
  const show = ({ step: at, percent, left_seconds: left }) => {
    // Without a value it is a bar that moves: something is being done, and nobody knows how far it is.
    if (Number.isFinite(percent)) bar.value = percent;
    else bar.removeAttribute("value");
    const share = Number.isFinite(percent) ? `${Math.round(percent)} %` : "";
    const rest = Number.isFinite(left) ? `${durationInWords(Math.round(left))} left` : "";
    say(step, [at && labelOf(at), share, rest].filter(Boolean).join(", "));
  };
  return { root, show };
}

function showLast(box, last) {
  const told = JSON.stringify(last);
  if (box.dataset.told === told) return;
  box.dataset.told = told;
  box.hidden = last.length === 0;
  const links = last.slice(0, 5).flatMap(({ asset_id: id, outcome, milliseconds }) => {
    const took = Number.isFinite(milliseconds) ? ` in ${durationInWords(milliseconds / 1000)}` : "";
    return [", ", element("a", { href: addressOf(id), textContent: `${labelOf(outcome).toLowerCase()}${took}` })];
  });
  box.replaceChildren("Last: ", ...links.slice(1));
}

function partRow({ name, host }) {
  const state = badge();
  const since = element("span", { className: "quiet" });
  const clock = element("span", { className: "message" });
  const root = element(
    "li",
    {},
    element("strong", { textContent: host ? `${name}@${host}` : name }),
    state,
    since,
    clock,
  );
  const show = (part) => {
    root.dataset.state = part.alive ? "running" : "silent";
    say(state, part.alive ? "Alive" : "Silent");
    if (since.dataset.at !== part.since) {
      since.dataset.at = part.since;
      since.replaceChildren(...(part.since ? ["since ", moment(part.since)] : []));
    }
    say(clock, part.clocks ?? "");
  };
  return { root, show };
}
