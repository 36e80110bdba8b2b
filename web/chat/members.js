import { count } from "../words.js";
import { namesInWords } from "./words.js";

const PAGE = 200;

/** Who is in a room, as a line of names. */
export class Members {
  #names = new Set();
  #more = false;
  #closed = false;

  /** @param {HTMLElement} line where they stand */
  constructor(access, line) {
    this.access = access;
    this.line = line;
    this.#show();
  }

  close() {
    this.#closed = true;
  }

  /** Reads who is there; where that fails the line stays as it is. */
  async load() {
    try {
      const path = this.access.path(`members?limit=${PAGE}`);
      const { members, next_cursor: next } = await this.access.request("GET", path);
      // The line is another room's by then.
      if (this.#closed) return;
      this.#names = new Set(members.map(({ user_id: name }) => name));
      this.#more = next !== null;
      this.#show();
    } catch {
      // It is read anew when the room is entered again.
    }
  }

  tell({ type, user_id: name }) {
    if (type === "member_joined") this.#names.add(name);
    else if (type === "member_left") this.#names.delete(name);
    else return;
    this.#show();
  }

  #show() {
    const others = [...this.#names].filter((name) => name !== this.access.session.person);
    const all = this.#more ? "More than " : "";
    this.line.title = others.join(", ");
    this.line.textContent =
      others.length > 6 ? all + count(this.#names.size, "person", "people") : namesInWords(["You", ...others], 7);
  }
}
