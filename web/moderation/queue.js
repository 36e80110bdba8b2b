import { element } from "../elements.js";
import { count, momentInWords } from "../words.js";

const PAGE = 50;

/** The address of an edition on this page. */
export function addressOf(id) {
  return `#edition=${id}`;
}

/** What waits for a moderator, the longest first. */
export class Queue {
  #waiting = [];
  #chosen = null;
  #me = "";
  #pages = 1;
  #closed = false;

  /** @param {{list, none, more: HTMLElement}} parts of the page */
  constructor(parts, session) {
    this.parts = parts;
    this.session = session;
  }

  close() {
    this.#closed = true;
    this.parts.list.replaceChildren();
  }

  /** Reads it anew; gives the moderator's own name. @throws {ApiError} */
  async read() {
    const waiting = [];
    let cursor = "";
    for (let page = 0; page < this.#pages && cursor !== null; page += 1) {
      const asked = new URLSearchParams({ limit: PAGE, ...(cursor && { cursor }) });
      const answer = await this.session.request("GET", `/moderation/queue?${asked}`);
      waiting.push(...answer.waiting);
      cursor = answer.next_cursor ?? null;
      this.#me = answer.moderator;
    }
    if (this.#closed) return this.#me;
    this.#waiting = waiting;
    this.parts.more.hidden = cursor === null;
    this.#show();
    return this.#me;
  }

  more() {
    this.#pages += 1;
    this.read().catch(() => {});
  }

  choose(id) {
    this.#chosen = id;
    this.#show();
  }

  /** The edition beside one, leaving out those that others are at; with none to begin from, the first or the last. */
  beside(id, by) {
    const free = this.#waiting.filter((one) => one.edition_id === id || !this.#isTaken(one)).map((one) => one.edition_id);
    const at = free.indexOf(id);
    if (at < 0) return (by > 0 ? free[0] : free.at(-1)) ?? null;
    return free[at + by] ?? null;
  }

  #isTaken({ claimed_by: who }) {
    return Boolean(who) && who !== this.#me;
  }

  #show() {
    const { list } = this.parts;
    const focused = list.contains(document.activeElement) ? document.activeElement.dataset.id : null;
    list.replaceChildren(...this.#waiting.map((one) => this.#row(one)));
    [...list.querySelectorAll("a")].find((link) => link.dataset.id === focused)?.focus();
    this.parts.none.hidden = this.#waiting.length > 0;
  }

  #row(one) {
    const { edition_id: id, name, since, flags, claimed_by: who } = one;
    const noticed = flags > 0 ? element("span", { className: "news", textContent: count(flags, "flag", "flags") }) : null;
    const at = who ? (this.#isTaken(one) ? `${who} is at it` : "yours") : "";
    const facts = [momentInWords(since), at].filter(Boolean).join(" · ");
    const link = element("a", { href: addressOf(id) },
      element("span", { className: "queue-name", textContent: name }), noticed,
      element("span", { className: "queue-facts quiet", textContent: facts }));
    link.dataset.id = id;
    link.classList.toggle("is-taken", this.#isTaken(one));
    if (id === this.#chosen) link.setAttribute("aria-current", "page");
    return element("li", {}, link);
  }
}
