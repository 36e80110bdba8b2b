import { sha256 } from "./parts.js";

const KEPT = "darkroom.begun";
// As long as the server waits for the rest.
const GOOD_FOR = 7 * 24 * 3_600_000;

/**
 * The large files that this browser has begun to send and not ended, so that one which is chosen again goes on where it
 * was. The same name, size and time of its last change make the same file: a new version of it begins anew, since parts
 * of both would make neither. Kept by a hash, for names are nobody's business who comes later.
 */
export class Begun {
  /** @param {string} place where they are sent to */
  constructor(place) {
    this.place = place;
  }

  /** The id in the ledger, or null. */
  async find(file) {
    return this.#read()[await this.#key(file)]?.id ?? null;
  }

  async keep(file, id) {
    this.#write({ ...this.#read(), [await this.#key(file)]: { id, at: Date.now() } });
  }

  async drop(file) {
    const key = await this.#key(file);
    const { [key]: dropped, ...rest } = this.#read();
    if (dropped) this.#write(rest);
  }

  #key({ name, size, lastModified }) {
    return sha256(new TextEncoder().encode(JSON.stringify([this.place, name, size, lastModified])));
  }

  #read() {
    try {
      const all = Object.entries(JSON.parse(localStorage.getItem(KEPT)) ?? {});
      return Object.fromEntries(all.filter(([, { at }]) => Date.now() - at < GOOD_FOR));
    } catch {
      return {};
    }
  }

  #write(all) {
    try {
      localStorage.setItem(KEPT, JSON.stringify(all));
    } catch {
      // Nothing can be kept here: what breaks off with the page begins anew.
    }
  }
}
