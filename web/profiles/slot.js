import { element } from "../elements.js";
import { watchInput } from "../drop.js";
import { previewOf } from "../preview.js";
import { fileErrorInWords, leftInWords, stateInWords } from "../words.js";
import { pictureOf, placeOf } from "./versions.js";

function percentOf({ state, file, sent, progress }) {
  if (state === "processing" && progress) return Math.min(100, Math.round(progress.percent));
  if (state !== "sending") return null;
  return file?.size ? Math.min(100, Math.round((sent / file.size) * 100)) : 0;
}

/** Where one of a profile's files is chosen, and seen come. */
export class SlotView {
  #shown = null;
  #file = null;

  /** @param {HTMLElement} root with the parts .plate, .bar, .slot-state, .trouble, input, .slot-remove, .slot-again */
  constructor(root, slots, notice) {
    this.root = root;
    this.role = root.dataset.role;
    this.slots = slots;
    const part = (selector) => root.querySelector(selector);
    Object.assign(this, { plate: part(".plate"), bar: part(".bar"), state: part(".slot-state"), trouble: part(".trouble") });
    Object.assign(this, { error: part("[role=alert]"), remove: part(".slot-remove"), again: part(".slot-again") });
    this.input = part("input");
    this.ended = new AbortController();
    const { signal } = this.ended;
    watchInput(this.input, ([file]) => file && !signal.aborted && slots.take(this.role, file));
    this.again.onclick = () => slots.retry(this.role);
    this.remove.onclick = () => {
      this.input.focus();
      slots.remove(this.role).catch((error) => notice(error.message));
    };
    slots.addEventListener("changed", ({ detail }) => detail === this.role && this.update(), { signal });
    this.update();
  }

  close() {
    this.ended.abort();
  }

  /** What the server says against this file. */
  refuse(text) {
    this.error.textContent = text;
  }

  update() {
    const asset = this.slots.get(this.role);
    this.root.dataset.state = asset?.state ?? "none";
    this.remove.hidden = !asset;
    this.#showPicture(asset);
    const percent = asset ? percentOf(asset) : null;
    const working = asset && !["done", "error"].includes(asset.state);
    this.#showBar(working, percent, asset);
    const failed = asset?.state === "error";
    const trouble = failed ? fileErrorInWords(asset.error) : "";
    if (this.trouble.textContent !== trouble) this.trouble.textContent = trouble;
    this.again.hidden = !failed || !asset.file;
    if (asset) this.error.textContent = "";
  }

  #showBar(working, percent, asset) {
    this.bar.hidden = !working;
    const left = working ? leftInWords(asset.progress?.left) : "";
    const stage = working ? stateInWords(asset.state) + (percent === null ? "" : `, ${percent} %`) : "";
    const text = asset?.state === "done" ? "There" : [stage, left].filter(Boolean).join(" · ");
    if (this.state.textContent !== text) this.state.textContent = text;
    if (percent === null) this.bar.removeAttribute("value");
    else this.bar.value = percent;
  }

  // From the file itself at once, and what the server has made of it as soon as there is some.
  #showPicture(asset) {
    const url = asset ? pictureOf(asset.versions, this.role !== "video")?.url : null;
    if (url) this.#put(placeOf(url), () => element("img", { alt: "", src: url, decoding: "async" }));
    else if (asset?.file && asset.kind === "image") this.#draw(asset.file);
    else this.#put("", null);
  }

  #put(place, make) {
    if (this.#shown === place) return;
    this.#shown = place;
    this.#file = null;
    this.plate.replaceChildren(...(make ? [make()] : []));
  }

  async #draw(file) {
    if (this.#file === file) return;
    this.#put("", null);
    this.#file = file;
    const canvas = await previewOf(file);
    if (canvas && this.#file === file) this.plate.replaceChildren(canvas);
  }
}
