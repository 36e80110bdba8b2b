import { byId, element } from "../elements.js";
import { acts, badge, button } from "./controls.js";
import { Facts } from "./facts.js";
import { Rows, say } from "./rows.js";
import { Section } from "./section.js";
import { numberInWords } from "./words.js";

const MOST_AT_ONCE = 64;

/** The queues: what waits in each, how much is done at once, and whether it is held. */
export class Lanes extends Section {
  constructor(tools) {
    super("lanes", tools);
    this.rows = new Rows(
      byId("lane-list"),
      ({ lane }) => lane,
      (first) => this.#row(first),
    );
  }

  load() {
    return this.read("/admin/lanes", ({ lanes }) => this.show(lanes));
  }

  show(lanes) {
    this.tell("");
    this.rows.show(lanes);
  }

  #row({ lane }) {
    let now = null;
    const state = badge();
    const facts = new Facts();
    const hold = button("Pause");
    const many = button("At once …", `At once … in ${lane}`);
    const root = element("li", {}, element("h3", {}, lane, " ", state), facts.root, acts(hold, many));
    hold.onclick = () => (now.paused ? this.#resume(now, hold) : this.#pause(now));
    many.onclick = () => this.#askHowMany(now);
    const show = (told) => {
      now = told;
      root.dataset.state = told.paused ? "paused" : "running";
      say(state, told.paused ? "Paused" : "Running");
      say(hold, told.paused ? "Resume" : "Pause");
      hold.setAttribute("aria-label", `${told.paused ? "Resume" : "Pause"} ${lane}`);
      facts.show(factsOf(told));
    };
    return { root, show };
  }

  #pause({ lane, waiting }) {
    const many = numberInWords(waiting);
    const text = `Nothing new of ${lane} is begun until it is resumed; what is under way ends. ${many} wait now.`;
    this.tools.ask.open({ title: `Pause ${lane}?`, text, yes: "Pause", danger: true }, async () => {
      this.rows.put(await this.send("POST", `/admin/lanes/${lane}/pause`));
      this.tools.say(`${lane} is paused.`);
    });
  }

  #resume({ lane }, button) {
    return this.press(button, async () => {
      this.rows.put(await this.send("POST", `/admin/lanes/${lane}/resume`));
      this.tools.say(`${lane} goes on.`);
    });
  }

  #askHowMany({ lane, wished }) {
    const hint = `0 to ${MOST_AT_ONCE}; 0 is what the worker was started with.`;
    const fields = [
      {
        name: "many",
        label: "Files at once",
        value: String(wished),
        hint,
        kind: "number",
        least: 0,
        most: MOST_AT_ONCE,
      },
    ];
    const text = "How many files each worker of this queue has under way together. More need more memory and CPU.";
    this.tools.ask.open({ title: `At once in ${lane}`, text, yes: "Set", fields }, async ({ many }) => {
      this.rows.put(await this.send("PUT", `/admin/lanes/${lane}/at-once`, { at_once: Number(many) }));
      this.tools.say(`${lane}: set.`);
    });
  }
}

function factsOf(told) {
  const each = told.wished ? `${numberInWords(told.wished)} a worker` : "as started";
  return [
    ["Waiting", numberInWords(told.waiting)],
    ["Oldest", told.oldest_since ? { at: told.oldest_since } : "–"],
    ["Under way", `${numberInWords(told.under_way)} of ${numberInWords(told.at_once)}`],
    ["At once", each],
    ["Workers", numberInWords(told.workers)],
    ["Failed", numberInWords(told.failed)],
  ];
}
