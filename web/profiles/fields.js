import { element } from "../elements.js";
import { sentence } from "./words.js";

const CHECK_AFTER = 400;
const AGAIN_AFTER = 4000;
const NAMES = ["name", "url", "activity_hobbies", "hashtags"];
const EMPTY = { name: "", url: "", activity_hobbies: "", hashtags: "", is_incognito: false };

/** The field that an answer means: the same ones are part of something larger when a profile is sent in. */
function nameOf(field) {
  return String(field).replace(/^profile_data\./, "").replace(/[.[].*$/, "");
}

/** The hashtags of a text as they stand there, before the server has said what they are. */
function roughly(text) {
  return text.split(/[\s,;]+/).map((word) => word.replace(/^#+/, "")).filter(Boolean);
}

/** The fields of a profile, checked by the server while they are written. Fires `written` and `checked`. */
export class Fields extends EventTarget {
  #touched = new Set();
  #timer = null;
  #round = 0;
  #checked = null;

  /** @param {{fields: Record<string, HTMLInputElement>, chips: HTMLElement}} parts; each field has an #…-error beside it */
  constructor(parts, session) {
    super();
    this.parts = parts;
    this.session = session;
    for (const [name, field] of Object.entries(parts.fields)) {
      field.oninput = () => this.#typed(name);
    }
  }

  get values() {
    const { is_incognito: incognito, ...texts } = this.parts.fields;
    const read = Object.fromEntries(Object.entries(texts).map(([name, field]) => [name, field.value]));
    return { ...EMPTY, ...read, is_incognito: incognito.checked };
  }

  set values(values) {
    const { is_incognito: incognito, ...texts } = this.parts.fields;
    for (const [name, field] of Object.entries(texts)) field.value = values[name] ?? "";
    incognito.checked = Boolean(values.is_incognito);
    this.#touched.clear();
    this.#checked = null;
    this.show([]);
    if (NAMES.some((name) => values[name])) this.check();
  }

  /** As the server understands them, as far as it was asked; what is written, until then. */
  get normalised() {
    const { values } = this;
    return { ...values, hashtags: roughly(values.hashtags), ...this.#checked };
  }

  #touch(name) {
    this.#touched.add(name);
    this.#soon();
  }

  #typed(name) {
    this.#checked = null;
    this.#touch(name);
    this.dispatchEvent(new Event("written"));
  }

  #soon(milliseconds = CHECK_AFTER) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.check(), milliseconds);
  }

  close() {
    clearTimeout(this.#timer);
    this.#round += 1;
  }

  /** Asks the server what it says to what is written; what comes late is of no more interest. */
  async check() {
    clearTimeout(this.#timer);
    const round = ++this.#round;
    try {
      const { values, flags } = await this.session.request("POST", "/profiles/validate", this.values);
      if (round !== this.#round) return;
      this.#checked = values;
      this.show([], flags);
    } catch (error) {
      if (round !== this.#round) return;
      if (error.passing) {
        this.#soon(AGAIN_AFTER);
        return;
      }
      this.show(error.fields);
    }
    this.dispatchEvent(new Event("checked"));
  }

  /** Says everything, also of fields that nobody has been at. True if one of the errors is of a field here. */
  refuse(errors) {
    NAMES.forEach((name) => this.#touched.add(name));
    this.show(errors);
    const wrong = NAMES.find((name) => errors.some(({ field }) => nameOf(field) === name));
    if (wrong) this.parts.fields[wrong].focus();
    return Boolean(wrong);
  }

  show(errors, flags = []) {
    for (const name of NAMES) {
      const field = this.parts.fields[name];
      const wrong = this.#touched.has(name) ? errors.filter((error) => nameOf(error.field) === name) : [];
      const noticed = flags.filter((flag) => nameOf(flag.field) === name);
      field.setAttribute("aria-invalid", String(wrong.length > 0));
      const said = [...wrong.map(({ message }) => sentence(message)), ...noticed.map(({ why }) => sentence(why))];
      this.#say(document.getElementById(`${field.id}-error`), said, wrong.length === 0);
    }
    this.#showChips(errors.some(({ field }) => nameOf(field) === "hashtags"));
  }

  // Only what is new: a screen reader would read it again at each letter.
  #say(line, said, mild) {
    const text = said.join("\n");
    line.classList.toggle("is-mild", mild);
    if (line.textContent === text) return;
    line.textContent = text;
  }

  #showChips(wrong) {
    const names = this.normalised.hashtags;
    const chip = (name) => element("li", { className: "chip", textContent: `#${name}` });
    this.parts.chips.replaceChildren(...names.slice(0, 60).map(chip));
    this.parts.chips.classList.toggle("is-wrong", wrong);
  }
}
