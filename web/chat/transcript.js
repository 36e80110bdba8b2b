import { element } from "../elements.js";
import { MessageView } from "./message.js";
import { timeInWords } from "./words.js";

/** So near to the end, in pixels, counts as being there. */
const NEAR = 90;
const STEPS = { ArrowUp: -1, ArrowDown: 1, Home: -Infinity, End: Infinity };

/** A room's messages as they are seen: in the order they were said in, and after them what is on its way. */
export class Transcript extends EventTarget {
  #views = new Map();
  #atEnd = true;
  #unseen = false;
  #ended = new AbortController();

  /**
   * @param {{scroll, list, older, newest, empty: HTMLElement}} parts of the page
   * @param {import("./talk.js").Talk} talk
   * @param {import("./outbox.js").Outbox} outbox
   * @param {object} act what messages and files may ask for, see MessageView
   */
  constructor(parts, talk, outbox, act) {
    super();
    this.parts = parts;
    this.act = act;
    const { signal } = this.#ended;
    const on = (source, type, listener) => source.addEventListener(type, listener, { signal });
    on(talk, "added", ({ detail }) => this.#add(detail));
    on(talk, "cleared", () => this.#clear());
    on(talk, "noted", ({ detail }) => this.#note(detail));
    on(talk, "more", ({ detail: more }) => this.#showMore(more));
    on(outbox, "added", ({ detail }) => this.#add([detail], true));
    for (const source of [talk, outbox]) {
      on(source, "changed", ({ detail }) => this.#views.get(detail)?.update());
      on(source, "removed", ({ detail }) => this.#remove(detail));
    }
    for (const type of ["online", "offline"]) on(window, type, () => this.#views.forEach((view) => view.update()));
    on(parts.scroll, "scroll", () => this.#scrolled());
    on(parts.list, "keydown", (event) => this.#walk(event));
    on(parts.list, "focusin", ({ target }) => this.#choose(target.closest(".entry")));
    parts.older.onclick = () => talk.older();
    parts.newest.onclick = () => this.toEnd();
    this.#watch(talk);
    this.#clear();
    this.#add(outbox.messages, true);
  }

  #watch(talk) {
    this.sized = new ResizeObserver(() => this.#atEnd && this.toEnd());
    this.sized.observe(this.parts.list);
    this.sized.observe(this.parts.scroll);
    const seen = (entries) => entries.some((entry) => entry.isIntersecting) && talk.older();
    this.reached = new IntersectionObserver(seen, { root: this.parts.scroll, rootMargin: "300px 0px 0px" });
    this.reached.observe(this.parts.older);
  }

  close() {
    this.#ended.abort();
    this.sized.disconnect();
    this.reached.disconnect();
    this.#clear();
  }

  /** Whether the newest message is in view. */
  get atEnd() {
    return this.#atEnd;
  }

  toEnd() {
    this.parts.scroll.scrollTop = this.parts.scroll.scrollHeight;
    this.#scrolled();
  }

  #scrolled() {
    const { scrollHeight, scrollTop, clientHeight } = this.parts.scroll;
    this.#atEnd = scrollHeight - scrollTop - clientHeight < NEAR;
    if (this.#atEnd) this.#unseen = false;
    this.parts.newest.hidden = !this.#unseen;
    if (this.#atEnd) this.dispatchEvent(new Event("seen"));
  }

  // Those on their way stay: they are the outbox's.
  #clear() {
    for (const view of this.#views.values()) if (!view.pending) this.#views.delete(view.message);
    this.parts.list.replaceChildren(...[...this.#views.values()].map((view) => view.root));
    this.#atEnd = true;
    this.#arrange();
  }

  #add(messages, own = false) {
    const { scroll } = this.parts;
    const below = scroll.scrollHeight - scroll.scrollTop;
    const last = this.#last();
    for (const message of messages) this.#place(new MessageView(message, this.act));
    this.#arrange();
    if (own && messages.length > 0) this.#atEnd = true;
    if (this.#atEnd) this.toEnd();
    else if (this.#last() !== last) {
      this.#unseen = true;
      this.#scrolled();
    } else scroll.scrollTop = scroll.scrollHeight - below;
  }

  #last() {
    return [...this.parts.list.querySelectorAll(".entry:not(.is-pending)")].at(-1);
  }

  #place(view) {
    this.#views.set(view.message, view);
    view.root.dataset.key = view.message.id ?? "";
    this.parts.list.insertBefore(view.root, view.pending ? null : this.#following(view));
  }

  /** Before what a message stands: before all that was said later, and what is on its way. */
  #following({ message: { id, createdAt } }) {
    let following = null;
    for (let row = this.parts.list.lastElementChild; row; row = row.previousElementSibling) {
      const { key, at } = row.dataset;
      if (row.classList.contains("is-pending") || (key ? key > id : at > createdAt)) following = row;
      else break;
    }
    return following;
  }

  #note({ text, at }) {
    const row = element("li", { className: "note-row", textContent: `${text} · ${timeInWords(at)}` });
    row.dataset.at = at;
    this.parts.list.insertBefore(row, this.parts.list.querySelector(".is-pending"));
    if (this.#atEnd) this.toEnd();
  }

  // Focus must not fall to the top of the page when what has it goes.
  #remove(message) {
    const view = this.#views.get(message);
    if (!view) return;
    this.#views.delete(message);
    const focused = view.root.contains(document.activeElement);
    const entries = [...this.parts.list.querySelectorAll(".entry")];
    const at = entries.indexOf(view.root);
    view.root.remove();
    if (focused) (entries[at + 1] ?? entries[at - 1] ?? this.parts.list).focus();
    this.#arrange();
  }

  #arrange() {
    const byRoot = new Map([...this.#views.values()].map((view) => [view.root, view]));
    let previous = null;
    for (const row of this.parts.list.children) {
      const view = byRoot.get(row);
      view?.follow(previous);
      previous = view ?? null;
    }
    this.parts.empty.hidden = this.#views.size > 0 || !this.parts.older.hidden;
  }

  // Observing anew asks the observer again: after a short page the beginning may still be in view.
  #showMore(more) {
    this.parts.older.hidden = !more;
    this.reached.unobserve(this.parts.older);
    if (more) this.reached.observe(this.parts.older);
    this.#arrange();
  }

  /** Arrow keys, Home and End go from message to message; Tab goes into the one that is chosen. */
  #walk(event) {
    const here = event.target.closest(".entry");
    if (!(event.key in STEPS) || event.target.closest("video, .table")) return;
    const rows = [...this.parts.list.querySelectorAll(".entry")];
    const at = here ? rows.indexOf(here) + STEPS[event.key] : rows.length - 1;
    const next = rows[Math.min(rows.length - 1, Math.max(0, at))];
    if (!next || next === here) return;
    event.preventDefault();
    next.focus();
  }

  #choose(row) {
    for (const other of this.parts.list.querySelectorAll(".is-chosen")) other.classList.remove("is-chosen");
    row?.classList.add("is-chosen");
  }
}
