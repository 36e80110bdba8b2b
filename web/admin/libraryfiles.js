import { element } from "../elements.js";
import { addressOf } from "./address.js";
import { acts, aside, button } from "./controls.js";
import { moment } from "./moments.js";
import { bytesInWords, durationInWords, labelOf } from "./words.js";

const PAGE = 20;
const UNDO = { asked: "is being brought back", done: "was brought back", gone: "its original is gone" };

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
      this.list.append(...page[this.key].map((file) => this.row(file, () => this.#askUndo(file))));
      this.#next = page.next;
      if (this.list.children.length === 0) this.list.append(element("li", { textContent: "Nothing." }));
    } catch (error) {
      if (error.status === undefined) throw error;
      this.said.textContent = `${error.message} Close it and open it again.`;
    }
    this.more.hidden = this.#next === null;
  }

  #askUndo({ asset, path }) {
    const text = `The original of ${path} takes the place of what was made of it, and is left as it is then.`;
    this.tools.ask.open({ title: "Bring the original back?", text, yes: "Bring it back", danger: true }, async () => {
      await this.tools.session.request("POST", `/library/results/${asset}/undo`);
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

function resultRow(result, ask) {
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
  } = result;
  const sizes = after === null ? bytesInWords(before) : `${bytesInWords(before)} became ${bytesInWords(after)}`;
  const quality = vmaf === null ? "" : `VMAF ${vmaf.toFixed(1)}`;
  const facts = [labelOf(outcome), why && labelOf(why), sizes, quality, UNDO[undo], no].filter(Boolean).join(" · ");
  const row = element("li", {}, life(asset, path), aside(`${facts} · `, moment(at)));
  if (undo === "possible" || undo === "failed") {
    const back = button("Bring back", `Bring back ${path}`);
    back.onclick = ask;
    row.append(acts(back));
  }
  return row;
}
