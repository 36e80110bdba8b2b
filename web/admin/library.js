import { byId, element } from "../elements.js";
import { acts, aside, badge, button } from "./controls.js";
import { Facts } from "./facts.js";
import { LibraryFiles } from "./libraryfiles.js";
import { Rows, say } from "./rows.js";
import { Section } from "./section.js";
import { bytesInWords, durationInWords, numberInWords } from "./words.js";

/** Libraries: what is planned for each, how far it is, and what came of it. */
export class Library extends Section {
  constructor(tools) {
    super("library", tools);
    this.rows = new Rows(
      byId("library-list"),
      ({ id }) => String(id),
      (first) => this.#row(first),
    );
  }

  load() {
    return this.read("/library/", ({ libraries }) => {
      this.rows.show(libraries);
      this.isEmpty(libraries.length === 0);
    });
  }

  #row({ id, name }) {
    let now = null;
    const state = badge();
    const why = element("p", { className: "message" });
    const bar = element("progress", { max: 1, "aria-label": `How far ${name} is` });
    const far = aside();
    const facts = new Facts();
    const hold = button("Pause");
    const look = button("Look now", `Look now through ${name}`);
    const lists = LibraryFiles.of(id, name, this.tools);
    hold.onclick = () => (now.paused ? this.#change(hold, id, "resume") : this.#askPause(now));
    look.onclick = () => this.#change(look, id, "scan");
    const title = element("h3", {}, name, " ", state);
    const run = element("div", { className: "run" }, bar, far);
    const root = element("li", {}, title, acts(hold, look), why, run, facts.root, ...lists);
    const show = (told) => {
      now = told;
      const [kind, words] = stateOf(told);
      root.dataset.state = kind;
      say(state, words);
      say(why, whyInWords(told));
      say(hold, told.paused ? "Resume" : "Pause");
      hold.setAttribute("aria-label", `${told.paused ? "Resume" : "Pause"} ${name}`);
      showRun(bar, far, told);
      facts.show(factsOf(told));
    };
    return { root, show };
  }

  async #do(id, what) {
    this.rows.put(await this.send("POST", `/library/${id}/${what}`));
  }

  #change(pressed, id, what) {
    return this.press(pressed, () => this.#do(id, what));
  }

  #askPause({ id, name }) {
    const text = "Nothing new of it is begun until it is resumed; what is under way stands still.";
    this.tools.ask.open({ title: `Pause ${name}?`, text, yes: "Pause", danger: true }, () => this.#do(id, "pause"));
  }
}

function stateOf({ paused, problem, mounted, waits, ahead }) {
  if (problem || !mounted) return ["silent", "Not worked on"];
  if (paused) return ["paused", "Paused"];
  if (ahead.under_way > 0) return ["running", "Working"];
  return waits ? ["waiting", "Waiting"] : ["running", "Ready"];
}

function whyInWords({ problem, mounted, waits, scan, host }) {
  if (problem) return `Its workflow${host ? ` on ${host}` : ""} can't be used: ${problem}`;
  if (!mounted)
    return "No worker has its workflow: see whether worker-backfill runs, and whether its file is still there.";
  const looked = scan?.problem ? `The last look came to no end: ${scan.problem}.` : "";
  return [looked, waits ? `Nothing is begun now: ${waits}.` : ""].filter(Boolean).join(" ");
}

function showRun(bar, far, { ahead, behind }) {
  const done = behind.replaced + behind.kept + ahead.failed;
  const all = done + ahead.waiting + ahead.under_way;
  bar.hidden = all === 0;
  bar.value = all ? done / all : 0;
  const left = ahead.cpu_seconds > 0 ? `, ${durationInWords(ahead.cpu_seconds)} of CPU time left` : "";
  const become = ahead.bytes
    ? `; ${bytesInWords(ahead.bytes)} will be about ${bytesInWords(ahead.estimated_bytes)}`
    : "";
  const of = `${numberInWords(done)} of ${numberInWords(all)} files`;
  say(far, all ? `${of}${become}${left}` : "There is nothing to do in it.");
}

function factsOf({ source, scan, asked, ahead, behind }) {
  const seen = scan ? `${numberInWords(scan.seen)} files, ${numberInWords(scan.wanted)} worth it` : null;
  return [
    ["Source", sourceInWords(source)],
    ["Looked through", asked ? "about to begin" : scan ? { at: scan.ended_at, none: "just now" } : "not yet"],
    ["Found", seen],
    ["Not read", scan?.unreadable ? numberInWords(scan.unreadable) : null],
    ["Failed", numberInWords(ahead.failed)],
    ["Replaced", numberInWords(behind.replaced)],
    ["Left as they are", numberInWords(behind.kept)],
    ["Saved", bytesInWords(behind.saved_bytes)],
    ["Kept beyond their time", behind.held ? `${numberInWords(behind.held)}, ${bytesInWords(behind.held_bytes)}` : null],
    ["Saved later", behind.saved_later_bytes ? `${bytesInWords(behind.saved_later_bytes)}, once originals go` : null],
  ];
}

/** A folder, a bucket or what a plug-in knows of: the place alone. */
function sourceInWords({ folder, endpoint, bucket, prefix, finder }) {
  return folder || [endpoint, bucket, prefix].filter(Boolean).join("/") || finder || "–";
}
