import { element } from "../elements.js";
import { pause } from "../pause.js";
import { previewOf } from "../preview.js";
import { durationInWords, kindInWords, mayBeTriedAgain } from "../words.js";
import { isGone } from "./assets.js";
import { whenSeen } from "./sight.js";
import { assetInWords, factsInWords, percentOf, stageInWords, troubleInWords } from "./words.js";

const SLIMMEST = 0.6;
const WIDEST = 2.4;
const PAGE = 2.1;
const SMALL = 300; // pixels of the long side
const SPREAD = 4000;

function button(className, textContent, onclick) {
  return element("button", { type: "button", className, textContent, onclick });
}

/** One file of a message: its picture as soon as there is one, else its name, and what is to be known of it. */
export class AttachmentView {
  #asset;
  #url = null;
  #failed = null;
  #asking = false;

  /** @param {{open, save, retry, remove, refresh}} act what may be done with it, each called with the asset */
  constructor(asset, act) {
    this.#asset = asset;
    this.act = act;
    this.plate = element("span", { className: "plate" });
    this.mark = element("span", { className: "mark", "aria-hidden": "true" });
    this.frame = button("print", "", () => this.act.open(asset));
    this.frame.append(this.plate, this.mark);
    this.name = element("span", { className: "name" });
    this.note = element("span", { className: "note" });
    this.link = element("a", { className: "save", download: "", textContent: "Save" });
    this.link.onclick = (event) => this.#save(event);
    const what = element("div", { className: "what" }, this.name, this.note);
    this.card = element("div", { className: "card" }, what, this.link);
    this.bar = element("div", { className: "bar", role: "progressbar", "aria-valuemin": "0", "aria-valuemax": "100" });
    this.bar.append(element("i"));
    this.trouble = element("div", { className: "trouble" });
    this.drop = button("drop", "×", () => this.#remove());
    this.root = element("div", { className: "attachment" }, this.frame, this.card, this.bar, this.trouble, this.drop);
    if (asset.file && asset.kind === "image") this.#preview();
    this.update();
  }

  // At once, from the file itself.
  async #preview() {
    const canvas = await previewOf(this.#asset.file);
    if (!canvas || this.#url) return;
    this.#measure(canvas);
    this.plate.replaceChildren(canvas);
    this.update();
  }

  // Of a page the beginning will do.
  #measure({ width, height }) {
    const page = !["image", "video"].includes(this.#asset.kind);
    const ratio = page ? PAGE : Math.min(WIDEST, Math.max(SLIMMEST, width / height));
    this.root.style.setProperty("--ratio", ratio.toFixed(4));
    // A small picture stays small: blown up it would look worse than it is.
    this.root.style.setProperty("--wide", Math.max(width, height) < SMALL ? `${width}px` : "100rem");
  }

  update() {
    const asset = this.#asset;
    const trouble = troubleInWords(asset);
    this.root.dataset.state = asset.state;
    this.root.dataset.kind = asset.kind;
    this.#showPicture(asset);
    const pictured = this.plate.firstChild !== null && !isGone(asset);
    this.frame.hidden = !pictured;
    this.root.classList.toggle("is-pictured", pictured);
    this.frame.setAttribute("aria-label", `${assetInWords(asset)}. Show it large`);
    this.mark.textContent = durationInWords(asset.facts?.seconds) || kindInWords(asset.kind);
    this.mark.hidden = asset.kind === "image";
    this.name.textContent = asset.filename || "File";
    this.note.textContent = [factsInWords(asset), stageInWords(asset)].filter(Boolean).join(" · ");
    this.card.hidden = isGone(asset) || (pictured && asset.kind === "image" && asset.state !== "error");
    this.#showLink(asset);
    this.#showProgress(asset);
    this.#showTrouble(trouble || this.#unseen());
    this.#showDrop(asset);
    if (asset.partial && !this.#asking) this.#ask();
  }

  // Every page of the room hears of it at once: who doesn't look need not ask, and those who do not all in one moment.
  #ask() {
    this.#asking = true;
    whenSeen(this.root, async () => {
      await pause(Math.random() * SPREAD);
      this.#asking = false;
      if (this.#asset.partial && this.root.isConnected) this.act.refresh(this.#asset);
    });
  }

  #showLink({ id, filename, versions }) {
    const original = versions.original?.url;
    this.link.hidden = !id || !original;
    if (original) this.link.href = original;
    this.link.setAttribute("aria-label", `Save ${filename}`);
  }

  #showProgress(asset) {
    const stage = stageInWords(asset);
    const percent = percentOf(asset);
    this.bar.hidden = stage === "";
    this.bar.setAttribute("aria-label", `${asset.filename}: ${stage}`);
    if (percent === null) this.bar.removeAttribute("aria-valuenow");
    else this.bar.setAttribute("aria-valuenow", String(percent));
    this.root.style.setProperty("--part", `${percent ?? 100}%`);
    this.bar.classList.toggle("is-unknown", percent === null);
  }

  #showTrouble(text) {
    if (this.trouble.dataset.shown === text) return;
    this.trouble.dataset.shown = text;
    this.trouble.replaceChildren();
    if (!text) return;
    this.trouble.append(element("p", { textContent: text }));
    if (!this.#mayTry()) return;
    const again = button("small", "Try again", () => this.#again());
    again.setAttribute("aria-label", `Try again: ${this.#asset.filename}`);
    this.trouble.append(again);
  }

  #mayTry() {
    const asset = this.#asset;
    if (isGone(asset)) return false;
    if (asset.state !== "error") return true;
    if (asset.unsent) return asset.file !== null;
    return !asset.foreign && asset.error?.code !== "object_missing" && mayBeTriedAgain(asset);
  }

  #again() {
    if (this.#asset.state === "error") {
      this.act.retry(this.#asset);
      return;
    }
    this.#failed = null;
    this.act.refresh(this.#asset, true).then(() => this.update());
  }

  // Two presses, since there is no way back.
  #remove() {
    if (this.#asset.unsent || this.drop.dataset.asked) {
      this.act.remove(this.#asset);
      return;
    }
    this.drop.dataset.asked = "yes";
    this.drop.textContent = "Delete?";
    this.#showDrop(this.#asset);
  }

  #showDrop(asset) {
    this.drop.hidden = asset.foreign || isGone(asset);
    const what = asset.unsent ? "Leave out" : this.drop.dataset.asked ? "Delete for good" : "Delete";
    this.drop.setAttribute("aria-label", `${what}: ${asset.filename}`);
  }

  async #save(event) {
    event.preventDefault();
    // The link that stands there may have been made long ago.
    await this.act.save(this.#asset);
  }

  #unseen() {
    return this.#failed ? "The picture can't be loaded just now." : "";
  }

  // Put in its place only once it is loaded: a link may have run out, or its file be gone, and that shows as words.
  #showPicture({ versions }) {
    const { thumb, big_thumb: large } = versions;
    const best = large ?? thumb;
    if (!best?.url || best.url === this.#failed) return;
    if (this.#url !== null && this.#url.sha256 === best.sha256) return;
    const image = element("img", { alt: "", decoding: "async", width: best.width, height: best.height });
    this.#url = best;
    this.#measure(best);
    if (!this.plate.firstChild) this.plate.append(element("span", { className: "blank" }));
    image.onload = () => this.#loaded(image, best);
    image.onerror = () => this.#lost(best);
    image.src = best.url;
  }

  #loaded(image, version) {
    if (this.#url !== version) return;
    this.#failed = null;
    this.plate.replaceChildren(image);
    this.update();
  }

  #lost(version) {
    if (this.#url !== version) return;
    this.#url = null;
    this.#failed = version.url;
    this.plate.querySelector(".blank")?.remove();
    this.update();
    this.act.refresh(this.#asset);
  }
}
