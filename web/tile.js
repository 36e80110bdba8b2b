import { element } from "./elements.js";
import { previewOf } from "./preview.js";
import {
  durationInWords,
  fileErrorInWords,
  kindInWords,
  leftInWords,
  mayBeTriedAgain,
  sizeInWords,
  stateInWords,
} from "./words.js";

const SLIMMEST = 0.62;
const WIDEST = 2.2;

/** One file in the sheet: exposed while its bytes go up, developed while it is processed, then itself. */
export class Tile {
  #asset;
  #act;
  #shownUrl = null;
  #picture = null;

  /**
   * @param {object} asset of an Album
   * @param {{open, retry, remove, refresh}} act what a visitor may do with it, each called with the asset
   */
  constructor(asset, act) {
    this.#asset = asset;
    this.#act = act;
    this.name = element("span", { className: "tile-name", textContent: asset.filename, title: asset.filename });
    this.note = element("span", { className: "tile-note" });
    this.bar = element("div", { className: "bar", role: "progressbar", "aria-valuemin": "0", "aria-valuemax": "100" });
    this.bar.append(element("div", { className: "bar-fill" }));
    this.under = element("span", { className: "plate plate-under" });
    this.over = element("span", { className: "plate plate-over" });
    this.button = element("button", { type: "button", className: "frame", onclick: () => act.open(this.#asset) });
    this.mark = element("span", { className: "mark", "aria-hidden": "true" });
    this.button.append(this.under, this.over, this.mark);
    this.trouble = element("div", { className: "trouble" });
    const caption = element("div", { className: "caption" }, this.name, this.note);
    this.root = element("li", { className: "tile" }, this.button, this.bar, caption, this.trouble);
    this.root.dataset.key = asset.key;
    // Who sees it come sees it develop; what was there before is simply there.
    if (asset.state !== "done") this.root.classList.add("is-fresh");
    if (asset.file && asset.kind === "image" && asset.state !== "done") this.#preview();
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
      const canvas = await previewOf(this.#asset.file);
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
    const asset = this.#asset;
    const { state, versions } = asset;
    this.root.dataset.state = state;
    this.root.dataset.kind = asset.kind;
    const percent = this.#percent();
    const left = state === "processing" ? leftInWords(asset.progress?.left) : "";
    this.#showProgress(percent, left, state);
    this.#showMark();
    this.note.textContent = this.#noteText(percent, left, state);
    this.button.setAttribute("aria-label", `${asset.filename}: ${this.#spokenState(percent, left, state)}`);
    this.#showTrouble(state);
    if (versions?.thumb) this.#showPicture(versions);
  }

  /** How much of what is being done with it is done; null where that is not known. */
  #percent() {
    const { state, file, sent, progress } = this.#asset;
    if (state === "processing" && progress) return Math.min(100, Math.round(progress.percent));
    if (state !== "sending") return null;
    return file?.size ? Math.min(100, Math.round((sent / file.size) * 100)) : 0;
  }

  #noteText(percent, left, state) {
    if (state === "done") return sizeInWords(this.#asset.versions?.original?.bytes ?? this.#asset.file?.size);
    if (percent === null) return stateInWords(state);
    return left ? `${percent} % · ${left}` : `${percent} %`;
  }

  #spokenState(percent, left, state) {
    if (state === "error") return fileErrorInWords(this.#asset.error);
    const spoken = percent === null ? stateInWords(state) : `${stateInWords(state)}, ${percent} percent`;
    const { kind, facts } = this.#asset;
    const what = kind === "image" ? "" : [kindInWords(kind), durationInWords(facts?.seconds)].filter(Boolean).join(" ");
    return [what, spoken, left].filter(Boolean).join(", ");
  }

  // A picture says itself what it is.
  #showMark() {
    const { kind, facts } = this.#asset;
    const word = kindInWords(kind);
    this.mark.hidden = kind === "image";
    this.mark.textContent = durationInWords(facts?.seconds) || word;
    if (kind === "image" || this.#shownUrl || this.under.textContent === word) return;
    for (const plate of [this.under, this.over]) plate.replaceChildren(element("span", { textContent: word }));
  }

  #showProgress(percent, left, state) {
    const working = !["done", "error"].includes(state);
    this.bar.hidden = !working;
    this.root.classList.toggle("is-worked-on", state === "processing" && percent !== null);
    if (!working) return;
    this.bar.setAttribute("aria-label", `${this.#asset.filename}: ${stateInWords(state)}`);
    const shown = percent ?? (["waiting", "init"].includes(state) ? 0 : 100);
    if (percent !== null || state === "waiting") this.bar.setAttribute("aria-valuenow", String(shown));
    else this.bar.removeAttribute("aria-valuenow");
    if (left) this.bar.setAttribute("aria-valuetext", `${percent} percent, ${left}`);
    else this.bar.removeAttribute("aria-valuetext");
    this.root.style.setProperty("--sent", `${shown}%`);
  }

  #showTrouble(state) {
    const wanted = state === "error" ? fileErrorInWords(this.#asset.error) : "";
    if (this.trouble.dataset.shown === wanted) return;
    this.trouble.dataset.shown = wanted;
    this.trouble.replaceChildren();
    if (!wanted) return;
    const doing = (label, act) => {
      const button = element("button", { type: "button", className: "small", textContent: label, onclick: act });
      button.setAttribute("aria-label", `${label} ${this.#asset.filename}`);
      return button;
    };
    const again = mayBeTriedAgain(this.#asset);
    const retry = again ? doing("Try again", () => this.#act.retry(this.#asset)) : null;
    const remove = doing("Remove", () => this.#act.remove(this.#asset));
    this.trouble.append(element("p", { textContent: wanted }), element("div", { className: "row" }, retry, remove));
  }

  // Before it is done it lies in the safelight's red, and what is developed of a video comes out from the left.
  #showPicture({ thumb, big_thumb: bigThumb }) {
    if (this.#shownUrl === thumb.url) {
      this.#develop();
      return;
    }
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
      this.#picture = image;
      this.under.replaceChildren(image);
      this.over.replaceChildren(element("img", { alt: "", src: image.currentSrc }));
      this.#develop();
    };
    // A link lives for an hour or two; a page may stay open for days.
    image.onerror = () => this.#act.refresh(this.#asset);
    this.under.append(image);
  }

  #develop() {
    if (!this.#picture || this.#asset.state !== "done") return;
    this.root.classList.add("is-developed");
    this.over.replaceChildren();
  }
}
