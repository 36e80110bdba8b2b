import { kindOfFile } from "../kinds.js";
import { UploadQueue } from "../upload.js";
import { ProfileAccess } from "./account.js";
import { KeptFiles } from "./kept.js";

export const ROLES = ["image", "logo", "video"];
const UNSENT = "This file was not sent to its end before the page was left. Choose it again.";

/** The end of a path that an upload has. */
function idIn(path) {
  return path?.split("/").at(-1) ?? null;
}

function make(role, fields) {
  const blank = { role, id: null, path: null, file: null, filename: "", kind: "image", state: "waiting", sent: 0 };
  return { ...blank, unsent: false, inParts: false, error: null, versions: {}, progress: null, ...fields };
}

/** What the server tells of a file of this role. One that nobody is sending can't go on without its bytes. */
function told(role, { path, state, error = null, kind, preview }, sending) {
  const broken = state === "init" && !sending;
  const trouble = broken ? { message: UNSENT } : error;
  return make(role, { id: idIn(path), path, state: broken ? "error" : state, error: trouble, kind, versions: preview ?? {} });
}

/**
 * The files of a profile, one a role: on their way from this page, uploaded before, or those of the edition that is edited.
 * It is the album that the uploads work on. Fires `changed` (the role), and `left` when what is left out is another.
 */
export class Slots extends EventTarget {
  #assets = new Map();
  #queues = new Map();
  #without = new Set();
  #edition = {};

  constructor(session) {
    super();
    this.session = session;
    this.kept = new KeptFiles(session.who.user_id);
    for (const role of ROLES) {
      const access = new ProfileAccess(session, role);
      this.#queues.set(role, new UploadQueue(access, this, (asset, error) => this.#refused(asset, error)));
    }
  }

  close() {
    for (const queue of this.#queues.values()) queue.stop();
    this.kept.close();
  }

  get(role) {
    return this.#assets.get(role) ?? null;
  }

  /** Whether a file would be lost with the page. */
  get sending() {
    return [...this.#queues.values()].some((queue) => queue.left > 0);
  }

  /** Whether one of them has failed. */
  get failed() {
    return [...this.#assets.values()].some(({ state }) => state === "error");
  }

  /** Whether all that was chosen is there, and looked into. */
  get ready() {
    return [...this.#assets.values()].every(({ path, unsent, state }) => path && !unsent && state === "done");
  }

  path(role) {
    return this.get(role)?.path ?? null;
  }

  /** The roles whose files are left out of what is edited. */
  get without() {
    return [...this.#without];
  }

  /** The links of what there is, by role. */
  get media() {
    return Object.fromEntries([...this.#assets].map(([role, { versions }]) => [role, versions]));
  }

  #set(role, asset) {
    if (asset) this.#assets.set(role, asset);
    else this.#assets.delete(role);
    this.#changed(role);
  }

  #changed(role) {
    this.dispatchEvent(new CustomEvent("changed", { detail: role }));
  }

  /**
   * Begins with what is uploaded, and for the rest with an edition's files ({role: {path, state, preview}}). What was on
   * its way when the page was left is sent. @throws {ApiError}
   */
  async begin(media, without) {
    this.#edition = { ...media };
    this.#without = new Set(without);
    await this.refresh();
    for (const role of ROLES) {
      if (this.get(role)?.unsent) continue;
      const file = await this.kept.left(role);
      if (file && !this.get(role)?.unsent) this.take(role, file);
    }
  }

  /** Reads what is uploaded anew; what is on its way from here stays. @throws {ApiError} */
  async refresh() {
    const { uploads } = await this.session.request("GET", "/profiles/uploads");
    const uploaded = new Map(uploads.map((upload) => [upload.role, upload]));
    for (const role of ROLES) {
      const here = this.get(role);
      if (here?.unsent) continue;
      const there = this.#without.has(role) ? null : (uploaded.get(role) ?? this.#edition[role]);
      const sending = there?.state === "init" && (await this.kept.isElsewhere(role));
      if (this.get(role)?.unsent) continue;
      this.#set(role, there ? this.#same(here, told(role, there, sending)) : null);
    }
  }

  // Its file is kept at hand, so that what failed can be sent again.
  #same(here, asset) {
    return here && here.id === asset.id ? Object.assign(here, asset, { file: here.file, filename: here.filename }) : asset;
  }

  /** Sends a file; the one before is replaced by it. */
  take(role, file) {
    this.#cancel(role);
    const asset = make(role, { file, filename: file.name, kind: kindOfFile(file), unsent: true });
    this.#leave(role, false);
    this.#set(role, asset);
    this.kept.keep(role, file);
    this.#queues.get(role).add([asset]);
  }

  retry(role) {
    const asset = this.get(role);
    if (asset?.file) this.take(role, asset.file);
  }

  #leave(role, out) {
    if (this.#without.has(role) === out) return;
    if (out) this.#without.add(role);
    else this.#without.delete(role);
    this.dispatchEvent(new Event("left"));
  }

  #cancel(role) {
    const asset = this.get(role);
    if (asset?.unsent) this.#queues.get(role).cancel(asset);
  }

  /** Leaves a file out; one that was only uploaded is removed. @throws {ApiError} */
  async remove(role) {
    const { id } = this.get(role) ?? {};
    this.#cancel(role);
    this.#leave(role, true);
    this.kept.drop(role);
    this.#set(role, null);
    const ofEdition = idIn(this.#edition[role]?.path) === id;
    if (!id || ofEdition) return;
    await this.session.request("DELETE", `/profiles/uploads/${id}`, undefined, { keepalive: true }).catch((error) => {
      if (error.status !== 404) throw error;
    });
  }

  #refused(asset, error) {
    this.report(asset, { state: "error", error: { message: error.message } });
    this.kept.drop(asset.role);
  }

  // What follows is what the uploads ask of an album.

  report(asset, changes) {
    if (this.get(asset.role) !== asset) return;
    const arrives = asset.unsent && changes.unsent === false;
    Object.assign(asset, changes);
    if (arrives) this.kept.drop(asset.role);
    this.#changed(asset.role);
  }

  claim(asset, id) {
    if (this.get(asset.role) !== asset) {
      this.session.request("DELETE", `/profiles/uploads/${id}`).catch(() => {});
      return false;
    }
    Object.assign(asset, { id, path: `/profiles/uploads/${id}` });
    return true;
  }

  release(asset) {
    Object.assign(asset, { id: null, path: null });
  }

  find(id) {
    return [...this.#assets.values()].find((asset) => asset.id === id);
  }

  /** One event of the user's stream about a file; true if it is one of these. */
  tell({ type, file_id: id, state, versions, error }) {
    const asset = this.find(id);
    if (!asset || (asset.unsent && state === "init")) return Boolean(asset);
    if (type === "deleted") this.#lose(asset);
    if (!["state", "preview"].includes(type)) return true;
    const arrived = state !== "init" && state !== "error";
    const changes = { state, error: error ?? null, versions: { ...asset.versions, ...versions } };
    this.report(asset, { ...changes, ...(arrived && { unsent: false }), ...(state !== "processing" && { progress: null }) });
    return true;
  }

  // Replaced from another tab; or it was of what came to nothing, and its time is over.
  #lose(asset) {
    const { role, id } = asset;
    if (asset.unsent) {
      this.#cancel(role);
      this.#set(role, null);
      this.kept.drop(role);
    }
    if (idIn(this.#edition[role]?.path) === id) delete this.#edition[role];
    this.refresh().catch(() => {});
  }

  progress({ file_id: id, step, percent, left_seconds: left }) {
    const asset = this.find(id);
    if (asset?.state === "processing" && step !== "bundle") this.report(asset, { progress: { percent, left } });
  }
}
