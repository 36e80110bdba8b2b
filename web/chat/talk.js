import { kindOfVersions } from "../kinds.js";
import { backoff, pause } from "../pause.js";
import { assetOf, isGone, learned } from "./assets.js";

const PAGE = 50;
const ASKED_EVERY = 20_000;
const EARLIER = ["init", "uploaded", "processing"];

/**
 * What was said in one room, as far as it was read: messages {id, clientId, author, own, text, createdAt, attachments}.
 *
 * Fires `added` (messages), `changed` (a message), `removed` (a message), `cleared`, `more` (whether older ones are left)
 * and `noted` ({text, at}: what happened and is no message).
 */
export class Talk extends EventTarget {
  #messages = new Map();
  #holders = new Map();
  #asked = new Map();
  #heard = new Map();
  #next = null;
  #loading = null;
  #closed = new AbortController();

  /** @param {(shown: object) => object[]} mine gives the visitor's own assets that a message is told of again with */
  constructor(access, mine) {
    super();
    this.access = access;
    this.mine = mine;
  }

  get more() {
    return this.#next !== null;
  }

  /** Every file that is in view, in the order of the messages. */
  get assets() {
    const messages = [...this.#messages.values()].sort((one, other) => (one.id < other.id ? -1 : 1));
    return messages.flatMap((message) => message.attachments).filter((asset) => !isGone(asset));
  }

  close() {
    this.#closed.abort();
  }

  #fire(type, detail) {
    if (!this.#closed.signal.aborted) this.dispatchEvent(new CustomEvent(type, { detail }));
  }

  /** Begins anew with the newest messages. */
  open({ messages, next_before: next }) {
    // A page of older ones that is on its way ends where this one may not begin.
    this.#loading = null;
    this.#messages.clear();
    this.#holders.clear();
    this.#fire("cleared");
    this.#turn(messages, next);
  }

  #turn(messages, next) {
    this.#next = next ?? null;
    this.#fire("added", messages.map((shown) => this.#take(shown)).filter(Boolean));
    this.#fire("more", this.more);
  }

  /** Reads a page of older ones; tried again until it works. */
  async older() {
    if (this.#next === null || this.#loading) return;
    const load = (this.#loading = { meanwhile: [] });
    const { signal } = this.#closed;
    for (let failures = 0; !signal.aborted && this.#loading === load; failures += 1) {
      try {
        const query = new URLSearchParams({ limit: PAGE, before: this.#next });
        const page = await this.access.request("GET", this.access.path(`messages?${query}`));
        if (this.#loading !== load) return;
        this.#turn(page.messages, page.next_before);
        load.meanwhile.forEach((event) => this.#hear(event));
        break;
      } catch (error) {
        if (!error.passing) break;
        await pause(backoff(failures, 10_000), signal);
      }
    }
    if (this.#loading === load) this.#loading = null;
  }

  /** Takes in what the server tells of one message; twice is harmless. */
  add(shown) {
    const made = this.#take(shown);
    if (made) this.#fire("added", [made]);
  }

  // The message, if it is new.
  #take(shown) {
    const assets = this.mine(shown);
    if (shown.deleted) {
      this.remove(shown.message_id);
      return null;
    }
    // Of one that is known all else is told by events: an answer may be older than those, on a slow way.
    return this.#messages.has(shown.message_id) ? null : this.#make(shown, assets);
  }

  #make(shown, assets) {
    const own = shown.author === this.access.session.person;
    const attachments = shown.attachments.map((file) => {
      const earlier = assets.find(({ id }) => id === file.file_id);
      return earlier ? learned(earlier, file) : assetOf(file, !own);
    });
    const { message_id: id, client_id: clientId, author, text, created_at: createdAt } = shown;
    const message = { id, clientId, author, own, text, createdAt, attachments };
    this.#messages.set(id, message);
    for (const asset of attachments) this.#holders.set(asset.id, { message, asset });
    return message;
  }

  remove(id) {
    const message = this.#messages.get(id);
    if (!message) return;
    this.#messages.delete(id);
    for (const asset of message.attachments) learned(asset, { state: "deleted" });
    this.#fire("removed", message);
  }

  /** One event of the room. */
  tell(event) {
    const { type, at, user_id: who } = event;
    if (type === "member_joined") this.#fire("noted", { text: `${who} joined`, at });
    else if (type === "member_left") this.#fire("noted", { text: `${who} left`, at });
    else this.#hear(event);
    // A page that is being read may be older than they are.
    this.#loading?.meanwhile.push(event);
  }

  #hear(event) {
    const { type, message, message_id: id } = event;
    if (type === "message" && message) this.add(message);
    else if (type === "message_deleted") this.remove(id);
    else if (["state", "preview", "deleted"].includes(type)) this.#hearOfFile(event);
  }

  #hearOfFile({ type, file_id: id, state, versions, error }) {
    const { asset } = this.#holders.get(id) ?? {};
    if (!asset) return;
    this.#heard.set(id, (this.#heard.get(id) ?? 0) + 1);
    // A message is told as it is by then, and what had become of its files until then is told after it.
    if (asset.state === "done" && EARLIER.includes(state)) return;
    const merged = { ...asset.versions, ...versions };
    const changes = { state, error, versions: merged, kind: kindOfVersions(merged, asset.kind) };
    // An event tells no facts: how long a video is, how many pages a document has; nor what there is of what failed.
    const factual = asset.kind === "image" || asset.facts !== null;
    asset.partial = state === "error" || (state === "done" && !factual);
    this.report(asset, type === "deleted" ? { state: "deleted" } : changes);
  }

  /** How far the work on a file is; may be missed. */
  progress({ file_id: id, step, percent, left_seconds: left }) {
    const { asset, message } = this.#holders.get(id) ?? {};
    if (step === "bundle" || asset?.state !== "processing") return;
    asset.progress = { percent, left };
    this.#fire("changed", message);
  }

  /** Notes what the server says of a file. */
  report(asset, shown) {
    learned(asset, shown);
    const message = this.#holders.get(asset.id)?.message;
    if (message) this.#fire("changed", message);
  }

  /** Asks what became of a file, with fresh links; `now`: though that was done just before. True if it is known. */
  async refresh(asset, now = false) {
    if (!asset.id || (!now && Date.now() - (this.#asked.get(asset.id) ?? 0) < ASKED_EVERY)) return false;
    this.#asked.set(asset.id, Date.now());
    const heard = this.#heard.get(asset.id);
    try {
      // By this path storage is asked as well, whether it has what the links lead to.
      const shown = await this.access.request("GET", this.access.path(`file/${asset.id}`));
      // Told of meanwhile, which of the two is newer can't be known.
      if (this.#heard.get(asset.id) !== heard) return this.refresh(asset, true);
      asset.partial = false;
      this.report(asset, shown);
    } catch (error) {
      // Who was taken out is told the same of every file.
      if (error.status !== 404 || !(await this.#isIn())) return false;
      this.report(asset, { state: "deleted" });
    }
    return true;
  }

  // Where no answer comes it is not known, and nothing is said of the file.
  #isIn() {
    return this.access.request("GET", this.access.path()).then(
      () => true,
      () => false,
    );
  }
}
