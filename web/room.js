import { Album } from "./album.js";
import { Batch } from "./batch.js";
import { looksLikePhoto } from "./drop.js";
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

  /** @param {object} parts of the page: {gallery, viewer, batch, status, notice, body} */
  constructor(session, projectId, parts) {
    this.parts = parts;
    this.access = new ProjectAccess(session, projectId);
    this.album = new Album(this.access);
    this.uploads = new UploadQueue(this.access, this.album);
    this.batch = new Batch(parts.batch);
    const act = {
      open: (photo) => this.viewer.open(photo),
      retry: (photo) => this.retry(photo),
      remove: (photo) => this.remove(photo),
      refresh: (photo) => this.refresh(photo),
    };
    this.gallery = new Gallery(parts.gallery, this.album, act);
    const closed = (photo) => this.gallery.focus(photo);
    this.viewer = new Viewer(parts.viewer, { ...act, order: () => this.gallery.order, closed });
    this.stream = new EventStream(this.access);
    this.#wire();
    this.stream.start();
  }

  #wire() {
    this.album.addEventListener("changed", ({ detail: photo }) => {
      this.viewer.update(photo);
      this.batch.update();
    });
    this.album.addEventListener("removed", ({ detail: photo }) => {
      this.viewer.removed(photo);
      this.batch.remove(photo);
    });
    this.stream.addEventListener("event", ({ detail }) => this.album.tell(detail));
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

  send(files) {
    const photos = files.filter(looksLikePhoto);
    const left = files.length - photos.length;
    const plural = left === 1 ? "was" : "were";
    this.#say(left ? `${count(left, "file", "files")} ${plural} left out: not a photo.` : "");
    if (photos.length === 0) return;
    const taken = this.album.take(photos);
    this.batch.add(taken);
    this.uploads.add(taken);
  }

  async #attempt(photo, work) {
    let trouble = "";
    try {
      await work();
    } catch (error) {
      trouble = error.message;
    }
    if (!this.viewer.say(photo, trouble)) this.#say(trouble);
  }

  /** A photo that never arrived is sent again; one that failed afterwards is developed again. */
  retry(photo) {
    if (photo.unsent && photo.file) {
      this.uploads.retry(photo);
      return undefined;
    }
    return this.#attempt(photo, () => this.access.request("POST", `/images/${photo.id}/retry`));
  }

  remove(photo) {
    this.uploads.cancel(photo);
    const { id } = photo;
    return this.#attempt(photo, async () => {
      if (id) {
        await this.access.request("DELETE", `/images/${id}`).catch((error) => {
          if (error.status !== 404) throw error;
        });
      }
      this.album.forget(photo);
    });
  }

  /** Fresh links for a photo; at most twice a minute, since a picture that can't be loaded would ask for ever. */
  async refresh(photo) {
    const now = Date.now();
    if (now - (this.#refreshed.get(photo.id) ?? 0) < 30_000) return;
    this.#refreshed.set(photo.id, now);
    try {
      const { state, versions, error, facts } = await this.access.request("GET", `/images/${photo.id}`);
      this.album.report(photo, { state, versions, error, facts });
    } catch (error) {
      if (error.status === 404) this.album.forget(photo);
    }
  }
}
