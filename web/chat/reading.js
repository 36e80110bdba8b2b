// A room may have hundreds of pages, and all of them see the same event come: each tells it at a time of its own.
const SOONEST = 5000;
const LATEST = 10_000;

/** How far the visitor has read, told to the server when it is further, every few seconds at most. */
export class Reading {
  #told;
  #waiting = null;
  #closed = false;

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
    if (this.#closed) return;
    this.#waiting ??= setTimeout(() => this.#due(), SOONEST + Math.random() * (LATEST - SOONEST));
  }

  #due() {
    this.#waiting = null;
    if (!document.hidden) this.tell();
  }

  /** The room is left: what was read in it is told, and no more. */
  close() {
    if (!document.hidden) this.tell();
    this.stop();
  }

  /** Nothing is told any more. */
  stop() {
    this.#closed = true;
    clearTimeout(this.#waiting);
  }

  /** Tells it at once, also from a page that is being left: nobody is to be called to what they have read. */
  async tell() {
    clearTimeout(this.#waiting);
    this.#waiting = null;
    const seq = this.newest();
    const before = this.#told;
    if (this.#closed || seq === null || seq <= before || !this.access.session.token) return;
    this.#told = seq;
    try {
      await this.access.request("PUT", this.access.path("read"), { seq }, { keepalive: true });
      this.ontold(seq);
    } catch (error) {
      if (this.#told === seq) this.#told = before;
      if (error.passing) this.look();
    }
  }
}
