import { byId, element } from "../elements.js";
import { acts, button } from "./controls.js";
import { Facts } from "./facts.js";
import { Rows, say } from "./rows.js";
import { Section } from "./section.js";

const SOURCES = { default: "default", environment: "environment", file: "settings.toml", database: "set here" };

/** A value as it is written down to be changed; what is more than one value is JSON. */
export function textOf(value) {
  if (value === null || value === undefined) return "";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** The field that one changes it in. */
function fieldOf({ kind, bounds, unit, value, secret }) {
  if (kind === "bool") return { name: "value", label: "On", kind: "check", value };
  const may = mayBe(kind, bounds, unit);
  return { name: "value", label: "Value", value: secret ? "" : textOf(value), hint: `It may be: ${may}.` };
}

/** What is sent for a text: a list or an object as such, all else as the environment would have it. */
function valueOf(kind, text) {
  if (kind !== "list" || !/^\s*[[{]/.test(text)) return text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** The settings that may change while all runs: what each may be, where its value is from, and another one. */
export class Settings extends Section {
  #told = [];

  /** @param {() => void} changed called when one was, here */
  constructor(tools, changed) {
    super("settings", tools);
    this.changed = changed;
    this.filter = byId("settings-filter");
    this.only = byId("settings-changed");
    this.rows = new Rows(
      byId("setting-list"),
      ({ key }) => key,
      (setting) => this.#row(setting),
    );
    byId("settings-filters").onsubmit = (event) => event.preventDefault();
    this.filter.oninput = this.only.onchange = () => this.#show();
  }

  load() {
    return this.read("/settings/", ({ settings }) => {
      this.#told = settings;
      this.#show();
    });
  }

  #show() {
    const words = this.filter.value
      .toLowerCase()
      .split(/[\s_]+/)
      .filter(Boolean);
    const fits = ({ key, changes, from }) => {
      const text = `${key} ${changes}`.toLowerCase();
      return words.every((word) => text.includes(word)) && (!this.only.checked || from !== "default");
    };
    const shown = this.#told.filter(fits);
    this.rows.show(shown);
    this.rows.box.hidden = shown.length === 0;
    this.isEmpty(shown.length === 0 && this.#told.length > 0);
  }

  #row({ key, changes }) {
    let now = null;
    const value = element("strong", { className: "value" });
    const facts = new Facts();
    const change = button("Change", `Change ${key}`);
    const reset = button("Forget", `Forget what was set for ${key}`, "quiet-button");
    change.onclick = () => this.#askChange(now);
    reset.onclick = () => this.#askReset(now);
    const name = element(
      "div",
      { className: "named" },
      element("h4", { textContent: key }),
      element("p", { className: "quiet", textContent: changes }),
    );
    const root = element("li", {}, name, value, facts.root, acts(change, reset));
    const show = (setting) => {
      now = setting;
      root.dataset.from = setting.from;
      say(value, shownOf(setting));
      facts.show(factsOf(setting));
      reset.hidden = setting.from !== "database";
    };
    return { root, show };
  }

  #askChange(setting) {
    const { key, changes, kind } = setting;
    const question = { title: key, text: `${changes}. In force in all processes at once.`, yes: "Change it" };
    this.tools.ask.open({ ...question, fields: [fieldOf(setting)] }, async ({ value }) => {
      this.#put(await this.send("PUT", `/settings/${key}`, { value: valueOf(kind, value) }));
      this.tools.say(`${key} is changed.`);
    });
  }

  #askReset({ key }) {
    const text = "Then settings.toml, the environment or the default count again.";
    this.tools.ask.open(
      { title: `Forget what was set for ${key}?`, text, yes: "Forget it", danger: true },
      async () => {
        await this.send("DELETE", `/settings/${key}`);
        this.#put(await this.send("GET", `/settings/${key}`));
      },
    );
  }

  #put(setting) {
    this.#told = this.#told.map((one) => (one.key === setting.key ? setting : one));
    this.#show();
    this.changed();
  }
}

function kindInWords(kind) {
  return { int: "a whole number", float: "a number", str: "text", bool: "true or false", list: "a list" }[kind] ?? kind;
}

/** "a whole number, 1 to 600 seconds". */
function mayBe(kind, bounds, unit) {
  return [kindInWords(kind), bounds && unit ? `${bounds} ${unit}` : bounds || unit].filter(Boolean).join(", ");
}

function shownOf({ value, unit }) {
  const text = textOf(value);
  return text === "" ? "not set" : unit ? `${text} ${unit}` : text;
}

function factsOf({ kind, bounds, unit, default: usual, from, set_by: by, set_at: at, pending, secret }) {
  return [
    ["May be", mayBe(kind, bounds, unit)],
    ["From", SOURCES[from] ?? from],
    ["Default", from === "default" || secret ? null : textOf(usual) || "not set"],
    ["By", by],
    ["At", at ? { at } : null],
    ["In force", pending ? "not yet: it is told within seconds" : null],
  ];
}
