import { onSubmit } from "../elements.js";
import { ProfileCard } from "./card.js";
import { Draft } from "./draft.js";
import { Fields } from "./fields.js";
import { SlotView } from "./slot.js";
import { ROLES, Slots } from "./slots.js";
import { sentence } from "./words.js";

const FRESH = 30_000;
const FAILED = "One of your files did not work out: choose another one, or leave it out.";
const NEEDED = "A profile has to have this: choose one.";
const WAITED = "Your files are still on their way. It can be sent once they are there.";

/** An edition's fields as the form has them. */
function valuesOf({ name, url, activity_hobbies, hashtags, is_incognito }) {
  const written = (hashtags ?? []).map((hashtag) => `#${hashtag}`).join(" ");
  return { name: name ?? "", url: url ?? "", activity_hobbies: activity_hobbies ?? "", hashtags: written, is_incognito };
}

/** Whether what was written has become this edition, as far as one can tell: the rest the server puts in a way of its own. */
function isSame(values, edition) {
  return ["name", "activity_hobbies"].every((name) => values?.[name]?.trim() === edition[name]);
}

/** The form with its files and the preview beside it. What is written is kept until it is sent in. */
export class Editor {
  #open = false;
  #refreshed = 0;
  #known = {};

  /**
   * @param {object} parts {box, form, message, send, fields, chips, slots, preview}
   * @param {(profile: object) => Promise<void>} submit
   */
  constructor(parts, session, submit) {
    this.parts = parts;
    this.session = session;
    this.submit = submit;
    this.draft = new Draft(session.who.user_id);
    this.fields = new Fields({ fields: parts.fields, chips: parts.chips }, session);
    this.slots = new Slots(session);
    const view = (root) => new SlotView(root, this.slots, (text) => this.#say(text));
    this.views = new Map(parts.slots.map((root) => [root.dataset.role, view(root)]));
    this.card = new ProfileCard(() => this.#freshen());
    parts.preview.replaceChildren(this.card.root);
    this.ended = new AbortController();
    const { signal } = this.ended;
    this.fields.addEventListener("written", () => this.#written(), { signal });
    this.fields.addEventListener("checked", () => this.#preview(), { signal });
    this.slots.addEventListener("changed", () => this.#preview(), { signal });
    this.slots.addEventListener("left", () => this.#written(), { signal });
    this.#listen(signal);
  }

  #listen(signal) {
    let busy = false;
    const send = async (event) => {
      event.preventDefault();
      if (busy) return;
      busy = true;
      await this.#send().finally(() => (busy = false));
    };
    this.parts.form.addEventListener("submit", send, { signal });
    addEventListener("storage", ({ key }) => key === this.draft.key && this.#adopt(), { signal });
  }

  get open() {
    return this.#open;
  }

  /** Whether something was written that is not sent in yet. */
  get begun() {
    return this.draft.read() !== null;
  }

  /** Opens the form with what was begun, else with an edition, else empty. Open already, it stays as it is. */
  begin(edition) {
    if (this.#open) return;
    this.#open = true;
    const draft = this.draft.read();
    this.parts.box.hidden = false;
    this.fields.values = draft?.values ?? (edition ? valuesOf(edition) : {});
    this.#known = this.fields.values;
    this.slots.begin(edition?.media, draft?.without ?? []).catch((error) => this.#say(error.message));
    this.#preview();
  }

  /** @param {object} [edition] on its way; what was written is that, if it says the same, and is begun no more */
  hide(edition) {
    if (edition && isSame(this.draft.read()?.values, edition)) this.draft.drop();
    this.#open = false;
    this.parts.box.hidden = true;
    this.fields.close();
    this.#say("");
  }

  /** Closes it for good: somebody else may sign in. What is on its way is broken off. */
  end() {
    this.hide();
    this.ended.abort();
    this.slots.close();
    this.views.forEach((view) => view.close());
  }

  /** These fields have been sent in: what another tab has written since is kept. Without any, all of it is given up. */
  sent(values) {
    const kept = this.draft.read()?.values;
    if (!values || JSON.stringify(kept) === JSON.stringify(values)) this.draft.drop();
    this.hide();
  }

  focus() {
    this.parts.fields.name.focus();
  }

  #say(text) {
    this.parts.message.textContent = text;
  }

  #written() {
    if (this.#open) {
      const { values } = this.fields;
      this.draft.write({ values: this.draft.merged(values, this.#known), without: this.slots.without });
      this.#known = values;
    }
    this.#preview();
  }

  // Another tab of the same one has written: what it changed is taken up here.
  #adopt() {
    const values = this.draft.read()?.values;
    if (!this.#open || !values) return;
    this.#known = values;
    this.fields.values = values;
    this.#preview();
  }

  #preview() {
    const { address } = this.session.who ?? {};
    if (this.#open) this.card.show({ ...this.fields.normalised, wallet: address, media: this.slots.media });
  }

  // A link lives for an hour or two. At most so often, for one that can't be loaded at all.
  #freshen() {
    if (Date.now() - this.#refreshed < FRESH) return;
    this.#refreshed = Date.now();
    this.slots.refresh().catch(() => {});
  }

  async #send() {
    this.#say("");
    this.views.forEach((view) => view.refuse(""));
    if (!this.slots.ready) {
      this.#say(this.slots.failed ? FAILED : WAITED);
      return;
    }
    try {
      await this.submit(this.#profile());
    } catch (error) {
      this.#refused(error);
    }
  }

  #profile() {
    const of = (role) => {
      const path = this.slots.path(role);
      return path && { [`${role}_path`]: path };
    };
    return {
      profile_data: this.fields.values,
      // Sent without one as well: what else is wrong is said in the same answer.
      image_data: of("image") ?? { image_path: "" },
      video_data: of("video"),
      logo_data: of("logo"),
    };
  }

  // Each beside what it is about; one sentence for what is about nothing here, or for what may pass.
  #refused(error) {
    const { fields = [] } = error;
    const about = new Map(ROLES.map((role) => [role, fields.filter(({ field }) => field.startsWith(`${role}_data`))]));
    for (const [role, wrong] of about) {
      const said = this.slots.get(role) ? wrong.map(({ message }) => sentence(message)).join(" ") : NEEDED;
      this.views.get(role).refuse(wrong.length > 0 ? said : "");
    }
    const shown = this.fields.refuse(fields) || [...about.values()].some((wrong) => wrong.length > 0);
    this.#say(shown ? "Not sent yet: something has to be changed." : error.message);
  }
}
