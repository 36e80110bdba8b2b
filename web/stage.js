import { element } from "./elements.js";
import { tablesOf } from "./table.js";
import { stateInWords } from "./words.js";

const AT_ONCE_BY_ITSELF = matchMedia("(prefers-reduced-motion: no-preference)");

/** What is shown large of one file: a video to be played, a table, a picture of it, or in words why there is none yet. */
export class Stage {
  #root;
  #refresh;
  #what = null;
  #url = null;
  #failed = false;

  /** @param {(asset: object) => void} refresh asked for fresh links where one does not work any more */
  constructor(root, refresh) {
    this.#root = root;
    this.#refresh = refresh;
  }

  clear() {
    this.#what = null;
    this.#replace();
  }

  /** Shows an asset as it is now. What is on already stays on, though its link is another one: it may be playing. */
  show(asset) {
    const { what, url = null, make } = chosen(asset);
    const same = this.#what === what;
    if (same && (!this.#failed || this.#url === url)) return;
    const at = same ? (this.#video?.currentTime ?? 0) : 0;
    this.#what = what;
    this.#url = url;
    this.#failed = false;
    this.#replace(make(() => this.#lost(asset, what)));
    if (at > 0 && this.#video) this.#video.currentTime = at;
  }

  /** Plays the video, or stops it, if there is one. */
  toggle() {
    if (this.#video?.paused) this.#video.play().catch(() => {});
    else this.#video?.pause();
  }

  /** @param {number} seconds to go on by; back if negative */
  skip(seconds) {
    if (this.#video) this.#video.currentTime += seconds;
  }

  get #video() {
    return this.#root.querySelector("video");
  }

  // A link lives for an hour or two, and a video may be looked at for longer.
  #lost(asset, what) {
    if (this.#what !== what) return;
    this.#failed = true;
    this.#refresh(asset);
  }

  #replace(...shown) {
    const focused = this.#root.contains(document.activeElement);
    const old = this.#video;
    old?.pause();
    old?.removeAttribute("src");
    old?.load();
    this.#root.replaceChildren(...shown);
    if (focused) this.#root.querySelector("video, [tabindex]")?.focus();
  }
}

/** The best there is of an asset: {what, url, make}; `what` stays the same as long as it is the same bytes. */
function chosen(asset) {
  const { versions } = asset;
  const of = (name, make) => ({
    what: `${asset.key} ${name} ${versions[name].sha256}`,
    url: versions[name].url,
    make: (onlost) => make(asset, versions[name], onlost),
  });
  if (versions?.video) return of("video", player);
  if (versions?.preview) return of("preview", preview);
  if (versions?.table) return of("table", tables);
  const best = ["big_1920", "poster", "big_thumb", "thumb"].find((name) => versions?.[name]);
  if (best) return of(best, picture);
  const text = inWords(asset);
  return { what: `${asset.key} ${text}`, make: () => element("p", { textContent: text }) };
}

function inWords({ state, facts }) {
  if (facts?.previews === "unavailable") return "The server has no program that draws documents: there is no picture of it.";
  if (state === "error") return "No picture could be made.";
  return state === "done" ? "There is no picture of it." : `${stateInWords(state)} …`;
}

function picture({ filename, versions }, best, onlost) {
  const image = element("img", { alt: filename, width: best.width, height: best.height, onerror: onlost });
  const wide = versions.d2500 ? `, ${versions.d2500.url} ${versions.d2500.width}w` : "";
  image.sizes = "100vw";
  image.srcset = `${best.url} ${best.width}w${wide}`;
  image.src = best.url;
  // A small picture stays small: blown up to the window it would look worse than it is.
  image.style.maxWidth = `min(100%, ${(versions.d2500 ?? best).width}px)`;
  return image;
}

function player({ filename, versions }, version, onlost) {
  const { url: src, width, height } = version;
  const video = element("video", { controls: true, playsInline: true, preload: "metadata", width, height, tabIndex: 0 });
  video.setAttribute("aria-label", filename);
  if (versions.poster) video.poster = versions.poster.url;
  video.onerror = onlost;
  video.src = src;
  return video;
}

/** Some seconds of a video, over and over, until all of it is there. */
function preview(asset, version, onlost) {
  const video = player(asset, version, onlost);
  Object.assign(video, { muted: true, loop: true, autoplay: AT_ONCE_BY_ITSELF.matches });
  const said = "A preview, over and over. The whole video is being developed.";
  return element("figure", {}, video, element("figcaption", { textContent: said }));
}

function tables(asset, version, onlost) {
  const box = element("div", { className: "tables" }, element("p", { textContent: "Reading the table …" }));
  tablesOf(version).then(
    (made) => box.replaceChildren(...made),
    () => {
      const { big_1920: page } = asset.versions;
      box.replaceChildren(page ? picture(asset, page, onlost) : element("p", { textContent: "It can't be read just now." }));
      onlost();
    },
  );
  return box;
}
