import { element } from "../elements.js";
import { showMoment } from "./moments.js";
import { say } from "./rows.js";

/** Pairs of a name and a value, patched in place. A value is a text, or {at} for a moment; null leaves it out. */
export class Facts {
  #pairs = new Map();

  constructor(root = element("dl", { className: "facts" })) {
    this.root = root;
    root.replaceChildren();
  }

  /** @param {[string, string | {at: string | number | null, none?: string} | null][]} pairs */
  show(pairs) {
    for (const [name, value] of pairs) {
      const { box, term } = this.#pair(name);
      box.hidden = value === null || value === undefined;
      if (box.hidden) continue;
      if (typeof value === "object") showMoment(term, value.at, value.none);
      else {
        delete term.dataset.at;
        say(term, value);
      }
    }
  }

  #pair(name) {
    let pair = this.#pairs.get(name);
    if (!pair) {
      const term = element("dd");
      const box = element("div", {}, element("dt", { textContent: name }), term);
      pair = { box, term };
      this.#pairs.set(name, pair);
      this.root.append(box);
    }
    return pair;
  }
}
