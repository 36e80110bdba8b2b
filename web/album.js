import { kindOfFile, kindOfVersions } from "./kinds.js";
import { pause } from "./pause.js";

const PAGE = 60;
const GATHER = 250;
const LIVE_MOST = 600;
const SETTLED = ["done", "error"];
// Events of what is there: its state, or versions that are there before the rest. After all others it is gone.
const LIVING = ["state", "preview"];

/** Whether it comes from this page and is not developed yet, whatever became of its bytes. */
function isOnItsWay(asset) {
  return asset.file !== null && (asset.unsent || !SETTLED.includes(asset.state));
}

/**
 * The assets of one project as this page knows them: those on their way from here and those the server lists.
 *
 * A asset is {key, id, file, filename, state, sent, unsent, error, facts, versions, createdAt}; `id` is null until
 * there is a slot for it, `facts` until it is read from the list, `progress` ({percent, left}) but while it is worked on. Fires `added` ({assets, place: "top" | "bottom"}), `changed` and `removed` (the asset),
 * `cleared`, and `more` (whether older ones are left).
 */
export class Album extends EventTarget {
  #assets = new Map();
  #byId = new Map();
  #unknown = new Map();
  #gathering = null;
  #held = null;
  #next = null;
  #loading = null;
  #live = 0;
  #keys = 0;
  #closed = new AbortController();

  constructor(access) {
    super();
    this.access = access;
  }

  get assets() {
    return [...this.#assets.values()];
  }

  get more() {
    return this.#next !== null;
  }

  find(id) {
    return this.#byId.get(id);
  }

  close() {
    this.#closed.abort();
  }

  #fire(type, detail) {
    if (!this.#closed.signal.aborted) this.dispatchEvent(new CustomEvent(type, { detail }));
  }

  #make(fields) {
    this.#keys += 1;
    const blank = { key: this.#keys, id: null, kind: "image", file: null, filename: "", state: "waiting", sent: 0 };
    const unknown = { unsent: false, inParts: false, error: null, facts: null, progress: null, createdAt: null };
    return this.#hold({ ...blank, ...unknown, versions: {}, ...fields });
  }

  #hold(asset) {
    this.#assets.set(asset.key, asset);
    if (asset.id) this.#byId.set(asset.id, asset);
    return asset;
  }

  /** Takes files of this page's visitor in; gives their assets, to be handed to the uploads. */
  take(files) {
    const createdAt = new Date().toISOString();
    const assets = files.map((file) =>
      this.#make({ file, filename: file.name, kind: kindOfFile(file), createdAt, unsent: true }),
    );
    this.#fire("added", { assets, place: "top" });
    return assets;
  }

  report(asset, changes) {
    if (!this.#assets.has(asset.key)) return;
    Object.assign(asset, changes);
    this.#fire("changed", asset);
  }

  /** Binds an asset to its slot; false if it was removed meanwhile. Events may have told of that slot before. */
  claim(asset, id) {
    if (!this.#assets.has(asset.key)) {
      this.access.request("DELETE", `/files/${id}`).catch(() => {});
      return false;
    }
    const other = this.#byId.get(id);
    if (other) this.forget(other);
    asset.id = id;
    this.#byId.set(id, asset);
    const told = this.#unknown.get(id) ?? [];
    this.#unknown.delete(id);
    told.forEach((event) => this.#apply(asset, event));
    return true;
  }

  release(asset) {
    this.#byId.delete(asset.id);
    asset.id = null;
  }

  forget(asset) {
    if (!this.#assets.delete(asset.key)) return;
    if (asset.id) this.#byId.delete(asset.id);
    this.#fire("removed", asset);
  }

  /** One event of the stream. While a list is being read they are kept, since the list may be older than they. */
  tell(event) {
    if (this.#held) {
      this.#held.push(event);
      return;
    }
    const asset = this.#byId.get(event.file_id);
    if (asset) this.#apply(asset, event);
    else if (LIVING.includes(event.type)) this.#gather(event);
    else this.#unknown.delete(event.file_id);
  }

  #apply(asset, event) {
    if (!LIVING.includes(event.type)) {
      // Our own slot was given up and the file is on its way by another: the asset stays.
      if (event.file_id === asset.id) this.forget(asset);
      return;
    }
    if (event.state === "init" && asset.unsent) return;
    const changes = { state: event.state, error: event.error ?? null };
    if (event.state !== "processing") changes.progress = null;
    // Only when the bytes are there is the file no longer needed: a slot that ran out is sent by a new one.
    if (!["init", "error"].includes(event.state)) changes.unsent = false;
    if (event.versions) {
      changes.versions = { ...asset.versions, ...event.versions };
      changes.kind = kindOfVersions(changes.versions, asset.kind);
    }
    this.report(asset, changes);
    if (asset.state === "done" && asset.kind !== "image" && !asset.facts) this.#learn(asset);
  }

  // An event tells no facts: how long a video is, how many pages a document has.
  async #learn(asset) {
    const file = await this.#one(asset.id).catch(() => null);
    if (file) this.report(asset, { kind: file.kind, facts: file.facts });
  }

  /** How far the work on a file is. That is no event: it may be missed, and is of no use once something else is told. */
  progress({ file_id: id, step, percent, left_seconds: left }) {
    const asset = this.#byId.get(id);
    // A bundle of a file can be built at any time, and is not what its tile is about.
    if (step !== "bundle" && asset?.state === "processing") this.report(asset, { progress: { percent, left } });
  }

  // Assets sent by others: an event names only their id, so after a moment the newest page is read for all of them.
  #gather(event) {
    const events = this.#unknown.get(event.file_id) ?? [];
    this.#unknown.set(event.file_id, [...events, event]);
    this.#gathering ??= pause(GATHER, this.#closed.signal).then(() => this.#meet());
  }

  async #meet() {
    this.#gathering = null;
    if (this.#closed.signal.aborted || this.#unknown.size === 0) return;
    if (this.#live > LIVE_MOST) {
      this.#unknown.clear();
      await this.reload();
      return;
    }
    const wanted = new Set(this.#unknown.keys());
    await this.#reading(async () => {
      const page = await this.#page(null);
      const files = page.files.filter((file) => wanted.delete(file.file_id));
      for (const id of wanted) files.push(await this.#one(id));
      this.#live += this.#adopt(files.filter(Boolean), "top");
      for (const id of wanted) this.#unknown.delete(id);
    });
  }

  async #one(id) {
    try {
      return await this.access.request("GET", `/files/${id}`);
    } catch (error) {
      if (error.status === 404) return null;
      throw error;
    }
  }

  #page(cursor) {
    const query = new URLSearchParams({ limit: PAGE, links: "full" });
    if (cursor) query.set("cursor", cursor);
    return this.access.request("GET", this.access.path(`files?${query}`));
  }

  /**
   * Shows what the list says: new assets are added, known ones brought up to date. Gives how many were new.
   * `dropped`, by id, are those shown before: one that is listed again stays the same asset to all who hold it.
   */
  #adopt(files, place, dropped = new Map()) {
    const fresh = [];
    for (const file of files) {
      this.#unknown.delete(file.file_id);
      const known = this.#byId.get(file.file_id);
      const { kind, state, error, facts, versions } = file;
      const fields = { kind, state, error, facts, versions: versions ?? {} };
      if (known && !known.unsent) this.report(known, fields);
      else if (!known) {
        const earlier = dropped.get(file.file_id);
        const listed = { ...fields, id: file.file_id, filename: file.filename, createdAt: file.created_at };
        fresh.push(earlier ? this.#hold(Object.assign(earlier, listed)) : this.#make(listed));
      }
    }
    if (fresh.length > 0) this.#fire("added", { assets: fresh, place });
    return fresh.length;
  }

  /** Runs one reading of a list, holding events back meanwhile; one after the other, repeated until it works. */
  async #reading(read) {
    while (this.#loading) await this.#loading;
    this.#held = [];
    this.#loading = this.#untilRead(read).finally(() => {
      const held = this.#held;
      this.#held = null;
      this.#loading = null;
      held.forEach((event) => this.tell(event));
      this.#fire("more", this.more);
    });
    return this.#loading;
  }

  async #untilRead(read) {
    for (let wait = 500; !this.#closed.signal.aborted; wait = Math.min(2 * wait, 10_000)) {
      try {
        return await read();
      } catch (error) {
        if (!error.passing) return undefined;
        await pause(wait, this.#closed.signal);
      }
    }
    return undefined;
  }

  /** Reads the newest page anew; what is on its way from here stays, and is read by itself if it is further back. */
  reload() {
    return this.#reading(async () => {
      const page = await this.#page(null);
      const listed = new Set(page.files.map((file) => file.file_id));
      const further = this.assets.filter((asset) => isOnItsWay(asset) && !asset.unsent && !listed.has(asset.id));
      const files = page.files;
      for (const asset of further) {
        const file = await this.#one(asset.id);
        if (file) files.push(file);
        else this.forget(asset);
      }
      const dropped = this.#dropSettled();
      this.#live = 0;
      this.#unknown.clear();
      this.#next = page.next_cursor ?? null;
      this.#fire("cleared");
      this.#adopt(files, "bottom", dropped);
      for (const asset of this.assets) this.#fire("changed", asset);
    });
  }

  #dropSettled() {
    const dropped = this.assets.filter((asset) => !isOnItsWay(asset));
    for (const asset of dropped) {
      this.#assets.delete(asset.key);
      this.#byId.delete(asset.id);
    }
    return new Map(dropped.map((asset) => [asset.id, asset]));
  }

  async older() {
    if (this.#next === null || this.#loading) return;
    await this.#reading(async () => {
      const page = await this.#page(this.#next);
      this.#next = page.next_cursor ?? null;
      this.#adopt(page.files, "bottom");
    });
  }
}
