import { element } from "./elements.js";
import { previewOf } from "./preview.js";
import { imageErrorInWords, mayBeTriedAgain, sizeInWords, stateInWords } from "./words.js";

const SLIMMEST = 0.62;
const WIDEST = 2.2;

/** One photo in the sheet: exposed while its bytes go up, developed while it is processed, then itself. */
export class Tile {
  #photo;
  #act;
  #shownUrl = null;

  /**
   * @param {object} photo of an Album
   * @param {{open, retry, remove, refresh}} act what a visitor may do with it, each called with the photo
   */
  constructor(photo, act) {
    this.#photo = photo;
    this.#act = act;
    this.name = element("span", { className: "tile-name", textContent: photo.filename, title: photo.filename });
    this.note = element("span", { className: "tile-note" });
    this.bar = element("div", { className: "bar", role: "progressbar", "aria-valuemin": "0", "aria-valuemax": "100" });
    this.bar.append(element("div", { className: "bar-fill" }));
    this.under = element("span", { className: "plate plate-under" });
    this.over = element("span", { className: "plate plate-over" });
    this.button = element("button", { type: "button", className: "frame", onclick: () => act.open(this.#photo) });
    this.button.append(this.under, this.over);
    this.trouble = element("div", { className: "trouble" });
    const caption = element("div", { className: "caption" }, this.name, this.note);
    this.root = element("li", { className: "tile" }, this.button, this.bar, caption, this.trouble);
    this.root.dataset.key = photo.key;
    // Who sees it come sees it develop; what was there before is simply there.
    if (photo.state !== "done") this.root.classList.add("is-fresh");
    if (photo.file && photo.state !== "done") this.#preview();
    this.update();
  }

  #setRatio(width, height) {
    const ratio = Math.min(WIDEST, Math.max(SLIMMEST, width / height));
    this.root.style.setProperty("--ratio", ratio.toFixed(4));
  }

  // Begun only when its turn to be sent comes near, since a dropped folder may hold thousands.
  async #preview() {
    const seen = new IntersectionObserver(async (entries) => {
      if (!entries.some((entry) => entry.isIntersecting)) return;
      seen.disconnect();
      const canvas = await previewOf(this.#photo.file);
      if (!canvas || this.#shownUrl) return;
      this.#setRatio(canvas.width, canvas.height);
      const twin = canvas.cloneNode();
      twin.getContext("2d").drawImage(canvas, 0, 0);
      this.under.replaceChildren(canvas);
      this.over.replaceChildren(twin);
    });
    seen.observe(this.root);
  }

  update() {
    const photo = this.#photo;
    const { state } = photo;
    this.root.dataset.state = state;
    const part = photo.file?.size ? photo.sent / photo.file.size : 0;
    const percent = state === "sending" ? Math.min(100, Math.round(part * 100)) : null;
    this.#showProgress(percent, state);
    this.note.textContent = this.#noteText(percent, state);
    this.button.setAttribute("aria-label", `${photo.filename}: ${this.#spokenState(percent, state)}`);
    this.#showTrouble(state);
    if (photo.versions?.thumb) this.#showDeveloped(photo.versions);
  }

  #noteText(percent, state) {
    if (state === "done") return sizeInWords(this.#photo.versions?.original?.bytes ?? this.#photo.file?.size);
    return percent === null ? stateInWords(state) : `${percent} %`;
  }

  #spokenState(percent, state) {
    if (state === "error") return imageErrorInWords(this.#photo.error);
    return percent === null ? stateInWords(state) : `${stateInWords(state)}, ${percent} percent`;
  }

  #showProgress(percent, state) {
    const working = !["done", "error"].includes(state);
    this.bar.hidden = !working;
    if (!working) return;
    this.bar.setAttribute("aria-label", `${this.#photo.filename}: ${stateInWords(state)}`);
    const shown = percent ?? (["waiting", "init"].includes(state) ? 0 : 100);
    if (["waiting", "sending"].includes(state)) this.bar.setAttribute("aria-valuenow", String(shown));
    else this.bar.removeAttribute("aria-valuenow");
    this.root.style.setProperty("--sent", `${shown}%`);
  }

  #showTrouble(state) {
    const wanted = state === "error" ? imageErrorInWords(this.#photo.error) : "";
    if (this.trouble.dataset.shown === wanted) return;
    this.trouble.dataset.shown = wanted;
    this.trouble.replaceChildren();
    if (!wanted) return;
    const doing = (label, act) => {
      const button = element("button", { type: "button", className: "small", textContent: label, onclick: act });
      button.setAttribute("aria-label", `${label} ${this.#photo.filename}`);
      return button;
    };
    const again = mayBeTriedAgain(this.#photo);
    const retry = again ? doing("Try again", () => this.#act.retry(this.#photo)) : null;
    const remove = doing("Remove", () => this.#act.remove(this.#photo));
    this.trouble.append(element("p", { textContent: wanted }), element("div", { className: "row" }, retry, remove));
  }

  #showDeveloped({ thumb, big_thumb: bigThumb }) {
    if (this.#shownUrl === thumb.url) return;
    this.#shownUrl = thumb.url;
    this.#setRatio(thumb.width, thumb.height);
    const image = element("img", { alt: "", loading: "lazy", decoding: "async", className: "developed" });
    image.width = thumb.width;
    image.height = thumb.height;
    if (bigThumb) {
      image.sizes = "(max-width: 640px) 45vw, 260px";
      image.srcset = `${thumb.url} ${thumb.width}w, ${bigThumb.url} ${bigThumb.width}w`;
    }
    image.src = thumb.url;
    image.onload = () => {
      this.root.classList.add("is-developed");
      this.under.replaceChildren(image);
      this.over.replaceChildren();
    };
    // A link lives for an hour or two; a page may stay open for days.
    image.onerror = () => this.#act.refresh(this.#photo);
    this.under.append(image);
  }
}
