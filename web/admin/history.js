import { byId, element } from "../elements.js";
import { acts, aside, button } from "./controls.js";
import { moment } from "./moments.js";
import { Section } from "./section.js";

const PAGE = 10;
// What a sync says is in force says nothing of who wanted what.
const SHOWN = ["set", "unset", "reset", "rollback", "file"];

/** Who changed which setting, and the way back. */
export class History extends Section {
  #next = null;
  #told = [];

  /** @param {() => void} changed called when a change was taken back */
  constructor(tools, changed) {
    super("history", tools);
    this.changed = changed;
    this.list = byId("history-list");
    this.more = byId("history-more");
    this.more.onclick = () => this.#page();
  }

  load() {
    this.#next = null;
    return this.#page();
  }

  // Syncs are many and not shown: so it is read on until there is something to show.
  #page() {
    const first = this.#next === null;
    const asked = new URLSearchParams({ limit: PAGE * 4, ...(first ? {} : { cursor: this.#next }) });
    return this.read(`/settings/history?${asked}`, (page) => {
      const shown = page.history.filter(({ action, key }) => SHOWN.includes(action) || key);
      this.#told = first ? shown : [...this.#told, ...shown];
      this.#next = page.next_cursor ?? null;
      this.#show();
    });
  }

  #show() {
    const held = document.activeElement?.dataset.change;
    const undone = new Set(this.#told.map(({ undoes }) => undoes).filter((id) => id !== null));
    this.list.replaceChildren(...this.#told.map((change) => this.#row(change, undone.has(change.id))));
    this.more.hidden = this.#next === null;
    this.isEmpty(this.#told.length === 0);
    if (held) this.list.querySelector(`[data-change="${held}"]`)?.focus();
  }

  #row(change, undone) {
    const { id, at, who, via, key, undoes } = change;
    const line = element("p", {}, element("strong", { textContent: key ?? "" }), ` ${changeInWords(change)}`);
    const facts = aside(`${who} (${via}) · `, moment(at), undone ? " · taken back" : "");
    const ways = acts();
    if (!undone && undoes === null && key) {
      const back = button("Take back", `Take back ${key} ${changeInWords(change)}, change ${id}`);
      back.dataset.change = String(id);
      back.onclick = () => this.#ask(change);
      ways.append(back);
    }
    return element("li", {}, element("div", {}, line, facts), ways);
  }

  #ask(change) {
    const { id, key, old } = change;
    const then = old === null ? "as if it had not been set" : `set to ${old}`;
    this.tools.ask.open(
      {
        title: "Take this back?",
        text: `${key} will be ${then}, in all processes at once.`,
        yes: "Take it back",
        danger: true,
      },
      async () => {
        await this.send("POST", "/settings/rollback", { change: id });
        this.tools.say(`${key} is as it was.`);
        this.changed();
      },
    );
  }
}

function changeInWords({ action, old, new: now, undoes }) {
  const was = old === null ? "not set" : old;
  const is = now === null ? "not set" : now;
  return `${was} → ${is}${undoes !== null ? " (taken back)" : action === "set" ? "" : ` (${action})`}`;
}
