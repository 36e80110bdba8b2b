import { pause } from "../pause.js";
import { Decisions } from "./decisions.js";
import { Desk } from "./desk.js";
import { addressOf, Queue } from "./queue.js";

const ASKED_EVERY = 5000; // milliseconds, while the page is seen
const GONE = "That profile was taken away by its owner.";
const FIELDS = "input, textarea, select, [contenteditable]";

/** The edition that the page's own address names, or null. */
function named() {
  return /[#&]edition=([0-9a-f-]{36})/.exec(location.hash)?.[1] ?? null;
}

/** All that a moderator has open: the queue, one edition at the desk, and what was decided. */
export class Office {
  #ended = new AbortController();

  /** @param {(message: string) => void} shut called where the login is good, but not for this */
  constructor(parts, session, shut) {
    this.parts = parts;
    this.session = session;
    this.shut = shut;
    this.queue = new Queue(parts.queue, session);
    this.desk = new Desk(parts.desk, session, {
      next: () => this.step(1),
      decided: () => this.queue.read().catch(() => {}),
      gone: () => this.#gone(),
      trouble: (text) => this.#say(text),
      say: (text) => (parts.spoken.textContent = text),
    });
    this.decisions = new Decisions(parts.done, session);
    parts.queue.more.onclick = () => this.queue.more();
    const { signal } = this.#ended;
    document.addEventListener("keydown", (event) => this.#key(event), { signal });
    document.addEventListener("visibilitychange", () => document.hidden || this.#read(), { signal });
    this.go();
    this.#keepReading();
  }

  close() {
    this.#ended.abort();
    this.desk.close();
    this.queue.close();
    this.#say("");
  }

  #say(text) {
    this.parts.notice.textContent = text;
  }

  async #keepReading() {
    const { signal } = this.#ended;
    while (!signal.aborted) {
      if (!document.hidden) await this.#read();
      await pause(ASKED_EVERY, signal);
    }
  }

  async #read() {
    try {
      const me = await this.queue.read();
      if (this.#ended.signal.aborted) return;
      this.parts.who.textContent = me;
      this.desk.me = me;
      await this.desk.read();
      this.#say("");
    } catch (error) {
      if (this.#ended.signal.aborted || error.status === 401) return;
      if (error.status === 403) this.shut(error.message);
      else this.#say(error.message);
    }
  }

  #gone() {
    this.parts.spoken.textContent = GONE;
    location.hash = "#queue";
  }

  /** Opens what the address names. */
  go() {
    const id = named();
    const past = location.hash === "#decisions";
    const place = past ? "decisions" : id ? "edition" : "queue";
    this.parts.body.dataset.place = place;
    this.parts.done.box.hidden = !past;
    this.parts.nothing.hidden = place !== "queue";
    this.queue.choose(id);
    this.desk.open(id);
    if (past) this.decisions.open();
  }

  /** Goes to the next edition in the queue, or by -1 to the one before. */
  step(by) {
    const next = this.queue.beside(named(), by);
    location.hash = next ? addressOf(next) : "#queue";
  }

  #key(event) {
    if (event.altKey || event.ctrlKey || event.metaKey || event.repeat || event.target.closest(FIELDS)) return;
    const keys = {
      KeyJ: () => this.step(1),
      KeyK: () => this.step(-1),
      KeyC: () => this.desk.claim(),
      KeyA: () => this.desk.approve(),
      KeyR: () => this.desk.beginToReject(),
    };
    // By what stands on the key; where that is no Latin letter, by where the key is.
    const act = keys[`Key${event.key.toUpperCase()}`] ?? (/^[a-z]$/i.test(event.key) ? undefined : keys[event.code]);
    if (!act) return;
    event.preventDefault();
    act();
  }
}
