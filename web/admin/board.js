import { byId } from "../elements.js";
import { pause } from "../pause.js";
import { Ask } from "./ask.js";
import { Failed } from "./failed.js";
import { Figures } from "./figures.js";
import { Glance } from "./glance.js";
import { History } from "./history.js";
import { Keys } from "./keys.js";
import { Lanes } from "./lanes.js";
import { Library } from "./library.js";
import { Live } from "./live.js";
import { keepMoments } from "./moments.js";
import { Owners } from "./owners.js";
import { say } from "./rows.js";
import { Savings } from "./savings.js";
import { Search } from "./search.js";
import { Settings } from "./settings.js";
import { Staleness } from "./staleness.js";
import { Storage } from "./storage.js";
import { Tiles } from "./tiles.js";
import { Workers } from "./workers.js";

// What the event stream does not tell, while the page is seen.
const STORAGE_EVERY = 10_000;
const LIBRARY_EVERY = 15_000;
const FIGURES_EVERY = 60_000;

/** All that an operator has open. Told by the event stream; what that does not tell is read from time to time. */
export class Board {
  #ended = new AbortController();
  #generation = null;

  /** @param {(message: string) => void} shut called where the login is good, but not for this */
  constructor(session, shut) {
    const ask = new Ask(
      Object.fromEntries(
        ["dialog", "form", "title", "text", "fields", "message", "yes", "no"].map((name) => [
          name,
          byId(name === "dialog" ? "ask" : `ask-${name}`),
        ]),
      ),
    );
    const tools = { session, ask, say: (text) => say(byId("spoken"), text) };
    this.ask = ask;
    this.tiles = new Tiles(byId("tiles"));
    this.glance = new Glance(tools);
    this.lanes = new Lanes(tools);
    this.failed = new Failed(tools);
    this.workers = new Workers(tools);
    this.storage = new Storage(tools, (cluster) => this.tiles.show({ cluster }));
    this.figures = new Figures(tools);
    this.library = new Library(tools);
    this.savings = new Savings(tools);
    this.settings = new Settings(tools, () => this.history.load());
    this.history = new History(tools, () => this.#settingsChanged());
    this.owners = new Owners(tools);
    this.keys = new Keys(tools);
    this.search = new Search(tools);
    this.stale = new Staleness({ status: byId("status"), stale: byId("stale"), body: document.body }, tools.say);
    this.live = new Live(session);
    this.live.addEventListener("told", ({ detail }) => this.#told(detail));
    this.live.addEventListener("status", ({ detail }) => this.stale.is(detail));
    this.live.addEventListener("forbidden", ({ detail }) => shut(detail));
    this.#begin();
  }

  get #sections() {
    return [
      this.glance,
      this.lanes,
      this.failed,
      this.workers,
      this.storage,
      this.settings,
      this.history,
      this.owners,
      this.keys,
      this.search,
      this.figures,
      this.library,
      this.savings,
    ];
  }

  #begin() {
    const { signal } = this.#ended;
    keepMoments(byId("board"), signal);
    this.live.start();
    this.#keepReading(this.storage, STORAGE_EVERY);
    this.#keepReading(this.library, LIBRARY_EVERY);
    this.#keepReading(this.savings, FIGURES_EVERY);
    this.#keepReading(this.figures, FIGURES_EVERY);
    for (const section of [this.settings, this.history, this.owners, this.keys]) section.load();
    this.go();
  }

  close() {
    this.#ended.abort();
    this.live.stop();
    this.stale.close();
    this.ask.close();
    for (const section of this.#sections) section.close();
    document.title = "Operator · Darkroom";
  }

  /** Goes where the page's address says. */
  go() {
    this.search.go();
  }

  async #keepReading(section, every) {
    const { signal } = this.#ended;
    while (!signal.aborted) {
      if (!document.hidden) await section.load();
      await pause(every, signal);
    }
  }

  #settingsChanged() {
    this.settings.load();
    this.history.load();
  }

  #told(message) {
    const { type, glance, lanes, workers, parts, failed, settings, at } = message;
    this.stale.heard(type, at, message.why);
    if (type === "failed") {
      this.failed.came(failed);
      return;
    }
    if (glance) this.glance.show(glance);
    if (lanes) this.lanes.show(lanes);
    if (lanes || workers) this.tiles.show({ ...(lanes && { lanes }), ...(workers && { workers }) });
    if (workers || parts) this.workers.show({ workers, parts });
    // After a greeting all of it is read anew: what failed meanwhile was not told.
    if (failed && type === "hello") this.failed.load();
    else if (failed) this.failed.counted(failed);
    if (settings) this.#generationIs(settings.generation);
  }

  #generationIs(generation) {
    if (this.#generation !== null && this.#generation !== generation) this.#settingsChanged();
    this.#generation = generation;
  }
}
