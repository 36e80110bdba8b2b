import { Tile } from "./tile.js";

/** The contact sheet: every asset of an album as a tile, newest first, more of them as one scrolls. */
export class Gallery {
  #tiles = new Map();

  /**
   * @param {{sheet: HTMLElement, more: HTMLButtonElement, empty: HTMLElement}} parts of the page
   * @param {import("./album.js").Album} album
   * @param {object} act what tiles may ask for, see Tile
   */
  constructor(parts, album, act) {
    this.parts = parts;
    this.album = album;
    this.act = act;
    this.ended = new AbortController();
    const on = (type, listener) => album.addEventListener(type, listener, { signal: this.ended.signal });
    on("added", ({ detail }) => this.#add(detail.assets, detail.place));
    on("changed", ({ detail: asset }) => this.#tiles.get(asset.key)?.update());
    on("removed", ({ detail: asset }) => this.#remove(asset));
    on("cleared", () => this.#redraw());
    on("more", ({ detail: more }) => this.#showMore(more));
    parts.more.onclick = () => album.older();
    this.scrolled = new IntersectionObserver(
      (entries) => entries.some((entry) => entry.isIntersecting) && album.older(),
      { rootMargin: "600px" },
    );
    this.scrolled.observe(parts.more);
    parts.sheet.addEventListener("keydown", (event) => this.#walk(event), { signal: this.ended.signal });
  }

  close() {
    this.ended.abort();
    this.scrolled.disconnect();
    this.#tiles.clear();
    this.parts.sheet.replaceChildren();
  }

  /** The assets in the order they are shown. */
  get order() {
    const byKey = new Map(this.album.assets.map((asset) => [String(asset.key), asset]));
    return [...this.parts.sheet.children].map((tile) => byKey.get(tile.dataset.key)).filter(Boolean);
  }

  focus(asset) {
    this.#tiles.get(asset.key)?.button.focus();
  }

  #add(assets, place) {
    const made = assets.map((asset) => {
      const tile = new Tile(asset, this.act);
      this.#tiles.set(asset.key, tile);
      return tile.root;
    });
    if (place === "top") this.parts.sheet.prepend(...made);
    else this.parts.sheet.append(...made);
    this.#showEmpty();
  }

  // Focus must not fall to the top of the page when the focused asset goes.
  #remove(asset) {
    const tile = this.#tiles.get(asset.key);
    if (!tile) return;
    this.#tiles.delete(asset.key);
    const neighbour = tile.root.nextElementSibling ?? tile.root.previousElementSibling;
    const focused = tile.root.contains(document.activeElement);
    tile.root.remove();
    if (focused) neighbour?.querySelector(".frame").focus();
    this.#showEmpty();
  }

  #redraw() {
    this.#tiles.clear();
    this.parts.sheet.replaceChildren();
    this.#add(this.album.assets.reverse(), "bottom");
  }

  #showEmpty() {
    this.parts.empty.hidden = this.#tiles.size > 0;
  }

  // Observing anew asks the observer again: after a short page the end may still be in view.
  #showMore(more) {
    this.parts.more.hidden = !more;
    this.#showEmpty();
    this.scrolled.unobserve(this.parts.more);
    if (more) this.scrolled.observe(this.parts.more);
  }

  /** Arrow keys, Home and End go from asset to asset; up and down to the nearest one of the next row. */
  #walk(event) {
    if (!event.target.classList.contains("frame")) return;
    const frames = [...this.parts.sheet.querySelectorAll(".frame")];
    const here = frames.indexOf(event.target);
    const steps = {
      ArrowLeft: () => frames[here - 1],
      ArrowRight: () => frames[here + 1],
      ArrowUp: () => nearest(frames.slice(0, here).reverse(), event.target),
      ArrowDown: () => nearest(frames.slice(here + 1), event.target),
      Home: () => frames[0],
      End: () => frames.at(-1),
    };
    const next = steps[event.key]?.();
    if (!next) return;
    event.preventDefault();
    next.focus();
  }
}

/** The frame of the next row (in the order given) whose middle is closest. */
function nearest(frames, from) {
  const middle = (frame) => frame.getBoundingClientRect().x + frame.offsetWidth / 2;
  const top = (frame) => Math.round(frame.getBoundingClientRect().y);
  const row = frames.find((frame) => top(frame) !== top(from));
  if (!row) return undefined;
  const candidates = frames.filter((frame) => top(frame) === top(row));
  const distance = (frame) => Math.abs(middle(frame) - middle(from));
  return candidates.reduce((best, frame) => (distance(frame) < distance(best) ? frame : best));
}
