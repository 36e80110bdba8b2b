import { element } from "../elements.js";
import { isThere } from "./assets.js";

/** What a visitor does with messages and files of a room; what goes wrong is said where they look. */
export class Acts {
  /** @param {import("./room.js").Room} room */
  constructor(room) {
    this.room = room;
  }

  /** What the viewer needs of it. What is opened is asked for anew, whenever that was done last. */
  get ofViewer() {
    return {
      order: () => this.room.talk.assets,
      closed: () => {},
      refresh: (asset) => this.refresh(asset, true),
      retry: (asset) => this.retry(asset),
      remove: (asset) => this.remove(asset),
    };
  }

  open(asset) {
    if (isThere(asset)) this.room.viewer.open(asset);
  }

  refresh(asset, now) {
    return this.room.talk.refresh(asset, now);
  }

  discard(message) {
    this.room.outbox.discard(message);
  }

  retryMessage(message) {
    this.room.outbox.retry(message);
  }

  /** Saves a file by a fresh link, since the one that is shown may have run out; and there may be no file any more. */
  save(asset) {
    return this.#attempt(async () => {
      await this.refresh(asset, true);
      const link = asset.versions.original?.url;
      if (link) element("a", { href: link, download: "" }).click();
    }, asset);
  }

  /** Sends a file once more that is on its way, or has one developed again. */
  retry(asset) {
    const { outbox, talk, access } = this.room;
    if (outbox.has(asset)) {
      outbox.uploads.retry(asset);
      return undefined;
    }
    const path = `/files/${asset.id}/retry`;
    return this.#attempt(async () => talk.report(asset, await access.request("POST", path)), asset);
  }

  /** Leaves a file out that is on its way, or deletes one. */
  remove(asset) {
    const { outbox, talk } = this.room;
    if (outbox.has(asset)) {
      outbox.leaveOut(asset);
      return undefined;
    }
    return this.#attempt(async () => {
      await this.#delete(`file/${asset.id}`);
      talk.report(asset, { state: "deleted" });
    }, asset);
  }

  unsay({ id }) {
    return this.#attempt(async () => {
      await this.#delete(`messages/${id}`);
      this.room.talk.remove(id);
    });
  }

  /** Takes the visitor out of the room; true if that worked. */
  leave() {
    const person = encodeURIComponent(this.room.access.session.person);
    return this.#attempt(async () => {
      await this.#delete(`members/${person}`);
      this.room.reading.stop();
    });
  }

  // Does it, and says what went wrong; true if nothing did.
  async #attempt(work, asset = null) {
    let trouble = "";
    try {
      await work();
    } catch (error) {
      trouble = error.message;
    }
    if (!asset || !this.room.viewer.say(asset, trouble)) this.room.notice(trouble);
    return trouble === "";
  }

  // It may have been deleted from elsewhere already.
  async #delete(rest) {
    const { access } = this.room;
    await access.request("DELETE", access.path(rest)).catch((error) => {
      if (error.status !== 404) throw error;
    });
  }
}
