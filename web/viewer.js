import { element } from "./elements.js";
import { Stage } from "./stage.js";
import {
  durationInWords,
  framesInWords,
  fileErrorInWords,
  mayBeTriedAgain,
  momentInWords,
  sizeInWords,
  stateInWords,
  versionInWords,
} from "./words.js";

const ORDER = [
  ...["original", "video", "pdf", "text", "table", "d2500", "big_1920", "big_thumb", "thumb"],
  ...["preview", "poster", "storyboard", "storyboard_vtt"],
];
const SKIP = 10; // seconds
// The shortest that a link lives is five minutes.
const FRESH = 240_000;

/** One file large, with all its versions; a modal dialog. */
export class Viewer {
  #asset = null;
  #stage;
  #asked = false;
  #said = "";
  #ended = new AbortController();

  /**
   * @param {Record<string, HTMLElement>} parts dialog, stage, title, facts, versions, message, retry, remove, …
   * @param {{order: () => object[], retry, remove, refresh, closed}} act; what is not the visitor's own (`foreign`) is
   *   neither tried again nor removed
   */
  constructor(parts, act) {
    this.parts = parts;
    this.act = act;
    this.#stage = new Stage(parts.stage, act.refresh);
    parts.previous.onclick = () => this.#step(-1);
    parts.next.onclick = () => this.#step(1);
    parts.close.onclick = () => parts.dialog.close();
    parts.retry.onclick = () => act.retry(this.#asset);
    parts.remove.onclick = () => this.#remove();
    const { signal } = this.#ended;
    parts.dialog.addEventListener("close", () => this.#closed(), { signal });
    parts.dialog.addEventListener("keydown", (event) => this.#key(event), { signal });
    document.addEventListener("visibilitychange", () => this.#freshen(), { signal });
    const fresh = setInterval(() => this.#freshen(), FRESH);
    signal.addEventListener("abort", () => clearInterval(fresh));
  }

  open(asset) {
    this.#asset = asset;
    this.#asked = false;
    this.#said = "";
    this.#show();
    if (!this.parts.dialog.open) this.parts.dialog.showModal();
    // Its links may have been made hours ago.
    this.#freshen();
  }

  // Not as soon as a link is followed: a browser opens a tab only right upon the click.
  #freshen() {
    const asset = this.#asset;
    if (asset?.id && asset.state === "done" && !document.hidden) this.act.refresh(asset);
  }

  close() {
    if (this.parts.dialog.open) this.parts.dialog.close();
  }

  /** Closes it for good: the dialog is then another project's. */
  end() {
    this.#ended.abort();
    this.close();
  }

  update(asset) {
    if (asset === this.#asset) this.#show();
  }

  /** Says how it went with an asset, if that is the one shown (true): all else of the page lies behind the dialog. */
  say(asset, text) {
    if (asset !== this.#asset) return false;
    this.#said = text;
    this.#show();
    return true;
  }

  removed(asset) {
    if (asset === this.#asset) this.close();
  }

  #closed() {
    const asset = this.#asset;
    this.#asset = null;
    this.#stage.clear();
    if (asset) this.act.closed(asset);
  }

  #key(event) {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const keys = {
      ArrowLeft: () => this.#step(-1),
      ArrowRight: () => this.#step(1),
      k: () => this.#stage.toggle(),
      j: () => this.#stage.skip(-SKIP),
      l: () => this.#stage.skip(SKIP),
    };
    // A video that has the focus is wound by the arrows, and a table is scrolled.
    if (event.key.startsWith("Arrow") && event.target.closest("video, .table")) return;
    keys[event.key]?.();
  }

  #step(by) {
    const order = this.act.order();
    const next = order[order.indexOf(this.#asset) + by];
    if (next) this.open(next);
  }

  // Deleting takes the same button twice: there is no way back.
  #remove() {
    if (this.#asked) {
      this.act.remove(this.#asset);
      return;
    }
    this.#asked = true;
    this.#show();
  }

  #show() {
    const asset = this.#asset;
    const order = this.act.order();
    const place = order.indexOf(asset);
    this.parts.title.textContent = asset.filename;
    // A spreadsheet is not shown by its first page.
    const frames = asset.kind === "spreadsheet" ? "" : framesInWords(asset.facts);
    const extent = durationInWords(asset.facts?.seconds) || frames;
    const facts = [howFarInWords(asset), momentInWords(asset.createdAt), extent];
    this.parts.facts.textContent = facts.filter(Boolean).join(" · ");
    this.parts.previous.disabled = place <= 0;
    this.parts.next.disabled = place < 0 || place >= order.length - 1;
    this.parts.message.textContent = this.#said || (asset.state === "error" ? fileErrorInWords(asset.error) : "");
    this.parts.retry.hidden = asset.foreign || asset.state !== "error" || !mayBeTriedAgain(asset);
    this.parts.remove.hidden = Boolean(asset.foreign);
    this.parts.remove.textContent = this.#asked ? "Delete for good?" : "Delete";
    this.#stage.show(asset);
    this.#showVersions(asset);
  }

  #showVersions({ versions, state }) {
    const listed = inOrder(versions ?? {});
    // Told of every second how far it is, a list is left alone as long as it is the same: a link may have the focus.
    const key = JSON.stringify([state === "error", ...listed.map(([name, { url }]) => [name, url])]);
    if (this.parts.versions.dataset.shown === key) return;
    this.parts.versions.dataset.shown = key;
    const rows = listed.map(([name, version]) => versionRow(name, version));
    if (rows.length === 0 && state !== "error") rows.push(element("li", { textContent: "Not made yet." }));
    const focused = [...this.parts.versions.querySelectorAll("a")].indexOf(document.activeElement);
    this.parts.versions.replaceChildren(...rows);
    this.parts.versions.querySelectorAll("a")[focused]?.focus();
  }
}

/** Its state, and while it is worked on the percent of that. */
function howFarInWords({ state, progress }) {
  const percent = state === "processing" && progress ? `, ${Math.round(progress.percent)} %` : "";
  return stateInWords(state) + percent;
}

/** What there is, in the order that people look for it; what is not known here comes last. */
function inOrder(versions) {
  const place = (name) => (ORDER.includes(name) ? ORDER.indexOf(name) : ORDER.length);
  const there = Object.entries(versions).filter(([, version]) => version?.url);
  return there.sort(([one], [other]) => place(one) - place(other));
}

// A browser shows pictures and text; a page that storage sends may do nothing else, not even play or show a PDF.
function versionRow(name, { url, width, height, bytes, content_type: type }) {
  const shows = name !== "original" && /^(image|text)\//.test(type ?? "");
  // Of a document they are no pixels.
  const measures = width && /^(image|video)\//.test(type ?? "") ? `${width} × ${height}` : "";
  const facts = [measures, sizeInWords(bytes)].filter(Boolean).join(" · ");
  const label = element("strong", { textContent: versionInWords(name) });
  const way = shows ? { target: "_blank", rel: "noopener noreferrer" } : { download: "" };
  const link = element("a", { href: url, ...way }, label, element("span", { textContent: facts }));
  link.append(element("span", { className: "open", textContent: shows ? "Open" : "Save" }));
  return element("li", {}, link);
}
