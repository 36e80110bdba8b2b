import { byId, element } from "../elements.js";
import { badge } from "./controls.js";
import { showMoment } from "./moments.js";
import { Rows, say } from "./rows.js";
import { Section } from "./section.js";

const SEVERITIES = { act: "Act", watch: "Know" };
const COMMAND = /(\.\/ops\/\w+(?: set \w+ \w+)?(?: --[\w-]+(?: \w*_\w*)?)*)/;
// Where on this page one sees more of what a finding is about.
const PLACES = { failed: "failed", lane: "lanes", part: "workers", source: "storage", library: "library" };

/** Is anything wrong, and what is to be done: in words, and one remedy each. */
export class Glance extends Section {
  #said = null;

  constructor(tools) {
    super("glance", tools);
    this.verdict = byId("verdict");
    this.rows = new Rows(byId("findings"), ({ code, about }) => code + JSON.stringify(about ?? {}), findingRow);
  }

  load() {
    return this.read("/admin/glance", (glance) => this.show(glance));
  }

  /** @param {{well: boolean, says: string, findings: object[]}} glance */
  show({ well, says, findings }) {
    const acts = findings.some(({ severity }) => severity === "act");
    const verdict = well ? "All is well." : says;
    say(this.verdict, verdict);
    this.box.dataset.verdict = well ? "well" : acts ? "act" : "watch";
    document.title = `${well ? "" : acts ? "● " : "○ "}Operator · Darkroom`;
    this.rows.show(findings);
    byId("findings").hidden = findings.length === 0;
    // Not the first one, which who opens the page reads anyway.
    const told = [verdict, ...findings.map(({ what }) => what)].join(" ");
    if (this.#said !== null && this.#said !== told) this.tools.say(told);
    this.#said = told;
  }
}

function findingRow() {
  const severity = badge();
  const what = element("strong");
  const risk = element("p", { className: "risk" });
  const remedy = element("p", { className: "remedy" });
  const since = element("span", { className: "since quiet" });
  const more = element("a", { textContent: "Show" });
  const root = element(
    "li",
    {},
    severity,
    element("div", {}, what, risk, remedy),
    element("p", { className: "aside" }, since, more),
  );
  return {
    root,
    show(finding) {
      root.dataset.severity = finding.severity;
      say(severity, SEVERITIES[finding.severity] ?? finding.severity);
      say(what, finding.what);
      say(risk, finding.risk ?? "");
      if (remedy.textContent !== finding.remedy) remedy.replaceChildren(...withCommands(finding.remedy ?? ""));
      since.hidden = !finding.since;
      if (finding.since) showMoment(since, finding.since);
      const place = placeOf(finding);
      more.hidden = !place;
      more.href = `#${place}`;
      more.setAttribute("aria-label", `Show: ${finding.what}`);
    },
  };
}

/** A sentence, with the commands in it set as such. */
function withCommands(text) {
  const parts = text.split(COMMAND);
  return parts.map((part, at) => (at % 2 ? element("code", { textContent: part }) : part));
}

function placeOf({ code, about = {} }) {
  if (code === "failed") return "failed";
  const key = Object.keys(PLACES).find((name) => about[name]);
  return key ? PLACES[key] : Object.keys(about).length === 0 ? "storage" : null;
}
