import { EventStream } from "../events.js";
import { pause } from "../pause.js";
import { ProfileAccess } from "./account.js";
import { Editor } from "./editor.js";
import { PaymentView } from "./payment.js";
import { StandingView } from "./standing.js";
import { ON_ITS_WAY } from "./words.js";

const STATUS = { connecting: "Connecting", live: "Live", waiting: "Reconnecting" };
const ASKED_EVERY = 10_000; // milliseconds, while no events come
const ELSEWHERE = "Darkroom doesn't know this page by the address it was opened at.";

/** All that somebody who is signed in has: a profile, what of it is on its way, and the form. */
export class Studio {
  #mine = null;
  #reading = null;
  #next = null;
  #all = false;
  #ended = new AbortController();

  /** @param {object} parts of the page: {editor, payment, standing, status, notice, spoken, body} */
  constructor(parts, session, wallets) {
    this.parts = parts;
    this.session = session;
    this.editor = new Editor(parts.editor, session, (profile) => this.#submit(profile));
    this.payment = new PaymentView(parts.payment, wallets, (hash) => this.#pay(hash));
    const act = { edit: () => this.#edit(), withdraw: () => this.#drop("/edition"), remove: () => this.#drop("") };
    this.standing = new StandingView(parts.standing, act);
    this.stream = new EventStream(new ProfileAccess(session));
    this.#wire();
    this.stream.start();
    this.#keepAsking();
  }

  #wire() {
    this.stream.addEventListener("event", ({ detail }) => this.#hear(detail));
    this.stream.addEventListener("progress", ({ detail }) => this.editor.slots.progress(detail));
    this.stream.addEventListener("reset", () => this.read(true));
    this.stream.addEventListener("status", ({ detail }) => this.#showStatus(detail));
    this.stream.addEventListener("refused", () => this.#say(ELSEWHERE));
  }

  close() {
    this.#ended.abort();
    this.stream.stop();
    this.payment.close();
    this.editor.end();
    this.standing.show(null);
    this.#say("");
  }

  #say(text) {
    this.parts.notice.textContent = text;
  }

  #showStatus(status) {
    const offline = status !== "live" && !navigator.onLine;
    this.parts.status.textContent = offline ? "Offline, goes on by itself" : STATUS[status];
    this.parts.body.dataset.live = status;
  }

  #hear(event) {
    if (event.type === "profile") this.read();
    else this.editor.slots.tell(event);
  }

  // Where no websocket gets through there is still a way.
  async #keepAsking() {
    const { signal } = this.#ended;
    await this.read(true);
    while (!signal.aborted) {
      await pause(ASKED_EVERY, signal);
      if (!signal.aborted && !document.hidden && this.parts.body.dataset.live !== "live") await this.read(true);
    }
  }

  /** Reads where the profile stands, from after this call on. `all`: the uploads as well. */
  read(all = false) {
    this.#all ||= all;
    if (this.#reading) {
      this.#next ??= this.#reading.then(() => {
        this.#next = null;
        return this.read();
      });
      return this.#next;
    }
    this.#reading = this.#readNow().finally(() => (this.#reading = null));
    return this.#reading;
  }

  async #readNow() {
    if (this.#ended.signal.aborted) return;
    const all = this.#all;
    this.#all = false;
    try {
      const mine = await this.session.request("GET", "/profiles/mine").catch((error) => {
        if (error.status === 404) return null;
        throw error;
      });
      if (this.#ended.signal.aborted) return;
      this.#take(mine);
      if (all && this.editor.open) await this.editor.slots.refresh();
      this.#say("");
    } catch (error) {
      if (!this.#ended.signal.aborted && error.status !== 401) this.#say(error.message);
    }
  }

  #take(mine) {
    const before = this.#mine?.edition?.state;
    this.#mine = mine;
    const state = mine?.edition?.state;
    const onItsWay = ON_ITS_WAY.includes(state);
    if (onItsWay) this.editor.hide(mine.edition);
    // Nothing is up and nothing on its way, or something was begun: the form is what one is here for.
    else if (state !== "published" || this.editor.begun) this.editor.begin(mine?.edition ?? null);
    this.#show();
    if (before && before !== state) this.parts.spoken.textContent = this.parts.standing.title.textContent;
  }

  #show() {
    this.standing.show(this.#mine, this.editor.open);
    this.payment.show(this.#mine?.edition ?? null);
  }

  #edit() {
    this.editor.begin(this.#mine.edition);
    this.#show();
    this.editor.focus();
  }

  async #submit(profile) {
    const id = this.#mine?.profile_id;
    const [method, path] = id ? ["PUT", `/profiles/${id}`] : ["POST", "/profiles/"];
    try {
      const mine = await this.session.request(method, path, profile);
      this.editor.sent(profile.profile_data);
      this.#take(mine);
    } catch (error) {
      // It may have got there though no answer came, or from another tab: what is on its way is shown.
      await this.read(true);
      if (ON_ITS_WAY.includes(this.#mine?.edition?.state)) this.editor.sent(profile.profile_data);
      else throw error;
    }
    this.parts.standing.box.focus();
  }

  async #pay(hash) {
    await this.session.request("POST", `/profiles/${this.#mine.profile_id}/payment`, { tx_hash: hash });
    await this.read();
  }

  /** Takes back what is on its way, or all of it. */
  async #drop(rest) {
    try {
      await this.session.request("DELETE", `/profiles/${this.#mine.profile_id}${rest}`).catch((error) => {
        if (error.status !== 404) throw error;
      });
      if (!rest) this.editor.sent();
      await this.read(true);
    } catch (error) {
      this.#say(error.message);
    }
  }
}
