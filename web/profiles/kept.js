import { Database } from "../database.js";

const NAME = "darkroom.profile";
// A larger file would take longer to be copied than to be sent.
const MOST_BYTES = 200_000_000;

/** The files of a profile that are not sent yet, one a role, so that they outlive the page. */
export class KeptFiles {
  #database = new Database(NAME, { files: {} });
  #held = new Map();

  constructor(user) {
    this.user = user;
  }

  #key(role) {
    return `${this.user}/${role}`;
  }

  async keep(role, file) {
    await this.#hold(role);
    if (file.size > MOST_BYTES) await this.#database.with("readwrite", (files) => files.delete(this.#key(role)));
    else await this.#database.with("readwrite", (files) => files.put(file, this.#key(role)));
  }

  /** The file of a role that was on its way when the page was left; null where none was, or another tab is at it. */
  async left(role) {
    if (!(await this.#hold(role))) return null;
    const file = await this.#database.with("readonly", (files) => files.get(this.#key(role)));
    if (!file) this.#release(role);
    return file ?? null;
  }

  /** Whether another tab is sending the file of a role just now. */
  async isElsewhere(role) {
    if (!navigator.locks || this.#held.has(role)) return false;
    const { held } = await navigator.locks.query();
    return held.some(({ name }) => name === `${NAME}.${this.#key(role)}`);
  }

  async drop(role) {
    await this.#database.with("readwrite", (files) => files.delete(this.#key(role)));
    this.#release(role);
  }

  /** Leaves all of them to whoever comes. */
  close() {
    for (const role of [...this.#held.keys()]) this.#release(role);
  }

  // True if no other tab is at this role; it is then this one's.
  #hold(role) {
    if (!navigator.locks || this.#held.has(role)) return Promise.resolve(true);
    return new Promise((resolve) => {
      const held = new Promise((release) => this.#held.set(role, release));
      navigator.locks.request(`${NAME}.${this.#key(role)}`, { ifAvailable: true }, (lock) => {
        if (!lock) this.#held.delete(role);
        resolve(lock !== null);
        return lock ? held : undefined;
      });
    });
  }

  #release(role) {
    this.#held.get(role)?.();
    this.#held.delete(role);
  }
}
