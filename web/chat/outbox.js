import { backoff, pause } from "../pause.js";
import { UploadQueue } from "../upload.js";
import { isThere, keptAsset, ownAsset } from "./assets.js";
import { mayBeKept } from "./kept.js";

/** As many files as one message may have. */
const MOST_FILES = 20;
const REFUSED_FILE = "no_such_file";
const NO_ROOM = 404;

/** An id that nobody else makes; randomUUID is for trusted origins alone. */
function newId() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/**
 * What the visitor said in one room and no answer came to yet: each is sent with the same id until there is one. A message
 * is said when all its files are there; those that are ready go in the order they were written in.
 *
 * Its messages are {clientId, text, at, own, createdAt, attachments, trouble, delay}: why one was not said, and why one is
 * not said yet. Fires `added`, `changed` and `removed` (a
 * message), and `said` (what the server tells of one). It is the album of its uploads, see UploadQueue.
 */
export class Outbox extends EventTarget {
  #messages = [];
  #posting = false;
  #stopped = new AbortController();

  /** @param {import("./kept.js").Kept} kept where it outlives the page */
  constructor(access, kept) {
    super();
    this.access = access;
    this.kept = kept;
    const turnedAway = (asset, error) => this.report(asset, { state: "error", error: { message: error.message } });
    // As a text does, a file goes on until it is there: who waits for its message may be away.
    this.uploads = new UploadQueue(access, this, turnedAway, { patient: true });
  }

  get messages() {
    return [...this.#messages];
  }

  /** Whether something would be lost with the page. */
  get fragile() {
    return this.#messages.some(({ lasting }) => !lasting);
  }

  stop() {
    this.#stopped.abort();
    this.uploads.stop();
  }

  #fire(type, detail) {
    if (!this.#stopped.signal.aborted) this.dispatchEvent(new CustomEvent(type, { detail }));
  }

  /** Says a text with files; of many files several messages are made. */
  say(text, files = []) {
    if (this.#stopped.signal.aborted) return;
    const groups = [];
    for (let at = 0; at < files.length || at === 0; at += MOST_FILES) groups.push(files.slice(at, at + MOST_FILES));
    groups.forEach((group, at) => this.#begin(at === 0 ? text : "", group));
  }

  #begin(text, files) {
    const attachments = files.map(ownAsset);
    const message = this.#add({ clientId: newId(), text, at: Date.now(), attachments });
    this.kept.hold(message.clientId);
    this.#keep(message, attachments.filter(({ file }) => mayBeKept(file)));
    this.#go(message);
  }

  /** Goes on with what was kept from before. */
  adopt({ clientId, text, at, refused, files }) {
    this.#go(this.#add({ clientId, text, at, refused, attachments: files.map(keptAsset), lasting: true }));
  }

  #add(fields) {
    const author = this.access.session.person;
    const createdAt = new Date(fields.at).toISOString();
    const blank = { own: true, author, trouble: "", delay: "", lasting: false, refused: false };
    const message = { ...blank, createdAt, ...fields };
    this.#messages.push(message);
    this.#messages.sort((one, other) => one.at - other.at);
    this.#fire("added", message);
    return message;
  }

  #go(message) {
    this.uploads.add(message.attachments.filter((asset) => asset.unsent && asset.file && asset.state !== "error"));
    this.#post();
  }

  /** Keeps what there is of a message by now, with the bytes of files that are `added`, without one that is `left` out. */
  async #keep(message, added = [], left = null) {
    // It may have been said by now, or be another page's.
    if (this.#stopped.signal.aborted || !this.#messages.includes(message)) return;
    const done = await this.kept.keep(this.#record(message), added, left);
    if (done) for (const asset of added) asset.kept = true;
    message.lasting = done && message.attachments.every((asset) => asset.kept || isThere(asset));
    // There may be no place for the files, and yet for what was said with them.
    if (!done && added.length > 0) await this.#keep(message);
  }

  #record({ clientId, text, at, refused, attachments }) {
    const facts = (asset) => ({ number: asset.number, filename: asset.filename, id: isThere(asset) ? asset.id : null });
    return { clientId, chat: this.access.id, text, at, refused, files: attachments.map(facts) };
  }

  /** Whether a file is on its way from here. */
  has(asset) {
    return this.#holder(asset) !== undefined;
  }

  #holder(asset) {
    return this.#messages.find(({ attachments }) => attachments.includes(asset));
  }

  find(id) {
    return this.#messages.flatMap(({ attachments }) => attachments).find((asset) => asset.id === id);
  }

  report(asset, changes) {
    const message = this.#holder(asset);
    if (!message) return;
    const arrived = asset.unsent && changes.unsent === false;
    Object.assign(asset, changes);
    this.#fire("changed", message);
    // Not even a slot was to be had.
    if (changes.error?.status === NO_ROOM && !asset.id) this.#fail(message, changes.error);
    if (!arrived) return;
    this.#keep(message);
    this.#post();
  }

  claim(asset, id) {
    if (!this.#holder(asset)) {
      this.#give(id);
      return false;
    }
    asset.id = id;
    return true;
  }

  release(asset) {
    asset.id = null;
  }

  // Nobody else sees it, and what no message ever has is removed by the server.
  #give(id) {
    this.access.request("DELETE", `/files/${id}`).catch(() => {});
  }

  #next() {
    return this.#messages.find(({ trouble, attachments }) => !trouble && attachments.every(isThere));
  }

  async #post() {
    if (this.#posting) return;
    this.#posting = true;
    const { signal } = this.#stopped;
    let failures = 0;
    for (let message = this.#next(); message && !signal.aborted; message = this.#next()) {
      try {
        this.#said(await this.access.request("POST", this.access.path("messages"), body(message)));
        failures = 0;
      } catch (error) {
        if (error.status === 401) break;
        if (error.passing) await this.#wait(message, error, failures);
        else this.#fail(message, error);
        failures += 1;
      }
    }
    this.#posting = false;
  }

  #wait(message, error, failures) {
    message.delay = error.message;
    this.#fire("changed", message);
    return pause(backoff(failures, 10_000), this.#stopped.signal);
  }

  #said(shown) {
    this.#fire("said", shown);
    this.settle(shown.client_id);
  }

  /** Takes a message out that was said, and gives its files; none where it is not of this page. */
  settle(clientId) {
    const message = this.#messages.find((one) => one.clientId === clientId);
    if (!message) return [];
    this.#remove(message);
    return message.attachments;
  }

  #remove(message) {
    this.#messages.splice(this.#messages.indexOf(message), 1);
    this.#fire("removed", message);
    this.kept.drop(message.clientId);
  }

  #fail(message, error) {
    message.trouble = error.message;
    // Waited for too long, its files were removed: if they are here they can be sent once more.
    if (error.code === REFUSED_FILE) message.attachments.forEach(unsend);
    // Told once; it is not taken up again with the next visit, unless the visitor is let in.
    if (error.status === NO_ROOM) message.refused = true;
    this.#keep(message);
    this.#fire("changed", message);
  }

  /** Tries once more what failed. */
  retry(message) {
    message.trouble = "";
    this.#fire("changed", message);
    for (const asset of message.attachments) if (asset.unsent && asset.file) this.uploads.retry(asset);
    this.#post();
  }

  /** Gives a message up that is not said yet. */
  discard(message) {
    message.attachments.forEach((asset) => this.#cancel(asset));
    if (this.#messages.includes(message)) this.#remove(message);
  }

  /** Leaves one file out. */
  async leaveOut(asset) {
    const message = this.#holder(asset);
    if (!message) return;
    if (message.attachments.length === 1 && !message.text) {
      this.discard(message);
      return;
    }
    this.#cancel(asset);
    message.attachments.splice(message.attachments.indexOf(asset), 1);
    message.trouble = "";
    this.#fire("changed", message);
    await this.#keep(message, [], asset);
    this.#post();
  }

  #cancel(asset) {
    this.uploads.cancel(asset);
    if (asset.id) this.#give(asset.id);
  }
}

function body({ text, attachments, clientId }) {
  return { text, files: attachments.map(({ id }) => id), client_id: clientId };
}

function unsend(asset) {
  const error = { message: "It is not there any more." };
  Object.assign(asset, { id: null, unsent: true, inParts: false, state: "error", error });
}
