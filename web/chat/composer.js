import { isHidden } from "../drop.js";

const KEPT = "darkroom.draft.";
// On a touch screen there is no other key to begin a new line with.
const TOUCH = matchMedia("(pointer: coarse)");

/** Where one writes. What is not said yet is kept for this tab, for each room. */
export class Composer {
  #ended = new AbortController();

  /**
   * @param {{form, text: HTMLElement}} parts of the page
   * @param {string} key of the room and the visitor
   * @param {{say: (text: string, files: File[]) => void, take: (files: File[]) => void, wrote: () => void}} act
   */
  constructor(parts, key, act) {
    this.parts = parts;
    this.key = KEPT + key;
    this.act = act;
    const { signal } = this.#ended;
    const { form, text } = parts;
    text.value = sessionStorage.getItem(this.key) ?? "";
    form.addEventListener("submit", (event) => this.#submit(event), { signal });
    text.addEventListener("input", () => this.#wrote(), { signal });
    text.addEventListener("keydown", (event) => this.#key(event), { signal });
    document.addEventListener("paste", (event) => this.#paste(event), { signal });
    this.#grow();
    if (!TOUCH.matches) text.focus();
  }

  close() {
    this.#ended.abort();
  }

  /** Forgets all that was written and not said: another one may come to this browser. */
  static forget() {
    for (const key of Object.keys(sessionStorage)) if (key.startsWith(KEPT)) sessionStorage.removeItem(key);
  }

  /**
   * Sends files, and what is written with them.
   * @param {File[] | Promise<File[]>} files those of a folder come when it was gone through
   */
  async take(files) {
    const meant = (await files).filter((file) => !isHidden(file));
    if (meant.length === 0) return;
    // By now another room may be open, and what is written that one's.
    if (this.#ended.signal.aborted) this.act.say("", meant);
    else this.#say(meant);
  }

  #say(files) {
    const { text } = this.parts;
    const said = text.value.trim();
    if (!said && files.length === 0) return;
    this.act.say(said, files);
    text.value = "";
    sessionStorage.removeItem(this.key);
    this.#grow();
  }

  #submit(event) {
    event.preventDefault();
    this.#say([]);
    this.parts.text.focus();
  }

  #key(event) {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || TOUCH.matches) return;
    event.preventDefault();
    this.parts.form.requestSubmit();
  }

  #wrote() {
    sessionStorage.setItem(this.key, this.parts.text.value);
    this.#grow();
    if (this.parts.text.value.trim()) this.act.wrote();
  }

  #paste(event) {
    const { files, types } = event.clipboardData;
    // Text that some programs copy has a picture of itself beside it.
    if (files.length === 0 || types.includes("text/plain") || event.target.closest?.("dialog")) return;
    event.preventDefault();
    this.act.take([...files]);
  }

  #grow() {
    const { text } = this.parts;
    text.style.height = "auto";
    text.style.height = `${text.scrollHeight + 2}px`;
  }
}
