import { count, sizeInWords } from "./words.js";

const SPEAK_EVERY = 6000;

/** What is on its way, summed up in one line and one bar; spoken now and then, not at every step. */
export class Batch {
  #assets = new Set();
  #drawing = null;
  #spokenAt = 0;
  #spoken = "";

  /** @param {{box, bar, text, spoken: HTMLElement}} parts */
  constructor(parts) {
    this.parts = parts;
  }

  add(assets) {
    if (this.#sum().open === 0) this.#assets.clear();
    assets.forEach((asset) => this.#assets.add(asset));
    this.update();
  }

  remove(asset) {
    if (this.#assets.delete(asset)) this.update();
  }

  clear() {
    this.#assets.clear();
    this.update();
  }

  update() {
    this.#drawing ??= requestAnimationFrame(() => {
      this.#drawing = null;
      this.#draw();
    });
  }

  #sum() {
    const sum = { total: this.#assets.size, done: 0, failed: 0, open: 0, bytes: 0, sent: 0 };
    for (const asset of this.#assets) {
      sum.bytes += asset.file.size;
      sum.sent += ["waiting", "sending"].includes(asset.state) ? asset.sent : asset.file.size;
      if (asset.state === "done") sum.done += 1;
      else if (asset.state === "error") sum.failed += 1;
      else sum.open += 1;
    }
    return sum;
  }

  #draw() {
    const sum = this.#sum();
    this.parts.box.hidden = sum.total === 0;
    if (sum.total === 0) return;
    this.parts.bar.value = sum.bytes ? (sum.sent / sum.bytes) * 0.8 + ((sum.done + sum.failed) / sum.total) * 0.2 : 1;
    const failed = sum.failed ? `, ${sum.failed} failed` : "";
    const settled = `${sum.done.toLocaleString("en")} of ${count(sum.total, "file", "files")} done${failed}`;
    const sent = sum.sent < sum.bytes ? ` · ${sizeInWords(sum.sent)} of ${sizeInWords(sum.bytes)} sent` : "";
    this.parts.text.textContent = settled + sent;
    this.#speak(settled, sum.open === 0);
  }

  #speak(text, finished) {
    if (text === this.#spoken || (!finished && Date.now() - this.#spokenAt < SPEAK_EVERY)) return;
    this.#spoken = text;
    this.#spokenAt = Date.now();
    this.parts.spoken.textContent = text;
  }
}
