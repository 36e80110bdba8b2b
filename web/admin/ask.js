import { element, onSubmit } from "../elements.js";

/** The question before what is wide or can't be undone. One at a time. */
export class Ask {
  #work = null;
  #back = null;

  /** @param {{dialog, form, title, text, fields, message, yes, no}} parts of the page */
  constructor(parts) {
    this.parts = parts;
    parts.no.onclick = () => parts.dialog.close();
    parts.dialog.onclose = () => this.#ended();
    onSubmit(parts.form, () => this.#do());
  }

  /**
   * Asks, and does `work` when it is answered with yes; what fails is said in the dialog, which then stays.
   * @param {{title: string, text: string, yes: string, fields?: object[], danger?: boolean}} question fields: {name,
   *   label, value?, hint?, kind?, least?, most?} each, kind "check" for yes or no, "number", else text
   * @param {(values: Record<string, string | boolean>) => Promise<void>} work @throws {ApiError}
   */
  open({ title, text, yes, fields = [], danger = false }, work) {
    const { parts } = this;
    parts.title.textContent = title;
    parts.text.textContent = text;
    parts.message.textContent = "";
    parts.yes.textContent = yes;
    parts.yes.className = danger ? "danger" : "primary";
    parts.fields.replaceChildren(...fields.map(field));
    this.#work = work;
    this.#back = document.activeElement;
    parts.dialog.showModal();
    (parts.fields.querySelector("input") ?? parts.no).focus();
  }

  close() {
    this.parts.dialog.close();
  }

  async #do() {
    const { parts } = this;
    const inputs = [...parts.fields.querySelectorAll("input")];
    const values = inputs.map((input) => [input.name, input.type === "checkbox" ? input.checked : input.value.trim()]);
    const work = this.#work;
    parts.yes.disabled = true;
    parts.message.textContent = "";
    try {
      await work(Object.fromEntries(values));
      if (this.#work === work) parts.dialog.close();
    } catch (error) {
      if (this.#work === work) parts.message.textContent = error.message;
    } finally {
      parts.yes.disabled = false;
    }
  }

  // Told a moment after it was closed: the next question may be open by then. What asked may have gone meanwhile; then
  // the browser finds a place of its own.
  #ended() {
    if (this.parts.dialog.open) return;
    this.#work = null;
    this.parts.fields.replaceChildren();
    if (this.#back?.isConnected) this.#back.focus();
  }
}

function kindOf(kind, value, least, most) {
  if (kind === "check") return { type: "checkbox", checked: Boolean(value) };
  return kind === "number"
    ? { type: "number", min: least, max: most, step: 1, required: true, value }
    : { type: "text", value };
}

function field({ name, label, value = "", hint = "", kind = "text", least = 0, most = "" }) {
  const id = `ask-${name}`;
  const more = kindOf(kind, value, least, most);
  const input = element("input", { id, name, autocomplete: "off", spellcheck: false, ...more });
  const shown = element("label", { htmlFor: id, textContent: label });
  const box = element("div", { className: kind === "check" ? "check" : "field" }, shown, input);
  if (hint) {
    box.append(element("p", { id: `${id}-hint`, className: "quiet", textContent: hint }));
    input.setAttribute("aria-describedby", `${id}-hint`);
  }
  return box;
}
