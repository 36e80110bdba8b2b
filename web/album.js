import { pause } from "./pause.js";

const PAGE = 60;
const GATHER = 250;
const LIVE_MOST = 600;
const SETTLED = ["done", "error"];
// Events of what is there: its state, or versions that are there before the rest. After all others it is gone.
const LIVING = ["state", "preview"];

/** Whether it comes from this page and is not developed yet, whatever became of its bytes. */
function isOnItsWay(photo) {
  return photo.file !== null && (photo.unsent || !SETTLED.includes(photo.state));
}

/**
 * The photos of one project as this page knows them: those on their way from here and those the server lists.
 *
 * A photo is {key, id, file, filename, state, sent, unsent, error, facts, versions, createdAt}; `id` is null until
 * there is a slot for it, `facts` until it is read from the list. Fires `added` ({photos, place: "top" | "bottom"}), `changed` and `removed` (the photo),
 * `cleared`, and `more` (whether older ones are left).
 */
export class Album extends EventTarget {
  #photos = new Map();
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

  get photos() {
    return [...this.#photos.values()];
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
    const blank = { key: this.#keys, id: null, file: null, filename: "", state: "waiting", sent: 0 };
    return this.#hold({ ...blank, unsent: false, error: null, facts: null, versions: {}, createdAt: null, ...fields });
  }

  #hold(photo) {
    this.#photos.set(photo.key, photo);
    if (photo.id) this.#byId.set(photo.id, photo);
    return photo;
  }

  /** Takes files of this page's visitor in; gives their photos, to be handed to the uploads. */
  take(files) {
    const createdAt = new Date().toISOString();
    const photos = files.map((file) => this.#make({ file, filename: file.name, createdAt, unsent: true }));
    this.#fire("added", { photos, place: "top" });
    return photos;
  }

  report(photo, changes) {
    if (!this.#photos.has(photo.key)) return;
    Object.assign(photo, changes);
    this.#fire("changed", photo);
  }

  /** Binds a photo to its slot; false if it was removed meanwhile. Events may have told of that slot before. */
  claim(photo, id) {
    if (!this.#photos.has(photo.key)) {
      this.access.request("DELETE", `/images/${id}`).catch(() => {});
      return false;
    }
    const other = this.#byId.get(id);
    if (other) this.forget(other);
    photo.id = id;
    this.#byId.set(id, photo);
    const told = this.#unknown.get(id) ?? [];
    this.#unknown.delete(id);
    told.forEach((event) => this.#apply(photo, event));
    return true;
  }

  release(photo) {
    this.#byId.delete(photo.id);
    photo.id = null;
  }

  forget(photo) {
    if (!this.#photos.delete(photo.key)) return;
    if (photo.id) this.#byId.delete(photo.id);
    this.#fire("removed", photo);
  }

  /** One event of the stream. While a list is being read they are kept, since the list may be older than they. */
  tell(event) {
    if (this.#held) {
      this.#held.push(event);
      return;
    }
    const photo = this.#byId.get(event.image_id);
    if (photo) this.#apply(photo, event);
    else if (LIVING.includes(event.type)) this.#gather(event);
    else this.#unknown.delete(event.image_id);
  }

  #apply(photo, event) {
    if (!LIVING.includes(event.type)) {
      // Our own slot was given up and the file is on its way by another: the photo stays.
      if (event.image_id === photo.id) this.forget(photo);
      return;
    }
    if (event.state === "init" && photo.unsent) return;
    const changes = { state: event.state, error: event.error ?? null };
    // Only when the bytes are there is the file no longer needed: a slot that ran out is sent by a new one.
    if (!["init", "error"].includes(event.state)) changes.unsent = false;
    if (event.versions) changes.versions = { ...photo.versions, ...event.versions };
    this.report(photo, changes);
  }

  // Photos sent by others: an event names only their id, so after a moment the newest page is read for all of them.
  #gather(event) {
    const events = this.#unknown.get(event.image_id) ?? [];
    this.#unknown.set(event.image_id, [...events, event]);
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
      const images = page.images.filter((image) => wanted.delete(image.image_id));
      for (const id of wanted) images.push(await this.#one(id));
      this.#live += this.#adopt(images.filter(Boolean), "top");
      for (const id of wanted) this.#unknown.delete(id);
    });
  }

  async #one(id) {
    try {
      return await this.access.request("GET", `/images/${id}`);
    } catch (error) {
      if (error.status === 404) return null;
      throw error;
    }
  }

  #page(cursor) {
    const query = new URLSearchParams({ limit: PAGE, links: "full" });
    if (cursor) query.set("cursor", cursor);
    return this.access.request("GET", this.access.path(`images?${query}`));
  }

  /**
   * Shows what the list says: new photos are added, known ones brought up to date. Gives how many were new.
   * `dropped`, by id, are those shown before: one that is listed again stays the same photo to all who hold it.
   */
  #adopt(images, place, dropped = new Map()) {
    const fresh = [];
    for (const image of images) {
      this.#unknown.delete(image.image_id);
      const known = this.#byId.get(image.image_id);
      const { state, error, facts, versions } = image;
      const fields = { state, error, facts, versions: versions ?? {} };
      if (known && !known.unsent) this.report(known, fields);
      else if (!known) {
        const earlier = dropped.get(image.image_id);
        const listed = { ...fields, id: image.image_id, filename: image.filename, createdAt: image.created_at };
        fresh.push(earlier ? this.#hold(Object.assign(earlier, listed)) : this.#make(listed));
      }
    }
    if (fresh.length > 0) this.#fire("added", { photos: fresh, place });
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
      const listed = new Set(page.images.map((image) => image.image_id));
      const further = this.photos.filter((photo) => isOnItsWay(photo) && !photo.unsent && !listed.has(photo.id));
      const images = page.images;
      for (const photo of further) {
        const image = await this.#one(photo.id);
        if (image) images.push(image);
        else this.forget(photo);
      }
      const dropped = this.#dropSettled();
      this.#live = 0;
      this.#unknown.clear();
      this.#next = page.next_cursor ?? null;
      this.#fire("cleared");
      this.#adopt(images, "bottom", dropped);
      for (const photo of this.photos) this.#fire("changed", photo);
    });
  }

  #dropSettled() {
    const dropped = this.photos.filter((photo) => !isOnItsWay(photo));
    for (const photo of dropped) {
      this.#photos.delete(photo.key);
      this.#byId.delete(photo.id);
    }
    return new Map(dropped.map((photo) => [photo.id, photo]));
  }

  async older() {
    if (this.#next === null || this.#loading) return;
    await this.#reading(async () => {
      const page = await this.#page(this.#next);
      this.#next = page.next_cursor ?? null;
      this.#adopt(page.images, "bottom");
    });
  }
}
