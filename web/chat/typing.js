import { namesInWords } from "./words.js";

const TOLD_EVERY = 3000;
const HOLDS = 6000;

/** Who is writing just now: told by the visitor's page, and shown of the others. Missed, it is no loss. */
export class Typing {
  #told = 0;
  #others = new Map();

  /** @param {HTMLElement} line where it stands */
  constructor(access, line) {
    this.access = access;
    this.line = line;
  }

  /** The visitor has written something. */
  wrote() {
    if (Date.now() - this.#told < TOLD_EVERY) return;
    this.#told = Date.now();
    this.access.request("POST", this.access.path("typing")).catch(() => {});
  }

  /** The visitor has said what was written: the next letter is told at once. */
  sent() {
    this.#told = 0;
  }

  heard(person) {
    if (person === this.access.session.person) return;
    clearTimeout(this.#others.get(person));
    this.#others.set(person, setTimeout(() => this.ended(person), HOLDS));
    this.#show();
  }

  ended(person) {
    clearTimeout(this.#others.get(person));
    if (this.#others.delete(person)) this.#show();
  }

  close() {
    for (const person of [...this.#others.keys()]) this.ended(person);
  }

  #show() {
    const names = [...this.#others.keys()];
    const verb = names.length > 1 ? "are" : "is";
    this.line.textContent = names.length > 0 ? `${namesInWords(names)} ${verb} writing …` : "";
  }
}
