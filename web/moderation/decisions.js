import { element } from "../elements.js";
import { editionInWords } from "../profiles/words.js";
import { momentInWords } from "../words.js";

const PAGE = 50;
const VERDICTS = { processing: "Approved", rejected: "Rejected" };

/** What moderators have decided, the newest first. */
export class Decisions {
  #next = null;
  #round = 0;

  /** @param {{list, more: HTMLElement}} parts of the page */
  constructor(parts, session) {
    this.parts = parts;
    this.session = session;
    parts.more.onclick = () => this.#load();
  }

  open() {
    this.#next = null;
    this.parts.list.replaceChildren();
    return this.#load();
  }

  async #load() {
    const { list, more } = this.parts;
    const asked = new URLSearchParams({ limit: PAGE, ...(this.#next && { cursor: this.#next }) });
    const round = ++this.#round;
    more.disabled = true;
    list.querySelector(".message")?.remove();
    try {
      const page = await this.session.request("GET", `/moderation/history?${asked}`);
      if (round !== this.#round) return;
      this.parts.list.append(...page.decisions.map(row));
      this.#next = page.next_cursor ?? null;
      this.parts.more.hidden = this.#next === null;
      if (list.children.length === 0) list.append(element("li", { textContent: "Nothing was decided yet." }));
    } catch (error) {
      if (round !== this.#round) return;
      list.append(element("li", { className: "message", textContent: error.message }));
      // Pressed, it is tried again.
      more.hidden = false;
    }
    more.disabled = false;
  }
}

function row({ at, moderator, name, state, reason }) {
  const verdict = VERDICTS[state] ?? editionInWords(state);
  return element("li", {},
    element("time", { dateTime: at, textContent: momentInWords(at) }),
    element("strong", { textContent: `${verdict}: ${name}` }),
    element("span", { className: "quiet", textContent: `by ${moderator}` }),
    element("p", { textContent: reason }));
}
