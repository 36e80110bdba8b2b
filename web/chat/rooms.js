import { element } from "../elements.js";
import { pause } from "../pause.js";

const ANEW_EVERY = 30_000;
const PAGE = 200;
const COUNTED = 100; // as far as the server counts

function newInWords(unread) {
  return `${unread < COUNTED ? unread : `${COUNTED}+`} new`;
}

/** The visitor's rooms, as a list that is read anew now and then. Fires `read` when it was. */
export class Rooms extends EventTarget {
  #rooms = new Map();
  #chosen = null;
  #closed = new AbortController();

  /** @param {{list, none, notice: HTMLElement}} parts of the page */
  constructor(parts, session) {
    super();
    this.parts = parts;
    this.session = session;
  }

  get ids() {
    return [...this.#rooms.keys()];
  }

  find(id) {
    return this.#rooms.get(id);
  }

  /** Reads it now, and from then on. */
  async start() {
    const { signal } = this.#closed;
    document.addEventListener("visibilitychange", () => document.hidden || this.load(), { signal });
    while (!signal.aborted) {
      if (!document.hidden) await this.load();
      await pause(ANEW_EVERY, signal);
    }
  }

  close() {
    this.#closed.abort();
    this.parts.list.replaceChildren();
  }

  async load() {
    try {
      const rooms = new Map();
      for (let cursor = ""; cursor !== null; ) {
        const page = await this.session.request("GET", `/chats?${new URLSearchParams({ limit: PAGE, cursor })}`);
        page.chats.forEach((room) => rooms.set(room.chat_id, room));
        cursor = page.next_cursor;
      }
      if (this.#closed.signal.aborted) return;
      this.#rooms = rooms;
      this.parts.notice.textContent = "";
      this.#show();
      this.dispatchEvent(new Event("read"));
    } catch (error) {
      // What was read before stays, and it is tried again.
      if (!this.#closed.signal.aborted) this.parts.notice.textContent = error.message;
    }
  }

  choose(id) {
    this.#chosen = id;
    this.#show();
  }

  /** The visitor has read one up to `seq`. */
  read(id, seq) {
    const room = this.#rooms.get(id);
    if (!room) return;
    room.read_seq = Math.max(room.read_seq ?? 0, seq);
    room.unread = 0;
    this.#show();
  }

  #show() {
    const { list } = this.parts;
    const focused = list.contains(document.activeElement) ? document.activeElement.dataset.id : null;
    const rooms = [...this.#rooms.values()].sort((one, other) => one.title.localeCompare(other.title));
    list.replaceChildren(...rooms.map((room) => this.#row(room)));
    [...list.querySelectorAll("a")].find((link) => link.dataset.id === focused)?.focus();
    this.parts.none.hidden = rooms.length > 0;
  }

  #row({ chat_id: id, title, unread }) {
    const link = element("a", { href: `#room=${encodeURIComponent(id)}` }, element("span", { textContent: title }));
    link.dataset.id = id;
    if (id === this.#chosen) link.setAttribute("aria-current", "page");
    else if (unread > 0) link.append(element("span", { className: "news", textContent: newInWords(unread) }));
    return element("li", {}, link);
  }
}
