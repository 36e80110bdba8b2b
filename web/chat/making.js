import { onSubmit } from "../elements.js";

/** The question for a new room: its name, and who is in it. */
export class Making {
  /** @param {(id: string) => void} onmade hears of the room that was made */
  constructor(parts, session, onmade) {
    this.parts = parts;
    this.session = session;
    this.onmade = onmade;
    parts.open.onclick = () => this.#ask();
    parts.cancel.onclick = () => parts.dialog.close();
    onSubmit(parts.form, () => this.#make());
  }

  close() {
    this.parts.dialog.close();
  }

  #ask() {
    this.parts.message.textContent = "";
    this.parts.form.reset();
    this.parts.dialog.showModal();
    this.parts.name.focus();
  }

  async #make() {
    const members = this.parts.members.value.split(/[\s,;]+/).filter(Boolean);
    try {
      const body = { title: this.parts.name.value.trim(), members };
      const { chat_id: id } = await this.session.request("POST", "/chats/", body);
      this.parts.dialog.close();
      this.onmade(id);
    } catch (error) {
      this.parts.message.textContent = error.message;
    }
  }
}
