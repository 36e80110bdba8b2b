const NAME = "darkroom.chat";
// Of one file: a larger one would take longer to be copied than to be sent.
const MOST_BYTES = 200_000_000;

/** An IndexedDB request as a promise. */
function answered(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/**
 * What one person said in this browser that no answer came to yet, with its files, so that it outlives the page.
 * Records are {clientId, person, chat, text, at, files: [{filename, id}]}. Where a browser keeps nothing nothing is kept.
 */
export class Kept {
  #database = null;
  #held = new Map();

  constructor(person) {
    this.person = person;
  }

  /** All of this person's, the oldest first. */
  async all() {
    const found = await this.#with("readonly", (unsent) => unsent.getAll());
    return (found ?? []).filter(({ person }) => person === this.person).sort((one, other) => one.at - other.at);
  }

  /** One of them with its files, each {filename, id, file}; null if it is not there any more. */
  async read(clientId) {
    const record = await this.#with("readonly", (unsent) => unsent.get(clientId));
    if (!record) return null;
    const read = (at) => this.#with("readonly", (_, files) => files.get([clientId, at]));
    const files = record.files.map(async (file, at) => ({ ...file, file: (await read(at)) ?? null }));
    return { ...record, files: await Promise.all(files) };
  }

  /** Keeps the bytes of the files of a message. False if that of one of them are not. */
  async keepFiles(clientId, files) {
    const small = files.every((file) => file.size <= MOST_BYTES);
    const kept = await this.#with("readwrite", (_, store) => {
      files.forEach((file, at) => file.size <= MOST_BYTES && store.put(file, [clientId, at]));
      return store.count();
    });
    return small && kept !== null;
  }

  keep(record) {
    return this.#with("readwrite", (unsent) => unsent.put({ ...record, person: this.person }));
  }

  drop(clientId) {
    this.#held.get(clientId)?.();
    this.#held.delete(clientId);
    return this.#with("readwrite", (unsent, files) => {
      files.delete(IDBKeyRange.bound([clientId], [clientId, []]));
      return unsent.delete(clientId);
    });
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

  async #with(mode, work) {
    try {
      this.#database ??= this.#open();
      const transaction = (await this.#database).transaction(["unsent", "files"], mode);
      const result = await answered(work(transaction.objectStore("unsent"), transaction.objectStore("files")));
      return result ?? undefined;
    } catch {
      return null;
    }
  }

  #open() {
    const request = indexedDB.open(NAME, 1);
    request.onupgradeneeded = () => {
      request.result.createObjectStore("unsent", { keyPath: "clientId" });
      request.result.createObjectStore("files");
    };
    return answered(request);
  }
}
