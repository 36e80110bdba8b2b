import { element } from "../elements.js";
import { count } from "../words.js";
import { AttachmentView } from "./attachment.js";
import { assetInWords, authorInWords, dayInWords, timeInWords } from "./words.js";

// A file keeps its view when its message is said: the picture that was dropped stays where it is.
const views = new WeakMap();

/** One message of the room, or one that is on its way: who, when, what, its files, and what may be done with it. */
export class MessageView {
  /** @param {object} act what may be done: `unsay`, `discard`, `retryMessage` with the message, and as AttachmentView */
  constructor(message, act) {
    this.message = message;
    this.act = act;
    this.pending = message.id === undefined;
    this.day = element("p", { className: "day" });
    this.author = element("strong", { className: "author", textContent: authorInWords(message) });
    const time = element("time", { dateTime: message.createdAt, textContent: timeInWords(message.createdAt) });
    this.head = element("p", { className: "head" }, this.author, time);
    this.text = element("p", { className: "said", textContent: message.text, hidden: !message.text });
    this.files = element("div", { className: "files" });
    this.state = element("p", { className: "state" });
    this.acts = element("div", { className: "acts" });
    this.body = element("div", { className: "body" }, this.head, this.text, this.files, this.state, this.acts);
    this.root = element("li", { className: "entry", tabIndex: -1 }, this.day, this.body);
    this.root.classList.toggle("is-own", message.own);
    this.root.classList.toggle("is-pending", this.pending);
    this.#showActs();
    this.update();
  }

  update() {
    const { attachments, trouble } = this.message;
    const shown = attachments.map((asset) => this.#view(asset));
    const roots = shown.map((view) => view.root);
    if (roots.some((root, at) => root !== this.files.children[at]) || roots.length !== this.files.children.length) {
      this.files.replaceChildren(...roots);
    }
    shown.forEach((view) => view.update());
    this.files.hidden = roots.length === 0;
    this.files.classList.toggle("is-many", roots.length > 1);
    // One button is enough where the file is all that was said.
    this.files.classList.toggle("is-all", roots.length === 1 && !this.message.text && !this.pending);
    this.state.textContent = this.pending ? trouble || this.#waiting() : "";
    this.state.classList.toggle("message", Boolean(trouble));
    if (this.retry) this.retry.hidden = !trouble;
    this.root.setAttribute("aria-label", this.inWords());
  }

  #view(asset) {
    if (!views.has(asset)) views.set(asset, new AttachmentView(asset, this.act));
    const view = views.get(asset);
    // The room may have been left and entered again.
    view.act = this.act;
    return view;
  }

  #waiting() {
    if (this.message.attachments.some(({ state }) => state === "error")) return "Not sent yet.";
    if (!navigator.onLine) return "Goes out when the network is back.";
    return this.message.delay ? `${this.message.delay} It will be tried again.` : "Sending …";
  }

  /** All of it, to be read out. */
  inWords() {
    const { text, createdAt, attachments } = this.message;
    const files = attachments.length > 1 ? [count(attachments.length, "file", "files")] : [];
    const said = [text, ...files, ...attachments.map(assetInWords)].filter(Boolean).join(". ");
    return `${authorInWords(this.message)}, ${timeInWords(createdAt)}: ${said}`;
  }

  #showActs() {
    const button = (textContent, onclick) => element("button", { type: "button", className: "act", textContent, onclick });
    if (this.pending) {
      this.retry = button("Try again", () => this.act.retryMessage(this.message));
      this.acts.append(this.retry, button("Discard", () => this.act.discard(this.message)));
    } else if (this.message.own) {
      const unsay = button("Delete", () => {
        // Two presses, since there is no way back.
        if (unsay.dataset.asked) this.act.unsay(this.message);
        unsay.dataset.asked = "yes";
        unsay.textContent = "Delete for good?";
      });
      this.acts.append(unsay);
    }
  }

  /** Sets it off from the one before: the day where it begins, the author where it is another. */
  follow(previous) {
    const day = dayInWords(this.message.createdAt);
    const before = previous && dayInWords(previous.message.createdAt);
    this.day.textContent = day === before ? "" : day;
    const same = previous && day === before && previous.message.own === this.message.own;
    const close = same && previous.message.author === this.message.author && minutes(previous, this) < 5;
    this.root.classList.toggle("follows", Boolean(close));
  }
}

function minutes({ message: one }, { message: other }) {
  return Math.abs(Date.parse(other.createdAt) - Date.parse(one.createdAt)) / 60_000;
}
