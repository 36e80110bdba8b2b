import { onSubmit } from "../elements.js";
import { ProfileCard } from "../profiles/card.js";
import { editionInWords } from "../profiles/words.js";
import { momentInWords } from "../words.js";
import { factList, flagList, stepList } from "./facts.js";

const REASON = "darkroom.moderator.reason.";
const RENEWED_BEFORE = 300_000; // milliseconds before a claim ends

/** One edition, as a moderator looks at it and decides. */
export class Desk {
  #id = null;
  #edition = null;
  #busy = false;
  #verdict = "";

  /**
   * @param {Record<string, HTMLElement>} parts of the page
   * @param {{next, decided, gone, trouble, say}} told of what is done here
   */
  constructor(parts, session, told) {
    this.parts = parts;
    this.session = session;
    this.told = told;
    this.me = "";
    this.card = new ProfileCard();
    this.before = new ProfileCard();
    parts.card.replaceChildren(this.card.root);
    parts["before-card"].replaceChildren(this.before.root);
    parts.claim.onclick = () => this.claim();
    parts.release.onclick = () => this.#act("release");
    parts.approve.onclick = () => this.approve();
    parts.next.onclick = () => told.next();
    // A login that ends, or a look at another one, loses none of it.
    parts.reason.oninput = () => this.#id && sessionStorage.setItem(REASON + this.#id, parts.reason.value);
    onSubmit(parts.form, () => this.#reject());
  }

  close() {
    this.#id = this.#edition = null;
    this.parts.box.hidden = true;
    this.parts.card.replaceChildren();
    this.parts["before-card"].replaceChildren();
  }

  get #path() {
    return `/moderation/editions/${this.#id}`;
  }

  /** Who is at it: a claim that ran out is none. */
  get #holder() {
    const { claimed_by: who, claimed_until: until } = this.#edition ?? {};
    return who && Date.parse(until) > Date.now() ? who : null;
  }

  get #isMine() {
    return this.#edition?.state === "in_review" && this.#holder !== null && this.#holder === this.me;
  }

  /** Shows another edition, or none. */
  async open(id) {
    if (id === this.#id) return;
    this.#id = id;
    this.#edition = null;
    this.#verdict = "";
    this.parts.box.hidden = true;
    this.parts.reason.value = (id && sessionStorage.getItem(REASON + id)) ?? "";
    this.#say("");
    if (!id) return;
    try {
      await this.read();
      if (this.#id === id && this.#edition) this.parts.title.focus();
    } catch (error) {
      // Nothing is shown until it is there: it is asked for again.
      if (this.#id === id) this.told.trouble(error.message);
    }
  }

  /** Reads it anew; what is claimed stays claimed for as long as it is looked at. @throws {ApiError} */
  async read() {
    const id = this.#id;
    if (!id || this.#busy) return;
    const edition = await this.session.request("GET", this.#path).catch((error) => {
      if (error.status !== 404) throw error;
      return null;
    });
    if (this.#id !== id || this.#busy) return;
    if (!edition) {
      this.told.gone();
      return;
    }
    this.#edition = edition;
    this.#show();
    if (this.#isMine && Date.parse(edition.claimed_until) - Date.now() < RENEWED_BEFORE) await this.#act("claim");
  }

  #say(text) {
    this.parts.message.textContent = text;
  }

  /** One thing at a time; pressed twice, it is done once. True if it was done. */
  async #act(name, body) {
    if (this.#busy || !this.#edition) return false;
    const id = this.#id;
    const path = this.#path;
    this.#busy = true;
    this.#show();
    let edition = null;
    let trouble = null;
    try {
      edition = await this.session.request("POST", `${path}/${name}`, body);
    } catch (error) {
      trouble = error;
      // Another was sooner, or it is not in review any more: how it stands is seen.
      if (error.status === 409) edition = await this.session.request("GET", path).catch(() => null);
    }
    this.#busy = false;
    // Another one was opened meanwhile.
    if (this.#id !== id) {
      this.read().catch((error) => this.told.trouble(error.message));
      return false;
    }
    if (edition) this.#edition = edition;
    this.#say(trouble?.message ?? "");
    this.#show();
    return trouble === null;
  }

  async claim() {
    // Not to what approves: Enter pressed twice would be a verdict.
    if (!this.parts.claim.disabled && (await this.#act("claim"))) this.parts.title.focus();
  }

  async approve() {
    if (this.#isMine && (await this.#act("approve"))) this.#decided("Approved");
  }

  /** Goes to where the reason is written. */
  beginToReject() {
    if (this.#isMine) this.parts.reason.focus();
  }

  async #reject() {
    const reason = this.parts.reason.value.trim();
    if (!this.#isMine) return;
    if (!reason) {
      this.#say("Say why: its owner reads it.");
      this.parts.reason.focus();
      return;
    }
    if (await this.#act("reject", { reason })) this.#decided("Rejected");
  }

  // What comes next is opened by a press of its own: the second one of a double click must not meet it.
  #decided(verdict) {
    this.#verdict = verdict;
    this.parts.reason.value = "";
    sessionStorage.removeItem(REASON + this.#id);
    this.#show();
    this.parts.next.focus();
    this.told.say(`${verdict}: ${this.#edition.name}`);
    this.told.decided();
  }

  #show() {
    const { parts } = this;
    const edition = this.#edition;
    parts.box.hidden = !edition;
    if (!edition) return;
    parts.title.textContent = edition.name;
    // Said again, it would be read out again.
    const standing = this.#standing(edition);
    if (parts.standing.textContent !== standing) parts.standing.textContent = standing;
    parts.facts.replaceChildren(...factList(edition));
    parts.flags.replaceChildren(...flagList(edition.flags));
    parts.unflagged.hidden = edition.flags.length > 0;
    this.card.show(edition);
    parts.before.hidden = !edition.published;
    if (edition.published) this.before.show(edition.published);
    parts.history.replaceChildren(...stepList(edition.history));
    this.#showActs(edition);
  }

  #standing({ state, claimed_until: until }) {
    const who = this.#holder;
    if (this.#verdict) return `${this.#verdict}.`;
    if (state !== "in_review") return `${editionInWords(state)}: it is not in review any more.`;
    if (!who) return "Nobody is at it. Claim it to decide.";
    return who === this.me ? `Yours until ${momentInWords(until)}.` : `${who} is at it until ${momentInWords(until)}.`;
  }

  // They stay where they are, so that nothing comes to lie under a finger that is coming down.
  #showActs({ state }) {
    const { claim, release, approve, reason, next, form } = this.parts;
    const open = state === "in_review";
    claim.disabled = this.#busy || !open || this.#holder !== null;
    release.disabled = this.#busy || !this.#isMine;
    approve.disabled = this.#busy || !this.#isMine;
    for (const field of [reason, form.querySelector("button")]) field.disabled = !this.#isMine;
    next.hidden = open;
  }
}
