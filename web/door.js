import { onSubmit } from "./elements.js";
import { codeIn } from "./session.js";

/** The login: a code from the address, or pasted. */
export class Door {
  constructor(parts, session, onopened) {
    this.parts = parts;
    this.session = session;
    this.onopened = onopened;
    onSubmit(parts.form, () => this.#pasted());
  }

  show(message = "") {
    this.parts.door.hidden = false;
    this.parts.message.textContent = message;
    this.parts.code.focus();
  }

  hide() {
    this.parts.door.hidden = true;
    this.parts.code.value = "";
  }

  async #pasted() {
    const code = codeIn(this.parts.code.value);
    if (!code) {
      this.show("That doesn't look like a login address. Copy all of it, from http up to the last letter.");
      return;
    }
    const refusal = await this.try(code);
    if (refusal) this.show(refusal);
  }

  /** Logs in by a code; gives what went wrong in plain words, or null. */
  async try(code) {
    try {
      await this.session.login(code);
    } catch (error) {
      // 403: the login is good, and not for this page.
      if (error.passing || error.status === 403) return error.message;
      return "This login address was used before or has run out. Each works once: ./ops/open prints a fresh one.";
    }
    this.hide();
    await this.onopened();
    return null;
  }
}
