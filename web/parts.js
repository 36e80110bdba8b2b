import { ApiError } from "./api.js";
import { send } from "./sending.js";

// Of one file. Each is in memory while its checksum is made: 8 MiB, of a file of many gigabytes up to 64.
const AT_ONCE = 3;

/** Whether this page can make checksums, without which no part gets a link: browsers let only trusted origins do it. */
export function canCheck() {
  return Boolean(globalThis.crypto?.subtle);
}

/** SHA-256 in hex. */
export async function sha256(bytes) {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return [...digest].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

async function bytesOf(blob) {
  try {
    return await blob.arrayBuffer();
  } catch {
    const detail = "This file can't be read any more: it was changed, moved or deleted. Choose it again.";
    throw new ApiError(400, { code: "unreadable", detail });
  }
}

/** One run at sending a large file: what storage does not have of it yet, a few parts at once. */
export class Parts {
  #sending = new Map();
  #there = 0;
  #landed = 0;

  /**
   * @param {import("./session.js").ProjectAccess} access
   * @param {string} id of the file in the ledger
   * @param {File} file
   * @param {(sent: number) => void} onprogress bytes of the file that are there so far
   */
  constructor(access, id, file, onprogress) {
    this.access = access;
    this.id = id;
    this.file = file;
    this.onprogress = onprogress;
  }

  /** How many parts got there in this run. */
  get landed() {
    return this.#landed;
  }

  /**
   * Sends the missing ones of `parts` ([{part, offset, size, there}]). At the first that fails all others are called
   * off: most likely what failed is the connection.
   * @throws {ApiError}
   */
  async send(parts, signal) {
    const run = new AbortController();
    const callOff = () => run.abort();
    signal.addEventListener("abort", callOff);
    const missing = parts.filter((part) => !part.there);
    this.#there = this.file.size - missing.reduce((sum, { size }) => sum + size, 0);
    this.#tell();
    const lane = async () => {
      for (let part = missing.shift(); part && !run.signal.aborted; part = missing.shift()) {
        await this.#one(part, run.signal);
      }
    };
    try {
      await Promise.all(Array.from({ length: AT_ONCE }, () => lane()));
      if (signal.aborted) throw new ApiError(0);
    } finally {
      callOff();
      signal.removeEventListener("abort", callOff);
    }
  }

  async #one({ part, offset, size }, signal) {
    const piece = this.file.slice(offset, offset + size);
    const wanted = { part, size, sha256: await sha256(await bytesOf(piece)) };
    const answer = await this.access.request("POST", `/files/${this.id}/upload/parts`, { parts: [wanted] });
    const link = this.access.api.url(answer.parts[0].upload_link);
    const onprogress = (share) => {
      this.#sending.set(part, share * size);
      this.#tell();
    };
    try {
      await send("PUT", link, piece, onprogress, signal);
      this.#there += size;
      this.#landed += 1;
    } finally {
      this.#sending.delete(part);
      this.#tell();
    }
  }

  #tell() {
    const onTheWay = [...this.#sending.values()].reduce((sum, bytes) => sum + bytes, 0);
    this.onprogress(Math.round(this.#there + onTheWay));
  }
}
