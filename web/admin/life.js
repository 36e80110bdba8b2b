import { element } from "../elements.js";
import { sizeInWords, stateInWords } from "../words.js";
import { aside } from "./controls.js";
import { labelOf } from "./words.js";

const TOLD = ["at", "what", "seq"];

/** All that became of one file, read when it is shown. */
export class Life {
  /** @param {string} path of its timeline */
  constructor(session, path) {
    this.session = session;
    this.path = path;
    this.root = element(
      "div",
      { className: "life" },
      element("p", { className: "quiet", textContent: "Reading its life …" }),
    );
    this.#read();
  }

  async #read() {
    try {
      this.root.replaceChildren(...lifeOf(await this.session.request("GET", this.path)));
    } catch (error) {
      if (error.status === undefined) throw error;
      this.root.replaceChildren(element("p", { className: "message", textContent: error.message }));
    }
  }
}

function lifeOf({ root, owner, kind, state, source, versions, entries, more }) {
  const size = source ? sizeInWords(source.bytes) : "no bytes yet";
  const facts = [`${root}/${owner}`, kind, stateInWords(state), size, `${versions.length} versions`].join(" · ");
  const list = element("ol", { className: "events", role: "list" }, ...entries.map(step));
  const older = more
    ? [element("p", { className: "quiet", textContent: "There are older steps: these are the newest." })]
    : [];
  return [aside(facts), ...older, list];
}

function step(entry) {
  const date = new Date(entry.at);
  const day = {
    year: "numeric",
    month: "short",
    day: "numeric",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    fractionalSecondDigits: 3,
  };
  const told = Object.entries(entry).filter(([name, value]) => !TOLD.includes(name) && value !== null);
  const said = told.map(([name, value]) => `${labelOf(name).toLowerCase()} ${value}`).join(", ");
  // Exact: what happened in which order is what one looks for here.
  const when = element("span", { className: "when", textContent: date.toLocaleString(undefined, day) });
  return element(
    "li",
    {},
    when,
    element("strong", { textContent: labelOf(entry.what) }),
    element("span", { className: "quiet", textContent: said }),
  );
}
