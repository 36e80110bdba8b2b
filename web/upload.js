import { ApiError } from "./api.js";
import { largestTaken, sendForm } from "./form.js";
import { backoff, pause } from "./pause.js";
import { sizeInWords } from "./words.js";

const LANES = 4;
const ATTEMPTS = 12;
const ARRIVED = new Set(["uploaded", "processing", "done"]);

// A form that ran out, or a signature made with a key that was changed meanwhile: a fresh link mends it.
const MENDED_BY_FRESH_LINK = new Set(["AccessDenied", "ExpiredToken", "SignatureDoesNotMatch", "RequestTimeout"]);

/**
 * Sends photos, a few at a time, each by a fresh presigned link; what breaks on the way is tried again.
 * It works on the photos of an Album: reads `file`, and reports through `album.report(photo, changes)`.
 */
export class UploadQueue {
  #waiting = [];
  #running = new Map();

  constructor(access, album) {
    this.access = access;
    this.album = album;
  }

  /** How many photos are not sent yet. */
  get left() {
    return this.#running.size + this.#waiting.length;
  }

  add(photos) {
    this.#waiting.push(...photos);
    this.#fill();
  }

  retry(photo) {
    this.album.report(photo, { state: "waiting", sent: 0, error: null });
    this.add([photo]);
  }

  /** Calls one off, or all of them; what is on its way is broken off. */
  cancel(photo) {
    this.#waiting = this.#waiting.filter((other) => other !== photo);
    this.#running.get(photo)?.abort();
  }

  stop() {
    this.#waiting = [];
    for (const controller of this.#running.values()) controller.abort();
  }

  #fill() {
    while (this.#running.size < LANES && this.#waiting.length > 0) {
      const photo = this.#waiting.shift();
      const controller = new AbortController();
      this.#running.set(photo, controller);
      this.#send(photo, controller.signal).finally(() => {
        this.#running.delete(photo);
        this.#fill();
      });
    }
  }

  async #send(photo, signal) {
    for (let failures = 0; ; ) {
      try {
        await this.#attempt(photo, signal);
        return;
      } catch (error) {
        if (signal.aborted) return;
        const again = error.passing || MENDED_BY_FRESH_LINK.has(error.code);
        if (!again || failures + 1 >= ATTEMPTS) {
          this.#giveUp(photo, error);
          return;
        }
        this.album.report(photo, { state: "waiting", sent: 0 });
        await pause(backoff(failures), signal);
        // What fails because there is no network counts for nothing: it goes on when the network is back.
        if (navigator.onLine) failures += 1;
      }
    }
  }

  async #attempt(photo, signal) {
    const { file } = photo;
    if (file.size === 0) throw new ApiError(400, { code: "empty", detail: "This file is empty." });
    if (photo.id && (await this.#settled(photo))) return;
    const body = { filename: photo.filename, project_id: this.access.projectId };
    const slot = await this.access.request("POST", "/images/", body);
    if (!this.album.claim(photo, slot.image_id) || signal.aborted) return;
    const most = largestTaken(slot.params);
    if (most !== null && file.size > most) {
      const detail = `This file has ${sizeInWords(file.size)}; Darkroom takes up to ${sizeInWords(most)}.`;
      throw new ApiError(413, { code: "too_large", detail });
    }
    this.album.report(photo, { state: "sending", sent: 0 });
    const progress = (sent) => this.album.report(photo, { sent });
    await sendForm(this.access.api.url(slot.upload_link), slot.params, file, progress, signal);
    this.#arrived(photo);
    // Only a hint that makes it faster: storage tells the server on its own as well.
    this.access.request("POST", `/images/${photo.id}/uploaded`).catch(() => {});
  }

  /**
   * What became of an earlier try: the connection may have broken after the last byte, and then the photo is there
   * though no answer came (true). Otherwise its slot is given back, and the photo goes by a new one (false).
   */
  async #settled(photo) {
    const { id } = photo;
    try {
      await this.access.request("POST", `/images/${id}/uploaded`);
      const { state } = await this.access.request("GET", `/images/${id}`);
      if (ARRIVED.has(state)) {
        this.#arrived(photo);
        return true;
      }
    } catch (error) {
      if (error.passing) throw error;
    }
    await this.#giveBack(photo);
    return false;
  }

  // Released first: the news that the slot is deleted may be here before the answer, and must not take the photo along.
  async #giveBack(photo) {
    const { id } = photo;
    this.album.release(photo);
    await this.access.request("DELETE", `/images/${id}`).catch((error) => {
      if (!error.passing) return;
      this.album.claim(photo, id);
      throw error;
    });
  }

  #giveUp(photo, error) {
    this.album.report(photo, { state: "error", error: { message: error.message } });
    if (photo.id) this.#giveBack(photo).catch(() => {});
  }

  #arrived(photo) {
    const changes = { sent: photo.file.size, unsent: false };
    if (["sending", "waiting", "init"].includes(photo.state)) changes.state = "sent";
    this.album.report(photo, changes);
  }
}
