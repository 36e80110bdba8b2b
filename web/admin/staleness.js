import { exactInWords, dateOf } from "./words.js";
import { say } from "./rows.js";

const STATUS = { live: "Live", connecting: "Connecting", waiting: "Not connected", refused: "Not connected" };
// A connection that comes back at once is no news.
const PATIENCE = 3000; // milliseconds

/** Says how fresh what is shown is: live, or old, since when, and that it mends itself. */
export class Staleness {
  #heard = null;
  #status = "connecting";
  #late = null;
  #away = "";

  /** @param {{status, stale, body: HTMLElement}} parts of the page @param {(text: string) => void} speak */
  constructor(parts, speak) {
    this.parts = parts;
    this.speak = speak;
    this.is("connecting");
  }

  close() {
    clearTimeout(this.#late);
    say(this.parts.stale, "");
    delete this.parts.body.dataset.live;
  }

  /** @param {"connecting" | "live" | "waiting" | "refused"} status of the connection */
  is(status) {
    const before = this.#status;
    this.#status = status;
    this.parts.body.dataset.live = status === "live" ? "live" : "connecting";
    if (status === "live") {
      clearTimeout(this.#late);
      this.#late = null;
      say(this.parts.status, STATUS.live);
      say(this.parts.stale, this.#away);
    } else if (this.#late === null) this.#late = setTimeout(() => this.#say(), PATIENCE);
    else if (this.parts.stale.textContent) this.#say();
    if (before === status) return;
    if (status === "refused") this.#say();
  }

  /** A message came; `away` says that a part of the server's does not answer it. */
  heard(type, at, why) {
    this.#heard = dateOf(at) ?? new Date();
    if (type === "beat") return;
    this.#away = type === "away" ? `What is below is as it was before: ${why}` : "";
    say(this.parts.stale, this.#away);
  }

  #say() {
    if (this.#status === "live") return;
    say(
      this.parts.status,
      STATUS[this.#status] === "Connecting" && this.#heard ? "Not connected" : STATUS[this.#status],
    );
    const since = this.#heard
      ? `What is below is as it was on ${exactInWords(this.#heard)}.`
      : "Nothing could be read yet.";
    const then =
      this.#status === "refused"
        ? "Darkroom takes no listeners from this address: open the page by the address that ./ops/open --admin prints."
        : "It is tried again by itself.";
    say(this.parts.stale, `Not connected to Darkroom. ${since} ${then}`);
  }
}
