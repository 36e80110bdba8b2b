import { element, onSubmit } from "./elements.js";

const FIRST = "demo";

/** The choice of a project: the one used last, else "demo", which is made when it is not there. */
export class ProjectChoice {
  /** @param {{letsGo: () => boolean, enter: (id: string) => void}} act asked before the room is left; enters another */
  constructor(parts, session, act) {
    this.parts = parts;
    this.session = session;
    this.act = act;
    parts.select.onchange = () => this.#change();
    parts.make.onclick = () => this.#ask();
    parts.cancel.onclick = () => parts.dialog.close();
    onSubmit(parts.form, () => this.#make());
  }

  /** Puts the question for a name away, if it is asked. */
  close() {
    this.parts.dialog.close();
  }

  /** Reads the projects and enters one. @throws {ApiError} */
  async load() {
    const known = await this.#known();
    const wanted = known.has(this.session.project) ? this.session.project : FIRST;
    if (!known.has(wanted)) {
      await this.session.request("POST", "/projects/", { name: wanted, id: wanted });
      known.set(wanted, wanted);
    }
    this.#show(known, wanted);
    this.#choose(wanted);
  }

  async #known() {
    const known = new Map();
    let cursor = "";
    do {
      const query = new URLSearchParams({ limit: 500, cursor });
      const page = await this.session.request("GET", `/projects/?${query}`);
      page.projects.forEach((project) => known.set(String(project.id), project.name));
      cursor = page.next_cursor;
    } while (cursor);
    return known;
  }

  #show(known, chosen) {
    const options = [...known].map(([id, name]) => {
      const label = name && name !== id ? `${name} (${id})` : id;
      return element("option", { value: id, textContent: label, selected: id === chosen });
    });
    this.parts.select.replaceChildren(...options);
  }

  #choose(id) {
    this.session.project = id;
    this.act.enter(id);
  }

  #change() {
    if (this.act.letsGo()) this.#choose(this.parts.select.value);
    else this.parts.select.value = this.session.project;
  }

  #ask() {
    this.parts.message.textContent = "";
    this.parts.name.value = "";
    this.parts.dialog.showModal();
    this.parts.name.focus();
  }

  async #make() {
    if (!this.act.letsGo()) return;
    try {
      const { id } = await this.session.request("POST", "/projects/", { name: this.parts.name.value.trim() });
      this.session.project = String(id);
      await this.load();
      this.parts.dialog.close();
    } catch (error) {
      this.parts.message.textContent = error.message;
    }
  }
}
