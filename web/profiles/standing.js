import { element } from "../elements.js";
import { momentInWords } from "../words.js";
import { Surely } from "./surely.js";
import { editionInWords, ON_ITS_WAY, sentence } from "./words.js";

const STEPS = [
  ["draft", "Checked"],
  ["awaiting_payment", "Paid"],
  ["in_review", "Looked at"],
  ["processing", "Made"],
];
const SURELY = { withdraw: "Withdraw it for good?", remove: "Delete it with all its files?" };
const PLAINLY = { withdraw: "Withdraw", remove: "Delete" };

/** Where a profile stands: what everybody sees, what is on its way, and what may be done about it. */
export class StandingView {
  #surely = new Surely(() => this.#label());

  /**
   * @param {Record<string, HTMLElement>} parts box, title, reason, steps, public, address, edit, withdraw, remove, history
   * @param {{edit, withdraw, remove}} act each called once it is sure
   */
  constructor(parts, act) {
    this.parts = parts;
    parts.edit.onclick = () => act.edit();
    for (const name of ["withdraw", "remove"]) {
      parts[name].onclick = (event) => this.#surely.press(name, event) && act[name]();
    }
  }

  #label() {
    for (const [name, words] of Object.entries(PLAINLY)) {
      this.parts[name].textContent = this.#surely.asked === name ? SURELY[name] : words;
    }
  }

  /** @param {object | null} mine the own view; @param {boolean} editing whether the form is open */
  show(mine, editing) {
    const { parts } = this;
    parts.box.hidden = !mine;
    if (!mine) return;
    const { edition, published } = mine;
    const onItsWay = ON_ITS_WAY.includes(edition?.state);
    parts.box.dataset.state = edition?.state ?? "";
    parts.title.textContent = edition ? editionInWords(edition.state) : "Not published";
    // What is said of a payment stands beside its amount.
    const paying = edition?.state === "awaiting_payment" && edition.payment;
    parts.reason.textContent = paying ? "" : sentence(edition?.reason ?? "");
    this.#showSteps(edition?.state, onItsWay);
    parts.public.hidden = !published;
    parts.address.href = `/profiles/${encodeURIComponent(mine.profile_id)}`;
    parts.still.hidden = !published || edition?.state === "published";
    parts.edit.hidden = onItsWay || editing;
    parts.withdraw.hidden = !onItsWay;
    this.#label();
    this.#showHistory(edition?.history ?? []);
  }

  #showSteps(state, onItsWay) {
    this.parts.steps.hidden = !onItsWay;
    const at = ON_ITS_WAY.indexOf(state);
    const step = ([, words], place) => {
      const row = element("li", { textContent: words });
      row.dataset.step = place < at ? "done" : place === at ? "now" : "next";
      if (place === at) row.setAttribute("aria-current", "step");
      return row;
    };
    this.parts.steps.replaceChildren(...STEPS.map(step));
  }

  #showHistory(history) {
    const key = JSON.stringify(history);
    if (this.parts.history.dataset.shown === key) return;
    this.parts.history.dataset.shown = key;
    const row = ({ at, state, reason }) => element("li", {},
      element("time", { dateTime: at, textContent: momentInWords(at) }),
      element("span", { textContent: [editionInWords(state), sentence(reason)].filter(Boolean).join(": ") }));
    this.parts.history.replaceChildren(...history.map(row));
    this.parts.history.parentElement.hidden = history.length === 0;
  }
}
