import { ApiError } from "./api.js";
import { largestTaken, sendForm } from "./form.js";
import { canCheck, Parts } from "./parts.js";
import { send } from "./sending.js";
import { sizeInWords } from "./words.js";

const ARRIVED = new Set(["uploaded", "processing", "done"]);

/** Brings one file to storage, by the way that the server names: a form, in parts, or through the server itself. */
export class Delivery {
  constructor(access, album, begun) {
    this.access = access;
    this.album = album;
    this.begun = begun;
  }

  /** One try; one that failed is gone on with by the next. @throws {ApiError}, with `moved` if some of it got there */
  async attempt(asset, signal) {
    const { file } = asset;
    if (file.size === 0) throw new ApiError(400, { code: "empty", detail: "This file is empty." });
    if (asset.inParts || (await this.#goesOn(asset))) {
      await this.#inParts(asset, signal);
      return;
    }
    if (signal.aborted || (asset.id && (await this.#settled(asset)))) return;
    const slot = await this.#open(asset);
    if (!this.album.claim(asset, slot.file_id) || signal.aborted) return;
    if (slot.upload) {
      this.album.report(asset, { inParts: true });
      await this.begun.keep(file, slot.file_id);
      await this.#inParts(asset, signal);
    } else await this.#whole(asset, slot, signal);
  }

  // A size is announced only where the file can be sent in parts, which is what large ones are then asked for.
  #open({ filename, file }) {
    const size = canCheck() ? file.size : undefined;
    return this.access.slot(filename, size);
  }

  /** Whether a file was begun before in this browser, and storage still waits for the rest of it. */
  async #goesOn(asset) {
    if (asset.id || !canCheck()) return false;
    const id = await this.begun.find(asset.file);
    if (!id || this.album.find(id)?.unsent) return false;
    try {
      const { state, parts } = await this.access.request("GET", `/files/${id}/upload`);
      if (state === "init" && parts.length > 0) {
        this.album.report(asset, { inParts: true });
        return this.album.claim(asset, id);
      }
    } catch (error) {
      if (error.passing) throw error;
    }
    await this.begun.drop(asset.file);
    return false;
  }

  async #inParts(asset, signal) {
    const { id, file } = asset;
    const { state, parts } = await this.access.request("GET", `/files/${id}/upload`);
    if (!ARRIVED.has(state)) {
      this.album.report(asset, { state: "sending" });
      const run = new Parts(this.access, id, file, (sent) => this.album.report(asset, { sent }));
      try {
        await run.send(parts, signal);
      } catch (error) {
        error.moved = run.landed > 0;
        throw error;
      }
      await this.access.request("POST", `/files/${id}/complete`);
    }
    await this.begun.drop(file);
    this.#arrived(asset);
  }

  async #whole(asset, slot, signal) {
    const { file } = asset;
    const most = slot.params ? largestTaken(slot.params) : null;
    if (most !== null && file.size > most) {
      const detail = `This file has ${sizeInWords(file.size)}; by this address Darkroom takes up to ${sizeInWords(most)}. `;
      throw new ApiError(413, { code: "too_large", detail: `${detail}Open it by https, or use ./ops/upload.` });
    }
    this.album.report(asset, { state: "sending", sent: 0 });
    const progress = (sent) => this.album.report(asset, { sent });
    if (slot.upload_link) {
      await sendForm(this.access.api.url(slot.upload_link), slot.params, file, progress, signal);
    } else {
      const link = this.access.api.url(`/files/${asset.id}/content`);
      const inBytes = (part) => progress(Math.round(part * file.size));
      await send("PUT", link, file, inBytes, signal, await this.access.token());
    }
    this.#arrived(asset);
    // Only a hint that makes it faster: storage tells the server on its own as well.
    this.access.request("POST", `/files/${asset.id}/complete`).catch(() => {});
  }

  /**
   * What became of an earlier try: the connection may have broken after the last byte, and then the file is there
   * though no answer came (true). Otherwise its slot is given back, and the file goes by a new one (false).
   */
  async #settled(asset) {
    const { id } = asset;
    try {
      const { state } = await this.access.request("POST", `/files/${id}/complete`);
      if (ARRIVED.has(state)) {
        this.#arrived(asset);
        return true;
      }
    } catch (error) {
      if (error.passing) throw error;
    }
    await this.giveBack(asset);
    return false;
  }

  /**
   * Gives the slot of a file back, with what came of it. Released first: the news that the slot is deleted may be here
   * before the answer, and must not take the asset along. @throws {ApiError} that may pass
   */
  async giveBack(asset) {
    const { id } = asset;
    this.album.release(asset);
    if (asset.inParts) await this.begun.drop(asset.file);
    asset.inParts = false;
    await this.access.request("DELETE", this.access.slotAt?.(id) ?? `/files/${id}`).catch((error) => {
      if (!error.passing) return;
      this.album.claim(asset, id);
      throw error;
    });
  }

  #arrived(asset) {
    const changes = { sent: asset.file.size, unsent: false };
    if (["sending", "waiting", "init"].includes(asset.state)) changes.state = "sent";
    this.album.report(asset, changes);
  }
}
