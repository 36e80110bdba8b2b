import { byId } from "../elements.js";
import { say } from "./rows.js";

const AGAIN_AFTER = 5000; // milliseconds

/** A part of the page: reads from the API, says what went wrong and what to do, and whether there is nothing. */
export class Section {
  #round = 0;
  #again = null;
  #closed = false;

  /**
   * @param {string} id of its <section>, which has a [data-notice] and may have an [data-empty]
   * @param {{session: Session, ask: Ask, say: (text: string) => void}} tools shared by all; say: what is read out
   */
  constructor(id, tools) {
    this.box = byId(id);
    this.notice = this.box.querySelector("[data-notice]");
    this.empty = this.box.querySelector("[data-empty]");
    this.tools = tools;
    this.tell("");
  }

  /** Reads what it shows; each has its own. */
  async load() {}

  close() {
    this.#closed = true;
    this.#round += 1;
    clearTimeout(this.#again);
  }

  /** Says something where this part of the page is. */
  tell(text) {
    say(this.notice, text);
  }

  /** Whether there is nothing to show. */
  isEmpty(nothing) {
    if (this.empty) this.empty.hidden = !nothing;
  }

  /**
   * Reads, and shows what came, unless something was asked for since; true if it was shown. What passes is tried again
   * by itself.
   * @param {string} path
   * @param {(answer: object) => void} show
   */
  async read(path, show) {
    const round = ++this.#round;
    clearTimeout(this.#again);
    this.box.setAttribute("aria-busy", "true");
    try {
      const answer = await this.tools.session.request("GET", path);
      if (round !== this.#round) return false;
      this.tell("");
      show(answer);
      return true;
    } catch (error) {
      if (error.status === undefined) throw error;
      if (round !== this.#round || error.status === 401) return false;
      this.tell(error.passing ? `${error.message} It is tried again by itself.` : error.message);
      if (error.passing && !this.#closed) this.#again = setTimeout(() => this.load(), AGAIN_AFTER);
      return false;
    } finally {
      if (round === this.#round) this.box.removeAttribute("aria-busy");
    }
  }

  /** One request that changes something. @throws {ApiError} */
  send(method, path, body) {
    return this.tools.session.request(method, path, body);
  }

  /**
   * The same from a button without a question before it: what fails is said, and while it is done it is not done again.
   * @param {HTMLButtonElement} button
   * @param {() => Promise<void>} work
   */
  async press(button, work) {
    if (button.getAttribute("aria-disabled") === "true") return;
    // Not `disabled`, which would take the focus away.
    button.setAttribute("aria-disabled", "true");
    try {
      await work();
      this.tell("");
    } catch (error) {
      if (error.status === undefined) throw error;
      this.tell(error.message);
    } finally {
      button.removeAttribute("aria-disabled");
    }
  }
}
