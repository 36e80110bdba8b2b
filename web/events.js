import { backoff, pause } from "./pause.js";

// The server says something at least every 20 seconds, if only a `beat`.
const SILENCE = 30_000;
const HELLO_WITHIN = 10_000;
// A greeting alone is no good connection: what breaks right after it would be tried at once and without end.
const GOOD_AFTER = 10_000;
// The close code for a ticket that is not taken. One may have been lost on the way; twice, it is this page's address.
const REFUSED = 4401;
// What is listened to is not there, or not for this visitor any more.
const GONE = 4404;

/**
 * The events of a project or a room, in order, none missing and none twice, for as long as it runs.
 *
 * Fires `event` (detail: the event); by its own type what has no number and is none the worse for being missed, as
 * `progress`; `reset` (the list must be read anew; what comes after it follows on), `messages` where a room tells that
 * list itself, `status` (detail: "connecting" | "live" | "waiting"),
 * `gone` (it is no more) and `refused` (the server takes no listeners from where this page was opened).
 * The cursor is "EPOCH:SEQ" of the last event told, so every reconnection goes on exactly there.
 */
export class EventStream extends EventTarget {
  #access;
  #epoch = null;
  #seq = null;
  #ended = new AbortController();
  #drop = () => {};
  #heard = 0;
  #probing = false;
  #refusals = 0;
  #gone = false;
  #lists;
  #unlisted;

  /** @param {{lists?: boolean}} options lists: who comes without a cursor is told the list, and has none until it is */
  constructor(access, { lists = false } = {}) {
    super();
    this.#access = access;
    this.#lists = this.#unlisted = lists;
  }

  /** The number of the last event. */
  get seq() {
    return this.#seq;
  }

  get cursor() {
    return this.#epoch === null || this.#unlisted ? null : `${this.#epoch}:${this.#seq}`;
  }

  start() {
    const { signal } = this.#ended;
    addEventListener("offline", () => this.#drop(), { signal });
    addEventListener("online", () => this.#probe(), { signal });
    document.addEventListener("visibilitychange", () => document.hidden || this.#probe(), { signal });
    const watchdog = setInterval(() => Date.now() - this.#heard > SILENCE && this.#probe(), SILENCE / 6);
    signal.addEventListener("abort", () => clearInterval(watchdog));
    this.#run();
  }

  stop() {
    this.#ended.abort();
    this.#drop();
  }

  #fire(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }

  async #run() {
    let failures = 0;
    while (!this.#ended.signal.aborted) {
      this.#fire("status", "connecting");
      try {
        if (await this.#listen(await this.#access.ticket())) failures = 0;
      } catch (error) {
        this.#gone = error.status === 404;
        if (error.status === 401) return;
      }
      if (this.#gone) {
        this.#fire("status", "waiting");
        this.#fire("gone");
        this.stop();
      }
      if (this.#ended.signal.aborted) return;
      this.#fire("status", "waiting");
      await pause(backoff(failures, 10_000), this.#ended.signal);
      failures += 1;
    }
  }

  /** One connection, until it ends or is given up; true if it was good for something: told us anything, or lasted. */
  #listen(ticket) {
    const url = this.#access.api.socketUrl(this.#access.path("events"));
    url.searchParams.set("ticket", ticket);
    if (this.cursor !== null) url.searchParams.set("after", this.cursor);
    const socket = new WebSocket(url);
    return new Promise((resolve) => {
      let good = false;
      let lasting = null;
      this.#heard = Date.now();
      // A half-open socket may take minutes to report its end, so we never wait for that report.
      this.#drop = () => {
        socket.onmessage = socket.onclose = null;
        socket.close();
        clearTimeout(slow);
        clearTimeout(lasting);
        resolve(good);
      };
      const slow = setTimeout(() => this.#drop(), HELLO_WITHIN);
      socket.onclose = ({ code }) => {
        this.#refusals = code === REFUSED ? this.#refusals + 1 : 0;
        if (this.#refusals > 1) this.#fire("refused");
        this.#gone = code === GONE;
        this.#drop();
      };
      socket.onmessage = ({ data }) => {
        this.#heard = Date.now();
        const message = JSON.parse(data);
        if (message.type === "hello") {
          clearTimeout(slow);
          lasting = setTimeout(() => (good = true), GOOD_AFTER);
        }
        if (this.#take(message)) good = true;
      };
    });
  }

  /** True if it told what was not known yet. */
  #take(message) {
    if (message.type === "hello") this.#greet(message);
    else if (message.type === "reset") this.#restart(message);
    else if (message.seq === undefined) {
      if (message.type === "messages") this.#unlisted = false;
      this.#fire(message.type, message);
      return message.type === "messages";
    } else if (message.seq > this.#seq) {
      this.#seq = message.seq;
      // What is not for this reader has a number, too: so a beat may be further than the last event told.
      if (message.type === "beat") return false;
      this.#fire("event", message);
      return true;
    }
    return false;
  }

  // Only the first greeting, or one of another epoch (the server was restored), moves the cursor. In the second
  // case a `reset` follows; should the socket break before it, an old number must not go with the new epoch.
  #greet({ epoch, seq }) {
    if (this.#epoch !== epoch) {
      this.#epoch = epoch;
      this.#restart({ seq });
    }
    this.#fire("status", "live");
  }

  #restart({ seq }) {
    this.#seq = seq;
    this.#unlisted = this.#lists;
    this.#fire("reset");
  }

  /**
   * Asks by plain GET whether something happened that the socket did not tell: the only way to find a
   * half-open one from inside a browser, which shows neither pings nor a dead peer.
   */
  async #probe() {
    if (this.#probing) return;
    // Without a cursor there is nothing to ask for: silence alone must do.
    if (this.cursor === null) {
      if (Date.now() - this.#heard > SILENCE) this.#drop();
      return;
    }
    this.#probing = true;
    const asked = this.#seq;
    try {
      const missed = await this.#access.hasMore(asked, this.cursor);
      this.#heard = Date.now();
      if (missed && this.#seq === asked) this.#drop();
    } catch {
      this.#drop();
    } finally {
      this.#probing = false;
    }
  }
}
