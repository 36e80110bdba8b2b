import { element } from "./elements.js";
import {
  framesInWords,
  imageErrorInWords,
  mayBeTriedAgain,
  momentInWords,
  sizeInWords,
  stateInWords,
  versionInWords,
} from "./words.js";

const ORDER = ["original", "d2500", "big_1920", "big_thumb", "thumb"];

/** One photo large, with all its versions; a modal dialog. */
export class Viewer {
  #photo = null;
  #asked = false;
  #said = "";
  #ended = new AbortController();

  /**
   * @param {Record<string, HTMLElement>} parts dialog, stage, title, facts, versions, message, retry, remove, …
   * @param {{order: () => object[], retry, remove, refresh, closed}} act
   */
  constructor(parts, act) {
    this.parts = parts;
    this.act = act;
    parts.previous.onclick = () => this.#step(-1);
    parts.next.onclick = () => this.#step(1);
    parts.close.onclick = () => parts.dialog.close();
    parts.retry.onclick = () => act.retry(this.#photo);
    parts.remove.onclick = () => this.#remove();
    const { signal } = this.#ended;
    parts.dialog.addEventListener("close", () => this.#closed(), { signal });
    parts.dialog.addEventListener("keydown", (event) => this.#key(event), { signal });
  }

  open(photo) {
    this.#photo = photo;
    this.#asked = false;
    this.#said = "";
    this.#show();
    if (!this.parts.dialog.open) this.parts.dialog.showModal();
    // Its links may have been made hours ago.
    if (photo.id && photo.state === "done") this.act.refresh(photo);
  }

  close() {
    if (this.parts.dialog.open) this.parts.dialog.close();
  }

  /** Closes it for good: the dialog is then another project's. */
  end() {
    this.#ended.abort();
    this.close();
  }

  update(photo) {
    if (photo === this.#photo) this.#show();
  }

  /** Says how it went with a photo, if that is the one shown (true): all else of the page lies behind the dialog. */
  say(photo, text) {
    if (photo !== this.#photo) return false;
    this.#said = text;
    this.#show();
    return true;
  }

  removed(photo) {
    if (photo === this.#photo) this.close();
  }

  #closed() {
    const photo = this.#photo;
    this.#photo = null;
    this.parts.stage.replaceChildren();
    if (photo) this.act.closed(photo);
  }

  #key(event) {
    if (event.key === "ArrowLeft") this.#step(-1);
    else if (event.key === "ArrowRight") this.#step(1);
  }

  #step(by) {
    const order = this.act.order();
    const next = order[order.indexOf(this.#photo) + by];
    if (next) this.open(next);
  }

  // Deleting takes the same button twice: there is no way back.
  #remove() {
    if (this.#asked) {
      this.act.remove(this.#photo);
      return;
    }
    this.#asked = true;
    this.#show();
  }

  #show() {
    const photo = this.#photo;
    const order = this.act.order();
    const place = order.indexOf(photo);
    this.parts.title.textContent = photo.filename;
    const facts = [stateInWords(photo.state), momentInWords(photo.createdAt), framesInWords(photo.facts)];
    this.parts.facts.textContent = facts.filter(Boolean).join(" · ");
    this.parts.previous.disabled = place <= 0;
    this.parts.next.disabled = place < 0 || place >= order.length - 1;
    this.parts.message.textContent = this.#said || (photo.state === "error" ? imageErrorInWords(photo.error) : "");
    this.parts.retry.hidden = photo.state !== "error" || !mayBeTriedAgain(photo);
    this.parts.remove.textContent = this.#asked ? "Delete for good?" : "Delete";
    this.#showPicture(photo);
    this.#showVersions(photo);
  }

  #showPicture(photo) {
    const { versions } = photo;
    const best = versions?.big_1920 ?? versions?.big_thumb ?? versions?.thumb;
    const shown = this.parts.stage.querySelector("img");
    if (!best) {
      const text = photo.state === "error" ? "No picture could be made." : `${stateInWords(photo.state)} …`;
      this.parts.stage.replaceChildren(element("p", { textContent: text }));
    } else if (shown?.dataset.url !== best.url) {
      const image = element("img", { alt: photo.filename, width: best.width, height: best.height });
      image.dataset.url = best.url;
      const wide = versions.d2500 ? `, ${versions.d2500.url} ${versions.d2500.width}w` : "";
      image.sizes = "100vw";
      image.srcset = `${best.url} ${best.width}w${wide}`;
      image.src = best.url;
      // A small photo stays small: blown up to the window it would look worse than it is.
      image.style.maxWidth = `min(100%, ${(versions.d2500 ?? best).width}px)`;
      this.parts.stage.replaceChildren(image);
    }
  }

  #showVersions({ versions, state }) {
    const names = ORDER.filter((name) => versions?.[name]?.url);
    const rows = names.map((name) => {
      const { url, width, height, bytes } = versions[name];
      const facts = [width ? `${width} × ${height}` : "", sizeInWords(bytes)].filter(Boolean).join(" · ");
      const label = element("strong", { textContent: versionInWords(name) });
      const link = element("a", { href: url, target: "_blank", rel: "noopener noreferrer" }, label);
      link.append(element("span", { textContent: facts }), element("span", { className: "open", textContent: "Open" }));
      return element("li", {}, link);
    });
    if (rows.length === 0 && state !== "error") rows.push(element("li", { textContent: "Not made yet." }));
    this.parts.versions.replaceChildren(...rows);
  }
}
