const READ_WITHIN = 1000;
const HOLDS = 8000;

/** What there is no way back from takes the same button twice. The second click of a double click is no second press. */
export class Surely {
  #asked = null;
  #since = 0;
  #lapses = null;

  /** @param {() => void} onchanged hears that the question is another one, or none */
  constructor(onchanged) {
    this.onchanged = onchanged;
  }

  /** The name of what is asked about, or null. */
  get asked() {
    return this.#asked;
  }

  /** One press; true if it is the second one of this name. @param {MouseEvent} event by the keyboard without a count */
  press(name, { detail }) {
    const soon = Date.now() - this.#since < READ_WITHIN;
    if (this.#asked !== name) {
      this.#ask(name);
      return false;
    }
    // A key that is held presses again and again.
    if (detail > 1 || (detail === 0 && soon)) return false;
    this.#ask(null);
    return true;
  }

  #ask(name) {
    clearTimeout(this.#lapses);
    this.#asked = name;
    this.#since = Date.now();
    if (name) this.#lapses = setTimeout(() => this.#ask(null), HOLDS);
    this.onchanged();
  }

  close() {
    clearTimeout(this.#lapses);
    this.#asked = null;
  }
}
