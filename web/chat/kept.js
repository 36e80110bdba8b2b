import { Database } from "../database.js";

const NAME = "darkroom.chat";
const STORES = { unsent: { keyPath: "clientId" }, files: {} };
// A larger file would take longer to be copied than to be sent.
const MOST_BYTES = 200_000_000;

export function mayBeKept(file) {
  return file.size <= MOST_BYTES;
}

/**
 * What one person said in this browser that no answer came to yet, with its files, so that it outlives the page.
 * Records are {clientId, person, chat, text, at, refused, files: [{number, filename, id}]}; `refused`: the room was not
 * there. Where a browser keeps nothing nothing is kept.
 */
export class Kept {
  #database = new Database(NAME, STORES);
  #held = new Map();

  constructor(person) {
    this.person = person;
  }

  /** All of this person's, the oldest first. */
  async all() {
    const found = await this.#database.with("readonly", (unsent) => unsent.getAll());
    return (found ?? []).filter(({ person }) => person === this.person).sort((one, other) => one.at - other.at);
  }

  /** One of them with its files, each {…, file}; undefined if it is not there any more, null if it can't be read. */
  async read(clientId) {
    const record = await this.#database.with("readonly", (unsent) => unsent.get(clientId));
    if (!record) return record;
    const read = (number) => this.#database.with("readonly", (_, files) => files.get([clientId, number]));
    const files = record.files.map(async (file) => ({ ...file, file: (await read(file.number)) ?? null }));
    return { ...record, files: await Promise.all(files) };
  }

  /**
   * Keeps a record with the bytes of the assets that are `added`, and none of the one that is `left` out. All of it or
   * nothing; false if nothing.
   */
  async keep(record, added = [], left = null) {
    const done = await this.#database.with("readwrite", (unsent, files) => {
      for (const { file, number } of added) files.put(file, [record.clientId, number]);
      if (left) files.delete([record.clientId, left.number]);
      return unsent.put({ ...record, person: this.person });
    });
    return done !== null;
  }

  /** Forgets one. Until that is done it is no other tab's, which would read it and send it. */
  async drop(clientId) {
    const release = this.#held.get(clientId);
    this.#held.delete(clientId);
    await this.#database.with("readwrite", (unsent, files) => {
      files.delete(IDBKeyRange.bound([clientId], [clientId, []]));
      return unsent.delete(clientId);
    });
    release?.();
  }

  /** Waits until no other tab is at this message; it is then this one's. */
  hold(clientId) {
    if (!navigator.locks) return Promise.resolve();
    return new Promise((resolve) => {
      const held = new Promise((release) => this.#held.set(clientId, release));
      navigator.locks.request(`${NAME}.${clientId}`, () => {
        resolve();
        return held;
      });
    });
  }

  /** Leaves all of them to whoever comes. */
  close() {
    for (const release of this.#held.values()) release();
    this.#held.clear();
  }
}
