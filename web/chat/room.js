import { EventStream } from "../events.js";
import { Viewer } from "../viewer.js";
import { Acts } from "./acts.js";
import { isGone } from "./assets.js";
import { Composer } from "./composer.js";
import { Members } from "./members.js";
import { Reading } from "./reading.js";
import { Talk } from "./talk.js";
import { Transcript } from "./transcript.js";
import { Typing } from "./typing.js";

const STATUS = { connecting: "Connecting", live: "Live", waiting: "Reconnecting" };
const GONE = "You are not in this room any more: you left it or were taken out, or it was deleted.";
const ANEW = "More happened than could be told one by one, so what was said was read anew.";
const ELSEWHERE = "Darkroom doesn't know this page by the address it was opened at. Use one that ./ops/open prints.";

/** One room, entered: what was said, what is said now, and what the visitor does. */
export class Room {
  #listed = false;

  /** Whether the visitor is not in it any more. */
  closed = false;

  /**
   * @param {object} parts of the page: {transcript, composer, viewer, members, status, notice, typing, spoken, body}
   * @param {{seq, read_seq, chat_id, title}} facts as the server lists the room
   * @param {import("./outbox.js").Outbox} outbox of this room
   * @param {{read: (seq: number) => void, gone: () => void}} told what the list of rooms is to know
   */
  constructor(parts, facts, outbox, told) {
    this.parts = parts;
    this.outbox = outbox;
    this.access = outbox.access;
    this.told = told;
    this.ended = new AbortController();
    this.talk = new Talk(this.access, (shown) => this.#mine(shown));
    this.acts = new Acts(this);
    this.transcript = new Transcript(parts.transcript, this.talk, outbox, this.acts);
    this.viewer = new Viewer(parts.viewer, this.acts.ofViewer);
    this.typing = new Typing(this.access, parts.typing);
    this.members = new Members(this.access, parts.members);
    this.reading = new Reading(this.access, facts.read_seq ?? 0, () => this.#seen(), told.read);
    this.composer = new Composer(parts.composer, `${this.access.session.person}.${facts.chat_id}`, {
      say: (text, files) => this.say(text, files),
      take: (files) => this.take(files),
      wrote: () => this.typing.wrote(),
    });
    this.stream = new EventStream(this.access, { lists: true });
    this.#wire();
    this.#close(false);
    this.stream.start();
  }

  #wire() {
    const { signal } = this.ended;
    const on = (source, type, work) => source.addEventListener(type, ({ detail }) => work(detail), { signal });
    on(this.stream, "messages", (page) => this.#open(page));
    on(this.stream, "event", (event) => this.#hear(event));
    on(this.stream, "progress", (progress) => this.talk.progress(progress));
    on(this.stream, "typing", ({ user_id: person }) => this.typing.heard(person));
    on(this.stream, "reset", () => this.#listed && this.notice(ANEW));
    on(this.stream, "status", (status) => this.#showStatus(status));
    on(this.stream, "refused", () => this.notice(ELSEWHERE));
    on(this.stream, "gone", () => this.#gone());
    on(this.outbox, "said", (shown) => this.talk.add(shown));
    on(this.talk, "changed", ({ attachments }) => attachments.forEach((asset) => this.#showLarge(asset)));
    on(this.talk, "removed", ({ attachments }) => attachments.forEach((asset) => this.viewer.removed(asset)));
    on(this.transcript, "seen", () => this.reading.look());
    on(document, "visibilitychange", () => (document.hidden ? this.reading.tell() : this.reading.look()));
    // A page that is left is still visible in that moment; one that was hidden before has told it then.
    on(window, "pagehide", () => document.hidden || this.reading.tell());
  }

  close() {
    this.ended.abort();
    this.stream.stop();
    this.viewer.end();
    this.composer.close();
    this.reading.close();
    this.typing.close();
    this.members.close();
    this.talk.close();
    this.transcript.close();
    this.notice("");
    // What was read out is not for whoever comes next.
    this.parts.spoken.textContent = "";
  }

  /** Sends files that were brought to the page, as long as one is in the room. */
  take(files) {
    if (this.closed) this.notice(`${GONE} Nothing can be sent to it.`);
    else this.composer.take(files);
  }

  say(text, files) {
    this.typing.sent();
    this.notice("");
    this.outbox.say(text, files);
  }

  // What was sent from here is told of with its client's id: it is no further one.
  #mine(shown) {
    return shown.author === this.access.session.person && shown.client_id ? this.outbox.settle(shown.client_id) : [];
  }

  #open(page) {
    this.#listed = true;
    this.talk.open(page);
    this.members.load();
    this.reading.look();
  }

  #hear(event) {
    this.talk.tell(event);
    this.members.tell(event);
    const { message } = event;
    if (message) {
      this.typing.ended(message.author);
      if (message.author !== this.access.session.person && !message.deleted) this.#speak(message);
    }
    if (this.transcript.atEnd) this.reading.look();
  }

  #speak({ author, text, attachments }) {
    const files = attachments.map(({ filename }) => filename).filter(Boolean);
    this.parts.spoken.textContent = [`${author ?? "Darkroom"}:`, text, files.join(", ")].filter(Boolean).join(" ");
  }

  // Messages have no number: all that the stream has told is in view when the newest is.
  #seen() {
    return this.#listed && this.transcript.atEnd ? this.stream.seq : null;
  }

  #showStatus(status) {
    const offline = status !== "live" && !navigator.onLine;
    this.parts.status.textContent = offline ? "Offline, goes on by itself" : STATUS[status];
    this.parts.body.dataset.live = status;
    if (status === "live") this.reading.look();
    if (status === "live" && this.parts.notice.textContent !== ANEW) this.notice("");
  }

  /** Says something about the room, or with an empty text nothing any more. */
  notice(text) {
    this.parts.notice.textContent = text;
  }

  #close(closed) {
    this.closed = closed;
    this.parts.composer.form.hidden = closed;
    this.parts.body.toggleAttribute("data-closed", closed);
  }

  #gone() {
    this.#listed = false;
    this.#close(true);
    this.viewer.close();
    this.parts.status.textContent = "Closed";
    this.notice(GONE);
    this.told.gone();
  }

  #showLarge(asset) {
    if (isGone(asset)) this.viewer.removed(asset);
    else this.viewer.update(asset);
  }
}
