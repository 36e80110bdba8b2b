import { element } from "../elements.js";
import { addressOf } from "./address.js";
import { acts, aside, button } from "./controls.js";
import { moment } from "./moments.js";
import { bytesInWords, durationInWords, labelOf } from "./words.js";

const PAGE = 20;
const UNDO = {
  asked: "is being brought back",
  done: "was brought back",
  gone: "its original is gone",
  held: "its original is kept beyond its time",
  releasing: "its original is being let go of",
};

/** A list of files of a library, read when it is opened. */
export class LibraryFiles {
  #next = null;

  /** What waits in a library, and what came of it. @returns {HTMLElement[]} */
  static of(id, name, tools) {
    const plan = new LibraryFiles(`What waits in ${name}`, `/library/${id}/plan`, "files", plannedRow, tools);
    const results = new LibraryFiles(`What came of ${name}`, `/library/${id}/results`, "results", resultRow, tools);
    return [plan.root, results.root];
  }

  constructor(title, path, key, row, tools) {
    Object.assign(this, { path, key, row, tools });
    this.list = element("ol", { className: "events", role: "list" });
    this.said = element("p", { className: "message", role: "status" });
    this.more = button("Show more", `Show more: ${title}`);
    this.more.onclick = () => this.#page();
    const summary = element("summary", { textContent: title });
    this.root = element("details", {}, summary, this.said, this.list, this.more);
    this.root.ontoggle = () => this.root.open && this.#begin();
  }

  #begin() {
    this.#next = null;
    this.list.replaceChildren();
    return this.#page();
  }

  async #page() {
    const asked = new URLSearchParams({ limit: PAGE, ...(this.#next && { after: this.#next }) });
    this.said.textContent = "";
    try {
      const page = await this.tools.session.request("GET", `${this.path}?${asked}`);
      this.list.append(...page[this.key].map((file) => this.row(file, this.#asks(file))));
      this.#next = page.next;
      if (this.list.children.length === 0) this.list.append(element("li", { textContent: "Nothing." }));
    } catch (error) {
      if (error.status === undefined) throw error;
      this.said.textContent = `${error.message} Close it and open it again.`;
    }
    this.more.hidden = this.#next === null;
  }

  #asks({ asset, path }) {
    const back = `The original of ${path} takes the place of what was made of it, and is left as it is then.`;
    const go = `The original of ${path} is removed for good. What is there now is not touched.`;
    return {
      undo: () => this.#ask(asset, "undo", "Bring the original back?", back, "Bring it back"),
      release: () => this.#ask(asset, "release", "Let go of the original?", go, "Let it go"),
    };
  }

  #ask(asset, verb, title, text, yes) {
    this.tools.ask.open({ title, text, yes, danger: true }, async () => {
      await this.tools.session.request("POST", `/library/results/${asset}/${verb}`);
      await this.#begin();
    });
  }
}

function life(asset, path) {
  return element("a", { href: addressOf(asset), textContent: path });
}

function plannedRow({ asset, path, state, size, estimated_bytes: becomes, estimated_cpu_seconds: cpu, reason, error }) {
  const sizes = becomes === null ? bytesInWords(size) : `${bytesInWords(size)} to about ${bytesInWords(becomes)}`;
  const facts = [labelOf(state), sizes, cpu === null ? "" : `${durationInWords(cpu)} of CPU time`, reason];
  const failed = error ? [element("span", { className: "message", textContent: error.message ?? error.code })] : [];
  return element("li", {}, life(asset, path), aside(facts.filter(Boolean).join(" · ")), ...failed);
}

function resultRow(result, asks) {
  const {
    asset,
    path,
    at,
    outcome,
    why,
    before_bytes: before,
    after_bytes: after,
    vmaf,
    undo,
    undo_problem: no,
    kept_problem: held,
    release_problem: stays,
  } = result;
  const sizes = after === null ? bytesInWords(before) : `${bytesInWords(before)} became ${bytesInWords(after)}`;
  const quality = vmaf === null ? "" : `VMAF ${vmaf.toFixed(1)}`;
  const facts = [labelOf(outcome), why && labelOf(why), sizes, quality, UNDO[undo], held, no, stays].filter(Boolean).join(" · ");
  const row = element("li", {}, life(asset, path), aside(`${facts} · `, moment(at)));
  const wishes = [];
  if (["possible", "failed", "held"].includes(undo)) wishes.push(wish("Bring back", path, asks.undo));
  if (["failed", "held"].includes(undo)) wishes.push(wish("Let go", path, asks.release));
  if (wishes.length) row.append(acts(...wishes));
  return row;
}

function wish(text, path, ask) {
  const made = button(text, `${text} ${path}`);
  made.onclick = ask;
  return made;
}
