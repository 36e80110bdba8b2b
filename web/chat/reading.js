const EVERY = 1000;

/** How far the visitor has read, told to the server when it is further, and once a second at most. */
export class Reading {
  #told;
  #waiting = null;

  /**
   * @param {number} seq how far that was when the room was entered
   * @param {() => number | null} newest the number of the newest event that is in view; null where that is not known
   * @param {(seq: number) => void} ontold hears how far it is told
   */
  constructor(access, seq, newest, ontold) {
    this.access = access;
    this.#told = seq;
    this.newest = newest;
    this.ontold = ontold;
  }

  /** Something came into view. */
  look() {
    this.#waiting ??= setTimeout(() => this.#tell(), EVERY);
  }

  close() {
    clearTimeout(this.#waiting);
  }

  async #tell() {
    this.#waiting = null;
    const seq = this.newest();
    if (document.hidden || seq === null || seq <= this.#told) return;
    this.#told = seq;
    try {
      await this.access.request("PUT", this.access.path("read"), { seq });
      this.ontold(seq);
    } catch {
      // The next thing that is seen tells this as well.
      this.#told = 0;
    }
  }
}
