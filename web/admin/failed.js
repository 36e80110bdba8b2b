import { byId, element } from "../elements.js";
import { count } from "../words.js";
import { failureRow } from "./failure.js";
import { Rows } from "./rows.js";
import { Section } from "./section.js";
import { labelOf, numberInWords } from "./words.js";

const PAGE = 20;
const LOOKS_AFTER = 1500; // milliseconds; of many that fail at once it is read once

/** The files that came to nothing: why, what they look like, and another try. */
export class Failed extends Section {
  #next = null;
  #told = [];
  #reasons = [];
  #total = 0;
  #looking = null;

  constructor(tools) {
    super("failed", tools);
    this.selects = { code: byId("failed-code"), lane: byId("failed-lane") };
    this.more = byId("failed-more");
    this.all = byId("retry-all");
    this.rows = new Rows(
      byId("failed-list"),
      ({ asset_id: id }) => id,
      (file) => failureRow(file, (pressed) => this.press(pressed, () => this.#again(file))),
    );
    for (const select of Object.values(this.selects)) select.onchange = () => this.load();
    byId("failed-filters").onsubmit = (event) => event.preventDefault();
    this.more.onclick = () => this.#page();
    this.all.onclick = () => this.#askAll();
  }

  get #filter() {
    const { code, lane } = this.selects;
    return { ...(code.value && { code: code.value }), ...(lane.value && { lane: lane.value }) };
  }

  async load() {
    await this.read("/admin/failed/reasons", (reasons) => this.count(reasons));
    this.#next = null;
    await this.#page();
  }

  #page() {
    const first = this.#next === null;
    const asked = new URLSearchParams({ ...this.#filter, limit: PAGE, ...(first ? {} : { cursor: this.#next }) });
    return this.read(`/admin/failed?${asked}`, (page) => {
      this.#told = first ? page.failed : [...this.#told, ...page.failed];
      this.#next = page.next_cursor ?? null;
      this.#show();
    });
  }

  #show() {
    this.rows.show(this.#told);
    this.more.hidden = this.#next === null;
    this.isEmpty(this.#told.length === 0);
  }

  /** The same as the event stream tells it: fewer are so since some are tried again, or gone. */
  counted(told) {
    if (told.failed < this.#total) this.load();
    else this.count(told);
  }

  /** How many failed of what; a choice that is made stays. @param {{reasons: object[]}} told */
  count({ failed, reasons }) {
    this.#total = failed;
    this.#reasons = reasons;
    const codes = [...new Set(reasons.map(({ code }) => code))];
    const lanes = [...new Set(reasons.map(({ lane }) => lane))];
    this.#choices(this.selects.code, codes, (code) => `${labelOf(code)} (${this.#many({ code })})`);
    this.#choices(this.selects.lane, lanes, (lane) => lane);
    this.all.hidden = this.#many({}) === 0;
  }

  #choices(select, values, label) {
    const [any] = select.options;
    const kept = select.value && !values.includes(select.value) ? [select.value, ...values] : values;
    const told = kept.map((value) => [value, label(value)]);
    if (JSON.stringify(told) === select.dataset.told) return;
    select.dataset.told = JSON.stringify(told);
    const chosen = select.value;
    select.replaceChildren(any, ...told.map(([value, textContent]) => element("option", { value, textContent })));
    select.value = chosen;
  }

  #many(filter) {
    const fits = (reason) => Object.entries(filter).every(([name, value]) => reason[name] === value);
    return this.#reasons.filter(fits).reduce((total, { failed }) => total + failed, 0);
  }

  /** What failed just now, as the event stream tells it. */
  came(files) {
    const filter = Object.entries(this.#filter);
    const fits = files.filter((file) => filter.every(([name, value]) => file[name] === value));
    const known = new Set(fits.map(({ asset_id: id }) => id));
    this.#told = [...fits, ...this.#told.filter(({ asset_id: id }) => !known.has(id))];
    this.#show();
    if (fits.length === 0) return;
    this.tools.say(`${count(fits.length, "file", "files")} failed.`);
    clearTimeout(this.#looking);
    this.#looking = setTimeout(() => this.#look(), LOOKS_AFTER);
  }

  // The stream tells no links, which are made for who reads: what the newest look like is asked for.
  async #look() {
    try {
      const asked = new URLSearchParams({ ...this.#filter, limit: PAGE });
      const { failed } = await this.tools.session.request("GET", `/admin/failed?${asked}`);
      const seen = new Map(failed.map(({ asset_id: id, preview }) => [id, preview]));
      this.#told = this.#told.map((file) => ({ ...file, preview: file.preview ?? seen.get(file.asset_id) ?? null }));
      this.rows.show(this.#told);
    } catch (error) {
      if (error.status === undefined) throw error; // they are told without, as they were
    }
  }

  close() {
    super.close();
    clearTimeout(this.#looking);
  }

  // Unless it has failed again since, of which the stream may tell before the answer is here.
  #gone(id, failedAt) {
    this.#told = this.#told.filter((file) => file.asset_id !== id || file.failed_at !== failedAt);
    this.#show();
  }

  #askAll() {
    const filter = this.#filter;
    const which = Object.values(filter).map(labelOf).join(", ");
    const many = count(this.#many(filter), "file", "files");
    const whose = which ? `${many} (${which})` : many;
    const text = `${whose} will go behind what was uploaded since. Those whose bytes never came stay as they are.`;
    this.tools.ask.open({ title: "Try all again?", text, yes: "Try all again", danger: true }, async () => {
      const { retried, without_file: without, more } = await this.send("POST", "/admin/failed/retry", filter);
      const left = [without && `${numberInWords(without)} never came`, more && "there are more: press it again"].filter(
        Boolean,
      );
      await this.load();
      this.tell([`${count(retried, "file is", "files are")} tried again`, ...left].join("; ") + ".");
    });
  }

  async #again({ asset_id: id, filename }) {
    const before = this.#told.find((file) => file.asset_id === id)?.failed_at;
    await this.send("POST", "/admin/failed/retry", { asset_id: id });
    this.#gone(id, before);
    this.tools.say(`${filename} is tried again.`);
  }
}
