import { Begun } from "./begun.js";
import { Delivery } from "./delivery.js";
import { backoff, pause } from "./pause.js";

const LANES = 4;
const ATTEMPTS = 12;

// What a further try mends: a form that ran out, a signature made with a key that was changed meanwhile, parts that
// storage has thrown away.
const MENDED = new Set(["AccessDenied", "ExpiredToken", "SignatureDoesNotMatch", "RequestTimeout", "NoSuchUpload", "parts_missing"]);

/** The server's code for files of a kind that it does not take. */
const NOT_TAKEN = "unsupported_kind";

/**
 * Sends files, a few at a time; what breaks on the way is tried again.
 * It works on the assets of an Album: reads `file`, and reports through `album.report(asset, changes)`.
 */
export class UploadQueue {
  #waiting = [];
  #running = new Map();

  /**
   * @param {(asset: object, error: Error) => void} turnedAway hears of those of a kind that is not taken
   * @param {{patient?: boolean}} [how] whether what may pass is waited for without an end
   */
  constructor(access, album, turnedAway, { patient = false } = {}) {
    this.album = album;
    this.turnedAway = turnedAway;
    this.patient = patient;
    this.delivery = new Delivery(access, album, new Begun(access.place));
  }

  /** How many assets are not sent yet. */
  get left() {
    return this.#running.size + this.#waiting.length;
  }

  add(assets) {
    this.#waiting.push(...assets);
    this.#fill();
  }

  retry(asset) {
    this.album.report(asset, { state: "waiting", sent: asset.inParts ? asset.sent : 0, error: null });
    this.add([asset]);
  }

  /** Calls one off, or all of them; what is on its way is broken off. */
  cancel(asset) {
    this.#waiting = this.#waiting.filter((other) => other !== asset);
    this.#running.get(asset)?.abort();
  }

  stop() {
    this.#waiting = [];
    for (const controller of this.#running.values()) controller.abort();
  }

  #fill() {
    while (this.#running.size < LANES && this.#waiting.length > 0) {
      const asset = this.#waiting.shift();
      const controller = new AbortController();
      this.#running.set(asset, controller);
      this.#send(asset, controller.signal).finally(() => {
        this.#running.delete(asset);
        this.#fill();
      });
    }
  }

  async #send(asset, signal) {
    let counted = 0;
    for (let failures = 0; ; ) {
      try {
        await this.delivery.attempt(asset, signal);
        return;
      } catch (error) {
        if (signal.aborted) return;
        if (error.moved) failures = counted = 0;
        const again = error.passing || MENDED.has(error.code);
        const waits = this.patient && error.passing;
        if (!again || (!waits && counted + 1 >= ATTEMPTS)) {
          this.#giveUp(asset, error, again);
          return;
        }
        this.album.report(asset, { state: "waiting", sent: asset.inParts ? asset.sent : 0 });
        await pause(backoff(failures), signal);
        // What fails because there is no network counts for nothing: it goes on when the network is back.
        if (!navigator.onLine) continue;
        failures += 1;
        if (!waits) counted += 1;
      }
    }
  }

  // What is there of a large file is kept where a later try may go on with it.
  #giveUp(asset, error, again) {
    if (error.code === NOT_TAKEN && !asset.id) {
      this.turnedAway(asset, error);
      return;
    }
    this.album.report(asset, { state: "error", error: { message: error.message, status: error.status } });
    if (asset.id && !(again && asset.inParts)) this.delivery.giveBack(asset).catch(() => {});
  }
}
