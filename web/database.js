/** An IndexedDB request as a promise. */
function answered(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/** That all of a transaction is kept: its requests succeed before that, and it may still have no place. */
function completed(transaction) {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = resolve;
    transaction.onabort = () => reject(transaction.error);
  });
}

/** Half of the work may be done when the rest of it can't even be asked for. */
function undo(transaction) {
  try {
    transaction?.abort();
  } catch {
    // It has ended by itself.
  }
}

/** What this browser keeps under one name, also when the page is left. Where it keeps nothing nothing is kept. */
export class Database {
  #opened = null;

  /** @param {Record<string, object>} stores by name, with the options that each is made with */
  constructor(name, stores) {
    this.name = name;
    this.stores = stores;
  }

  /**
   * One transaction; gives the result of the request that `work` returns (undefined where that has none), null where
   * nothing came of it.
   * @param {"readonly" | "readwrite"} mode
   * @param {(...stores: IDBObjectStore[]) => IDBRequest} work
   */
  async with(mode, work) {
    let transaction = null;
    try {
      this.#opened ??= this.#open();
      const names = Object.keys(this.stores);
      transaction = (await this.#opened).transaction(names, mode);
      const request = work(...names.map((name) => transaction.objectStore(name)));
      await completed(transaction);
      return request.result ?? undefined;
    } catch {
      undo(transaction);
      return null;
    }
  }

  #open() {
    const request = indexedDB.open(this.name, 1);
    request.onupgradeneeded = () => {
      for (const [name, options] of Object.entries(this.stores)) request.result.createObjectStore(name, options);
    };
    return answered(request);
  }
}
