import { Album } from "./album.js";
import { Batch } from "./batch.js";
import { isHidden } from "./drop.js";
import { EventStream } from "./events.js";
import { Gallery } from "./gallery.js";
import { ProjectAccess } from "./session.js";
import { UploadQueue } from "./upload.js";
import { Viewer } from "./viewer.js";
import { count } from "./words.js";

const STATUS = { connecting: "Connecting", live: "Live", waiting: "Reconnecting" };
const ELSEWHERE = "Darkroom doesn't know this page by the address it was opened at. Use one that ./ops/open prints.";

/** One project, entered: its album, its events, its uploads, and what a visitor does with them. */
export class Room {
  #refreshed = new Map();
  #leftOut = 0;

  /** @param {object} parts of the page: {gallery, viewer, batch, status, notice, body} */
  constructor(session, projectId, parts) {
    this.parts = parts;
    this.access = new ProjectAccess(session, projectId);
    this.album = new Album(this.access);
    this.uploads = new UploadQueue(this.access, this.album, (asset, error) => this.#turnedAway(asset, error));
    this.batch = new Batch(parts.batch);
    const act = {
      open: (asset) => this.viewer.open(asset),
      retry: (asset) => this.retry(asset),
      remove: (asset) => this.remove(asset),
      refresh: (asset) => this.refresh(asset),
    };
    this.gallery = new Gallery(parts.gallery, this.album, act);
    const closed = (asset) => this.gallery.focus(asset);
    this.viewer = new Viewer(parts.viewer, { ...act, order: () => this.gallery.order, closed });
    this.stream = new EventStream(this.access);
    this.#wire();
    this.stream.start();
  }

  #wire() {
    this.album.addEventListener("changed", ({ detail: asset }) => {
      this.viewer.update(asset);
      this.batch.update();
    });
    this.album.addEventListener("removed", ({ detail: asset }) => {
      this.viewer.removed(asset);
      this.batch.remove(asset);
    });
    this.stream.addEventListener("event", ({ detail }) => this.album.tell(detail));
    this.stream.addEventListener("progress", ({ detail }) => this.album.progress(detail));
    this.stream.addEventListener("reset", () => this.album.reload());
    this.stream.addEventListener("status", ({ detail }) => this.#showStatus(detail));
    this.stream.addEventListener("refused", () => this.#say(ELSEWHERE));
    this.stream.addEventListener("gone", () => this.#say("This project is no more. Choose another one."));
  }

  close() {
    this.stream.stop();
    this.uploads.stop();
    this.viewer.end();
    this.album.close();
    this.gallery.close();
    this.batch.clear();
    this.#say("");
  }

  #showStatus(status) {
    const offline = status !== "live" && !navigator.onLine;
    this.parts.status.textContent = offline ? "Offline, goes on by itself" : STATUS[status];
    this.parts.body.dataset.live = status;
  }

  #say(text) {
    this.parts.notice.textContent = text;
  }

  /** Takes files in. Which kinds are taken only the server knows: it is asked for each, hidden ones aside. */
  send(files) {
    const meant = files.filter((file) => !isHidden(file));
    this.#leftOut = files.length - meant.length;
    this.#sayLeftOut("hidden.");
    if (meant.length === 0) return;
    const taken = this.album.take(meant);
    this.batch.add(taken);
    this.uploads.add(taken);
  }

  // A folder may hold hundreds of them: one sentence for all, and no tile for any.
  #turnedAway(asset, error) {
    this.album.forget(asset);
    this.#leftOut += 1;
    this.#sayLeftOut(error.message);
  }

  #sayLeftOut(why) {
    const left = count(this.#leftOut, "file was", "files were");
    this.#say(this.#leftOut ? `${left} left out: ${why}` : "");
  }

  async #attempt(asset, work) {
    let trouble = "";
    try {
      await work();
    } catch (error) {
      trouble = error.message;
    }
    if (!this.viewer.say(asset, trouble)) this.#say(trouble);
  }

  /** A file that never arrived is sent again; one that failed afterwards is developed again. */
  retry(asset) {
    if (asset.unsent && asset.file) {
      this.uploads.retry(asset);
      return undefined;
    }
    return this.#attempt(asset, () => this.access.request("POST", `/files/${asset.id}/retry`));
  }

  remove(asset) {
    this.uploads.cancel(asset);
    const { id } = asset;
    return this.#attempt(asset, async () => {
      if (id) {
        await this.access.request("DELETE", `/files/${id}`).catch((error) => {
          if (error.status !== 404) throw error;
        });
      }
      this.album.forget(asset);
    });
  }

  /** Fresh links for an asset; at most twice a minute, since a picture that can't be loaded would ask for ever. */
  async refresh(asset) {
    const now = Date.now();
    if (now - (this.#refreshed.get(asset.id) ?? 0) < 30_000) return;
    this.#refreshed.set(asset.id, now);
    try {
      const { kind, state, versions, error, facts } = await this.access.request("GET", `/files/${asset.id}`);
      this.album.report(asset, { kind, state, versions, error, facts });
    } catch (error) {
      if (error.status === 404) this.album.forget(asset);
    }
  }
}
