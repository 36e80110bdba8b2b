import { backoff, pause } from "../pause.js";

// The server says something at least every ten seconds, if only a `beat`.
const SILENCE = 25_000;
const HELLO_WITHIN = 10_000;
// The close code for a ticket that is not taken. One may have been lost on the way; twice, it is this page's address.
const REFUSED = 4401;

/**
 * What the server tells of itself while it is looked at; comes back by itself, and begins anew then with all of it.
 * Fires `told` (detail: a message of the server's), `status` (detail: "connecting", "live", "waiting" or "refused") and
 * `forbidden` (detail: why).
 */
export class Live extends EventTarget {
  #ended = new AbortController();
  #drop = () => {};
  #heard = 0;
  #refusals = 0;

  constructor(session) {
    super();
    this.session = session;
  }

  start() {
    const { signal } = this.#ended;
    addEventListener("offline", () => this.#drop(), { signal });
    const look = () => Date.now() - this.#heard > SILENCE && this.#drop();
    document.addEventListener("visibilitychange", () => document.hidden || look(), { signal });
    const watchdog = setInterval(look, SILENCE / 5);
    signal.addEventListener("abort", () => clearInterval(watchdog));
    this.#run();
  }

  stop() {
    this.#ended.abort();
    this.#drop();
  }

  #fire(type, detail) {
    if (!this.#ended.signal.aborted) this.dispatchEvent(new CustomEvent(type, { detail }));
  }

  async #run() {
    const { signal } = this.#ended;
    for (let failures = 0; !signal.aborted; failures += 1) {
      this.#fire("status", "connecting");
      try {
        const { ticket } = await this.session.request("POST", "/admin/tickets");
        if (!signal.aborted && (await this.#listen(ticket))) failures = 0;
      } catch (error) {
        if (error.status === 401) return;
        if (error.status === undefined) throw error;
        if (error.status === 403) this.#fire("forbidden", error.message);
      }
      this.#fire("status", this.#refusals > 1 ? "refused" : "waiting");
      await pause(backoff(failures, 10_000), signal);
    }
  }

  /** One connection, until it ends or is given up; true if it told anything. */
  #listen(ticket) {
    const url = this.session.api.socketUrl("/admin/events");
    url.searchParams.set("ticket", ticket);
    const socket = new WebSocket(url);
    return new Promise((resolve) => {
      let good = false;
      this.#heard = Date.now();
      const slow = setTimeout(() => this.#drop(), HELLO_WITHIN);
      // A half-open socket may take minutes to report its end, so we never wait for that report.
      this.#drop = () => {
        socket.onmessage = socket.onclose = null;
        socket.close();
        clearTimeout(slow);
        resolve(good);
      };
      socket.onclose = ({ code }) => {
        this.#refusals = code === REFUSED ? this.#refusals + 1 : 0;
        this.#drop();
      };
      socket.onmessage = ({ data }) => {
        this.#heard = Date.now();
        const message = JSON.parse(data);
        if (!good) this.#fire("status", "live");
        good = true;
        clearTimeout(slow);
        this.#fire("told", message);
      };
    });
  }
}
